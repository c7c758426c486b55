//! Requests in the format of Anthropic's messages, version `bedrock-2023-05-31`.

use local_engine::{Message as PromptMessage, Part, Prompt, Role, Sampling, Tool as PromptTool, ToolChoice as Choice};
use serde::Deserialize;
use serde_json::Value;

use crate::reply::Refusal;

const VERSION: &str = "bedrock-2023-05-31";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    anthropic_version: String,
    max_tokens: u32,
    messages: Vec<Message>,
    system: Option<Content>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u32>,
    stop_sequences: Option<Vec<String>>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<ToolChoice>,
    #[serde(rename = "metadata")]
    _metadata: Option<Value>,
    #[serde(rename = "anthropic_beta")]
    _anthropic_beta: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: MessageRole,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MessageRole {
    User,
    Assistant,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Block>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Value,
    },
    ToolResult {
        tool_use_id: String,
        content: Option<Content>,
        #[serde(default)]
        is_error: bool,
    },
    Thinking {},
    RedactedThinking {},
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Tool {
    name: String,
    description: Option<String>,
    input_schema: Value,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ToolChoice {
    Auto,
    Any,
    None,
    Tool { name: String },
}

impl Request {
    pub(super) fn parse(body: &[u8]) -> Result<Request, Refusal> {
        let value: Value = serde_json::from_slice(body).map_err(|error| malformed(&error.to_string()))?;
        if value["anthropic_version"].is_null() {
            // Other families have other formats, of which the engines here speak none.
            return Err(malformed("#: required key [anthropic_version] not found"));
        }
        let request: Request = serde_json::from_value(value).map_err(|error| malformed(&error.to_string()))?;
        request.check()?;
        Ok(request)
    }

    pub(super) fn into_prompt(self) -> Result<Prompt, Refusal> {
        let system = self.system.map(|content| content.into_text("system")).transpose()?;
        let (tools, tool_choice) = match self.tool_choice {
            Some(ToolChoice::None) => (Vec::new(), Choice::Auto),
            None | Some(ToolChoice::Auto) => (self.tools.unwrap_or_default(), Choice::Auto),
            Some(ToolChoice::Any) => (self.tools.unwrap_or_default(), Choice::Any),
            Some(ToolChoice::Tool { name }) => (self.tools.unwrap_or_default(), Choice::Named(name)),
        };
        let tools = tools.into_iter().map(|tool| PromptTool {
            name: tool.name,
            description: tool.description,
            input_schema: tool.input_schema,
        });

        let mut messages: Vec<PromptMessage> = Vec::new();
        for (index, message) in self.messages.into_iter().enumerate() {
            let role = if message.role == MessageRole::User { Role::User } else { Role::Assistant };
            let parts = message.content.into_parts(role, &format!("messages.{index}.content"))?;
            // Messages of one role in a row are one message to this format.
            match messages.last_mut() {
                Some(last) if last.role == role => last.parts.extend(parts),
                _ => messages.push(PromptMessage { role, parts }),
            }
        }
        check_results(&messages)?;
        Ok(Prompt {
            system: system.filter(|text| !text.is_empty()),
            messages,
            tools: tools.collect(),
            tool_choice,
            sampling: Sampling {
                max_tokens: Some(self.max_tokens),
                temperature: self.temperature,
                top_p: self.top_p,
                top_k: self.top_k,
                stop_sequences: self.stop_sequences.unwrap_or_default(),
                seed: None,
            },
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        let in_range = |number: Option<f64>| number.is_none_or(|number| (0.0..=1.0).contains(&number));
        if self.anthropic_version != VERSION {
            return Err(malformed(&format!("anthropic_version: must be {VERSION}")));
        }
        if self.max_tokens == 0 {
            return Err(invalid("max_tokens: must be greater than or equal to 1"));
        }
        if !in_range(self.temperature) {
            return Err(invalid("temperature: range: 0..1"));
        }
        if !in_range(self.top_p) {
            return Err(invalid("top_p: range: 0..1"));
        }
        if self.stop_sequences.iter().flatten().any(|sequence| sequence.trim().is_empty()) {
            return Err(invalid("stop_sequences: each stop sequence must contain non-whitespace"));
        }
        if self.messages.first().is_none_or(|message| message.role != MessageRole::User) {
            return Err(invalid("messages: first message must use the \"user\" role"));
        }
        if self.messages.last().is_some_and(|message| message.role == MessageRole::Assistant) {
            return Err(invalid(
                "This model does not support assistant message prefill. The conversation must end with a user message.",
            ));
        }
        let names = self.tools.iter().flatten().map(|tool| tool.name.as_str());
        match &self.tool_choice {
            Some(ToolChoice::Tool { name }) if !names.clone().any(|known| known == name) => {
                Err(invalid(&format!("tool_choice: Tool '{name}' not found in provided tools")))
            }
            _ => Ok(()),
        }
    }
}

impl Content {
    fn into_parts(self, role: Role, place: &str) -> Result<Vec<Part>, Refusal> {
        let blocks = match self {
            Content::Text(text) => vec![Block::Text { text }],
            Content::Blocks(blocks) => blocks,
        };
        if blocks.is_empty() {
            return Err(invalid(&format!("{place}: at least one block is required")));
        }
        let mut parts = Vec::with_capacity(blocks.len());
        for (index, block) in blocks.into_iter().enumerate() {
            parts.extend(block.into_part(role, &format!("{place}.{index}"))?);
        }
        Ok(parts)
    }

    fn into_text(self, place: &str) -> Result<String, Refusal> {
        let blocks = match self {
            Content::Text(text) => return Ok(text),
            Content::Blocks(blocks) => blocks,
        };
        let mut texts = Vec::with_capacity(blocks.len());
        for (index, block) in blocks.into_iter().enumerate() {
            let Block::Text { text } = block else {
                return Err(unsupported(&format!("{place}.{index}")));
            };
            texts.push(text);
        }
        Ok(texts.join("\n"))
    }
}

impl Block {
    fn into_part(self, role: Role, place: &str) -> Result<Option<Part>, Refusal> {
        Ok(match self {
            Block::ToolUse { .. } if role != Role::Assistant => {
                return Err(invalid(&format!("{place}: `tool_use` blocks can only be in `assistant` messages")));
            }
            Block::ToolResult { .. } if role != Role::User => {
                return Err(invalid(&format!("{place}: `tool_result` blocks can only be in `user` messages")));
            }
            Block::Text { text } if text.trim().is_empty() => {
                return Err(invalid(&format!("{place}: text content blocks must contain non-whitespace text")));
            }
            Block::Text { text } => Some(Part::Text(text)),
            Block::ToolUse { id, name, input } => Some(Part::ToolCall { id, name, input }),
            Block::ToolResult { tool_use_id, content, is_error } => {
                let content = content.map(|content| content.into_text(place)).transpose()?.unwrap_or_default();
                Some(Part::ToolResult { id: tool_use_id, content, is_error })
            }
            Block::Thinking {} | Block::RedactedThinking {} => None,
            Block::Other => return Err(unsupported(place)),
        })
    }
}

fn check_results(messages: &[PromptMessage]) -> Result<(), Refusal> {
    let mut called: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let results: Vec<&str> = message.parts.iter().filter_map(result_id).collect();
        if let Some(id) = results.iter().find(|id| !called.contains(id)) {
            return Err(invalid(&format!(
                "messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            )));
        }
        let missing: Vec<&str> = called.iter().filter(|id| !results.contains(id)).copied().collect();
        if !missing.is_empty() {
            return Err(invalid(&format!(
                "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
                index.saturating_sub(1),
                missing.join(", ")
            )));
        }
        called = message.parts.iter().filter_map(call_id).collect();
    }
    Ok(())
}

fn result_id(part: &Part) -> Option<&str> {
    match part {
        Part::ToolResult { id, .. } => Some(id),
        _ => None,
    }
}

fn call_id(part: &Part) -> Option<&str> {
    match part {
        Part::ToolCall { id, .. } => Some(id),
        _ => None,
    }
}

fn malformed(what: &str) -> Refusal {
    Refusal::validation(format!("Malformed input request: {what}, please reformat your input and try again."))
}

fn invalid(what: &str) -> Refusal {
    Refusal::validation(what)
}

fn unsupported(place: &str) -> Refusal {
    Refusal::validation(format!("{place}: this model reads text only"))
}
