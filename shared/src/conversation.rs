//! What a conversation is made of: plain data, known to every pattern, every model and the memory.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::error::Error;

/// A version 7 UUID, so that identifiers sort by the time they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct SessionId(Uuid);

/// Names one turn of a session, a question with its answer; time-ordered as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TurnId(Uuid);

macro_rules! identifier {
    ($name:ident, $field:literal) => {
        impl $name {
            #[expect(clippy::new_without_default, reason = "each call makes another one")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// Takes the hyphenated form only, so that one identifier has one spelling.
            pub fn parse(text: &str) -> Result<Self, Error> {
                let uuid = Uuid::try_parse(text).ok().filter(|uuid| uuid.hyphenated().to_string() == text);
                uuid.map(Self).ok_or_else(|| Error::invalid($field, "must be an identifier that this service made"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(formatter)
            }
        }
    };
}
identifier!(SessionId, "session_id");
identifier!(TurnId, "message_id");

impl TurnId {
    /// A number from 0 to 1 that hardly any two turns share, from the identifier's random half.
    pub(crate) fn jitter(self) -> f64 {
        let [.., high, low] = *self.0.as_bytes();
        f64::from(u16::from_be_bytes([high, low])) / f64::from(u16::MAX)
    }
}

/// A Bedrock model identifier: a foundation model's, an inference profile's, or an ARN of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelId(String);

impl ModelId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The verified identity behind a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The `sub` claim; absent when anonymous use is switched on and nobody signed in.
    pub subject: Option<String>,
    /// The name by which documents know the user, from the claim that the deployment names.
    pub user_name: Option<String>,
    pub groups: Vec<String>,
    /// What the authorizer verified, for services that want to read it themselves.
    pub token: Option<Token>,
}

/// A token of identity. It does not show itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

impl Caller {
    /// Separates the data of callers from each other in the memory. All anonymous callers share one key: what protects
    /// their sessions is that an identifier cannot be guessed, which is why they cannot list sessions.
    pub fn partition(&self) -> String {
        match &self.subject {
            Some(subject) => format!("sub:{subject}"),
            None => "anonymous".to_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message as a model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub role: Role,
    pub content: Vec<Block>,
}

impl Message {
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, content: vec![Block::Text(text.into())] }
    }

    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: vec![Block::Text(text.into())] }
    }

    /// Its text, without what tools were asked and said.
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| match block {
            Block::Text(text) => Some(text.as_str()),
            Block::ToolUse(_) | Block::ToolResult(_) => None,
        });
        texts.collect()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Text(String),
    ToolUse(ToolUse),
    ToolResult(ToolResult),
}

/// A model asks for a tool to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolUse {
    pub id: String,
    pub name: String,
    pub input: Value,
}

/// What the tool answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    pub id: String,
    pub content: Value,
    pub is_error: bool,
}

/// Why a model stopped; the words are those of Converse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopReason(pub String);

/// Tokens that one turn cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read at the full price: those from and to the prompt cache are not among them.
    pub input_tokens: u32,
    pub output_tokens: u32,
    pub cache_read_tokens: u32,
    pub cache_write_tokens: u32,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cache_read_tokens += other.cache_read_tokens;
        self.cache_write_tokens += other.cache_write_tokens;
    }
}

/// A rough count of tokens, for budgets: four ASCII characters to a token, one token for any other character. Real
/// tokenizers need fewer for Latin scripts and about as many for the others, so that a budget is rather kept than broken.
pub fn estimate_tokens(text: &str) -> usize {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let others = text.chars().filter(|character| !character.is_ascii()).count();
    ascii.div_ceil(4) + others
}
