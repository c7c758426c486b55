//! The one data catalog: databases, tables and their columns.

use local_query::{Column, Engine, Table};
use regex::RegexBuilder;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    page::{self, Page},
    parsed, refusal, time,
};
use crate::reply::Refusal;

pub(super) const CATALOG: &str = "AwsDataCatalog";
/// Of databases and of tables, both the largest and the default.
const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    catalog_name: String,
    database_name: Option<String>,
    table_name: Option<String>,
    expression: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

/// Answers the operations that ask what there is.
pub(super) fn answer(engine: &Engine, operation: &str, request: &Value) -> Result<Value, Refusal> {
    let asked: Asked = parsed(request)?;
    check(&asked.catalog_name)?;
    let database = asked.database_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    match operation {
        "ListDatabases" => {
            let databases = engine.databases().into_iter().map(|name| json!({ "Name": name })).collect();
            Ok(listed("DatabaseList", asked.page(databases)?))
        }
        "GetDatabase" => {
            tables(engine, &database)?;
            Ok(json!({ "Database": { "Name": database } }))
        }
        "GetTableMetadata" => {
            let name = asked.table_name.unwrap_or_default().to_ascii_lowercase();
            let mut tables = tables(engine, &database)?.into_iter();
            let table = tables.find(|table| table.name == name);
            let table = table.ok_or_else(|| refusal::no_such_entity(&format!("Table {name}")))?;
            Ok(json!({ "TableMetadata": described(&table) }))
        }
        _ => {
            let mut tables = tables(engine, &database)?;
            if let Some(expression) = asked.expression.as_deref().filter(|expression| !expression.is_empty()) {
                let pattern = RegexBuilder::new(&format!("^(?:{expression})$")).case_insensitive(true).build();
                let pattern = pattern.map_err(|_| refusal::invalid("The expression is no regular expression."))?;
                tables.retain(|table| pattern.is_match(&table.name));
            }
            Ok(listed("TableMetadataList", asked.page(tables.iter().map(described).collect())?))
        }
    }
}

/// Names of catalogs are compared without regard to case.
pub(super) fn check(name: &str) -> Result<(), Refusal> {
    if name.eq_ignore_ascii_case(CATALOG) { Ok(()) } else { Err(refusal::no_such_catalog(name)) }
}

impl Asked {
    fn page(&self, items: Vec<Value>) -> Result<Page<Value>, Refusal> {
        page::page(items, self.next_token.as_deref(), self.max_results.unwrap_or(PAGE))
    }
}

/// Of a database that exists, by name.
fn tables(engine: &Engine, database: &str) -> Result<Vec<Table>, Refusal> {
    let tables = engine.tables(database).ok_or_else(|| refusal::no_such_entity(&format!("Database {database}")));
    let mut tables = tables?;
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(tables)
}

fn described(table: &Table) -> Value {
    let (keys, columns): (Vec<&Column>, Vec<&Column>) =
        table.columns.iter().partition(|column| column.is_partition_key);
    let mut parameters = Map::from_iter([("EXTERNAL".to_owned(), Value::from("TRUE"))]);
    if let Some(comment) = &table.comment {
        parameters.insert("comment".to_owned(), comment.as_str().into());
    }
    json!({
        "Name": table.name,
        "CreateTime": time(table.created),
        "TableType": "EXTERNAL_TABLE",
        "Columns": columns.into_iter().map(column).collect::<Vec<_>>(),
        "PartitionKeys": keys.into_iter().map(column).collect::<Vec<_>>(),
        "Parameters": parameters,
    })
}

fn column(column: &Column) -> Value {
    let mut described = json!({ "Name": column.name, "Type": column.kind });
    if let Some(comment) = &column.comment {
        described["Comment"] = comment.as_str().into();
    }
    described
}

fn listed(name: &str, page: Page<Value>) -> Value {
    let mut answer = json!({ name: page.items });
    if let Some(token) = page.next {
        answer["NextToken"] = token.into();
    }
    answer
}
