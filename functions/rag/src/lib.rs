//! The rag pattern: retrieval-augmented generation, and conversational FAQ, over an Amazon Kendra index.

mod citations;
mod feedback;
mod prompt;
mod query;
mod question;

use std::sync::Arc;

use aws_config::SdkConfig;
use shared::{
    Error,
    config::{self, Config},
    events::{Event, Events},
    grounding::{Citation, Passage, Place, Source},
    http::{self, Call, Invocation, Reply, Response},
    memory::Memory,
    model::{Model, Piece},
    retriever::{Retriever, Search},
    telemetry::Telemetry,
    turn::{Turn, Turns},
};

use citations::Citations;
use query::Query;
pub use question::Question;

pub struct Rag {
    model: Model,
    retriever: Retriever,
    memory: Memory,
    turns: Turns,
    http: config::Http,
    retrieval: config::Retrieval,
}

impl Rag {
    pub fn new(config: &Config, aws: &SdkConfig) -> Result<Self, Error> {
        let missing = || Error::Configuration("KENDRA_INDEX_ID is not set".to_owned());
        let retrieval = config.retrieval.clone().ok_or_else(missing)?;
        let memory = Memory::new(&config.memory, aws);
        Ok(Self {
            model: Model::new(&config.models, aws)?,
            retriever: Retriever::new(&retrieval, aws),
            turns: Turns::new("rag", memory.clone(), Telemetry::new(config)),
            memory,
            http: config.http.clone(),
            retrieval,
        })
    }

    pub async fn handle(self: &Arc<Self>, invocation: Invocation) -> Response {
        http::serve(&self.http, invocation, |call| self.route(call)).await
    }

    async fn route(self: &Arc<Self>, call: Call) -> Result<Reply, Error> {
        match call.route().as_str() {
            "POST /rag" | "POST /rag/stream" => self.ask(&call),
            "POST /rag/feedback" => feedback::give(&self.retriever, &self.memory, &call).await,
            _ => Err(Error::NoSuchRoute),
        }
    }

    fn ask(self: &Arc<Self>, call: &Call) -> Result<Reply, Error> {
        // Who is not identified learns nothing of what a request must be.
        call.caller()?;
        let (session, message, question) = question::parse(call.body()?, &self.model.limits())?;
        let request = call.turn(session, message, question)?;
        let rag = Arc::clone(self);
        Ok(Reply::Turn(self.turns.start(request, |turn, events| async move { rag.answer(turn, events).await })))
    }

    /// Answers a question from documents that the caller may see, with citations.
    async fn answer(&self, turn: Turn<Question>, events: Events) -> Result<(), Error> {
        let access = &self.retriever.access(&turn.caller)?; // fails closed: nothing is searched for a nobody
        let query = self.condense(&turn, &events).await?;
        let Question { filter, top_k, .. } = &turn.question;
        let top = top_k.unwrap_or(self.retrieval.passages.get());
        let search = |query| Search { query, filter: filter.as_ref(), top, access };
        let faq = query.faq();
        let (for_faq, for_passages) = (search(&faq), search(&query.search));
        let (faq, passages) = tokio::try_join!(self.retriever.faq(&for_faq), self.retriever.passages(&for_passages))?;

        if let Some(entry) = faq.filter(|entry| self.is_the_answer(entry)) {
            events.send(query.searched(Source::Faq));
            tell_entry(entry, &events);
            return Ok(()); // curated: no model call
        }
        let confident = passages.into_iter().filter(|passage| self.is_used(passage)).collect();
        let passages = prompt::within(confident, self.retrieval.passage_tokens);
        if passages.is_empty() {
            events.send(query.searched(Source::None));
            events.send(Event::Text(self.retrieval.no_answer.clone()));
            return Ok(()); // nothing to answer from: no model call either
        }

        events.send(query.searched(Source::Documents));
        let mut reply = self.model.converse(prompt::grounded(&turn, &query, &passages)).await?;
        let mut citations = Citations::of(passages);
        while let Some(piece) = reply.next().await.transpose()? {
            match piece {
                Piece::Text(text) => citations.check(&text).into_iter().for_each(|event| events.send(event)),
                Piece::End { stop_reason, usage } => {
                    citations.finish().into_iter().for_each(|event| events.send(event));
                    events.send(Event::Replied { model: reply.model.clone(), stop_reason, usage });
                }
                // No tool was offered.
                Piece::ToolUse(_) => {}
            }
        }
        Ok(())
    }

    /// A follow-up means something only after what was said before: the model makes a question of it that stands alone.
    async fn condense(&self, turn: &Turn<Question>, events: &Events) -> Result<Query, Error> {
        if turn.history.messages.is_empty() {
            return Ok(Query::of_message(&turn.message));
        }
        let mut reply = self.model.converse(prompt::condense(turn)).await?;
        let mut lines = String::new();
        while let Some(piece) = reply.next().await.transpose()? {
            match piece {
                Piece::Text(text) => lines.push_str(&text),
                Piece::End { usage, .. } => events.send(Event::Spent(usage)),
                Piece::ToolUse(_) => {}
            }
        }
        Ok(Query::condensed(&lines, &turn.message))
    }

    /// An entry that the index cannot rate is not let past the model.
    fn is_the_answer(&self, entry: &Passage) -> bool {
        entry.confidence.reaches(self.retrieval.faq_confidence).unwrap_or(false)
    }

    /// Passages that the index cannot rate are left to the model's judgement.
    fn is_used(&self, passage: &Passage) -> bool {
        passage.confidence.reaches(self.retrieval.min_confidence).unwrap_or(true)
    }
}

/// A FAQ's answer is cited as a whole.
fn tell_entry(entry: Passage, events: &Events) {
    let place = Place { start: 0, end: entry.excerpt.chars().count() };
    events.send(Event::Text(entry.excerpt.clone()));
    events.send(Event::Cited(Citation { number: 1, passage: entry, places: vec![place] }));
}
