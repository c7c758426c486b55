//! One engine: its memory, its threads, its databases, and the queries that run on them.

mod aliases;
mod catalog;
mod dialect;
mod fault;
mod job;
mod names;
mod place;
mod refused;
mod session;
mod statement;
mod stop;
mod threads;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use datafusion::execution::{
    SessionState,
    disk_manager::{DiskManagerBuilder, DiskManagerMode},
    memory_pool::{FairSpillPool, MemoryPool},
    runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
};

use self::{job::Job, stop::AbortOnDrop, threads::Threads};
pub(crate) use self::{
    job::Scanned,
    place::{Place, significant},
};
use crate::{
    Error, ForeignKey, Outcome, QueryError, Table,
    attach::{Database, Kept},
};

/// What queries that sort and group more than fits may write to temporary files.
const MOST_SPILLED_BYTES: u64 = 4 << 30;

/// Of the memory, the part in which tables are kept between queries.
const KEPT_PART: usize = 4;

/// What an engine may use.
#[derive(Debug, Clone)]
pub struct Options {
    /// For everything that all running queries keep in memory together, tables included.
    pub memory_bytes: usize,
    /// Sorts and aggregates that do not fit are written to temporary files rather than refused.
    pub spill: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, spill: true }
    }
}

/// Runs queries over the databases attached to it. Clones share everything.
#[derive(Debug, Clone)]
pub struct Engine(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    threads: Threads,
    options: Options,
    /// What every query's session begins as.
    state: SessionState,
    kept: Arc<Kept>,
    databases: Mutex<BTreeMap<String, Arc<Database>>>,
    /// One file is looked at once, however many queries find it changed.
    refreshing: tokio::sync::Mutex<()>,
}

impl Engine {
    /// # Errors
    ///
    /// Where the operating system gives no threads or no folder for temporary files.
    pub fn new(options: Options) -> Result<Self, Error> {
        let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(options.memory_bytes));
        let kept = Arc::new(Kept::new(&pool, options.memory_bytes / KEPT_PART));
        let context = session::context(runtime(&options, pool)?, options.memory_bytes);
        Ok(Self(Arc::new(Shared {
            threads: Threads::start()?,
            options,
            state: context.state(),
            kept,
            databases: Mutex::default(),
            refreshing: tokio::sync::Mutex::default(),
        })))
    }

    /// Attaches a SQLite file, or a folder of CSV and Parquet files, read-only, under a name that is lower-cased. A
    /// database of that name that was attached before is replaced.
    ///
    /// # Errors
    ///
    /// Where there is no such file, or it is of another kind. A single table that cannot be read is left out, with a
    /// line in the log.
    pub async fn attach(&self, database: &str, source: &Path) -> Result<(), Error> {
        let name = database.to_lowercase();
        let opened = self.0.open(&name, source).await?;
        self.0.lock().insert(name, Arc::new(opened));
        Ok(())
    }

    /// The names of the attached databases, in order.
    pub fn databases(&self) -> Vec<String> {
        self.0.lock().keys().cloned().collect()
    }

    /// Looks again at databases whose files have changed. A query does so by itself.
    pub async fn refresh(&self) {
        if let Err(error) = self.0.refresh(None).await {
            tracing::warn!(%error, "a database cannot be read again");
        }
    }

    /// The tables of a database, in order, as they were when its files were last looked at.
    pub fn tables(&self, database: &str) -> Option<Vec<Table>> {
        self.0.database(database).map(|database| database.tables())
    }

    /// The foreign keys that the files of a database declare.
    pub fn relations(&self, database: &str) -> Vec<ForeignKey> {
        self.0.database(database).map(|database| database.relations.clone()).unwrap_or_default()
    }

    /// The distinct values of a text column in order, if there are at most `most` of them.
    ///
    /// # Errors
    ///
    /// As [`Engine::query`]; the column is also unknown if it holds no text.
    pub async fn values(
        &self,
        database: &str,
        table: &str,
        column: &str,
        most: usize,
    ) -> Result<Option<Vec<String>>, QueryError> {
        let (column, table) = (quoted(column), quoted(table));
        let limit = most.saturating_add(1);
        let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT {limit}");
        let outcome = self.query(database, &sql).await?;
        let is_text = outcome.columns.first().is_some_and(|column| column.kind == "varchar");
        let values: Vec<_> = outcome.rows.into_iter().flatten().flatten().collect();
        Ok((is_text && values.len() <= most).then_some(values))
    }

    /// Whether a key that nothing declares holds: no two rows of the table that it refers to have the same key, and there is
    /// one of them for each value of the column. A column without values refers to nothing. Only of keys of one column.
    ///
    /// # Errors
    ///
    /// As [`Engine::query`], so where the columns are of different types.
    pub async fn refers(&self, database: &str, key: &ForeignKey) -> Result<bool, QueryError> {
        let ([column], [referenced]) = (key.columns.as_slice(), key.referenced_columns.as_slice()) else {
            return Ok(false);
        };
        let [column, referenced] = [column, referenced].map(|name| quoted(name));
        let [table, other] = [&key.table, &key.references].map(|name| quoted(name));
        let sql = format!(
            "SELECT (SELECT count(*) = count(DISTINCT {referenced}) FROM {other}) \
             AND count(own.value) > 0 AND count(own.value) = count(there.{referenced}) \
             FROM (SELECT DISTINCT {column} AS value FROM {table}) AS own \
             LEFT JOIN {other} AS there ON own.value = there.{referenced}"
        );
        let outcome = self.query(database, &sql).await?;
        Ok(outcome.rows == [[Some("true".to_owned())]])
    }

    /// Runs one `SELECT`. Dropping the future stops the query: within a second nothing of it runs any more.
    ///
    /// # Errors
    ///
    /// [`QueryError::User`] where the query is wrong, [`QueryError::Engine`] where it could not be run.
    pub async fn query(&self, database: &str, sql: &str) -> Result<Outcome, QueryError> {
        let database = database.to_lowercase();
        self.0.refresh(Some(&database)).await?;
        let job = Job {
            state: self.0.state.clone(),
            catalog: catalog::Catalog::new(self.0.lock().clone()),
            database,
            sql: sql.to_owned(),
            memory_bytes: self.0.options.memory_bytes,
        };
        let stop = job.stop();
        AbortOnDrop::new(self.0.threads.spawn(job.run(stop.clone())), stop).await
    }

    /// How many tasks of queries there are; none when nothing runs.
    pub fn running(&self) -> usize {
        self.0.threads.tasks()
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Database>>> {
        self.databases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn database(&self, name: &str) -> Option<Arc<Database>> {
        self.lock().get(&name.to_lowercase()).cloned()
    }

    async fn open(&self, name: &str, source: &Path) -> Result<Database, Error> {
        let (name, source) = (name.to_owned(), source.to_owned());
        let (state, kept) = (self.state.clone(), self.kept.clone());
        let opened = self.threads.spawn(async move { Database::open(&name, &source, &state, &kept).await }).await;
        opened.unwrap_or_else(|error| Err(Error::Start(std::io::Error::other(error))))
    }

    /// Fails only if it is `needed` that cannot be read again; others stay as they were.
    async fn refresh(&self, needed: Option<&str>) -> Result<(), QueryError> {
        let _refreshing = self.refreshing.lock().await;
        let databases = self.lock().clone();
        for (name, database) in databases {
            let path = database.path.clone();
            // Files are looked at where it may take a moment.
            let is_current = self.threads.spawn(async move { database.is_current() }).await.unwrap_or(true);
            if is_current {
                continue;
            }
            tracing::info!(database = name, "its files have changed and are read again");
            match self.open(&name, &path).await {
                Ok(opened) => {
                    self.lock().insert(name, Arc::new(opened));
                }
                Err(error) if needed == Some(name.as_str()) => return Err(fault::unreadable(&error)),
                Err(error) => tracing::warn!(database = name, %error, "it cannot be read again and stays as it was"),
            }
        }
        Ok(())
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn runtime(options: &Options, pool: Arc<dyn MemoryPool>) -> Result<RuntimeEnv, Error> {
    let mode = if options.spill { DiskManagerMode::OsTmpDirectory } else { DiskManagerMode::Disabled };
    let files = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(MOST_SPILLED_BYTES);
    // Lists of files are not kept: a folder may change between two queries.
    let builder = RuntimeEnvBuilder::new().with_memory_pool(pool).with_disk_manager_builder(files);
    Ok(builder.with_object_list_cache_limit(0).build()?)
}
