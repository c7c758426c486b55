use std::time::Duration;

use local::{Local, Options};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::*;

/// A machine whose model follows the steps, and a conversation with it.
async fn start(steps: Value) -> (Local, Conversation<Vec<u8>>) {
    let local = Local::start(Options::for_tests()).await.unwrap();
    let url = format!("{}/_local/script", local.aws_url());
    let script = json!({ "steps": steps });
    reqwest::Client::new().put(url).json(&script).send().await.unwrap().error_for_status().unwrap();
    let api = Api::new(&local.url(), None).unwrap();
    (local, Conversation::new(api, None, Vec::new(), false))
}

fn shown(conversation: &Conversation<Vec<u8>>) -> &str {
    std::str::from_utf8(&conversation.out).unwrap()
}

async fn turns(conversation: &Conversation<Vec<u8>>) -> Vec<u64> {
    conversation.sessions().await.unwrap().iter().map(|session| session.turns).collect()
}

#[tokio::test]
async fn a_conversation_goes_on_in_its_session() {
    let (local, mut conversation) = start(json!([{"text": "one"}, {"text": "two"}, {"text": "three"}])).await;
    conversation.say("a").await.unwrap();
    conversation.say("b").await.unwrap();
    assert_eq!(turns(&conversation).await, [2]);
    conversation.go_to(None);
    conversation.say("c").await.unwrap();
    assert_eq!(turns(&conversation).await, [1, 2]);
    assert_eq!(shown(&conversation), "one\ntwo\nthree\n");
    local.stop().await;
}

#[tokio::test]
async fn a_session_whose_first_answer_failed_is_not_gone_on_with() {
    let steps = json!([{"text": "one two", "fail_after_chunks": 1}, {"text": "again"}]);
    let (local, mut conversation) = start(steps).await;
    let error = conversation.say("a").await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    conversation.say("b").await.unwrap();
    assert_eq!(shown(&conversation), "one \nagain\n");
    assert_eq!(turns(&conversation).await, [1]);
    local.stop().await;
}

/// Long enough that nothing has been written when the answer is left, however slow the machine: the answer's delay
/// begins after this one.
const BEFORE_THE_ANSWER: Duration = Duration::from_millis(200);

#[tokio::test]
async fn who_leaves_the_first_answer_goes_on_with_its_session() {
    let (local, mut conversation) = start(json!([{"text": "late", "delay_ms": 3000}, {"text": "again"}])).await;
    assert!(timeout(BEFORE_THE_ANSWER, conversation.say("a")).await.is_err());
    conversation.leave_answer().unwrap();
    conversation.say("b").await.unwrap();
    let waits = "(waiting for the earlier answer; Ctrl-C withdraws the message)";
    assert_eq!(shown(&conversation), format!(" (left)\n\n{waits}\nagain\n"));
    assert_eq!(turns(&conversation).await, [2]);
    local.stop().await;
}

#[tokio::test]
async fn who_leaves_an_answer_that_fails_is_told_and_answered() {
    let failing = json!({"text": "one two", "delay_ms": 3000, "fail_after_chunks": 1});
    let (local, mut conversation) = start(json!([failing, {"text": "again"}])).await;
    assert!(timeout(BEFORE_THE_ANSWER, conversation.say("a")).await.is_err());
    conversation.say("b").await.unwrap();
    assert!(shown(&conversation).contains("(the earlier answer failed: "), "{}", shown(&conversation));
    assert!(shown(&conversation).ends_with(")\nagain\n"), "{}", shown(&conversation));
    assert_eq!(turns(&conversation).await, [1]);
    local.stop().await;
}
