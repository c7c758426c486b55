//! DynamoDB failing under a turn: a clear error, nothing half-written, and a retry that lands.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer, eventually},
    event_stream::{kinds, text_of},
};

fn failing(operation: &str, times: u32, code: &str, status: u16) -> Value {
    let error = json!({"code": code, "message": "by the test", "status": status});
    json!({"service": "dynamodb", "operation": operation, "times": times, "fault": {"error": error}})
}

#[tokio::test]
async fn a_failed_read_is_a_503_before_the_model_is_asked() {
    let app = TestApp::start().await;
    let first = app.say(&Value::Null, "Hello").await;
    app.reset().await;
    app.faults(json!([failing("Query", 1000, "InternalServerError", 500)])).await;

    let body = json!({"message": "Go on", "session_id": first["session_id"]});
    for refused in [app.chat(body.clone()).await, app.refused_stream(body).await] {
        refused.problem(503, "memory_unavailable");
        assert!(refused.headers.contains_key("retry-after"));
    }
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
    app.get("/sessions").await.problem(503, "memory_unavailable");
    let path = format!("/sessions/{}", first["session_id"].as_str().unwrap());
    app.get(&path).await.problem(503, "memory_unavailable");

    app.reset().await;
    app.say(&first["session_id"], "Go on").await;
    assert_eq!(app.messages(&first["session_id"]).await.len(), 4);
}

#[tokio::test]
async fn a_failed_write_is_a_503_and_leaves_nothing_behind() {
    let app = TestApp::start().await;
    app.faults(json!([failing("TransactWriteItems", 1000, "InternalServerError", 500)])).await;
    let body = json!({"message": "Hello"});
    let keyed = || app.request(Method::POST, "/chat").header("idempotency-key", "once").json(&body);
    let refused = answer(keyed()).await;
    refused.problem(503, "memory_unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(app.items().await, [] as [Value; 0], "the key is free again as well");

    app.reset().await;
    let landed = answer(keyed()).await.ok();
    assert_eq!(app.messages(&landed["session_id"]).await.len(), 2);
}

/// The words were told, yet the turn is none: the client must learn that it is not remembered.
#[tokio::test]
async fn a_failed_write_ends_a_stream_with_an_error() {
    let app = TestApp::start().await;
    app.faults(json!([failing("TransactWriteItems", 1000, "InternalServerError", 500)])).await;
    let parts = app.stream(json!({"message": "Hello"})).await.rest().await;
    assert_eq!(text_of(&parts), "You said: Hello");
    assert_eq!(kinds(&parts)[parts.len() - 2..], ["data-problem", "error"]);
    assert_eq!(parts[parts.len() - 2]["data"]["code"], "memory_unavailable");
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_failure_that_passes_is_waited_out() {
    let app = TestApp::start().await;
    let first = app.say(&Value::Null, "Hello").await;
    for (code, status) in [
        ("ProvisionedThroughputExceededException", 400),
        ("ThrottlingException", 400),
        ("RequestLimitExceeded", 400),
        ("InternalServerError", 500),
        ("ServiceUnavailable", 503),
    ] {
        // One failure of each call: on a busy machine one more of the three tries may take too long.
        app.faults(json!([failing("Query", 1, code, status), failing("TransactWriteItems", 1, code, status)])).await;
        app.say(&first["session_id"], code).await;
    }
    let cut = |operation| json!({"service": "dynamodb", "operation": operation, "fault": {"cut": true}});
    app.faults(json!([cut("Query"), cut("TransactWriteItems")])).await;
    app.say(&first["session_id"], "cut").await;
    assert_eq!(app.messages(&first["session_id"]).await.len(), 14, "each turn is there once");
}

/// A call to DynamoDB that hangs is tried again while the caller still waits.
#[tokio::test]
async fn a_slow_answer_is_not_waited_for() {
    let app = TestApp::start().await;
    let hanging = json!({"delay_ms": 3_600_000});
    app.faults(json!([{"service": "dynamodb", "operation": "TransactWriteItems", "times": 1, "fault": hanging}])).await;
    let turn = app.say(&Value::Null, "Hello").await;
    assert!(app.calls("TransactWriteItems").await.len() >= 2);
    assert_eq!(app.messages(&turn["session_id"]).await.len(), 2);
    assert_eq!(app.get("/sessions").await.ok()["sessions"][0]["turns"], 1);
}

/// The write was done, and its answer lost: whatever comes of the tries after it, the turn is there, and once.
#[tokio::test]
async fn a_write_whose_answer_was_lost_is_no_failure() {
    let app = TestApp::start().await;
    let first = app.say(&Value::Null, "Hello").await["session_id"].take();
    for body in [json!({"message": "Begin"}), json!({"message": "Go on", "session_id": first})] {
        app.reset().await;
        let mut in_progress = failing("TransactWriteItems", 4, "TransactionInProgressException", 400);
        in_progress["after"] = json!(1);
        let hanging = json!({"delay_ms": 3_600_000});
        app.faults(json!([
            {"service": "dynamodb", "operation": "TransactWriteItems", "times": 1, "fault": hanging},
            in_progress,
        ]))
        .await;
        // The first try hangs, and what it asked for is done in its place: DynamoDB knows a write by its token.
        let write_for_it = async {
            eventually("the turn is written", async || !app.calls("TransactWriteItems").await.is_empty()).await;
            app.dynamodb("TransactWriteItems", &app.calls("TransactWriteItems").await[0]["body"]).await
        };
        let (turn, _) = tokio::join!(app.chat(body.clone()), write_for_it);
        let turn = turn.ok();

        let said = app.messages(&turn["session_id"]).await;
        let times = said.iter().filter(|(_, text)| *text == body["message"]).count();
        assert_eq!(times, 1, "{said:?}");
        let path = format!("/sessions/{}", turn["session_id"].as_str().unwrap());
        assert_eq!(app.get(&path).await.ok()["turns"], said.len() / 2);
    }
}

#[tokio::test]
async fn all_tries_of_a_write_are_one_to_dynamodb() {
    let app = TestApp::start().await;
    app.faults(json!([failing("TransactWriteItems", 5, "TransactionInProgressException", 400)])).await;
    let first = app.say(&Value::Null, "Hello").await;
    let calls = app.calls("TransactWriteItems").await;
    assert!(calls.len() > 5);
    let token = |call: &Value| call["body"]["ClientRequestToken"].as_str().unwrap().to_owned();
    assert!(calls.iter().all(|call| token(call) == token(&calls[0])), "one token");
    assert!(calls.iter().all(|call| call["body"] == calls[0]["body"]), "or DynamoDB takes it for a mistake");

    app.say(&first["session_id"], "Go on").await;
    let next = app.calls("TransactWriteItems").await.pop().unwrap();
    assert_ne!(token(&next), token(&calls[0]), "another turn is another write");
    assert_eq!(app.messages(&first["session_id"]).await.len(), 4);
}

#[tokio::test]
async fn throttling_that_stays_is_a_503() {
    let app = TestApp::start().await;
    app.faults(json!([failing("TransactWriteItems", 1000, "ThrottlingException", 400)])).await;
    app.chat(json!({"message": "Hello"})).await.problem(503, "memory_unavailable");
    assert!(app.calls("TransactWriteItems").await.len() > 1, "it is tried again");
    assert_eq!(app.calls("Converse").await.len(), 1, "the model is not paid twice");
}

/// Two turns that end at the same moment meet in one transaction's conflict, and one comes back.
#[tokio::test]
async fn a_conflict_of_transactions_is_tried_again() {
    let app = TestApp::start().await;
    let first = app.say(&Value::Null, "Hello").await;
    app.faults(json!([failing("TransactWriteItems", 4, "TransactionInProgressException", 400)])).await;
    app.say(&first["session_id"], "Go on").await;
    assert_eq!(app.messages(&first["session_id"]).await.len(), 4);

    app.faults(json!([failing("TransactWriteItems", 1000, "TransactionInProgressException", 400)])).await;
    app.chat(json!({"message": "Never", "session_id": first["session_id"]})).await.problem(503, "memory_unavailable");
    app.reset().await;
    assert_eq!(app.messages(&first["session_id"]).await.len(), 4);
}

#[tokio::test]
async fn a_deletion_that_failed_can_be_asked_for_again() {
    let app = TestApp::start().await;
    let turn = app.say(&Value::Null, "Hello").await;
    let path = format!("/sessions/{}", turn["session_id"].as_str().unwrap());
    app.faults(json!([failing("BatchWriteItem", 1000, "InternalServerError", 500)])).await;
    app.delete(&path).await.problem(503, "memory_unavailable");
    app.get(&path).await.problem(404, "session_not_found");

    app.reset().await;
    assert_eq!(app.delete(&path).await.status, 204);
    assert_eq!(app.items().await, [] as [Value; 0]);
    app.delete(&path).await.problem(404, "session_not_found");
}

#[tokio::test]
async fn a_key_that_cannot_be_claimed_asks_no_model() {
    let app = TestApp::start().await;
    app.faults(json!([failing("PutItem", 1000, "InternalServerError", 500)])).await;
    let keyed = app.request(Method::POST, "/chat").header("idempotency-key", "once").json(&json!({"message": "Hello"}));
    answer(keyed).await.problem(503, "memory_unavailable");
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
}
