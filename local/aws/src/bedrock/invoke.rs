//! InvokeModel and InvokeModelWithResponseStream, for Anthropic's messages.

use std::time::Instant;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, request::Parts};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Call,
    anthropic::Request,
    frame, latency_ms,
    telling::{Block, gathered, told},
};
use crate::{
    engine::{Piece, Pieces, Stop, Usage},
    reply::{Body, json_reply, with_header},
    server::Failure,
};

pub(super) async fn whole(call: &Call<'_>, parts: &Parts, body: &Bytes) -> Result<Response<Body>, Failure> {
    let answer = gathered(begin(call, parts, body).await?).await?;
    let mut value = message(call.model_id, answer.usage);
    value["content"] = answer.blocks.into_iter().map(block_value).collect();
    value["stop_reason"] = json!(answer.stop.reason);
    value["stop_sequence"] = json!(answer.stop.sequence);
    let response = json_reply(StatusCode::OK, "application/json", &value);
    Ok(with_metrics(response, latency_ms(call.began), answer.usage))
}

pub(super) async fn streamed(call: &Call<'_>, parts: &Parts, body: &Bytes) -> Result<Response<Body>, Failure> {
    let pieces = begin(call, parts, body).await?;
    let mut telling = Telling { began: call.began, first_byte: latency_ms(call.began), open: None, next_index: 0 };
    // How long the prompt was, the engines tell at the end.
    let message = message(call.model_id, Usage::default());
    let start = chunk(&json!({ "type": "message_start", "message": message }));
    let response = frame::event_stream(told(start, pieces, move |piece| telling.tell(piece)));
    Ok(with_header(response, "x-amzn-bedrock-content-type", HeaderValue::from_static("application/json")))
}

async fn begin(call: &Call<'_>, parts: &Parts, body: &Bytes) -> Result<Pieces, Failure> {
    if parts.headers.contains_key("x-amzn-bedrock-guardrailidentifier") {
        tracing::warn!("a guardrail was asked for, and local-aws has none: nothing is checked");
    }
    call.engine.converse(Request::parse(body)?.into_prompt()?).await
}

/// An answer on its way, as Anthropic's events.
struct Telling {
    began: Instant,
    first_byte: u64,
    /// The index of the text block that is open.
    open: Option<usize>,
    next_index: usize,
}

impl Telling {
    fn tell(&mut self, piece: Piece) -> Vec<Bytes> {
        match piece {
            Piece::Text(text) => self.text(&text),
            Piece::ToolCall { id, name, input } => self.tool_call(&id, &name, &input),
            Piece::End { stop, usage } => self.end(&stop, usage),
        }
    }

    fn text(&mut self, text: &str) -> Vec<Bytes> {
        let mut frames = Vec::new();
        let index = match self.open {
            Some(index) => index,
            None => self.start(&json!({ "type": "text", "text": "" }), &mut frames),
        };
        self.open = Some(index);
        let delta = json!({ "type": "text_delta", "text": text });
        frames.push(chunk(&json!({ "type": "content_block_delta", "index": index, "delta": delta })));
        frames
    }

    fn tool_call(&mut self, id: &str, name: &str, input: &Value) -> Vec<Bytes> {
        let mut frames: Vec<Bytes> = self.close().into_iter().collect();
        let index = self.start(&json!({ "type": "tool_use", "id": id, "name": name, "input": {} }), &mut frames);
        let delta = json!({ "type": "input_json_delta", "partial_json": input.to_string() });
        frames.push(chunk(&json!({ "type": "content_block_delta", "index": index, "delta": delta })));
        frames.push(chunk(&json!({ "type": "content_block_stop", "index": index })));
        frames
    }

    fn end(&mut self, stop: &Stop, usage: Usage) -> Vec<Bytes> {
        let mut frames: Vec<Bytes> = self.close().into_iter().collect();
        let delta = json!({ "stop_reason": stop.reason, "stop_sequence": stop.sequence });
        frames.push(chunk(&json!({ "type": "message_delta", "delta": delta, "usage": usage_value(usage) })));
        let metrics = json!({
            "inputTokenCount": usage.input,
            "outputTokenCount": usage.output,
            "invocationLatency": latency_ms(self.began),
            "firstByteLatency": self.first_byte,
            "cacheReadInputTokenCount": usage.cached,
            "cacheWriteInputTokenCount": 0,
        });
        frames.push(chunk(&json!({ "type": "message_stop", "amazon-bedrock-invocationMetrics": metrics })));
        frames
    }

    fn start(&mut self, block: &Value, frames: &mut Vec<Bytes>) -> usize {
        let index = self.next_index;
        self.next_index += 1;
        frames.push(chunk(&json!({ "type": "content_block_start", "index": index, "content_block": block })));
        index
    }

    fn close(&mut self) -> Option<Bytes> {
        let index = self.open.take()?;
        Some(chunk(&json!({ "type": "content_block_stop", "index": index })))
    }
}

fn chunk(event: &Value) -> Bytes {
    frame::event("chunk", json!({ "bytes": BASE64_STANDARD.encode(event.to_string()) }))
}

fn message(model_id: &str, usage: Usage) -> Value {
    json!({
        "id": format!("msg_bdrk_{}", Uuid::now_v7().simple()),
        "type": "message",
        "role": "assistant",
        "model": model_id,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage_value(usage),
    })
}

fn usage_value(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
    })
}

fn with_metrics(mut response: Response<Body>, latency_ms: u64, usage: Usage) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert("x-amzn-bedrock-invocation-latency", latency_ms.into());
    headers.insert("x-amzn-bedrock-input-token-count", usage.input.into());
    headers.insert("x-amzn-bedrock-output-token-count", usage.output.into());
    headers.insert("x-amzn-bedrock-cache-read-input-token-count", usage.cached.into());
    headers.insert("x-amzn-bedrock-cache-write-input-token-count", 0.into());
    response
}

fn block_value(block: Block) -> Value {
    match block {
        Block::Text(text) => json!({ "type": "text", "text": text }),
        Block::ToolCall { id, name, input } => json!({ "type": "tool_use", "id": id, "name": name, "input": input }),
    }
}
