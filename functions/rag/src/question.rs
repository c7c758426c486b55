//! The request body of the rag pattern: that of chat, and what to search.

use serde::Deserialize;
use shared::{
    Error,
    conversation::{ModelId, SessionId},
    question::{self, Example, Limits},
    retriever::{Condition, Filter},
};

/// Results that one call of Kendra gives.
const MOST_PASSAGES: u32 = 100;

/// The body as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    message: String,
    session_id: Option<String>,
    system: Option<String>,
    #[serde(default)]
    examples: Vec<Example>,
    model: Option<ModelId>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    max_tokens: Option<u32>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    filter: Option<Condition>,
    top_k: Option<u32>,
    language: Option<String>,
}

/// What the rag pattern wants to know besides the message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    pub conversation: question::Question,
    pub filter: Option<Filter>,
    /// Passages to ask for.
    pub top_k: Option<u32>,
    /// Of the documents, and of the answer: a code such as `de` or `pt-BR`.
    pub language: Option<String>,
}

/// Session, message and question, every field within its limits.
pub(crate) fn parse(body: Body, limits: &Limits<'_>) -> Result<(Option<SessionId>, String, Question), Error> {
    if body.top_k.is_some_and(|top_k| !(1..=MOST_PASSAGES).contains(&top_k)) {
        return Err(Error::invalid("top_k", format!("must be from 1 to {MOST_PASSAGES}")));
    }
    if body.language.as_deref().is_some_and(|code| !is_language(code)) {
        return Err(Error::invalid("language", "must be a code such as `de` or `pt-BR`"));
    }
    let filter = Filter::new(body.filter, body.language.as_deref())?;
    let common = question::Body {
        message: body.message,
        session_id: body.session_id,
        system: body.system,
        examples: body.examples,
        model: body.model,
        temperature: body.temperature,
        top_p: body.top_p,
        max_tokens: body.max_tokens,
        stop_sequences: body.stop_sequences,
    };
    let (session, message, conversation) = question::parse(common, limits)?;
    Ok((session, message, Question { conversation, filter, top_k: body.top_k, language: body.language }))
}

/// As Kendra writes them: a language of ISO 639-1, for some with a country or a script.
fn is_language(code: &str) -> bool {
    let (language, variant) = code.split_once('-').unwrap_or((code, "XX"));
    let is_letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphabetic());
    language.len() == 2
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && (2..=4).contains(&variant.len())
        && is_letters(variant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Result<Question, Error> {
        let body = serde_json::from_str(body).unwrap();
        parse(body, &Limits { models: &[], max_output_tokens: 100 }).map(|(_, _, question)| question)
    }

    #[test]
    fn every_limit_names_its_field() {
        for (body, expected) in [
            (r#"{"message": " "}"#, "message"),
            (r#"{"message": "m", "top_k": 0}"#, "top_k"),
            (r#"{"message": "m", "top_k": 101}"#, "top_k"),
            (r#"{"message": "m", "language": "German"}"#, "language"),
            (r#"{"message": "m", "language": "de-"}"#, "language"),
            (r#"{"message": "m", "filter": {"any": []}}"#, "filter"),
        ] {
            match parsed(body).unwrap_err() {
                Error::Invalid { field, .. } => assert_eq!(field, expected, "{body}"),
                other => panic!("{body}: {other}"),
            }
        }
    }

    #[test]
    fn a_language_is_a_condition() {
        let question = parsed(r#"{"message": "m", "language": "pt-BR", "top_k": 100}"#).unwrap();
        assert_eq!(question.language.as_deref(), Some("pt-BR"));
        assert!(question.filter.is_some());
        assert_eq!(parsed(r#"{"message": "m"}"#).unwrap(), Question::default());
    }
}
