//! Requests to the rag pattern that are wrong: each is refused with the name of what is wrong, and none is searched for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, answer};

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    for (body, field) in [
        // What every pattern refuses.
        ("", "body"),
        (r#"{"message": "m"} x"#, "body"),
        ("{}", "message"),
        (r#"{"message": " "}"#, "message"),
        (r#"{"message": 1}"#, "message"),
        (r#"{"message": "m", "session_id": "mine"}"#, "session_id"),
        (r#"{"message": "m", "temperature": 2}"#, "temperature"),
        (r#"{"message": "m", "model": "none"}"#, "model"),
        // What is not there, or there twice.
        (r#"{"message": "m", "topk": 1}"#, "topk"),
        (r#"{"message": "m", "stream": true}"#, "stream"),
        (r#"{"message": "m", "top_k": 1, "top_k": 1}"#, "top_k"),
        // Of another type.
        (r#"{"message": "m", "top_k": "1"}"#, "top_k"),
        (r#"{"message": "m", "top_k": 1.5}"#, "top_k"),
        (r#"{"message": "m", "top_k": -1}"#, "top_k"),
        (r#"{"message": "m", "language": 1}"#, "language"),
        (r#"{"message": "m", "filter": "all"}"#, "filter.all"),
        (r#"{"message": "m", "filter": {}}"#, "filter"),
        (r#"{"message": "m", "filter": []}"#, "filter"),
        (r#"{"message": "m", "filter": {"equals": {"a": 1}, "not": {"equals": {"a": 1}}}}"#, "filter"),
        (r#"{"message": "m", "filter": {"like": {"a": "b"}}}"#, "filter"),
        (r#"{"message": "m", "filter": {"equals": "a"}}"#, "filter.equals"),
        (r#"{"message": "m", "filter": {"equals": {"a": true}}}"#, "filter.equals.a"),
        (r#"{"message": "m", "filter": {"equals": {"a": 1.5}}}"#, "filter.equals.a"),
        (r#"{"message": "m", "filter": {"in": {"a": "b"}}}"#, "filter.in.a"),
        (r#"{"message": "m", "filter": {"range": {"a": {"over": 1}}}}"#, "filter.range.a.over"),
        (r#"{"message": "m", "filter": {"all": {"equals": {"a": 1}}}}"#, "filter.all"),
        (r#"{"message": "m", "filter": {"any": [{"equals": {"a": 1}}, {"same": {"a": 1}}]}}"#, "filter.any[1]"),
        // Of a value that cannot be.
        (r#"{"message": "m", "top_k": 0}"#, "top_k"),
        (r#"{"message": "m", "top_k": 101}"#, "top_k"),
        (r#"{"message": "m", "language": ""}"#, "language"),
        (r#"{"message": "m", "language": "english"}"#, "language"),
        (r#"{"message": "m", "filter": {"all": []}}"#, "filter"),
        (r#"{"message": "m", "filter": {"in": {"a": []}}}"#, "filter"),
        (r#"{"message": "m", "filter": {"equals": {"a b": 1}}}"#, "filter"),
        (r#"{"message": "m", "filter": {"equals": {"": 1}}}"#, "filter"),
        (r#"{"message": "m", "filter": {"range": {"a": {}}}}"#, "filter"),
        (r#"{"message": "m", "filter": {"range": {"a": {"gt": {"date": "2026"}}}}}"#, "filter"),
    ] {
        for path in ["/rag", "/rag/stream"] {
            let request = app.request(Method::POST, path).header("content-type", "application/json");
            let refused = answer(request.body(body)).await;
            let named = refused.refused_field(400, "invalid_request");
            assert_eq!(named, field, "{body}");
        }
    }
    assert_eq!(app.all_calls().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_is_deeper_or_wider_than_kendra_takes_is_refused() {
    let app = TestApp::start().await;
    let equal = |number: usize| json!({"equals": {"a": number}});
    let too_wide: Vec<Value> = (0..11).map(equal).collect();
    let wide: Vec<Value> = (0..10).map(equal).collect();
    let deep = json!({"any": [{"all": [equal(1), {"any": [equal(2), equal(3)]}]}, equal(4)]});
    for filter in [json!({"any": too_wide}), deep] {
        let refused = app.ask(json!({"message": "m", "filter": filter})).await;
        assert_eq!(refused.refused_field(400, "invalid_request"), "filter");
    }
    // The language stands beside them.
    let refused = app.ask(json!({"message": "m", "filter": {"all": wide}, "language": "de"})).await;
    assert_eq!(refused.refused_field(400, "invalid_request"), "filter");
    assert_eq!(app.all_calls().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused() {
    let app = TestApp::start().await;
    let long = "ü".repeat(32_001);
    let refused = app.ask(json!({"message": long})).await;
    assert_eq!(refused.refused_field(413, "too_long"), "message");
    // Kendra reads the beginning of a long search only; it is never sent more than it takes.
    let story = format!("{} How many days of leave do I have?", "We moved to another house. ".repeat(1000));
    assert_eq!(app.ask(json!({"message": story})).await.ok()["search_query"], "How many days of leave do I have?");
    // Many languages write without spaces.
    assert_eq!(app.ask(json!({"message": "休".repeat(30_000)})).await.ok()["search_query"], "休".repeat(1000));
}

#[tokio::test]
async fn a_session_of_somebody_else_is_none() {
    let app = TestApp::start().await;
    let session = app.ask(json!({"message": "Hello"})).await.ok()["session_id"].take();
    let body = json!({"message": "Hello", "session_id": session});
    app.ask_by("bob", body.clone()).await.problem(404, "session_not_found");
    app.ask(body).await.ok();
}

#[tokio::test]
async fn feedback_that_is_wrong_is_refused() {
    let app = TestApp::start().await;
    let id = "0198a5d4-0000-7000-8000-000000000000";
    let whole = json!({"session_id": id, "message_id": id, "helpful": true});
    for (name, value, field) in [
        ("session_id", Value::Null, "session_id"),
        ("session_id", json!("mine"), "session_id"),
        ("message_id", json!("last"), "message_id"),
        ("helpful", json!("yes"), "helpful"),
        ("helpful", Value::Null, "helpful"),
        ("citations", json!([-1]), "citations[0]"),
        ("citations", json!("all"), "citations"),
        ("comment", json!("good"), "comment"),
    ] {
        let mut body = whole.clone();
        body[name] = value;
        let refused = answer(app.request(Method::POST, "/rag/feedback").json(&body)).await;
        assert_eq!(refused.refused_field(400, "invalid_request"), field, "{body}");
    }
    assert_eq!(app.all_calls().await, [] as [Value; 0]);
}
