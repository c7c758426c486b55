//! `POST /chat`: what the caller gets, and what the model is asked.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::app::TestApp;

const CLAUDE: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";

#[tokio::test]
async fn a_first_turn_is_answered() {
    let app = TestApp::start().await;
    app.script(json!([{"text": "Good morning.", "usage": {"input": 12, "output": 4}}])).await;

    let answer = app.chat(json!({"message": "Hello"})).await;

    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert!(answer.headers.contains_key("x-request-id"));
    assert_json_snapshot!(
        answer.ok(),
        {".session_id" => "[session]", ".message_id" => "[turn]", ".latency_ms" => "[milliseconds]"},
        @r#"
        {
          "answer": "Good morning.",
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
        }
        "#
    );
    assert_json_snapshot!(app.only_call("Converse").await, {".requestMetadata.session" => "[session]"}, @r#"
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
    let identifiers =
        [&answer.json()["session_id"], &answer.json()["message_id"]].map(|id| id.as_str().unwrap().to_owned());
    assert!(identifiers.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'7'), "time-ordered: {identifiers:?}");
    assert!(answer.json()["latency_ms"].is_u64());
}

#[tokio::test]
async fn a_session_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let first = app.say(&Value::Null, "My name is Ada.").await;
    let second = app.say(&first["session_id"], "Who am I?").await;
    let third = app.say(&first["session_id"], "Sure?").await;

    assert_eq!(second["session_id"], first["session_id"]);
    assert_ne!(second["message_id"], first["message_id"]);
    assert_eq!(third["answer"], "You said: Sure?");
    let calls = app.calls("Converse").await;
    let sent = calls[2]["body"]["messages"].as_array().unwrap().iter();
    let sent: Vec<(&str, &str)> =
        sent.map(|one| (one["role"].as_str().unwrap(), one["content"][0]["text"].as_str().unwrap())).collect();
    let expected = [
        ("user", "My name is Ada."),
        ("assistant", "You said: My name is Ada."),
        ("user", "Who am I?"),
        ("assistant", "You said: Who am I?"),
        ("user", "Sure?"),
    ];
    assert_eq!(sent, expected);
    assert_eq!(calls[2]["body"]["requestMetadata"]["session"], first["session_id"]);
}

#[tokio::test]
async fn everything_that_a_caller_sets_reaches_the_model() {
    let app = TestApp::start().await;
    let first = app.say(&Value::Null, "fine").await;
    app.reset().await;
    app.chat(json!({
        "message": "awful",
        "session_id": first["session_id"],
        "system": "Classify the sentiment.",
        "examples": [
            {"user": "great", "assistant": "positive"},
            {"user": "broken", "assistant": "negative"},
        ],
        "model": "global.amazon.nova-2-lite-v1:0",
        "temperature": 0.5,
        "top_p": 0.25,
        "max_tokens": 10,
        "stop_sequences": ["\n", "END"],
    }))
    .await
    .ok();
    assert_json_snapshot!(app.only_call("Converse").await, {".requestMetadata.session" => "[session]"}, @r#"
    {
      "inferenceConfig": {
        "maxTokens": 10,
        "stopSequences": [
          "\n",
          "END"
        ],
        "temperature": 0.5,
        "topP": 0.25
      },
      "messages": [
        {
          "content": [
            {
              "text": "great"
            }
          ],
          "role": "user"
        },
        {
          "content": [
            {
              "text": "positive"
            }
          ],
          "role": "assistant"
        },
        {
          "content": [
            {
              "text": "broken"
            }
          ],
          "role": "user"
        },
        {
          "content": [
            {
              "text": "negative"
            }
          ],
          "role": "assistant"
        },
        {
          "content": [
            {
              "text": "fine"
            }
          ],
          "role": "user"
        },
        {
          "content": [
            {
              "text": "You said: fine"
            }
          ],
          "role": "assistant"
        },
        {
          "content": [
            {
              "text": "awful"
            },
            {
              "cachePoint": {
                "type": "default"
              }
            }
          ],
          "role": "user"
        }
      ],
      "requestMetadata": {
        "pattern": "chat",
        "session": "[session]"
      },
      "system": [
        {
          "text": "Classify the sentiment."
        },
        {
          "cachePoint": {
            "type": "default"
          }
        }
      ]
    }
    "#);
    assert_eq!(app.models_asked().await, ["global.amazon.nova-2-lite-v1:0"]);
}

/// Many models refuse a request that sets both, and each model has defaults of its own.
#[tokio::test]
async fn a_parameter_is_sent_only_if_it_was_given() {
    let app = TestApp::start().await;
    for given in [json!({}), json!({"temperature": 0}), json!({"top_p": 1}), json!({"temperature": 1, "top_p": 0.5})] {
        app.reset().await;
        let mut body = given.clone();
        body["message"] = json!("Hello");
        app.chat(body).await.ok();
        let sent = app.only_call("Converse").await["inferenceConfig"].take();
        let number = |value: &Value| value.as_f64();
        assert_eq!(number(&sent["temperature"]), number(&given["temperature"]), "{given}");
        assert_eq!(number(&sent["topP"]), number(&given["top_p"]), "{given}");
        assert_eq!(sent["stopSequences"], Value::Null);
    }
}

#[tokio::test]
async fn an_answer_is_never_longer_than_the_deployment_allows() {
    let app = TestApp::with_settings(&[("MAX_OUTPUT_TOKENS", "300")]).await;
    for (body, sent) in [
        (json!({"message": "Hello"}), 300),
        (json!({"message": "Hello", "max_tokens": 20}), 20),
        (json!({"message": "Hello", "max_tokens": 300}), 300),
    ] {
        app.reset().await;
        app.chat(body).await.ok();
        assert_eq!(app.only_call("Converse").await["inferenceConfig"]["maxTokens"], sent);
    }

    app.reset().await;
    for asked in [301, 4_000_000] {
        let body = json!({"message": "Hello", "max_tokens": asked});
        for refused in [app.chat(body.clone()).await, app.refused_stream(body).await] {
            assert_eq!(refused.refused_field(400, "invalid_request"), "max_tokens", "{asked}");
        }
    }
    assert_eq!(app.models_asked().await, [] as [&str; 0]);
}

#[tokio::test]
async fn prefixes_are_marked_for_the_cache_where_the_model_has_one() {
    let app = TestApp::start().await;
    app.script(json!([{"text": "Hi.", "usage": {"input": 5, "output": 2, "cached": 4000}}])).await;
    let body = json!({"message": "Hello", "system": "Be brief.", "model": CLAUDE});
    let answer = app.chat(body.clone()).await.ok();
    assert_json_snapshot!(answer["usage"], @r#"
    {
      "cache_read_tokens": 4000,
      "cache_write_tokens": 0,
      "input_tokens": 5,
      "output_tokens": 2
    }
    "#);
    let sent = app.only_call("Converse").await;
    assert_json_snapshot!(json!({"system": sent["system"], "messages": sent["messages"]}), @r#"
    {
      "messages": [
        {
          "content": [
            {
              "text": "Hello"
            },
            {
              "cachePoint": {
                "type": "default"
              }
            }
          ],
          "role": "user"
        }
      ],
      "system": [
        {
          "text": "Be brief."
        },
        {
          "cachePoint": {
            "type": "default"
          }
        }
      ]
    }
    "#);

    // A prefix that changes with every turn would be written to the cache and never read again: the points stand behind
    // the instructions and behind the newest message, nowhere between.
    app.reset().await;
    app.chat(json!({"message": "More", "session_id": answer["session_id"], "model": CLAUDE})).await.ok();
    let sent = app.only_call("Converse").await;
    let marked =
        |message: &Value| message["content"].as_array().unwrap().iter().any(|block| !block["cachePoint"].is_null());
    let marks: Vec<bool> = sent["messages"].as_array().unwrap().iter().map(marked).collect();
    assert_eq!(marks, [false, false, true]);
}

/// Once old turns make room for new ones, the next prompt begins otherwise: what was cached would never be read.
#[tokio::test]
async fn a_conversation_is_marked_for_the_cache_as_long_as_it_is_whole() {
    let app = TestApp::with_settings(&[("HISTORY_TURNS", "2"), ("MODEL_IDS", CLAUDE)]).await;
    let session = app.say(&Value::Null, "one").await["session_id"].take();
    for message in ["two", "three", "four"] {
        app.chat(json!({"message": message, "session_id": session, "system": "Be brief."})).await.ok();
    }
    let calls = app.calls("Converse").await;
    let points = |part: &Value| part.to_string().matches("cachePoint").count();
    let points: Vec<_> =
        calls.iter().map(|call| [&call["body"]["system"], &call["body"]["messages"]].map(points)).collect();
    assert_eq!(points, [[0, 1], [1, 1], [1, 0], [1, 0]]);
}

#[tokio::test]
async fn prefixes_are_marked_only_where_that_is_wanted() {
    let app = TestApp::with_settings(&[("PROMPT_CACHE", "false")]).await;
    app.chat(json!({"message": "Hello", "system": "Be brief.", "model": CLAUDE})).await.ok();
    let sent = app.only_call("Converse").await.to_string();
    assert!(sent.contains("Be brief.") && !sent.contains("cachePoint"), "{sent}");
}

#[tokio::test]
async fn a_guardrail_watches_every_call() {
    let app = TestApp::with_settings(&[("GUARDRAIL_ID", "abc123"), ("GUARDRAIL_VERSION", "7")]).await;
    app.script_always(json!({"text": "Sorry.", "stop_reason": "guardrail_intervened"})).await;

    let answer = app.chat(json!({"message": "Hello"})).await.ok();
    assert_eq!(answer["stop_reason"], "guardrail_intervened");
    let parts = app.stream(json!({"message": "Hello"})).await.rest().await;
    assert_eq!(parts.last().unwrap()["finishReason"], "content-filter");

    let whole = app.only_call("Converse").await["guardrailConfig"].take();
    assert_eq!(whole, json!({"guardrailIdentifier": "abc123", "guardrailVersion": "7", "trace": "disabled"}));
    let streamed = app.only_call("ConverseStream").await["guardrailConfig"].take();
    assert_eq!(streamed["guardrailIdentifier"], "abc123");
    assert_eq!(streamed["streamProcessingMode"], "sync", "nothing leaves before it was looked at");
}

#[tokio::test]
async fn a_caller_learns_why_the_model_stopped() {
    let app = TestApp::start().await;
    for reason in ["end_turn", "max_tokens", "stop_sequence", "content_filtered"] {
        app.script(json!([{"text": "So", "stop_reason": reason}])).await;
        assert_eq!(app.chat(json!({"message": "Hello"})).await.ok()["stop_reason"], reason);
    }
}

/// A model may answer nothing at all. That is a turn, and the next one must still be valid for Converse.
#[tokio::test]
async fn an_empty_answer_is_an_answer() {
    let app = TestApp::start().await;
    app.script(json!([{"text": ""}])).await;
    let first = app.say(&Value::Null, "Say nothing.").await;
    assert_eq!(first["answer"], "");

    app.script(json!([{"text": "Gladly."}])).await;
    assert_eq!(app.say(&first["session_id"], "And now something.").await["answer"], "Gladly.");
    let said = app.messages(&first["session_id"]).await;
    let texts: Vec<&str> = said.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["Say nothing.", "", "And now something.", "Gladly."]);
}

#[tokio::test]
async fn tools_that_nobody_offered_are_no_answer() {
    let app = TestApp::start().await;
    app.script(json!([{"text": "One moment.", "tool_calls": [{"name": "search", "input": {}}]}])).await;
    let answer = app.chat(json!({"message": "Hello"})).await.ok();
    assert_eq!((&answer["answer"], &answer["stop_reason"]), (&json!("One moment."), &json!("tool_use")));
    assert_eq!(app.only_call("Converse").await["toolConfig"], Value::Null);
}
