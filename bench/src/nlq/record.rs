//! What became of a question.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    answers::{Answer, Bare, Outcome},
    questions::Question,
    rows::Rows,
    sqlite, ties,
};

#[derive(Debug)]
pub(super) struct Record {
    pub(super) question: Question,
    /// Where it was asked.
    pub(super) bare: Option<Written>,
    pub(super) answer: Answer,
    /// Whether the function found the rows of the gold.
    pub(super) is_right: bool,
}

/// What the bare model wrote.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) bare: Bare,
    /// Why it does not run.
    pub(super) error: Option<String>,
    pub(super) is_right: bool,
}

/// The rows of each right answer that SQLite can run.
pub(super) async fn gold(question: &Question, file: &Path) -> Vec<Rows> {
    let mut gold = Vec::new();
    for sql in &question.gold {
        gold.extend(ties::all(file, sql).await.into_iter().flatten());
    }
    gold
}

impl Written {
    pub(super) async fn judge(bare: Bare, question: &Question, gold: &[Rows], file: &Path) -> Self {
        let found = match &bare.sql {
            Ok(sql) => sqlite::query(file, sql).await,
            Err(error) => Err(error.clone()),
        };
        match found {
            Ok(rows) => {
                let is_right = gold.iter().any(|gold| rows.is_same(gold, question.ordered));
                Self { bare, error: None, is_right }
            }
            Err(error) => Self { bare, error: Some(error), is_right: false },
        }
    }
}

impl Record {
    pub(super) fn is_answerable(&self) -> bool {
        !self.question.gold.is_empty()
    }

    /// A line of the log.
    pub(super) fn json(&self) -> Value {
        let Self { question, bare, answer, is_right } = self;
        let attempts = answer.attempts.iter().map(|attempt| json!({ "sql": attempt.sql, "error": attempt.error }));
        let bare = bare.as_ref().map(|written| {
            json!({
                "right": written.is_right,
                "sql": written.bare.sql.as_ref().ok(),
                "error": written.error,
                "seconds": written.bare.took.as_secs_f64(),
            })
        });
        json!({
            "id": question.id,
            "database": question.database,
            "question": question.text,
            "gold": question.gold,
            "ordered": question.ordered,
            "weak_gold": question.is_weak,
            "right": is_right,
            "outcome": match &answer.outcome {
                Outcome::Answered => "answered",
                Outcome::Unanswerable => "unanswerable",
                Outcome::NoValidQuery => "no_valid_query",
                Outcome::Failed(code) => code,
            },
            "sql": answer.sql,
            "attempts": attempts.collect::<Vec<_>>(),
            "rows": answer.rows.rows.len(),
            "tables": answer.tables,
            "seconds": answer.took.as_secs_f64(),
            "bare": bare,
        })
    }
}
