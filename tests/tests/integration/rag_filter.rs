//! `filter`, `top_k` and `language`: what Kendra is told, and what is found then.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    documents::{HOW_MANY_DAYS, document, text_attribute},
};

/// Three documents about the same, from three years.
async fn three_years() -> TestApp {
    let app = TestApp::start().await;
    let policy = |year: i64, department: &str, audience: &[&str], language: &str| {
        let text = format!("Annual leave in {year}: full-time employees have many days of annual leave.");
        let attributes = json!([
            {"Key": "year", "Value": {"LongValue": year}},
            {"Key": "audience", "Value": {"StringListValue": audience}},
            {"Key": "_created_at", "Value": {"DateValue": (year - 1970) * 31_556_952}},
            text_attribute("department", department),
            text_attribute("_language_code", language),
        ]);
        document(&year.to_string(), &format!("Leave {year}"), &text, &json!({"Attributes": attributes}))
    };
    app.put(json!([
        policy(2024, "People", &["staff", "board"], "en"),
        policy(2025, "People", &["staff"], "en"),
        policy(2026, "Finance", &["board"], "de"),
    ]))
    .await;
    app
}

/// The documents whose passages the model was given, sorted.
async fn found(app: &TestApp, mut question: Value) -> Vec<String> {
    app.reset().await;
    question["message"] = json!(HOW_MANY_DAYS);
    app.script(json!([{"text": "Many [1][2][3]."}])).await;
    let answer = app.ask(question).await.ok();
    let documents = answer["citations"].as_array().unwrap().iter();
    let mut documents: Vec<String> = documents.map(|one| one["document_id"].as_str().unwrap().to_owned()).collect();
    documents.sort();
    documents
}

#[tokio::test]
async fn a_filter_chooses_documents() {
    let app = three_years().await;
    let date = |date: &str| json!({"date": date});
    for (filter, expected) in [
        (json!({"equals": {"department": "People"}}), vec!["2024", "2025"]),
        (json!({"equals": {"department": "People", "year": 2025}}), vec!["2025"]),
        (json!({"equals": {"audience": ["staff"]}}), vec!["2025"]),
        (json!({"in": {"year": [2024, 2026, 1999]}}), vec!["2024", "2026"]),
        (json!({"contains": {"audience": ["board", "guests"]}}), vec!["2024", "2026"]),
        (json!({"range": {"year": {"gt": 2024}}}), vec!["2025", "2026"]),
        (json!({"range": {"year": {"gte": 2025, "lt": 2026}}}), vec!["2025"]),
        (json!({"range": {"year": {"lte": 2024}}}), vec!["2024"]),
        (json!({"range": {"_created_at": {"gte": date("2025-06-01T00:00:00Z")}}}), vec!["2026"]),
        (json!({"not": {"equals": {"department": "People"}}}), vec!["2026"]),
        (json!({"not": {"not": {"equals": {"year": 2024}}}}), vec!["2024"]),
        (json!({"all": [{"equals": {"department": "People"}}, {"not": {"equals": {"year": 2024}}}]}), vec!["2025"]),
        (
            json!({"any": [{"equals": {"department": "Finance"}}, {"range": {"year": {"lt": 2025}}}]}),
            vec!["2024", "2026"],
        ),
        (json!({"equals": {"department": "people"}}), vec![]),
    ] {
        assert_eq!(found(&app, json!({"filter": filter})).await, expected, "{filter}");
    }
    assert_eq!(found(&app, json!({})).await, ["2024", "2025", "2026"]);
}

/// FAQs are filtered as documents are: both searches are told the same.
#[tokio::test]
async fn both_searches_are_told_the_filter() {
    let app = three_years().await;
    let filter = json!({"all": [
        {"in": {"year": [2024, 2025]}},
        {"range": {"_created_at": {"lt": {"date": "2026-01-01T00:00:00+01:00"}}}},
    ]});
    assert_eq!(found(&app, json!({"filter": filter, "language": "en", "top_k": 7})).await, ["2024", "2025"]);
    let expected = json!({"AndAllFilters": [
        {"OrAllFilters": [
            {"EqualsTo": {"Key": "year", "Value": {"LongValue": 2024}}},
            {"EqualsTo": {"Key": "year", "Value": {"LongValue": 2025}}},
        ]},
        {"LessThan": {"Key": "_created_at", "Value": {"DateValue": 1_767_222_000}}},
        {"EqualsTo": {"Key": "_language_code", "Value": {"StringValue": "en"}}},
    ]});
    let [queries, retrievals] = app.searches().await;
    assert_eq!((&queries[0]["AttributeFilter"], &retrievals[0]["AttributeFilter"]), (&expected, &expected));
    assert_eq!((&retrievals[0]["PageSize"], &queries[0]["PageSize"]), (&json!(7), &json!(1)));
}

#[tokio::test]
async fn a_language_chooses_documents() {
    let app = three_years().await;
    assert_eq!(found(&app, json!({"language": "de"})).await, ["2026"]);
    assert_eq!(found(&app, json!({"language": "en"})).await, ["2024", "2025"]);
    assert_eq!(found(&app, json!({"language": "fr"})).await, [] as [&str; 0]);
}

#[tokio::test]
async fn a_caller_says_how_many_passages_are_used() {
    let app = three_years().await;
    for top_k in [1, 2, 3, 100] {
        assert_eq!(found(&app, json!({"top_k": top_k})).await.len(), top_k.min(3));
    }
    let app = TestApp::with_settings(&[("PASSAGES", "4")]).await;
    app.ask(json!({"message": HOW_MANY_DAYS})).await.ok();
    app.ask(json!({"message": HOW_MANY_DAYS, "top_k": 9})).await.ok();
    let [_, retrievals] = app.searches().await;
    assert_eq!((&retrievals[0]["PageSize"], &retrievals[1]["PageSize"]), (&json!(4), &json!(9)));
}

/// Only the index knows its attributes: what it does not take is the caller's mistake.
#[tokio::test]
async fn a_filter_that_the_index_does_not_know_is_the_callers_mistake() {
    let app = three_years().await;
    for filter in [
        json!({"equals": {"colour": "red"}}),
        json!({"equals": {"year": "2025"}}),
        json!({"range": {"department": {"gt": "A"}}}),
        json!({"contains": {"department": ["People"]}}),
    ] {
        let body = json!({"message": HOW_MANY_DAYS, "filter": filter});
        for refused in [app.ask(body.clone()).await, app.refused_question(body).await] {
            refused.problem(400, "retrieval_rejected_request");
        }
    }
    assert_eq!(app.items().await, [] as [Value; 0]);
}
