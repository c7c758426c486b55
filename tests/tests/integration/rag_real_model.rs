//! The sample corpus, searched and answered from for real, with the small model of `--model small`.

use std::time::Duration;

use local::Documents;
use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_small_model_answers_from_the_sample_corpus_and_cites_the_document() {
    let app = TestApp::with(|options| {
        options.engine = local::model::parse("small").unwrap();
        options.documents = Documents::Sample;
        // Machines that test are slow, and busy with other tests.
        options.buffered_limit = None;
        options.function_timeout = Some(Duration::from_secs(600));
    })
    .await;

    // So small a model forgets to cite now and then, even if it is shown how to; what it cites must be right.
    let example = json!({
        "user": "<passage number=\"1\">\nThe tower is 41 metres high and red.\n</passage>\n\nQuestion: How high is the tower?",
        "assistant": "The tower is 41 metres high [1].",
    });
    let mut cited = 0;
    for (question, document) in [
        ("How much of the ticket is refunded for a delay of 120 minutes?", "customers/refunds.md"),
        ("What does the message GL-17 of the VPN mean?", "it/vpn-setup.md"),
        ("Which version of Gratlink is needed for the VPN?", "it/vpn-setup.md"),
    ] {
        let settings = json!({"temperature": 0, "max_tokens": 60, "top_k": 1, "examples": [example]});
        let answer = ask(&app, "alice", question, &settings).await;
        assert_eq!(answer["source"], "documents", "{answer}");
        assert!(!answer["answer"].as_str().unwrap().trim().is_empty(), "{answer}");
        for citation in answer["citations"].as_array().unwrap() {
            assert_eq!(citation["document_id"], document, "{answer}");
            cited += 1;
        }
    }
    assert!(cited > 0);

    // A curated answer comes without the model, and what is not for everybody is not there for the others.
    let curated = ask(&app, "alice", "Where can I pick up a new laptop?", &json!({})).await;
    assert_eq!((&curated["source"], &curated["model"]), (&json!("faq"), &Value::Null));
    assert!(curated["answer"].as_str().unwrap().starts_with("In room 0.12"), "{curated}");
    let raise = "How large is the general salary increase for 2026?";
    assert_eq!(ask(&app, "alice:hr", raise, &json!({})).await["source"], "faq");
    let hidden = ask(&app, "bob", raise, &json!({"max_tokens": 20, "top_k": 1})).await;
    assert_ne!(hidden["source"], "faq");
    assert!(!hidden["citations"].to_string().contains("hr/"), "{hidden}");
}

async fn ask(app: &TestApp, token: &str, question: &str, settings: &Value) -> Value {
    let mut body = settings.clone();
    body["message"] = json!(question);
    app.ask_by(token, body).await.ok()
}
