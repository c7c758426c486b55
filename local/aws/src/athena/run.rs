//! Queries that run, a few at a time.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use local_query::{Engine, QueryError};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    execution::{Asked, Execution, State},
    executions::{Executions, Submitted},
    output::{self, Location},
};
use crate::{reply::Refusal, s3::Buckets};

/// Queries that run at once; the others wait in turn.
const MOST_RUNNING: usize = 2;
const SCANNED_TOO_MUCH: &str = "Bytes scanned limit was exceeded";
/// Where a query names no database.
const DEFAULT_DATABASE: &str = "default";

pub(super) struct Runner {
    pub(super) engine: Engine,
    pub(super) executions: Executions,
    buckets: Arc<Buckets>,
    slots: Semaphore,
    tasks: TaskTracker,
}

impl Runner {
    pub(super) fn new(engine: Engine, buckets: &Arc<Buckets>, stopping: CancellationToken) -> Arc<Runner> {
        Arc::new(Runner {
            engine,
            executions: Executions::new(stopping),
            buckets: Arc::clone(buckets),
            slots: Semaphore::new(MOST_RUNNING),
            tasks: TaskTracker::new(),
        })
    }

    /// The identifier of the execution, which goes on by itself.
    pub(super) fn submit(self: &Arc<Self>, asked: Asked) -> Result<String, Refusal> {
        let (id, stop, forgotten) = match self.executions.submit(asked)? {
            Submitted::Known(id) => return Ok(id),
            Submitted::New { id, stop, forgotten } => (id, stop, forgotten),
        };
        let (runner, of_task) = (Arc::clone(self), id.clone());
        self.tasks.spawn(async move {
            runner.delete(forgotten).await;
            // Dropped where it is, the query stops: that is the engine's promise.
            let _ = stop.run_until_cancelled(runner.run(&of_task)).await;
        });
        Ok(id)
    }

    /// Waits until no query runs any more.
    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn run(&self, id: &str) {
        let Ok(_slot) = self.slots.acquire().await else { return };
        if !self.executions.start(id) {
            return;
        }
        let look = |execution: &Execution| (execution.asked.clone(), execution.location());
        let Ok((asked, location)) = self.executions.look(id, look) else { return };
        let database = asked.database.as_deref().unwrap_or(DEFAULT_DATABASE);
        let query = AssertUnwindSafe(self.engine.query(database, &asked.query)).catch_unwind();
        match query.await {
            Ok(Ok(outcome)) if asked.cutoff.is_some_and(|cutoff| outcome.scanned_bytes > cutoff) => {
                self.executions.end(id, State::Cancelled(SCANNED_TOO_MUCH), outcome.scanned_bytes);
            }
            Ok(Ok(outcome)) => {
                let outcome = Arc::new(outcome);
                let scanned_bytes = outcome.scanned_bytes;
                output::write(&self.buckets, location, &outcome).await;
                self.executions.end(id, State::Succeeded(Some(outcome)), scanned_bytes);
            }
            Ok(Err(error)) => self.executions.end(id, State::Failed(error), 0),
            Err(_) => {
                tracing::error!(execution = id, "the engine for queries panicked");
                let error = QueryError::Engine("GENERIC_INTERNAL_ERROR: the engine failed".to_owned());
                self.executions.end(id, State::Failed(error), 0);
            }
        }
    }

    /// Files of results that nobody can ask for any more.
    async fn delete(&self, files: Vec<Location>) {
        if files.is_empty() {
            return;
        }
        let buckets = Arc::clone(&self.buckets);
        let deleted = tokio::task::spawn_blocking(move || {
            for file in files {
                // A bucket of somebody else's may be gone, or only be read.
                if let Err(error) = buckets.delete(&file.bucket, &file.key) {
                    tracing::debug!(%file, %error, "old results stay");
                }
            }
        });
        if let Err(error) = deleted.await {
            tracing::warn!(%error, "old results could not be deleted");
        }
    }
}
