//! Messages and their answers, one after the other.

use std::{io::Write, pin::pin};

use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use super::{
    client::{Api, Error, Session},
    part::Part,
};

/// Every future of it may be dropped, which leaves an answer and loses nothing.
pub(super) struct Conversation<W> {
    api: Api,
    /// Where a new session begins while this is absent.
    session: Option<String>,
    /// The answer under way, watched or left.
    answer: Option<Answer>,
    out: W,
    interactive: bool,
}

/// Read by a task of its own: it goes on when nobody watches, as the turn does on AWS when its caller leaves.
struct Answer {
    parts: mpsc::UnboundedReceiver<Result<Part, Error>>,
    /// Told at the start, but a new session is there only once its first turn has been written.
    session: Option<String>,
}

impl<W: Write> Conversation<W> {
    pub(super) fn new(api: Api, session: Option<String>, out: W, interactive: bool) -> Self {
        Self { api, session, answer: None, out, interactive }
    }

    /// Says one thing and shows the answer while it is written.
    pub(super) async fn say(&mut self, message: &str) -> Result<(), Error> {
        self.await_left_answer().await?;
        self.answer = Some(Answer::to(message, self.session.clone(), self.api.clone()));
        let outcome = self.watch(true).await;
        self.show(if self.interactive { "\n\n" } else { "\n" })?;
        outcome
    }

    /// After the future of [`Conversation::say`] was dropped.
    pub(super) fn leave_answer(&mut self) -> Result<(), Error> {
        self.show(" (left)\n\n")
    }

    /// Goes on with another session, or with a new one.
    pub(super) fn go_to(&mut self, session: Option<String>) {
        self.session = session;
        self.answer = None;
    }

    pub(super) async fn sessions(&self) -> Result<Vec<Session>, Error> {
        self.api.sessions().await
    }

    /// A message that overtook an answer would be answered as if that had not been said.
    async fn await_left_answer(&mut self) -> Result<(), Error> {
        let outcome = match self.watch(false).now_or_never() {
            Some(outcome) => outcome,
            None => {
                self.show("(waiting for the earlier answer; Ctrl-C withdraws the message)\n")?;
                self.watch(false).await
            }
        };
        if let Err(error) = outcome {
            self.show(&format!("(the earlier answer failed: {error})\n"))?;
        }
        Ok(())
    }

    /// Follows the answer under way, if there is one, to its end.
    async fn watch(&mut self, shows: bool) -> Result<(), Error> {
        while let Some(answer) = &mut self.answer {
            match answer.parts.recv().await {
                Some(Ok(Part::Session(id))) => answer.session = Some(id),
                Some(Ok(Part::Text(text))) if shows => self.show(&text)?,
                Some(Ok(Part::Text(_))) => {}
                Some(Ok(Part::Finish)) => {
                    self.session = answer.session.take().or(self.session.take());
                    self.answer = None;
                }
                other => {
                    self.answer = None;
                    return Err(match other {
                        Some(Ok(Part::Error(text))) => Error::Refused(text),
                        Some(Err(error)) => error,
                        _ => Error::BrokeOff("it has no end".to_owned()),
                    });
                }
            }
        }
        Ok(())
    }

    /// At once: an answer is read while it is written.
    fn show(&mut self, text: &str) -> Result<(), Error> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()?;
        Ok(())
    }
}

impl Answer {
    fn to(message: &str, session: Option<String>, api: Api) -> Self {
        let (sender, parts) = mpsc::unbounded_channel();
        let message = message.to_owned();
        tokio::spawn(async move {
            // Whoever has gone to another session takes no more parts.
            match api.say(&message, session.as_deref()).await {
                Err(error) => {
                    let _ = sender.send(Err(error));
                }
                Ok(parts) => {
                    let mut parts = pin!(parts);
                    while let Some(part) = parts.next().await {
                        if sender.send(part).is_err() {
                            return;
                        }
                    }
                }
            }
        });
        Self { parts, session: None }
    }
}

#[cfg(test)]
mod tests;
