//! The two that are compared: the function, over HTTP as anybody calls it, and the bare model.

use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    cell::Cell,
    rows::{MOST_ROWS, Rows},
};
use crate::error::Error;

/// All that the bare model is told, besides the tables and the question.
const BARE: &str = "You write SQLite queries. Reply with one SQL query and nothing else.";
/// Of one query; the function grants as many.
const MOST_TOKENS: u32 = 512;

#[derive(Debug, Clone)]
pub(super) struct Answers {
    client: Client,
    api: String,
    aws: String,
}

/// What the function answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) sql: Option<String>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) rows: Rows,
    /// Names of the tables that the model was shown.
    pub(super) tables: Vec<String>,
    pub(super) took: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    /// The function says that the data cannot answer.
    Unanswerable,
    /// No attempt passed the guard and the engine.
    NoValidQuery,
    /// Another error's code, or the answer that has none.
    Failed(String),
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Attempt {
    pub(super) sql: String,
    pub(super) error: Option<String>,
}

/// What the bare model wrote, or why it wrote nothing.
#[derive(Debug)]
pub(super) struct Bare {
    pub(super) sql: Result<String, String>,
    pub(super) took: Duration,
}

impl Answers {
    pub(super) fn new(api: &str, aws: &str) -> Result<Self, Error> {
        // Both are on this machine, of which a proxy knows nothing.
        let client = Client::builder().no_proxy().build().map_err(Error::Http)?;
        Ok(Self { client, api: api.to_owned(), aws: aws.to_owned() })
    }

    pub(super) async fn function(&self, database: &str, question: &str) -> Result<Answer, Error> {
        let began = Instant::now();
        let request = json!({ "question": question, "database": database, "max_rows": MOST_ROWS });
        let response = self.client.post(format!("{}/nlq", self.api)).json(&request).send().await;
        let (status, body) = read(response.map_err(Error::Http)?).await?;
        Ok(Answer { took: began.elapsed(), ..Answer::of(status, &body) })
    }

    /// The same model, by the same AWS, with schema and question and nothing else.
    pub(super) async fn bare(&self, tables: &str, question: &str) -> Result<Bare, Error> {
        let began = Instant::now();
        let request = json!({
            "system": [{ "text": BARE }],
            "messages": [{ "role": "user", "content": [{ "text": format!("{tables}\n{question}") }] }],
            "inferenceConfig": { "temperature": 0, "maxTokens": MOST_TOKENS },
        });
        let response = self.client.post(format!("{}/model/local.bare/converse", self.aws)).json(&request).send().await;
        let (status, body) = read(response.map_err(Error::Http)?).await?;
        let text = body["output"]["message"]["content"][0]["text"].as_str();
        let sql = match text {
            Some(text) => Ok(unfenced(text).to_owned()),
            None => Err(format!("{status}: {body}")),
        };
        Ok(Bare { sql, took: began.elapsed() })
    }
}

async fn read(response: Response) -> Result<(StatusCode, Value), Error> {
    let status = response.status();
    let text = response.text().await.map_err(Error::Http)?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

impl Answer {
    fn of(status: StatusCode, body: &Value) -> Self {
        let outcome = match (status, body["answerable"].as_bool(), body["code"].as_str()) {
            (StatusCode::OK, Some(true), _) => Outcome::Answered,
            (StatusCode::OK, Some(false), _) => Outcome::Unanswerable,
            (_, _, Some("no_valid_query")) => Outcome::NoValidQuery,
            (_, _, Some(code)) => Outcome::Failed(code.to_owned()),
            _ => Outcome::Failed(format!("{status}: {body}")),
        };
        let list = |name: &str| body[name].as_array().into_iter().flatten();
        let cells = |row: &Value| row.as_array().into_iter().flatten().map(Cell::json).collect();
        Self {
            outcome,
            sql: body["sql"].as_str().map(str::to_owned),
            attempts: list("attempts").filter_map(|attempt| Attempt::deserialize(attempt).ok()).collect(),
            rows: Rows {
                width: list("columns").count(),
                rows: list("rows").map(cells).collect(),
                is_cut: body["truncated"].as_bool().unwrap_or(false),
                ..Rows::default()
            },
            tables: list("tables").filter_map(Value::as_str).map(str::to_owned).collect(),
            took: Duration::ZERO,
        }
    }

    /// Whether an attempt did not pass the guard.
    pub(super) fn was_refused(&self) -> bool {
        self.errors().any(|error| !is_of_engine(error))
    }

    /// Whether it was answered although an attempt failed.
    pub(super) fn was_repaired(&self) -> bool {
        self.outcome == Outcome::Answered && self.errors().next().is_some()
    }

    fn errors(&self) -> impl Iterator<Item = &str> {
        self.attempts.iter().filter_map(|attempt| attempt.error.as_deref())
    }
}

/// Athena begins with the error's name, as in `TYPE_MISMATCH: line 1:8: …`, or with the place; the guard writes sentences.
fn is_of_engine(error: &str) -> bool {
    let name = error.split(':').next().unwrap_or_default();
    let is_name = name.len() > 4 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_name || name.starts_with("line ")
}

/// The first fenced block, or all.
fn unfenced(text: &str) -> &str {
    let Some((_, rest)) = text.split_once("```") else { return text.trim() };
    let (language, code) = rest.split_once('\n').unwrap_or(("", rest));
    let code = if language.trim().chars().all(char::is_alphanumeric) { code } else { rest };
    code.split_once("```").map_or(code, |(code, _)| code).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_rows_and_how_they_were_found() {
        let body = json!({
            "answerable": true, "sql": "SELECT a, b FROM t", "truncated": true, "tables": ["t"],
            "columns": [{"name": "a", "type": "bigint"}, {"name": "b", "type": "varchar"}],
            "rows": [[1, "x"], [null, "y"]],
            "attempts": [
                {"sql": "SELECT c FROM t", "error": "There is no column c in t; its columns are a, b."},
                {"sql": "SELECT a, b FROM t", "error": null},
            ],
        });
        let answer = Answer::of(StatusCode::OK, &body);
        assert_eq!((answer.outcome.clone(), answer.rows.width, answer.rows.is_cut), (Outcome::Answered, 2, true));
        assert_eq!(answer.rows.rows[1], [Cell::Null, Cell::Text("y".to_owned())]);
        assert!(answer.was_refused() && answer.was_repaired());
    }

    #[test]
    fn there_are_several_ways_not_to_answer() {
        let outcome = |status, body: &Value| Answer::of(status, body).outcome;
        assert_eq!(outcome(StatusCode::OK, &json!({ "answerable": false })), Outcome::Unanswerable);
        let failed = json!({
            "code": "no_valid_query",
            "attempts": [{"sql": "SELECT a", "error": "TYPE_MISMATCH: line 1:8: no"}],
        });
        let answer = Answer::of(StatusCode::UNPROCESSABLE_ENTITY, &failed);
        assert_eq!(answer.outcome, Outcome::NoValidQuery);
        assert!(!answer.was_refused() && !answer.was_repaired());
        let timeout = json!({ "code": "query_timeout" });
        assert_eq!(outcome(StatusCode::GATEWAY_TIMEOUT, &timeout), Outcome::Failed("query_timeout".to_owned()));
        assert!(matches!(outcome(StatusCode::OK, &json!({})), Outcome::Failed(_)));
    }

    #[test]
    fn errors_tell_whose_they_are() {
        assert!(is_of_engine("COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved"));
        assert!(is_of_engine("line 1:8: mismatched input"));
        assert!(!is_of_engine("Column x is ambiguous; write which table's it is, as in a. or b. x."));
        assert!(!is_of_engine("The SQL cannot be parsed (TOKEN: x); write one SELECT in Athena's dialect."));
    }

    #[test]
    fn a_query_may_stand_in_a_fence() {
        for text in
            ["SELECT 1", " SELECT 1\n", "```sql\nSELECT 1\n```", "Here:\n```\nSELECT 1\n```\nDone.", "```SELECT 1```"]
        {
            assert_eq!(unfenced(text), "SELECT 1", "{text}");
        }
    }
}
