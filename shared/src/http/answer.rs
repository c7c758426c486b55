//! A completed turn as JSON.

use serde_json::{Value, json};

use crate::events::Completed;

pub(super) fn json(completed: &Completed) -> Value {
    let mut fields = facts(completed);
    fields["answer"] = json!(completed.answer.text);
    fields
}

/// Everything about a turn but its text, which a stream has told already.
pub(super) fn facts(completed: &Completed) -> Value {
    let Completed { session, turn, answer, latency_ms } = completed;
    let mut facts = json!({
        "session_id": session,
        "message_id": turn,
        "model": answer.model,
        "stop_reason": answer.stop_reason,
        "usage": answer.usage,
        "latency_ms": latency_ms,
    });
    if let Some(grounding) = &answer.grounding {
        facts["search_query"] = json!(grounding.search_query);
        facts["source"] = json!(grounding.source);
        facts["grounded"] = json!(grounding.grounded);
        facts["citations"] = json!(grounding.citations);
    }
    facts
}
