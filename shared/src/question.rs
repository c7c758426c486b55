//! What callers send to patterns that hold a conversation, and what it must be.

use serde::Deserialize;

use crate::{
    conversation::{Message, ModelId, SessionId},
    error::Error,
    model::Inference,
};

/// Characters of a message, of the instructions and of each side of an example.
const LONGEST_TEXT: usize = 32_000;
const MOST_EXAMPLES: usize = 20;
/// Limits of Converse's inference configuration.
const MOST_STOP_SEQUENCES: usize = 2500;
const LONGEST_STOP_SEQUENCE: usize = 255;

/// The body as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    pub message: String,
    pub session_id: Option<String>,
    pub system: Option<String>,
    #[serde(default)]
    pub examples: Vec<Example>,
    pub model: Option<ModelId>,
    pub temperature: Option<f32>,
    pub top_p: Option<f32>,
    pub max_tokens: Option<u32>,
    #[serde(default)]
    pub stop_sequences: Vec<String>,
}

/// How the model should have answered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub user: String,
    pub assistant: String,
}

/// What a pattern wants to know besides the message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    pub system: Option<String>,
    pub examples: Vec<Example>,
    /// One of those that the deployment allows.
    pub model: Option<ModelId>,
    pub inference: Inference,
}

impl Question {
    /// In-context learning: examples stand before the conversation as if they had been its first turns.
    pub fn example_turns(&self) -> impl Iterator<Item = Message> {
        let turn = |example: &Example| [Message::user(&example.user), Message::assistant(&example.assistant)];
        self.examples.iter().flat_map(turn)
    }
}

/// What the deployment allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    pub models: &'a [ModelId],
    pub max_output_tokens: u32,
}

/// Session, message and question, every field within its limits.
pub fn parse(body: Body, limits: &Limits<'_>) -> Result<(Option<SessionId>, String, Question), Error> {
    text("message", &body.message)?;
    if let Some(system) = &body.system {
        text("system", system)?;
    }
    if body.examples.len() > MOST_EXAMPLES {
        return Err(Error::TooLong { field: "examples".to_owned(), limit: format!("{MOST_EXAMPLES} examples") });
    }
    for (index, example) in body.examples.iter().enumerate() {
        text(&format!("examples[{index}].user"), &example.user)?;
        text(&format!("examples[{index}].assistant"), &example.assistant)?;
    }
    if let Some(model) = &body.model
        && !limits.models.contains(model)
    {
        let names = limits.models.iter().map(ModelId::as_str).collect::<Vec<_>>().join(", ");
        return Err(Error::invalid("model", format!("must be one of: {names}")));
    }
    fraction("temperature", body.temperature)?;
    fraction("top_p", body.top_p)?;
    if body.max_tokens.is_some_and(|tokens| !(1..=limits.max_output_tokens).contains(&tokens)) {
        return Err(Error::invalid("max_tokens", format!("must be from 1 to {}", limits.max_output_tokens)));
    }
    stop_sequences(&body.stop_sequences)?;
    let session = body.session_id.as_deref().map(SessionId::parse).transpose()?;
    let question = Question {
        system: body.system,
        examples: body.examples,
        model: body.model,
        inference: Inference {
            temperature: body.temperature,
            top_p: body.top_p,
            max_tokens: body.max_tokens,
            stop_sequences: body.stop_sequences,
        },
    };
    Ok((session, body.message, question))
}

/// Converse refuses blank text, so that it is refused here, with a name.
fn text(field: &str, text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid(field, "must not be blank"));
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(Error::TooLong { field: field.to_owned(), limit: format!("{LONGEST_TEXT} characters") });
    }
    Ok(())
}

fn fraction(field: &str, number: Option<f32>) -> Result<(), Error> {
    match number {
        Some(number) if !(0.0..=1.0).contains(&number) => Err(Error::invalid(field, "must be a number from 0 to 1")),
        _ => Ok(()),
    }
}

fn stop_sequences(sequences: &[String]) -> Result<(), Error> {
    let too_long = |limit: String| Err(Error::TooLong { field: "stop_sequences".to_owned(), limit });
    if sequences.len() > MOST_STOP_SEQUENCES {
        return too_long(format!("{MOST_STOP_SEQUENCES} sequences"));
    }
    if sequences.iter().any(String::is_empty) {
        return Err(Error::invalid("stop_sequences", "must not contain an empty one"));
    }
    if sequences.iter().any(|sequence| sequence.chars().count() > LONGEST_STOP_SEQUENCE) {
        return too_long(format!("{LONGEST_STOP_SEQUENCE} characters each"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        let body: Body = serde_json::from_str(body).unwrap();
        match parse(body, &Limits { models: &[ModelId::new("a"), ModelId::new("b")], max_output_tokens: 100 })
            .unwrap_err()
        {
            Error::Invalid { field, .. } | Error::TooLong { field, .. } => field,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn every_limit_names_its_field() {
        assert_eq!(refused(r#"{"message": " \n"}"#), "message");
        assert_eq!(refused(&format!(r#"{{"message": "{}"}}"#, "ü".repeat(32_001))), "message");
        assert_eq!(refused(r#"{"message": "m", "session_id": "x"}"#), "session_id");
        assert_eq!(refused(r#"{"message": "m", "system": ""}"#), "system");
        assert_eq!(
            refused(r#"{"message": "m", "examples": [{"user": "u", "assistant": ""}]}"#),
            "examples[0].assistant"
        );
        assert_eq!(refused(r#"{"message": "m", "model": "c"}"#), "model");
        assert_eq!(refused(r#"{"message": "m", "temperature": 1.1}"#), "temperature");
        assert_eq!(refused(r#"{"message": "m", "top_p": -0.1}"#), "top_p");
        assert_eq!(refused(r#"{"message": "m", "max_tokens": 0}"#), "max_tokens");
        assert_eq!(refused(r#"{"message": "m", "max_tokens": 101}"#), "max_tokens");
        assert_eq!(refused(r#"{"message": "m", "stop_sequences": [""]}"#), "stop_sequences");
    }

    #[test]
    fn a_limit_can_be_reached() {
        let longest = "ü".repeat(32_000);
        let body = Body { message: longest.clone(), temperature: Some(1.0), ..Body::default() };
        let (session, message, question) = parse(body, &Limits { models: &[], max_output_tokens: 1 }).unwrap();
        assert_eq!((session, message), (None, longest));
        assert_eq!(question.inference.temperature, Some(1.0));
    }
}
