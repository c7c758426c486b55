//! One query from its text to its rows.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use datafusion::{
    arrow::array::RecordBatch,
    error::Result,
    execution::{
        SessionState, SessionStateBuilder,
        memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation},
        runtime_env::RuntimeEnv,
    },
    physical_plan::execute_stream,
    prelude::SQLOptions,
    sql::parser::Statement,
};
use futures::TryStreamExt;

use super::{
    catalog::{self, Catalog},
    fault::Fault,
    statement::{self, Query},
    stop::{self, Stop, StoppableMemory},
};
use crate::{OutColumn, Outcome, QueryError, strict, text, types};

/// What a cell takes beside its text: the place in its row, and the allocation.
const CELL_BYTES: usize = 40;

/// Bytes that one query reads, counted where tables are scanned.
#[derive(Debug, Default)]
pub(crate) struct Scanned(AtomicU64);

impl Scanned {
    pub(crate) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) state: SessionState,
    pub(crate) catalog: Catalog,
    pub(crate) database: String,
    pub(crate) sql: String,
    pub(crate) memory_bytes: usize,
}

impl Job {
    pub(crate) fn stop(&self) -> Stop {
        Stop::default()
    }

    pub(crate) async fn run(self, stop: Stop) -> Result<Outcome, QueryError> {
        let query = statement::parse(&self.sql, &self.catalog, &self.database)?;
        let fault =
            Fault { sql: &self.sql, catalog: &self.catalog, database: &self.database, memory_bytes: self.memory_bytes };
        self.execute(&query, stop).await.map_err(|error| fault.of(&error))
    }

    async fn execute(&self, query: &Query, stop: Stop) -> Result<Outcome> {
        let scanned = Arc::new(Scanned::default());
        let state = self.session(&stop, scanned.clone());
        let plan = state.statement_to_plan(Statement::Statement(Box::new(query.statement.clone()))).await?;
        let only_queries = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        only_queries.verify_plan(&plan)?;
        strict::check(&plan, &query.tokens)?;
        let names = query.names.of(plan.schema());
        let plan = stop::stoppable(state.optimize(&plan)?, &stop)?;
        let plan = state.query_planner().create_physical_plan(&plan, &state).await?;
        let schema = plan.schema();
        let columns = schema.fields().iter().zip(names).map(|(field, name)| {
            let (kind, precision, scale) = types::athena(field.data_type());
            OutColumn { name, kind, precision, scale }
        });
        let columns = columns.collect();

        let mut rows = Rows::new(&state.runtime_env().memory_pool);
        let mut batches = execute_stream(plan, state.task_ctx())?;
        while let Some(batch) = batches.try_next().await? {
            rows.add(&batch)?;
        }
        Ok(Outcome { columns, rows: rows.rows, scanned_bytes: scanned.0.load(Ordering::Relaxed) })
    }

    fn session(&self, stop: &Stop, scanned: Arc<Scanned>) -> SessionState {
        let runtime = self.state.runtime_env();
        let memory = StoppableMemory { pool: runtime.memory_pool.clone(), stop: stop.clone() };
        let runtime = RuntimeEnv { memory_pool: Arc::new(memory), ..runtime.as_ref().clone() };
        let config = self
            .state
            .config()
            .clone()
            .with_extension(scanned)
            .with_default_catalog_and_schema(catalog::NAME, &self.database);
        let mut state = SessionStateBuilder::new_from_existing(self.state.clone())
            .with_config(config)
            .with_runtime_env(Arc::new(runtime))
            .with_catalog_list(Arc::new(self.catalog.clone()))
            .build();
        // The moment that `now()` means.
        state.mark_start_execution();
        state
    }
}

/// The rows so far, which count against the engine's memory until they are handed over.
struct Rows {
    rows: Vec<Vec<Option<String>>>,
    reservation: MemoryReservation,
}

impl Rows {
    fn new(pool: &Arc<dyn MemoryPool>) -> Self {
        Self { rows: Vec::new(), reservation: MemoryConsumer::new("rows of the result").register(pool) }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let texts = batch.columns().iter().map(text::cells).collect::<Result<Vec<_>, _>>()?;
        let length = |cell: &Option<String>| cell.as_ref().map_or(0, String::len) + CELL_BYTES;
        self.reservation.try_grow(texts.iter().flatten().map(length).sum::<usize>() + batch.num_rows() * CELL_BYTES)?;
        let mut columns: Vec<_> = texts.into_iter().map(Vec::into_iter).collect();
        for _ in 0..batch.num_rows() {
            self.rows.push(columns.iter_mut().filter_map(Iterator::next).collect());
        }
        Ok(())
    }
}
