//! What Bedrock refuses, and how.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{App, ask};

async fn refused(app: &App, request: Value) -> (u16, String, String) {
    let response = app.post("/model/a.b/converse", request).await;
    let status = response.status().as_u16();
    let kind = response.headers().get("x-amzn-errortype").map(|kind| kind.to_str().unwrap().to_owned());
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let error: Value = response.json().await.unwrap();
    let code = kind.unwrap_or_default().split(':').next().unwrap().to_owned();
    (status, code, error["message"].as_str().unwrap_or_default().to_owned())
}

fn conversation(messages: Value) -> Value {
    json!({ "messages": messages })
}

fn with(field: &str, value: Value) -> Value {
    let mut request = ask("hi");
    request[field] = value;
    request
}

#[tokio::test]
async fn conversations_that_converse_refuses() {
    let app = App::start().await;
    let user = json!({ "role": "user", "content": [{ "text": "hi" }] });
    let assistant = json!({ "role": "assistant", "content": [{ "text": "ho" }] });
    let call =
        json!({ "role": "assistant", "content": [{ "toolUse": { "toolUseId": "t1", "name": "add", "input": {} } }] });
    let result = |id: &str| json!({ "role": "user", "content": [{ "toolResult": { "toolUseId": id, "content": [{ "text": "7" }] } }] });
    let tools =
        json!({ "tools": [{ "toolSpec": { "name": "add", "inputSchema": { "json": { "type": "object" } } } }] });
    let with_tools = |messages: Value| json!({ "messages": messages, "toolConfig": tools });

    for (request, expected) in [
        (json!({}), "must start with a user message"),
        (conversation(json!([])), "must start with a user message"),
        (conversation(json!([assistant, user])), "must start with a user message"),
        (conversation(json!([user, user])), "must alternate between user and assistant roles"),
        (conversation(json!([user, assistant])), "must end with a user message"),
        (
            conversation(json!([{ "role": "user", "content": [] }])),
            "content field in the Message object at messages.0 is empty",
        ),
        (conversation(json!([{ "role": "user", "content": [{ "text": " \n" }] }])), "at messages.0.content.0 is blank"),
        (conversation(json!([user, call, result("t1")])), "toolConfig field must be defined"),
        (
            with_tools(json!([user, call, user])),
            "Expected toolResult blocks at messages.2.content for the following Ids: t1",
        ),
        (with_tools(json!([user, call, result("t2")])), "Expected toolResult blocks at messages.2.content"),
        (with_tools(json!([user, assistant, result("t1")])), "exceeds the number of toolUse blocks of previous turn"),
        (
            with("toolConfig", json!({ "tools": tools["tools"], "toolChoice": { "tool": { "name": "sub" } } })),
            "not in toolConfig.tools",
        ),
        (
            conversation(
                json!([{ "role": "user", "content": [{ "image": { "format": "png", "source": { "bytes": "AAAA" } } }] }]),
            ),
            "doesn't support the image field at messages.0.content.0",
        ),
        (
            conversation(
                json!([{ "role": "user", "content": [{ "document": { "format": "pdf", "name": "d", "source": { "bytes": "AAAA" } } }] }]),
            ),
            "doesn't support the document field",
        ),
        (with("additionalModelRequestFields", json!({ "magic": 1 })), "extraneous key [magic] is not permitted"),
        (with("additionalModelRequestFields", json!({ "top_k": "many" })), "top_k: must be an integer"),
    ] {
        let (status, code, message) = refused(&app, request.clone()).await;
        assert_eq!((status, code.as_str()), (400, "ValidationException"), "{request}");
        assert!(message.contains(expected), "{request}: {message}");
    }
    assert_eq!(app.post("/model/a.b/converse", with_tools(json!([user, call, result("t1")]))).await.status(), 200);
}

#[tokio::test]
async fn requests_that_do_not_fit_the_services_model() {
    let app = App::start().await;
    for (request, expected) in [
        (
            with("inferenceConfig", json!({ "temperature": 1.5 })),
            "Value '1.5' at 'inferenceConfig.temperature' failed to satisfy constraint: Member must have value less than or equal to 1",
        ),
        (with("inferenceConfig", json!({ "topP": -1 })), "'inferenceConfig.topP'"),
        (with("inferenceConfig", json!({ "maxTokens": 0 })), "Member must have value greater than or equal to 1"),
        (with("inferenceConfig", json!({ "stopSequences": [""] })), "'inferenceConfig.stopSequences.1.member'"),
        (
            with("inferenceConfig", json!({ "stopSequences": vec!["a"; 2501] })),
            "Member must have length less than or equal to 2500",
        ),
        (with("inferenceConfig", json!({ "topK": 4 })), "Unknown field 'inferenceConfig.topK'"),
        (with("colour", json!("red")), "Unknown field 'colour'"),
        (with("system", json!([{ "text": "" }])), "'system.1.member.text'"),
        (
            with("toolConfig", json!({ "tools": [] })),
            "'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            with(
                "toolConfig",
                json!({ "tools": [{ "toolSpec": { "name": "no spaces", "inputSchema": { "json": {} } } }] }),
            ),
            "must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
        ),
        (
            with("toolConfig", json!({ "tools": [{ "toolSpec": { "name": "a" } }] })),
            "Value null at 'toolConfig.tools.1.member.toolSpec.inputSchema'",
        ),
        (with("requestMetadata", json!({ "k": "v".repeat(257) })), "'requestMetadata.k'"),
        (
            conversation(json!([{ "role": "system", "content": [{ "text": "a" }] }])),
            "must satisfy enum value set: [user, assistant]",
        ),
        (
            conversation(
                json!([{ "role": "user", "content": [{ "text": "a", "cachePoint": { "type": "default" } }] }]),
            ),
            "exactly one of its members",
        ),
    ] {
        let (status, code, message) = refused(&app, request.clone()).await;
        assert_eq!((status, code.as_str()), (400, "ValidationException"), "{request}");
        assert!(message.contains(expected), "{request}: {message}");
    }

    let two = with("inferenceConfig", json!({ "temperature": 2, "topP": 2 }));
    assert!(refused(&app, two).await.2.starts_with("2 validation errors detected: "));

    for request in
        [with("inferenceConfig", json!({ "maxTokens": "12" })), conversation(json!("hi")), json!([]), json!("text")]
    {
        let (status, code, message) = refused(&app, request.clone()).await;
        assert_eq!((status, code.as_str()), (400, "SerializationException"), "{request}: {message}");
    }
}

#[tokio::test]
async fn requests_that_cannot_be_read() {
    let app = App::start().await;
    let response = app.send(Method::POST, "/model/a.b/converse", &[], "{\"messages\": [").await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(response.headers()["x-amzn-errortype"].to_str().unwrap().starts_with("SerializationException"));

    // The second is beyond what is read of any body, and a client that still sends it gets an answer nevertheless.
    for length in [25_000_001, 40_000_000] {
        let long = format!("{{\"messages\":\"{}\"}}", "x".repeat(length));
        let response = app.send(Method::POST, "/model/a.b/converse", &[], long).await.unwrap();
        assert_eq!(response.status(), 413, "{length}");
    }
}

#[tokio::test]
async fn model_identifiers_must_fit_their_pattern() {
    let app = App::start().await;
    for path in ["/model/no%20spaces/converse", "/model/arn%3Aaws%3As3%3A%3A%3Abucket%2Fkey/converse"] {
        let response = app.post(path, ask("hi")).await;
        assert_eq!(response.status(), 400, "{path}");
        assert!(response.text().await.unwrap().contains("The provided model identifier is invalid."));
    }
}

#[tokio::test]
async fn what_is_not_here_is_named() {
    let app = App::start().await;
    let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let sqs = [("x-amz-target", "AmazonSQS.ListQueues"), ("content-type", "application/x-amz-json-1.0")];
    let polly = [(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/polly/aws4_request, SignedHeaders=host, Signature=0",
    )];
    for (method, path, headers, body, named) in [
        (Method::POST, "/guardrail/g1/version/1/apply", &[][..], "{}", "ApplyGuardrail of Bedrock Runtime"),
        (
            Method::POST,
            "/model/a.b/invoke-with-bidirectional-stream",
            &[][..],
            "",
            "InvokeModelWithBidirectionalStream",
        ),
        (
            Method::POST,
            "/",
            &form[..],
            "Action=GetCallerIdentity&Version=2011-06-15",
            "<Message>local-aws does not serve GetCallerIdentity",
        ),
        (Method::POST, "/", &sqs[..], "{}", "ListQueues of AmazonSQS"),
        (Method::GET, "/v1/voices", &polly[..], "", "local-aws does not serve GET /v1/voices of polly"),
    ] {
        let response = app.send(method, path, headers, body).await.unwrap();
        assert_eq!(response.status(), 501, "{path}");
        let text = response.text().await.unwrap();
        assert!(text.contains(named), "{path}: {text}");
    }
}
