//! The chat pattern: a conversation with a model, with instructions and examples in its context, and with memory.

mod prompt;
mod sessions;

use std::sync::Arc;

use aws_config::SdkConfig;
use shared::{
    Error,
    config::{self, Config},
    conversation::ModelId,
    events::{Event, Events},
    http::{self, Call, Invocation, Reply, Response},
    memory::Memory,
    model::{Model, Piece},
    question::{self, Question},
    telemetry::Telemetry,
    turn::{Turn, Turns},
};

pub struct Chat {
    model: Model,
    memory: Memory,
    turns: Turns,
    http: config::Http,
}

impl Chat {
    pub fn new(config: &Config, aws: &SdkConfig) -> Result<Self, Error> {
        let memory = Memory::new(&config.memory, aws);
        Ok(Self {
            model: Model::new(&config.models, aws)?,
            turns: Turns::new("chat", memory.clone(), Telemetry::new(config)),
            memory,
            http: config.http.clone(),
        })
    }

    pub async fn handle(self: &Arc<Self>, invocation: Invocation) -> Response {
        http::serve(&self.http, invocation, |call| self.route(call)).await
    }

    async fn route(self: &Arc<Self>, call: Call) -> Result<Reply, Error> {
        match call.route().as_str() {
            "POST /chat" | "POST /chat/stream" => self.chat(&call),
            "GET /sessions" => sessions::list(&self.memory, &call).await,
            "GET /sessions/{id}" => sessions::read(&self.memory, &call).await,
            "DELETE /sessions/{id}" => sessions::delete(&self.memory, &call).await,
            _ => Err(Error::NoSuchRoute),
        }
    }

    fn chat(self: &Arc<Self>, call: &Call) -> Result<Reply, Error> {
        // Who is not identified learns nothing of what a request must be.
        call.caller()?;
        let (session, message, question) = question::parse(call.body()?, &self.model.limits())?;
        let request = call.turn(session, message, question)?;
        let chat = Arc::clone(self);
        Ok(Reply::Turn(self.turns.start(request, |turn, events| async move { chat.answer(turn, events).await })))
    }

    /// Goes on with the conversation: instructions, examples, history, message in; the model's words out.
    async fn answer(&self, turn: Turn<Question>, events: Events) -> Result<(), Error> {
        let mut reply = self.model.converse(prompt::build(turn)).await?;
        while let Some(piece) = reply.next().await.transpose()? {
            match piece {
                Piece::Text(text) => events.send(Event::Text(text)),
                Piece::End { stop_reason, usage } => {
                    events.send(Event::Replied { model: ModelId::clone(&reply.model), stop_reason, usage });
                }
                // No tool was offered.
                Piece::ToolUse(_) => {}
            }
        }
        Ok(())
    }
}
