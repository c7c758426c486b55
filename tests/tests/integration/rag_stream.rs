//! `POST /rag/stream`: the same turn, told as it happens.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    documents::{HOW_MANY_DAYS, UNANSWERABLE, bucket, document, text_attribute},
    event_stream::{kinds, text_of},
};

#[tokio::test]
async fn an_answer_is_told_event_by_event() {
    let app = TestApp::with_settings(&[("MIN_CONFIDENCE", "LOW")]).await;
    let url = json!({"Attributes": [text_attribute("_source_uri", "https://example.com/leave")]});
    let text = "Full-time employees have 25 days of annual leave.";
    app.put(json!([
        document("leave", "Leave policy", text, &url),
        document("archive/old.txt", "", "An old note about annual leave.", &Value::Null),
    ]))
    .await;
    let chunks = json!(["They have ", "25 days [", "1", "]. It was so ", "[2] and is so [1]."]);
    app.script(json!([{"chunks": chunks, "usage": {"input": 90, "output": 8}}])).await;
    let parts = app.ask_stream(json!({"message": HOW_MANY_DAYS})).await.rest().await;

    assert_eq!(parts[0]["type"], "start");
    assert_eq!(parts[1]["type"], "start-step");
    assert_eq!(parts[2], json!({"type": "data-search", "data": {"query": HOW_MANY_DAYS, "source": "documents"}}));
    assert_eq!(text_of(&parts), "They have 25 days [1]. It was so [2] and is so [1].");

    // Each source once, when it is first cited, before the words that follow.
    let told: Vec<String> = parts[3..]
        .iter()
        .map(|part| match part["type"].as_str().unwrap() {
            "text-delta" => part["delta"].as_str().unwrap().to_owned(),
            kind => kind.to_owned(),
        })
        .collect();
    assert_eq!(
        told,
        [
            "text-start",
            "They have",
            " 25 days",
            " [1]",
            "source-url",
            ". It was so",
            " [2]",
            "source-document",
            " and is so [1]",
            ".",
            "text-end",
            "finish-step",
            "data-usage",
            "finish",
        ]
    );
    let [url, document] =
        ["source-url", "source-document"].map(|kind| parts.iter().find(|part| part["type"] == kind).unwrap());
    assert_eq!(
        *url,
        json!({
            "type": "source-url", "sourceId": "1", "url": "https://example.com/leave", "title": "Leave policy",
        })
    );
    assert_eq!((&document["sourceId"], &document["filename"]), (&json!("2"), &json!("old.txt")));

    let facts = &parts.last().unwrap()["messageMetadata"];
    assert_eq!((&facts["source"], &facts["grounded"]), (&json!("documents"), &json!(true)));
    assert_eq!(facts["search_query"], HOW_MANY_DAYS);
    let places = |index: usize| facts["citations"][index]["places"].as_array().unwrap().len();
    assert_eq!((places(0), places(1)), (2, 1));
    assert_eq!(facts["citations"][0]["excerpt"], text);

    // What is told is what is remembered.
    let page = app.get(&format!("/sessions/{}", facts["session_id"].as_str().unwrap())).await.ok();
    assert_eq!(page["messages"][0]["text"], text_of(&parts));
    assert_eq!(page["messages"][0]["citations"], facts["citations"]);
}

/// Told by order: what was searched for and the first words are here while the model speaks.
#[tokio::test]
async fn words_come_while_the_model_speaks() {
    let app = TestApp::with_handbook(&[]).await;
    app.script(json!([{"chunks": ["One [1] ", "two ", "three."], "chunk_delay_ms": 1500}])).await;
    let mut stream = app.ask_stream(json!({"message": HOW_MANY_DAYS})).await;
    stream.find("source-document").await;
    assert_eq!(app.calls("ConverseStream").await[0]["ended_ms"], Value::Null);
    stream.find("finish").await;
}

#[tokio::test]
async fn a_curated_answer_is_a_stream_too() {
    let folder = bucket(&[("faq/faq.csv", "_question,_answer\nWhere is the kettle?,In the pantry.\n")]);
    let app = TestApp::with_bucket(folder.path(), &[]).await;
    let parts = app.ask_stream(json!({"message": "Where is the kettle?"})).await.rest().await;
    assert_eq!(text_of(&parts), "In the pantry.");
    let expected = [
        "start",
        "start-step",
        "data-search",
        "text-start",
        "text-delta",
        "source-document",
        "text-end",
        "finish-step",
        "data-usage",
        "finish",
    ];
    assert_eq!(kinds(&parts), expected);
    assert_eq!(parts[2]["data"]["source"], "faq");
    let finish = parts.last().unwrap();
    assert_eq!((&finish["finishReason"], &finish["messageMetadata"]["grounded"]), (&json!("stop"), &json!(true)));
    assert_eq!(app.model_calls().await, 0);
}

#[tokio::test]
async fn not_to_know_is_a_stream_too() {
    let app = TestApp::with_handbook(&[]).await;
    let parts = app.ask_stream(json!({"message": UNANSWERABLE})).await.rest().await;
    let expected = [
        "start",
        "start-step",
        "data-search",
        "text-start",
        "text-delta",
        "text-end",
        "finish-step",
        "data-usage",
        "finish",
    ];
    assert_eq!(kinds(&parts), expected);
    assert_eq!(parts[2]["data"], json!({"query": UNANSWERABLE, "source": "none"}));
    assert_eq!(parts.last().unwrap()["messageMetadata"]["citations"], json!([]));
    assert_eq!(app.model_calls().await, 0);
}

/// A follow-up's condensing is no part of the answer: it is not streamed, and its tokens are counted.
#[tokio::test]
async fn a_follow_up_streams_its_answer_only() {
    let app = TestApp::with_handbook(&[]).await;
    app.script(json!([
        {"text": "25 days [1]."},
        {"text": format!("Question: {HOW_MANY_DAYS}\nSearch: days of annual leave"), "usage": {"input": 50, "output": 20}},
        {"text": "As I said: 25 [1].", "usage": {"input": 70, "output": 9}},
    ]))
    .await;
    let session = app.ask(json!({"message": HOW_MANY_DAYS})).await.ok()["session_id"].take();
    let parts = app.ask_stream(json!({"message": "How many again?", "session_id": session})).await.rest().await;
    assert_eq!(text_of(&parts), "As I said: 25 [1].");
    assert_eq!(parts[2]["data"]["query"], "days of annual leave");
    assert_eq!(parts.last().unwrap()["messageMetadata"]["usage"]["input_tokens"], 120);
    assert_eq!((app.calls("Converse").await.len(), app.calls("ConverseStream").await.len()), (2, 1));
}

#[tokio::test]
async fn what_fails_before_the_first_word_has_a_status_of_its_own() {
    let app = TestApp::with_handbook(&[]).await;
    app.refused_question(json!({"message": ""})).await.problem(400, "invalid_request");
    app.script_always(json!({"error": {"code": "AccessDeniedException", "message": "no"}})).await;
    // What was searched for is known by then, and still no reason to begin a stream.
    app.refused_question(json!({"message": HOW_MANY_DAYS})).await.problem(500, "model_access_not_granted");
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn an_error_in_mid_stream_is_told_and_nothing_is_remembered() {
    let app = TestApp::with_handbook(&[]).await;
    app.script(json!([{"chunks": ["25 days [1] ", "and [", "1] more"], "fail_after_chunks": 2}])).await;
    let parts = app.ask_stream(json!({"message": HOW_MANY_DAYS})).await.rest().await;
    assert!(text_of(&parts).starts_with("25 days [1]"), "{parts:?}");
    let [.., text_end, problem, error] = &parts[..] else { panic!("{parts:?}") };
    assert_eq!((&text_end["type"], &problem["data"]["code"]), (&json!("text-end"), &json!("model_broke_off")));
    assert_eq!(error["type"], "error");
    assert_eq!(app.items().await, [] as [Value; 0]);
}
