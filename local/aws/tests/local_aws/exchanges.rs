//! Whole answers, as the bytes of the wire. The exchanges have the shapes of recorded traffic of the real service.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{App, ask, events};

#[derive(Deserialize)]
struct Exchange {
    name: String,
    path: String,
    request: Value,
    step: Value,
    answer: Option<Value>,
    events: Option<Vec<(String, Value)>>,
}

#[tokio::test]
async fn answers_have_the_shapes_of_the_service() {
    let app = App::start().await;
    let exchanges: Vec<Exchange> = serde_json::from_str(include_str!("../fixtures/exchanges.json")).unwrap();
    for exchange in exchanges {
        app.script(json!([exchange.step])).await;
        let response = app.post(&exchange.path, exchange.request).await;
        assert_eq!(response.status(), 200, "{}", exchange.name);
        assert!(response.headers().contains_key("x-amzn-requestid"), "{}", exchange.name);
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let has_length = response.headers().contains_key("content-length");
        let body = response.bytes().await.unwrap();

        if let Some(expected) = exchange.answer {
            assert_eq!((content_type.as_str(), has_length), ("application/json", true), "{}", exchange.name);
            let mut answer: Value = serde_json::from_slice(&body).unwrap();
            assert!(answer["metrics"]["latencyMs"].take().is_u64());
            answer["metrics"]["latencyMs"] = json!(0);
            assert_eq!(answer, expected, "{}", exchange.name);
        }
        if let Some(expected) = exchange.events {
            assert_eq!(content_type, "application/vnd.amazon.eventstream");
            let told = events(body);
            let kinds = |kind: &str| {
                [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .to_vec()
            };
            let told: Vec<_> = told
                .into_iter()
                .map(|(headers, mut payload)| {
                    if payload["metrics"].is_object() {
                        payload["metrics"]["latencyMs"] = json!(0);
                    }
                    (headers, payload)
                })
                .collect();
            let expected: Vec<_> = expected.into_iter().map(|(kind, payload)| (kinds(&kind), payload)).collect();
            assert_eq!(told, expected, "{}", exchange.name);
        }
    }
}

#[tokio::test]
async fn every_event_is_padded() {
    let app = App::start().await;
    let bytes = app.post("/model/a.b/converse-stream", ask("hi")).await.bytes().await.unwrap();
    let padded = bytes.windows(7).filter(|window| window == b"\"p\":\"ab").count();
    assert_eq!(padded, events(bytes).len());
}

#[tokio::test]
async fn an_exception_has_its_own_headers() {
    let app = App::start().await;
    app.script(json!([{ "text": "a", "fail_after_chunks": 0 }])).await;
    let bytes = app.post("/model/a.b/converse-stream", ask("hi")).await.bytes().await.unwrap();
    let (headers, payload) = events(bytes).pop().unwrap();
    assert_eq!(headers[0], (":exception-type".to_owned(), "modelStreamErrorException".to_owned()));
    assert_eq!(headers[2], (":message-type".to_owned(), "exception".to_owned()));
    assert_eq!(payload["originalStatusCode"], 424);
    assert!(payload["message"].as_str().is_some_and(|message| !message.is_empty()));
}
