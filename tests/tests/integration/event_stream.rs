//! A response of server-sent events, read as strictly as the AI SDK's protocol is written.

use reqwest::Response;
use serde_json::{Value, json};

pub(crate) struct EventStream {
    response: Response,
    unread: Vec<u8>,
}

impl EventStream {
    #[track_caller]
    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(headers["x-vercel-ai-ui-message-stream"], "v1");
        assert_eq!(headers["cache-control"], "no-store");
        Self { response, unread: Vec::new() }
    }

    /// The next part, or the text `[DONE]`; none after that.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.unread.drain(..end + 2).collect();
                return Some(part(std::str::from_utf8(&event).unwrap().trim_end_matches('\n')));
            }
            match self.response.chunk().await.unwrap() {
                Some(bytes) => self.unread.extend_from_slice(&bytes),
                None => {
                    assert!(self.unread.is_empty(), "the stream ended inside an event");
                    return None;
                }
            }
        }
    }

    /// Reads on to the first part of a kind.
    pub(crate) async fn find(&mut self, kind: &str) -> Value {
        while let Some(part) = self.next().await {
            if part["type"] == kind {
                return part;
            }
        }
        panic!("the stream has no {kind}");
    }

    /// All parts that are left; `[DONE]` must be the last.
    pub(crate) async fn rest(mut self) -> Vec<Value> {
        let mut parts = Vec::new();
        while let Some(part) = self.next().await {
            parts.push(part);
        }
        assert_eq!(parts.pop(), Some(json!("[DONE]")));
        parts
    }
}

/// The parts of a body that was read whole; `[DONE]` must be the last.
pub(crate) fn parts(body: &str) -> Vec<Value> {
    assert!(body.ends_with("\n\n"), "the stream ended inside an event: {body}");
    let mut parts: Vec<Value> = body.split_terminator("\n\n").map(part).collect();
    assert_eq!(parts.pop(), Some(json!("[DONE]")));
    parts
}

/// The answer's text out of a stream's parts.
pub(crate) fn text_of(parts: &[Value]) -> String {
    let deltas = parts.iter().filter(|part| part["type"] == "text-delta");
    deltas.map(|part| part["delta"].as_str().unwrap()).collect()
}

/// The kinds of parts in their order.
pub(crate) fn kinds(parts: &[Value]) -> Vec<&str> {
    parts.iter().map(|part| part["type"].as_str().unwrap()).collect()
}

fn part(event: &str) -> Value {
    let data = event.strip_prefix("data: ").unwrap_or_else(|| panic!("no data: {event}"));
    assert!(!data.contains(['\n', '\r']), "more than one line: {event}");
    match data {
        "[DONE]" => json!(data),
        json => serde_json::from_str(json).unwrap(),
    }
}
