//! What stands in front of the functions: routes, limits, and leave for browsers.

use std::time::Duration;

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer, eventually},
    event_stream::text_of,
};

const FRONT_END: &str = "http://localhost:5173";

#[tokio::test]
async fn there_are_five_routes_and_no_others() {
    let app = TestApp::start().await;
    let session = "/sessions/0198a5d4-0000-7000-8000-000000000000";
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/chat"),
        (Method::PUT, "/chat"),
        (Method::DELETE, "/chat/stream"),
        (Method::POST, "/chat/stream/more"),
        (Method::POST, "/sessions"),
        (Method::DELETE, "/sessions"),
        (Method::PATCH, session),
        (Method::POST, session),
        (Method::GET, "/sessions/a/b"),
        (Method::POST, "/CHAT"),
    ] {
        let refused = answer(app.request(method.clone(), path).json(&json!({"message": "Hello"}))).await;
        assert_eq!(refused.status, 404, "{method} {path}");
        refused.problem(404, "no_such_route");
    }
}

#[tokio::test]
async fn a_browser_may_ask_before_it_calls() {
    let app = TestApp::start().await;
    for path in ["/chat", "/chat/stream", "/sessions", "/sessions/any"] {
        let request = app
            .anonymous_request(Method::OPTIONS, path)
            .header("origin", FRONT_END)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type,idempotency-key");
        let allowed = answer(request).await;
        assert!([200, 204].contains(&allowed.status), "{path}: {}", allowed.status);
        assert_eq!(allowed.headers["access-control-allow-origin"], FRONT_END);
        let list = |name: &str| allowed.headers[name].to_str().unwrap().to_ascii_lowercase();
        for method in ["get", "post", "delete"] {
            assert!(list("access-control-allow-methods").contains(method), "{path}");
        }
        for header in ["authorization", "content-type", "idempotency-key"] {
            assert!(list("access-control-allow-headers").contains(header), "{path}");
        }
    }
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
}

/// Errors too, or a front end could not tell what went wrong.
#[tokio::test]
async fn a_browser_may_read_every_answer() {
    let app = TestApp::start().await;
    let body = json!({"message": "Hello"});
    let from_browser = |method, path| app.request(method, path).header("origin", FRONT_END).json(&body);
    for (answer, status) in [
        (answer(from_browser(Method::POST, "/chat")).await, 200),
        (answer(from_browser(Method::POST, "/chat/stream")).await, 200),
        (answer(from_browser(Method::GET, "/sessions")).await, 200),
        (answer(from_browser(Method::GET, "/sessions/none")).await, 404),
        (answer(from_browser(Method::GET, "/none")).await, 404),
        (answer(from_browser(Method::POST, "/chat").header("content-type", "text/plain")).await, 415),
        (answer(from_browser(Method::GET, "/sessions").header("authorization", "Basic x")).await, 401),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_readable(&answer.headers);
    }
}

fn assert_readable(headers: &HeaderMap) {
    let origins: Vec<_> = headers.get_all("access-control-allow-origin").iter().collect();
    assert_eq!(origins, [FRONT_END]);
}

#[tokio::test]
async fn the_origin_of_the_front_end_can_be_chosen() {
    let app = TestApp::with(|options| options.origin = Some("https://app.example".to_owned())).await;
    let request = app.request(Method::POST, "/chat").header("origin", "https://evil.example");
    let answer = answer(request.json(&json!({"message": "Hello"}))).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example");
}

#[tokio::test]
async fn a_body_of_more_than_ten_megabytes_is_not_read() {
    let app = TestApp::start().await;
    for path in ["/chat", "/chat/stream"] {
        let body = format!(r#"{{"message": "{}"}}"#, "x".repeat(10 * 1024 * 1024));
        let request = app.request(Method::POST, path).header("content-type", "application/json").body(body);
        assert_eq!(answer(request).await.refused_field(413, "too_long"), "body");
    }
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
}

/// A function that does not know API Gateway's limit finishes its turn for nobody; the next request finds it.
#[tokio::test]
async fn api_gateway_waits_so_long_and_no_longer() {
    let app = TestApp::with(|options| {
        options.buffered_limit = Some(Duration::from_millis(500));
        options.settings.insert("BUFFERED_TIMEOUT_SECONDS".to_owned(), "60".to_owned());
    })
    .await;
    app.script_always(json!({"text": "late", "delay_ms": 4000})).await;
    let refused = app.chat(json!({"message": "Hello"})).await;
    refused.problem(504, "deadline_exceeded");
    assert!(!refused.headers.contains_key("x-request-id"), "the function has not answered");
    assert_eq!(text_of(&app.stream(json!({"message": "Hello"})).await.rest().await), "late");
    eventually("both turns land", async || app.items().await.len() == 6).await;
}

#[tokio::test]
async fn the_limit_can_be_lifted() {
    let app = TestApp::with(|options| options.buffered_limit = None).await;
    app.script(json!([{"text": "late", "delay_ms": 500}])).await;
    assert_eq!(app.say(&Value::Null, "Hello").await["answer"], "late");
}
