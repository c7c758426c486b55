//! Who calls, and what is whose.

use local::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, answer};

/// The function behind an API without an authorizer: nobody vouches for a caller.
pub(crate) fn without_authorizer(options: &mut Options) {
    let template = include_str!("../../../template.yaml");
    let changed = template.replace("DefaultAuthorizer: UserPool", "DefaultAuthorizer: NONE");
    assert_ne!(changed, template);
    options.template = Some(changed);
}

async fn anonymous_chat(app: &TestApp, body: Value) -> Answer {
    answer(app.anonymous_request(Method::POST, "/chat").json(&body)).await
}

async fn titles(app: &TestApp, authorization: Option<&str>) -> Vec<Value> {
    let mut request = app.anonymous_request(Method::GET, "/sessions");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let listed = answer(request).await.ok();
    listed["sessions"].as_array().unwrap().iter().map(|session| session["title"].clone()).collect()
}

#[tokio::test]
async fn a_bearer_token_names_the_caller() {
    let app = TestApp::start().await;
    for (token, title) in
        [("alice:hr,finance", "by alice"), ("alice@example.com", "by her address"), ("local", "by local")]
    {
        answer(app.request_by(token, Method::POST, "/chat").json(&json!({"message": title}))).await.ok();
    }
    assert_eq!(titles(&app, Some("Bearer alice")).await, ["by alice"]);
    assert_eq!(titles(&app, Some("bearer alice:it")).await, ["by alice"], "groups are no part of who one is");
    assert_eq!(titles(&app, Some("Bearer alice@example.com")).await, ["by her address"]);
    assert_eq!(titles(&app, Some("Bearer Alice")).await, [] as [Value; 0]);
    assert_eq!(titles(&app, None).await, ["by local"], "without a token one is the developer");
}

#[tokio::test]
async fn a_token_that_names_nobody_is_refused_on_every_route() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].as_str().unwrap().to_owned();
    let session = format!("/sessions/{session}");
    app.reset().await;
    for value in ["Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "alice"] {
        for (method, path) in routes(&session) {
            let request = app.anonymous_request(method, path).header("authorization", value);
            let refused = answer(request.json(&json!({"message": "Hi"}))).await;
            refused.problem(401, "unauthenticated");
            assert_eq!(refused.headers["www-authenticate"], "Bearer");
        }
    }
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
    app.get(&session).await.ok();
}

#[tokio::test]
async fn without_an_identity_nothing_is_done() {
    let app = TestApp::with(without_authorizer).await;
    for (method, path) in routes("/sessions/0198a5d4-0000-7000-8000-000000000000") {
        // A token that no authorizer has verified is no identity.
        let request = app.request(method, path).json(&json!({"message": "Hello"}));
        let refused = answer(request).await;
        refused.problem(401, "unauthenticated");
        assert!(refused.headers.contains_key("x-request-id"), "the function itself refuses");
    }
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
    assert_eq!(app.items().await, [] as [Value; 0]);
}

/// What is wrong with a request is for those who may make one.
#[tokio::test]
async fn who_calls_is_asked_before_what() {
    let app = TestApp::with(without_authorizer).await;
    for body in ["", "{", "[]", r#"{"message": ""}"#, r#"{"mesage": "Hello"}"#, r#"{"message": 1}"#] {
        for path in ["/chat", "/chat/stream"] {
            let request = || app.anonymous_request(Method::POST, path).body(body);
            for request in [request(), request().header("content-type", "application/json")] {
                let refused = answer(request.header("idempotency-key", "two words")).await;
                refused.problem(401, "unauthenticated");
                assert!(refused.headers.contains_key("x-request-id"), "the function itself refuses");
            }
        }
    }
    for (method, path) in [
        (Method::GET, "/sessions?limit=0"),
        (Method::GET, "/sessions/none?cursor=none"),
        (Method::DELETE, "/sessions/none"),
    ] {
        answer(app.anonymous_request(method, path)).await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn anonymous_callers_may_talk_where_that_is_switched_on() {
    let app = TestApp::with(|options| {
        without_authorizer(options);
        options.settings.insert("ALLOW_ANONYMOUS".to_owned(), "true".to_owned());
    })
    .await;
    let first = anonymous_chat(&app, json!({"message": "Hello"})).await.ok();
    let again = json!({"message": "Go on", "session_id": first["session_id"]});
    anonymous_chat(&app, again).await.ok();
    let path = format!("/sessions/{}", first["session_id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.ok()["turns"], 2, "whoever knows the identifier may read");
    app.get("/sessions").await.problem(401, "unauthenticated");
    assert_eq!(app.delete(&path).await.status, 204);
}

/// The same answer as for a session that never was: whether it exists is nobody else's business.
#[tokio::test]
async fn somebody_elses_session_does_not_exist() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "Mine").await["session_id"].take();
    let own = format!("/sessions/{}", session.as_str().unwrap());
    let never = "/sessions/0198a5d4-0000-7000-8000-000000000000";
    app.reset().await;

    let mut details = Vec::new();
    for path in [own.as_str(), never] {
        let session = path.trim_start_matches("/sessions/");
        for (method, path) in routes(path).into_iter().filter(|(_, path)| *path != "/sessions") {
            let body = json!({"message": "Yours?", "session_id": session});
            let mut problem =
                answer(app.request_by("bob", method, path).json(&body)).await.problem(404, "session_not_found");
            problem["request_id"].take();
            details.push(problem);
        }
    }
    assert!(details.windows(2).all(|pair| pair[0] == pair[1]), "{details:?}");
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
    assert_eq!(app.get(&own).await.ok()["turns"], 1, "bob's deletion did nothing");
}

fn routes(session: &str) -> [(Method, &str); 5] {
    [
        (Method::POST, "/chat"),
        (Method::POST, "/chat/stream"),
        (Method::GET, "/sessions"),
        (Method::GET, session),
        (Method::DELETE, session),
    ]
}
