use std::path::PathBuf;

/// A database could not be attached, or the engine not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} cannot be attached: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{} cannot be read", path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error("{} cannot be read", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the query engine did not start")]
    Start(#[from] std::io::Error),
    #[error("the query engine did not start")]
    Engine(#[from] datafusion::error::DataFusionError),
}

/// Why a query failed, in Athena's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The query is wrong: `COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved …`.
    #[error("{0}")]
    User(String),
    /// The query may be right, but there was no memory for it, or a file could not be read.
    #[error("{0}")]
    Engine(String),
}
