//! What answers in a model's place.

mod gguf;
mod openai;
mod scripted;

use std::{borrow::Cow, pin::Pin};

use futures::Stream;
use local_engine::Prompt;
use serde_json::Value;

pub(crate) use {gguf::Gguf, openai::OpenAi, scripted::Scripted};

use crate::{reply::Refusal, server::Failure};

pub(crate) enum Engine {
    Gguf(Gguf),
    OpenAi(OpenAi),
    Scripted(Scripted),
}

/// One `End` closes a stream that did not fail.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Piece, Failure>> + Send>>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    ToolCall { id: String, name: String, input: Value },
    End { stop: Stop, usage: Usage },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    /// As Converse writes it: `end_turn`, `tool_use`, `max_tokens`, `stop_sequence`, `guardrail_intervened` …
    pub(crate) reason: Cow<'static, str>,
    /// The sequence that was met, where the engine tells.
    pub(crate) sequence: Option<String>,
}

/// Tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Usage {
    /// Of the prompt, computed for this request.
    pub(crate) input: u32,
    pub(crate) output: u32,
    /// Of the prompt, known from an earlier request.
    pub(crate) cached: u32,
}

impl Engine {
    pub(crate) async fn converse(&self, prompt: Prompt) -> Result<Pieces, Failure> {
        match self {
            Engine::Gguf(gguf) => gguf.converse(prompt).await,
            Engine::OpenAi(server) => server.converse(prompt).await,
            Engine::Scripted(scripted) => scripted.converse(prompt).await,
        }
    }

    pub(crate) async fn count_tokens(&self, prompt: Prompt) -> Result<u32, Failure> {
        match self {
            Engine::Gguf(gguf) => gguf.count_tokens(prompt).await,
            Engine::OpenAi(server) => server.count_tokens(prompt).await,
            Engine::Scripted(_) => Ok(scripted::prompt_tokens(&prompt)),
        }
    }
}

impl Stop {
    pub(crate) fn because(reason: impl Into<Cow<'static, str>>) -> Stop {
        Stop { reason: reason.into(), sequence: None }
    }
}

/// What the service says of a conversation that does not fit its model.
fn too_long(tokens: impl std::fmt::Display, limit: impl std::fmt::Display) -> Refusal {
    Refusal::validation(format!(
        "The model returned the following errors: Input is too long for requested model: {tokens} tokens > {limit} maximum"
    ))
}
