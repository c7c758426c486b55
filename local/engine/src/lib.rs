//! Language models in the process: GGUF weights in, tokens out. Knows nothing of AWS.
//!
//! `local-aws` puts the Bedrock and SageMaker wires in front of it.

mod embed;
mod engine;
mod generate;
mod load_error;
mod model;
mod output;
mod prefix;
mod sampler;
mod template;
mod tokenizer;
mod weights;
mod worker;

use std::{path::PathBuf, pin::Pin};

use futures::Stream;
use serde_json::Value;

pub use embed::Embedder;
pub use engine::Engine;
pub use load_error::LoadError;
pub use weights::FetchError;

/// A conversation to be continued by the assistant, and how.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    pub system: Option<String>,
    pub messages: Vec<Message>,
    pub tools: Vec<Tool>,
    pub tool_choice: ToolChoice,
    pub sampling: Sampling,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub role: Role,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Text(String),
    ToolCall {
        id: String,
        name: String,
        input: Value,
    },
    /// `content` is what the tool said, JSON already written as text.
    ToolResult {
        id: String,
        content: String,
        is_error: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    /// JSON schema of the tool's input.
    pub input_schema: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice {
    #[default]
    Auto,
    Any,
    Named(String),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    /// Tokens; the rest of the model's context where absent.
    pub max_tokens: Option<u32>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u32>,
    pub stop_sequences: Vec<String>,
    pub seed: Option<u64>,
}

/// What a model says, piece by piece. Exactly one `End` closes a stream that did not fail.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Text(String),
    ToolCall { id: String, name: String, input: Value },
    End { stop: Stop, usage: Usage },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    EndTurn,
    MaxTokens,
    /// The stop sequence that was met; it is not part of the text.
    StopSequence(String),
    ToolUse,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt that had to be computed.
    pub input: u32,
    pub output: u32,
    /// Tokens of the prompt whose state was still there from an earlier request.
    pub cached: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The waiting queue is full.
    #[error("too many requests are waiting for the model")]
    Busy,
    #[error("the prompt has {tokens} tokens and the model's context {limit}")]
    TooLong { tokens: usize, limit: usize },
    #[error("{0}")]
    Invalid(String),
    #[error("the model failed: {0}")]
    Failed(String),
}

pub type Pieces = Pin<Box<dyn Stream<Item = Result<Piece, Error>> + Send>>;

/// Where the weights come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Qwen2.5-Coder-1.5B-Instruct, fetched once.
    Default,
    /// Qwen2.5-Coder-0.5B-Instruct, fetched once.
    Small,
    File(PathBuf),
}
