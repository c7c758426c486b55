//! The guard against queries that are meant well, and queries that are not.

mod attacks;
mod database;
mod depth;
mod legitimate;
mod meaning;
mod properties;
mod refusals;

use super::{Limits, Refusal, SelectStatement, check};
use crate::sql::schema::{Column, Schema, Table};

/// A column's name and type; one whose name ends in `!` is hidden.
fn column(name: &str, kind: &str) -> Column {
    let visible = name.strip_suffix('!');
    Column {
        name: visible.unwrap_or(name).to_owned(),
        kind: kind.to_owned(),
        is_hidden: visible.is_some(),
        ..Column::default()
    }
}

fn table(name: &str, columns: &[(&str, &str)]) -> Table {
    let columns = columns.iter().map(|(name, kind)| column(name, kind)).collect();
    Table { name: name.to_owned(), comment: None, columns }
}

/// A shop. Its database also has the tables `secrets` and `salaries`, of which this schema does not know.
fn shop() -> Schema {
    let customers = [
        ("customer_id", "bigint"),
        ("name", "varchar"),
        ("email!", "varchar"),
        ("country", "varchar(2)"),
        ("address", "struct<street:string,city:string>"),
        ("tags", "array<string>"),
        ("ssn!", "varchar"),
    ];
    let orders = [
        ("order_id", "bigint"),
        ("customer_id", "bigint"),
        ("ordered_at", "timestamp"),
        ("total", "decimal(10,2)"),
        ("margin!", "double"),
        ("date", "date"),
    ];
    let products = [("product_id", "bigint"), ("name", "varchar"), ("price", "double"), ("email", "varchar")];
    let staff = [("staff_id", "bigint"), ("name", "varchar"), ("email!", "varchar"), ("manager_id", "bigint")];
    Schema {
        catalog: "AwsDataCatalog".to_owned(),
        database: "shop".to_owned(),
        tables: vec![
            table("customers", &customers),
            table("orders", &orders),
            table("products", &products),
            table("staff", &staff),
        ],
    }
}

fn try_check(sql: &str) -> Result<SelectStatement, Refusal> {
    check(sql, &shop(), &Limits::default())
}

/// The text that is run in place of the query.
fn accepted(sql: &str) -> String {
    match try_check(sql) {
        Ok(statement) => statement.sql().to_owned(),
        Err(refusal) => panic!("refused: {sql}\n{refusal}"),
    }
}

fn refused(sql: &str) -> String {
    match try_check(sql) {
        Ok(statement) => panic!("accepted: {sql}\nas: {}", statement.sql()),
        Err(refusal) => refusal.to_string(),
    }
}
