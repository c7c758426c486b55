//! A query under way, from its start to its end. One that is let go of is stopped.

use std::time::Duration;

use aws_sdk_athena::{
    Client,
    types::{QueryExecutionContext, QueryExecutionState},
};
use tracing::Instrument;
use uuid::Uuid;

use super::{
    Athena, RunError,
    failure::{self, failed},
};
use crate::error::{Chain, Error};

/// Between two looks at a query: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a stop is waited for; it goes on in any case.
const STOP_PATIENCE: Duration = Duration::from_millis(700);

/// A query that was started.
#[derive(Debug)]
pub(super) struct Execution {
    client: Client,
    id: String,
    is_over: bool,
}

impl Execution {
    /// Starts a query. Who drops this future while Athena is being asked does not leave a query behind: the call goes on
    /// as a task, and what it has started is stopped.
    pub(super) async fn start(athena: &Athena, database: &str, sql: &str) -> Result<Self, RunError> {
        let context = QueryExecutionContext::builder().catalog(&athena.catalog).database(database).build();
        let starting = athena
            .client
            .start_query_execution()
            .query_string(sql)
            // The same for every attempt of the SDK, so that a lost answer does not start a second query.
            .client_request_token(Uuid::new_v4().to_string())
            .query_execution_context(context)
            .work_group(&athena.workgroup)
            .send();
        let client = athena.client.clone();
        let task = async move {
            let started = starting.await.map_err(failure::not_started)?;
            let id = started.query_execution_id.unwrap_or_default();
            Ok(Self { client, id, is_over: false })
        };
        let started = tokio::spawn(task.in_current_span()).await;
        started.unwrap_or_else(|error| Err(Error::Internal(error.to_string()).into()))
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Waits for the end, and tells how many bytes were scanned.
    pub(super) async fn ended(&mut self) -> Result<u64, RunError> {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let found = self.client.get_query_execution().query_execution_id(&self.id).send().await.map_err(failed)?;
            let Some(execution) = found.query_execution else { continue };
            let Some(status) = execution.status() else { continue };
            match status.state() {
                Some(QueryExecutionState::Succeeded) => {
                    self.is_over = true;
                    let scanned = execution.statistics().and_then(|numbers| numbers.data_scanned_in_bytes());
                    return Ok(u64::try_from(scanned.unwrap_or_default()).unwrap_or_default());
                }
                Some(QueryExecutionState::Failed | QueryExecutionState::Cancelled) => {
                    self.is_over = true;
                    return Err(failure::ended_badly(status));
                }
                _ => {}
            }
        }
    }

    /// Stops the query, and waits until Athena has taken notice, but not for long.
    pub(super) async fn stop(mut self) {
        self.is_over = true;
        let stopping = tokio::spawn(stop(self.client.clone(), self.id.clone()).in_current_span());
        // What becomes of it is the task's to log.
        let _ = tokio::time::timeout(STOP_PATIENCE, stopping).await;
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // Without a runtime the process is ending; the workgroup's limits have to do then.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(stop(self.client.clone(), self.id.clone()).in_current_span());
        }
    }
}

async fn stop(client: Client, id: String) {
    match client.stop_query_execution().query_execution_id(&id).send().await {
        Ok(_) => tracing::info!(query_execution = id, "a query was stopped"),
        Err(error) => {
            let error = failed(error);
            tracing::warn!(query_execution = id, error = %Chain(&error), "a query could not be stopped");
        }
    }
}
