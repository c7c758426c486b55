//! Prompts and answers in OpenAI's format.

use local_engine::{Message, Part, Prompt, Role, ToolChoice};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    bedrock::tool_use_id,
    engine::{Piece, Stop, Usage},
    reply::Refusal,
    server::Failure,
};

pub(super) fn request(model: &str, prompt: &Prompt) -> Result<Value, Refusal> {
    let mut messages: Vec<Value> = Vec::new();
    if let Some(system) = &prompt.system {
        messages.push(json!({ "role": "system", "content": system }));
    }
    for message in &prompt.messages {
        messages.extend(message_values(message));
    }
    let mut body = json!({ "model": model, "messages": messages });

    let sampling = &prompt.sampling;
    let optional = [
        ("max_tokens", sampling.max_tokens.map(Value::from)),
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        ("top_k", sampling.top_k.map(Value::from)),
        ("seed", sampling.seed.map(Value::from)),
        ("stop", (!sampling.stop_sequences.is_empty()).then(|| json!(sampling.stop_sequences))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    if prompt.tools.is_empty() {
        return Ok(body);
    }

    let tools = prompt.tools.iter().map(|tool| {
        let mut function = json!({ "name": tool.name, "parameters": tool.input_schema });
        if let Some(description) = &tool.description {
            function["description"] = json!(description);
        }
        json!({ "type": "function", "function": function })
    });
    body["tools"] = tools.collect();
    body["tool_choice"] = match &prompt.tool_choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::Any => json!("required"),
        ToolChoice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
    };
    Ok(body)
}

/// A message of Converse can hold several results; in OpenAI's format each is a message, and they come first.
fn message_values(message: &Message) -> Vec<Value> {
    let mut values = Vec::new();
    let mut text = String::new();
    let mut calls = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text(part) if text.is_empty() => text.clone_from(part),
            Part::Text(part) => {
                text.push('\n');
                text.push_str(part);
            }
            Part::ToolCall { id, name, input } => {
                let function = json!({ "name": name, "arguments": input.to_string() });
                calls.push(json!({ "id": id, "type": "function", "function": function }));
            }
            Part::ToolResult { id, content, is_error } => {
                let content = if *is_error { format!("Error: {content}") } else { content.clone() };
                values.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
            }
        }
    }
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    if !calls.is_empty() {
        let content = (!text.is_empty()).then_some(text);
        values.push(json!({ "role": role, "content": content, "tool_calls": calls }));
    } else if !text.is_empty() {
        values.push(json!({ "role": role, "content": text }));
    }
    values
}

#[derive(Debug, Deserialize)]
pub(super) struct Completion {
    pub(super) usage: Option<Counted>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Counted {
    pub(super) prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Counted>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    content: Option<String>,
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Debug, Deserialize)]
struct CallDelta {
    #[serde(default)]
    index: usize,
    id: Option<String>,
    #[serde(default)]
    function: FunctionDelta,
}

#[derive(Debug, Default, Deserialize)]
struct FunctionDelta {
    name: Option<String>,
    arguments: Option<String>,
}

impl Chunk {
    pub(super) fn parse(data: &[u8]) -> Result<Chunk, Refusal> {
        serde_json::from_slice(data).map_err(|error| failed(&format!("it sent a chunk that cannot be read: {error}")))
    }
}

/// What has come of an answer so far, apart from the text that was passed on.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    calls: Vec<Call>,
    finish_reason: Option<String>,
    usage: Option<Counted>,
}

#[derive(Debug)]
struct Call {
    index: usize,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Gathering {
    /// The text to pass on, if the chunk has any.
    pub(super) fn take(&mut self, chunk: Chunk) -> Result<Option<String>, Refusal> {
        if let Some(error) = chunk.error {
            return Err(failed(&error_text(&json!({ "error": error }).to_string())));
        }
        self.usage = chunk.usage.or(self.usage);
        let Some(choice) = chunk.choices.into_iter().next() else {
            return Ok(None);
        };
        self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
        for delta in choice.delta.tool_calls.into_iter().flatten() {
            self.take_call(delta)?;
        }
        Ok(choice.delta.content.filter(|text| !text.is_empty()))
    }

    fn take_call(&mut self, delta: CallDelta) -> Result<(), Refusal> {
        let id = delta.id.filter(|id| !id.is_empty());
        let name = delta.function.name.unwrap_or_default();
        let arguments = delta.function.arguments.unwrap_or_default();
        let Some(call) = self.continued(delta.index, id.as_deref()) else {
            if id.is_none() && name.is_empty() {
                return Err(failed("it went on with a tool call that it had not begun"));
            }
            self.calls.push(Call { index: delta.index, id, name, arguments });
            return Ok(());
        };
        call.id = call.id.take().or(id);
        // Some servers repeat the name with every part of the arguments.
        if call.name != name {
            call.name.push_str(&name);
        }
        call.arguments.push_str(&arguments);
        Ok(())
    }

    /// The call of which more comes: the one with that identifier, or else the last that was begun under that index.
    ///
    /// Some servers number every call zero, so that only identifiers tell calls apart: a new one begins a new call.
    fn continued(&mut self, index: usize, id: Option<&str>) -> Option<&mut Call> {
        let with_id = |call: &Call| id.is_some() && call.id.as_deref() == id;
        let at = self.calls.iter().position(with_id).or_else(|| {
            let at = self.calls.iter().rposition(|call| call.index == index)?;
            (id.is_none() || self.calls.get(at)?.id.is_none()).then_some(at)
        })?;
        self.calls.get_mut(at)
    }

    pub(super) fn finish(self) -> Vec<Result<Piece, Failure>> {
        let Some(finish_reason) = self.finish_reason else {
            return vec![Err(failed("it ended in the middle of its answer").into())];
        };
        let has_calls = !self.calls.is_empty();
        let mut pieces = Vec::new();
        for call in self.calls {
            if call.name.is_empty() {
                return vec![Err(failed("it called a tool without naming it").into())];
            }
            let arguments = if call.arguments.trim().is_empty() { "{}" } else { call.arguments.as_str() };
            match serde_json::from_str::<Value>(arguments) {
                Ok(input) if input.is_object() => {
                    pieces.push(Ok(Piece::ToolCall { id: bedrock_id(call.id), name: call.name, input }));
                }
                _ => {
                    let message = format!("it called {} with arguments that are no JSON object", call.name);
                    return vec![Err(failed(&message).into())];
                }
            }
        }
        let stop = Stop::because(match finish_reason.as_str() {
            _ if has_calls => "tool_use",
            "length" => "max_tokens",
            "content_filter" => "content_filtered",
            // Which stop sequence was met, or whether one was, is not told.
            _ => "end_turn",
        });
        pieces.push(Ok(Piece::End { stop, usage: self.usage.map(usage).unwrap_or_default() }));
        pieces
    }
}

fn usage(counted: Counted) -> Usage {
    let cached = counted.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0);
    let cached = cached.min(counted.prompt_tokens);
    Usage { input: counted.prompt_tokens - cached, output: counted.completion_tokens, cached }
}

/// Bedrock's identifiers are at most 64 characters of a small set; other servers' may not be.
fn bedrock_id(id: Option<String>) -> String {
    let is_plain = |id: &String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        !id.is_empty() && id.len() <= 64 && id.chars().all(plain)
    };
    id.filter(is_plain).unwrap_or_else(tool_use_id)
}

/// The message in an error body of any of the usual forms, or the body itself, in a length that suits a log.
pub(super) fn error_text(body: &str) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let error = &value["error"];
    let text = error["message"].as_str().or(error.as_str()).or(value["message"].as_str()).unwrap_or(body);
    text.chars().take(512).collect()
}

fn failed(what: &str) -> Refusal {
    Refusal::new(424, "ModelErrorException", format!("The model's server failed: {what}"))
}
