//! Tables that are read row by row, from SQLite and from CSV: kept in memory if they are small, streamed if not.

use std::{ops::ControlFlow, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::{
        array::{RecordBatch, RecordBatchOptions},
        datatypes::{Field, Schema, SchemaRef},
        error::ArrowError,
    },
    catalog::{Session, TableProvider},
    common::exec_datafusion_err,
    datasource::{memory::MemorySourceConfig, source::DataSourceExec},
    error::{DataFusionError, Result},
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, TableType},
    physical_plan::{
        ExecutionPlan,
        stream::RecordBatchReceiverStreamBuilder,
        streaming::{PartitionStream, StreamingTableExec},
    },
};

use super::{
    column::Column,
    csv::CsvFiles,
    kept::{Kept, Slot},
    kind::Kind,
    sqlite::SqliteTable,
    value::Value,
};
use crate::engine::Scanned;

/// Rows in a batch: few enough that a query which is stopped comes to a yield point soon.
pub(crate) const BATCH_ROWS: usize = 4096;

/// Where rows are read from.
#[derive(Debug)]
pub(crate) enum Source {
    Sqlite(SqliteTable),
    Csv(CsvFiles),
}

/// Takes what a source reads, a value at a time.
pub(crate) trait Sink {
    /// `column` counts in the list of columns that was asked for.
    fn value(&mut self, column: usize, value: Value<'_>);
    /// Says whether more rows are wanted.
    fn end_of_row(&mut self) -> ControlFlow<()>;
}

impl Source {
    /// Reads the columns in the order they are asked for, and blocks meanwhile.
    pub(crate) fn read(&self, columns: &[usize], sink: &mut dyn Sink) -> Result<(), String> {
        match self {
            Self::Sqlite(table) => table.read(columns, sink),
            Self::Csv(files) => files.read(columns, sink),
        }
    }
}

/// A table whose types are settled.
#[derive(Debug)]
pub(crate) struct RowTable {
    source: Arc<Source>,
    kinds: Vec<Kind>,
    schema: SchemaRef,
    /// In memory, a column.
    bytes: Vec<u64>,
    kept: Arc<Kept>,
    slot: Arc<Slot>,
    loading: tokio::sync::Mutex<()>,
}

impl RowTable {
    pub(crate) fn new(source: Source, columns: &[(String, Kind)], bytes: Vec<u64>, kept: Arc<Kept>) -> Self {
        let fields: Vec<_> = columns.iter().map(|(name, kind)| Field::new(name, kind.arrow(), true)).collect();
        Self {
            source: Arc::new(source),
            kinds: columns.iter().map(|(_, kind)| *kind).collect(),
            schema: Arc::new(Schema::new(fields)),
            bytes,
            kept,
            slot: Arc::default(),
            loading: tokio::sync::Mutex::default(),
        }
    }

    /// The whole table, if there is room for it.
    async fn in_memory(&self) -> Result<Option<Arc<Vec<RecordBatch>>>> {
        let _loading = self.loading.lock().await;
        if let Some(batches) = self.slot.get() {
            return Ok(Some(batches));
        }
        let bytes = usize::try_from(self.bytes.iter().sum::<u64>()).unwrap_or(usize::MAX);
        if !self.kept.make_room(&self.slot, bytes) {
            return Ok(None);
        }
        let columns: Vec<_> = (0..self.kinds.len()).collect();
        let reading = Reading::new(self, &columns, self.schema.clone());
        // When the query is dropped, so is this, and the thread notices.
        let wanted = Arc::new(());
        let still_wanted = Arc::downgrade(&wanted);
        let read = tokio::task::spawn_blocking(move || {
            let mut batches = Vec::new();
            reading.run(|batch| {
                batches.push(batch);
                if still_wanted.strong_count() == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            Ok::<_, DataFusionError>(batches)
        });
        let guard = Room { kept: &self.kept, slot: &self.slot, is_needed: false };
        let batches = Arc::new(read.await.map_err(|error| exec_datafusion_err!("{error}"))??);
        drop(wanted);
        guard.keep();
        self.slot.set(Some(batches.clone()));
        Ok(Some(batches))
    }
}

/// Gives the room back when loading fails or is abandoned.
struct Room<'a> {
    kept: &'a Kept,
    slot: &'a Arc<Slot>,
    is_needed: bool,
}

impl Room<'_> {
    fn keep(mut self) {
        self.is_needed = true;
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if !self.is_needed {
            self.kept.give_back(self.slot);
        }
    }
}

#[async_trait]
impl TableProvider for RowTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = projection.cloned().unwrap_or_else(|| (0..self.kinds.len()).collect());
        if let Some(scanned) = session.config().get_extension::<Scanned>() {
            scanned.add(columns.iter().filter_map(|column| self.bytes.get(*column)).sum());
        }
        if let Some(batches) = self.in_memory().await? {
            let partition = [batches.as_ref().clone()];
            let source = MemorySourceConfig::try_new(&partition, self.schema.clone(), projection.cloned())?;
            return Ok(DataSourceExec::from_data_source(source.with_limit(limit)));
        }
        let schema = Arc::new(self.schema.project(&columns)?);
        let partition = Partition { reading: Reading::new(self, &columns, schema.clone()), schema: schema.clone() };
        let plan = StreamingTableExec::try_new(schema, vec![Arc::new(partition)], None, [], false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// What a thread needs to read some columns of a table.
#[derive(Debug, Clone)]
struct Reading {
    source: Arc<Source>,
    columns: Vec<usize>,
    kinds: Vec<Kind>,
    schema: SchemaRef,
}

impl Reading {
    fn new(table: &RowTable, columns: &[usize], schema: SchemaRef) -> Self {
        let kinds = columns.iter().map(|column| table.kinds[*column]).collect();
        Self { source: table.source.clone(), columns: columns.to_vec(), kinds, schema }
    }

    fn run(&self, take: impl FnMut(RecordBatch) -> ControlFlow<()>) -> Result<()> {
        let columns = self.kinds.iter().map(|kind| Column::new(*kind)).collect();
        let mut batches = Batches { columns, rows: 0, schema: &self.schema, take, failure: None };
        self.source.read(&self.columns, &mut batches).map_err(|reason| exec_datafusion_err!("{reason}"))?;
        let _ = batches.flush();
        batches.failure.map_or(Ok(()), |error| Err(error.into()))
    }
}

struct Batches<'a, F> {
    columns: Vec<Column>,
    rows: usize,
    schema: &'a SchemaRef,
    take: F,
    failure: Option<ArrowError>,
}

impl<F: FnMut(RecordBatch) -> ControlFlow<()>> Batches<'_, F> {
    fn flush(&mut self) -> ControlFlow<()> {
        if self.rows == 0 {
            return ControlFlow::Continue(());
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        let batch = self
            .columns
            .iter_mut()
            .map(Column::finish)
            .collect::<Result<Vec<_>, _>>()
            .and_then(|arrays| RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options));
        match batch {
            Ok(batch) => (self.take)(batch),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl<F: FnMut(RecordBatch) -> ControlFlow<()>> Sink for Batches<'_, F> {
    fn value(&mut self, column: usize, value: Value<'_>) {
        self.columns[column].push(value);
    }

    fn end_of_row(&mut self) -> ControlFlow<()> {
        self.rows += 1;
        if self.rows < BATCH_ROWS { ControlFlow::Continue(()) } else { self.flush() }
    }
}

/// A table that is too large to keep, read anew for every query.
#[derive(Debug)]
struct Partition {
    reading: Reading,
    schema: SchemaRef,
}

impl PartitionStream for Partition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(self.schema.clone(), 2);
        let (sender, reading) = (builder.tx(), self.reading.clone());
        builder.spawn_blocking(move || {
            // The query that no longer wants a batch has dropped the other end.
            reading.run(|batch| match sender.blocking_send(Ok(batch)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            })
        });
        builder.build()
    }
}
