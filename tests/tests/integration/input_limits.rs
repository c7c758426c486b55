//! How much a request may hold, and that nothing whatever makes the service fail.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::app::{TestApp, answer};

#[tokio::test]
async fn text_may_be_as_long_as_promised_and_no_longer() {
    let app = TestApp::start().await;
    for character in ["x", "ü", "漢", "🦀"] {
        let (longest, too_long) = (character.repeat(32_000), character.repeat(32_001));
        let turn = app.say(&Value::Null, &longest).await;
        assert_eq!(turn["answer"], format!("You said: {longest}"));
        assert_eq!(app.messages(&turn["session_id"]).await[0].1, longest);

        for (body, field) in [
            (json!({"message": too_long}), "message"),
            (json!({"message": "m", "system": too_long}), "system"),
            (json!({"message": "m", "examples": [{"user": "u", "assistant": too_long}]}), "examples[0].assistant"),
        ] {
            assert_eq!(app.chat(body).await.refused_field(413, "too_long"), field);
        }
        app.chat(json!({"message": "m", "system": longest})).await.ok();
    }
}

#[tokio::test]
async fn there_may_be_so_many_and_no_more() {
    let app = TestApp::start().await;
    let example = json!({"user": "u", "assistant": "a"});
    app.chat(json!({"message": "m", "examples": vec![&example; 20]})).await.ok();
    let refused = app.chat(json!({"message": "m", "examples": vec![&example; 21]})).await;
    assert_eq!(refused.refused_field(413, "too_long"), "examples");

    app.chat(json!({"message": "m", "stop_sequences": ["x".repeat(255)]})).await.ok();
    for sequences in [json!(["x".repeat(256)]), json!(vec!["x"; 2501])] {
        let refused = app.chat(json!({"message": "m", "stop_sequences": sequences})).await;
        assert_eq!(refused.refused_field(413, "too_long"), "stop_sequences");
    }
}

/// Each field at its limit is a request within all limits.
#[tokio::test]
async fn all_fields_may_be_full_at_once() {
    let app = TestApp::start().await;
    let longest = "x".repeat(32_000);
    let example = json!({"user": longest, "assistant": longest});
    app.chat(json!({"message": longest, "system": longest, "examples": vec![example; 20]})).await.ok();
}

#[tokio::test]
async fn a_body_that_no_fields_could_fill_is_refused() {
    let app = TestApp::start().await;
    let body = format!(r#"{{"message": "m"{}}}"#, " ".repeat(6_400_000));
    let request = app.request(Method::POST, "/chat").header("content-type", "application/json").body(body);
    assert_eq!(answer(request).await.refused_field(413, "too_long"), "body");
}

#[tokio::test]
async fn nesting_has_an_end() {
    let app = TestApp::start().await;
    for depth in [10, 127, 128, 129, 100_000] {
        let body = format!(r#"{{"message": "m", "examples": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let request = app.request(Method::POST, "/chat").header("content-type", "application/json").body(body);
        answer(request).await.refused_field(400, "invalid_request");
    }
}

/// Any JSON: scalars of all kinds, text of all characters, lists and objects of each other.
fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::from(Map::from_iter(fields))),
        ]
    })
}

fn optional(value: BoxedStrategy<Value>) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![4 => Just(None), 2 => value.prop_map(Some), 1 => any_json().prop_map(Some)]
}

/// Nearly a request: the fields' own names, and values that fit more often than not.
fn near_request() -> impl Strategy<Value = Value> {
    let text = || any::<String>().prop_map(Value::from).boxed();
    let number = || any::<f64>().prop_map(|number| Value::from(number.fract().abs())).boxed();
    let example = (text(), text()).prop_map(|(user, assistant)| json!({"user": user, "assistant": assistant}));
    let fields = (
        prop_oneof![4 => text(), 1 => any_json()],
        optional(text()),
        optional(prop::collection::vec(example, 0..3).prop_map(Value::from).boxed()),
        optional(number()),
        optional(number()),
        optional(any::<u32>().prop_map(Value::from).boxed()),
        optional(prop::collection::vec(text(), 0..3).prop_map(Value::from).boxed()),
    );
    fields.prop_map(|(message, system, examples, temperature, top_p, max_tokens, stop_sequences)| {
        let mut body = json!({"message": message});
        let rest = [
            ("system", system),
            ("examples", examples),
            ("temperature", temperature),
            ("top_p", top_p),
            ("max_tokens", max_tokens),
            ("stop_sequences", stop_sequences),
        ];
        for (name, value) in rest {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        body
    })
}

fn bodies(cases: u32, strategy: impl Strategy<Value = Value>) -> Vec<Value> {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    (0..cases).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

#[tokio::test]
async fn no_body_makes_the_service_fail() {
    let app = TestApp::start().await;
    let mut answered = 0;
    for (number, body) in bodies(300, prop_oneof![1 => any_json(), 3 => near_request()]).into_iter().enumerate() {
        let path = if number % 4 == 0 { "/chat/stream" } else { "/chat" };
        let outcome = answer(app.request(Method::POST, path).json(&body)).await;
        match outcome.status {
            200 => answered += 1,
            400 => _ = outcome.problem(400, "invalid_request"),
            413 => _ = outcome.problem(413, "too_long"),
            status => panic!("{status} for {body}: {}", outcome.text),
        }
        assert!(!outcome.text.contains("data-problem"), "{body}: {}", outcome.text);
    }
    assert!(answered > 20, "{answered} of the bodies were right: the test says little");
    // A turn is three items, and whatever was refused left none.
    assert_eq!(app.items().await.len(), 3 * answered);
}

#[tokio::test]
async fn no_text_makes_the_service_fail() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..200 {
        let text: String = ".{0,40}|[{}\\[\\]\",:0-9a-z\\\\u ]{0,40}".new_tree(&mut runner).unwrap().current();
        let request = app.request(Method::POST, "/chat").header("content-type", "application/json").body(text.clone());
        answer(request).await.refused_field(400, "invalid_request");
    }
}
