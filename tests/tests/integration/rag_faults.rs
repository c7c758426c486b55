//! What Kendra's failures are to the caller: retries, and one stable code for each. Nothing is left behind.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer},
    documents::HOW_MANY_DAYS,
};

fn question() -> Value {
    json!({"message": HOW_MANY_DAYS})
}

fn fault(operation: &str, times: u32, fault: Value) -> Value {
    json!([{"service": "kendra", "operation": operation, "times": times, "fault": fault}])
}

fn error(code: &str) -> Value {
    json!({"error": {"code": code, "message": "by the test"}})
}

/// No turn, no idempotency key that is still held, and nothing that a model was asked.
async fn nothing_is_left_behind(app: &TestApp) {
    assert_eq!(app.items().await, [] as [Value; 0]);
    assert_eq!(app.model_calls().await, 0);
}

#[tokio::test]
async fn throttling_that_passes_is_waited_out() {
    let app = TestApp::with_handbook(&[]).await;
    for operation in ["Query", "Retrieve"] {
        app.reset().await;
        app.faults(fault(operation, 2, error("ThrottlingException"))).await;
        assert_eq!(app.ask(question()).await.ok()["source"], "documents");
        assert_eq!(app.calls(operation).await.len(), 3);
    }
}

#[tokio::test]
async fn throttling_that_stays_is_a_429_with_a_time_to_wait() {
    for operation in ["Query", "Retrieve"] {
        let app = TestApp::with_handbook(&[]).await;
        app.faults(fault(operation, 1000, error("ThrottlingException"))).await;
        for refused in [app.ask(question()).await, app.refused_question(question()).await] {
            refused.problem(429, "retrieval_throttled");
            let seconds: u32 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds));
        }
        assert_eq!(app.calls(operation).await.len(), 6, "three tries for each request");
        nothing_is_left_behind(&app).await;
    }
}

#[tokio::test]
async fn every_error_of_kendra_has_one_stable_code() {
    for operation in ["Query", "Retrieve"] {
        let app = TestApp::start().await;
        for (code, status, expected, tries) in [
            ("ServiceQuotaExceededException", 429, "retrieval_throttled", 1),
            ("InternalServerException", 503, "retrieval_unavailable", 3),
            ("ServiceUnavailable", 503, "retrieval_unavailable", 3),
            ("ConflictException", 503, "retrieval_unavailable", 1),
            ("ResourceNotFoundException", 500, "retrieval_index_not_found", 1),
            ("AccessDeniedException", 500, "retrieval_access_denied", 1),
            ("UnrecognizedClientException", 500, "retrieval_access_denied", 1),
            ("ExpiredTokenException", 500, "retrieval_access_denied", 1),
            ("ValidationException", 400, "retrieval_rejected_request", 1),
        ] {
            app.reset().await;
            app.faults(fault(operation, 1000, error(code))).await;
            let refused = app.ask(question()).await;
            let problem = refused.problem(status, expected);
            assert_eq!(app.calls(operation).await.len(), tries, "{code}");
            assert_eq!(refused.headers.contains_key("retry-after"), matches!(status, 429 | 503), "{code}");
            // What Kendra says is for the log: it names accounts, indexes and roles.
            assert!(!problem.to_string().contains("by the test"), "{problem}");
        }
        nothing_is_left_behind(&app).await;
    }
}

#[tokio::test]
async fn an_index_that_is_not_there_is_the_operators_mistake() {
    let app = TestApp::with_settings(&[("KENDRA_INDEX_ID", "99999999-9999-4999-8999-999999999999")]).await;
    for refused in [app.ask(question()).await, app.refused_question(question()).await] {
        refused.problem(500, "retrieval_index_not_found");
    }
    nothing_is_left_behind(&app).await;
}

#[tokio::test]
async fn a_slow_search_is_given_up() {
    let app = TestApp::with_handbook(&[("KENDRA_TIMEOUT_SECONDS", "1")]).await;
    app.faults(fault("Retrieve", 1000, json!({"delay_ms": 3_600_000}))).await;
    let (whole, streamed) = tokio::join!(app.ask(question()), app.refused_question(question()));
    for refused in [whole, streamed] {
        refused.problem(504, "retrieval_timeout");
    }
    nothing_is_left_behind(&app).await;

    // What was slow once may be fast the next time.
    app.reset().await;
    app.faults(fault("Query", 1, json!({"delay_ms": 3_600_000}))).await;
    assert_eq!(app.ask(question()).await.ok()["source"], "documents");
    assert_eq!(app.calls("Query").await.len(), 2);
}

#[tokio::test]
async fn a_connection_that_is_cut_is_tried_again() {
    let app = TestApp::with_handbook(&[]).await;
    app.faults(fault("Retrieve", 2, json!({"cut": true}))).await;
    assert_eq!(app.ask(question()).await.ok()["source"], "documents");
    assert_eq!(app.calls("Retrieve").await.len(), 3);
}

#[tokio::test]
async fn an_index_that_is_down_is_a_503() {
    let app = TestApp::with_handbook(&[]).await;
    app.faults(json!([{"service": "kendra", "times": 1000, "fault": {"cut": true}}])).await;
    for refused in [app.ask(question()).await, app.refused_question(question()).await] {
        refused.problem(503, "retrieval_unavailable");
        assert!(refused.headers.contains_key("retry-after"));
    }
    nothing_is_left_behind(&app).await;
}

#[tokio::test]
async fn an_idempotency_key_is_free_again_after_a_failure() {
    let app = TestApp::with_handbook(&[]).await;
    let keyed = || app.request(Method::POST, "/rag").header("idempotency-key", "k").json(&question());
    app.faults(fault("Retrieve", 1, error("AccessDeniedException"))).await;
    answer(keyed()).await.problem(500, "retrieval_access_denied");
    assert_eq!(app.items().await, [] as [Value; 0]);
    let first = answer(keyed()).await.ok();
    assert_eq!((&first["source"], &answer(keyed()).await.ok()), (&json!("documents"), &first));
    assert_eq!(app.model_calls().await, 1);
}

/// The conversation is as it was: a failed turn is no turn.
#[tokio::test]
async fn a_failure_in_mid_conversation_leaves_it_as_it_was() {
    let app = TestApp::with_handbook(&[]).await;
    app.script_always(json!({"text": "25 days [1]."})).await;
    let session = app.ask(question()).await.ok()["session_id"].take();
    let body = json!({"message": HOW_MANY_DAYS, "session_id": session});

    app.faults(fault("Query", 1, error("ResourceNotFoundException"))).await;
    app.ask(body.clone()).await.problem(500, "retrieval_index_not_found");
    assert_eq!(app.messages(&session).await.len(), 2);

    // Condensing fails as any call of a model, and nothing is searched then.
    app.reset().await;
    app.script(json!([{"error": {"code": "AccessDeniedException", "message": "no"}}])).await;
    app.ask(body.clone()).await.problem(500, "model_access_not_granted");
    assert_eq!(app.searches().await, [[], []] as [[Value; 0]; 2]);
    assert_eq!(app.messages(&session).await.len(), 2);

    app.reset().await;
    app.ask(body).await.ok();
    assert_eq!(app.messages(&session).await.len(), 4);
}

#[tokio::test]
async fn a_model_that_fails_after_the_search_fails_as_in_any_pattern() {
    let app = TestApp::with_handbook(&[]).await;
    app.script_always(json!({"error": {"code": "ThrottlingException", "message": "no"}})).await;
    for refused in [app.ask(question()).await, app.refused_question(question()).await] {
        refused.problem(429, "model_throttled");
    }
    assert_eq!(app.items().await, [] as [Value; 0]);
}

/// The index may be in another region than the function: what is signed names the index's.
#[tokio::test]
async fn searches_are_signed_for_the_region_of_the_index() {
    let scope = async |settings: &[(&str, &str)]| {
        let app = TestApp::with_settings(settings).await;
        app.ask(question()).await.ok();
        let mut scopes = Vec::new();
        for operation in ["Query", "Retrieve", "TransactWriteItems"] {
            let header = app.calls(operation).await[0]["headers"]["authorization"].take();
            let (_, credential) = header.as_str().unwrap().split_once("Credential=").unwrap();
            let scope: Vec<&str> = credential.split(',').next().unwrap().split('/').collect();
            scopes.push(format!("{} {}", scope[2], scope[3]));
        }
        scopes
    };
    let (elsewhere, here) = tokio::join!(scope(&[("KENDRA_REGION", "eu-west-1")]), scope(&[]));
    assert_eq!(elsewhere, ["eu-west-1 kendra", "eu-west-1 kendra", "us-east-1 dynamodb"]);
    assert_eq!(here, ["us-east-1 kendra", "us-east-1 kendra", "us-east-1 dynamodb"]);
}
