//! A Converse request, and the prompt that it is for an engine.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use local_engine::{Message as PromptMessage, Part, Prompt, Role, Sampling, Tool as PromptTool, ToolChoice as Choice};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::reply::Refusal;

/// What the engines use of it; the shape has been checked before.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConverseRequest {
    pub(super) messages: Option<Vec<Message>>,
    pub(super) system: Option<Vec<SystemBlock>>,
    pub(super) inference_config: Option<InferenceConfig>,
    pub(super) tool_config: Option<ToolConfig>,
    pub(super) guardrail_config: Option<Value>,
    pub(super) additional_model_request_fields: Option<Value>,
    pub(super) additional_model_response_field_paths: Option<Vec<String>>,
    pub(super) prompt_variables: Option<Map<String, Value>>,
    pub(super) output_config: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) content: Vec<Block>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Block {
    Text(String),
    ToolUse(ToolUse),
    ToolResult(ToolResult),
    Document(Document),
    GuardContent(Value),
    CachePoint {},
    ReasoningContent {},
    Image {},
    Video {},
    Audio {},
    CitationsContent {},
    SearchResult {},
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolUse {
    pub(super) tool_use_id: String,
    name: String,
    input: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolResult {
    pub(super) tool_use_id: String,
    pub(super) content: Vec<ToolResultBlock>,
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ToolResultBlock {
    Text(String),
    Json(Value),
    Document(Document),
    Image {},
    Video {},
    SearchResult {},
}

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) format: Option<String>,
    source: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum SystemBlock {
    Text(String),
    GuardContent(Value),
    CachePoint {},
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InferenceConfig {
    max_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop_sequences: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig {
    pub(super) tools: Vec<Tool>,
    pub(super) tool_choice: Option<ToolChoice>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Tool {
    #[serde(rename = "toolSpec")]
    Spec(ToolSpec),
    #[serde(rename = "systemTool")]
    System {},
    CachePoint {},
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolSpec {
    pub(super) name: String,
    description: Option<String>,
    input_schema: InputSchema,
}

#[derive(Debug, Deserialize)]
struct InputSchema {
    json: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ToolChoice {
    Auto {},
    Any {},
    Tool(NamedTool),
}

#[derive(Debug, Deserialize)]
pub(super) struct NamedTool {
    pub(super) name: String,
}

impl ConverseRequest {
    pub(super) fn has_cache_point(&self) -> bool {
        let in_message = |message: &Message| message.content.iter().any(|block| matches!(block, Block::CachePoint {}));
        self.messages.iter().flatten().any(in_message)
            || self.system.iter().flatten().any(|block| matches!(block, SystemBlock::CachePoint {}))
            || self.tool_config.iter().any(|config| config.tools.iter().any(|t| matches!(t, Tool::CachePoint {})))
    }

    /// What the engine is to continue. The rules of a conversation have been checked before.
    pub(super) fn into_prompt(self) -> Result<Prompt, Refusal> {
        let system: Vec<String> = self.system.into_iter().flatten().filter_map(SystemBlock::into_text).collect();
        let messages = self.messages.into_iter().flatten().map(Message::into_prompt_message);
        let config = self.inference_config.unwrap_or_default();
        let mut prompt = Prompt {
            system: (!system.is_empty()).then(|| system.join("\n")),
            messages: messages.collect::<Result<_, _>>()?,
            sampling: Sampling {
                max_tokens: config.max_tokens,
                temperature: config.temperature,
                top_p: config.top_p,
                top_k: top_k(self.additional_model_request_fields.as_ref())?,
                stop_sequences: config.stop_sequences.unwrap_or_default(),
                seed: None,
            },
            ..Prompt::default()
        };
        if let Some(config) = self.tool_config {
            prompt.tools = config.tools.into_iter().filter_map(Tool::into_prompt_tool).collect();
            prompt.tool_choice = match config.tool_choice {
                None | Some(ToolChoice::Auto {}) => Choice::Auto,
                Some(ToolChoice::Any {}) => Choice::Any,
                Some(ToolChoice::Tool(tool)) => Choice::Named(tool.name),
            };
        }
        Ok(prompt)
    }
}

impl Message {
    fn into_prompt_message(self) -> Result<PromptMessage, Refusal> {
        let role = if self.role == "assistant" { Role::Assistant } else { Role::User };
        let mut parts = Vec::with_capacity(self.content.len());
        for block in self.content {
            parts.extend(block.into_part()?);
        }
        Ok(PromptMessage { role, parts })
    }
}

impl Block {
    fn into_part(self) -> Result<Option<Part>, Refusal> {
        Ok(match self {
            Block::Text(text) => Some(Part::Text(text)),
            Block::ToolUse(call) => Some(Part::ToolCall { id: call.tool_use_id, name: call.name, input: call.input }),
            Block::ToolResult(result) => Some(result.into_part()?),
            Block::Document(document) => Some(Part::Text(document.into_text()?)),
            Block::GuardContent(content) => content["text"]["text"].as_str().map(|text| Part::Text(text.to_owned())),
            // What a model thought in earlier turns is not shown to it again, and the rules refuse the others.
            Block::CachePoint {}
            | Block::ReasoningContent {}
            | Block::Image {}
            | Block::Video {}
            | Block::Audio {}
            | Block::CitationsContent {}
            | Block::SearchResult {} => None,
        })
    }

    /// The block's name, where a model that reads only text cannot take it.
    pub(super) fn unreadable(&self) -> Option<&'static str> {
        match self {
            Block::Image {} => Some("image"),
            Block::Video {} => Some("video"),
            Block::Audio {} => Some("audio"),
            Block::CitationsContent {} => Some("citationsContent"),
            Block::SearchResult {} => Some("searchResult"),
            Block::GuardContent(content) if !content["image"].is_null() => Some("guardContent.image"),
            Block::Document(document) if !document.is_text() => Some("document"),
            _ => None,
        }
    }
}

impl ToolResult {
    fn into_part(self) -> Result<Part, Refusal> {
        let mut content = Vec::with_capacity(self.content.len());
        for block in self.content {
            match block {
                ToolResultBlock::Text(text) => content.push(text),
                ToolResultBlock::Json(value) => content.push(value.to_string()),
                ToolResultBlock::Document(document) => content.push(document.into_text()?),
                ToolResultBlock::Image {} | ToolResultBlock::Video {} | ToolResultBlock::SearchResult {} => {}
            }
        }
        let is_error = self.status.as_deref() == Some("error");
        Ok(Part::ToolResult { id: self.tool_use_id, content: content.join("\n"), is_error })
    }
}

impl ToolResultBlock {
    pub(super) fn unreadable(&self) -> Option<&'static str> {
        match self {
            ToolResultBlock::Image {} => Some("image"),
            ToolResultBlock::Video {} => Some("video"),
            ToolResultBlock::SearchResult {} => Some("searchResult"),
            ToolResultBlock::Document(document) if !document.is_text() => Some("document"),
            _ => None,
        }
    }
}

impl Document {
    fn is_text(&self) -> bool {
        matches!(self.format.as_deref().unwrap_or("txt"), "txt" | "md" | "csv" | "html")
            && self.source["s3Location"].is_null()
    }

    fn into_text(self) -> Result<String, Refusal> {
        let text = if let Some(encoded) = self.source["bytes"].as_str() {
            let bytes = BASE64_STANDARD.decode(encoded).unwrap_or_default();
            String::from_utf8(bytes)
                .map_err(|_| Refusal::validation(format!("The document {} is not text in UTF-8.", self.name)))?
        } else if let Some(text) = self.source["text"].as_str() {
            text.to_owned()
        } else {
            let parts = self.source["content"].as_array().into_iter().flatten();
            parts.filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
        };
        Ok(format!("<document name=\"{}\">\n{text}\n</document>", self.name))
    }
}

impl SystemBlock {
    fn into_text(self) -> Option<String> {
        match self {
            SystemBlock::Text(text) => Some(text),
            SystemBlock::GuardContent(content) => content["text"]["text"].as_str().map(str::to_owned),
            SystemBlock::CachePoint {} => None,
        }
    }
}

impl Tool {
    fn into_prompt_tool(self) -> Option<PromptTool> {
        let Tool::Spec(tool) = self else { return None };
        Some(PromptTool { name: tool.name, description: tool.description, input_schema: tool.input_schema.json })
    }
}

/// Of the fields that models add to Converse, the engines know `top_k`, in Anthropic's place and in Nova's.
fn top_k(fields: Option<&Value>) -> Result<Option<u32>, Refusal> {
    let extraneous = |key: &str| {
        Refusal::validation(format!(
            "The model returned the following errors: Malformed input request: extraneous key [{key}] is not permitted, please reformat your input and try again."
        ))
    };
    let mut top_k = None;
    for (key, value) in fields.and_then(Value::as_object).into_iter().flatten() {
        match (key.as_str(), value) {
            ("top_k", value) => top_k = Some(value),
            ("inferenceConfig", Value::Object(config)) => {
                for (key, value) in config {
                    if key != "topK" {
                        return Err(extraneous(&format!("inferenceConfig.{key}")));
                    }
                    top_k = Some(value);
                }
            }
            (key, _) => return Err(extraneous(key)),
        }
    }
    let Some(top_k) = top_k else { return Ok(None) };
    let valid = top_k.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
    let message = "The model returned the following errors: top_k: must be an integer greater than 0";
    valid.map(Some).ok_or_else(|| Refusal::validation(message))
}
