//! `Idempotency-Key`: one effect for one key, however often a request is sent.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer, eventually},
    event_stream::{EventStream, text_of},
};

fn keyed(app: &TestApp, key: &str, path: &str, body: &Value) -> RequestBuilder {
    app.request(Method::POST, path).header("idempotency-key", key).json(body)
}

#[tokio::test]
async fn a_retry_gets_the_stored_turn() {
    let app = TestApp::start().await;
    app.script(json!([{"text": "Once.", "stop_reason": "max_tokens", "usage": {"input": 9, "output": 3}}])).await;
    let body = json!({"message": "Hello"});
    let first = answer(keyed(&app, "k", "/chat", &body)).await.ok();
    let again = answer(keyed(&app, "k", "/chat", &body)).await.ok();
    assert_eq!(first, again);
    assert_eq!(again["answer"], "Once.");
    assert_eq!(app.models_asked().await.len(), 1);
    assert_eq!(app.messages(&first["session_id"]).await.len(), 2);
}

#[tokio::test]
async fn a_retry_of_a_continued_turn_adds_nothing() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].take();
    let body = json!({"message": "Go on", "session_id": session});
    let first = answer(keyed(&app, "k", "/chat", &body)).await.ok();
    app.say(&session, "And on").await;
    assert_eq!(answer(keyed(&app, "k", "/chat", &body)).await.ok(), first);
    assert_eq!(app.messages(&session).await.len(), 6);
    assert_eq!(app.get("/sessions").await.ok()["sessions"][0]["turns"], 3);
}

#[tokio::test]
async fn a_turn_is_told_again_as_a_stream() {
    let app = TestApp::start().await;
    let body = json!({"message": "Hello"});
    let first = EventStream::of(keyed(&app, "k", "/chat/stream", &body).send().await.unwrap()).rest().await;
    let again = EventStream::of(keyed(&app, "k", "/chat/stream", &body).send().await.unwrap()).rest().await;
    assert_eq!(text_of(&again), text_of(&first));
    assert_eq!((again.first(), again.last()), (first.first(), first.last()));

    // How a turn is told is no part of what was asked.
    let whole = answer(keyed(&app, "k", "/chat", &body)).await.ok();
    assert_eq!(whole["message_id"], first[0]["messageId"]);
    assert_eq!(app.models_asked().await.len(), 1);
}

/// Nothing was said, so that nothing is told: no part of text which is empty.
#[tokio::test]
async fn an_empty_answer_is_told_again_as_it_was() {
    let app = TestApp::start().await;
    app.script(json!([{"text": ""}])).await;
    let body = json!({"message": "Say nothing."});
    let first = EventStream::of(keyed(&app, "k", "/chat/stream", &body).send().await.unwrap()).rest().await;
    let again = EventStream::of(keyed(&app, "k", "/chat/stream", &body).send().await.unwrap()).rest().await;
    assert_eq!(first, again);
}

#[tokio::test]
async fn a_key_is_not_for_another_body() {
    let app = TestApp::start().await;
    answer(keyed(&app, "k", "/chat", &json!({"message": "Hello"}))).await.ok();
    for body in [json!({"message": "Hello!"}), json!({"message": "Hello", "temperature": 0})] {
        answer(keyed(&app, "k", "/chat", &body)).await.problem(422, "idempotency_key_reused");
        answer(keyed(&app, "k", "/chat/stream", &body)).await.problem(422, "idempotency_key_reused");
    }
    assert_eq!(app.models_asked().await.len(), 1);
}

#[tokio::test]
async fn a_key_is_in_use_while_its_turn_is_under_way() {
    let app = TestApp::start().await;
    app.script(json!([{"chunks": ["One ", "two."], "chunk_delay_ms": 3000}])).await;
    let body = json!({"message": "Count"});
    let mut stream = EventStream::of(keyed(&app, "k", "/chat/stream", &body).send().await.unwrap());
    stream.find("text-delta").await;
    for path in ["/chat", "/chat/stream"] {
        let refused = answer(keyed(&app, "k", path, &body)).await;
        refused.problem(409, "idempotency_key_in_use");
        assert!(refused.headers.contains_key("retry-after"));
    }
    answer(keyed(&app, "k", "/chat", &json!({"message": "Other"}))).await.problem(422, "idempotency_key_reused");
    stream.find("finish").await;
    assert_eq!(answer(keyed(&app, "k", "/chat", &body)).await.ok()["answer"], "One two.");
    assert_eq!(app.models_asked().await.len(), 1);
}

#[tokio::test]
async fn a_retry_finds_the_turn_whose_client_had_gone() {
    let app = TestApp::start().await;
    app.script(json!([{"chunks": ["One ", "two."], "chunk_delay_ms": 200}])).await;
    let body = json!({"message": "Count"});
    let mut stream = EventStream::of(keyed(&app, "k", "/chat/stream", &body).send().await.unwrap());
    stream.find("text-delta").await;
    drop(stream);
    eventually("the turn lands", async || answer(keyed(&app, "k", "/chat", &body)).await.status == 200).await;
    assert_eq!(answer(keyed(&app, "k", "/chat", &body)).await.ok()["answer"], "One two.");
    assert_eq!(app.models_asked().await.len(), 1);
}

#[tokio::test]
async fn a_retry_after_a_failure_is_a_new_try() {
    let app = TestApp::start().await;
    let denied = json!({"error": {"code": "AccessDeniedException", "message": "no"}});
    let broken = json!({"chunks": ["One ", "two."], "fail_after_chunks": 1});
    app.script(json!([denied, broken, {"text": "At last."}])).await;
    let body = json!({"message": "Hello"});
    answer(keyed(&app, "k", "/chat", &body)).await.problem(500, "model_access_not_granted");
    EventStream::of(keyed(&app, "k", "/chat/stream", &body).send().await.unwrap()).find("error").await;
    assert_eq!(answer(keyed(&app, "k", "/chat", &body)).await.ok()["answer"], "At last.");

    // A refused body claims nothing.
    answer(keyed(&app, "other", "/chat", &json!({"message": ""}))).await.problem(400, "invalid_request");
    app.reset().await;
    answer(keyed(&app, "other", "/chat", &body)).await.ok();
}

/// Whoever holds a key may die without giving it back. Once its time is over it cannot write any more, and the key is
/// free again.
#[tokio::test]
async fn a_key_that_was_not_given_back_lapses() {
    let app = TestApp::with(|options| options.buffered_limit = Some(Duration::from_secs(8))).await;
    let error = json!({"code": "InternalServerError", "message": "by the test"});
    app.faults(json!([{"service": "dynamodb", "operation": "DeleteItem", "times": 1000, "fault": {"error": error}}]))
        .await;
    app.script(json!([{"error": {"code": "AccessDeniedException", "message": "no"}}, {"text": "At last."}])).await;
    let body = json!({"message": "Hello"});
    answer(keyed(&app, "k", "/chat", &body)).await.problem(500, "model_access_not_granted");
    let held = answer(keyed(&app, "k", "/chat", &body)).await;
    held.problem(409, "idempotency_key_in_use");
    eventually("the key lapses", async || answer(keyed(&app, "k", "/chat", &body)).await.status == 200).await;
    assert_eq!(app.models_asked().await.len(), 2);
}

#[tokio::test]
async fn of_many_at_once_one_takes_effect() {
    let app = TestApp::start().await;
    app.script_always(json!({"text": "Once.", "delay_ms": 5000})).await;
    let body = json!({"message": "Hello"});
    let (a, b, c, d) = tokio::join!(
        answer(keyed(&app, "k", "/chat", &body)),
        answer(keyed(&app, "k", "/chat", &body)),
        answer(keyed(&app, "k", "/chat/stream", &body)),
        answer(keyed(&app, "k", "/chat", &body)),
    );
    let mut statuses = [a, b, c, d].map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(app.models_asked().await.len(), 1);
    assert_eq!(app.get("/sessions").await.ok()["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn keys_are_the_callers_own() {
    let app = TestApp::start().await;
    let mine = answer(keyed(&app, "k", "/chat", &json!({"message": "I am Alice"}))).await.ok();
    let bob = app.request_by("bob", Method::POST, "/chat").header("idempotency-key", "k");
    let his = answer(bob.json(&json!({"message": "I am Bob"}))).await.ok();
    assert_ne!(mine["session_id"], his["session_id"]);
    assert_eq!(his["answer"], "You said: I am Bob");
}

#[tokio::test]
async fn keys_differ_by_every_character() {
    let app = TestApp::start().await;
    let body = json!({"message": "Hello"});
    let longest = "k".repeat(255);
    for (count, key) in ["k", "K", "k#", "#", "SESSION#", &longest].into_iter().enumerate() {
        answer(keyed(&app, key, "/chat", &body)).await.ok();
        assert_eq!(app.models_asked().await.len(), count + 1, "{key}");
    }
}

#[tokio::test]
async fn a_key_must_be_one() {
    let app = TestApp::start().await;
    let body = json!({"message": "Hello"});
    let too_long = "k".repeat(256);
    for path in ["/chat", "/chat/stream"] {
        for key in ["", "two words", "schlüssel", "🔑", &too_long] {
            let refused = answer(keyed(&app, key, path, &body)).await;
            assert_eq!(refused.refused_field(400, "invalid_request"), "Idempotency-Key", "{key}");
        }
        for (one, other) in [("k", "l"), ("k", "k"), ("k", ""), ("k", "schlüssel")] {
            let refused = answer(keyed(&app, one, path, &body).header("idempotency-key", other)).await;
            assert_eq!(refused.refused_field(400, "invalid_request"), "Idempotency-Key", "{one} and {other}");
        }
    }
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
}

#[tokio::test]
async fn a_key_is_forgotten_after_its_time() {
    let app = TestApp::with_settings(&[("IDEMPOTENCY_TTL_HOURS", "0")]).await;
    let body = json!({"message": "Hello"});
    let first = answer(keyed(&app, "k", "/chat", &body)).await.ok();
    let second = answer(keyed(&app, "k", "/chat", &body)).await.ok();
    assert_ne!(first["session_id"], second["session_id"]);
}

#[tokio::test]
async fn a_stored_turn_whose_session_was_deleted_is_gone() {
    let app = TestApp::start().await;
    let body = json!({"message": "Hello"});
    let first = answer(keyed(&app, "k", "/chat", &body)).await.ok();
    assert_eq!(app.delete(&format!("/sessions/{}", first["session_id"].as_str().unwrap())).await.status, 204);
    answer(keyed(&app, "k", "/chat", &body)).await.problem(404, "session_not_found");
    assert_eq!(app.models_asked().await.len(), 1);
}
