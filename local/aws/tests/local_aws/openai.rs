//! A server that speaks OpenAI's chat completions behind the port: here one that answers what a test gives it.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use local_aws::{Config, EngineChoice};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::{App, ask, config, events};

struct ModelServer {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
struct Asked {
    authorization: Option<String>,
    body: Value,
}

impl ModelServer {
    async fn answering(status: u16, body: String) -> ModelServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (seen, body) = (Arc::clone(&seen), body.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (seen, body) = (Arc::clone(&seen), body.clone());
                    async move {
                        assert_eq!(request.uri().path(), "/v1/chat/completions");
                        let key = request.headers().get("authorization").map(|key| key.to_str().unwrap().to_owned());
                        let asked = request.into_body().collect().await.unwrap().to_bytes();
                        let body_asked = serde_json::from_slice(&asked).unwrap();
                        seen.lock().unwrap().push(Asked { authorization: key, body: body_asked });
                        let response = Response::builder().status(status).body(Full::new(Bytes::from(body)));
                        Ok::<_, Infallible>(response.unwrap())
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        ModelServer { url, asked }
    }

    async fn streaming(chunks: &[Value]) -> ModelServer {
        let lines: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
        ModelServer::answering(200, format!(": comment\n{lines}data: [DONE]\n\n")).await
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn app(url: &str) -> App {
    let engine = EngineChoice::OpenAi { url: url.to_owned(), model: "qwen3".to_owned() };
    App::with(Config { engine, ..config(None) }).await
}

fn delta(delta: Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
}

fn finish(reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

#[tokio::test]
async fn text_is_streamed_and_counted() {
    let usage =
        json!({ "prompt_tokens": 20, "completion_tokens": 2, "prompt_tokens_details": { "cached_tokens": 12 } });
    let server = ModelServer::streaming(&[
        delta(json!({ "role": "assistant", "content": "" })),
        delta(json!({ "content": "Hé" })),
        delta(json!({ "content": "llo" })),
        finish("stop"),
        json!({ "choices": [], "usage": usage }),
    ])
    .await;
    let app = app(&server.url.replace("http://", "http://secret@")).await;
    let mut request = ask("hi");
    request["system"] = json!([{ "text": "Be brief." }]);
    request["inferenceConfig"] = json!({ "maxTokens": 9, "temperature": 0.5, "stopSequences": ["END"] });
    let told = events(app.post("/model/a.b/converse-stream", request).await.bytes().await.unwrap());
    assert_eq!(told[1].1["delta"]["text"], "Hé");
    let metadata = &told.last().unwrap().1;
    assert_eq!(metadata["usage"]["inputTokens"], 8);
    assert_eq!(metadata["usage"]["cacheReadInputTokens"], 12);
    assert_eq!(metadata["usage"]["totalTokens"], 22);

    let asked = server.asked().remove(0);
    assert_eq!(asked.authorization.as_deref(), Some("Bearer secret"));
    assert_eq!(
        asked.body,
        json!({
            "model": "qwen3",
            "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "hi" }],
            "max_tokens": 9,
            "temperature": 0.5,
            "stop": ["END"],
            "stream": true,
            "stream_options": { "include_usage": true },
        })
    );
}

#[tokio::test]
async fn tool_calls_are_put_together() {
    let call = |index: u32, id: Option<&str>, name: Option<&str>, arguments: &str| {
        delta(
            json!({ "tool_calls": [{ "index": index, "id": id, "function": { "name": name, "arguments": arguments } }] }),
        )
    };
    let server = ModelServer::streaming(&[
        call(0, Some("call_1"), Some("add"), ""),
        call(0, None, None, "{\"x\":"),
        call(0, None, None, "1}"),
        call(1, Some("call 2"), Some("ping"), ""),
        finish("tool_calls"),
    ])
    .await;
    let app = app(&server.url).await;
    let request = json!({
        "messages": [
            { "role": "user", "content": [{ "text": "1 + 1?" }] },
            { "role": "assistant", "content": [{ "toolUse": { "toolUseId": "t1", "name": "add", "input": { "x": 1 } } }] },
            { "role": "user", "content": [{ "toolResult": { "toolUseId": "t1", "content": [{ "json": { "sum": 2 } }] } }, { "text": "Again." }] },
        ],
        "toolConfig": {
            "tools": [{ "toolSpec": { "name": "add", "description": "adds", "inputSchema": { "json": { "type": "object" } } } }],
            "toolChoice": { "tool": { "name": "add" } },
        },
    });
    let answer: Value = app.post("/model/a.b/converse", request).await.json().await.unwrap();
    let content = answer["output"]["message"]["content"].as_array().unwrap();
    assert_eq!(content[0]["toolUse"], json!({ "toolUseId": "call_1", "name": "add", "input": { "x": 1 } }));
    assert_eq!((&content[1]["toolUse"]["name"], &content[1]["toolUse"]["input"]), (&json!("ping"), &json!({})));
    assert!(content[1]["toolUse"]["toolUseId"].as_str().unwrap().starts_with("tooluse_"));
    assert_eq!(answer["stopReason"], "tool_use");

    let asked = server.asked().remove(0).body;
    assert_eq!(
        asked["messages"],
        json!([
            { "role": "user", "content": "1 + 1?" },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "t1", "type": "function", "function": { "name": "add", "arguments": "{\"x\":1}" } }] },
            { "role": "tool", "tool_call_id": "t1", "content": "{\"sum\":2}" },
            { "role": "user", "content": "Again." },
        ])
    );
    assert_eq!(asked["tool_choice"], json!({ "type": "function", "function": { "name": "add" } }));
}

#[tokio::test]
async fn tool_calls_are_told_apart() {
    let call = |index: u32, id: Option<&str>, name: Option<&str>, arguments: &str| {
        let function = json!({ "name": name, "arguments": arguments });
        delta(json!({ "tool_calls": [{ "index": index, "id": id, "function": function }] }))
    };
    let (add, ping) = (json!({ "x": 1 }), json!({ "y": 2 }));
    for (manner, chunks) in [
        (
            "one index for all, and the identifier only at first",
            [
                call(0, Some("a"), Some("add"), "{\"x\""),
                call(0, None, None, ":1}"),
                call(0, Some("b"), Some("ping"), "{\"y\""),
                call(0, None, None, ":2}"),
            ],
        ),
        (
            "one index for all, and everything repeated, in turns",
            [
                call(0, Some("a"), Some("add"), "{\"x\""),
                call(0, Some("b"), Some("ping"), "{\"y\""),
                call(0, Some("b"), Some("ping"), ":2}"),
                call(0, Some("a"), Some("add"), ":1}"),
            ],
        ),
        (
            "indexes from one on, in turns, and empty identifiers",
            [
                call(1, Some("a"), Some("add"), "{\"x\""),
                call(2, Some("b"), Some("ping"), "{\"y\""),
                call(1, Some(""), Some(""), ":1}"),
                call(2, Some(""), Some(""), ":2}"),
            ],
        ),
    ] {
        let server = ModelServer::streaming(&[&chunks[..], &[finish("tool_calls")]].concat()).await;
        let answer: Value = app(&server.url).await.post("/model/a.b/converse", ask("hi")).await.json().await.unwrap();
        let expected = json!([
            { "toolUse": { "toolUseId": "a", "name": "add", "input": add } },
            { "toolUse": { "toolUseId": "b", "name": "ping", "input": ping } },
        ]);
        assert_eq!(answer["output"]["message"]["content"], expected, "{manner}");
    }

    for broken in [call(0, None, None, "{}"), call(0, Some("a"), None, "{}")] {
        let server = ModelServer::streaming(&[broken, finish("tool_calls")]).await;
        assert_eq!(app(&server.url).await.post("/model/a.b/converse", ask("hi")).await.status(), 424);
    }
}

#[tokio::test]
async fn the_servers_refusals_become_bedrocks() {
    for (status, body, expected_status, expected) in [
        (400, r#"{"error":{"message":"context too long"}}"#, 400, "context too long"),
        (401, r#"{"error":"bad key"}"#, 403, "bad key"),
        (404, r#"{"error":{"message":"model not found"}}"#, 404, "model not found"),
        (429, "slow down", 429, "slow down"),
        (500, "{}", 424, "answered 500"),
        (503, "loading", 503, "loading"),
    ] {
        let server = ModelServer::answering(status, body.to_owned()).await;
        let response = app(&server.url).await.post("/model/a.b/converse-stream", ask("hi")).await;
        assert_eq!(response.status(), expected_status, "{status}");
        let message = response.text().await.unwrap();
        assert!(message.contains(expected), "{status}: {message}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let response = app(&url).await.post("/model/a.b/converse", ask("hi")).await;
    assert_eq!(response.status(), 503);
    let message = response.text().await.unwrap();
    assert!(message.contains(&url) && message.contains("is it running?"), "{message}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error() {
    for chunks in [vec![delta(json!({ "content": "a" }))], vec![json!({ "error": { "message": "out of memory" } })]] {
        let server = ModelServer::streaming(&chunks).await;
        let app = app(&server.url).await;
        assert_eq!(app.post("/model/a.b/converse", ask("hi")).await.status(), 424);
        let bytes = app.post("/model/a.b/converse-stream", ask("hi")).await.bytes().await.unwrap();
        assert_eq!(events(bytes).pop().unwrap().0[0].1, "modelStreamErrorException");
    }
}

#[tokio::test]
async fn tokens_are_what_the_server_counts() {
    let count = |server: ModelServer| async move {
        let response =
            app(&server.url).await.post("/model/a.b/count-tokens", json!({ "input": { "converse": ask("hi") } })).await;
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let counts = r#"{"choices":[],"usage":{"prompt_tokens":31,"completion_tokens":1}}"#;
    assert_eq!(count(ModelServer::answering(200, counts.to_owned()).await).await, (200, json!({ "inputTokens": 31 })));
    let (status, error) = count(ModelServer::answering(200, r#"{"choices":[]}"#.to_owned()).await).await;
    assert_eq!(
        (status, error["message"].as_str().unwrap()),
        (400, "The provided model doesn't support counting tokens.")
    );
}
