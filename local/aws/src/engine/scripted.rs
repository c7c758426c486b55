//! Answers, tool calls and faults that tests set over HTTP. Without a script, an echo.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream};
use local_engine::{Message, Part, Prompt, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Piece, Pieces, Stop, Usage};
use crate::{
    bedrock::{exception, tool_use_id},
    faults::ScriptedError,
    reply::Refusal,
    server::Failure,
};

#[derive(Debug, Default)]
pub(crate) struct Scripted {
    /// Absent until a test sets one.
    script: Mutex<Option<Script>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    /// Whether the last step answers every later call too.
    #[serde(default)]
    repeat_last: bool,
}

/// The answer to one call.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Step {
    text: Option<String>,
    /// How the text is cut when it is streamed; word by word where absent.
    chunks: Option<Vec<String>>,
    tool_calls: Vec<ToolCall>,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    usage: Option<Usage>,
    delay_ms: u64,
    /// Before every chunk.
    chunk_delay_ms: u64,
    error: Option<ScriptedError>,
    fail_after_chunks: Option<usize>,
    fail_with: Option<String>,
    cut_after_chunks: Option<usize>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolCall {
    id: Option<String>,
    name: String,
    #[serde(default = "no_arguments")]
    input: Value,
}

impl Scripted {
    pub(crate) fn replace(&self, script: Script) {
        *self.script() = (!script.steps.is_empty()).then_some(script);
    }

    pub(crate) fn clear(&self) {
        *self.script() = None;
    }

    pub(crate) async fn converse(&self, prompt: Prompt) -> Result<Pieces, Failure> {
        let step = self.next_step(&prompt)?;
        if step.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(step.delay_ms)).await;
        }
        if let Some(error) = &step.error {
            return Err(error.refusal("bedrock").into());
        }
        Ok(step.pieces(&prompt))
    }

    fn next_step(&self, prompt: &Prompt) -> Result<Step, Refusal> {
        let mut script = self.script();
        let Some(script) = script.as_mut() else {
            return Ok(Step::echo(prompt));
        };
        let step = match script.steps.len() {
            1 if script.repeat_last => script.steps.front().cloned(),
            _ => script.steps.pop_front(),
        };
        step.ok_or_else(|| Refusal::validation("The script of the scripted engine has no step left"))
    }

    fn script(&self) -> MutexGuard<'_, Option<Script>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Step {
    fn echo(prompt: &Prompt) -> Step {
        let last = prompt.messages.iter().rev().find(|message| message.role == Role::User);
        let said: Vec<&str> = last
            .into_iter()
            .flat_map(|message| &message.parts)
            .filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::ToolResult { content, .. } => Some(content.as_str()),
                Part::ToolCall { .. } => None,
            })
            .collect();
        Step { text: Some(format!("You said: {}", said.join("\n"))), ..Step::default() }
    }

    fn pieces(self, prompt: &Prompt) -> Pieces {
        let usage = self.usage.unwrap_or_else(|| self.estimated_usage(prompt));
        let reason = self.stop_reason.clone().unwrap_or_else(|| {
            let reason = if self.tool_calls.is_empty() { "end_turn" } else { "tool_use" };
            reason.to_owned()
        });
        let stop = Stop { reason: reason.into(), sequence: self.stop_sequence.clone() };

        let mut pieces: VecDeque<Result<Piece, Failure>> =
            self.chunks().into_iter().map(|c| Ok(Piece::Text(c))).collect();
        for call in &self.tool_calls {
            let id = call.id.clone().unwrap_or_else(tool_use_id);
            pieces.push_back(Ok(Piece::ToolCall { id, name: call.name.clone(), input: call.input.clone() }));
        }
        pieces.push_back(Ok(Piece::End { stop, usage }));
        if let Some(chunks) = self.fail_after_chunks {
            let name = self.fail_with.as_deref().unwrap_or("modelStreamErrorException");
            pieces.truncate(chunks.min(pieces.len() - 1));
            pieces.push_back(Err(exception(name).into()));
        }
        if let Some(chunks) = self.cut_after_chunks {
            pieces.truncate(chunks.min(pieces.len() - 1));
            pieces.push_back(Err(Failure::Cut));
        }

        if self.chunk_delay_ms == 0 {
            return stream::iter(pieces).boxed();
        }
        let delay = Duration::from_millis(self.chunk_delay_ms);
        stream::iter(pieces)
            .then(move |piece| async move {
                if matches!(piece, Ok(Piece::Text(_) | Piece::ToolCall { .. })) {
                    tokio::time::sleep(delay).await;
                }
                piece
            })
            .boxed()
    }

    fn chunks(&self) -> Vec<String> {
        match (&self.chunks, &self.text) {
            (Some(chunks), _) => chunks.clone(),
            (None, Some(text)) => text.split_inclusive(char::is_whitespace).map(str::to_owned).collect(),
            (None, None) => Vec::new(),
        }
    }

    fn estimated_usage(&self, prompt: &Prompt) -> Usage {
        let text: usize = self.chunks().iter().map(String::len).sum();
        let calls: usize = self.tool_calls.iter().map(|call| call.name.len() + call.input.to_string().len()).sum();
        Usage { input: prompt_tokens(prompt), output: tokens(text + calls), cached: 0 }
    }
}

/// A script has no tokenizer: its tokens are four bytes long.
pub(crate) fn prompt_tokens(prompt: &Prompt) -> u32 {
    let system = prompt.system.as_ref().map_or(0, String::len);
    let messages: usize = prompt.messages.iter().map(message_bytes).sum();
    let tools: usize = prompt.tools.iter().map(|tool| tool.name.len() + tool.input_schema.to_string().len()).sum();
    tokens(system + messages + tools)
}

fn message_bytes(message: &Message) -> usize {
    let bytes = |part: &Part| match part {
        Part::Text(text) => text.len(),
        Part::ToolCall { name, input, .. } => name.len() + input.to_string().len(),
        Part::ToolResult { content, .. } => content.len(),
    };
    message.parts.iter().map(bytes).sum()
}

fn tokens(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(4)).unwrap_or(u32::MAX)
}

fn no_arguments() -> Value {
    json!({})
}
