//! Converse and ConverseStream: an engine's pieces as one message, or as events.

use std::time::Instant;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{
    Call, frame, latency_ms,
    request::ConverseRequest,
    rules,
    telling::{Block, gathered, told},
};
use crate::{
    engine::{Piece, Pieces, Stop, Usage},
    reply::{Body, Refusal, json_reply},
    server::Failure,
};

pub(super) async fn whole(call: &Call<'_>, body: Value) -> Result<Response<Body>, Failure> {
    let (pieces, manner) = begin(call, body).await?;
    let answer = gathered(pieces).await?;
    let content: Vec<Value> = answer.blocks.into_iter().map(block_value).collect();
    let mut value = json!({
        "metrics": { "latencyMs": latency_ms(call.began) },
        "output": { "message": { "content": content, "role": "assistant" } },
        "stopReason": answer.stop.reason,
        "usage": manner.usage(answer.usage),
    });
    if let Some(fields) = manner.additional_fields(&answer.stop) {
        value["additionalModelResponseFields"] = fields;
    }
    Ok(json_reply(StatusCode::OK, "application/json", &value))
}

pub(super) async fn streamed(call: &Call<'_>, body: Value) -> Result<Response<Body>, Failure> {
    let (pieces, manner) = begin(call, body).await?;
    let mut telling = Telling { manner, began: call.began, open: None, next_index: 0 };
    let start = frame::event("messageStart", json!({ "role": "assistant" }));
    Ok(frame::event_stream(told(start, pieces, move |piece| telling.tell(piece))))
}

/// How this request's answer is written.
struct Manner {
    shows_cache: bool,
    response_fields: Vec<String>,
}

async fn begin(call: &Call<'_>, body: Value) -> Result<(Pieces, Manner), Failure> {
    let mut request: ConverseRequest =
        serde_json::from_value(body).map_err(|error| Refusal::serialization(error.to_string()))?;
    rules::check(&request, call.model_id)?;
    let manner = Manner {
        // Anthropic's models always tell, others when they were asked to cache; recorded traffic shows it.
        shows_cache: call.model_id.contains("anthropic.") || request.has_cache_point(),
        response_fields: request.additional_model_response_field_paths.take().unwrap_or_default(),
    };
    let pieces = call.engine.converse(request.into_prompt()?).await?;
    Ok((pieces, manner))
}

impl Manner {
    /// What was computed for an earlier request counts as read from the cache, and never as input.
    fn usage(&self, usage: Usage) -> Value {
        let mut value = json!({
            "inputTokens": usage.input,
            "outputTokens": usage.output,
            "serverToolUsage": {},
            "totalTokens": u64::from(usage.input) + u64::from(usage.cached) + u64::from(usage.output),
        });
        if self.shows_cache || usage.cached > 0 {
            value["cacheReadInputTokenCount"] = json!(usage.cached);
            value["cacheReadInputTokens"] = json!(usage.cached);
            value["cacheWriteInputTokenCount"] = json!(0);
            value["cacheWriteInputTokens"] = json!(0);
        }
        value
    }

    /// Of the fields that a model's own answer would have, there is the stop sequence.
    fn additional_fields(&self, stop: &Stop) -> Option<Value> {
        let asked = self.response_fields.iter().any(|path| path == "/stop_sequence");
        asked.then(|| json!({ "stop_sequence": stop.sequence }))
    }
}

/// An answer on its way, block by block.
struct Telling {
    manner: Manner,
    began: Instant,
    /// The index of the text block that is open.
    open: Option<usize>,
    next_index: usize,
}

impl Telling {
    fn tell(&mut self, piece: Piece) -> Vec<Bytes> {
        match piece {
            Piece::Text(text) => vec![self.text(&text)],
            Piece::ToolCall { id, name, input } => self.tool_call(&id, &name, &input),
            Piece::End { stop, usage } => self.end(&stop, usage),
        }
    }

    /// A block of text begins with its first part, without an event of its own.
    fn text(&mut self, text: &str) -> Bytes {
        let index = match self.open {
            Some(index) => index,
            None => self.new_index(),
        };
        self.open = Some(index);
        frame::event("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": { "text": text } }))
    }

    fn tool_call(&mut self, id: &str, name: &str, input: &Value) -> Vec<Bytes> {
        let mut frames: Vec<Bytes> = self.close().into_iter().collect();
        let index = self.new_index();
        let start = json!({ "toolUse": { "name": name, "toolUseId": id } });
        let delta = json!({ "toolUse": { "input": input.to_string() } });
        frames.push(frame::event("contentBlockStart", json!({ "contentBlockIndex": index, "start": start })));
        frames.push(frame::event("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta })));
        frames.push(frame::event("contentBlockStop", json!({ "contentBlockIndex": index })));
        frames
    }

    fn end(&mut self, stop: &Stop, usage: Usage) -> Vec<Bytes> {
        let mut frames: Vec<Bytes> = self.close().into_iter().collect();
        let mut last = json!({ "stopReason": stop.reason });
        if let Some(fields) = self.manner.additional_fields(stop) {
            last["additionalModelResponseFields"] = fields;
        }
        let metrics = json!({ "latencyMs": latency_ms(self.began) });
        let metadata = json!({ "metrics": metrics, "usage": self.manner.usage(usage) });
        frames.push(frame::event("messageStop", last));
        frames.push(frame::event("metadata", metadata));
        frames
    }

    fn close(&mut self) -> Option<Bytes> {
        let index = self.open.take()?;
        Some(frame::event("contentBlockStop", json!({ "contentBlockIndex": index })))
    }

    fn new_index(&mut self) -> usize {
        self.next_index += 1;
        self.next_index - 1
    }
}

fn block_value(block: Block) -> Value {
    match block {
        Block::Text(text) => json!({ "text": text }),
        Block::ToolCall { id, name, input } => {
            json!({ "toolUse": { "input": input, "name": name, "toolUseId": id } })
        }
    }
}
