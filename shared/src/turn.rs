//! The life of one turn, the same for every pattern: idempotency, history, deadline, memory, one log line.

use std::time::Instant;

use tracing::Instrument;

use crate::{
    conversation::{Caller, SessionId, TurnId},
    deadline::Deadline,
    error::{Chain, Error},
    events::{Completed, Events, Signal, Signals},
    memory::{Claim, Claimed, History, Memory, NewTurn},
    telemetry::{Telemetry, milliseconds},
};

/// A question that has come in and is not yet answered.
#[derive(Debug)]
pub struct Request<Q> {
    pub caller: Caller,
    /// The session to go on with; a new one where absent.
    pub session: Option<SessionId>,
    pub idempotency: Option<Idempotency>,
    /// What the user said, as it is remembered.
    pub message: String,
    /// What the pattern wants to know besides.
    pub question: Q,
    pub deadline: Deadline,
    /// Whether somebody reads the answer while it grows.
    pub live: bool,
}

/// A key of the caller's choice under which a request has its effect once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key: String,
    /// Digest of what was asked, so that a key is not used for something else.
    pub fingerprint: String,
}

/// A question as a pattern sees it.
#[derive(Debug)]
pub struct Turn<Q> {
    pub id: TurnId,
    pub session: SessionId,
    pub caller: Caller,
    pub message: String,
    pub question: Q,
    /// Whole earlier turns within the configured budget.
    pub history: History,
    pub deadline: Deadline,
    pub live: bool,
}

/// Takes turns for one pattern.
#[derive(Debug, Clone)]
pub struct Turns {
    pattern: &'static str,
    memory: Memory,
    telemetry: Telemetry,
}

impl Turns {
    pub fn new(pattern: &'static str, memory: Memory, telemetry: Telemetry) -> Self {
        Self { pattern, memory, telemetry }
    }

    /// Starts a turn and returns what can be heard of it. The turn goes on when nobody listens any more.
    pub fn start<Q, W, F>(&self, request: Request<Q>, work: W) -> Signals
    where
        Q: Send + 'static,
        W: FnOnce(Turn<Q>, Events) -> F + Send + 'static,
        F: Future<Output = Result<(), Error>> + Send,
    {
        let (events, signals) = Events::new();
        let turns = self.clone();
        let (id, session) = (TurnId::new(), request.session.unwrap_or_else(SessionId::new));
        let span = tracing::info_span!("turn", pattern = self.pattern, %session, turn = %id);
        let turn = async move {
            let started = Instant::now();
            let outcome = turns.take(request, id, session, &events, work, started).await;
            turns.telemetry.turn(turns.pattern, started.elapsed(), &outcome);
            events.signal(Signal::Ended(outcome));
        };
        // The span and the runtime's around it name turn and request in every line of the log.
        tokio::spawn(turn.instrument(span));
        signals
    }

    async fn take<Q, W, F>(
        &self,
        request: Request<Q>,
        id: TurnId,
        session: SessionId,
        events: &Events,
        work: W,
        started: Instant,
    ) -> Result<Completed, Error>
    where
        W: FnOnce(Turn<Q>, Events) -> F,
        F: Future<Output = Result<(), Error>>,
    {
        let Request { caller, session: earlier, idempotency, message, question, deadline, live } = request;
        let claim = match &idempotency {
            None => None,
            Some(idempotency) => {
                let claiming = self.memory.claim(&caller, idempotency, id, deadline);
                match Deadline::bound(deadline.answer_by(), claiming).await? {
                    Claimed::Mine(claim) => Some(claim),
                    Claimed::Done(completed) => return Ok(tell_again(*completed, events)),
                }
            }
        };

        let history = History::of_new_session();
        let turn = Turn { id, session, caller, message, question, history, deadline, live };
        let answered = self.answer(turn, earlier.is_some(), events, work, claim.as_ref(), started).await;
        if let (Err(_), Some(claim)) = (&answered, claim) {
            Deadline::bound(deadline.remember_by(), self.memory.release(claim)).await.unwrap_or_else(|error| {
                tracing::warn!(error = %Chain(&error), "an idempotency key was not released; it will lapse");
            });
        }
        answered
    }

    async fn answer<Q, W, F>(
        &self,
        mut turn: Turn<Q>,
        continues: bool,
        events: &Events,
        work: W,
        claim: Option<&Claim>,
        started: Instant,
    ) -> Result<Completed, Error>
    where
        W: FnOnce(Turn<Q>, Events) -> F,
        F: Future<Output = Result<(), Error>>,
    {
        let (id, session, deadline) = (turn.id, turn.session, turn.deadline);
        let (caller, message) = (turn.caller.clone(), turn.message.clone());
        let prepare_and_work = async {
            if continues {
                turn.history = self.memory.history(&turn.caller, session).await?;
            }
            events.signal(Signal::Started { session, turn: id });
            work(turn, events.clone()).await
        };
        Deadline::bound(deadline.answer_by(), prepare_and_work).await?;

        let answer = events.answer();
        let latency_ms = milliseconds(started.elapsed());
        let completed = Completed { session, turn: id, answer, latency_ms };
        let new_turn = NewTurn {
            caller: &caller,
            pattern: self.pattern,
            continues,
            message: &message,
            completed: &completed,
            claim,
        };
        Deadline::bound(deadline.remember_by(), self.memory.append(new_turn)).await?;
        Ok(completed)
    }
}

fn tell_again(completed: Completed, events: &Events) -> Completed {
    events.signal(Signal::Started { session: completed.session, turn: completed.turn });
    completed.answer.events().into_iter().for_each(|event| events.send(event));
    completed
}
