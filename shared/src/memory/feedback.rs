//! What callers say of answers.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use serde::{Deserialize, Serialize};

use super::{
    Memory, answer_sort_key, failed,
    item::{Item, text},
    session_partition,
    sessions::ReplyFacts,
};
use crate::{
    conversation::{Caller, SessionId, TurnId},
    error::Error,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    pub helpful: bool,
    /// Numbers of the citations that it is about.
    pub citations: Vec<usize>,
}

impl Memory {
    /// What is known of an answer of the caller's.
    pub async fn reply(&self, caller: &Caller, session: SessionId, turn: TurnId) -> Result<ReplyFacts, Error> {
        let item = self.answer_item(caller, session, turn).await?.filter(|item| !item.is_expired());
        ReplyFacts::of(&item.ok_or(Error::NoSuchMessage)?)
    }

    /// Keeps what the caller said of an answer, in place of what was said before.
    pub async fn keep_feedback(
        &self,
        caller: &Caller,
        session: SessionId,
        turn: TurnId,
        feedback: &Feedback,
    ) -> Result<(), Error> {
        let feedback = serde_json::to_string(feedback).map_err(|error| Error::Internal(error.to_string()))?;
        let written = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(session_partition(caller, session)))
            .key("sk", text(answer_sort_key(turn)))
            // An answer that was deleted meanwhile does not come back.
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET feedback = :feedback")
            .expression_attribute_values(":feedback", text(feedback))
            .send()
            .await;
        written.map(|_| ()).map_err(|error| match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Error::NoSuchMessage,
            _ => failed(error),
        })
    }

    pub(super) async fn answer_item(
        &self,
        caller: &Caller,
        session: SessionId,
        turn: TurnId,
    ) -> Result<Option<Item>, Error> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true)
            .key("pk", text(session_partition(caller, session)))
            .key("sk", text(answer_sort_key(turn)))
            .send()
            .await
            .map_err(failed)?;
        Ok(found.item.map(Item::from))
    }
}
