//! The caller's sessions: listing, reading, deleting.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    operation::delete_item::DeleteItemError,
    types::{AttributeValue, DeleteRequest, ReturnValue, WriteRequest},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;

use super::{
    Feedback, Memory, failed,
    item::{Item, text},
    session_partition, session_sort_key, turn_of, user_partition,
};
use crate::{
    conversation::{Caller, ModelId, SessionId, StopReason, TurnId, Usage},
    error::Error,
    findings::Findings,
    grounding::Grounding,
};

/// Items that one `BatchWriteItem` takes.
const BATCH: usize = 25;

/// Before something is asked for again that DynamoDB could not do at that moment.
const PAUSE: Duration = Duration::from_millis(100);

/// Which part of a listing is wanted.
#[derive(Debug, Clone)]
pub struct PageRequest {
    pub limit: u32,
    pub after: Option<Cursor>,
}

/// Where a page ended: a sort key without its prefix, which callers see only in encoded form. It is of use in the
/// caller's own partition alone, whatever a caller makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    pub fn parse(encoded: &str) -> Result<Self, Error> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        let identifier = text.strip_suffix("#0").or_else(|| text.strip_suffix("#1")).unwrap_or(&text);
        match TurnId::parse(identifier) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(Error::invalid("cursor", "must be one that an earlier page ended with")),
        }
    }

    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Session {
    pub session_id: SessionId,
    pub title: String,
    pub pattern: String,
    /// Seconds since the epoch.
    pub created_at: u64,
    pub updated_at: u64,
    pub turns: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredMessage {
    /// The turn's identifier: a question and its answer share it.
    pub message_id: TurnId,
    pub role: String,
    pub text: String,
    /// Seconds since the epoch.
    pub created_at: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub reply: Option<ReplyFacts>,
}

/// What is known of an assistant's message besides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplyFacts {
    pub model: Option<ModelId>,
    pub stop_reason: Option<StopReason>,
    pub usage: Usage,
    pub latency_ms: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub grounding: Option<Grounding>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
    /// What the caller said of the answer, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

#[derive(Debug)]
pub struct SessionPage {
    pub sessions: Vec<Session>,
    pub next: Option<Cursor>,
}

#[derive(Debug)]
pub struct MessagePage {
    pub session: Session,
    pub messages: Vec<StoredMessage>,
    pub next: Option<Cursor>,
}

impl ReplyFacts {
    pub(super) fn of(item: &Item) -> Result<Self, Error> {
        let tokens = |name| u32::try_from(item.get_number(name)).unwrap_or(u32::MAX);
        Ok(Self {
            model: item.find_text("model").map(ModelId::new),
            stop_reason: item.find_text("stop_reason").map(|reason| StopReason(reason.to_owned())),
            usage: Usage {
                input_tokens: tokens("input_tokens"),
                output_tokens: tokens("output_tokens"),
                cache_read_tokens: tokens("cache_read_tokens"),
                cache_write_tokens: tokens("cache_write_tokens"),
            },
            latency_ms: item.get_number("latency_ms"),
            grounding: item.find_json("grounding")?,
            findings: item.find_json("findings")?,
            feedback: item.find_json("feedback")?,
        })
    }
}

impl Memory {
    /// The caller's sessions, the newest first.
    pub async fn sessions(&self, caller: &Caller, page: PageRequest) -> Result<SessionPage, Error> {
        let (items, next) = self.page(user_partition(caller), "SESSION#", page).await?;
        let sessions = items.iter().map(session).collect::<Result<_, _>>()?;
        Ok(SessionPage { sessions, next })
    }

    /// A session and its messages, the newest first.
    pub async fn messages(&self, caller: &Caller, id: SessionId, page: PageRequest) -> Result<MessagePage, Error> {
        let (item, listed) =
            tokio::join!(self.session_item(caller, id), self.page(session_partition(caller, id), "TURN#", page),);
        let session = session(&item?)?;
        let (items, next) = listed?;
        let messages = items.iter().map(message).collect::<Result<_, _>>()?;
        Ok(MessagePage { session, messages, next })
    }

    /// Deletes a session and its messages. The session goes first, so that a turn still under way cannot be added to it;
    /// a deletion that is cut off can be asked for again, and finds the rest.
    pub async fn delete(&self, caller: &Caller, session: SessionId) -> Result<(), Error> {
        let was_there = self.delete_session_item(caller, session).await?;
        let messages = self.delete_messages(session_partition(caller, session)).await?;
        if !was_there && messages == 0 {
            return Err(Error::NoSuchSession);
        }
        Ok(())
    }

    /// A turn that is being written at the same moment has the item for itself until it is.
    async fn delete_session_item(&self, caller: &Caller, session: SessionId) -> Result<bool, Error> {
        loop {
            let deleted = self
                .client
                .delete_item()
                .table_name(&self.table)
                .key("pk", text(user_partition(caller)))
                .key("sk", text(session_sort_key(session)))
                .return_values(ReturnValue::AllOld)
                .send()
                .await;
            match deleted {
                Ok(deleted) => return Ok(deleted.attributes.is_some()),
                Err(error)
                    if error.as_service_error().is_some_and(DeleteItemError::is_transaction_conflict_exception) =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    async fn delete_messages(&self, partition_key: String) -> Result<usize, Error> {
        let mut deleted = 0;
        loop {
            let found = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", text(&partition_key))
                .projection_expression("pk, sk")
                .limit(i32::try_from(BATCH).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(failed)?;
            let keys = found.items.unwrap_or_default();
            if keys.is_empty() {
                return Ok(deleted);
            }
            deleted += keys.len();
            self.delete_batch(keys).await?;
        }
    }

    /// What DynamoDB leaves unprocessed, for it is throttling, is found again by the next query.
    async fn delete_batch(&self, keys: Vec<HashMap<String, AttributeValue>>) -> Result<(), Error> {
        let requests = keys
            .into_iter()
            .map(|key| {
                let delete = DeleteRequest::builder().set_key(Some(key)).build().map_err(failed)?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let written =
            self.client.batch_write_item().request_items(&self.table, requests).send().await.map_err(failed)?;
        if written.unprocessed_items.is_some_and(|left| !left.is_empty()) {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn session_item(&self, caller: &Caller, session: SessionId) -> Result<Item, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true)
            .key("pk", text(user_partition(caller)))
            .key("sk", text(session_sort_key(session)))
            .send()
            .await
            .map_err(failed)?;
        let item = found.item.map(Item::from).filter(|item| !item.is_expired());
        item.ok_or(Error::NoSuchSession)
    }

    /// One page of a partition, newest first. Expired items count towards its length and are left out of it, so that a
    /// page can be shorter than asked for and still not be the last.
    async fn page(
        &self,
        partition_key: String,
        prefix: &str,
        request: PageRequest,
    ) -> Result<(Vec<Item>, Option<Cursor>), Error> {
        let start = request.after.map(|Cursor(rest)| {
            HashMap::from([("pk".to_owned(), text(&partition_key)), ("sk".to_owned(), text(format!("{prefix}{rest}")))])
        });
        let found = self
            .client
            .query()
            .table_name(&self.table)
            // Whoever has been answered finds the turn, and who has deleted a session does not find it.
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(&partition_key))
            .expression_attribute_values(":prefix", text(prefix))
            .scan_index_forward(false)
            // One more than wanted tells whether there is a next page.
            .limit(i32::try_from(request.limit + 1).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(failed)?;
        let mut items: Vec<Item> = found.items.unwrap_or_default().into_iter().map(Item::from).collect();
        let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let is_cut = items.len() > wanted || found.last_evaluated_key.is_some();
        items.truncate(wanted);
        let next = match items.last().filter(|_| is_cut) {
            Some(last) => last.get_text("sk")?.strip_prefix(prefix).map(|rest| Cursor(rest.to_owned())),
            None => None,
        };
        items.retain(|item| !item.is_expired());
        Ok((items, next))
    }
}

fn session(item: &Item) -> Result<Session, Error> {
    let id = item.get_text("sk")?.strip_prefix("SESSION#").unwrap_or_default();
    Ok(Session {
        session_id: SessionId::parse(id).map_err(|_| Error::Internal(format!("no session has the identifier {id}")))?,
        title: item.get_text("title")?.to_owned(),
        pattern: item.get_text("pattern")?.to_owned(),
        created_at: item.get_number("created_at"),
        updated_at: item.get_number("updated_at"),
        turns: item.get_number("turns"),
    })
}

fn message(item: &Item) -> Result<StoredMessage, Error> {
    let role = item.get_text("role")?;
    let reply = (role == "assistant").then(|| ReplyFacts::of(item)).transpose()?;
    Ok(StoredMessage {
        message_id: turn_of(item.get_text("sk")?)?,
        role: role.to_owned(),
        text: item.get_text("text")?.to_owned(),
        created_at: item.get_number("created_at"),
        reply,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_opaque_and_survives_the_round_trip() {
        for sort_key in ["0198a5d4-0000-7000-8000-000000000000", "0198a5d4-0000-7000-8000-000000000000#1"] {
            let cursor = Cursor(sort_key.to_owned());
            assert!(!cursor.encode().contains(sort_key));
            assert_eq!(Cursor::parse(&cursor.encode()).unwrap(), cursor);
        }
        for broken in ["", "ä", "====", "_w", &"A".repeat(1000), &Cursor("SESSION#x".to_owned()).encode()] {
            assert!(Cursor::parse(broken).is_err(), "{broken}");
        }
    }
}
