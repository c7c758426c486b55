//! The end of an invocation coming near: a clear answer before Lambda or API Gateway would cut the call off.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp, answer},
    event_stream::kinds,
};

/// Nobody waits for that.
const FOR_EVER: u64 = 3_600_000;

async fn with_limits(buffered: Duration, function: Duration) -> TestApp {
    TestApp::with(|options| {
        options.buffered_limit = Some(buffered);
        options.function_timeout = Some(function);
    })
    .await
}

/// The functions give up before three tries of DynamoDB have failed, and API Gateway waits longer than that: a busy
/// machine has no part in the outcome.
async fn impatient() -> TestApp {
    TestApp::with_settings(&[("BUFFERED_TIMEOUT_SECONDS", "3")]).await
}

/// That it was the function which answered shows in a header of its own: it was in time.
#[track_caller]
fn assert_in_time(answer: &Answer) {
    answer.problem(504, "deadline_exceeded");
    assert!(answer.headers.contains_key("x-request-id"), "API Gateway had to answer");
}

#[tokio::test]
async fn a_buffered_turn_ends_before_api_gateway_does() {
    let app = with_limits(Duration::from_secs(8), Duration::from_secs(300)).await;
    app.script(json!([{"text": "late", "delay_ms": FOR_EVER}, {"text": "Now."}])).await;
    let body = json!({"message": "Hello"});
    let keyed = || app.request(Method::POST, "/chat").header("idempotency-key", "k").json(&body);
    assert_in_time(&answer(keyed()).await);
    assert_eq!(app.items().await, [] as [Value; 0], "the key is free again as well");
    assert_eq!(answer(keyed()).await.ok()["answer"], "Now.");
}

#[tokio::test]
async fn a_streamed_turn_ends_before_lambda_does() {
    let app = with_limits(Duration::from_secs(300), Duration::from_secs(8)).await;
    app.script(json!([{"text": "late", "delay_ms": FOR_EVER}])).await;
    assert_in_time(&app.refused_stream(json!({"message": "Hello"})).await);
    assert_eq!(app.items().await, [] as [Value; 0]);
}

/// API Gateway's limit for buffered routes is none for streams.
#[tokio::test]
async fn a_stream_may_take_longer_than_a_buffered_route() {
    let app = with_limits(Duration::from_secs(2), Duration::from_secs(300)).await;
    app.script(json!([{"text": "at last", "delay_ms": 2500}])).await;
    assert_eq!(kinds(&app.stream(json!({"message": "Hello"})).await.rest().await).last(), Some(&"finish"));
}

#[tokio::test]
async fn a_stream_that_takes_too_long_ends_with_an_error() {
    let app = with_limits(Duration::from_secs(300), Duration::from_secs(8)).await;
    app.script(json!([{"chunks": ["One ", "two ", "three ", "four ", "five."], "chunk_delay_ms": 2000}])).await;
    let parts = app.stream(json!({"message": "Count"})).await.rest().await;
    assert_eq!(kinds(&parts)[parts.len() - 2..], ["data-problem", "error"]);
    assert_eq!(parts[parts.len() - 2]["data"]["code"], "deadline_exceeded");
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_has_no_time_left_does_not_begin() {
    let app = with_limits(Duration::from_secs(300), Duration::ZERO).await;
    assert_in_time(&app.chat(json!({"message": "Hello"})).await);
    assert_in_time(&app.refused_stream(json!({"message": "Hello"})).await);
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
}

/// However long a model may be silent elsewhere, on a buffered route the next one of the list must have its time too.
#[tokio::test]
async fn a_silent_model_leaves_time_for_the_next_one() {
    let app = TestApp::with(|options| {
        options.buffered_limit = Some(Duration::from_secs(12));
        let settings = [("MODEL_TIMEOUT_SECONDS", "60"), ("FALLBACK_MODEL_IDS", "global.amazon.nova-2-lite-v1:0")];
        options.settings.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
    })
    .await;
    let silence = json!({"delay_ms": FOR_EVER});
    app.faults(json!([{"service": "bedrock", "model": "local.scripted", "times": 1000, "fault": silence}])).await;
    assert_eq!(app.chat(json!({"message": "Hello"})).await.ok()["model"], "global.amazon.nova-2-lite-v1:0");
    assert_eq!(app.models_asked().await, ["local.scripted", "global.amazon.nova-2-lite-v1:0"]);
}

#[tokio::test]
async fn a_memory_that_hangs_does_not_hold_a_turn() {
    let app = impatient().await;
    let hanging = json!({"delay_ms": FOR_EVER});
    app.faults(json!([{"service": "dynamodb", "operation": "TransactWriteItems", "times": 1000, "fault": hanging}]))
        .await;
    assert_in_time(&app.chat(json!({"message": "Hello"})).await);
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_memory_that_hangs_does_not_hold_a_listing() {
    let app = impatient().await;
    let path = "/sessions/0198a5d4-0000-7000-8000-000000000000";
    app.faults(json!([{"service": "dynamodb", "times": 1000, "fault": {"delay_ms": FOR_EVER}}])).await;
    let (listed, read, deleted) = tokio::join!(app.get("/sessions"), app.get(path), app.delete(path));
    for answer in [listed, read, deleted] {
        assert_in_time(&answer);
    }
}
