//! Citations: only what names a passage is one, and each tells where it is from and where it stands.

use std::fs;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::{
    app::{TestApp, answer},
    documents::{HOW_MANY_DAYS, document, text_attribute},
    event_stream::text_of,
    tools,
};
use reqwest::Method;

/// Three documents that answer one question; which number each has is the index's choice.
async fn three_documents() -> TestApp {
    let app = TestApp::start().await;
    let text = |who: &str| format!("Annual leave: full-time employees in {who} have many days of annual leave.");
    app.put(json!([
        document("zürich", "Zürich", &text("Zürich"), &Value::Null),
        document("bern", "Bern", &text("Bern"), &Value::Null),
        document("basel", "Basel", &text("Basel"), &Value::Null),
    ]))
    .await;
    app
}

fn numbers(answer: &Value) -> Vec<u64> {
    answer["citations"].as_array().unwrap().iter().map(|citation| citation["number"].as_u64().unwrap()).collect()
}

/// What stands in the answer where each citation says that it stands.
fn markers(answer: &Value) -> Vec<String> {
    let text: Vec<char> = answer["answer"].as_str().unwrap().chars().collect();
    let places = answer["citations"].as_array().unwrap().iter().flat_map(|one| one["places"].as_array().unwrap());
    let bound = |place: &Value, name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
    places.map(|place| text[bound(place, "start")..bound(place, "end")].iter().collect()).collect()
}

#[tokio::test]
async fn a_citation_says_where_it_is_from_and_where_it_stands() {
    let app = TestApp::start().await;
    let text = "Full-time employees have 25 days of annual leave.";
    let attributes = json!([
        text_attribute("_source_uri", "https://example.com/leave"),
        text_attribute("_category", "Policy"),
        text_attribute("department", "People"),
        {"Key": "_last_updated_at", "Value": {"DateValue": 1_767_225_600}},
        {"Key": "year", "Value": {"LongValue": 2026}},
        {"Key": "audience", "Value": {"StringListValue": ["staff", "board"]}},
    ]);
    app.put(json!([document("leave-1", "Leave policy", text, &json!({"Attributes": attributes}))])).await;
    app.script(json!([{"text": "Für alle gilt: 25 Tage 🌴 [1]. Wirklich [1]!"}])).await;
    let answer = app.ask(json!({"message": HOW_MANY_DAYS})).await.ok();

    let mut citation = answer["citations"][0].clone();
    for name in ["query_id", "result_id", "confidence"] {
        assert!(citation[name].as_str().is_some_and(|text| !text.is_empty()), "{citation}");
        citation.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(
        citation,
        json!({
            "number": 1,
            "document_id": "leave-1",
            "title": "Leave policy",
            "uri": "https://example.com/leave",
            "page": null,
            "excerpt": text,
            "attributes": {
                "_category": "Policy",
                "_language_code": "en",
                "_last_updated_at": "2026-01-01T00:00:00Z",
                "_source_uri": "https://example.com/leave",
                "audience": ["staff", "board"],
                "department": "People",
                "year": 2026,
            },
            // In characters: ü and the palm are one each.
            "places": [{"start": 25, "end": 28}, {"start": 39, "end": 42}],
        })
    );
    assert_eq!(markers(&answer), ["[1]", "[1]"]);
    // The model is told how old a passage is.
    assert!(app.only_call("Converse").await.to_string().contains("date=\\\"2026-01-01\\\""));
}

#[tokio::test]
async fn a_citation_of_a_pdf_says_the_page() {
    let app = TestApp::start().await;
    let report = fs::read(tools::root().join("samples/documents/company/annual-report-2025.pdf")).unwrap();
    let report = json!({"ContentType": "PDF", "Blob": BASE64_STANDARD.encode(report)});
    app.put(json!([document("report", "Annual Report 2025", "", &report)])).await;
    app.script(json!([{"text": "16.2 GWh [1]."}])).await;
    let answer = app
        .ask(json!({"message": "How much electricity did the Brandbach power plant produce?", "top_k": 1}))
        .await
        .ok();
    let citation = &answer["citations"][0];
    assert!(citation["excerpt"].as_str().unwrap().contains("16.2 GWh"), "{citation}");
    assert_eq!(citation["page"], 2);
}

#[tokio::test]
async fn what_names_no_passage_is_taken_out() {
    let app = three_documents().await;
    for (said, told, cited) in [
        ("Many days [1].", "Many days [1].", vec![1]),
        ("Many days [4].", "Many days.", vec![]),
        ("Many [7] days [2], or [0] so [2].", "Many days [2], or so [2].", vec![2]),
        ("Many days [3][1] [1].", "Many days [1, 3].", vec![1, 3]),
        ("Many days [1, 9].", "Many days [1].", vec![1]),
        ("Many days [1-3].", "Many days [1, 2, 3].", vec![1, 2, 3]),
        ("Many [sic] days [1](https://example.com).", "Many [sic] days [1] (https://example.com).", vec![1]),
        ("Many days.", "Many days.", vec![]),
    ] {
        app.script(json!([{"text": said}])).await;
        let answer = app.ask(json!({"message": HOW_MANY_DAYS})).await.ok();
        assert_eq!(answer["answer"], told, "{said}");
        assert_eq!(numbers(&answer), cited, "{said}");
        assert_eq!(answer["grounded"], !cited.is_empty(), "{said}");
        assert_eq!(answer["source"], "documents");
        assert!(markers(&answer).iter().all(|marker| marker.starts_with('[') && marker.ends_with(']')), "{answer}");
        // What was taken out is not remembered either: the next turn's model would repeat it.
        assert_eq!(app.messages(&answer["session_id"]).await[1].1, told);
    }
}

/// The numbers are those of the passages in the prompt.
#[tokio::test]
async fn a_number_is_the_passage_that_had_it_in_the_prompt() {
    let app = three_documents().await;
    app.script(json!([{"text": "Here [3], there [1] and there [2]."}])).await;
    let answer = app.ask(json!({"message": HOW_MANY_DAYS})).await.ok();
    let prompt = app.only_call("Converse").await["messages"][0]["content"][0]["text"].take();
    assert_eq!(numbers(&answer), [3, 1, 2], "in the order in which the answer cites them");
    for citation in answer["citations"].as_array().unwrap() {
        let [number, title, excerpt] = ["number", "title", "excerpt"].map(|name| &citation[name]);
        let passage = format!("<passage number=\"{number}\" title={title}>\n{}\n</passage>", excerpt.as_str().unwrap());
        assert!(prompt.as_str().unwrap().contains(&passage), "{passage}\n{prompt}");
    }
    let documents: Vec<&str> =
        answer["citations"].as_array().unwrap().iter().map(|one| one["document_id"].as_str().unwrap()).collect();
    assert_ne!(documents[0], documents[1]);
}

#[tokio::test]
async fn a_citation_that_is_split_over_chunks_is_one() {
    let app = three_documents().await;
    for (chunks, told, cited) in [
        (json!(["Many days ", "[", "1", "]."]), "Many days [1].", vec![1]),
        (json!(["Many days [", "1", "0", "]", "."]), "Many days.", vec![]),
        (json!(["Many days [1", "]", "[2", "] ", "."]), "Many days [1, 2] .", vec![1, 2]),
        (
            json!(["Tage für ", "Zürich [", "2] und [", "5", "] Bern [3]"]),
            "Tage für Zürich [2] und Bern [3]",
            vec![2, 3],
        ),
        (json!(["An array[", "i", "] and [", "1"]), "An array[i] and [1", vec![]),
    ] {
        app.script_always(json!({"chunks": chunks})).await;
        let parts = app.ask_stream(json!({"message": HOW_MANY_DAYS})).await.rest().await;
        assert_eq!(text_of(&parts), told, "{chunks}");
        let mut streamed = parts.last().unwrap()["messageMetadata"].clone();
        streamed["answer"] = json!(told);
        assert_eq!(numbers(&streamed), cited, "{chunks}");
        assert!(markers(&streamed).iter().all(|marker| marker.starts_with('[') && marker.ends_with(']')), "{streamed}");

        let whole = app.ask(json!({"message": HOW_MANY_DAYS})).await.ok();
        assert_eq!(whole["answer"], told, "streamed or not: {chunks}");
    }
}

#[tokio::test]
async fn citations_are_remembered_and_told_again() {
    let app = three_documents().await;
    app.script(json!([{"text": "Here [2], there [1]."}])).await;
    let ask = |path: &str| {
        app.request(Method::POST, path).header("idempotency-key", "k").json(&json!({"message": HOW_MANY_DAYS}))
    };
    let first = answer(ask("/rag")).await.ok();
    assert_eq!(numbers(&first), [2, 1]);

    let page = app.get(&format!("/sessions/{}", first["session_id"].as_str().unwrap())).await.ok();
    let [remembered, question] = [&page["messages"][0], &page["messages"][1]];
    for name in ["citations", "search_query", "grounded", "source", "usage", "model"] {
        assert_eq!(remembered[name], first[name], "{name}");
        assert!(!first[name].is_null(), "{name}");
    }
    assert_eq!(question.get("citations"), None);

    app.reset().await;
    assert_eq!(answer(ask("/rag")).await.ok(), first);
    let parts = crate::event_stream::EventStream::of(ask("/rag/stream").send().await.unwrap()).rest().await;
    assert_eq!(text_of(&parts), first["answer"]);
    assert_eq!(parts.last().unwrap()["messageMetadata"]["citations"], first["citations"]);
    let sources: Vec<&Value> = parts.iter().filter(|part| part["type"] == "source-document").collect();
    assert_eq!(sources.len(), 2);
    let calls = app.all_calls().await;
    assert!(calls.iter().all(|call| call["service"] == "dynamodb"), "nothing is asked twice");
}
