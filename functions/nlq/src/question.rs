//! The request body of the nlq pattern.

use serde::Deserialize;
use shared::{
    Error, config,
    conversation::{ModelId, SessionId},
    question::{self, Limits},
};

/// The body as it is sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    question: String,
    session_id: Option<String>,
    database: Option<String>,
    max_rows: Option<u32>,
    execute: Option<bool>,
    model: Option<ModelId>,
}

/// What the nlq pattern wants to know besides the question's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub model: Option<ModelId>,
    /// One of those that the deployment allows.
    pub database: String,
    pub max_rows: u32,
    /// Whether the SQL is run, or only written.
    pub execute: bool,
}

/// Session, the question's text, and the rest, every field within its limits.
pub(crate) fn parse(
    body: Body,
    limits: &Limits<'_>,
    queries: &config::Queries,
) -> Result<(Option<SessionId>, String, Question), Error> {
    let database = match body.database {
        Some(name) if !queries.databases.contains(&name) => {
            return Err(Error::invalid("database", format!("must be one of: {}", queries.databases.join(", "))));
        }
        Some(name) => name,
        // Configuration has at least one.
        None => queries.databases.first().cloned().unwrap_or_default(),
    };
    let max_rows = body.max_rows.unwrap_or(queries.max_rows.get());
    let most = config::Queries::MOST_ROWS;
    if !(1..=most).contains(&max_rows) {
        return Err(Error::invalid("max_rows", format!("must be from 1 to {most}")));
    }
    let common = question::Body {
        message: body.question,
        session_id: body.session_id,
        model: body.model,
        ..question::Body::default()
    };
    let (session, text, common) = question::parse(common, limits).map_err(named_as_here)?;
    let execute = body.execute.unwrap_or(true);
    Ok((session, text, Question { model: common.model, database, max_rows, execute }))
}

/// What is a message elsewhere is a question here.
fn named_as_here(error: Error) -> Error {
    let here = |field: String| if field == "message" { "question".to_owned() } else { field };
    match error {
        Error::Invalid { field, reason } => Error::Invalid { field: here(field), reason },
        Error::TooLong { field, limit } => Error::TooLong { field: here(field), limit },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use super::*;

    fn queries() -> config::Queries {
        config::Queries {
            workgroup: "w".to_owned(),
            databases: vec!["sales".to_owned(), "hr".to_owned()],
            catalog: "AwsDataCatalog".to_owned(),
            timeout: Duration::from_secs(20),
            max_rows: NonZeroU32::MIN.saturating_add(99),
            schema_tokens: 4000,
            schema_max_age: Duration::from_secs(300),
            layer: None,
            in_words: true,
        }
    }

    fn parsed(body: &str) -> Result<(Option<SessionId>, String, Question), Error> {
        let limits = Limits { models: &[ModelId::new("m")], max_output_tokens: 100 };
        parse(serde_json::from_str(body).unwrap(), &limits, &queries())
    }

    #[test]
    fn every_limit_names_its_field() {
        for (body, expected) in [
            (r#"{"question": " "}"#, "question"),
            (&format!(r#"{{"question": "{}"}}"#, "ü".repeat(32_001)), "question"),
            (r#"{"question": "q", "session_id": "mine"}"#, "session_id"),
            (r#"{"question": "q", "database": "pg_catalog"}"#, "database"),
            (r#"{"question": "q", "database": "Sales"}"#, "database"),
            (r#"{"question": "q", "max_rows": 0}"#, "max_rows"),
            (r#"{"question": "q", "max_rows": 1001}"#, "max_rows"),
            (r#"{"question": "q", "model": "other"}"#, "model"),
        ] {
            match parsed(body).unwrap_err() {
                Error::Invalid { field, .. } | Error::TooLong { field, .. } => assert_eq!(field, expected, "{body}"),
                other => panic!("{body}: {other}"),
            }
        }
    }

    #[test]
    fn what_a_caller_does_not_say_is_what_the_deployment_says() {
        let (session, text, question) = parsed(r#"{"question": "How many?"}"#).unwrap();
        assert_eq!((session, text.as_str()), (None, "How many?"));
        let expected = Question { model: None, database: "sales".to_owned(), max_rows: 100, execute: true };
        assert_eq!(question, expected);
        let body = r#"{"question": "q", "database": "hr", "max_rows": 1000, "execute": false, "model": "m"}"#;
        let (_, _, question) = parsed(body).unwrap();
        assert_eq!((question.database.as_str(), question.max_rows, question.execute), ("hr", 1000, false));
        assert_eq!(question.model, Some(ModelId::new("m")));
    }
}
