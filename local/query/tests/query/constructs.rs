//! Athena's functions and constructs, each with what it gives on Athena. A table a theme; where Trino's documentation has
//! an example, it is in the table.

mod aggregates;
mod arrays;
mod casts;
mod conditions;
mod dates;
mod encodings;
mod json;
mod lambdas;
mod maps;
mod math;
mod queries;
mod refusals;
mod strings;
mod windows;

use local_query::{Engine, Options, QueryError};

/// Runs each expression, or each query, and reports all that differ.
async fn check(cases: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::new(Options::default()).unwrap();
    engine.attach("empty", &crate::shared::sqlite(folder.path(), "CREATE TABLE unused (id INTEGER)")).await.unwrap();
    let mut differing = Vec::new();
    for (expression, expected) in cases {
        let is_query = ["SELECT ", "WITH ", "VALUES "].iter().any(|start| expression.starts_with(start));
        let sql = if is_query { (*expression).to_owned() } else { format!("SELECT {expression}") };
        let found = match engine.query("empty", &sql).await {
            Ok(outcome) => {
                let cell = |cell: Option<String>| cell.unwrap_or_else(|| "NULL".to_owned());
                let row = |row: Vec<Option<String>>| row.into_iter().map(cell).collect::<Vec<_>>().join("|");
                outcome.rows.into_iter().map(row).collect::<Vec<_>>().join("\n")
            }
            Err(QueryError::User(error)) => error,
            Err(QueryError::Engine(error)) => format!("not an error of the query: {error}"),
        };
        if found != *expected {
            differing.push(format!("{expression}\n  gives    {found}\n  but not  {expected}"));
        }
    }
    assert!(differing.is_empty(), "{} of {} differ:\n{}", differing.len(), cases.len(), differing.join("\n"));
}
