//! SQL as Amazon Athena speaks it, on DataFusion, over attached SQLite, CSV and Parquet files. Knows nothing of AWS:
//! `local-aws` puts Athena's wire in front of it.

mod attach;
mod engine;
mod error;
mod functions;
pub mod retail;
mod strict;
mod text;
mod types;

use std::time::SystemTime;

pub use engine::{Engine, Options};
pub use error::{Error, QueryError};
pub use functions::register_functions;

/// A table as Athena's catalogue describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Lower-case.
    pub name: String,
    pub comment: Option<String>,
    /// Columns of the files first, then partition keys.
    pub columns: Vec<Column>,
    /// When the file behind it was last changed.
    pub created: SystemTime,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Lower-case.
    pub name: String,
    /// In Hive's spelling, as `ListTableMetadata` gives it: `string`, `int`, `decimal(10,2)`, `array<string>`.
    pub kind: String,
    pub comment: Option<String>,
    pub is_partition_key: bool,
    pub is_primary_key: bool,
}

/// A foreign key that the attached file declares. The two lists of columns are of the same length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub table: String,
    pub columns: Vec<String>,
    pub references: String,
    pub referenced_columns: Vec<String>,
}

/// What a query came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub columns: Vec<OutColumn>,
    /// Text exactly as Athena prints it, a row at a time; NULL is none.
    pub rows: Vec<Vec<Option<String>>>,
    /// The size of the columns that were read: in memory for SQLite and CSV, in the file for Parquet.
    pub scanned_bytes: u64,
}

/// A column of an outcome, as `ColumnInfo` of `GetQueryResults` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutColumn {
    pub name: String,
    /// Athena's name without parameters: `varchar`, `bigint`, `decimal`, `timestamp`, `array`, `row` …
    pub kind: String,
    pub precision: i32,
    pub scale: i32,
}
