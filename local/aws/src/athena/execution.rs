//! One query execution, and what `GetQueryExecution` tells of it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use local_query::{Outcome, QueryError};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{output::Location, statement::Statement, time, workgroups::engine_version};

/// What is asked for, as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) query: String,
    pub(super) database: Option<String>,
    pub(super) catalog: String,
    pub(super) workgroup: String,
    /// Bytes that the query may scan.
    pub(super) cutoff: Option<u64>,
    /// Where the results go.
    pub(super) folder: Location,
    pub(super) token: String,
}

#[derive(Debug)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) asked: Asked,
    pub(super) statement: Statement,
    pub(super) state: State,
    /// Cancelled when the query is to stop.
    pub(super) stop: CancellationToken,
    submitted: SystemTime,
    started: Option<SystemTime>,
    completed: Option<SystemTime>,
    scanned_bytes: u64,
}

#[derive(Debug, Clone)]
pub(super) enum State {
    Queued,
    Running,
    /// Without its results once they had to make room for others'.
    Succeeded(Option<Arc<Outcome>>),
    Failed(QueryError),
    Cancelled(&'static str),
}

impl State {
    pub(super) fn name(&self) -> &'static str {
        match self {
            State::Queued => "QUEUED",
            State::Running => "RUNNING",
            State::Succeeded(_) => "SUCCEEDED",
            State::Failed(_) => "FAILED",
            State::Cancelled(_) => "CANCELLED",
        }
    }

    pub(super) fn is_final(&self) -> bool {
        !matches!(self, State::Queued | State::Running)
    }
}

impl Execution {
    pub(super) fn new(id: String, asked: Asked, stop: CancellationToken) -> Execution {
        Execution {
            id,
            statement: Statement::of(&asked.query),
            asked,
            state: State::Queued,
            stop,
            submitted: SystemTime::now(),
            started: None,
            completed: None,
            scanned_bytes: 0,
        }
    }

    /// False where it has been stopped before.
    pub(super) fn start(&mut self) -> bool {
        if self.state.is_final() {
            return false;
        }
        self.state = State::Running;
        self.started = Some(SystemTime::now());
        true
    }

    /// What has ended stays as it ended.
    pub(super) fn end(&mut self, state: State, scanned_bytes: u64) {
        if !self.state.is_final() {
            self.state = state;
            self.scanned_bytes = scanned_bytes;
            self.completed = Some(SystemTime::now());
        }
    }

    /// Of the results.
    pub(super) fn location(&self) -> Location {
        self.asked.folder.file(&format!("{}.{}", self.id, self.statement.suffix()))
    }

    /// As `GetQueryExecution` answers it.
    pub(super) fn to_json(&self) -> Value {
        let asked = &self.asked;
        let mut context = json!({ "Catalog": asked.catalog });
        if let Some(database) = &asked.database {
            context["Database"] = database.as_str().into();
        }
        let mut described = json!({
            "QueryExecutionId": self.id,
            "Query": asked.query,
            "StatementType": self.statement.kind,
            "ResultConfiguration": { "OutputLocation": self.location().to_string() },
            "ResultReuseConfiguration": { "ResultReuseByAgeConfiguration": { "Enabled": false } },
            "QueryExecutionContext": context,
            "Status": self.status(),
            "Statistics": self.statistics(),
            "WorkGroup": asked.workgroup,
            "EngineVersion": engine_version(),
        });
        if let Some(subkind) = self.statement.subkind {
            described["SubstatementType"] = subkind.into();
        }
        described
    }

    fn status(&self) -> Value {
        let mut status = json!({ "State": self.state.name(), "SubmissionDateTime": time(self.submitted) });
        if let Some(completed) = self.completed {
            status["CompletionDateTime"] = time(completed);
        }
        match &self.state {
            State::Cancelled(reason) => status["StateChangeReason"] = (*reason).into(),
            State::Failed(error) => {
                let message = error.to_string();
                let (category, kind) = category(error);
                status["AthenaError"] = json!({
                    "ErrorCategory": category,
                    "ErrorType": kind,
                    "Retryable": false,
                    "ErrorMessage": message,
                });
                status["StateChangeReason"] = message.into();
            }
            State::Queued | State::Running | State::Succeeded(_) => {}
        }
        status
    }

    fn statistics(&self) -> Value {
        let now = SystemTime::now();
        let queued_until = self.started.or(self.completed).unwrap_or(now);
        let ended = self.completed.unwrap_or(now);
        let queue = milliseconds(queued_until.duration_since(self.submitted));
        let engine = self.started.map_or(0, |started| milliseconds(ended.duration_since(started)));
        json!({
            "DataScannedInBytes": self.scanned_bytes,
            "EngineExecutionTimeInMillis": engine,
            "QueryQueueTimeInMillis": queue,
            "QueryPlanningTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "TotalExecutionTimeInMillis": queue + engine,
            "ResultReuseInformation": { "ReusedPreviousResult": false },
        })
    }
}

/// `ErrorCategory` and `ErrorType`: 1 is the system's fault, 2 the user's. The types are those that athena-local measured
/// of the service; 1000 is a user error of no special kind.
fn category(error: &QueryError) -> (u8, u16) {
    let QueryError::User(message) = error else { return (1, 200) };
    let kind = match message.split(':').next().unwrap_or_default() {
        "DIVISION_BY_ZERO" => 1001,
        "TYPE_MISMATCH" => 1002,
        "COLUMN_NOT_FOUND" => 1006,
        "INVALID_CAST_ARGUMENT" => 1100,
        "NOT_SUPPORTED" => 1200,
        "TABLE_NOT_FOUND" | "SCHEMA_NOT_FOUND" => 1301,
        "FUNCTION_NOT_FOUND" => 1303,
        _ => 1000,
    };
    (2, kind)
}

fn milliseconds(duration: Result<Duration, std::time::SystemTimeError>) -> u64 {
    duration.map_or(0, |duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
