//! What a pattern says while it works, and what it comes to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    conversation::{ModelId, SessionId, StopReason, TurnId, Usage},
    error::Error,
    findings::{Attempt, Findings, Rows},
    grounding::{Citation, Grounding, Source},
};

/// One step of a turn. [`crate::http`] encodes it as server-sent events, or folds all of them into a JSON answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A piece of the answer's text.
    Text(String),
    /// What was searched for, and what the answer will be made from.
    Searched { query: String, source: Source },
    /// The text so far cites a passage, for the first time or again.
    Cited(Citation),
    /// The tables that the model is shown, and how many it is not shown.
    Schema { database: String, tables: Vec<String>, left_out: usize },
    /// A query has been refused or has failed; or it ran, or would have been run, and is the answer's.
    Attempted(Attempt),
    /// The data cannot answer the question.
    Unanswerable,
    /// What the query came to.
    Found(Rows),
    /// The rows as a picture: a Vega-Lite specification.
    Chart(serde_json::Value),
    /// What later turns of the session are told of this answer, in place of its text.
    Recalled(String),
    /// Tokens of a model's reply that is no part of the answer.
    Spent(Usage),
    /// A model has finished one reply, whole.
    Replied { model: ModelId, stop_reason: StopReason, usage: Usage },
}

/// What all events of one turn come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    pub text: String,
    /// The last model that replied; none where the turn needed no model.
    pub model: Option<ModelId>,
    pub stop_reason: Option<StopReason>,
    /// Of all replies together.
    pub usage: Usage,
    /// Where the pattern searches before it answers.
    pub grounding: Option<Grounding>,
    /// Where the pattern looks into a database.
    pub findings: Option<Findings>,
    /// What later turns are told of this answer; its text where absent.
    pub recalled: Option<String>,
}

impl Answer {
    fn add(&mut self, event: &Event) {
        match event {
            Event::Text(text) => self.text.push_str(text),
            Event::Searched { query, source } => {
                self.grounding = Some(Grounding::new(query.clone(), *source));
            }
            Event::Cited(citation) => {
                if let Some(grounding) = &mut self.grounding {
                    grounding.cite(citation);
                }
            }
            Event::Schema { database, tables, left_out } => {
                self.findings = Some(Findings::new(database.clone(), tables.clone(), *left_out));
            }
            Event::Recalled(recalled) => self.recalled = Some(recalled.clone()),
            Event::Attempted(attempt) => self.note(|findings| findings.attempt(attempt)),
            Event::Unanswerable => self.note(|findings| findings.answerable = false),
            Event::Found(rows) => self.note(|findings| findings.find(rows)),
            Event::Chart(chart) => self.note(|findings| findings.chart = Some(chart.clone())),
            Event::Spent(usage) => self.usage += *usage,
            Event::Replied { model, stop_reason, usage } => {
                self.model = Some(model.clone());
                self.stop_reason = Some(stop_reason.clone());
                self.usage += *usage;
            }
        }
    }

    /// What is found is found in a schema: before that was told, there is nothing to note it in.
    fn note(&mut self, what: impl FnOnce(&mut Findings)) {
        if let Some(findings) = &mut self.findings {
            what(findings);
        }
    }

    /// The events that would come to this answer: how a remembered turn is told again.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(Grounding { search_query, source, .. }) = &self.grounding {
            events.push(Event::Searched { query: search_query.clone(), source: *source });
        }
        events.extend(self.findings.iter().flat_map(Findings::events));
        events.extend(Some(self.text.clone()).filter(|text| !text.is_empty()).map(Event::Text));
        let citations = self.grounding.iter().flat_map(|grounding| &grounding.citations);
        events.extend(citations.cloned().map(Event::Cited));
        events.extend(self.recalled.clone().map(Event::Recalled));
        events.push(match (self.model.clone(), self.stop_reason.clone()) {
            (Some(model), Some(stop_reason)) => Event::Replied { model, stop_reason, usage: self.usage },
            _ => Event::Spent(self.usage),
        });
        events
    }
}

/// A turn that has been answered and remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Completed {
    pub session: SessionId,
    pub turn: TurnId,
    pub answer: Answer,
    pub latency_ms: u64,
}

/// What a listener hears. `Started` comes first, exactly one `Ended` last, unless the turn's task died.
#[derive(Debug)]
pub enum Signal {
    Started { session: SessionId, turn: TurnId },
    Event(Event),
    Ended(Result<Completed, Error>),
}

impl Signal {
    /// A channel that closes without an end has lost its turn.
    pub(crate) fn or_died(signal: Option<Self>) -> Self {
        signal.unwrap_or_else(|| Self::Ended(Err(Error::Internal("the turn's task died".to_owned()))))
    }
}

/// The listener's end. Dropping it does not stop the turn: a client that has gone does not lose its answer.
pub type Signals = UnboundedReceiver<Signal>;

/// The pattern's end: takes events, tells the listener and keeps what they come to.
///
/// Sending never waits. A slow client must not hold up the model, and an answer is bounded by its tokens anyway.
#[derive(Debug, Clone)]
pub struct Events {
    listener: UnboundedSender<Signal>,
    answer: Arc<Mutex<Answer>>,
}

impl Events {
    pub fn new() -> (Self, Signals) {
        let (listener, signals) = unbounded_channel();
        (Self { listener, answer: Arc::default() }, signals)
    }

    pub fn send(&self, event: Event) {
        self.lock().add(&event);
        self.signal(Signal::Event(event));
    }

    /// Resolves when nobody listens any more. What only a listener has a use for, such as a costly query, can stop then.
    pub async fn closed(&self) {
        self.listener.closed().await;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // A closed channel means that nobody listens any more, which is no reason to stop.
        let _ = self.listener.send(signal);
    }

    pub(crate) fn answer(&self) -> Answer {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::{
        findings::Column,
        grounding::{Confidence, Passage, Place},
    };

    #[test]
    fn an_answer_told_again_is_the_same_answer() {
        let (events, _signals) = Events::new();
        let usage = Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() };
        events.send(Event::Text("Good ".to_owned()));
        events.send(Event::Text("day".to_owned()));
        events.send(Event::Replied { model: ModelId::new("m"), stop_reason: StopReason("end_turn".to_owned()), usage });
        let answer = events.answer();
        assert_eq!(answer.text, "Good day");
        assert_eq!(told_again(&answer), answer);
    }

    #[test]
    fn an_answer_with_citations_told_again_is_the_same_answer() {
        let cite = |place| {
            let passage = Passage {
                document_id: "d".to_owned(),
                title: None,
                uri: None,
                page: None,
                excerpt: "e".to_owned(),
                attributes: serde_json::Map::new(),
                confidence: Confidence::High,
                query_id: "q".to_owned(),
                result_id: "r".to_owned(),
            };
            Event::Cited(Citation { number: 2, passage, places: vec![place] })
        };
        let (events, _signals) = Events::new();
        events.send(Event::Spent(Usage { input_tokens: 3, ..Usage::default() }));
        events.send(Event::Searched { query: "q".to_owned(), source: Source::Documents });
        events.send(Event::Text("a [2] b [2]".to_owned()));
        events.send(cite(Place { start: 2, end: 5 }));
        events.send(cite(Place { start: 8, end: 11 }));
        let answer = events.answer();
        let citations = &answer.grounding.as_ref().unwrap().citations;
        assert_eq!((citations.len(), citations[0].places.len()), (1, 2));
        assert_eq!(told_again(&answer), answer);
    }

    #[test]
    fn findings_told_again_are_the_same_findings() {
        let attempt = |sql: &str, error: Option<&str>| {
            Event::Attempted(Attempt { sql: sql.to_owned(), error: error.map(str::to_owned) })
        };
        let schema = Event::Schema { database: "sales".to_owned(), tables: vec!["orders".to_owned()], left_out: 2 };
        let found = Rows {
            columns: vec![Column { name: "n".to_owned(), kind: "bigint".to_owned() }],
            rows: vec![vec![json!(1)], vec![json!(null)]],
            is_truncated: true,
            data_scanned_bytes: 10,
        };
        let (events, _signals) = Events::new();
        events.send(schema.clone());
        events.send(attempt("SELECT x", Some("there is no x")));
        events.send(attempt("SELECT n", None));
        events.send(Event::Found(found.clone()));
        events.send(Event::Chart(json!({"mark": "bar"})));
        events.send(Event::Text("One.".to_owned()));
        events.send(Event::Recalled("SELECT n: one".to_owned()));
        let answer = events.answer();
        let findings = answer.findings.as_ref().unwrap();
        assert_eq!((findings.sql.as_deref(), findings.attempts.len(), findings.row_count), (Some("SELECT n"), 2, 2));
        assert_eq!((findings.answerable, findings.tables_left_out), (true, 2));
        assert_eq!(findings.found(), Some(found));
        assert_eq!(answer.recalled.as_deref(), Some("SELECT n: one"));
        assert_eq!(told_again(&answer), answer);

        for only in [vec![Event::Unanswerable], vec![attempt("SELECT n", None)]] {
            let (events, _signals) = Events::new();
            [schema.clone()].into_iter().chain(only).for_each(|event| events.send(event));
            let answer = events.answer();
            assert_eq!(answer.findings.as_ref().unwrap().found(), None);
            assert_eq!(told_again(&answer), answer);
        }
    }

    #[tokio::test]
    async fn the_listeners_leaving_is_noticed() {
        let (events, signals) = Events::new();
        let soon = std::time::Duration::from_millis(10);
        assert!(tokio::time::timeout(soon, events.closed()).await.is_err(), "somebody listens");
        drop(signals);
        events.closed().await;
    }

    fn told_again(answer: &Answer) -> Answer {
        let mut again = Answer::default();
        answer.events().iter().for_each(|event| again.add(event));
        again
    }
}
