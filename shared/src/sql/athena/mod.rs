//! Amazon Athena: what tables there are, and running a query that the guard has let through.

mod execution;
mod failure;
mod results;
mod tables;
mod value;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_athena::Client;

pub use self::failure::RunError;
use super::{aged::Aged, guard::SelectStatement, schema::Schema};
pub use crate::findings::Rows;
use crate::{
    config,
    deadline::Deadline,
    error::{Error, QueryError},
};
use execution::Execution;

/// Athena answers at once and works afterwards; only catalogs with many partitions make it think.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 3;
const BACKOFF: Duration = Duration::from_millis(100);

/// Kept back from the time for the answer, so that a query is stopped and its end is told.
const TIME_TO_STOP: Duration = Duration::from_secs(1);

/// A workgroup of Athena and a catalog of data.
#[derive(Debug, Clone)]
pub struct Athena {
    client: Client,
    workgroup: String,
    catalog: String,
    timeout: Duration,
    schemas: Aged<Arc<Schema>>,
}

impl Athena {
    pub fn new(config: &config::Queries, aws: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let client_config = aws_sdk_athena::config::Builder::from(aws)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF))
            .build();
        Self {
            client: Client::from_conf(client_config),
            workgroup: config.workgroup.clone(),
            catalog: config.catalog.clone(),
            timeout: config.timeout,
            schemas: Aged::new(config.schema_max_age),
        }
    }

    /// The tables of a database, as they were at most `schema_max_age` ago; older only if they cannot be listed now.
    pub async fn schema(&self, database: &str) -> Result<Arc<Schema>, Error> {
        self.schemas.get(database, tables::list(&self.client, &self.catalog, database)).await
    }

    /// Runs a query and reads up to `most_rows` of its rows, or as many as fit into 200 KB of JSON.
    ///
    /// Whoever drops the future stops the query. So does the configured timeout, and the deadline:
    /// [`QueryError::TimedOut`].
    pub async fn run(
        &self,
        database: &str,
        statement: &SelectStatement,
        most_rows: usize,
        deadline: Deadline,
    ) -> Result<Rows, RunError> {
        let now = Instant::now();
        let stop_at = deadline.answer_by().checked_sub(TIME_TO_STOP).unwrap_or(now).min(now + self.timeout);
        if stop_at <= now {
            return Err(timed_out().into());
        }
        let stop_at = tokio::time::Instant::from_std(stop_at);
        let starting = Execution::start(self, database, statement.sql());
        let mut execution = tokio::time::timeout_at(stop_at, starting).await.map_err(|_| timed_out())??;
        let ended = tokio::time::timeout_at(stop_at, execution.ended()).await;
        let Ok(ended) = ended else {
            execution.stop().await;
            return Err(timed_out().into());
        };
        let data_scanned_bytes = ended?;
        let reading = results::read(&self.client, execution.id(), most_rows);
        let read = tokio::time::timeout_at(stop_at, reading).await.map_err(|_| timed_out())??;
        Ok(Rows { data_scanned_bytes, ..read })
    }
}

fn timed_out() -> Error {
    Error::Query { kind: QueryError::TimedOut, source: None }
}
