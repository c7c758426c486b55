//! What a model sees of the earlier conversation, and what the memory can hold.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    event_stream::{kinds, text_of},
};

/// One turn of a conversation; returns the texts that the model was given.
async fn texts_seen(app: &TestApp, session: &Value, message: &str) -> Vec<String> {
    let before = app.calls("Converse").await.len();
    app.say(session, message).await;
    let calls = app.calls("Converse").await;
    let messages = calls[before]["body"]["messages"].as_array().unwrap();
    let roles: Vec<&str> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    let expected: Vec<&str> = ["user", "assistant"].into_iter().cycle().take(roles.len()).collect();
    assert_eq!(roles, expected, "roles alternate");
    assert_eq!(roles.last(), Some(&"user"));
    messages.iter().map(|message| message["content"][0]["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_model_sees_the_last_turns() {
    let app = TestApp::with_settings(&[("HISTORY_TURNS", "2")]).await;
    let session = app.say(&Value::Null, "one").await["session_id"].take();
    assert_eq!(texts_seen(&app, &session, "two").await, ["one", "You said: one", "two"]);
    assert_eq!(texts_seen(&app, &session, "three").await.len(), 5);
    let expected = ["two", "You said: two", "three", "You said: three", "four"];
    assert_eq!(texts_seen(&app, &session, "four").await, expected);
    assert_eq!(app.messages(&session).await.len(), 8, "what is not replayed is remembered all the same");
}

#[tokio::test]
async fn without_room_for_history_each_turn_stands_alone() {
    for setting in ["HISTORY_TURNS", "HISTORY_TOKENS"] {
        let app = TestApp::with_settings(&[(setting, "0")]).await;
        let session = app.say(&Value::Null, "one").await["session_id"].take();
        assert_eq!(texts_seen(&app, &session, "two").await, ["two"], "{setting}");
    }
}

#[tokio::test]
async fn a_model_sees_what_fits_the_budget_of_tokens() {
    let app = TestApp::with_settings(&[("HISTORY_TOKENS", "150")]).await;
    app.script_always(json!({"text": "Yes."})).await;
    // About fifty tokens a turn, by any tokenizer.
    let question = |number: u32| format!("{number} {}", "and so on ".repeat(20));
    let session = app.say(&Value::Null, &question(1)).await["session_id"].take();
    for number in 2..=4 {
        app.say(&session, &question(number)).await;
    }
    let seen = texts_seen(&app, &session, "Well?").await;
    assert_eq!(seen, [question(3).as_str(), "Yes.", &question(4), "Yes.", "Well?"]);
}

/// A gap would make the model take one question's answer for another's.
#[tokio::test]
async fn history_has_no_gaps() {
    let app = TestApp::with_settings(&[("HISTORY_TOKENS", "150")]).await;
    app.script_always(json!({"text": "Yes."})).await;
    let session = app.say(&Value::Null, "small").await["session_id"].take();
    app.say(&session, &"large ".repeat(1000)).await;
    assert_eq!(texts_seen(&app, &session, "next").await, ["next"]);
    assert_eq!(texts_seen(&app, &session, "last").await, ["next", "Yes.", "last"]);
}

#[tokio::test]
async fn characters_of_any_script_count() {
    let app = TestApp::with_settings(&[("HISTORY_TOKENS", "150")]).await;
    app.script_always(json!({"text": "Yes."})).await;
    let session = app.say(&Value::Null, &"漢".repeat(1000)).await["session_id"].take();
    assert_eq!(texts_seen(&app, &session, "next").await, ["next"], "a thousand ideographs are no 250 tokens");
}

/// Whatever a filter stopped would make it stop every later turn as well.
#[tokio::test]
async fn a_turn_that_was_stopped_by_a_filter_is_remembered_and_not_replayed() {
    let app = TestApp::start().await;
    for reason in ["guardrail_intervened", "content_filtered"] {
        let stopped = json!([{"text": "Sorry.", "stop_reason": reason}]);
        app.script(stopped.clone()).await;
        let first = app.say(&Value::Null, "one").await;
        assert_eq!(first["stop_reason"], reason);
        let session = &first["session_id"];
        app.reset().await;
        assert_eq!(texts_seen(&app, session, "two").await, ["two"], "{reason}");

        app.script(stopped).await;
        app.say(session, "three").await;
        app.reset().await;
        assert_eq!(texts_seen(&app, session, "four").await, ["two", "You said: two", "four"], "{reason}");

        let said: Vec<String> = app.messages(session).await.into_iter().map(|(_, text)| text).collect();
        let expected = ["one", "Sorry.", "two", "You said: two", "three", "Sorry.", "four", "You said: four"];
        assert_eq!(said, expected, "{reason}");
        assert_eq!(app.get("/sessions").await.ok()["sessions"][0]["turns"], 4);
    }
}

/// Examples are not part of the conversation: they are neither remembered nor do they take its room.
#[tokio::test]
async fn examples_are_not_remembered() {
    let app = TestApp::with_settings(&[("HISTORY_TURNS", "1")]).await;
    let example = json!({"user": "2 + 2", "assistant": "4"});
    let first = app.chat(json!({"message": "3 + 3", "examples": [example, example]})).await.ok();
    assert_eq!(app.messages(&first["session_id"]).await.len(), 2);
    assert_eq!(texts_seen(&app, &first["session_id"], "4 + 4").await, ["3 + 3", "You said: 3 + 3", "4 + 4"]);
}

/// DynamoDB gives at most 1 MB at a time.
#[tokio::test]
async fn a_history_of_megabytes_is_read_whole() {
    let app = TestApp::with_settings(&[("HISTORY_TOKENS", "100000000")]).await;
    let large = "🦀".repeat(32_000);
    let session = app.say(&Value::Null, &large).await["session_id"].take();
    for _ in 0..5 {
        app.say(&session, &large).await;
    }
    let seen = texts_seen(&app, &session, "All?").await;
    assert_eq!(seen.len(), 13);
    assert!(seen.iter().step_by(2).take(6).all(|text| *text == large));
}

#[tokio::test]
async fn an_answer_over_the_limit_of_an_item_is_refused() {
    let app = TestApp::start().await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].take();
    let before = app.items().await;
    app.script_always(json!({"chunks": ["x".repeat(420_000)]})).await;
    let body = json!({"message": "Write a book.", "session_id": session});
    app.chat(body.clone()).await.problem(413, "message_too_large");
    app.chat(json!({"message": "Write a book."})).await.problem(413, "message_too_large");

    let parts = app.stream(body).await.rest().await;
    assert_eq!(text_of(&parts).len(), 420_000);
    assert_eq!(kinds(&parts)[parts.len() - 2..], ["data-problem", "error"]);
    assert_eq!(parts[parts.len() - 2]["data"]["code"], "message_too_large");
    assert_eq!(app.items().await, before);
}

#[tokio::test]
async fn an_answer_below_the_limit_of_an_item_is_kept() {
    let app = TestApp::start().await;
    let long = "x".repeat(400_000);
    app.script(json!([{"text": long}])).await;
    let turn = app.say(&Value::Null, "Write a book.").await;
    assert_eq!(turn["answer"], json!(long));
    assert_eq!(app.messages(&turn["session_id"]).await[1].1, long);
}
