use std::path::{Path, PathBuf};

use local_query::{Engine, Options, Outcome, QueryError};
use tempfile::TempDir;

/// An engine with one database, `shop`, in a SQLite file of its own.
pub(crate) struct Shop {
    pub(crate) engine: Engine,
    pub(crate) file: PathBuf,
    _folder: TempDir,
}

pub(crate) const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), joined DATE, active BOOLEAN);
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        customer_id INTEGER REFERENCES customers(id),
        placed DATETIME,
        total DECIMAL(10,2),
        weight REAL,
        note TEXT
    );
    INSERT INTO customers VALUES
        (1, 'Ada', '2023-01-15', 1), (2, 'Ben', '2023-06-30', 0), (3, 'Cleo', NULL, 1);
    INSERT INTO orders VALUES
        (10, 1, '2024-01-31 12:00:00', 19.90, 1.5, NULL),
        (11, 1, '2024-02-01 08:30:15.250', 5, 0.25, 'gift'),
        (12, 2, '2024-02-29', 100.05, 12, 'fragile');
";

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(SHOP, Options::default()).await
    }

    pub(crate) async fn with(script: &str, options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = sqlite(folder.path(), script);
        let engine = Engine::new(options).unwrap();
        engine.attach("shop", &file).await.unwrap();
        Self { engine, file, _folder: folder }
    }

    pub(crate) async fn query(&self, sql: &str) -> Outcome {
        match self.engine.query("shop", sql).await {
            Ok(outcome) => outcome,
            Err(error) => panic!("{sql}: {error}"),
        }
    }

    pub(crate) async fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.query(sql).await)
    }

    /// The one cell of the one row.
    pub(crate) async fn cell(&self, sql: &str) -> String {
        let rows = self.rows(sql).await;
        assert_eq!(rows.len(), 1, "{sql}");
        rows[0].clone()
    }

    pub(crate) async fn error(&self, sql: &str) -> String {
        match self.engine.query("shop", sql).await {
            Ok(outcome) => panic!("{sql}: {outcome:?}"),
            Err(QueryError::User(text) | QueryError::Engine(text)) => text,
        }
    }
}

pub(crate) fn sqlite(folder: &Path, script: &str) -> PathBuf {
    let file = folder.join("shop.sqlite");
    rusqlite::Connection::open(&file).unwrap().execute_batch(script).unwrap();
    file
}

/// Rows with their cells separated by bars, NULL as nothing.
pub(crate) fn rows(outcome: &Outcome) -> Vec<String> {
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_default();
    outcome.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join("|")).collect()
}

pub(crate) fn kinds(engine: &Engine, database: &str, table: &str) -> Vec<String> {
    let tables = engine.tables(database).unwrap();
    let table = tables.iter().find(|other| other.name == table).unwrap();
    table.columns.iter().map(|column| format!("{} {}", column.name, column.kind)).collect()
}
