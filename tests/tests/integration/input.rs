//! Requests that are wrong: each is refused with the name of what is wrong, and none reaches a model.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, answer};

async fn post(app: &TestApp, content_type: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
    let mut request = app.request(Method::POST, "/chat");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    answer(request.body(body)).await
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    let app = TestApp::start().await;
    let body = r#"{"message": "Hello"}"#;
    for content_type in
        ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp", "json", ";"]
    {
        post(&app, Some(content_type), body).await.problem(415, "unsupported_media_type");
    }
    post(&app, None, body).await.problem(415, "unsupported_media_type");
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
    for content_type in
        ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8"]
    {
        post(&app, Some(content_type), body).await.ok();
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    for (body, field) in [
        // No object at all.
        ("", "body"),
        (" ", "body"),
        ("null", "body"),
        ("[]", "body"),
        (r#""message""#, "body"),
        ("42", "body"),
        ("{", "body"),
        (r#"{"message": "m""#, "body"),
        (r#"{"message": "m"} {"message": "m"}"#, "body"),
        (r#"{"message": "m"}x"#, "body"),
        ("\u{feff}{\"message\": \"m\"}", "body"),
        // Missing, unknown, doubled.
        ("{}", "message"),
        (r#"{"mesage": "m"}"#, "mesage"),
        (r#"{"message": "m", "stream": true}"#, "stream"),
        (r#"{"message": "m", "Message": "m"}"#, "Message"),
        (r#"{"message": "m", "message": "n"}"#, "message"),
        (r#"{"message": "m", "system": "s", "system": "s"}"#, "system"),
        // Of another type.
        (r#"{"message": null}"#, "message"),
        (r#"{"message": 1}"#, "message"),
        (r#"{"message": ["m"]}"#, "message"),
        (r#"{"message": {"text": "m"}}"#, "message"),
        (r#"{"message": "m", "session_id": 7}"#, "session_id"),
        (r#"{"message": "m", "system": true}"#, "system"),
        (r#"{"message": "m", "examples": {}}"#, "examples"),
        (r#"{"message": "m", "examples": ["u"]}"#, "examples[0]"),
        (r#"{"message": "m", "examples": [{"user": "u"}]}"#, "examples[0].assistant"),
        (
            r#"{"message": "m", "examples": [{"user": "u", "assistant": "a"}, {"user": 1, "assistant": "a"}]}"#,
            "examples[1].user",
        ),
        (r#"{"message": "m", "examples": [{"user": "u", "assistant": "a", "system": "s"}]}"#, "examples[0].system"),
        (r#"{"message": "m", "model": 1}"#, "model"),
        (r#"{"message": "m", "temperature": "0.5"}"#, "temperature"),
        (r#"{"message": "m", "top_p": true}"#, "top_p"),
        (r#"{"message": "m", "max_tokens": 1.5}"#, "max_tokens"),
        (r#"{"message": "m", "max_tokens": "10"}"#, "max_tokens"),
        (r#"{"message": "m", "stop_sequences": "END"}"#, "stop_sequences"),
        (r#"{"message": "m", "stop_sequences": [1]}"#, "stop_sequences[0]"),
        // Of a value that cannot be.
        (r#"{"message": ""}"#, "message"),
        (r#"{"message": " \n\t\u00a0\u2003"}"#, "message"),
        (r#"{"message": "\ud800"}"#, "message"),
        (r#"{"message": "\udc00\ud800"}"#, "message"),
        (r#"{"message": "\u00zz"}"#, "message"),
        ("{\"message\": \"a\nb\"}", "message"),
        (r#"{"message": "m", "system": " "}"#, "system"),
        (r#"{"message": "m", "examples": [{"user": "", "assistant": "a"}]}"#, "examples[0].user"),
        (r#"{"message": "m", "model": "gpt-4"}"#, "model"),
        (r#"{"message": "m", "model": ""}"#, "model"),
        (r#"{"message": "m", "temperature": 1.01}"#, "temperature"),
        (r#"{"message": "m", "temperature": -0.01}"#, "temperature"),
        (r#"{"message": "m", "temperature": 1e39}"#, "temperature"),
        (r#"{"message": "m", "temperature": 1e400}"#, "temperature"),
        (r#"{"message": "m", "top_p": 2}"#, "top_p"),
        (r#"{"message": "m", "max_tokens": 0}"#, "max_tokens"),
        (r#"{"message": "m", "max_tokens": -1}"#, "max_tokens"),
        (r#"{"message": "m", "max_tokens": 4294967296}"#, "max_tokens"),
        (r#"{"message": "m", "stop_sequences": [""]}"#, "stop_sequences"),
    ] {
        let refused = post(&app, Some("application/json"), body).await;
        assert_eq!(refused.status, 400, "{body}: {}", refused.text);
        assert_eq!(refused.refused_field(400, "invalid_request"), field, "{body}");
    }
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
    assert_eq!(app.items().await, [] as [Value; 0]);
}

/// Bytes that are no text reach the function in base64.
#[tokio::test]
async fn a_body_that_is_no_text_is_refused() {
    let app = TestApp::start().await;
    for body in [&b"\xff\xfe"[..], b"{\"message\": \"\xff\"}", b"{\"message\": \"\xed\xa0\x80\"}", b"\x00"] {
        post(&app, Some("application/json"), body).await.refused_field(400, "invalid_request");
    }
}

#[tokio::test]
async fn what_may_be_absent_may_be_null() {
    let app = TestApp::start().await;
    for field in ["session_id", "system", "model", "temperature", "top_p", "max_tokens"] {
        app.chat(json!({"message": "Hello", field: null})).await.ok();
    }
}

#[tokio::test]
async fn a_refusal_of_a_model_names_those_that_there_are() {
    let app = TestApp::with_settings(&[("MODEL_IDS", "a.b,c.d")]).await;
    let problem = app.chat(json!({"message": "Hello", "model": "e.f"})).await.problem(400, "invalid_request");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("a.b") && detail.contains("c.d"), "{detail}");
}

/// A refusal may quote a little of what was sent, and must stay one that can be read.
#[tokio::test]
async fn a_refusal_is_short() {
    let app = TestApp::start().await;
    let long = "x".repeat(100_000);
    for body in [
        json!({"message": "m", "model": long}),
        json!({"message": "m", "session_id": long}),
        json!({"message": "m", (long.clone()): 1}),
        json!({"message": "m", "temperature": long}),
    ] {
        let refused = app.chat(body).await;
        refused.problem(400, "invalid_request");
        assert!(refused.text.len() < 4096, "{} bytes", refused.text.len());
    }
}
