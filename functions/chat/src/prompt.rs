//! What the model is given: text put together, nothing else.

use shared::{conversation::Message, model::Request, question::Question, turn::Turn};

/// Examples, history, message.
pub(crate) fn build(turn: Turn<Question>) -> Request {
    let Turn { session, message, question, history, deadline, live, .. } = turn;
    let messages = question.example_turns().chain(history.messages).chain([Message::user(message)]).collect();
    Request {
        model: question.model,
        system: question.system,
        messages,
        inference: question.inference,
        tools: Vec::new(),
        metadata: vec![("pattern", "chat".to_owned()), ("session", session.to_string())],
        // Examples and instructions come anew with every turn, mostly the same ones.
        will_be_continued: history.is_whole,
        deadline,
        live,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use shared::{
        conversation::{Caller, SessionId, TurnId},
        deadline::Deadline,
        memory::History,
        question::Example,
    };

    use super::*;

    #[test]
    fn examples_come_before_history_and_history_before_the_message() {
        let caller = Caller::default();
        let example = Example { user: "2 + 2".to_owned(), assistant: "4".to_owned() };
        let request = build(Turn {
            id: TurnId::new(),
            session: SessionId::new(),
            caller,
            message: "And 4 + 4?".to_owned(),
            question: Question {
                system: Some("Answer with a number.".to_owned()),
                examples: vec![example],
                ..Question::default()
            },
            history: History { messages: vec![Message::user("3 + 3"), Message::assistant("6")], is_whole: true },
            deadline: Deadline::new(SystemTime::now() + Duration::from_secs(1), None),
            live: true,
        });
        assert_eq!(request.system.as_deref(), Some("Answer with a number."));
        let transcript: Vec<String> = request.messages.iter().map(|message| format!("{message:?}")).collect();
        insta::assert_snapshot!(transcript.join("\n"), @r#"
        Message { role: User, content: [Text("2 + 2")] }
        Message { role: Assistant, content: [Text("4")] }
        Message { role: User, content: [Text("3 + 3")] }
        Message { role: Assistant, content: [Text("6")] }
        Message { role: User, content: [Text("And 4 + 4?")] }
        "#);
    }
}
