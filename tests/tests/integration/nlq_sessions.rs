//! Conversations about data: follow-ups, what is remembered, and one effect for one idempotency key.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer},
    event_stream::{EventStream, kinds, text_of},
    nlq_data::{COUNT, HOW_MANY, people, sql, words},
};

const BY_COUNTRY: &str = "SELECT country, count(*) AS number_of_people FROM people GROUP BY country ORDER BY country";

#[tokio::test]
async fn a_follow_up_knows_what_was_asked_and_how_it_was_found() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let first = app.answered(HOW_MANY, COUNT, "There are 3 people.").await;
    app.reset().await;
    app.script(json!([sql(BY_COUNTRY), words("Germany has 1, Switzerland 2.")])).await;
    let body = json!({"question": "And in each country?", "session_id": first["session_id"]});
    let second = app.query(body).await.ok();
    assert_eq!(second["rows"], json!([["Germany", 1], ["Switzerland", 2]]));
    assert_eq!(second["session_id"], first["session_id"]);

    let asked = app.asked().await;
    let texts: Vec<(&str, &str)> = asked[0]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["role"].as_str().unwrap(), message["content"][0]["text"].as_str().unwrap()))
        .collect();
    let found = format!("```sql\n{}\n```\nThere are 3 people.", first["sql"].as_str().unwrap());
    let [question, answer, follow_up] = texts.as_slice() else { panic!("{texts:?}") };
    assert_eq!((*question, *answer), (("user", HOW_MANY), ("assistant", found.as_str())));
    assert!(follow_up.0 == "user" && follow_up.1.ends_with("And in each country?"), "{follow_up:?}");

    // What was said is remembered as it was said, not as it is recalled.
    let said = app.messages(&first["session_id"]).await;
    let texts: Vec<&str> = said.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, [HOW_MANY, "There are 3 people.", "And in each country?", "Germany has 1, Switzerland 2."]);
}

#[tokio::test]
async fn a_session_is_its_owners() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let session = app.answered(HOW_MANY, COUNT, "There are 3 people.").await["session_id"].take();
    app.reset().await;
    let body = json!({"question": "And in each country?", "session_id": session});
    for path in ["/nlq", "/nlq/stream"] {
        let refused = answer(app.request_by("bob", Method::POST, path).json(&body)).await;
        refused.problem(404, "session_not_found");
    }
    let calls = app.all_calls().await;
    assert!(calls.iter().all(|call| call["service"] == "dynamodb"), "{calls:?}");
    assert_eq!(app.messages(&session).await.len(), 2);
}

#[tokio::test]
async fn a_session_shows_what_was_found() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let answer =
        app.answered("How many people live in each country?", BY_COUNTRY, "Germany has 1, Switzerland 2.").await;
    let page = app.get(&format!("/sessions/{}", answer["session_id"].as_str().unwrap())).await.ok();
    let (told, asked) = (&page["messages"][0], &page["messages"][1]);
    assert_eq!((&told["role"], &told["text"]), (&json!("assistant"), &answer["answer"]));
    for member in [
        "database",
        "answerable",
        "sql",
        "columns",
        "rows",
        "row_count",
        "truncated",
        "chart",
        "attempts",
        "data_scanned_bytes",
        "tables",
        "tables_left_out",
    ] {
        assert!(answer.get(member).is_some(), "{member}");
        assert_eq!(told[member], answer[member], "{member}");
    }
    assert_eq!(asked.get("rows"), None);
    assert_eq!(app.get("/sessions").await.ok()["sessions"][0]["title"], "How many people live in each country?");
}

#[tokio::test]
async fn a_conversation_of_another_pattern_goes_on() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([words("Hello."), sql(COUNT), words("There are 3 people."), words("I said 3.")])).await;
    let session = app.say(&Value::Null, "Hello").await["session_id"].take();
    let found = app.query(json!({"question": HOW_MANY, "session_id": session})).await.ok();
    assert_eq!(found["rows"], json!([[3]]));
    assert_eq!(app.say(&session, "How many did you say?").await["answer"], "I said 3.");
    assert_eq!(app.messages(&session).await.len(), 6);
    // A chat that goes on knows how it was found, too.
    let asked = app.asked().await;
    assert!(asked.last().unwrap().to_string().contains("There are 3 people."));
}

fn keyed(app: &TestApp, path: &str, body: &Value) -> RequestBuilder {
    app.request(Method::POST, path).header("idempotency-key", "k").json(body)
}

#[tokio::test]
async fn a_retry_gets_rows_and_chart_without_another_query() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let refused = "SELECT zzz FROM people";
    app.script(json!([sql(refused), sql(BY_COUNTRY), words("Germany has 1, Switzerland 2.")])).await;
    let body = json!({"question": "How many people live in each country?"});
    let first = answer(keyed(&app, "/nlq", &body)).await.ok();
    assert_eq!((first["attempts"].as_array().unwrap().len(), &first["chart"]["mark"]["type"]), (2, &json!("bar")));
    app.reset().await;
    assert_eq!(answer(keyed(&app, "/nlq", &body)).await.ok(), first);

    let parts = EventStream::of(keyed(&app, "/nlq/stream", &body).send().await.unwrap()).rest().await;
    let data = |kind: &str| parts.iter().find(|part| part["type"] == kind).unwrap()["data"].clone();
    assert_eq!((&data("data-rows")["rows"], &data("data-chart")), (&first["rows"], &first["chart"]));
    assert_eq!(kinds(&parts).iter().filter(|kind| **kind == "data-sql").count(), 2);
    assert_eq!(text_of(&parts), "Germany has 1, Switzerland 2.");

    let calls = app.all_calls().await;
    assert!(calls.iter().all(|call| call["service"] == "dynamodb"), "{calls:?}");
    let other = json!({"question": "How many people live in each country?", "max_rows": 1});
    answer(keyed(&app, "/nlq", &other)).await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn an_answer_that_there_is_none_is_told_again_too() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    app.script(json!([words("UNANSWERABLE: There are no salaries.")])).await;
    let body = json!({"question": "What do people earn?"});
    let first = answer(keyed(&app, "/nlq", &body)).await.ok();
    assert_eq!(answer(keyed(&app, "/nlq", &body)).await.ok(), first);
    assert_eq!((&first["answerable"], app.model_calls().await), (&json!(false), 1));
}

/// A failed turn is no turn.
#[tokio::test]
async fn a_failure_in_mid_conversation_leaves_it_as_it_was() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    let session = app.answered(HOW_MANY, COUNT, "There are 3 people.").await["session_id"].take();
    let wrong = sql("SELECT 1 % (count(*) - 3) FROM people");
    app.script(json!([wrong, wrong])).await;
    let body = json!({"question": "And the inverse of people?", "session_id": session});
    app.query(body).await.problem(422, "no_valid_query");
    assert_eq!(app.messages(&session).await.len(), 2);
}
