//! What Athena's failures are to the caller: retries, and one stable code for each. Nothing is left behind.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    documents::bucket,
    nlq_data::{COUNT, HOW_MANY, PEOPLE, attach, people, sql, words},
};

const OPERATIONS: [&str; 4] = ["ListTableMetadata", "StartQueryExecution", "GetQueryExecution", "GetQueryResults"];

fn question() -> Value {
    json!({"question": HOW_MANY})
}

fn fault(operation: &str, times: u32, fault: Value) -> Value {
    json!([{"service": "athena", "operation": operation, "times": times, "fault": fault}])
}

fn error(code: &str) -> Value {
    json!({"error": {"code": code, "message": "by the test"}})
}

async fn app() -> (TestApp, tempfile::TempDir) {
    let folder = people();
    // What is known of a schema is asked for anew each time.
    let app = TestApp::with_shop(folder.path(), &[("SCHEMA_MAX_AGE_SECONDS", "1")]).await;
    (app, folder)
}

/// Steps of the model for some questions.
async fn answering(app: &TestApp) {
    app.script(json!([sql(COUNT), words("3."), sql(COUNT), words("3.")])).await;
}

#[tokio::test]
async fn throttling_that_passes_is_waited_out() {
    for operation in OPERATIONS {
        let (app, _folder) = app().await;
        answering(&app).await;
        app.faults(fault(operation, 2, error("TooManyRequestsException"))).await;
        assert_eq!(app.query(question()).await.ok()["rows"], json!([[3]]), "{operation}");
        assert!(app.calls(operation).await.len() >= 3, "{operation}");
        assert_eq!(app.statements().await.len(), if operation == "StartQueryExecution" { 3 } else { 1 });
    }
}

#[tokio::test]
async fn throttling_that_stays_is_a_429_with_a_time_to_wait() {
    for operation in OPERATIONS {
        let (app, _folder) = app().await;
        app.script_always(sql(COUNT)).await;
        app.faults(fault(operation, 1000, error("TooManyRequestsException"))).await;
        for refused in [app.query(question()).await, app.refused_query(question()).await] {
            refused.problem(429, "query_throttled");
            let seconds: u32 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds));
        }
        assert_eq!(app.calls(operation).await.len(), 6, "three tries for each request of {operation}");
        assert_eq!(app.items().await, [] as [Value; 0]);
    }
}

#[tokio::test]
async fn every_error_of_athena_has_one_stable_code() {
    for (code, message, status, expected) in [
        ("ThrottlingException", "Rate exceeded", 429, "query_throttled"),
        ("InternalServerException", "by the test", 503, "query_unavailable"),
        ("MetadataException", "by the test", 503, "query_unavailable"),
        ("AccessDeniedException", "User: arn:aws:sts::1:assumed-role/x is not authorized", 500, "query_access_denied"),
        ("UnrecognizedClientException", "by the test", 500, "query_access_denied"),
        ("ExpiredTokenException", "by the test", 500, "query_access_denied"),
        ("InvalidRequestException", "WorkGroup xyz is not found.", 500, "misconfigured"),
        ("MetadataException", "Database secret not found", 500, "query_database_not_found"),
    ] {
        let (app, _folder) = app().await;
        for operation in ["ListTableMetadata", "StartQueryExecution"] {
            app.reset().await;
            answering(&app).await;
            let error = json!({"error": {"code": code, "message": message}});
            app.faults(fault(operation, 1000, error)).await;
            let refused = app.query(question()).await;
            if operation == "ListTableMetadata" {
                assert_eq!(app.model_calls().await, 0);
            }
            let problem = refused.problem(status, expected);
            assert_eq!(refused.headers.contains_key("retry-after"), matches!(status, 429 | 503), "{code}");
            // What Athena says is for the log: it names accounts, roles and workgroups.
            for told in ["by the test", "arn:", "xyz", "secret"] {
                assert!(!problem.to_string().contains(told), "{problem}");
            }
        }
        assert_eq!(app.items().await, [] as [Value; 0]);
    }
}

#[tokio::test]
async fn an_engine_that_is_down_is_a_503() {
    for operation in OPERATIONS {
        let (app, _folder) = app().await;
        app.script_always(sql(COUNT)).await;
        app.faults(fault(operation, 1000, json!({"cut": true}))).await;
        for refused in [app.query(question()).await, app.refused_query(question()).await] {
            refused.problem(503, "query_unavailable");
            assert!(refused.headers.contains_key("retry-after"));
        }
        assert_eq!(app.items().await, [] as [Value; 0]);
    }
}

/// Who fails while a query runs does not leave it behind.
#[tokio::test]
async fn a_query_that_cannot_be_asked_about_is_stopped() {
    let (app, _folder) = app().await;
    answering(&app).await;
    app.faults(fault("GetQueryExecution", 1000, error("AccessDeniedException"))).await;
    app.query(question()).await.problem(500, "query_access_denied");
    crate::app::eventually("it is stopped", async || app.calls("StopQueryExecution").await.len() == 1).await;
    assert_eq!(app.running_queries(), 0);
}

#[tokio::test]
async fn an_answer_that_is_lost_starts_no_second_query() {
    let (app, _folder) = app().await;
    answering(&app).await;
    app.faults(fault("StartQueryExecution", 2, json!({"cut": true}))).await;
    app.query(question()).await.ok();
    let calls = app.calls("StartQueryExecution").await;
    let tokens: Vec<&Value> = calls.iter().map(|call| &call["body"]["ClientRequestToken"]).collect();
    assert_eq!(tokens, [tokens[0]; 3]);
}

#[tokio::test]
async fn a_scan_over_the_limit_is_no_answer() {
    let folder = people();
    let app = TestApp::with(|options| {
        attach(options, folder.path());
        options.bytes_scanned_cutoff = Some(5);
    })
    .await;
    let statement = "SELECT max(name) AS name FROM people";
    app.script_always(sql(statement)).await;
    for refused in [app.query(question()).await, app.refused_query(question()).await] {
        let problem = refused.problem(422, "query_scan_limit");
        assert!(problem["detail"].as_str().unwrap().contains("ask for less"), "{problem}");
    }
    // What reads too much is not mended by another try.
    assert_eq!((app.statements().await.len(), app.model_calls().await), (2, 2));
    assert_eq!(app.items().await, [] as [Value; 0]);
}

/// It may hide something, so nothing is shown.
#[tokio::test]
async fn a_semantic_layer_that_cannot_be_read_is_the_operators_mistake() {
    for layer in ["tables: [", "tables:\n  people:\n    columns:\n      born: { hiden: true }\n"] {
        let folder = bucket(&[("shop/people.csv", PEOPLE), ("shop.yaml", layer)]);
        let app = TestApp::with_shop(folder.path(), &[]).await;
        for refused in [app.query(question()).await, app.refused_query(question()).await] {
            let problem = refused.problem(500, "misconfigured");
            assert!(!problem.to_string().contains("hiden"), "{problem}");
        }
        assert_eq!((app.model_calls().await, app.items().await), (0, Vec::new()));
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_the_operators_mistake() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[("ATHENA_DATABASES", "nowhere")]).await;
    app.query(question()).await.problem(500, "query_database_not_found");
    assert_eq!(app.model_calls().await, 0);
}

#[tokio::test]
async fn a_model_that_fails_before_the_query_fails_as_in_any_pattern() {
    let (app, _folder) = app().await;
    app.script_always(json!({"error": {"code": "ThrottlingException", "message": "no"}})).await;
    for refused in [app.query(question()).await, app.refused_query(question()).await] {
        refused.problem(429, "model_throttled");
    }
    assert_eq!((app.statements().await, app.items().await), (Vec::new(), Vec::new()));
}

/// The schema is read once for many questions.
#[tokio::test]
async fn a_warm_function_knows_the_schema() {
    let folder = people();
    let app = TestApp::with_shop(folder.path(), &[]).await;
    for _ in 0..3 {
        answering(&app).await;
        app.query(question()).await.ok();
    }
    assert_eq!((app.calls("ListTableMetadata").await.len(), app.calls("GetObject").await.len()), (1, 1));
}
