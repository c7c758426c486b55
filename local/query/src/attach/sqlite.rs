//! SQLite files, opened so that nothing can be written, not even beside them.

use std::{
    borrow::Cow,
    fmt::Write as _,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, types::ValueRef};

use super::{rows::Sink, value::Value};
use crate::Error;

/// A file, or a copy of it where its newest transactions are still in a write-ahead log: reading that log would need
/// a file to be written beside it.
#[derive(Debug)]
pub(crate) struct SqliteFile {
    path: PathBuf,
    copy: Option<tempfile::TempDir>,
}

impl SqliteFile {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let log = beside(path, "-wal");
        if !log.metadata().is_ok_and(|log| log.len() > 0) {
            return Ok(Self { path: path.to_owned(), copy: None });
        }
        let file = |source| Error::File { path: path.to_owned(), source };
        let folder = tempfile::tempdir().map_err(file)?;
        let copy = folder.path().join("database.sqlite");
        std::fs::copy(path, &copy).map_err(file)?;
        std::fs::copy(&log, beside(&copy, "-wal")).map_err(file)?;
        Ok(Self { path: copy, copy: Some(folder) })
    }

    pub(crate) fn connect(&self) -> rusqlite::Result<Connection> {
        let mode = if self.copy.is_some() { "mode=rw" } else { "immutable=1" };
        let access =
            if self.copy.is_some() { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let uri = format!("file:{}?{mode}", escaped(&self.path));
        Connection::open_with_flags(uri, access | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }
}

/// A file whose name has something more at its end.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A path as a URI wants it, see SQLite's documentation, "Uniform Resource Identifiers".
fn escaped(path: &Path) -> String {
    let path = path.to_string_lossy();
    let mut text = String::with_capacity(path.len());
    for letter in path.chars() {
        match letter {
            '%' | '?' | '#' => {
                let _ = write!(text, "%{:02x}", u32::from(letter));
            }
            '\\' if cfg!(windows) => text.push('/'),
            other => text.push(other),
        }
    }
    let drive = cfg!(windows) && text.get(1..2) == Some(":");
    if drive { format!("/{text}") } else { text }
}

/// A table or view of a SQLite file.
#[derive(Debug)]
pub(crate) struct SqliteTable {
    pub(crate) file: Arc<SqliteFile>,
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) is_view: bool,
}

/// A view may compute without end. One that is not through by then is not attached.
const PATIENCE: Duration = Duration::from_secs(5);

/// Interrupts a connection when time is up, unless it is dropped before.
struct Watch {
    _end: mpsc::Sender<()>,
}

impl Watch {
    fn over(connection: &Connection) -> Self {
        let (sender, receiver) = mpsc::channel();
        let handle = connection.get_interrupt_handle();
        std::thread::spawn(move || {
            if receiver.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                handle.interrupt();
            }
        });
        Self { _end: sender }
    }
}

impl SqliteTable {
    pub(crate) fn read(&self, columns: &[usize], sink: &mut dyn Sink) -> Result<(), String> {
        self.rows(columns, sink).map_err(|error| format!("table {} cannot be read: {error}", self.name))
    }

    pub(crate) fn count(&self) -> Result<u64, String> {
        let count = |connection: Connection| {
            let _watch = self.is_view.then(|| Watch::over(&connection));
            let sql = format!("SELECT count(*) FROM {}", quoted(&self.name));
            connection.query_row(&sql, [], |row| row.get::<_, u64>(0))
        };
        self.file.connect().and_then(count).map_err(|error| format!("table {} cannot be read: {error}", self.name))
    }

    fn rows(&self, columns: &[usize], sink: &mut dyn Sink) -> rusqlite::Result<()> {
        let names: Vec<_> = columns.iter().map(|column| quoted(&self.columns[*column])).collect();
        // Rows without columns still have a number.
        let names = if names.is_empty() { "1".to_owned() } else { names.join(", ") };
        let connection = self.file.connect()?;
        let _watch = self.is_view.then(|| Watch::over(&connection));
        let mut statement = connection.prepare(&format!("SELECT {names} FROM {}", quoted(&self.name)))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns.len() {
                match row.get_ref(column)? {
                    ValueRef::Null => sink.value(column, Value::Null),
                    ValueRef::Integer(number) => sink.value(column, Value::Integer(number)),
                    ValueRef::Real(number) => sink.value(column, Value::Real(number)),
                    ValueRef::Text(bytes) => sink.value(column, Value::Text(&text(bytes))),
                    ValueRef::Blob(bytes) => sink.value(column, Value::Blob(bytes)),
                }
            }
            if let ControlFlow::Break(()) = sink.end_of_row() {
                break;
            }
        }
        Ok(())
    }
}

/// SQLite does not check what it is given as text: what is not UTF-8 is taken for Latin-1, of which every byte is
/// a letter.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
