//! The whole stack with the small model of `--model small`. Its weights are fetched into the user's cache if they are
//! not there.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    event_stream::{kinds, text_of},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_real_model_remembers_and_computes_only_what_is_new() {
    let app = TestApp::with(|options| {
        options.engine = local::model::parse("small").unwrap();
        // Machines that test are slow, and busy with other tests.
        options.buffered_limit = None;
        options.function_timeout = Some(Duration::from_secs(300));
    })
    .await;

    let (_, first) = turn(&app, json!({"message": "My name is Ada. Please greet me by my name."})).await;
    let (parts, second) =
        turn(&app, json!({"message": "What is my name?", "session_id": first["session_id"], "max_tokens": 30})).await;
    let answer = text_of(&parts);
    assert!(answer.contains("Ada") && !answer.contains("<|"), "{answer}");
    assert!(kinds(&parts).iter().filter(|kind| **kind == "text-delta").count() > 1, "it comes token by token");

    let tokens = |turn: &Value, kind: &str| turn["usage"][kind].as_u64().unwrap();
    let prompt = |turn: &Value| tokens(turn, "input_tokens") + tokens(turn, "cache_read_tokens");
    let first_prompt = prompt(&first);
    assert!(tokens(&second, "cache_read_tokens") >= first_prompt, "known since the first turn: {first} {second}");
    assert!(tokens(&second, "input_tokens") < first_prompt, "the new question only: {first} {second}");

    let short = json!({"message": "Write a long story about the sea.", "max_tokens": 8, "temperature": 0});
    let (parts, cut) = turn(&app, short.clone()).await;
    assert_eq!((&cut["stop_reason"], tokens(&cut, "output_tokens")), (&json!("max_tokens"), 8));
    assert_eq!(parts.last().unwrap()["finishReason"], "length");

    // Whether the words are the same ones depends on the processor: what is computed anew and what is known from before
    // differ in the last bits.
    let whole = app.chat(short).await.ok();
    assert_eq!((&whole["stop_reason"], tokens(&whole, "output_tokens")), (&json!("max_tokens"), 8));
    assert_eq!(prompt(&whole), prompt(&cut), "the same question, streamed or not");
    assert!(!whole["answer"].as_str().unwrap().trim().is_empty(), "{whole}");
}

/// A streamed turn without chance: its parts, and what it came to.
async fn turn(app: &TestApp, mut body: Value) -> (Vec<Value>, Value) {
    body["temperature"] = json!(0);
    let parts = app.stream(body).await.rest().await;
    let finish = parts.last().unwrap();
    assert_eq!(finish["type"], "finish", "{finish}");
    let facts = finish["messageMetadata"].clone();
    (parts, facts)
}
