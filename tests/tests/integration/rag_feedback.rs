//! `POST /rag/feedback`: what a caller says of an answer goes to the index, and stays with the message.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp, answer},
    documents::{HOW_MANY_DAYS, INDEX, bucket},
};

/// An answer that cites two documents, 1 and 2.
async fn two_cited() -> (TestApp, Value) {
    let app = TestApp::with_handbook(&[("MIN_CONFIDENCE", "LOW")]).await;
    app.script(json!([{"text": "25 days [1], and no car [2]."}])).await;
    let answer = app.ask(json!({"message": HOW_MANY_DAYS})).await.ok();
    assert_eq!(answer["citations"].as_array().unwrap().len(), 2);
    app.reset().await;
    (app, answer)
}

fn about(answer: &Value, more: &Value) -> Value {
    let mut body = json!({"session_id": answer["session_id"], "message_id": answer["message_id"]});
    more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    body
}

async fn give_by(app: &TestApp, token: &str, body: &Value) -> Answer {
    answer(app.request_by(token, Method::POST, "/rag/feedback").json(body)).await
}

async fn give(app: &TestApp, body: &Value) -> Answer {
    give_by(app, "alice", body).await
}

/// What stays with the message.
async fn kept(app: &TestApp, answer: &Value) -> Value {
    let page = app.get(&format!("/sessions/{}", answer["session_id"].as_str().unwrap())).await.ok();
    page["messages"][0]["feedback"].clone()
}

#[tokio::test]
async fn feedback_reaches_the_index_and_stays_with_the_message() {
    let (app, answer) = two_cited().await;
    assert_eq!(kept(&app, &answer).await, Value::Null);
    for (helpful, relevance) in [(true, "RELEVANT"), (false, "NOT_RELEVANT")] {
        app.reset().await;
        let given = give(&app, &about(&answer, &json!({"helpful": helpful}))).await;
        assert_eq!((given.status, given.text.as_str()), (204, ""));
        let item =
            |index: usize| json!({"ResultId": answer["citations"][index]["result_id"], "RelevanceValue": relevance});
        assert_eq!(
            app.only_call("SubmitFeedback").await,
            json!({
                "IndexId": INDEX,
                "QueryId": answer["citations"][0]["query_id"],
                "RelevanceFeedbackItems": [item(0), item(1)],
            })
        );
        // The last word counts.
        assert_eq!(kept(&app, &answer).await, json!({"helpful": helpful, "citations": [1, 2]}));
    }
    // The answer itself is as it was.
    let page = app.get(&format!("/sessions/{}", answer["session_id"].as_str().unwrap())).await.ok();
    assert_eq!(page["messages"][0]["citations"], answer["citations"]);
}

#[tokio::test]
async fn feedback_can_be_about_some_citations() {
    let (app, answer) = two_cited().await;
    assert_eq!(give(&app, &about(&answer, &json!({"helpful": false, "citations": [2]}))).await.status, 204);
    let items = app.only_call("SubmitFeedback").await["RelevanceFeedbackItems"].take();
    assert_eq!(items, json!([{"ResultId": answer["citations"][1]["result_id"], "RelevanceValue": "NOT_RELEVANT"}]));
    assert_eq!(kept(&app, &answer).await, json!({"helpful": false, "citations": [2]}));

    // About none of them: of the answer alone, which the index knows nothing of.
    app.reset().await;
    assert_eq!(give(&app, &about(&answer, &json!({"helpful": true, "citations": []}))).await.status, 204);
    assert_eq!(app.calls("SubmitFeedback").await, [] as [Value; 0]);
    assert_eq!(kept(&app, &answer).await, json!({"helpful": true, "citations": []}));

    for unknown in [json!([3]), json!([1, 0])] {
        let refused = give(&app, &about(&answer, &json!({"helpful": true, "citations": unknown}))).await;
        assert_eq!(refused.refused_field(400, "invalid_request"), "citations");
    }
    assert_eq!(app.calls("SubmitFeedback").await, [] as [Value; 0]);
}

#[tokio::test]
async fn only_ones_own_answers_can_be_judged() {
    let (app, answer) = two_cited().await;
    let helpful = json!({"helpful": true});
    give_by(&app, "bob", &about(&answer, &helpful)).await.problem(404, "message_not_found");
    let unknown = json!("0198a5d4-0000-7000-8000-000000000000");
    for name in ["session_id", "message_id"] {
        let mut body = about(&answer, &helpful);
        body[name] = unknown.clone();
        give(&app, &body).await.problem(404, "message_not_found");
    }
    assert_eq!(app.delete(&format!("/sessions/{}", answer["session_id"].as_str().unwrap())).await.status, 204);
    give(&app, &about(&answer, &helpful)).await.problem(404, "message_not_found");
    assert_eq!(app.calls("SubmitFeedback").await, [] as [Value; 0]);
    assert_eq!(app.items().await, [] as [Value; 0], "what was deleted does not come back");
}

#[tokio::test]
async fn a_curated_answer_is_judged_as_any_other() {
    let folder = bucket(&[("faq/faq.csv", "_question,_answer\nWhere is the kettle?,In the pantry.\n")]);
    let app = TestApp::with_bucket(folder.path(), &[]).await;
    let answer = app.ask(json!({"message": "Where is the kettle?"})).await.ok();
    assert_eq!(answer["source"], "faq");
    assert_eq!(give(&app, &about(&answer, &json!({"helpful": true}))).await.status, 204);
    let submitted = app.only_call("SubmitFeedback").await;
    assert_eq!(submitted["QueryId"], answer["citations"][0]["query_id"]);
    assert_eq!(submitted["RelevanceFeedbackItems"][0]["ResultId"], answer["citations"][0]["result_id"]);
}

#[tokio::test]
async fn an_answer_without_citations_is_judged_for_itself() {
    let app = TestApp::start().await;
    let none = app.ask(json!({"message": HOW_MANY_DAYS})).await.ok();
    let chat = app.say(&Value::Null, "Hello").await;
    for answer in [none, chat] {
        assert_eq!(give(&app, &about(&answer, &json!({"helpful": false}))).await.status, 204);
        assert_eq!(kept(&app, &answer).await, json!({"helpful": false, "citations": []}));
        let refused = give(&app, &about(&answer, &json!({"helpful": false, "citations": [1]}))).await;
        assert_eq!(refused.refused_field(400, "invalid_request"), "citations");
    }
    assert_eq!(app.calls("SubmitFeedback").await, [] as [Value; 0]);
}

#[tokio::test]
async fn feedback_that_the_index_did_not_take_is_not_kept() {
    let (app, answer) = two_cited().await;
    let body = about(&answer, &json!({"helpful": true}));
    for (code, status, expected) in [
        ("ThrottlingException", 429, "retrieval_throttled"),
        ("AccessDeniedException", 500, "retrieval_access_denied"),
        ("ServiceUnavailable", 503, "retrieval_unavailable"),
    ] {
        let error = json!({"error": {"code": code, "message": "by the test"}});
        app.faults(json!([{"service": "kendra", "operation": "SubmitFeedback", "times": 1000, "fault": error}])).await;
        give(&app, &body).await.problem(status, expected);
        assert_eq!(kept(&app, &answer).await, Value::Null);
    }
    app.reset().await;
    assert_eq!(give(&app, &body).await.status, 204);
    assert_eq!(kept(&app, &answer).await["helpful"], true);
}

/// The index has it, the memory does not: the caller is told, and may give it again.
#[tokio::test]
async fn feedback_that_cannot_be_kept_can_be_given_again() {
    let (app, answer) = two_cited().await;
    let body = about(&answer, &json!({"helpful": true}));
    let error = json!({"error": {"code": "InternalServerError", "message": "by the test"}});
    app.faults(json!([{"service": "dynamodb", "operation": "UpdateItem", "times": 1000, "fault": error}])).await;
    give(&app, &body).await.problem(503, "memory_unavailable");
    app.reset().await;
    assert_eq!(give(&app, &body).await.status, 204);
    assert_eq!(kept(&app, &answer).await["helpful"], true);
}
