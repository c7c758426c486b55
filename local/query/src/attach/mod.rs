//! Files that are attached as databases: what there is in them, and when it has to be looked at again.

mod column;
mod csv;
mod folder;
mod kept;
mod keys;
mod kind;
mod parquet;
mod rows;
mod sqlite;
mod sqlite_schema;
mod tally;
mod value;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use async_trait::async_trait;
use datafusion::{
    catalog::{SchemaProvider, TableProvider},
    error::Result as DataFusionResult,
    execution::SessionState,
};

pub(crate) use self::{kept::Kept, rows::BATCH_ROWS};
use crate::{Error, ForeignKey, Table};

/// A database as its files were when they were last looked at.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    pub(crate) relations: Vec<ForeignKey>,
    tables: BTreeMap<String, Attached>,
    stamp: Stamp,
}

#[derive(Debug)]
pub(crate) struct Attached {
    pub(crate) table: Table,
    pub(crate) provider: Arc<dyn TableProvider>,
}

/// Files with their sizes and times: another stamp, other data.
type Stamp = Vec<(PathBuf, u64, SystemTime)>;

impl Database {
    /// Looks at every file and every value once. Called on a thread pool that may block.
    pub(crate) async fn open(name: &str, path: &Path, state: &SessionState, kept: &Arc<Kept>) -> Result<Self, Error> {
        let about = path.metadata().map_err(|source| Error::File { path: path.to_owned(), source })?;
        let stamp = stamp(path)?;
        let (tables, relations) = if about.is_dir() {
            let layout = folder::layout(path)?;
            if layout.is_empty() {
                let reason = "there is no CSV or Parquet file in it".to_owned();
                return Err(Error::Unreadable { path: path.to_owned(), reason });
            }
            (folder::attach(name, layout, state, kept).await, Vec::new())
        } else if sqlite_schema::is_sqlite(path) {
            let created = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let (name, owned, kept) = (name.to_owned(), path.to_owned(), kept.clone());
            let read = move || sqlite_schema::attach(&name, &owned, created, &kept);
            tokio::task::spawn_blocking(read)
                .await
                .map_err(|error| Error::Unreadable { path: path.to_owned(), reason: error.to_string() })??
        } else {
            let reason = "it is neither a SQLite file nor a folder of CSV or Parquet files".to_owned();
            return Err(Error::Unreadable { path: path.to_owned(), reason });
        };
        Ok(Self { path: path.to_owned(), relations, tables, stamp })
    }

    /// Whether no file has changed since.
    pub(crate) fn is_current(&self) -> bool {
        stamp(&self.path).is_ok_and(|stamp| stamp == self.stamp)
    }

    pub(crate) fn tables(&self) -> Vec<Table> {
        self.tables.values().map(|attached| attached.table.clone()).collect()
    }

    pub(crate) fn table_named(&self, name: &str) -> Option<&Table> {
        self.tables.get(name).map(|attached| &attached.table)
    }
}

fn stamp(path: &Path) -> Result<Stamp, Error> {
    if path.is_dir() {
        let layout = folder::layout(path)?;
        let members = layout.into_values().flat_map(|(_, members)| members);
        return Ok(members.map(|member| (member.path, member.bytes, member.changed)).collect());
    }
    let mut stamp = Vec::new();
    for file in [path.to_owned(), sqlite::beside(path, "-wal")] {
        if let Ok(about) = file.metadata() {
            stamp.push((file, about.len(), about.modified().unwrap_or(SystemTime::UNIX_EPOCH)));
        }
    }
    Ok(stamp)
}

#[async_trait]
impl SchemaProvider for Database {
    fn table_names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> DataFusionResult<Option<Arc<dyn TableProvider>>> {
        Ok(self.tables.get(&name.to_lowercase()).map(|attached| attached.provider.clone()))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.contains_key(&name.to_lowercase())
    }
}
