//! Requests to the nlq pattern that are wrong: each is refused with the name of what is wrong, and nothing is asked for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer},
    identity::without_authorizer,
    nlq_data::{COUNT, HOW_MANY, attach, people, sql, words},
};

async fn nothing_was_asked(app: &TestApp) {
    let calls = app.all_calls().await;
    let asked = calls.iter().filter(|call| call["service"] == "athena" || call["service"] == "bedrock").count();
    assert_eq!((asked, app.items().await), (0, Vec::new()));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.reset().await;
    for (body, field) in [
        // What every pattern refuses.
        ("", "body"),
        (r#"{"question": "q"} x"#, "body"),
        ("{}", "question"),
        (r#"{"question": " \n"}"#, "question"),
        (r#"{"question": 1}"#, "question"),
        (r#"{"question": "q", "session_id": "mine"}"#, "session_id"),
        (r#"{"question": "q", "model": "none"}"#, "model"),
        // What is not there, or there twice.
        (r#"{"message": "q"}"#, "message"),
        (r#"{"question": "q", "temperature": 0}"#, "temperature"),
        (r#"{"question": "q", "sql": "SELECT 1"}"#, "sql"),
        (r#"{"question": "q", "max_rows": 1, "max_rows": 1}"#, "max_rows"),
        // Of another type.
        (r#"{"question": "q", "max_rows": "1"}"#, "max_rows"),
        (r#"{"question": "q", "max_rows": 1.5}"#, "max_rows"),
        (r#"{"question": "q", "max_rows": -1}"#, "max_rows"),
        (r#"{"question": "q", "execute": "no"}"#, "execute"),
        (r#"{"question": "q", "database": 1}"#, "database"),
        // Of a value that cannot be.
        (r#"{"question": "q", "max_rows": 0}"#, "max_rows"),
        (r#"{"question": "q", "max_rows": 1001}"#, "max_rows"),
        (r#"{"question": "q", "database": ""}"#, "database"),
        (r#"{"question": "q", "database": "information_schema"}"#, "database"),
    ] {
        for path in ["/nlq", "/nlq/stream"] {
            let request = app.request(Method::POST, path).header("content-type", "application/json");
            let refused = answer(request.body(body)).await;
            let named = refused.refused_field(400, "invalid_request");
            assert_eq!(named, field, "{body}");
        }
    }
    nothing_was_asked(&app).await;
}

#[tokio::test]
async fn a_question_has_a_longest() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let refused = app.query(json!({"question": "é".repeat(32_001)})).await;
    assert_eq!(refused.refused_field(413, "too_long"), "question");
    app.script(json!([sql(COUNT), words("3 people.")])).await;
    let longest = format!("{HOW_MANY}{}", " ".repeat(32_000 - HOW_MANY.len()));
    assert_eq!(app.query(json!({"question": longest})).await.ok()["rows"], json!([[3]]));
}

#[tokio::test]
async fn nobody_asks_without_a_name() {
    let folder = people();
    let app = TestApp::with(|options| {
        without_authorizer(options);
        attach(options, folder.path());
    })
    .await;
    app.reset().await;
    for path in ["/nlq", "/nlq/stream"] {
        for body in [json!({"question": HOW_MANY}), json!({"nonsense": 1})] {
            let refused = answer(app.anonymous_request(Method::POST, path).json(&body)).await;
            refused.problem(401, "unauthenticated");
        }
    }
    nothing_was_asked(&app).await;
}

#[tokio::test]
async fn only_json_is_read() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let request = app.request(Method::POST, "/nlq").header("content-type", "text/plain");
    answer(request.body(json!({"question": HOW_MANY}).to_string())).await.problem(415, "unsupported_media_type");
    let listed = app.get("/nlq").await;
    assert!(listed.status == 403 || listed.status == 404, "{}", listed.text);
}

#[tokio::test]
async fn limits_can_be_reached() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    for most_rows in [1, 1000] {
        app.script(json!([sql("SELECT name FROM people ORDER BY id"), words("Ada.")])).await;
        let body = json!({
            "question": "Which people are there?", "max_rows": most_rows, "database": "shop", "execute": true,
            "model": "local.scripted", "session_id": Value::Null,
        });
        let answer = app.query(body).await.ok();
        assert_eq!(answer["row_count"], most_rows.min(3));
        assert_eq!(answer["truncated"], most_rows < 3);
    }
}
