//! Converse's answer in our words, whole or piece by piece.

use std::{collections::VecDeque, time::Duration};

use aws_sdk_bedrockruntime::{
    operation::converse::ConverseOutput as Output,
    primitives::event_stream::EventReceiver,
    types::{
        ContentBlock, ContentBlockDelta, ContentBlockStart, ConverseOutput, ConverseStreamOutput, TokenUsage,
        error::ConverseStreamOutputError,
    },
};
use aws_smithy_types::{Document, Number};
use serde_json::Value;

use super::failure::Failure;
use crate::{
    conversation::{StopReason, ToolUse, Usage},
    error::ModelError,
    model::Piece,
};

type Receiver = EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>;

/// The pieces of a reply, as they come or all at hand.
#[derive(Debug)]
pub(in crate::model) struct Pieces {
    ready: VecDeque<Piece>,
    live: Option<Live>,
}

/// A stream that has not ended.
#[derive(Debug)]
struct Live {
    receiver: Receiver,
    timeout: Duration,
    /// The tool use whose input is coming in, as JSON text.
    tool_use: Option<(String, String, String)>,
    stop_reason: Option<StopReason>,
    usage: Usage,
}

impl Pieces {
    pub(super) fn whole(output: Output) -> Result<Self, Failure> {
        let Some(ConverseOutput::Message(message)) = output.output else {
            return Err(Failure::new(ModelError::BrokeOff));
        };
        let mut ready: VecDeque<Piece> = message.content.into_iter().filter_map(piece).collect();
        ready.push_back(Piece::End {
            stop_reason: StopReason(output.stop_reason.as_str().to_owned()),
            usage: output.usage.as_ref().map(usage).unwrap_or_default(),
        });
        Ok(Self { ready, live: None })
    }

    /// Waits for the first piece.
    pub(super) async fn live(receiver: Receiver, timeout: Duration) -> Result<Self, Failure> {
        let live = Live { receiver, timeout, tool_use: None, stop_reason: None, usage: Usage::default() };
        let mut pieces = Self { ready: VecDeque::new(), live: Some(live) };
        if let Some(first) = pieces.next().await {
            pieces.ready.push_back(first?);
        }
        Ok(pieces)
    }

    pub(in crate::model) async fn next(&mut self) -> Option<Result<Piece, Failure>> {
        if let Some(piece) = self.ready.pop_front() {
            return Some(Ok(piece));
        }
        let piece = self.live.as_mut()?.next().await;
        if !matches!(piece, Ok(Piece::Text(_) | Piece::ToolUse(_))) {
            self.live = None;
        }
        Some(piece)
    }
}

impl Live {
    async fn next(&mut self) -> Result<Piece, Failure> {
        loop {
            let received = tokio::time::timeout(self.timeout, self.receiver.recv()).await;
            let received = received.map_err(|_| Failure::new(ModelError::TimedOut))?;
            let Some(event) = received.map_err(Failure::from_stream)? else { return self.end() };
            if let Some(piece) = self.take(event)? {
                return Ok(piece);
            }
        }
    }

    fn take(&mut self, event: ConverseStreamOutput) -> Result<Option<Piece>, Failure> {
        match event {
            ConverseStreamOutput::ContentBlockStart(start) => {
                if let Some(ContentBlockStart::ToolUse(tool_use)) = start.start {
                    self.tool_use = Some((tool_use.tool_use_id, tool_use.name, String::new()));
                }
            }
            ConverseStreamOutput::ContentBlockDelta(delta) => match delta.delta {
                Some(ContentBlockDelta::Text(text)) if !text.is_empty() => return Ok(Some(Piece::Text(text))),
                Some(ContentBlockDelta::ToolUse(part)) => {
                    if let Some((_, _, input)) = &mut self.tool_use {
                        input.push_str(&part.input);
                    }
                }
                // Reasoning and what else models may send is not part of the answer.
                _ => {}
            },
            ConverseStreamOutput::ContentBlockStop(_) => {
                if let Some((id, name, input)) = self.tool_use.take() {
                    return Ok(Some(Piece::ToolUse(ToolUse { id, name, input: tool_input(&input)? })));
                }
            }
            ConverseStreamOutput::MessageStop(stop) => {
                self.stop_reason = Some(StopReason(stop.stop_reason.as_str().to_owned()));
            }
            ConverseStreamOutput::Metadata(metadata) => {
                self.usage = metadata.usage.as_ref().map(usage).unwrap_or_default();
            }
            _ => {}
        }
        Ok(None)
    }

    /// A stream that ends without saying why the model stopped was cut.
    fn end(&mut self) -> Result<Piece, Failure> {
        let stop_reason = self.stop_reason.take().ok_or_else(|| Failure::new(ModelError::BrokeOff))?;
        Ok(Piece::End { stop_reason, usage: self.usage })
    }
}

/// A tool without parameters gets no input at all in a stream.
fn tool_input(json: &str) -> Result<Value, Failure> {
    if json.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_str(json).map_err(|_| Failure::new(ModelError::BrokeOff))
}

fn piece(block: ContentBlock) -> Option<Piece> {
    match block {
        ContentBlock::Text(text) => Some(Piece::Text(text)),
        ContentBlock::ToolUse(tool_use) => Some(Piece::ToolUse(ToolUse {
            id: tool_use.tool_use_id,
            name: tool_use.name,
            input: json(&tool_use.input),
        })),
        _ => None,
    }
}

fn usage(tokens: &TokenUsage) -> Usage {
    let count = |tokens: i32| u32::try_from(tokens).unwrap_or_default();
    Usage {
        input_tokens: count(tokens.input_tokens),
        output_tokens: count(tokens.output_tokens),
        cache_read_tokens: count(tokens.cache_read_input_tokens.unwrap_or_default()),
        cache_write_tokens: count(tokens.cache_write_input_tokens.unwrap_or_default()),
    }
}

fn json(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(value) => Value::Bool(*value),
        Document::String(text) => Value::String(text.clone()),
        Document::Array(items) => Value::Array(items.iter().map(json).collect()),
        Document::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
        Document::Number(Number::PosInt(number)) => Value::from(*number),
        Document::Number(Number::NegInt(number)) => Value::from(*number),
        Document::Number(Number::Float(number)) => Value::from(*number),
    }
}

pub(super) fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(fields) => {
            Document::Object(fields.iter().map(|(name, value)| (name.clone(), document(value))).collect())
        }
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Number::PosInt(number),
            (None, Some(number)) => Number::NegInt(number),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_way_through_documents() {
        let value = json!({"a": [1, -2, 2.5, null, true, "ü"], "b": {}});
        assert_eq!(super::json(&document(&value)), value);
    }

    #[test]
    fn a_tool_without_input_gets_an_empty_object() {
        assert_eq!(tool_input("").unwrap(), json!({}));
        assert!(tool_input("{\"a\":").is_err());
    }
}
