use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use reqwest::Method;
use serde_json::json;

use crate::{
    app::{App, ask},
    converse::user,
};

#[tokio::test]
async fn a_script_is_played_in_order_and_ends() {
    let app = App::start().await;
    app.script(json!([{ "text": "one" }, { "text": "two" }])).await;
    for expected in ["one", "two"] {
        let answer: serde_json::Value = app.post("/model/a.b/converse", ask("hi")).await.json().await.unwrap();
        assert_eq!(answer["output"]["message"]["content"][0]["text"], expected);
    }
    let response = app.post("/model/a.b/converse", ask("hi")).await;
    assert_eq!(response.status(), 400);
    assert!(response.text().await.unwrap().contains("no step left"));
}

#[tokio::test]
async fn the_last_step_can_be_repeated() {
    let app = App::start().await;
    let script =
        json!({ "steps": [{ "error": { "code": "ThrottlingException" } }, { "text": "ok" }], "repeat_last": true });
    app.send(Method::PUT, "/_local/script", &[], script.to_string()).await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(app.post("/model/a.b/converse", ask("hi")).await.status().as_u16());
    }
    assert_eq!(statuses, [429, 200, 200, 200]);
}

#[tokio::test]
async fn the_sdk_retries_what_a_script_throttles() {
    let app = App::start().await;
    let throttled = json!({ "error": { "code": "ThrottlingException", "message": "Too many tokens" } });
    app.script(json!([throttled, throttled, { "text": "ok" }])).await;
    let bedrock = app.bedrock_retrying(RetryConfig::standard().with_max_attempts(3));
    let answer = bedrock.converse().model_id("a.b").messages(user("hi")).send().await.unwrap();
    assert_eq!(answer.output().unwrap().as_message().unwrap().content()[0].as_text().unwrap(), "ok");
    let statuses: Vec<_> = app.requests().await.iter().map(|call| call["status"].clone()).collect();
    assert_eq!(statuses, [429, 429, 200]);
}

#[tokio::test]
async fn faults_hit_the_calls_they_name() {
    let app = App::start().await;
    let error = json!({ "code": "InternalServerError", "message": "on purpose", "status": 500 });
    app.faults(json!([
        { "service": "dynamodb", "operation": "PutItem", "after": 1, "times": 1, "fault": { "error": error } },
        { "service": "bedrock", "model": "a.bad", "times": 2, "fault": { "error": { "code": "AccessDeniedException", "message": "no" } } },
    ]))
    .await;

    let put = r#"{"TableName":"chat","Item":{"pk":{"S":"a"},"sk":{"S":"b"}}}"#;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(app.dynamodb_json("PutItem", put).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 500, 200]);
    assert_eq!(app.dynamodb_json("ListTables", "{}").await.status(), 200);

    assert_eq!(app.post("/model/a.good/converse", ask("hi")).await.status(), 200);
    let refused = app.bedrock().converse().model_id("a.bad").messages(user("hi")).send().await;
    let error = refused.unwrap_err().into_service_error();
    assert!(error.is_access_denied_exception(), "{error:?}");
    assert_eq!(error.meta().message(), Some("no"));
}

#[tokio::test]
async fn a_cut_closes_the_connection_without_an_answer() {
    let app = App::start().await;
    app.faults(json!([{ "service": "dynamodb", "operation": "ListTables", "fault": { "cut": true } }])).await;
    let dynamodb = app.dynamodb();
    let error = dynamodb.list_tables().send().await.unwrap_err();
    assert!(error.as_service_error().is_none(), "{error:?}");
    dynamodb.list_tables().send().await.unwrap();
}

#[tokio::test]
async fn a_delay_comes_before_the_normal_answer() {
    let app = App::start().await;
    app.faults(json!([{ "service": "bedrock", "fault": { "delay_ms": 120 } }])).await;
    assert_eq!(app.post("/model/a.b/converse", ask("hi")).await.status(), 200);
    let call = &app.requests().await[0];
    assert!(call["ended_ms"].as_u64().unwrap() - call["at_ms"].as_u64().unwrap() >= 120, "{call}");
}

#[tokio::test]
async fn calls_are_recorded_until_they_are_cleared() {
    let app = App::start().await;
    app.script(json!([{ "text": "slow", "chunk_delay_ms": 3000 }])).await;
    let response = app.post("/model/a.b/converse-stream", ask("hi")).await;
    let call = app.requests().await.remove(0);
    assert_eq!((&call["service"], &call["operation"]), (&json!("bedrock"), &json!("ConverseStream")));
    assert_eq!((&call["body"], &call["ended_ms"]), (&ask("hi"), &json!(null)));
    assert_eq!(call["headers"]["content-type"], "application/json");

    response.bytes().await.unwrap();
    assert!(app.requests().await[0]["ended_ms"].is_u64());
    for (operation, count) in [("ConverseStream", 1), ("Converse", 0)] {
        let response =
            app.send(Method::GET, &format!("/_local/requests?operation={operation}"), &[], "").await.unwrap();
        let seen: serde_json::Value = response.json().await.unwrap();
        assert_eq!(seen["requests"].as_array().unwrap().len(), count, "{operation}");
    }
    app.send(Method::DELETE, "/_local", &[], "").await.unwrap();
    assert!(app.requests().await.is_empty());
    assert_eq!(app.post("/model/a.b/converse", ask("hi")).await.status(), 200);
}

#[tokio::test]
async fn a_mistake_in_a_script_is_said() {
    let app = App::start().await;
    for body in [r#"{"steps":[{"txt":"a"}]}"#, r#"{"steps":"#] {
        let response = app.send(Method::PUT, "/_local/script", &[], body).await.unwrap();
        assert_eq!(response.status(), 400);
    }
    let fault = r#"{"faults":[{"service":"dynamodb","fault":{"explode":true}}]}"#;
    assert_eq!(app.send(Method::PUT, "/_local/faults", &[], fault).await.unwrap().status(), 400);
    assert_eq!(app.send(Method::GET, "/_local/nothing", &[], "").await.unwrap().status(), 404);
}
