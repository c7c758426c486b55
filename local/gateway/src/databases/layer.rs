//! What a database tells of itself, as a semantic layer: which columns join its tables, and which values a column has
//! where there are few.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use local_query::{Column, Engine, ForeignKey, Table};

use super::references;

/// Values of a column that are worth a model's attention, and characters of the longest.
const MOST_VALUES: usize = 25;
const MOST_CHARACTERS: usize = 40;
/// Looking at a column, and at all of them: somebody waits for the machine to start.
const COLUMN_WITHIN: Duration = Duration::from_secs(2);
const ALL_WITHIN: Duration = Duration::from_secs(10);

/// Parts of names of columns that hold what is nobody's business or tells nothing.
const PRIVATE: [&str; 27] = [
    "address",
    "birth",
    "e_mail",
    "email",
    "fax",
    "first_name",
    "firstname",
    "full_name",
    "fullname",
    "guid",
    "iban",
    "last_name",
    "lastname",
    "mobile",
    "nickname",
    "passwd",
    "password",
    "phone",
    "postal",
    "postcode",
    "secret",
    "ssn",
    "street",
    "surname",
    "url",
    "username",
    "uuid",
];
/// Whole words of such names.
const PRIVATE_WORDS: [&str; 7] = ["id", "ids", "login", "mail", "token", "zip", "zipcode"];
/// Parts of names of tables and columns whose `name` is somebody's.
const PEOPLE: [&str; 22] = [
    "actor", "artist", "author", "client", "contact", "customer", "doctor", "driver", "employee", "guest", "member",
    "owner", "patient", "people", "person", "player", "singer", "staff", "student", "teacher", "user", "visitor",
];

/// The YAML. What cannot be looked at in time is left out, with a line in the log.
pub(super) async fn generate(engine: &Engine, database: &str) -> String {
    let tables = engine.tables(database).unwrap_or_default();
    let until = Instant::now() + ALL_WITHIN;
    let mut relations = engine.relations(database);
    relations.extend(references::guess(engine, database, &tables, &relations, until).await);

    let mut text =
        format!("# What the database {database} tells of itself. Say what it means: docs/nlq.md.\ntables:\n");
    let mut is_empty = true;
    for table in &tables {
        let mut columns = String::new();
        for column in table.columns.iter().filter(|column| may_be_listed(table, column, &relations)) {
            let values = values(engine, database, table, column, until).await;
            if !values.is_empty() {
                let _ = writeln!(columns, "      {}: {{ values: [{}] }}", key(&column.name), values.join(", "));
            }
        }
        if !columns.is_empty() {
            is_empty = false;
            let _ = write!(text, "  {}:\n    columns:\n{columns}", key(&table.name));
        }
    }
    if is_empty {
        text.truncate(text.trim_end().len());
        text.push_str(" {}\n");
    }
    if !relations.is_empty() {
        text.push_str("joins:\n");
        for relation in &relations {
            let _ = writeln!(text, "  - {}", quoted(&join(relation)));
        }
    }
    text
}

/// The distinct values of a column as YAML, if there are few and they are short.
async fn values(engine: &Engine, database: &str, table: &Table, column: &Column, until: Instant) -> Vec<String> {
    let within = COLUMN_WITHIN.min(until.saturating_duration_since(Instant::now()));
    let asked = engine.values(database, &table.name, &column.name, MOST_VALUES);
    let values = match tokio::time::timeout(within, asked).await {
        Ok(Ok(values)) => values.unwrap_or_default(),
        Ok(Err(error)) => {
            tracing::warn!(database, table = table.name, column = column.name, %error, "its values are not listed");
            return Vec::new();
        }
        Err(_) => {
            tracing::info!(database, table = table.name, column = column.name, "looking for its values takes too long");
            return Vec::new();
        }
    };
    let tells_something =
        |value: &String| !value.trim().is_empty() && value.chars().count() <= MOST_CHARACTERS && !value.contains('@');
    if values.iter().all(tells_something) { values.iter().map(|value| quoted(value)).collect() } else { Vec::new() }
}

fn may_be_listed(table: &Table, column: &Column, relations: &[ForeignKey]) -> bool {
    let is_text = column.kind == "string" || column.kind.starts_with("varchar") || column.kind.starts_with("char");
    let refers = |relation: &ForeignKey| relation.table == table.name && relation.columns.contains(&column.name);
    is_text && !is_private(&table.name, &column.name) && !relations.iter().any(refers)
}

fn is_private(table: &str, column: &str) -> bool {
    let mut words = column.split(|letter: char| !letter.is_alphanumeric());
    let is_about_people = |name: &str| PEOPLE.iter().any(|part| name.contains(part));
    PRIVATE.iter().any(|part| column.contains(part))
        || words.any(|word| PRIVATE_WORDS.contains(&word))
        || (column.ends_with("name") && (is_about_people(table) || is_about_people(column)))
}

pub(super) fn join(relation: &ForeignKey) -> String {
    let pairs = relation.columns.iter().zip(&relation.referenced_columns);
    let condition = |(column, referenced): (&String, &String)| {
        format!("{}.{column} = {}.{referenced}", relation.table, relation.references)
    };
    pairs.map(condition).collect::<Vec<_>>().join(" AND ")
}

/// A name as the key of a map. What YAML could take for something else is quoted.
fn key(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    let means_something = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&name);
    if is_plain && !means_something { name.to_owned() } else { quoted(name) }
}

/// A text of JSON is one of YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    async fn generated(statements: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.sqlite");
        Connection::open(&file).unwrap().execute_batch(statements).unwrap();
        crate::databases::describe("shop", &file).await.unwrap()
    }

    #[tokio::test]
    async fn few_values_are_listed_and_keys_join() {
        let text = generated(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, country TEXT);
             INSERT INTO customers VALUES (1, 'Ada', 'ada@example.org', 'CH'), (2, 'Bob', 'b@example.org', 'DE');
             CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), status TEXT,
                                  \"on\" TEXT, remark TEXT);
             INSERT INTO orders VALUES (1, 1, 'open', 'true', hex(randomblob(30))),
                                       (2, 2, 'say \"no\": never', NULL, '');",
        )
        .await;
        assert_eq!(
            text,
            r#"# What the database shop tells of itself. Say what it means: docs/nlq.md.
tables:
  customers:
    columns:
      country: { values: ["CH", "DE"] }
  orders:
    columns:
      status: { values: ["open", "say \"no\": never"] }
      "on": { values: ["true"] }
joins:
  - "orders.customer_id = customers.id"
"#
        );
    }

    #[tokio::test]
    async fn many_values_are_not_listed() {
        let text = generated(
            "CREATE TABLE t (few TEXT, many TEXT);
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 26)
             INSERT INTO t SELECT 'v' || (i % 25), 'v' || i FROM n;",
        )
        .await;
        assert!(text.contains("few: {") && !text.contains("many"), "{text}");
    }

    #[tokio::test]
    async fn a_database_that_tells_nothing_is_still_yaml() {
        let text = generated("CREATE TABLE t (n INTEGER)").await;
        assert!(text.ends_with("\ntables: {}\n"), "{text}");
    }

    #[test]
    fn what_is_private_is_told_by_its_name() {
        for (table, column) in [
            ("customers", "name"),
            ("orders", "customer_name"),
            ("employee", "lastname"),
            ("orders", "ship_address"),
            ("hosts", "device_id"),
            ("customer", "fax"),
            ("orders", "zip"),
        ] {
            assert!(is_private(table, column), "{table}.{column}");
        }
        for (table, column) in [
            ("genre", "name"),
            ("orders", "status"),
            ("products", "category"),
            ("orders", "paid"),
            ("tracks", "composer"),
        ] {
            assert!(!is_private(table, column), "{table}.{column}");
        }
    }

    #[test]
    fn a_key_of_two_columns_is_one_condition() {
        let text = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        let relation = ForeignKey {
            table: "lines".to_owned(),
            columns: text(["order_id", "year"]),
            references: "orders".to_owned(),
            referenced_columns: text(["id", "year"]),
        };
        assert_eq!(join(&relation), "lines.order_id = orders.id AND lines.year = orders.year");
    }
}
