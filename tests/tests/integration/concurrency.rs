//! Many at once: every turn lands, whole, and in nobody else's conversation.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, answer};

async fn turns_at_once(count: usize) {
    let app = TestApp::start().await;
    // All of them are under way before the first one ends.
    app.script_always(json!({"text": "Yes.", "delay_ms": 200})).await;
    let session = app.say(&Value::Null, "first").await["session_id"].take();
    let said: Vec<String> = (0..count).map(|number| format!("number {number}")).collect();
    let turns = join_all(said.iter().map(|message| app.say(&session, message))).await;

    let mut identifiers: Vec<String> = turns.iter().map(|turn| turn["message_id"].to_string()).collect();
    identifiers.sort_unstable();
    identifiers.dedup();
    assert_eq!(identifiers.len(), count);

    let messages = app.messages(&session).await;
    assert_eq!(messages.len(), 2 * (count + 1));
    let mut questions = Vec::new();
    for turn in messages.chunks(2) {
        assert_eq!((turn[0].0.as_str(), turn[1].0.as_str()), ("user", "assistant"));
        questions.push(turn[0].1.as_str());
    }
    questions.sort_unstable();
    let mut expected: Vec<&str> = said.iter().map(String::as_str).chain(["first"]).collect();
    expected.sort_unstable();
    assert_eq!(questions, expected);
    assert_eq!(app.get("/sessions").await.ok()["sessions"][0]["turns"], count + 1);

    app.reset().await;
    app.say(&session, "last").await;
    let sent = app.only_call("Converse").await["messages"].take();
    let roles: Vec<&Value> = sent.as_array().unwrap().iter().map(|message| &message["role"]).collect();
    assert_eq!(roles.len(), 2 * (count + 1) + 1);
    assert!(roles.windows(2).all(|pair| pair[0] != pair[1]), "roles alternate");
}

#[tokio::test]
async fn two_turns_at_once_both_land() {
    turns_at_once(2).await;
}

#[tokio::test]
async fn ten_turns_at_once_all_land() {
    turns_at_once(10).await;
}

#[tokio::test]
async fn a_stream_and_a_whole_answer_at_once_both_land() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "first").await["session_id"].take();
    app.script_always(json!({"chunks": ["Yes", "."], "chunk_delay_ms": 100})).await;
    let body = |message: &str| json!({"message": message, "session_id": session});
    let streamed = async { app.stream(body("streamed")).await.rest().await };
    let (parts, whole) = tokio::join!(streamed, app.chat(body("whole")));
    assert_eq!((&parts.last().unwrap()["type"], &whole.ok()["answer"]), (&json!("finish"), &json!("Yes.")));
    assert_eq!(app.messages(&session).await.len(), 6);
}

#[tokio::test]
async fn callers_do_not_meet() {
    let app = TestApp::start().await;
    join_all((0..10).map(|number| {
        let app = &app;
        async move {
            let user = format!("user{number}");
            let post = |body: Value| answer(app.request_by(&user, Method::POST, "/chat").json(&body));
            let first = post(json!({"message": format!("I am {user}")})).await.ok();
            let second = post(json!({"message": "Who am I?", "session_id": first["session_id"]})).await.ok();
            let listed = answer(app.request_by(&user, Method::GET, "/sessions")).await.ok();
            assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
            assert_eq!(listed["sessions"][0]["title"], format!("I am {user}"));
            assert_eq!(second["session_id"], listed["sessions"][0]["session_id"]);
        }
    }))
    .await;
    for call in app.calls("Converse").await {
        let messages = call["body"]["messages"].as_array().unwrap();
        let texts: Vec<&str> = messages.iter().map(|message| message["content"][0]["text"].as_str().unwrap()).collect();
        if let [question, answer, _] = texts[..] {
            assert_eq!(answer, format!("You said: {question}"));
        }
    }
}
