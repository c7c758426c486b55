//! What a pattern says while it works, and what it comes to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    conversation::{ModelId, SessionId, StopReason, TurnId, Usage},
    error::Error,
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
            Event::Spent(usage) => self.usage += *usage,
            Event::Replied { model, stop_reason, usage } => {
                self.model = Some(model.clone());
                self.stop_reason = Some(stop_reason.clone());
                self.usage += *usage;
            }
        }
    }

    /// The events that would come to this answer: how a remembered turn is told again.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(Grounding { search_query, source, .. }) = &self.grounding {
            events.push(Event::Searched { query: search_query.clone(), source: *source });
        }
        events.extend(Some(self.text.clone()).filter(|text| !text.is_empty()).map(Event::Text));
        let citations = self.grounding.iter().flat_map(|grounding| &grounding.citations);
        events.extend(citations.cloned().map(Event::Cited));
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
    use crate::grounding::{Confidence, Passage, Place};

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

    fn told_again(answer: &Answer) -> Answer {
        let mut again = Answer::default();
        answer.events().iter().for_each(|event| again.add(event));
        again
    }
}
