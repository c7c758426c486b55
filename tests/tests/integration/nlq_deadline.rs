//! A query that takes too long: stopped, gone from the engine, and a clear answer before anybody cuts the call off.

use std::{path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::{TestApp, eventually},
    documents::{bucket, set},
    nlq_data::{attach, sql},
};

const ASKED: &str = "How many numbers are there?";
/// More rows than any machine counts while somebody waits.
const MONSTROUS: &str = "SELECT count(*) AS number_of_numbers FROM numbers AS a CROSS JOIN numbers AS b CROSS JOIN numbers AS c \
                         CROSS JOIN numbers AS d WHERE a.n + b.n + c.n + d.n < 0";

fn numbers() -> TempDir {
    let lines: String = (1..=10_000).map(|n| format!("{n}\n")).collect();
    bucket(&[("shop/numbers.csv", &format!("n\n{lines}"))])
}

async fn app(folder: &Path, function: Option<Duration>, settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(|options| {
        attach(options, folder);
        options.buffered_limit = Some(Duration::from_secs(300));
        options.function_timeout = function;
        set(options, settings);
    })
    .await;
    app.script_always(sql(MONSTROUS)).await;
    app
}

/// It was asked to stop, it has stopped, and nothing is remembered.
async fn everything_is_gone(app: &TestApp, queries: usize) {
    assert_eq!(app.statements().await.len(), queries);
    eventually("no query runs", async || app.running_queries() == 0).await;
    assert_eq!(app.calls("StopQueryExecution").await.len(), queries);
    assert_eq!(app.items().await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_slow_query_is_stopped_after_its_time() {
    let folder = numbers();
    let app = app(folder.path(), None, &[("QUERY_TIMEOUT_SECONDS", "2")]).await;
    app.query(json!({"question": ASKED})).await.problem(504, "query_timeout");
    everything_is_gone(&app, 1).await;
    app.refused_query(json!({"question": ASKED})).await.problem(504, "query_timeout");
    everything_is_gone(&app, 2).await;
    // Slow is not wrong: the model is not asked to write it anew.
    assert_eq!(app.model_calls().await, 2);
}

#[tokio::test]
async fn a_slow_query_is_stopped_before_the_invocation_ends() {
    let folder = numbers();
    let app = app(folder.path(), Some(Duration::from_secs(10)), &[]).await;
    let refused = app.query(json!({"question": ASKED})).await;
    refused.problem(504, "query_timeout");
    assert!(refused.headers.contains_key("x-request-id"), "API Gateway had to answer");
    everything_is_gone(&app, 1).await;
}

/// Lambda does not tell a function that its caller has gone; the time limit is what stops the query then.
#[tokio::test]
async fn the_query_of_a_caller_who_has_hung_up_is_stopped_too() {
    let folder = numbers();
    let app = app(folder.path(), None, &[("QUERY_TIMEOUT_SECONDS", "4")]).await;
    for path in ["/nlq", "/nlq/stream"] {
        app.reset().await;
        app.script_always(sql(MONSTROUS)).await;
        let request = app.request(Method::POST, path).json(&json!({"question": ASKED})).send();
        let runs = eventually("the query runs", async || app.running_queries() > 0);
        tokio::select! {
            answered = request => panic!("{answered:?}"),
            () = runs => {}
        }
        // The request has been dropped by now, and its connection with it.
        eventually("the query is stopped", async || app.calls("StopQueryExecution").await.len() == 1).await;
        everything_is_gone(&app, 1).await;
    }
}

/// What was stopped takes nothing away from the next one.
#[tokio::test]
async fn a_question_after_a_slow_one_is_answered() {
    let folder = numbers();
    let app = app(folder.path(), None, &[("QUERY_TIMEOUT_SECONDS", "2"), ("ANSWER_IN_WORDS", "false")]).await;
    let keyed = || {
        let request = app.request(Method::POST, "/nlq").header("idempotency-key", "k");
        request.json(&json!({"question": ASKED}))
    };
    crate::app::answer(keyed()).await.problem(504, "query_timeout");
    app.script(json!([sql("SELECT count(*) AS number_of_numbers FROM numbers")])).await;
    let answer = crate::app::answer(keyed()).await.ok();
    assert_eq!(answer["rows"], json!([[10_000]]), "the key is free again as well");
}
