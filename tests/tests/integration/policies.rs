//! Least privilege, measured: what a function calls when every route is used is what its role allows.

use std::collections::BTreeSet;

use local::Databases;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer},
    documents::HOW_MANY_DAYS,
    template,
};

const SERVICES: [&str; 4] = ["athena", "bedrock", "dynamodb", "kendra"];
const GUARDED: [(&str, &str); 2] = [("GUARDRAIL_ID", "abc123"), ("GUARDRAIL_VERSION", "7")];

#[tokio::test]
async fn chat_may_do_what_it_does_and_no_more() {
    let app = TestApp::with_settings(&GUARDED).await;
    let first = use_turns(&app, "/chat", "message", "Hello").await;

    app.get("/sessions").await.ok();
    let session = format!("/sessions/{}", first["session_id"].as_str().unwrap());
    app.get(&session).await.ok();
    assert_eq!(app.delete(&session).await.status, 204);

    assert_eq!(used(&app).await, template::allowed_actions("ChatFunction", &SERVICES));
}

#[tokio::test]
async fn rag_may_do_what_it_does_and_no_more() {
    let app = TestApp::with_handbook(&GUARDED).await;
    app.reset().await;
    app.script_always(json!({"text": "25 days [1]."})).await;
    let first = use_turns(&app, "/rag", "message", HOW_MANY_DAYS).await;

    let feedback = json!({"session_id": first["session_id"], "message_id": first["message_id"], "helpful": true});
    let given = answer(app.request(Method::POST, "/rag/feedback").json(&feedback)).await;
    assert_eq!(given.status, 204);

    assert_eq!(used(&app).await, template::allowed_actions("RagFunction", &SERVICES));
}

/// What Athena does on its behalf cannot be seen here: tests/templates/test_athena.py looks at those permissions.
#[tokio::test]
async fn nlq_may_do_what_it_does_and_no_more() {
    let app = TestApp::with(|options| {
        options.databases = Databases::Sample;
        let settings = [&GUARDED[..], &[("QUERY_TIMEOUT_SECONDS", "3")]].concat();
        options.settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    })
    .await;
    app.script_always(json!({"text": "SELECT count(*) AS customers FROM customers"})).await;
    use_turns(&app, "/nlq", "question", "How many customers do we have?").await;

    // A query that takes too long is stopped.
    let endless = "SELECT count(*) FROM order_items AS a CROSS JOIN order_items AS b CROSS JOIN customers AS c \
                   WHERE a.unit_price + b.unit_price > c.id";
    app.script_always(json!({"text": endless})).await;
    let question = json!({"question": "How many pairs are there?"});
    answer(app.request(Method::POST, "/nlq").json(&question)).await.problem(504, "query_timeout");

    assert_eq!(used(&app).await, template::allowed_actions("NlqFunction", &SERVICES));
}

#[test]
fn every_function_is_measured() {
    let functions: BTreeSet<String> = template::functions().map(|(name, _)| name).collect();
    assert_eq!(functions, BTreeSet::from(["ChatFunction", "NlqFunction", "RagFunction"].map(str::to_owned)));
}

/// A turn with a key and its repetition, a streamed one that follows it, and one that fails; the first one's answer.
async fn use_turns(app: &TestApp, path: &str, field: &str, text: &str) -> Value {
    let keyed = |key: &str| app.request(Method::POST, path).header("idempotency-key", key).json(&json!({field: text}));
    let first = answer(keyed("one")).await.ok();
    assert_eq!(answer(keyed("one")).await.ok(), first);
    let following = json!({field: text, "session_id": first["session_id"]});
    app.stream_of(&format!("{path}/stream"), following).await.rest().await;

    app.script(json!([{"error": {"code": "ValidationException", "message": "no"}}])).await;
    answer(keyed("two")).await.problem(400, "model_rejected_request");
    first
}

async fn used(app: &TestApp) -> BTreeSet<String> {
    app.all_calls().await.iter().flat_map(actions).collect()
}

/// The permissions that a call needs: a transaction those of its parts, a call with a guardrail that of applying it.
fn actions(call: &Value) -> Vec<String> {
    let body = &call["body"];
    match (call["service"].as_str().unwrap(), call["operation"].as_str().unwrap()) {
        ("dynamodb", "TransactWriteItems") => {
            let parts =
                body["TransactItems"].as_array().unwrap().iter().flat_map(|part| part.as_object().unwrap().keys());
            // `Put`, `Update`, `Delete`, `ConditionCheck`.
            parts.map(|part| format!("dynamodb:{part}Item")).collect()
        }
        (service @ ("athena" | "dynamodb" | "kendra"), operation) => vec![format!("{service}:{operation}")],
        ("s3", "GetObject") => Vec::new(),
        ("bedrock", operation) => {
            let action = match operation {
                "Converse" => "bedrock:InvokeModel",
                "ConverseStream" => "bedrock:InvokeModelWithResponseStream",
                other => panic!("which permission does {other} need?"),
            };
            let guarded = (!body["guardrailConfig"].is_null()).then(|| "bedrock:ApplyGuardrail".to_owned());
            guarded.into_iter().chain([action.to_owned()]).collect()
        }
        (service, operation) => panic!("which permission does {service} {operation} need?"),
    }
}
