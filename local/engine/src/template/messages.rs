//! A conversation in the shape that chat templates know: the one of OpenAI's messages.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

use super::Mask;
use crate::{Error, Message, Part, Prompt, Role, Tool};

#[derive(Serialize)]
pub(super) struct Offered {
    r#type: &'static str,
    function: Function,
}

// Templates print a tool as JSON, and models were trained on this order.
#[derive(Serialize)]
struct Function {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    parameters: Value,
}

pub(super) struct Messages(Vec<TemplateMessage>);

#[derive(Serialize)]
pub(super) struct TemplateMessage {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
    /// Some templates print the tool's name beside its result.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Serialize)]
struct Call {
    id: String,
    r#type: &'static str,
    function: Called,
}

#[derive(Serialize)]
struct Called {
    name: String,
    arguments: Value,
}

impl Offered {
    pub(super) fn new(tool: &Tool, mask: &Mask<'_>) -> Offered {
        let function = Function {
            name: mask.hide(&tool.name),
            description: tool.description.as_deref().map(|description| mask.hide(description)),
            parameters: mask.hide_within(&tool.input_schema),
        };
        Offered { r#type: "function", function }
    }
}

impl Messages {
    pub(super) fn new(system: Option<String>, messages: &[Message], mask: &Mask<'_>) -> Messages {
        let mut list = Messages(Vec::new());
        if let Some(content) = system {
            list.0.push(TemplateMessage::new("system", content));
        }
        for message in messages {
            match message.role {
                Role::User => list.add_user(message, mask),
                Role::Assistant => list.add_assistant(message, mask),
            }
        }
        list
    }

    pub(super) fn list(&self) -> &[TemplateMessage] {
        &self.0
    }

    /// What tools said comes before what the user says, each as a message of its own.
    fn add_user(&mut self, message: &Message, mask: &Mask<'_>) {
        for part in &message.parts {
            let Part::ToolResult { id, content, is_error } = part else {
                continue;
            };
            let content = if *is_error { format!("Error: {content}") } else { content.clone() };
            let id = mask.hide(id);
            let calls = self.0.iter().flat_map(|message| &message.tool_calls);
            let name = calls.rev().find(|call| call.id == id).map(|call| call.function.name.clone());
            let message = TemplateMessage::new("tool", mask.hide(&content));
            self.0.push(TemplateMessage { tool_call_id: Some(id), name, ..message });
        }
        let said = joined(message);
        if !said.is_empty() || !message.parts.iter().any(|part| matches!(part, Part::ToolResult { .. })) {
            self.0.push(TemplateMessage::new("user", mask.hide(&said)));
        }
    }

    fn add_assistant(&mut self, message: &Message, mask: &Mask<'_>) {
        let calls = message.parts.iter().filter_map(|part| match part {
            Part::ToolCall { id, name, input } => Some(Call {
                id: mask.hide(id),
                r#type: "function",
                function: Called { name: mask.hide(name), arguments: mask.hide_within(input) },
            }),
            Part::Text(_) | Part::ToolResult { .. } => None,
        });
        let tool_calls = calls.collect();
        self.0.push(TemplateMessage { tool_calls, ..TemplateMessage::new("assistant", mask.hide(&joined(message))) });
    }
}

impl TemplateMessage {
    fn new(role: &'static str, content: String) -> TemplateMessage {
        TemplateMessage { role, content, tool_calls: Vec::new(), tool_call_id: None, name: None }
    }
}

/// The text of an answer that is to be continued.
pub(super) fn text(message: &Message) -> Result<String, Error> {
    match message.parts.iter().all(|part| matches!(part, Part::Text(_))) {
        true => Ok(joined(message)),
        false => Err(Error::Invalid("the last message is the assistant's, and not only text".into())),
    }
}

/// All characters outside ASCII in a prompt.
pub(super) fn characters(prompt: &Prompt) -> HashSet<char> {
    let mut characters = HashSet::new();
    let mut note = |text: &str| characters.extend(text.chars().filter(|character| !character.is_ascii()));
    prompt.system.iter().for_each(|system| note(system));
    for tool in &prompt.tools {
        note(&tool.name);
        note(tool.description.as_deref().unwrap_or_default());
        note(&tool.input_schema.to_string());
    }
    for part in prompt.messages.iter().flat_map(|message| &message.parts) {
        match part {
            Part::Text(text) => note(text),
            Part::ToolCall { id, name, input } => {
                [id, name, &input.to_string()].into_iter().for_each(|text| note(text))
            }
            Part::ToolResult { id, content, .. } => [id, content].into_iter().for_each(|text| note(text)),
        }
    }
    characters
}

fn joined(message: &Message) -> String {
    let texts = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::ToolCall { .. } | Part::ToolResult { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}
