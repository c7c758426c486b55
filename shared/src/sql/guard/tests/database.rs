//! A database that holds what must not be read, and says whether it was.

use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// In every value of a hidden column and of a forbidden table, and nowhere else.
const MARKER: &str = "MARKER";
/// The same in numbers.
const NUMBER: f64 = 424_242.25;
const TABLES: [&str; 6] = ["customers", "orders", "products", "staff", "secrets", "salaries"];
/// Names that no query may use, whatever it calls its own.
const FORBIDDEN: [&str; 5] = ["secrets", "salaries", "ssn", "margin", "sqlite_master"];

pub(super) struct Database {
    connection: Connection,
    digest: u64,
}

impl Database {
    pub(super) fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(&format!(
                "ATTACH ':memory:' AS shop;
                 CREATE TABLE shop.customers(customer_id, name, email, country, address, tags, ssn);
                 INSERT INTO shop.customers VALUES
                     (1, 'Ada', '{MARKER} a', 'DE', 'x', 'y', '{MARKER} 1'), (2, 'Bo', '{MARKER} b', 'FR', 'x', 'y', '{MARKER} 2');
                 CREATE TABLE shop.orders(order_id, customer_id, ordered_at, total, margin, date);
                 INSERT INTO shop.orders VALUES (1, 1, '2024-01-01', 5, {NUMBER}, '2024-01-01'), (2, 2, '2024-01-02', 9, {NUMBER}, '2024-01-02');
                 CREATE TABLE shop.products(product_id, name, price, email);
                 INSERT INTO shop.products VALUES (1, 'Pen', 1.5, 'pens@example.com'), (2, 'Ink', 3, 'ink@example.com');
                 CREATE TABLE shop.staff(staff_id, name, email, manager_id);
                 INSERT INTO shop.staff VALUES (1, 'Cy', '{MARKER} c', NULL), (2, 'Di', '{MARKER} d', 1);
                 CREATE TABLE shop.secrets(id, email, value);
                 INSERT INTO shop.secrets VALUES (1, '{MARKER} e', '{MARKER}');
                 CREATE TABLE shop.salaries(staff_id, salary);
                 INSERT INTO shop.salaries VALUES (1, {NUMBER});"
            ))
            .unwrap();
        let mut database = Self { connection, digest: 0 };
        database.digest = database.current_digest();
        database
    }

    fn current_digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let selects = TABLES.map(|table| format!("SELECT * FROM shop.{table}"));
        for select in ["SELECT * FROM shop.sqlite_master".to_owned(), "SELECT * FROM main.sqlite_master".to_owned()]
            .iter()
            .chain(&selects)
        {
            self.rows(select).unwrap().hash(&mut hasher);
        }
        hasher.finish()
    }

    pub(super) fn rows(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        const MOST: usize = 2000;
        let mut statement = self.connection.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                values.push(match row.get_ref(column)? {
                    ValueRef::Real(real) => real.to_string(),
                    ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
                    ValueRef::Integer(integer) => integer.to_string(),
                    ValueRef::Null => String::new(),
                });
            }
            if values.len() > MOST {
                break;
            }
        }
        Ok(values)
    }

    /// Runs a text that the guard accepted, and panics if it shows or changes what it must not. Whether SQLite could run
    /// it: much of Athena's SQL it does not know.
    pub(super) fn must_be_harmless(&self, sql: &str) -> bool {
        for token in Tokenizer::new(&GenericDialect, sql).tokenize().unwrap() {
            if let Token::Word(word) = token {
                let is_forbidden = FORBIDDEN.iter().any(|name| word.value.eq_ignore_ascii_case(name));
                assert!(!is_forbidden, "names what is forbidden: {sql}");
            }
        }
        self.reads_nothing_hidden(sql)
    }

    /// The same, whatever names it uses.
    pub(super) fn reads_nothing_hidden(&self, sql: &str) -> bool {
        let Ok(values) = self.rows(sql) else { return false };
        let leaks = values.iter().any(|value| value.contains(MARKER) || value.contains(&NUMBER.to_string()));
        assert!(!leaks, "shows what is hidden: {sql}");
        assert_eq!(self.current_digest(), self.digest, "changes the data: {sql}");
        true
    }
}

#[test]
fn the_database_notices_what_is_read_and_what_is_changed() {
    let database = Database::new();
    assert!(database.must_be_harmless("SELECT name FROM customers"));
    assert!(std::panic::catch_unwind(|| Database::new().must_be_harmless("SELECT email FROM customers")).is_err());
    assert!(std::panic::catch_unwind(|| Database::new().must_be_harmless("SELECT * FROM orders")).is_err());
    assert!(std::panic::catch_unwind(|| Database::new().must_be_harmless("DELETE FROM products")).is_err());
}
