//! A completed turn as JSON.

use serde_json::{Value, json};

use crate::events::Completed;

pub(super) fn json(completed: &Completed) -> Value {
    let mut fields = facts(completed);
    fields["answer"] = json!(completed.answer.text);
    if let Some(findings) = &completed.answer.findings {
        fields["columns"] = json!(findings.columns);
        fields["rows"] = json!(findings.rows);
        fields["chart"] = json!(findings.chart);
    }
    fields
}

/// Everything about a turn but what a stream has told already: its text, rows and chart.
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
    if let Some(findings) = &answer.findings {
        facts["database"] = json!(findings.database);
        facts["answerable"] = json!(findings.answerable);
        facts["sql"] = json!(findings.sql);
        facts["row_count"] = json!(findings.row_count);
        facts["truncated"] = json!(findings.truncated);
        facts["attempts"] = json!(findings.attempts);
        facts["data_scanned_bytes"] = json!(findings.data_scanned_bytes);
        facts["tables"] = json!(findings.tables);
        facts["tables_left_out"] = json!(findings.tables_left_out);
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        conversation::{SessionId, TurnId},
        events::Answer,
        findings::Findings,
    };

    #[test]
    fn findings_stand_beside_the_answer() {
        let findings = Findings::new("d".to_owned(), vec!["t".to_owned()], 2);
        let names: Vec<_> = json!(findings).as_object().unwrap().keys().cloned().collect();
        let answer = Answer { findings: Some(findings), ..Answer::default() };
        let (session, turn) = (SessionId::new(), TurnId::new());
        let fields = super::json(&Completed { session, turn, answer, latency_ms: 1 });
        for name in names {
            assert!(fields.get(&name).is_some(), "{name}, which a stored answer has");
        }
        assert_eq!((&fields["sql"], &fields["chart"], &fields["rows"]), (&Value::Null, &Value::Null, &json!([])));
        assert_eq!((&fields["tables_left_out"], &fields["answerable"]), (&json!(2), &json!(true)));
    }
}
