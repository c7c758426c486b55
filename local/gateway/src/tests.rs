//! The machine as a whole. What the patterns answer is tested by the workspace's integration tests; this is about what
//! stands in front of them.

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::*;

async fn start(change: impl FnOnce(&mut Options)) -> Local {
    let mut options = Options::for_tests();
    change(&mut options);
    Local::start(options).await.unwrap()
}

async fn start_failing(change: impl FnOnce(&mut Options)) -> String {
    let mut options = Options::for_tests();
    change(&mut options);
    match Local::start(options).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

async fn call(local: &Local, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Response {
    let mut request = Client::new().request(method, format!("{}{path}", local.url())).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn chat(local: &Local, path: &str, headers: &[(&str, &str)]) -> Response {
    let headers = [&[("content-type", "application/json")], headers].concat();
    call(local, Method::POST, path, &headers, json!({"message": "Hello"}).to_string()).await
}

/// Has the model wait before it answers.
async fn delay(local: &Local, milliseconds: u64) {
    set_script(local, &json!({"steps": [{"text": "late", "delay_ms": milliseconds}], "repeat_last": true})).await;
}

async fn set_script(local: &Local, script: &Value) {
    let url = format!("{}/_local/script", local.aws_url());
    Client::new().put(url).json(script).send().await.unwrap().error_for_status().unwrap();
}

/// None where there is no answer in time.
async fn sessions_of(local: &Local, token: &str) -> Option<usize> {
    let bearer = format!("Bearer {token}");
    let response = call(local, Method::GET, "/sessions", &[("authorization", &bearer)], String::new()).await;
    let sessions: Value = response.json().await.unwrap();
    sessions["sessions"].as_array().map(Vec::len)
}

/// Looks again and again, longer than any machine needs.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to this: {what}");
}

#[tokio::test]
async fn both_transfer_modes_reach_the_function() {
    let local = start(|_| {}).await;
    let buffered = chat(&local, "/chat", &[]).await;
    assert_eq!(buffered.status(), StatusCode::OK);
    for name in ["x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"] {
        assert!(buffered.headers().contains_key(name), "{name}");
    }
    let answer: Value = buffered.json().await.unwrap();
    assert_eq!((&answer["answer"], &answer["model"]), (&json!("You said: Hello"), &json!("local.scripted")));

    let streamed = chat(&local, "/chat/stream/", &[]).await;
    assert!(streamed.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    assert!(streamed.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    local.stop().await;
}

#[tokio::test]
async fn a_token_is_who_one_is() {
    let local = start(|_| {}).await;
    chat(&local, "/chat", &[("authorization", "Bearer alice:hr")]).await.error_for_status().unwrap();
    chat(&local, "/chat", &[]).await.error_for_status().unwrap();
    assert_eq!(sessions_of(&local, "alice").await, Some(1));
    assert_eq!(sessions_of(&local, "local").await, Some(1));
    assert_eq!(sessions_of(&local, "bob").await, Some(0));
    local.stop().await;
}

#[tokio::test]
async fn what_reaches_no_function_is_answered_as_the_template_says() {
    let local = start(|_| {}).await;
    let large = "x".repeat(10 * 1024 * 1024 + 1);
    let large_as_event = "x".repeat(7 * 1024 * 1024);
    let real_token = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
    for (method, path, headers, body, status, code) in [
        (Method::GET, "/nothing", vec![], String::new(), 404, "no_such_route"),
        (Method::PUT, "/chat", vec![], String::new(), 404, "no_such_route"),
        (Method::POST, "/chat", vec![("authorization", "Basic YTpi")], String::new(), 401, "unauthenticated"),
        (Method::POST, "/chat", vec![("authorization", real_token)], String::new(), 401, "unauthenticated"),
        (Method::POST, "/chat", vec![], large, 413, "too_long"),
        (Method::POST, "/chat", vec![], large_as_event, 413, "too_long"),
    ] {
        let response = call(&local, method, path, &headers, body).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let request_id = response.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
        assert_eq!(response.status().as_u16(), status, "{path} {headers:?}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!((&problem["code"], &problem["request_id"]), (&json!(code), &json!(request_id)));
    }
    local.stop().await;
}

#[tokio::test]
async fn a_front_end_on_this_machine_may_call() {
    let local = start(|_| {}).await;
    let origin = ("origin", "http://localhost:8080");
    let preflight = call(&local, Method::OPTIONS, "/chat/stream", &[origin], String::new()).await;
    assert_eq!(preflight.status(), StatusCode::OK);
    assert_eq!(preflight.headers()["access-control-allow-origin"], origin.1);
    assert!(preflight.headers()["access-control-allow-methods"].to_str().unwrap().contains("POST"));
    for response in [chat(&local, "/chat", &[origin]).await, chat(&local, "/nothing", &[origin]).await] {
        let allowed: Vec<_> = response.headers().get_all("access-control-allow-origin").iter().collect();
        assert_eq!(allowed, [origin.1]);
    }
    local.stop().await;
}

/// API Gateway waits no longer, and the function runs to its end all the same.
#[tokio::test]
async fn a_buffered_route_has_its_time() {
    let local = start(|options| {
        options.buffered_limit = Some(Duration::from_millis(100));
        options.settings.insert("BUFFERED_TIMEOUT_SECONDS".to_owned(), "60".to_owned());
    })
    .await;
    delay(&local, 3000).await;
    let response = chat(&local, "/chat", &[("authorization", "Bearer alice")]).await;
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    until("the turn is written", async || sessions_of(&local, "alice").await == Some(1)).await;

    let streamed = chat(&local, "/chat/stream", &[]).await;
    assert!(streamed.text().await.unwrap().contains("late"));
    local.stop().await;
}

/// Somebody has left and somebody still listens, while the model goes on for a minute.
#[tokio::test]
async fn a_stop_does_not_wait_for_a_slow_model() {
    let local = start(|_| {}).await;
    let script = json!({"steps": [{"chunks": vec!["a"; 120], "chunk_delay_ms": 500}], "repeat_last": true});
    set_script(&local, &script).await;
    drop(chat(&local, "/chat/stream", &[]).await);
    let listens = chat(&local, "/chat/stream", &[]).await;
    let url = format!("{}/_local/requests", local.aws_url());
    let seen: Value = Client::new().get(url).send().await.unwrap().json().await.unwrap();
    let calls = seen["requests"].as_array().unwrap().iter();
    assert_eq!(calls.filter(|call| call["operation"] == "ConverseStream" && call["ended_ms"].is_null()).count(), 2);

    // Far less than the model takes, and than the local AWS grants to calls of others.
    tokio::time::timeout(Duration::from_secs(12), local.stop()).await.unwrap();
    assert!(listens.text().await.is_err());
}

/// All of them: the sample is what a newcomer sees first.
#[tokio::test]
async fn the_sample_is_indexed_before_the_first_request() {
    let options = Options { documents: Documents::Sample, ..Options::for_tests() };
    let local = Local::start(options.clone()).await.unwrap();
    for sync in local.aws.syncs() {
        assert_eq!((sync.error, sync.failures), (None, Vec::new()), "{}", sync.name);
    }
    let indexed = local.indexed.unwrap();
    assert!(indexed.documents >= 30 && indexed.answers >= 20, "{indexed:?}");
    assert!(local.describe(&options).contains("from the sample"));
    local.stop().await;
}

#[tokio::test]
async fn what_does_not_start_says_why() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let api = start_failing(|options| options.port = port).await;
    assert!(api.contains("in use") && api.contains("--port"), "{api}");
    let aws = start_failing(|options| options.aws_port = port).await;
    assert!(aws.contains("in use") && aws.contains("--aws-port"), "{aws}");

    let unknown = template::TEMPLATE.replace("CodeUri: functions/chat", "CodeUri: functions/news");
    let unknown = start_failing(|options| options.template = Some(unknown)).await;
    assert!(unknown.contains("`news`") && unknown.contains("functions.rs"), "{unknown}");

    let setting = BTreeMap::from([("HISTORY_TURNS".to_owned(), "many".to_owned())]);
    let setting = start_failing(|options| options.settings = setting).await;
    assert!(setting.contains("HISTORY_TURNS cannot be `many`"), "{setting}");

    let folder = Documents::Folder("/nowhere/at/all".into());
    let folder = start_failing(|options| options.documents = folder).await;
    assert!(folder.contains("/nowhere/at/all cannot be read"), "{folder}");

    let origin = start_failing(|options| options.origin = Some("app.example".to_owned())).await;
    assert!(origin.contains("no origin"), "{origin}");
}
