//! What a model is told of the earlier conversation.

use super::{
    Memory, failed,
    item::{Item, text},
    session_partition, turn_of,
};
use crate::{
    conversation::{Caller, Message, SessionId, estimate_tokens},
    error::Error,
};

/// What a model is to see of a conversation.
#[derive(Debug, PartialEq)]
pub struct History {
    /// Oldest first, roles alternating.
    pub messages: Vec<Message>,
    /// Whether nothing was left out, nor will be in the next turn: its history then begins with this one.
    pub is_whole: bool,
}

impl History {
    pub fn of_new_session() -> Self {
        Self { messages: Vec::new(), is_whole: true }
    }
}

impl Memory {
    /// The last turns that fit both budgets. Whole turns only, so that roles always alternate.
    ///
    /// A session without a single turn is none: [`Error::NoSuchSession`].
    pub async fn history(&self, caller: &Caller, session: SessionId) -> Result<History, Error> {
        let mut budget = Budget { turns: self.history_turns, tokens: self.history_tokens };
        let mut turns: Vec<[Message; 2]> = Vec::new();
        let (mut seen_any, mut is_whole) = (false, true);
        let mut answer: Option<Item> = None;
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :turn)")
            .expression_attribute_values(":pk", text(session_partition(caller, session)))
            .expression_attribute_values(":turn", text("TURN#"))
            // Not what the answers cite or found, which is many times as long.
            .projection_expression("sk, #role, #text, recalled, stop_reason, expires_at")
            .expression_attribute_names("#role", "role")
            .expression_attribute_names("#text", "text")
            .scan_index_forward(false)
            .limit(i32::try_from(self.history_turns.max(1).saturating_mul(2)).unwrap_or(i32::MAX))
            .into_paginator()
            .items()
            .send();

        while let Some(item) = pages.next().await {
            let item = Item::from(item.map_err(failed)?);
            if item.is_expired() {
                continue;
            }
            seen_any = true;
            // Newest first: an answer comes before its question.
            if item.get_text("role")? == "assistant" {
                answer = Some(item);
                continue;
            }
            let Some(answer) = answer.take() else { continue };
            if turn_of(answer.get_text("sk")?)? != turn_of(item.get_text("sk")?)? {
                continue;
            }
            if !can_be_replayed(&answer)? {
                continue;
            }
            let (question, answer) = (item.get_text("text")?, recalled(&answer)?);
            if !budget.takes(question, answer) {
                is_whole = false;
                break;
            }
            turns.push([Message::user(question), Message::assistant(answer)]);
            if budget.turns == 0 {
                // The next turn has no room for the first of these.
                is_whole = false;
                break;
            }
        }
        if !seen_any {
            return Err(Error::NoSuchSession);
        }
        Ok(History { messages: turns.into_iter().rev().flatten().collect(), is_whole })
    }
}

/// A guardrail looks at the whole conversation: what it has blocked once would block every turn that replays it. And
/// Converse refuses blank text, of which a model that said nothing leaves nothing else.
fn can_be_replayed(answer: &Item) -> Result<bool, Error> {
    let is_blocked = matches!(answer.find_text("stop_reason"), Some("guardrail_intervened" | "content_filtered"));
    Ok(!is_blocked && !recalled(answer)?.trim().is_empty())
}

/// An answer as later turns are told of it.
fn recalled(answer: &Item) -> Result<&str, Error> {
    answer.find_text("recalled").map_or_else(|| answer.get_text("text"), Ok)
}

/// What is left of the room for history.
struct Budget {
    turns: usize,
    tokens: usize,
}

impl Budget {
    /// Takes a turn out of the budget, whole or not at all.
    fn takes(&mut self, question: &str, answer: &str) -> bool {
        let tokens = estimate_tokens(question) + estimate_tokens(answer);
        if self.turns == 0 || tokens > self.tokens {
            return false;
        }
        self.turns -= 1;
        self.tokens -= tokens;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_holds_in_turns_and_in_tokens() {
        let mut by_turns = Budget { turns: 1, tokens: 1000 };
        assert!(by_turns.takes("a", "b"));
        assert!(!by_turns.takes("a", "b"));

        let mut by_tokens = Budget { turns: 10, tokens: 10 };
        assert!(by_tokens.takes(&"x".repeat(16), &"x".repeat(16)));
        assert!(!by_tokens.takes(&"x".repeat(8), "ü"), "two tokens of room are no room for three");
        assert!(by_tokens.takes("x", "x"));
    }
}
