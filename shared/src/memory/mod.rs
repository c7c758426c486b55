//! Conversations in DynamoDB: one table, one item a message, every caller in partitions of their own.
//!
//! | item | partition key | sort key |
//! | --- | --- | --- |
//! | session | `USER#<caller>` | `SESSION#<session>` |
//! | message | `SESSION#<caller>#<session>` | `TURN#<turn>#0` (question), `TURN#<turn>#1` (answer) |
//! | idempotency key | `IDEMPOTENCY#<caller>` | `KEY#<key>` |
//!
//! Identifiers are version 7 UUIDs, so that sort keys are in order of time. As the caller is part of every partition key,
//! no request can reach what is somebody else's.

mod append;
mod feedback;
mod history;
mod idempotency;
mod item;
mod sessions;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::Client;

pub use self::{
    append::NewTurn,
    feedback::Feedback,
    history::History,
    idempotency::{Claim, Claimed},
    sessions::{Cursor, MessagePage, PageRequest, Session, SessionPage, StoredMessage},
};
use crate::{
    config,
    conversation::{Caller, SessionId, TurnId},
    error::Error,
};

/// DynamoDB answers within milliseconds; what takes longer is tried again, while the caller still waits.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 3;

/// The conversation memory.
#[derive(Debug, Clone)]
pub struct Memory {
    client: Client,
    table: String,
    history_turns: usize,
    history_tokens: usize,
    session_ttl: Duration,
    idempotency_ttl: Duration,
}

impl Memory {
    pub fn new(config: &config::Memory, aws: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let client_config = aws_sdk_dynamodb::config::Builder::from(aws)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF))
            .build();
        Self {
            client: Client::from_conf(client_config),
            table: config.table.clone(),
            history_turns: config.history_turns,
            history_tokens: config.history_tokens,
            session_ttl: config.session_ttl,
            idempotency_ttl: config.idempotency_ttl,
        }
    }
}

const BACKOFF: Duration = Duration::from_millis(50);

fn user_partition(caller: &Caller) -> String {
    format!("USER#{}", caller.partition())
}

fn session_partition(caller: &Caller, session: SessionId) -> String {
    format!("SESSION#{}#{session}", caller.partition())
}

fn session_sort_key(session: SessionId) -> String {
    format!("SESSION#{session}")
}

/// The question comes before its answer.
fn question_sort_key(turn: TurnId) -> String {
    format!("TURN#{turn}#0")
}

fn answer_sort_key(turn: TurnId) -> String {
    format!("TURN#{turn}#1")
}

/// The turn that a message's sort key names.
fn turn_of(sort_key: &str) -> Result<TurnId, Error> {
    let turn = sort_key.strip_prefix("TURN#").and_then(|rest| rest.get(..36));
    TurnId::parse(turn.unwrap_or_default()).map_err(|_| Error::Internal(format!("no turn has the sort key {sort_key}")))
}

/// Seconds since the epoch, as TTL attributes count.
fn now() -> u64 {
    epoch_seconds(SystemTime::now())
}

fn epoch_seconds(moment: SystemTime) -> u64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Memory(Box::new(error))
}
