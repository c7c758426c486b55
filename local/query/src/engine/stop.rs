//! Stopping a query. DataFusion's operators yield now and then, and a task that yields can be aborted; what computes
//! for long without yielding is stopped from within, by what it calls: conditions of joins and requests for memory.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use datafusion::{
    arrow::datatypes::DataType,
    common::{
        exec_datafusion_err,
        tree_node::{Transformed, TreeNode},
    },
    config::ConfigOptions,
    error::Result,
    execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation},
    logical_expr::{ColumnarValue, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
    physical_optimizer::PhysicalOptimizerRule,
    physical_plan::{
        ExecutionPlan,
        coop::CooperativeExec,
        joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec},
        recursive_query::RecursiveQueryExec,
        unnest::UnnestExec,
    },
};
use tokio::task::JoinHandle;

use crate::{Outcome, QueryError};

/// Set once, when nobody waits for the query any more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(exec_datafusion_err!("the query was stopped")) } else { Ok(()) }
    }
}

/// A query's task, which does not outlive the wish for its result.
pub(crate) struct AbortOnDrop {
    task: JoinHandle<Result<Outcome, QueryError>>,
    stop: Stop,
}

impl AbortOnDrop {
    pub(crate) fn new(task: JoinHandle<Result<Outcome, QueryError>>, stop: Stop) -> Self {
        Self { task, stop }
    }
}

impl Future for AbortOnDrop {
    type Output = Result<Outcome, QueryError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.task).poll(context).map(|ended| {
            // A panic in the engine fails this query and no other.
            ended.unwrap_or_else(|error| Err(QueryError::Engine(format!("GENERIC_INTERNAL_ERROR: {error}"))))
        })
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.stop.set();
        self.task.abort();
    }
}

/// The engine's memory, as one query sees it: nothing for a query that was stopped.
#[derive(Debug)]
pub(crate) struct StoppableMemory {
    pub(crate) pool: Arc<dyn MemoryPool>,
    pub(crate) stop: Stop,
}

impl fmt::Display for StoppableMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.pool, formatter)
    }
}

impl MemoryPool for StoppableMemory {
    fn name(&self) -> &str {
        self.pool.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.pool.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.pool.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.pool.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.pool.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.stop.check()?;
        self.pool.try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.pool.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.pool.memory_limit()
    }
}

/// Makes the conditions of joins look whether the query was stopped: a join may compare billions of pairs before it
/// has one row to give.
pub(crate) fn stoppable(plan: LogicalPlan, stop: &Stop) -> Result<LogicalPlan> {
    let function = Arc::new(ScalarUDF::new_from_impl(Unstopped::new(stop.clone())));
    let plan = plan.transform_up_with_subqueries(|plan| {
        let LogicalPlan::Join(mut join) = plan else { return Ok(Transformed::no(plan)) };
        let Some(condition) = join.filter.take() else { return Ok(Transformed::no(LogicalPlan::Join(join))) };
        join.filter = Some(function.call(vec![condition]));
        Ok(Transformed::yes(LogicalPlan::Join(join)))
    })?;
    Ok(plan.data)
}

/// The condition itself, unless the query was stopped.
#[derive(Debug)]
struct Unstopped {
    stop: Stop,
    signature: Signature,
}

impl Unstopped {
    fn new(stop: Stop) -> Self {
        Self { stop, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl PartialEq for Unstopped {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.stop.0, &other.stop.0)
    }
}

impl Eq for Unstopped {}

impl std::hash::Hash for Unstopped {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.stop.0).hash(state);
    }
}

impl ScalarUDFImpl for Unstopped {
    fn name(&self) -> &str {
        "unstopped"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments.first().cloned().unwrap_or(DataType::Boolean))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.stop.check()?;
        let condition = arguments.args.into_iter().next();
        condition.ok_or_else(|| exec_datafusion_err!("a condition is missing"))
    }
}

/// Lets joins, unnesting and recursion yield after some batches, as they can make many out of few.
#[derive(Debug)]
pub(crate) struct Yielding;

impl PhysicalOptimizerRule for Yielding {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _options: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = plan.transform_up(|plan| {
            let multiplies = plan.is::<CrossJoinExec>()
                || plan.is::<NestedLoopJoinExec>()
                || plan.is::<HashJoinExec>()
                || plan.is::<SortMergeJoinExec>()
                || plan.is::<RecursiveQueryExec>()
                || plan.is::<UnnestExec>();
            if multiplies {
                return Ok(Transformed::yes(Arc::new(CooperativeExec::new(plan)) as Arc<dyn ExecutionPlan>));
            }
            Ok(Transformed::no(plan))
        })?;
        Ok(plan.data)
    }

    fn name(&self) -> &str {
        "yielding"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
