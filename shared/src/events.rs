//! What a pattern says while it works, and what it comes to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    conversation::{ModelId, SessionId, StopReason, TurnId, Usage},
    error::Error,
};

/// One step of a turn. [`crate::http`] encodes it as server-sent events, or folds all of them into a JSON answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A piece of the answer's text.
    Text(String),
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
}

impl Answer {
    fn add(&mut self, event: &Event) {
        match event {
            Event::Text(text) => self.text.push_str(text),
            Event::Replied { model, stop_reason, usage } => {
                self.model = Some(model.clone());
                self.stop_reason = Some(stop_reason.clone());
                self.usage += *usage;
            }
        }
    }

    /// The events that would come to this answer: how a remembered turn is told again.
    pub fn events(&self) -> Vec<Event> {
        let text = Some(self.text.clone()).filter(|text| !text.is_empty());
        let mut events: Vec<Event> = text.map(Event::Text).into_iter().collect();
        if let (Some(model), Some(stop_reason)) = (self.model.clone(), self.stop_reason.clone()) {
            events.push(Event::Replied { model, stop_reason, usage: self.usage });
        }
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

    #[test]
    fn an_answer_told_again_is_the_same_answer() {
        let (events, _signals) = Events::new();
        let usage = Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() };
        events.send(Event::Text("Good ".to_owned()));
        events.send(Event::Text("day".to_owned()));
        events.send(Event::Replied { model: ModelId::new("m"), stop_reason: StopReason("end_turn".to_owned()), usage });
        let answer = events.answer();
        assert_eq!(answer.text, "Good day");

        let mut again = Answer::default();
        answer.events().iter().for_each(|event| again.add(event));
        assert_eq!(again, answer);
    }
}
