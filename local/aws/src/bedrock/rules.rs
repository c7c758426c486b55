//! What a conversation must be like, beyond the shape of its request: Converse refuses the same ones, in these words.

use std::collections::HashSet;

use super::request::{Block, ConverseRequest, Message, Tool, ToolChoice};
use crate::reply::Refusal;

pub(super) fn check(request: &ConverseRequest, model_id: &str) -> Result<(), Refusal> {
    let messages = request.messages.as_deref().unwrap_or_default();
    check_features(request)?;
    check_order(messages, model_id)?;
    for (index, message) in messages.iter().enumerate() {
        check_content(message, index)?;
    }
    check_tools(request)?;
    check_results(messages)
}

fn check_features(request: &ConverseRequest) -> Result<(), Refusal> {
    if request.prompt_variables.is_some() {
        return refuse("The promptVariables field can be used only with the ARN of a prompt. Remove it and try again.");
    }
    if request.output_config.is_some() {
        return refuse("This model doesn't support the outputConfig field. Remove outputConfig and try again.");
    }
    if request.guardrail_config.is_some() {
        tracing::warn!("a guardrail was asked for, and local-aws has none: nothing is checked");
    }
    Ok(())
}

fn check_order(messages: &[Message], model_id: &str) -> Result<(), Refusal> {
    if messages.first().is_none_or(|message| message.role != "user") {
        return refuse(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        );
    }
    // Amazon's own models take several messages of one role in a row; recorded traffic shows it.
    let may_repeat = model_id.contains("amazon.nova");
    if !may_repeat && messages.windows(2).any(|pair| pair[0].role == pair[1].role) {
        return refuse(
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.",
        );
    }
    if messages.last().is_some_and(|message| message.role == "assistant") {
        return refuse(
            "The model returned the following errors: This model does not support assistant message prefill. The conversation must end with a user message.",
        );
    }
    Ok(())
}

fn check_content(message: &Message, index: usize) -> Result<(), Refusal> {
    if message.content.is_empty() {
        return refuse(format!(
            "The content field in the Message object at messages.{index} is empty. Add a ContentBlock object to the content field and try again."
        ));
    }
    for (at, block) in message.content.iter().enumerate() {
        let place = format!("messages.{index}.content.{at}");
        if let Some(name) = block.unreadable() {
            return unsupported(&place, name);
        }
        match block {
            Block::Text(text) if text.trim().is_empty() => {
                return refuse(format!(
                    "The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try again."
                ));
            }
            Block::ToolUse(_) if message.role == "user" => {
                return refuse(format!("The toolUse block at {place} is not allowed in a message of the user role."));
            }
            Block::ToolResult(_) if message.role == "assistant" => {
                return refuse(format!(
                    "The toolResult block at {place} is not allowed in a message of the assistant role."
                ));
            }
            Block::ToolResult(result) => {
                for (inner, block) in result.content.iter().enumerate() {
                    if let Some(name) = block.unreadable() {
                        return unsupported(&format!("{place}.toolResult.content.{inner}"), name);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_tools(request: &ConverseRequest) -> Result<(), Refusal> {
    let Some(config) = &request.tool_config else {
        let is_tool_block = |block: &Block| matches!(block, Block::ToolUse(_) | Block::ToolResult(_));
        let uses_tools = request.messages.iter().flatten().any(|message| message.content.iter().any(is_tool_block));
        return match uses_tools {
            true => refuse("The toolConfig field must be defined when using toolUse and toolResult content blocks."),
            false => Ok(()),
        };
    };
    let mut names = HashSet::new();
    for (index, tool) in config.tools.iter().enumerate() {
        match tool {
            Tool::Spec(tool) if !names.insert(tool.name.as_str()) => {
                return refuse(format!(
                    "The toolConfig.tools.{index}.toolSpec.name {} is used by another tool. Tool names must be unique.",
                    tool.name
                ));
            }
            Tool::System {} => return unsupported(&format!("toolConfig.tools.{index}"), "systemTool"),
            _ => {}
        }
    }
    match &config.tool_choice {
        Some(ToolChoice::Tool(tool)) if !names.contains(tool.name.as_str()) => refuse(format!(
            "The toolChoice names the tool {}, which is not in toolConfig.tools. Add the tool and try again.",
            tool.name
        )),
        _ => Ok(()),
    }
}

/// Every call is answered in the next message, and nothing else is.
fn check_results(messages: &[Message]) -> Result<(), Refusal> {
    let mut called: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let results = message.content.iter().filter_map(|block| match block {
            Block::ToolResult(result) => Some(result.tool_use_id.as_str()),
            _ => None,
        });
        let results: Vec<&str> = results.collect();
        if results.len() > called.len() {
            return refuse(format!(
                "The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of previous turn."
            ));
        }
        let missing: Vec<&str> = called.iter().filter(|id| !results.contains(id)).copied().collect();
        if !missing.is_empty() {
            return refuse(format!(
                "Expected toolResult blocks at messages.{index}.content for the following Ids: {}",
                missing.join(", ")
            ));
        }
        let calls = message.content.iter().filter_map(|block| match block {
            Block::ToolUse(call) => Some(call.tool_use_id.as_str()),
            _ => None,
        });
        called = calls.collect();
        let mut ids = HashSet::new();
        if let Some(twice) = called.iter().find(|id| !ids.insert(**id)) {
            return refuse(format!("The toolUseId {twice} is used more than once at messages.{index}.content."));
        }
    }
    Ok(())
}

fn unsupported(place: &str, name: &str) -> Result<(), Refusal> {
    refuse(format!("This model doesn't support the {name} field at {place}. Remove {name} and try again."))
}

fn refuse(message: impl Into<String>) -> Result<(), Refusal> {
    Err(Refusal::validation(message))
}
