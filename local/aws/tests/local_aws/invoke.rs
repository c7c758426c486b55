//! InvokeModel in the format of Anthropic's messages, and CountTokens.

use aws_sdk_bedrockruntime::{
    primitives::Blob,
    types::{ConverseTokensRequest, CountTokensInput, InvokeModelTokensRequest, ResponseStream},
};
use serde_json::{Value, json};

use crate::{app::App, converse::user};

fn body(extra: Value) -> Value {
    let mut body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 64,
        "messages": [{ "role": "user", "content": "hello" }],
    });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_message_is_answered_whole() {
    let app = App::start().await;
    app.script(json!([{
        "text": "Adding.",
        "tool_calls": [{ "id": "toolu_1", "name": "add", "input": { "x": 1 } }],
        "usage": { "input": 9, "output": 4, "cached": 2 },
    }]))
    .await;
    let tools = json!([{ "name": "add", "description": "adds", "input_schema": { "type": "object" } }]);
    let request =
        body(json!({ "tools": tools, "tool_choice": { "type": "any" }, "system": [{ "type": "text", "text": "s" }] }));
    let response = app.post("/model/anthropic.claude-3/invoke", request).await;
    assert_eq!(response.headers()["x-amzn-bedrock-input-token-count"], "9");
    assert_eq!(response.headers()["x-amzn-bedrock-output-token-count"], "4");
    let mut answer: Value = response.json().await.unwrap();
    assert!(answer["id"].take().as_str().unwrap().starts_with("msg_bdrk_"));
    assert_eq!(
        answer,
        json!({
            "id": null,
            "type": "message",
            "role": "assistant",
            "model": "anthropic.claude-3",
            "content": [
                { "type": "text", "text": "Adding." },
                { "type": "tool_use", "id": "toolu_1", "name": "add", "input": { "x": 1 } },
            ],
            "stop_reason": "tool_use",
            "stop_sequence": null,
            "usage": { "input_tokens": 9, "output_tokens": 4, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 0 },
        })
    );
}

#[tokio::test]
async fn a_stream_is_anthropics_events_in_chunks() {
    let app = App::start().await;
    let stop = json!({ "chunks": ["a", "b"], "stop_reason": "stop_sequence", "stop_sequence": "END" });
    app.script(json!([stop, { "text": "a b", "fail_after_chunks": 1, "fail_with": "internalServerException" }])).await;
    let stream = || async {
        let blob = Blob::new(body(json!({ "stop_sequences": ["END"] })).to_string());
        app.bedrock().invoke_model_with_response_stream().model_id("a.b").body(blob).send().await.unwrap()
    };
    let mut answer = stream().await;
    let mut told: Vec<Value> = Vec::new();
    while let Some(ResponseStream::Chunk(part)) = answer.body.recv().await.unwrap() {
        told.push(serde_json::from_slice(part.bytes().unwrap().as_ref()).unwrap());
    }
    let kinds: Vec<&str> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    assert_eq!(told[3]["delta"], json!({ "type": "text_delta", "text": "b" }));
    assert_eq!(told[5]["delta"], json!({ "stop_reason": "stop_sequence", "stop_sequence": "END" }));
    assert!(told[6]["amazon-bedrock-invocationMetrics"]["outputTokenCount"].is_u64());

    let mut failing = stream().await;
    let error = loop {
        match failing.body.recv().await {
            Ok(event) => assert!(event.is_some(), "the stream ended without its error"),
            Err(error) => break error.into_service_error(),
        }
    };
    assert!(error.is_internal_server_exception(), "{error:?}");
}

#[tokio::test]
async fn bodies_that_the_model_refuses() {
    let app = App::start().await;
    let call =
        json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": "t1", "name": "a", "input": {} }] });
    let user = json!({ "role": "user", "content": "hi" });
    let result = json!([{ "type": "tool_result", "tool_use_id": "t1", "content": "7" }]);
    for (request, expected) in [
        (json!({ "inputText": "hi" }), "required key [anthropic_version] not found"),
        (body(json!({ "anthropic_version": "2024" })), "anthropic_version"),
        (body(json!({ "max_tokens": 0 })), "max_tokens"),
        (body(json!({ "max_tokens": null })), "Malformed input request"),
        (body(json!({ "temperature": 2 })), "temperature: range: 0..1"),
        (body(json!({ "colour": "red" })), "unknown field `colour`"),
        (body(json!({ "messages": [] })), "first message must use the \"user\" role"),
        (body(json!({ "messages": [user, { "role": "assistant", "content": "ho" }] })), "must end with a user message"),
        (body(json!({ "messages": [{ "role": "user", "content": " " }] })), "must contain non-whitespace text"),
        (
            body(json!({ "messages": [{ "role": "user", "content": [{ "type": "image", "source": {} }] }] })),
            "reads text only",
        ),
        (body(json!({ "messages": [user, call, user] })), "`tool_use` ids were found without `tool_result`"),
        (
            body(json!({ "messages": [{ "role": "user", "content": call["content"] }] })),
            "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages",
        ),
        (
            body(json!({ "messages": [user, { "role": "assistant", "content": result }, user] })),
            "messages.1.content.0: `tool_result` blocks can only be in `user` messages",
        ),
        (body(json!({ "stop_sequences": [" "] })), "must contain non-whitespace"),
        (body(json!({ "tool_choice": { "type": "tool", "name": "a" } })), "not found in provided tools"),
    ] {
        let response = app.post("/model/a.b/invoke", request.clone()).await;
        assert_eq!(response.status(), 400, "{request}");
        let message = response.text().await.unwrap();
        assert!(message.contains(&expected.replace('"', "\\\"")), "{request}: {message}");
    }
}

#[tokio::test]
async fn tokens_are_counted_for_both_kinds_of_requests() {
    let app = App::start().await;
    let bedrock = app.bedrock();
    let converse = CountTokensInput::Converse(ConverseTokensRequest::builder().messages(user("twelve chars")).build());
    let counted = bedrock.count_tokens().model_id("a.b").input(converse).send().await.unwrap();
    assert_eq!(counted.input_tokens(), 3);

    let blob = Blob::new(body(json!({ "messages": [{ "role": "user", "content": "twelve chars" }] })).to_string());
    let invoke = CountTokensInput::InvokeModel(InvokeModelTokensRequest::builder().body(blob).build().unwrap());
    let counted = bedrock.count_tokens().model_id("a.b").input(invoke).send().await.unwrap();
    assert_eq!(counted.input_tokens(), 3);

    for request in [json!({}), json!({ "input": {} }), json!({ "input": { "invokeModel": { "body": "%" } } })] {
        assert_eq!(app.post("/model/a.b/count-tokens", request.clone()).await.status(), 400, "{request}");
    }
}
