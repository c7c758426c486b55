//! One effect for one key, however often a request is sent.

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update},
};

use super::{
    Memory, epoch_seconds, failed,
    item::{Item, number, text},
    now,
    sessions::ReplyFacts,
};
use crate::{
    conversation::{Caller, SessionId, TurnId},
    deadline::Deadline,
    error::Error,
    events::{Answer, Completed},
    turn::Idempotency,
};

/// A key that belongs to one turn, until the turn is written or has failed.
#[derive(Debug, Clone)]
pub struct Claim {
    partition_key: String,
    sort_key: String,
    turn: TurnId,
}

#[derive(Debug)]
pub enum Claimed {
    Mine(Claim),
    /// The key had its effect before; this is what came of it.
    Done(Box<Completed>),
}

impl Memory {
    /// Claims a key for a turn. A claim whose holder died is void once the holder's deadline has passed.
    pub async fn claim(
        &self,
        caller: &Caller,
        idempotency: &Idempotency,
        turn: TurnId,
        deadline: Deadline,
    ) -> Result<Claimed, Error> {
        let claim = Claim {
            partition_key: format!("IDEMPOTENCY#{}", caller.partition()),
            sort_key: format!("KEY#{}", idempotency.key),
            turn,
        };
        let item = Item::keyed(claim.partition_key.clone(), claim.sort_key.clone())
            .text("fingerprint", &idempotency.fingerprint)
            .text("turn", turn.to_string())
            .number("held_until", epoch_seconds(deadline.ends_at()) + 1)
            .number("expires_at", now() + self.idempotency_ttl.as_secs());
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.into()))
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now OR held_until <= :now")
            .expression_attribute_values(":now", number(now()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(Claimed::Mine(claim)) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(taken)) => {
                let holder = Item::from(taken.item().cloned().unwrap_or_default());
                self.already_taken(caller, idempotency, turn, claim, &holder).await
            }
            // The turn that holds the key is being written at this moment.
            Some(PutItemError::TransactionConflictException(_)) => Err(Error::IdempotencyKeyBusy),
            _ => Err(failed(error)),
        }
    }

    async fn already_taken(
        &self,
        caller: &Caller,
        idempotency: &Idempotency,
        turn: TurnId,
        claim: Claim,
        holder: &Item,
    ) -> Result<Claimed, Error> {
        let holding_turn = TurnId::parse(holder.get_text("turn")?)?;
        if holding_turn == turn {
            // The SDK sent our own write again, after an answer that was lost.
            return Ok(Claimed::Mine(claim));
        }
        if holder.get_text("fingerprint")? != idempotency.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        match holder.find_text("session") {
            None => Err(Error::IdempotencyKeyBusy),
            Some(session) => {
                let completed = self.stored_turn(caller, SessionId::parse(session)?, holding_turn).await?;
                Ok(Claimed::Done(Box::new(completed)))
            }
        }
    }

    /// Gives a key back after a failed turn, so that a retry can succeed at once.
    pub async fn release(&self, claim: Claim) -> Result<(), Error> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .key("pk", text(&claim.partition_key))
            .key("sk", text(&claim.sort_key))
            .condition_expression("turn = :turn AND attribute_not_exists(#session)")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":turn", text(claim.turn.to_string()))
            .send()
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// The part of a turn's transaction that marks its key as done. It fails if the claim has lapsed and the key went
    /// to another turn: two turns for one key must not both be written.
    pub(super) fn fulfil(&self, claim: &Claim, completed: &Completed) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(&claim.partition_key))
            .key("sk", text(&claim.sort_key))
            .condition_expression("turn = :turn")
            .update_expression("SET #session = :session REMOVE held_until")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":turn", text(claim.turn.to_string()))
            .expression_attribute_values(":session", text(completed.session.to_string()))
            .build()
            .map_err(failed)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    async fn stored_turn(&self, caller: &Caller, session: SessionId, turn: TurnId) -> Result<Completed, Error> {
        let item = self.answer_item(caller, session, turn).await?.ok_or(Error::NoSuchSession)?;
        let ReplyFacts { model, stop_reason, usage, latency_ms, grounding, findings, .. } = ReplyFacts::of(&item)?;
        let text = item.get_text("text")?.to_owned();
        let recalled = item.find_text("recalled").map(str::to_owned);
        let answer = Answer { text, model, stop_reason, usage, grounding, findings, recalled };
        Ok(Completed { session, turn, answer, latency_ms })
    }
}
