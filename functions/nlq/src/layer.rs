//! The semantic layer: what the people who know a database say about it, in one YAML file.
//!
//! It can only narrow what is allowed: hide tables and columns, never add any.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use serde::Deserialize;
use shared::{
    Error,
    sql::{
        guard,
        schema::{Schema, Table},
    },
};

use crate::{links::Links, outline::Shown, terms::content};

/// The file. Names are compared without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Layer {
    pub(crate) description: Option<String>,
    pub(crate) tables: BTreeMap<String, TableNotes>,
    /// Conditions that join two tables: `orders.customer_id = customers.id`.
    pub(crate) joins: Vec<String>,
    pub(crate) metrics: BTreeMap<String, Metric>,
    pub(crate) examples: Vec<Example>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TableNotes {
    pub(crate) description: Option<String>,
    pub(crate) synonyms: Vec<String>,
    pub(crate) hidden: bool,
    pub(crate) columns: BTreeMap<String, ColumnNotes>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ColumnNotes {
    pub(crate) description: Option<String>,
    pub(crate) synonyms: Vec<String>,
    /// All values that occur, or the usual ones.
    pub(crate) values: Vec<String>,
    pub(crate) hidden: bool,
}

/// How the organisation computes what it talks about.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metric {
    pub(crate) sql: String,
    pub(crate) description: Option<String>,
}

/// A question with the SQL that somebody has found right.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    pub(crate) question: String,
    pub(crate) sql: String,
    /// Whether the guard lets it pass, which is asked once, of those that are to be shown.
    #[serde(skip)]
    is_allowed: OnceLock<bool>,
    #[serde(skip)]
    words: OnceLock<BTreeSet<String>>,
}

impl Example {
    /// The words that its question is about.
    pub(crate) fn words(&self) -> &BTreeSet<String> {
        self.words.get_or_init(|| content(&self.question))
    }
}

/// What can be asked about: the database's schema, narrowed, and what is known of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Subject {
    pub(crate) schema: Schema,
    pub(crate) layer: Layer,
    pub(crate) links: Links,
    /// The tables as a model is shown them.
    pub(crate) whole: Vec<Arc<Shown>>,
}

impl Subject {
    /// `yaml` is the layer's text, where there is one. A layer that cannot be read is an error, since it may hide something.
    pub(crate) fn new(schema: &Schema, yaml: Option<&str>) -> Result<Self, Error> {
        let mut layer: Layer = match yaml {
            Some(text) if !text.trim().is_empty() => serde_saphyr::from_str(text).map_err(|error| {
                // Its first line says what and where; the others quote the file.
                let reason = error.to_string().lines().next().unwrap_or_default().to_owned();
                Error::Configuration(format!("the semantic layer of {}: {reason}", schema.database))
            })?,
            _ => Layer::default(),
        };
        let mut schema = schema.clone();
        layer.hide(&mut schema);
        layer.keep_what_is_allowed(&schema);
        let links = Links::of(&schema, &layer);
        let mut subject = Self { schema, layer, links, whole: Vec::new() };
        subject.whole = subject.schema.tables.iter().map(|table| Arc::new(Shown::whole(&subject, table))).collect();
        Ok(subject)
    }

    /// No example may teach a model what it must not ask for.
    pub(crate) fn allows(&self, example: &Example) -> bool {
        *example.is_allowed.get_or_init(|| {
            let (database, limits) = (&self.schema.database, guard::Limits::default());
            let reviewed = guard::review(&example.sql, &self.schema, &limits);
            if let Err(refusal) = &reviewed {
                tracing::warn!(database, question = example.question, %refusal, "an example of the semantic layer is refused");
            }
            reviewed.is_ok()
        })
    }

    pub(crate) fn notes(&self, table: &str) -> Option<&TableNotes> {
        find(&self.layer.tables, table)
    }

    /// The listed values of a column.
    pub(crate) fn values(&self, table: &str, column: &str) -> &[String] {
        self.column_notes(table, column).map_or(&[], |notes| &notes.values)
    }

    pub(crate) fn synonyms(&self, table: &str, column: &str) -> &[String] {
        self.column_notes(table, column).map_or(&[], |notes| &notes.synonyms)
    }

    fn column_notes(&self, table: &str, column: &str) -> Option<&ColumnNotes> {
        find(&self.notes(table)?.columns, column)
    }
}

impl Layer {
    fn hide(&self, schema: &mut Schema) {
        let database = schema.database.clone();
        for (name, notes) in &self.tables {
            let Some(table) = schema.tables.iter_mut().find(|table| table.name.eq_ignore_ascii_case(name)) else {
                tracing::warn!(database, table = name, "the semantic layer describes a table that is not there");
                continue;
            };
            table.comment = notes.description.clone().or(table.comment.take());
            for (name, notes) in &notes.columns {
                let column = table.columns.iter_mut().find(|column| column.name.eq_ignore_ascii_case(name));
                match column {
                    Some(column) => {
                        column.is_hidden |= notes.hidden;
                        column.comment = notes.description.clone().or(column.comment.take());
                    }
                    None => tracing::warn!(
                        database,
                        table = table.name,
                        column = name,
                        "the semantic layer describes a column that is not there"
                    ),
                }
            }
        }
        let is_hidden = |table: &Table| find(&self.tables, &table.name).is_some_and(|notes| notes.hidden);
        schema.tables.retain(|table| !is_hidden(table));
    }

    /// Neither joins nor metrics may teach a model what it must not ask for.
    fn keep_what_is_allowed(&mut self, schema: &Schema) {
        self.joins.retain(|join| names_of(join).all(|(table, column)| is_visible(schema, table, column)));
        self.metrics.retain(|_, metric| names_of(&metric.sql).all(|(table, column)| is_visible(schema, table, column)));
    }
}

/// Entries of a map by a name of any case.
fn find<'a, T>(map: &'a BTreeMap<String, T>, name: &str) -> Option<&'a T> {
    map.get(name).or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// The `table.column` of a condition or an expression.
pub(crate) fn names_of(sql: &str) -> impl Iterator<Item = (&str, &str)> {
    let tokens = sql.split(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '.')));
    tokens.filter_map(|token| token.split_once('.')).filter(|(table, column)| {
        let begins_name = |name: &str| name.starts_with(|first: char| first.is_alphabetic() || first == '_');
        begins_name(table) && begins_name(column)
    })
}

fn is_visible(schema: &Schema, table: &str, column: &str) -> bool {
    schema.table(table).and_then(|table| table.column(column)).is_some_and(|column| !column.is_hidden)
}

#[cfg(test)]
pub(crate) mod tests {
    use shared::sql::schema::Column;

    use super::*;

    /// `name: column kind, column kind`, a line a table.
    pub(crate) fn schema(tables: &str) -> Schema {
        let table = |line: &str| {
            let (name, columns) = line.trim().split_once(": ").unwrap();
            let column = |text: &str| {
                let (name, kind) = text.trim().split_once(' ').unwrap();
                Column { name: name.to_owned(), kind: kind.to_owned(), ..Column::default() }
            };
            Table { name: name.to_owned(), comment: None, columns: columns.split(", ").map(column).collect() }
        };
        let tables = tables.lines().filter(|line| !line.trim().is_empty()).map(table).collect();
        Schema { catalog: "AwsDataCatalog".to_owned(), database: "shop".to_owned(), tables }
    }

    pub(crate) fn subject(tables: &str, yaml: &str) -> Subject {
        Subject::new(&schema(tables), Some(yaml)).unwrap()
    }

    const SHOP: &str = "
        customers: id bigint, name varchar, country varchar, birth_date date
        orders: id bigint, customer_id bigint, status varchar, amount decimal(10,2)
        salaries: employee_id bigint, amount decimal(10,2)";

    #[test]
    fn what_is_hidden_is_gone_from_everything() {
        let subject = subject(
            SHOP,
            "
description: A shop.
tables:
  Customers:
    description: Who buys.
    columns:
      birth_date: { hidden: true }
      country: { values: [CH, DE] }
  salaries: { hidden: true }
joins: [orders.customer_id = customers.id, orders.id = salaries.employee_id]
metrics:
  revenue: { sql: sum(orders.amount) }
  cost: { sql: sum(salaries.amount) }
examples:
  - { question: Who is old?, sql: SELECT name FROM customers ORDER BY birth_date }
  - { question: Who is there?, sql: SELECT name FROM customers }
",
        );
        assert_eq!(subject.schema.tables.len(), 2);
        let customers = subject.schema.table("customers").unwrap();
        assert_eq!(customers.comment.as_deref(), Some("Who buys."));
        assert!(customers.column("birth_date").unwrap().is_hidden);
        assert_eq!(subject.layer.joins, ["orders.customer_id = customers.id"]);
        assert_eq!(subject.layer.metrics.keys().collect::<Vec<_>>(), ["revenue"]);
        let allowed: Vec<bool> = subject.layer.examples.iter().map(|example| subject.allows(example)).collect();
        assert_eq!(allowed, [false, true]);
        assert_eq!(subject.values("customers", "COUNTRY"), ["CH", "DE"]);
    }

    #[test]
    fn a_layer_that_cannot_be_read_is_an_error_with_its_place() {
        for yaml in ["tables: [", "tables:\n  orders: { hiden: true }", "unknown: 1"] {
            let error = Subject::new(&schema(SHOP), Some(yaml)).unwrap_err();
            assert!(error.to_string().starts_with("configuration: the semantic layer of shop: "), "{error}");
            assert!(error.to_string().contains("line"), "{error}");
        }
    }

    #[test]
    fn without_a_layer_the_schema_is_what_it_is() {
        let subject = Subject::new(&schema(SHOP), None).unwrap();
        assert_eq!(subject.schema, schema(SHOP));
    }

    /// The tests of whole requests run its statements.
    #[test]
    fn the_samples_layer_is_one() {
        let yaml = include_str!("../../../samples/retail/retail.yaml");
        let layer: Layer = serde_saphyr::from_str(yaml).unwrap();
        assert!((8..=12).contains(&layer.examples.len()) && layer.metrics.len() >= 5 && layer.joins.len() >= 10);
        let hidden = |table: &str| {
            let columns = layer.tables[table].columns.iter();
            columns.filter(|(_, notes)| notes.hidden).map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(
            (hidden("customers"), hidden("employees")),
            (vec!["date_of_birth", "email"], vec!["monthly_salary"])
        );
    }
}
