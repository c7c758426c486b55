//! The results that queries were answered with: feedback is about one of them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::lines::Lines;

/// Feedback on older queries is refused. AWS does not say how long it knows a query.
const KEPT_QUERIES: usize = 10_000;
const FILE: &str = "queries.jsonl";

/// The results of one query, which give it its identifier.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Results {
    query_id: String,
    /// Result's identifier to document's.
    documents: BTreeMap<String, String>,
}

impl Results {
    pub(super) fn new() -> Results {
        Results { query_id: Uuid::new_v4().to_string(), documents: BTreeMap::new() }
    }

    pub(super) fn query_id(&self) -> &str {
        &self.query_id
    }

    /// The identifier of a result, which is the query's and one of its own.
    pub(super) fn issue(&mut self, document_id: &str) -> String {
        let id = format!("{}-{}", self.query_id, Uuid::new_v4());
        self.documents.insert(id.clone(), document_id.to_owned());
        id
    }

    pub(super) fn document(&self, result_id: &str) -> Option<&str> {
        self.documents.get(result_id).map(String::as_str)
    }
}

pub(super) struct Issued {
    known: Mutex<Known>,
    lines: Lines<Results>,
}

#[derive(Default)]
struct Known {
    queries: HashMap<String, Results>,
    oldest_first: VecDeque<String>,
}

impl Issued {
    /// In memory where `folder` is absent.
    pub(super) fn open(folder: Option<&Path>) -> io::Result<Issued> {
        let (lines, kept) = Lines::open(folder.map(|folder| folder.join(FILE)).as_deref(), KEPT_QUERIES)?;
        let mut known = Known::default();
        kept.into_iter().for_each(|results| known.insert(results));
        Ok(Issued { known: Mutex::new(known), lines })
    }

    pub(super) fn remember(&self, results: Results) {
        // Feedback that cannot be given after a restart is no reason to withhold what was found.
        if let Err(error) = self.lines.append(std::slice::from_ref(&results)) {
            tracing::warn!(%error, "the results of a query could not be written down");
        }
        self.known().insert(results);
    }

    pub(super) fn of_query(&self, query_id: &str) -> Option<Results> {
        self.known().queries.get(query_id).cloned()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn insert(&mut self, results: Results) {
        self.oldest_first.push_back(results.query_id.clone());
        self.queries.insert(results.query_id.clone(), results);
        while self.oldest_first.len() > KEPT_QUERIES {
            let Some(oldest) = self.oldest_first.pop_front() else { break };
            self.queries.remove(&oldest);
        }
    }
}
