//! Models, wherever they are hosted, behind one request and one reply.

mod bedrock;

use aws_config::SdkConfig;
use serde_json::Value;

pub use self::bedrock::Bedrock;
use crate::{
    config,
    conversation::{Message, ModelId, StopReason, ToolUse, Usage},
    deadline::Deadline,
    error::Error,
    question::Limits,
};

/// Where models are hosted.
#[derive(Debug, Clone)]
pub enum Model {
    Bedrock(Bedrock),
}

/// A conversation that a model is to go on with.
#[derive(Debug, Clone)]
pub struct Request {
    /// The model that the caller asked for; the deployment's first where absent.
    pub model: Option<ModelId>,
    pub system: Option<String>,
    /// Roles alternate, the user's first and last.
    pub messages: Vec<Message>,
    pub inference: Inference,
    pub tools: Vec<ToolSpec>,
    /// Labels for the model invocation log; see Converse's `requestMetadata` for what they may consist of.
    pub metadata: Vec<(&'static str, String)>,
    /// Whether the next request of the conversation is likely to begin with this one, so that caching it pays.
    pub will_be_continued: bool,
    pub deadline: Deadline,
    /// Whether the reply is wanted piece by piece.
    pub live: bool,
}

/// What is absent is left to the model's own default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inference {
    pub temperature: Option<f32>,
    pub top_p: Option<f32>,
    /// At most [`Model::max_output_tokens`], which is also the default.
    pub max_tokens: Option<u32>,
    pub stop_sequences: Vec<String>,
}

/// A tool that the model may ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    /// JSON schema of its input.
    pub input_schema: Value,
}

/// One piece of a reply; `End` is the last.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    Text(String),
    ToolUse(ToolUse),
    End { stop_reason: StopReason, usage: Usage },
}

/// A reply that has begun: from here on, it is this model that answers.
#[derive(Debug)]
pub struct Reply {
    pub model: ModelId,
    source: bedrock::Pieces,
}

impl Model {
    pub fn new(config: &config::Models, aws: &SdkConfig) -> Result<Self, Error> {
        Ok(Self::Bedrock(Bedrock::new(config, aws)?))
    }

    /// The models that callers may ask for; the first is the default.
    pub fn allowed(&self) -> &[ModelId] {
        match self {
            Self::Bedrock(bedrock) => bedrock.allowed(),
        }
    }

    /// The longest answer that callers may ask for.
    pub fn max_output_tokens(&self) -> u32 {
        match self {
            Self::Bedrock(bedrock) => bedrock.max_output_tokens(),
        }
    }

    /// What callers may ask for.
    pub fn limits(&self) -> Limits<'_> {
        Limits { models: self.allowed(), max_output_tokens: self.max_output_tokens() }
    }

    /// Asks the model, and after it those of the fallback list as long as failures are transient, until one has begun
    /// to answer.
    pub async fn converse(&self, request: Request) -> Result<Reply, Error> {
        match self {
            Self::Bedrock(bedrock) => bedrock.converse(request).await,
        }
    }
}

impl Reply {
    /// The next piece; none after `End`.
    pub async fn next(&mut self) -> Option<Result<Piece, Error>> {
        let piece = self.source.next().await?;
        Some(piece.map_err(|failure| failure.of(&self.model)))
    }
}
