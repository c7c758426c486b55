//! A turn as server-sent events, in version 1 of the AI SDK's *UI message stream* protocol
//! (<https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol>), so that `useChat` front ends read it.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures::Stream;
use lambda_http::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    lambda_runtime,
};
use serde_json::{Value, json};

use super::{answer::facts, problem::Problem};
use crate::{
    conversation::{SessionId, StopReason, TurnId},
    error::Error,
    events::{Completed, Event, Signal, Signals},
    findings::{Attempt, Rows},
    grounding::Citation,
};

/// A response body: server-sent events while a turn goes on, or bytes that are known whole.
#[derive(Debug)]
pub struct EventStream {
    ready: VecDeque<Bytes>,
    turn: Option<(Signals, Encoder)>,
}

impl EventStream {
    pub(super) fn whole(body: Bytes) -> Self {
        Self { ready: VecDeque::from([body]), turn: None }
    }
}

impl Stream for EventStream {
    type Item = Result<Bytes, lambda_runtime::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(bytes) = self.ready.pop_front() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        let Some((signals, encoder)) = &mut self.turn else { return Poll::Ready(None) };
        let signal = Signal::or_died(ready!(signals.poll_recv(context)));
        let bytes = encoder.encode(&signal);
        if matches!(signal, Signal::Ended(_)) {
            self.turn = None;
        }
        Poll::Ready(Some(Ok(bytes.into())))
    }
}

/// Waits until there is something to tell. A turn that fails before has an error of its own instead of a stream, and
/// its status is the error's.
pub(super) async fn begin(mut signals: Signals) -> Result<EventStream, Error> {
    let mut encoder = Encoder::default();
    let mut ready = VecDeque::new();
    loop {
        let signal = Signal::or_died(signals.recv().await);
        let is_told = match signal {
            Signal::Started { .. } => false,
            Signal::Event(
                Event::Text(_) | Event::Replied { .. } | Event::Unanswerable | Event::Found(_) | Event::Chart(_),
            ) => true,
            // A query that would have been run can be all there is to tell.
            Signal::Event(Event::Attempted(Attempt { ref error, .. })) => error.is_none(),
            Signal::Event(
                Event::Searched { .. } | Event::Cited(_) | Event::Schema { .. } | Event::Recalled(_) | Event::Spent(_),
            ) => false,
            Signal::Ended(Err(error)) => return Err(error),
            Signal::Ended(Ok(_)) => {
                ready.push_back(encoder.encode(&signal).into());
                return Ok(EventStream { ready, turn: None });
            }
        };
        ready.push_back(encoder.encode(&signal).into());
        if is_told {
            return Ok(EventStream { ready, turn: Some((signals, encoder)) });
        }
    }
}

pub(super) fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
        (HeaderName::from_static("x-vercel-ai-ui-message-stream"), HeaderValue::from_static("v1")),
        // Proxies that buffer by default are told not to.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ])
}

/// What has been opened and must be closed.
#[derive(Debug, Default)]
struct Encoder {
    text_is_open: bool,
    texts: u32,
    /// Numbers of the passages that the reader knows of.
    cited: Vec<usize>,
}

impl Encoder {
    fn encode(&mut self, signal: &Signal) -> String {
        let mut out = String::new();
        match signal {
            Signal::Started { session, turn } => self.started(*session, *turn, &mut out),
            Signal::Event(Event::Text(text)) => {
                if !self.text_is_open {
                    self.text_is_open = true;
                    push(&mut out, &json!({"type": "text-start", "id": self.texts.to_string()}));
                }
                push(&mut out, &json!({"type": "text-delta", "id": self.texts.to_string(), "delta": text}));
            }
            Signal::Event(Event::Searched { query, source }) => {
                push(&mut out, &json!({"type": "data-search", "data": {"query": query, "source": source}}));
            }
            Signal::Event(Event::Cited(citation)) => {
                if !self.cited.contains(&citation.number) {
                    self.cited.push(citation.number);
                    push(&mut out, &source(citation));
                }
            }
            Signal::Event(Event::Schema { database, tables, left_out }) => {
                let schema = json!({"database": database, "tables": tables, "tables_left_out": left_out});
                push(&mut out, &json!({"type": "data-schema", "data": schema}));
            }
            Signal::Event(Event::Attempted(attempt)) => push(&mut out, &json!({"type": "data-sql", "data": attempt})),
            Signal::Event(Event::Found(found)) => push(&mut out, &json!({"type": "data-rows", "data": rows(found)})),
            Signal::Event(Event::Chart(chart)) => push(&mut out, &json!({"type": "data-chart", "data": chart})),
            // What it means for the answer stands at the end.
            Signal::Event(Event::Unanswerable | Event::Recalled(_) | Event::Spent(_)) => {}
            Signal::Event(Event::Replied { .. }) => self.close_text(&mut out),
            Signal::Ended(outcome) => {
                self.close_text(&mut out);
                match outcome {
                    Ok(completed) => finish(completed, &mut out),
                    Err(error) => fail(error, &mut out),
                }
                out.push_str("data: [DONE]\n\n");
            }
        }
        out
    }

    fn started(&self, session: SessionId, turn: TurnId, out: &mut String) {
        let metadata = json!({"session_id": session, "message_id": turn});
        push(out, &json!({"type": "start", "messageId": turn, "messageMetadata": metadata}));
        push(out, &json!({"type": "start-step"}));
    }

    fn close_text(&mut self, out: &mut String) {
        if self.text_is_open {
            push(out, &json!({"type": "text-end", "id": self.texts.to_string()}));
            self.text_is_open = false;
            self.texts += 1;
        }
    }
}

fn rows(found: &Rows) -> Value {
    json!({
        "columns": found.columns,
        "rows": found.rows,
        "row_count": found.rows.len(),
        "truncated": found.is_truncated,
        "data_scanned_bytes": found.data_scanned_bytes,
    })
}

/// Only an address that a browser can follow is a `source-url`.
fn source(Citation { number, passage, .. }: &Citation) -> Value {
    let id = number.to_string();
    let title = passage.title.as_ref().unwrap_or(&passage.document_id);
    match &passage.uri {
        Some(uri) if uri.starts_with("https://") || uri.starts_with("http://") => {
            json!({"type": "source-url", "sourceId": id, "url": uri, "title": title})
        }
        _ => {
            let file = passage.document_id.rsplit('/').next();
            json!({"type": "source-document", "sourceId": id, "mediaType": "text/plain", "title": title, "filename": file})
        }
    }
}

fn finish(completed: &Completed, out: &mut String) {
    push(out, &json!({"type": "finish-step"}));
    push(out, &json!({"type": "data-usage", "data": completed.answer.usage}));
    let reason = completed.answer.stop_reason.as_ref().map_or("stop", finish_reason);
    push(out, &json!({"type": "finish", "finishReason": reason, "messageMetadata": facts(completed)}));
}

fn fail(error: &Error, out: &mut String) {
    let problem = Problem::of(error);
    push(out, &json!({"type": "data-problem", "data": problem.document(""), "transient": true}));
    push(out, &json!({"type": "error", "errorText": format!("{}: {}", problem.code, problem.detail)}));
}

/// Converse's stop reasons in the AI SDK's words.
fn finish_reason(stop_reason: &StopReason) -> &'static str {
    match stop_reason.0.as_str() {
        "end_turn" | "stop_sequence" => "stop",
        "max_tokens" | "model_context_window_exceeded" => "length",
        "tool_use" => "tool-calls",
        "content_filtered" | "guardrail_intervened" => "content-filter",
        _ => "other",
    }
}

fn push(out: &mut String, part: &Value) {
    out.push_str("data: ");
    out.push_str(&part.to_string());
    out.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{QueryError, Source},
        events::Events,
        findings::Column,
    };

    fn schema() -> Event {
        Event::Schema { database: "d".to_owned(), tables: vec!["t".to_owned()], left_out: 1 }
    }

    fn attempted(error: Option<&str>) -> Event {
        Event::Attempted(Attempt { sql: "SELECT 1".to_owned(), error: error.map(str::to_owned) })
    }

    fn found() -> Event {
        Event::Found(Rows {
            columns: vec![Column { name: "n".to_owned(), kind: "bigint".to_owned() }],
            rows: vec![vec![json!(1)]],
            is_truncated: false,
            data_scanned_bytes: 9,
        })
    }

    /// A turn that sends these events and ends well.
    fn turn(sent: impl IntoIterator<Item = Event>) -> (Events, Signals) {
        let (events, signals) = Events::new();
        sent.into_iter().for_each(|event| events.send(event));
        let (session, turn) = (SessionId::new(), TurnId::new());
        let completed = Completed { session, turn, answer: events.answer(), latency_ms: 1 };
        events.signal(Signal::Ended(Ok(completed)));
        (events, signals)
    }

    #[tokio::test]
    async fn an_error_after_attempts_in_vain_is_still_a_status() {
        let (events, signals) = Events::new();
        events.send(schema());
        events.send(attempted(Some("no")));
        let source: Option<Source> = None;
        events.signal(Signal::Ended(Err(Error::Query { kind: QueryError::TimedOut, source })));
        let outcome = begin(signals).await;
        assert!(matches!(outcome, Err(Error::Query { kind: QueryError::TimedOut, .. })));
    }

    #[tokio::test]
    async fn a_stream_begins_with_the_first_thing_that_is_an_answer() {
        for first in [found(), attempted(None), Event::Unanswerable, Event::Text("a".to_owned())] {
            let (_events, signals) = turn([schema(), attempted(Some("no")), first.clone()]);
            let stream = begin(signals).await.unwrap();
            assert!(stream.turn.is_some(), "{first:?} begins the stream, before the turn has ended");
            assert_eq!(stream.ready.len(), 3);
        }
    }

    #[tokio::test]
    async fn what_is_found_is_told_in_parts_and_rows_are_told_once() {
        let chart = Event::Chart(json!({"mark": "bar"}));
        let (_events, mut signals) = turn([schema(), attempted(None), found(), chart]);
        let mut encoder = Encoder::default();
        let mut text = String::new();
        while let Ok(signal) = signals.try_recv() {
            text.push_str(&encoder.encode(&signal));
        }
        let parts: Vec<Value> =
            text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
        let data = |kind: &str| parts.iter().find(|part| part["type"] == kind).unwrap()["data"].clone();
        assert_eq!(data("data-schema"), json!({"database": "d", "tables": ["t"], "tables_left_out": 1}));
        assert_eq!(data("data-sql"), json!({"sql": "SELECT 1", "error": null}));
        assert_eq!(data("data-rows")["rows"], json!([[1]]));
        assert_eq!(data("data-rows")["columns"], json!([{"name": "n", "type": "bigint"}]));
        assert_eq!(data("data-chart"), json!({"mark": "bar"}));
        let facts = &parts.last().unwrap()["messageMetadata"];
        assert_eq!(
            (&facts["row_count"], &facts["sql"], &facts["answerable"]),
            (&json!(1), &json!("SELECT 1"), &json!(true))
        );
        assert_eq!((facts.get("rows"), facts.get("columns"), facts.get("chart")), (None, None, None));
    }
}
