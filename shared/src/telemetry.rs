//! Logs and metrics. Identifiers and numbers only: never prompts, answers or tokens of identity.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    config::Config,
    error::{Chain, Error},
    events::Completed,
};

/// Logs lines of JSON to standard output, where Lambda collects them and filters them by `level`, given that they have a
/// `timestamp` too. Other crates may log whole requests when they are asked for details: from them only what is worth a
/// warning is taken.
pub fn log_to_stdout(level: tracing::Level) {
    let lines = tracing_subscriber::fmt::layer().json().with_target(false);
    let others = ["aws", "h2", "hyper", "lambda", "rustls"].map(|crates| (crates, tracing::Level::WARN));
    let runtime = ("lambda_runtime", tracing::Level::INFO.min(level));
    let filter = Targets::new().with_default(level).with_targets(others).with_targets([runtime]);
    tracing_subscriber::registry().with(lines).with(filter).init();
}

/// One log line a turn, and its numbers as CloudWatch metrics.
#[derive(Debug, Clone)]
pub struct Telemetry {
    namespace: Option<String>,
}

impl Telemetry {
    pub fn new(config: &Config) -> Self {
        Self { namespace: config.metrics_namespace.clone() }
    }

    pub(crate) fn turn(&self, pattern: &'static str, latency: Duration, outcome: &Result<Completed, Error>) {
        match outcome {
            Ok(Completed { answer, .. }) => tracing::info!(
                model = answer.model.as_ref().map(tracing::field::display),
                stop_reason = answer.stop_reason.as_ref().map(|reason| reason.0.as_str()),
                input_tokens = answer.usage.input_tokens,
                output_tokens = answer.usage.output_tokens,
                cache_read_tokens = answer.usage.cache_read_tokens,
                source = answer.grounding.as_ref().map(|grounding| grounding.source.as_str()),
                citations = answer.grounding.as_ref().map(|grounding| grounding.citations.len()),
                answerable = answer.findings.as_ref().map(|findings| findings.answerable),
                attempts = answer.findings.as_ref().map(|findings| findings.attempts.len()),
                rows = answer.findings.as_ref().map(|findings| findings.row_count),
                data_scanned_bytes = answer.findings.as_ref().map(|findings| findings.data_scanned_bytes),
                latency_ms = milliseconds(latency),
                "turn"
            ),
            Err(error) => failure(error),
        }
        if let Some(namespace) = &self.namespace {
            println!("{}", metrics(namespace, pattern, latency, outcome));
        }
    }
}

/// Logs an error where it ends, once.
pub(crate) fn failure(error: &Error) {
    if error.is_the_callers() {
        // Its text may quote what the caller sent, which is no business of the log.
        tracing::info!(code = error.code(), "refused");
    } else {
        tracing::error!(code = error.code(), error = %Chain(error), "failed");
    }
}

pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A line in CloudWatch's embedded metric format: metrics without a call to CloudWatch. The format is described in
/// "Specification: Embedded metric format" of the CloudWatch user guide.
fn metrics(namespace: &str, pattern: &str, latency: Duration, outcome: &Result<Completed, Error>) -> serde_json::Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let usage = outcome.as_ref().map(|completed| completed.answer.usage).unwrap_or_default();
    json!({
        "_aws": {
            "Timestamp": milliseconds(now),
            "CloudWatchMetrics": [{
                "Namespace": namespace,
                "Dimensions": [["Pattern"]],
                "Metrics": [
                    {"Name": "Turns", "Unit": "Count"},
                    {"Name": "FailedTurns", "Unit": "Count"},
                    {"Name": "TurnLatency", "Unit": "Milliseconds"},
                    {"Name": "InputTokens", "Unit": "Count"},
                    {"Name": "OutputTokens", "Unit": "Count"},
                    {"Name": "CacheReadTokens", "Unit": "Count"},
                ],
            }],
        },
        "Pattern": pattern,
        "Turns": 1,
        "FailedTurns": u8::from(outcome.as_ref().is_err_and(|error| !error.is_the_callers())),
        "TurnLatency": milliseconds(latency),
        "InputTokens": usage.input_tokens,
        "OutputTokens": usage.output_tokens,
        "CacheReadTokens": usage.cache_read_tokens,
    })
}
