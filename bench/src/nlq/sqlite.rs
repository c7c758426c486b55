//! Queries in SQLite itself: those that are right, and those of the bare model.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, types::ValueRef};

use super::{
    cell::Cell,
    rows::{MOST_ROWS, Rows},
};

/// What a query may take, here and in the function.
pub(super) const TIME: Duration = Duration::from_secs(30);

/// The statements that made the tables, as the file has them.
pub(super) fn tables(file: &Path) -> Result<String, rusqlite::Error> {
    let connection = open(file)?;
    let mut statement = connection.prepare(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
    )?;
    let tables = statement.query_map([], |row| row.get::<_, String>(0))?;
    Ok(tables.collect::<Result<Vec<_>, _>>()?.iter().map(|sql| format!("{sql};\n")).collect())
}

/// The first [`MOST_ROWS`] rows of a query, or why there are none.
pub(super) async fn query(file: &Path, sql: &str) -> Result<Rows, String> {
    query_within(TIME, file, sql).await
}

async fn query_within(time: Duration, file: &Path, sql: &str) -> Result<Rows, String> {
    let connection = open(file).map_err(|error| error.to_string())?;
    let (interrupt, sql) = (connection.get_interrupt_handle(), sql.to_owned());
    let mut reading = tokio::task::spawn_blocking(move || read(&connection, &sql));
    let read = tokio::select! {
        read = &mut reading => read,
        () = tokio::time::sleep(time) => {
            interrupt.interrupt();
            reading.await
        }
    };
    match read {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn open(file: &Path) -> Result<Connection, rusqlite::Error> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn read(connection: &Connection, sql: &str) -> Result<Rows, rusqlite::Error> {
    let mut statement = connection.prepare(sql)?;
    let width = statement.column_count();
    let mut found = Rows { width, ..Rows::default() };
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if found.rows.len() == MOST_ROWS {
            found.is_cut = true;
            break;
        }
        let cells = (0..width).map(|place| row.get_ref(place).map(cell));
        found.rows.push(cells.collect::<Result<_, _>>()?);
    }
    Ok(found)
}

/// Text need not be UTF-8 in SQLite.
fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Number(number as f64),
        ValueRef::Real(number) => Cell::Number(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Cell::text(&String::from_utf8_lossy(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(sql: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        Connection::open(file.path()).unwrap().execute_batch(sql).unwrap();
        file
    }

    #[tokio::test]
    async fn tables_and_rows_are_those_of_the_file() {
        let file = database(
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT);
            INSERT INTO t (b) VALUES ('x'), (NULL), (CAST(x'ff' AS TEXT));",
        );
        assert_eq!(tables(file.path()).unwrap(), "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT);\n");
        let rows = query(file.path(), "SELECT b, a FROM t ORDER BY a").await.unwrap();
        let (text, number) = (|text: &str| Cell::Text(text.to_owned()), Cell::Number);
        let expected = [[text("x"), number(1.0)], [Cell::Null, number(2.0)], [text("\u{fffd}"), number(3.0)]];
        assert_eq!((rows.width, rows.is_cut), (2, false));
        assert_eq!(rows.rows, expected);
    }

    #[tokio::test]
    async fn files_are_only_read() {
        let file = database("CREATE TABLE t (a)");
        assert!(query(file.path(), "INSERT INTO t VALUES (1)").await.is_err());
        assert!(query(file.path(), "SELECT c FROM t").await.unwrap_err().contains("no such column"));
    }

    #[tokio::test]
    async fn no_more_is_read_than_is_compared() {
        let file = database("CREATE TABLE t (a)");
        let counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1001) SELECT i FROM n";
        let rows = query(file.path(), counting).await.unwrap();
        assert_eq!((rows.rows.len(), rows.is_cut), (1000, true));
    }

    #[tokio::test]
    async fn a_query_has_its_time() {
        let file = database("CREATE TABLE t (a)");
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let interrupted = query_within(Duration::from_millis(100), file.path(), endless).await;
        assert_eq!(interrupted.unwrap_err(), "interrupted");
    }
}
