//! `POST /chat/stream`: the same turn, told as it happens, in the AI SDK's UI message stream protocol.

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, eventually},
    event_stream::{kinds, text_of},
};

#[tokio::test]
async fn a_turn_is_told_event_by_event() {
    let app = TestApp::start().await;
    let step = json!({"chunks": ["Good ", "mor", "ning."], "usage": {"input": 12, "output": 4}});
    app.script(json!([step])).await;
    let parts = app.stream(json!({"message": "Hello"})).await.rest().await;
    assert_json_snapshot!(
        parts,
        {
            "[].messageId" => "[turn]",
            "[].messageMetadata.message_id" => "[turn]",
            "[].messageMetadata.session_id" => "[session]",
            "[].messageMetadata.latency_ms" => "[milliseconds]",
        },
        @r#"
        [
          {
            "messageId": "[turn]",
            "messageMetadata": {
              "message_id": "[turn]",
              "session_id": "[session]"
            },
            "type": "start"
          },
          {
            "type": "start-step"
          },
          {
            "id": "0",
            "type": "text-start"
          },
          {
            "delta": "Good ",
            "id": "0",
            "type": "text-delta"
          },
          {
            "delta": "mor",
            "id": "0",
            "type": "text-delta"
          },
          {
            "delta": "ning.",
            "id": "0",
            "type": "text-delta"
          },
          {
            "id": "0",
            "type": "text-end"
          },
          {
            "type": "finish-step"
          },
          {
            "data": {
              "cache_read_tokens": 0,
              "cache_write_tokens": 0,
              "input_tokens": 12,
              "output_tokens": 4
            },
            "type": "data-usage"
          },
          {
            "finishReason": "stop",
            "messageMetadata": {
              "latency_ms": "[milliseconds]",
              "message_id": "[turn]",
              "model": "local.scripted",
              "session_id": "[session]",
              "stop_reason": "end_turn",
              "usage": {
                "cache_read_tokens": 0,
                "cache_write_tokens": 0,
                "input_tokens": 12,
                "output_tokens": 4
              }
            },
            "type": "finish"
          }
        ]
        "#
    );
    assert_eq!(parts[0]["messageId"], parts[0]["messageMetadata"]["message_id"]);
    assert_eq!(parts.last().unwrap()["messageMetadata"]["session_id"], parts[0]["messageMetadata"]["session_id"]);
    assert_json_snapshot!(app.only_call("ConverseStream").await, {".requestMetadata.session" => "[session]"}, @r#"
    {
      "inferenceConfig": {
        "maxTokens": 1024
      },
      "messages": [
        {
          "content": [
            {
              "text": "Hello"
            }
          ],
          "role": "user"
        }
      ],
      "requestMetadata": {
        "pattern": "chat",
        "session": "[session]"
      }
    }
    "#);
}

/// Told by order: the first words are here while the model has not ended, and nothing is remembered yet.
#[tokio::test]
async fn words_come_while_the_model_speaks() {
    let app = TestApp::start().await;
    app.script(json!([{"chunks": ["One ", "two ", "three."], "chunk_delay_ms": 3000}])).await;
    let mut stream = app.stream(json!({"message": "Count"})).await;
    let session = stream.find("start").await["messageMetadata"]["session_id"].take();
    let path = format!("/sessions/{}", session.as_str().unwrap());
    assert_eq!(stream.find("text-delta").await["delta"], "One ");

    assert_eq!(app.calls("ConverseStream").await[0]["ended_ms"], Value::Null);
    app.get(&path).await.problem(404, "session_not_found");

    assert_eq!(stream.find("text-delta").await["delta"], "two ");
    assert_eq!(stream.find("text-delta").await["delta"], "three.");
    stream.find("finish").await;
    // On Lambda nothing runs after the last part: whoever has read it finds the turn.
    assert_eq!(app.get(&path).await.ok()["turns"], 1);
}

#[tokio::test]
async fn a_streamed_turn_is_remembered_like_any_other() {
    let app = TestApp::start().await;
    let parts = app.stream(json!({"message": "My name is Ada."})).await.rest().await;
    let session = &parts[0]["messageMetadata"]["session_id"];
    app.say(session, "Who am I?").await;
    let parts = app.stream(json!({"message": "Sure?", "session_id": session})).await.rest().await;
    assert_eq!(text_of(&parts), "You said: Sure?");

    let sent = app.calls("ConverseStream").await[1]["body"]["messages"].take();
    let roles: Vec<&str> = sent.as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant", "user"]);
    assert_eq!(app.messages(session).await.len(), 6);
}

#[tokio::test]
async fn the_reason_for_the_end_is_in_the_words_of_the_protocol() {
    let app = TestApp::start().await;
    for (reason, told) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("content_filtered", "content-filter"),
        ("guardrail_intervened", "content-filter"),
    ] {
        app.script(json!([{"text": "So", "stop_reason": reason}])).await;
        let parts = app.stream(json!({"message": "Hello"})).await.rest().await;
        let finish = parts.last().unwrap();
        assert_eq!(
            (&finish["finishReason"], &finish["messageMetadata"]["stop_reason"]),
            (&json!(told), &json!(reason))
        );
    }
}

#[tokio::test]
async fn an_empty_answer_is_a_stream_without_text() {
    let app = TestApp::start().await;
    app.script(json!([{"text": ""}])).await;
    let parts = app.stream(json!({"message": "Say nothing."})).await.rest().await;
    assert_eq!(kinds(&parts), ["start", "start-step", "finish-step", "data-usage", "finish"]);
}

/// Before the first word there is no stream yet, and a refusal is an ordinary response.
#[tokio::test]
async fn what_fails_before_the_first_word_has_a_status_of_its_own() {
    let app = TestApp::start().await;
    app.refused_stream(json!({"message": ""})).await.problem(400, "invalid_request");
    let unknown = "0198a5d4-0000-7000-8000-000000000000";
    app.refused_stream(json!({"message": "Hi", "session_id": unknown})).await.problem(404, "session_not_found");
    app.script_always(json!({"error": {"code": "AccessDeniedException", "message": "no"}})).await;
    app.refused_stream(json!({"message": "Hi"})).await.problem(500, "model_access_not_granted");
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn an_error_in_mid_stream_is_told_and_nothing_is_remembered() {
    let app = TestApp::start().await;
    for (step, code) in [
        (json!({"fail_after_chunks": 2, "fail_with": "modelStreamErrorException"}), "model_broke_off"),
        (json!({"fail_after_chunks": 2, "fail_with": "internalServerException"}), "model_unavailable"),
        (json!({"fail_after_chunks": 2, "fail_with": "serviceUnavailableException"}), "model_unavailable"),
        (json!({"fail_after_chunks": 1, "fail_with": "throttlingException"}), "model_throttled"),
        (json!({"fail_after_chunks": 1, "fail_with": "validationException"}), "model_rejected_request"),
        (json!({"cut_after_chunks": 2}), "model_broke_off"),
    ] {
        let mut step = step;
        step["chunks"] = json!(["One ", "two ", "three."]);
        app.script(json!([step])).await;
        let parts = app.stream(json!({"message": "Count"})).await.rest().await;

        assert!(text_of(&parts).starts_with("One "), "{step}");
        let [.., text_end, problem, error] = &parts[..] else { panic!("{parts:?}") };
        assert_eq!(text_end["type"], "text-end", "what was opened is closed");
        assert_eq!((&problem["type"], &problem["data"]["code"]), (&json!("data-problem"), &json!(code)), "{step}");
        assert_eq!(error["type"], "error");
        assert!(error["errorText"].as_str().unwrap().starts_with(code), "{error}");
    }
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_turn_that_failed_in_mid_stream_leaves_its_session_as_it_was() {
    let app = TestApp::start().await;
    let first = app.say(&Value::Null, "Hello").await;
    app.script(json!([{"chunks": ["Well", "…"], "fail_after_chunks": 1}])).await;
    app.stream(json!({"message": "Go on", "session_id": first["session_id"]})).await.find("error").await;

    assert_eq!(app.messages(&first["session_id"]).await.len(), 2);
    app.reset().await;
    app.say(&first["session_id"], "Once more").await;
    assert_eq!(app.only_call("Converse").await["messages"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_turn_lands_although_its_client_has_gone() {
    let app = TestApp::start().await;
    app.script(json!([{"chunks": ["One ", "two ", "three."], "chunk_delay_ms": 300}])).await;
    let mut stream = app.stream(json!({"message": "Count"})).await;
    let session = stream.find("start").await["messageMetadata"]["session_id"].take();
    stream.find("text-delta").await;
    drop(stream);

    let path = format!("/sessions/{}", session.as_str().unwrap());
    eventually("the turn lands", async || app.get(&path).await.status == 200).await;
    let said = app.messages(&session).await;
    assert_eq!(said[1], ("assistant".to_owned(), "One two three.".to_owned()));
}

#[tokio::test]
async fn a_buffered_turn_lands_although_its_client_has_gone() {
    let app = TestApp::start().await;
    app.script(json!([{"text": "late", "delay_ms": 3000}])).await;
    let asked = app.request(Method::POST, "/chat").json(&json!({"message": "Hello"})).send();
    tokio::select! {
        _ = asked => panic!("the model has not answered yet"),
        () = eventually("the model is asked", async || app.calls("Converse").await.len() == 1) => {}
    }
    eventually("the turn lands", async || app.get("/sessions").await.ok()["sessions"][0]["turns"] == 1).await;
}
