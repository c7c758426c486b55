//! The sample database asked for real, with the model of `--model default`: the smaller one does not know SQL well enough.

use std::time::Duration;

use local::Databases;
use serde_json::{Value, json};

use crate::{app::TestApp, documents::set};

#[tokio::test(flavor = "multi_thread")]
async fn the_default_model_answers_from_the_sample_database() {
    let app = TestApp::with(|options| {
        options.engine = local::model::parse("default").unwrap();
        options.databases = Databases::Sample;
        // Machines that test are slow, and busy with other tests.
        options.buffered_limit = None;
        options.function_timeout = Some(Duration::from_secs(900));
        set(options, &[("SCHEMA_TOKENS", "500")]);
    })
    .await;

    let answer = app.query(json!({"question": "How many customers do we have?"})).await.ok();
    assert_eq!(answer["answerable"], true, "{answer}");
    assert_eq!(answer["rows"], json!([[1600]]), "{answer}");
    assert_eq!(answer["model"], "local.qwen2-5-coder-1-5b-instruct");
    assert_eq!(answer["chart"]["mark"]["type"], "text");
    assert_eq!(app.statements().await.last().unwrap(), answer["sql"].as_str().unwrap());

    // A number that stands in no row and counts none would be a bug, whoever says it.
    let said = answer["answer"].as_str().unwrap();
    assert!(!said.trim().is_empty(), "{answer}");
    let numbers = said.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
    for number in numbers {
        assert!(["1600", "1"].contains(&number), "{said}");
    }
    assert_eq!(app.messages(&answer["session_id"]).await[1], ("assistant".to_owned(), said.to_owned()));
    let spent: &Value = &answer["usage"]["output_tokens"];
    assert!(spent.as_u64().unwrap() > 5, "{answer}");
}
