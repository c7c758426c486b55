//! Writing a finished turn: all of it or nothing.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{Put, TransactWriteItem, Update},
};

use super::{
    Claim, Memory, answer_sort_key, failed,
    item::{Item, number, text},
    now, question_sort_key, session_partition, session_sort_key, user_partition,
};
use crate::{
    conversation::{Caller, Role},
    error::Error,
    events::Completed,
    findings::Findings,
};

/// Two turns that end at the same moment touch the same session item: one of them has to come back.
const CONFLICT_ATTEMPTS: u32 = 8;
const CONFLICT_BACKOFF: Duration = Duration::from_millis(10);

/// The places of session and idempotency key among the parts of the transaction; between them, the two messages.
const SESSION: usize = 0;
const CLAIM: usize = 3;

/// Characters of the first message that serve as its session's title.
const TITLE_CHARACTERS: usize = 80;

/// A turn that is to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct NewTurn<'a> {
    pub caller: &'a Caller,
    pub pattern: &'static str,
    /// Whether the session was there before.
    pub continues: bool,
    pub message: &'a str,
    pub completed: &'a Completed,
    /// The idempotency key that this turn answers, which becomes "done" in the same transaction.
    pub claim: Option<&'a Claim>,
}

impl Memory {
    /// Writes question, answer, session and idempotency key in one transaction. A session that was deleted meanwhile
    /// does not come back: [`Error::NoSuchSession`].
    pub async fn append(&self, turn: NewTurn<'_>) -> Result<(), Error> {
        let items = self.transaction(&turn, now())?;
        let mut attempt = 0;
        loop {
            let written = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                // The same for every attempt: an earlier one that was written after all must not be written again.
                .client_request_token(turn.completed.turn.to_string())
                .send()
                .await;
            let Err(error) = written else { return Ok(()) };
            attempt += 1;
            match Cancellation::of(&error) {
                Some(Cancellation::Condition { part: CLAIM }) => return Err(Error::IdempotencyKeyBusy),
                Some(Cancellation::Condition { part: SESSION }) if turn.continues => return Err(Error::NoSuchSession),
                // What only this turn can have written is there.
                Some(Cancellation::Condition { .. }) => return Ok(()),
                Some(Cancellation::Passing) if attempt < CONFLICT_ATTEMPTS => {
                    // The turn's identifier is as good as random: no two waiting turns wait equally long.
                    let jitter = turn.completed.turn.jitter();
                    tokio::time::sleep((CONFLICT_BACKOFF * 2u32.pow(attempt)).mul_f64(0.5 + jitter)).await;
                }
                _ => return Err(failed(error)),
            }
        }
    }

    fn transaction(&self, turn: &NewTurn<'_>, now: u64) -> Result<Vec<TransactWriteItem>, Error> {
        let mut items = vec![
            self.session(turn, now)?,
            self.put(self.question(turn, now).checked()?)?,
            self.put(self.answer(turn, now)?)?,
        ];
        if let Some(claim) = turn.claim {
            items.push(self.fulfil(claim, turn.completed)?);
        }
        Ok(items)
    }

    fn question(&self, turn: &NewTurn<'_>, now: u64) -> Item {
        self.message(turn, now, question_sort_key(turn.completed.turn), Role::User, turn.message)
    }

    fn answer(&self, turn: &NewTurn<'_>, now: u64) -> Result<Item, Error> {
        let Completed { turn: id, answer, latency_ms, .. } = turn.completed;
        let mut item = self
            .message(turn, now, answer_sort_key(*id), Role::Assistant, &answer.text)
            .number("latency_ms", *latency_ms)
            .number("input_tokens", answer.usage.input_tokens)
            .number("output_tokens", answer.usage.output_tokens)
            .number("cache_read_tokens", answer.usage.cache_read_tokens)
            .number("cache_write_tokens", answer.usage.cache_write_tokens);
        if let Some(model) = &answer.model {
            item = item.text("model", model.as_str());
        }
        if let Some(stop_reason) = &answer.stop_reason {
            item = item.text("stop_reason", &stop_reason.0);
        }
        if let Some(grounding) = &answer.grounding {
            item = item.json("grounding", grounding)?;
        }
        if let Some(recalled) = &answer.recalled {
            item = item.text("recalled", recalled);
        }
        match &answer.findings {
            Some(findings) => with_findings(item, findings),
            None => item.checked(),
        }
    }

    fn message(&self, turn: &NewTurn<'_>, now: u64, sort_key: String, role: Role, content: &str) -> Item {
        Item::keyed(session_partition(turn.caller, turn.completed.session), sort_key)
            .text("role", role.as_str())
            .text("text", content)
            .number("created_at", now)
            .number("expires_at", now + self.session_ttl.as_secs())
    }

    fn session(&self, turn: &NewTurn<'_>, now: u64) -> Result<TransactWriteItem, Error> {
        let partition_key = user_partition(turn.caller);
        let sort_key = session_sort_key(turn.completed.session);
        let expires_at = now + self.session_ttl.as_secs();
        if turn.continues {
            let update = Update::builder()
                .table_name(&self.table)
                .key("pk", text(partition_key))
                .key("sk", text(sort_key))
                .condition_expression("attribute_exists(pk)")
                .update_expression("SET updated_at = :now, expires_at = :expires_at ADD turns :one")
                .expression_attribute_values(":now", number(now))
                .expression_attribute_values(":expires_at", number(expires_at))
                .expression_attribute_values(":one", number(1))
                .build()
                .map_err(failed)?;
            return Ok(TransactWriteItem::builder().update(update).build());
        }
        self.put(
            Item::keyed(partition_key, sort_key)
                .text("title", title(turn.message))
                .text("pattern", turn.pattern)
                .number("created_at", now)
                .number("updated_at", now)
                .number("turns", 1u64)
                .number("expires_at", expires_at),
        )
    }

    fn put(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(HashMap::from(item)))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(failed)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// A chart repeats rows. Where an item has no room for both, the rows are remembered and the chart is not.
fn with_findings(item: Item, findings: &Findings) -> Result<Item, Error> {
    let whole = item.clone().json("findings", findings)?.checked();
    match (&whole, &findings.chart) {
        (Err(Error::MessageTooLarge { .. }), Some(_)) => {
            item.json("findings", &Findings { chart: None, ..findings.clone() })?.checked()
        }
        _ => whole,
    }
}

/// Why DynamoDB cancelled a transaction.
enum Cancellation {
    /// The condition of one of its parts did not hold.
    Condition { part: usize },
    /// Another transaction touched the same item at the same time, or a partition was throttled.
    Passing,
}

impl Cancellation {
    fn of(error: &SdkError<TransactWriteItemsError>) -> Option<Self> {
        match error.as_service_error()? {
            TransactWriteItemsError::TransactionInProgressException(_) => Some(Self::Passing),
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                // One reason a part, in the order of the parts.
                let part =
                    |code| cancelled.cancellation_reasons().iter().position(|reason| reason.code() == Some(code));
                if let Some(part) = part("ConditionalCheckFailed") {
                    return Some(Self::Condition { part });
                }
                let passing = ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"];
                passing.into_iter().find_map(part).map(|_| Self::Passing)
            }
            _ => None,
        }
    }
}

/// The beginning of a message on one line.
fn title(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TITLE_CHARACTERS) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_chart_gives_way_to_the_rows_that_it_repeats() {
        let mut findings = Findings::new("d".to_owned(), Vec::new(), 0);
        findings.rows = vec![vec![json!("x".repeat(200 * 1024))]];
        findings.chart = Some(json!({"mark": "bar"}));
        let kept = |findings: &Findings| {
            let item = with_findings(Item::default(), findings).unwrap();
            item.find_json::<Findings>("findings").unwrap().unwrap()
        };
        assert_eq!(kept(&findings), findings);

        findings.chart = Some(json!({"data": {"values": ["x".repeat(250 * 1024)]}}));
        assert_eq!(kept(&findings), Findings { chart: None, ..findings.clone() });

        findings.rows = vec![vec![json!("x".repeat(400 * 1024))]];
        assert!(matches!(with_findings(Item::default(), &findings), Err(Error::MessageTooLarge { .. })));
    }

    #[test]
    fn a_title_is_one_short_line() {
        assert_eq!(title(" What is\n a  turn? "), "What is a turn?");
        let long = title(&"é".repeat(200));
        assert_eq!(long.chars().count(), TITLE_CHARACTERS + 1);
        assert!(long.ends_with('…'));
    }
}
