//! `SubmitFeedback`: what users thought of results, written down in `feedback.jsonl`. Ranking does not learn from it.

use std::{
    io,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{failed, issued::Issued, lines::Lines, parsed};
use crate::reply::Refusal;

const FILE: &str = "feedback.jsonl";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    query_id: String,
    click_feedback_items: Option<Vec<Click>>,
    relevance_feedback_items: Option<Vec<Relevance>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Click {
    result_id: String,
    click_time: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Relevance {
    result_id: String,
    relevance_value: String,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Given {
    /// Seconds since the epoch.
    at: u64,
    query_id: String,
    result_id: String,
    document_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    relevance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clicked_at: Option<f64>,
}

pub(super) struct Feedback {
    lines: Lines<Given>,
}

impl Feedback {
    /// Nothing is kept where `folder` is absent.
    pub(super) fn open(folder: Option<&Path>) -> io::Result<Feedback> {
        let path = folder.map(|folder| folder.join(FILE));
        let (lines, _) = Lines::open(path.as_deref(), usize::MAX)?;
        Ok(Feedback { lines })
    }

    /// Written down, all of it, when it returns.
    pub(super) async fn submit(&self, issued: &Issued, request: &Value) -> Result<(), Refusal> {
        let Request { query_id, click_feedback_items, relevance_feedback_items } = parsed(request)?;
        let Some(results) = issued.of_query(&query_id) else {
            return Err(Refusal::validation(format!("No query has the identifier {query_id}, or it is too old.")));
        };
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let given = |result_id: String, relevance, clicked_at| match results.document(&result_id) {
            Some(document_id) => {
                let (query_id, document_id) = (query_id.clone(), document_id.to_owned());
                Ok(Given { at, query_id, result_id, document_id, relevance, clicked_at })
            }
            None => Err(Refusal::validation(format!("The query {query_id} has no result {result_id}."))),
        };
        let clicks = click_feedback_items.into_iter().flatten();
        let clicks = clicks.map(|click| given(click.result_id, None, Some(click.click_time)));
        let relevance = relevance_feedback_items.into_iter().flatten();
        let relevance = relevance.map(|item| given(item.result_id, Some(item.relevance_value), None));
        let given: Vec<Given> = clicks.chain(relevance).collect::<Result<_, _>>()?;

        let lines = self.lines.clone();
        let written = tokio::task::spawn_blocking(move || lines.append(&given).and_then(|()| lines.sync())).await;
        written.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }
}
