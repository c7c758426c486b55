//! What stops a query, what keeps it waiting, and what is refused.

use std::time::{Duration, Instant};

use aws_sdk_athena::types::QueryExecutionState;
use local_aws::{Athena, Config, LocalAws};
use serde_json::{Value, json};

use crate::{
    app::{App, config},
    athena::{ENDLESS, WORKGROUP, Zoo, rows, state},
};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn start(query: &str) -> Value {
    json!({
        "QueryString": query,
        "ClientRequestToken": TOKEN,
        "WorkGroup": WORKGROUP,
        "QueryExecutionContext": { "Database": "zoo" },
    })
}

/// Waits until the engine computes nothing any more.
async fn is_idle(zoo: &Zoo) {
    for _ in 0..200 {
        if zoo.app.server.queries().running() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the engine still runs {} tasks", zoo.app.server.queries().running());
}

#[tokio::test]
async fn a_query_that_is_stopped_is_gone_from_the_engine() {
    let zoo = Zoo::start().await;
    let id = zoo.submit(ENDLESS).await;
    zoo.reaches(&id, QueryExecutionState::Running).await;
    let (code, message) = zoo.refused("GetQueryResults", json!({ "QueryExecutionId": id })).await;
    assert_eq!(code, "INVALID_QUERY_EXECUTION_STATE");
    assert_eq!(message, "Query has not yet finished. Current state: RUNNING");
    assert!(zoo.app.server.queries().running() > 0);

    zoo.app.athena().stop_query_execution().query_execution_id(&id).send().await.unwrap();
    let execution = zoo.execution(&id).await;
    assert_eq!(state(&execution), QueryExecutionState::Cancelled, "at once");
    let status = execution.status().unwrap();
    assert_eq!(status.state_change_reason(), Some("Query cancelled by user"));
    assert!(status.athena_error().is_none() && status.completion_date_time().is_some());
    is_idle(&zoo).await;
    let (code, message) = zoo.refused("GetQueryResults", json!({ "QueryExecutionId": id })).await;
    assert_eq!((code.as_str(), message.as_str()), ("RESULT_NOT_FOUND", "Could not find results"));

    // What has ended cannot be stopped, and it is no mistake to try.
    let done = zoo.submit("SELECT 1").await;
    zoo.ended(&done).await;
    zoo.app.athena().stop_query_execution().query_execution_id(&done).send().await.unwrap();
    assert_eq!(state(&zoo.execution(&done).await), QueryExecutionState::Succeeded);
}

#[tokio::test]
async fn two_run_a_hundred_wait_and_more_are_too_many() {
    let zoo = Zoo::start().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(zoo.submit(ENDLESS).await);
    }
    for id in &ids {
        zoo.reaches(id, QueryExecutionState::Running).await;
    }
    let waits = zoo.submit("SELECT 42").await;
    for _ in 1..100 {
        ids.push(zoo.submit(ENDLESS).await);
    }
    assert_eq!(state(&zoo.execution(&waits).await), QueryExecutionState::Queued);

    let (status, answer) = zoo.app.athena_json("StartQueryExecution", start("SELECT 1")).await;
    assert_eq!((status, answer["__type"].as_str()), (400, Some("TooManyRequestsException")), "{answer}");
    assert_eq!(answer["Reason"], "CONCURRENT_QUERY_LIMIT_EXCEEDED");

    // The one that waits longest is next.
    zoo.app.athena().stop_query_execution().query_execution_id(&ids[0]).send().await.unwrap();
    let execution = zoo.ended(&waits).await;
    assert_eq!(rows(&zoo.results(&waits).await)[1], [Some("42".to_owned())]);
    assert!(execution.statistics().unwrap().query_queue_time_in_millis() > Some(0));
    for id in &ids {
        zoo.app.athena().stop_query_execution().query_execution_id(id).send().await.unwrap();
    }
    is_idle(&zoo).await;
}

#[tokio::test]
async fn the_server_stops_although_queries_run() {
    let zoo = Zoo::start().await;
    let id = zoo.submit(ENDLESS).await;
    zoo.reaches(&id, QueryExecutionState::Running).await;
    let engine = zoo.app.server.queries().clone();
    let began = Instant::now();
    zoo.app.server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(10));
    for _ in 0..200 {
        if engine.running() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the query outlives the server");
}

#[tokio::test]
async fn a_query_may_scan_no_more_than_its_workgroup_allows() {
    let zoo = Zoo::with_cutoff(Some(1000)).await;
    let small = zoo.submit("SELECT sum(legs) FROM animals").await;
    assert_eq!(state(&zoo.ended(&small).await), QueryExecutionState::Succeeded);
    let large = zoo.submit("SELECT sum(n) FROM numbers").await;
    let execution = zoo.ended(&large).await;
    assert_eq!(state(&execution), QueryExecutionState::Cancelled);
    let status = execution.status().unwrap();
    assert_eq!(status.state_change_reason(), Some("Bytes scanned limit was exceeded"));
    assert!(execution.statistics().unwrap().data_scanned_in_bytes() > Some(1000));
    let request = json!({ "QueryExecutionId": large });
    assert_eq!(zoo.refused("GetQueryResults", request).await.0, "RESULT_NOT_FOUND");

    let group = zoo.app.athena().get_work_group().work_group(WORKGROUP).send().await.unwrap().work_group.unwrap();
    let configuration = group.configuration().unwrap();
    assert_eq!(configuration.bytes_scanned_cutoff_per_query(), Some(1000));
    assert_eq!(configuration.enforce_work_group_configuration(), Some(true));
}

#[tokio::test]
async fn a_token_stands_for_one_query() {
    let zoo = Zoo::start().await;
    let id = async |request: Value| {
        let (status, answer) = zoo.app.athena_json("StartQueryExecution", request).await;
        assert_eq!(status, 200, "{answer}");
        answer["QueryExecutionId"].as_str().unwrap().to_owned()
    };
    let first = id(start("SELECT 1")).await;
    assert_eq!(id(start("SELECT 1")).await, first);
    zoo.ended(&first).await;
    assert_eq!(id(start("SELECT 1")).await, first, "also once it has ended");

    for other in [start("SELECT 2"), {
        let mut other = start("SELECT 1");
        other["QueryExecutionContext"]["Database"] = "nowhere".into();
        other
    }] {
        let (code, message) = zoo.refused("StartQueryExecution", other).await;
        assert_eq!(code, "IDEMPOTENT_PARAMETER_MISMATCH");
        assert_eq!(message, "Idempotent parameters do not match");
    }
}

#[tokio::test]
async fn what_a_request_must_not_be_is_refused() {
    let zoo = Zoo::start().await;
    let with = |name: &str, value: Value| {
        let mut request = start("SELECT 1");
        request[name] = value;
        request
    };
    for (request, expected) in [
        (with("QueryString", "x".repeat(262_145).into()), "less than or equal to 262144"),
        (with("QueryString", "ä".repeat(131_073).into()), "longer than 262144 bytes"),
        (with("QueryString", "".into()), "greater than or equal to 1"),
        (with("QueryString", Value::Null), "must not be null"),
        (with("ClientRequestToken", "short".into()), "greater than or equal to 32"),
        (with("ClientRequestToken", "x".repeat(129).into()), "less than or equal to 128"),
        (with("ClientRequestToken", Value::Null), "clientRequestToken is null or empty"),
        (with("WorkGroup", "nowhere".into()), "WorkGroup nowhere is not found."),
        (with("WorkGroup", "no spaces".into()), "regular expression pattern"),
        (
            with("ResultConfiguration", json!({ "OutputLocation": "elsewhere" })),
            "outputLocation is not a valid S3 path.",
        ),
        (with("ExecutionParameters", json!(["1"])), "does not bind ExecutionParameters"),
        (with("QueryExecutionContext", json!({ "Catalog": "hive" })), "Catalog 'hive' does not exist"),
        (with("Sql", "SELECT 1".into()), "Unknown field 'Sql'"),
    ] {
        let (_, message) = zoo.refused("StartQueryExecution", request).await;
        assert!(message.contains(expected), "{expected}: {message}");
    }

    for operation in ["GetQueryExecution", "GetQueryResults", "StopQueryExecution"] {
        let (code, message) = zoo.refused(operation, json!({ "QueryExecutionId": "nowhere" })).await;
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("QUERY_EXECUTION_NOT_FOUND", "QueryExecution nowhere was not found")
        );
    }
    let request = json!({ "QueryExecutionId": "a", "MaxResults": 1001 });
    assert!(zoo.refused("GetQueryResults", request).await.1.contains("less than or equal to 1000"));

    let (status, answer) = zoo.app.athena_json("CreateWorkGroup", json!({ "Name": "mine" })).await;
    assert_eq!((status, answer["Message"].as_str()), (501, Some("local-aws does not serve CreateWorkGroup of Athena")));
}

#[tokio::test]
async fn the_longest_query_runs() {
    let zoo = Zoo::start().await;
    let query = format!("SELECT 1 /* {} */", "ä".repeat((262_144 - 15) / 2));
    let (status, answer) = zoo.app.athena_json("StartQueryExecution", start(&query)).await;
    assert_eq!(status, 200, "{answer}");
    let execution = zoo.ended(answer["QueryExecutionId"].as_str().unwrap()).await;
    assert_eq!(state(&execution), QueryExecutionState::Succeeded, "{:?}", execution.status());
}

#[tokio::test]
async fn faults_strike_and_calls_are_recorded() {
    let zoo = Zoo::start().await;
    let error = json!({ "code": "TooManyRequestsException", "message": "slow down" });
    zoo.app
        .faults(json!([{ "service": "athena", "operation": "StartQueryExecution", "fault": { "error": error } }]))
        .await;
    let refused = zoo.app.athena().start_query_execution().query_string("SELECT 1").send().await.unwrap_err();
    assert!(refused.into_service_error().is_too_many_requests_exception());
    zoo.submit("SELECT 1").await;
    let calls = zoo.app.requests().await;
    let told: Vec<_> = calls.iter().map(|call| (call["service"].as_str(), call["status"].as_u64())).collect();
    assert_eq!(told, [(Some("athena"), Some(400)), (Some("athena"), Some(200))]);
    assert_eq!(calls[1]["body"]["QueryString"], "SELECT 1");
}

#[tokio::test]
async fn a_database_that_cannot_be_attached_keeps_the_server_from_starting() {
    let databases = [("zoo".to_owned(), "/nowhere/at/all".into())].into();
    let athena = Athena { databases, ..Athena::default() };
    let Err(error) = LocalAws::start(Config { athena: Some(athena), ..config(None) }).await else {
        panic!("it was attached")
    };
    let text = error.to_string();
    assert!(text.contains("zoo") && text.contains("/nowhere/at/all"), "{text}");
}

#[tokio::test]
async fn without_databases_there_is_still_an_engine() {
    let app = App::start().await;
    let athena = app.athena();
    let started = athena.start_query_execution().query_string("SELECT 1 AS one").send().await.unwrap();
    let id = started.query_execution_id().unwrap();
    for _ in 0..200 {
        if athena.get_query_results().query_execution_id(id).send().await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let results = athena.get_query_results().query_execution_id(id).send().await.unwrap();
    assert_eq!(rows(&results)[1], [Some("1".to_owned())]);
    let databases = athena.list_databases().catalog_name("AwsDataCatalog").send().await.unwrap();
    assert!(databases.database_list().is_empty());
}
