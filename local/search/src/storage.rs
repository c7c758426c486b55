//! What lasts: documents, passages and vectors, in one SQLite file. Everything else is made from it when the index opens.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::{
    Access, DocumentFacts, Error, Source,
    prepared::{Passage, Prepared},
};

/// Says which layout of tables, way of making passages and model of embeddings the file was written with.
const FORMAT: i32 = 1;

const TABLES: &str = "
    CREATE TABLE document (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        title TEXT,
        uri TEXT,
        attributes TEXT NOT NULL,
        access TEXT NOT NULL,
        source TEXT,
        version TEXT,
        is_answer INTEGER NOT NULL,
        text_bytes INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE passage (
        document INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        page INTEGER,
        question TEXT,
        text TEXT NOT NULL,
        vector BLOB NOT NULL,
        PRIMARY KEY (document, ordinal)
    ) STRICT, WITHOUT ROWID;
";

pub(crate) struct Storage {
    connection: Connection,
    /// Held as long as the index is open. SQLite's own locks would let two processes take turns, and each would miss in
    /// memory what the other wrote.
    _lock: Option<File>,
}

impl Storage {
    /// In memory where `folder` is absent.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Storage, Error> {
        let (connection, lock) = match folder {
            Some(folder) => {
                let lock = lock(folder)?;
                (Connection::open(folder.join("index.sqlite"))?, Some(lock))
            }
            None => (Connection::open_in_memory()?, None),
        };
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let mut storage = Storage { connection, _lock: lock };
        match storage.connection.pragma_query_value(None, "user_version", |row| row.get(0))? {
            FORMAT => {}
            0 => storage.transaction(|writing| {
                writing.transaction.execute_batch(TABLES)?;
                Ok(writing.transaction.pragma_update(None, "user_version", FORMAT)?)
            })?,
            found => return Err(Error::Format { found, expected: FORMAT }),
        }
        Ok(storage)
    }

    /// All that `write` does lasts, or nothing.
    pub(crate) fn transaction<T>(&mut self, write: impl FnOnce(&Writing<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let writing = Writing { transaction: self.connection.transaction()? };
        let done = write(&writing)?;
        writing.transaction.commit()?;
        Ok(done)
    }

    /// Every document with its passages, one after the other.
    pub(crate) fn read(&self, mut each: impl FnMut(Prepared) -> Result<(), Error>) -> Result<(), Error> {
        let mut passages = self
            .connection
            .prepare("SELECT ordinal, page, question, text, vector FROM passage WHERE document = ? ORDER BY ordinal")?;
        let mut documents = self.connection.prepare(
            "SELECT number, id, title, uri, attributes, access, source, version, is_answer, text_bytes FROM document \
             ORDER BY number",
        )?;
        let mut rows = documents.query([])?;
        while let Some(row) = rows.next()? {
            let (facts, access) = document(row)?;
            let passages = passages.query_map([row.get::<_, i64>(0)?], passage)?.collect::<Result<_, _>>()?;
            let (is_answer, text_bytes) = (row.get(8)?, row.get(9)?);
            each(Prepared { facts, access, is_answer, text_bytes, passages })?;
        }
        Ok(())
    }
}

/// A transaction that is under way.
pub(crate) struct Writing<'a> {
    transaction: Transaction<'a>,
}

impl Writing<'_> {
    /// What had the same identifier goes.
    pub(crate) fn put(&self, document: &Prepared) -> Result<(), Error> {
        self.delete(&document.facts.id)?;
        let facts = &document.facts;
        let source = facts.source.as_ref();
        self.transaction
            .prepare_cached(
                "INSERT INTO document (id, title, uri, attributes, access, source, version, is_answer, text_bytes) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                facts.id,
                facts.title,
                facts.uri,
                json(&facts.attributes)?,
                json(&document.access)?,
                source.map(|source| &source.id),
                source.map(|source| &source.version),
                document.is_answer,
                document.text_bytes,
            ])?;
        let number = self.transaction.last_insert_rowid();
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO passage (document, ordinal, page, question, text, vector) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        for (ordinal, passage) in document.passages.iter().enumerate() {
            let vector: Vec<u8> = passage.vector.iter().flat_map(|value| value.to_le_bytes()).collect();
            insert.execute(params![number, ordinal, passage.page, passage.question, passage.text, vector])?;
        }
        Ok(())
    }

    pub(crate) fn delete(&self, id: &str) -> Result<(), Error> {
        let find = "DELETE FROM document WHERE id = ? RETURNING number";
        self.transaction.prepare_cached(find)?.query_row([id], |_| Ok(())).optional()?;
        Ok(())
    }
}

fn lock(folder: &Path) -> Result<File, Error> {
    let failed = |source| Error::Folder { folder: folder.into(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let file = File::options().create(true).truncate(false).write(true).open(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { folder: folder.into() }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn document(row: &Row<'_>) -> Result<(DocumentFacts, Access), Error> {
    let source: Option<String> = row.get(6)?;
    let version: Option<String> = row.get(7)?;
    let facts = DocumentFacts {
        id: row.get(1)?,
        title: row.get(2)?,
        uri: row.get(3)?,
        attributes: parse(&row.get::<_, String>(4)?)?,
        source: source.zip(version).map(|(id, version)| Source { id, version }),
    };
    Ok((facts, parse(&row.get::<_, String>(5)?)?))
}

fn passage(row: &Row<'_>) -> rusqlite::Result<Passage> {
    let (values, _) = row.get_ref(4)?.as_blob()?.as_chunks::<4>();
    Ok(Passage {
        page: row.get(1)?,
        question: row.get(2)?,
        text: row.get(3)?,
        vector: values.iter().copied().map(f32::from_le_bytes).collect(),
    })
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Damaged(error.to_string()))
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Damaged(error.to_string()))
}
