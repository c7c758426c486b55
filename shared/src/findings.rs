//! What was found in a database: the query, its rows, and how both came about.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::Event;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// Athena's name of the type, without its parameters: `varchar`, `decimal`, `timestamp with time zone`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A query that was written, and why it was not the one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub sql: String,
    /// None for the query that ran, or that would have been run.
    pub error: Option<String>,
}

/// What a query came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// At least one, in the order of the values in each row.
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    /// Whether the query found more rows than these.
    pub is_truncated: bool,
    pub data_scanned_bytes: u64,
}

/// All that is known of an answer that was looked for in a database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    pub database: String,
    /// Whether the data can answer the question, as far as the model knows.
    pub answerable: bool,
    /// The query that ran, or that would have been run.
    pub sql: Option<String>,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    pub row_count: u64,
    pub truncated: bool,
    /// A Vega-Lite specification.
    pub chart: Option<Value>,
    pub attempts: Vec<Attempt>,
    pub data_scanned_bytes: u64,
    /// Names of the tables that the model was shown.
    pub tables: Vec<String>,
    /// How many it was not shown, since the schema is larger than its budget.
    pub tables_left_out: usize,
}

impl Findings {
    /// Of an answer of which only the schema is known yet.
    pub(crate) fn new(database: String, tables: Vec<String>, tables_left_out: usize) -> Self {
        Self {
            database,
            answerable: true,
            sql: None,
            columns: Vec::new(),
            rows: Vec::new(),
            row_count: 0,
            truncated: false,
            chart: None,
            attempts: Vec::new(),
            data_scanned_bytes: 0,
            tables,
            tables_left_out,
        }
    }

    pub(crate) fn attempt(&mut self, attempt: &Attempt) {
        if attempt.error.is_none() {
            self.sql = Some(attempt.sql.clone());
        }
        self.attempts.push(attempt.clone());
    }

    pub(crate) fn find(&mut self, found: &Rows) {
        self.columns.clone_from(&found.columns);
        self.rows.clone_from(&found.rows);
        self.row_count = u64::try_from(found.rows.len()).unwrap_or(u64::MAX);
        self.truncated = found.is_truncated;
        self.data_scanned_bytes = found.data_scanned_bytes;
    }

    /// The events that would come to these findings.
    pub(crate) fn events(&self) -> Vec<Event> {
        let Self { database, tables, tables_left_out, attempts, chart, .. } = self;
        let schema = Event::Schema { database: database.clone(), tables: tables.clone(), left_out: *tables_left_out };
        let mut events = vec![schema];
        events.extend(attempts.iter().cloned().map(Event::Attempted));
        events.extend((!self.answerable).then_some(Event::Unanswerable));
        events.extend(self.found().map(Event::Found));
        events.extend(chart.clone().map(Event::Chart));
        events
    }

    /// None where no query was run: a result without a single column there is not.
    pub(crate) fn found(&self) -> Option<Rows> {
        let Self { columns, rows, truncated, data_scanned_bytes, .. } = self;
        (!columns.is_empty()).then(|| Rows {
            columns: columns.clone(),
            rows: rows.clone(),
            is_truncated: *truncated,
            data_scanned_bytes: *data_scanned_bytes,
        })
    }
}
