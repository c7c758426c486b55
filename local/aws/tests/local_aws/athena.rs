//! Queries from their start to their rows, and what is told of them meanwhile.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use aws_sdk_athena::{
    operation::get_query_results::GetQueryResultsOutput,
    types::{QueryExecution, QueryExecutionContext, QueryExecutionState},
};
use local_aws::{Athena, Config};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::{App, config};

pub(crate) const WORKGROUP: &str = "analysts";

/// Compares more rows than anybody waits for.
pub(crate) const ENDLESS: &str = "SELECT count(*) FROM numbers a CROSS JOIN numbers b CROSS JOIN numbers c \
                                  WHERE a.n + b.n + c.n = -1";

/// A server with a database of two tables, `zoo`, in a folder that is kept as long.
pub(crate) struct Zoo {
    pub(crate) app: App,
    _folder: TempDir,
}

impl Zoo {
    pub(crate) async fn start() -> Zoo {
        Zoo::with_cutoff(None).await
    }

    pub(crate) async fn with_cutoff(bytes_scanned_cutoff: Option<u64>) -> Zoo {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let databases = BTreeMap::from([("zoo".to_owned(), folder.path().to_path_buf())]);
        let athena = Athena { workgroup: WORKGROUP.to_owned(), bytes_scanned_cutoff, databases };
        Zoo { app: App::with(Config { athena: Some(athena), ..config(None) }).await, _folder: folder }
    }

    /// The identifier of a query that was started.
    pub(crate) async fn submit(&self, sql: &str) -> String {
        let context = QueryExecutionContext::builder().database("zoo").build();
        let start = self.app.athena().start_query_execution().work_group(WORKGROUP).query_execution_context(context);
        start.query_string(sql).send().await.unwrap().query_execution_id.unwrap()
    }

    pub(crate) async fn execution(&self, id: &str) -> QueryExecution {
        let asked = self.app.athena().get_query_execution().query_execution_id(id).send().await;
        asked.unwrap().query_execution.unwrap()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&self, id: &str) -> QueryExecution {
        for _ in 0..600 {
            let execution = self.execution(id).await;
            if !matches!(state(&execution), QueryExecutionState::Queued | QueryExecutionState::Running) {
                return execution;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{id} does not end");
    }

    /// Waits until it is in a state on its way.
    pub(crate) async fn reaches(&self, id: &str, wanted: QueryExecutionState) {
        for _ in 0..600 {
            if state(&self.execution(id).await) == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{id} is never {wanted}");
    }

    pub(crate) async fn results(&self, id: &str) -> GetQueryResultsOutput {
        self.app.athena().get_query_results().query_execution_id(id).send().await.unwrap()
    }

    /// The rows of a query that succeeds, header included.
    async fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let id = self.submit(sql).await;
        let execution = self.ended(&id).await;
        assert_eq!(state(&execution), QueryExecutionState::Succeeded, "{:?}", execution.status());
        rows(&self.results(&id).await)
    }

    /// What Athena says to a request that it refuses.
    pub(crate) async fn refused(&self, operation: &str, request: Value) -> (String, String) {
        let (status, answer) = self.app.athena_json(operation, request).await;
        assert_eq!((status, answer["__type"].as_str()), (400, Some("InvalidRequestException")), "{answer}");
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        (text("AthenaErrorCode"), text("Message"))
    }
}

fn write(folder: &Path) {
    let animals = "name,legs,born,weight\nLeo,4,2019-02-28,190.5\nTweety,2,2024-12-01,0.02\n\"Ka, the snake\",0,,\n";
    std::fs::write(folder.join("animals.csv"), animals).unwrap();
    let numbers = (0..2500).fold(String::from("n\n"), |mut text, n| {
        writeln!(text, "{n}").unwrap();
        text
    });
    std::fs::write(folder.join("numbers.csv"), numbers).unwrap();
}

pub(crate) fn state(execution: &QueryExecution) -> QueryExecutionState {
    execution.status().unwrap().state().unwrap().clone()
}

pub(crate) fn rows(results: &GetQueryResultsOutput) -> Vec<Vec<Option<String>>> {
    let rows = results.result_set().unwrap().rows().iter();
    rows.map(|row| row.data().iter().map(|datum| datum.var_char_value().map(str::to_owned)).collect()).collect()
}

#[tokio::test]
async fn rows_come_as_text_under_the_names_of_their_columns() {
    let zoo = Zoo::start().await;
    let id = zoo.submit("SELECT name, legs, born, weight FROM animals ORDER BY legs DESC").await;
    zoo.ended(&id).await;
    let results = zoo.results(&id).await;
    let row = |cells: [Option<&str>; 4]| cells.map(|cell| cell.map(str::to_owned)).to_vec();
    assert_eq!(
        rows(&results),
        [
            row([Some("name"), Some("legs"), Some("born"), Some("weight")]),
            row([Some("Leo"), Some("4"), Some("2019-02-28"), Some("190.5")]),
            row([Some("Tweety"), Some("2"), Some("2024-12-01"), Some("0.02")]),
            row([Some("Ka, the snake"), Some("0"), None, None]),
        ]
    );
    assert_eq!((results.update_count(), results.next_token()), (Some(0), None));

    let columns = results.result_set().unwrap().result_set_metadata().unwrap().column_info();
    let told: Vec<_> = columns.iter().map(|column| (column.name(), column.r#type(), column.precision())).collect();
    assert_eq!(
        told,
        [("name", "varchar", 2147483647), ("legs", "bigint", 19), ("born", "date", 0), ("weight", "double", 17)]
    );
    assert_eq!((columns[0].label(), columns[0].case_sensitive()), (Some("name"), true));
    assert_eq!((columns[1].catalog_name(), columns[1].case_sensitive()), (Some("hive"), false));
}

#[tokio::test]
async fn an_execution_tells_what_it_is_and_what_it_took() {
    let zoo = Zoo::start().await;
    let sql = "SELECT count(*) AS animals FROM animals WHERE legs > 1";
    let id = zoo.submit(sql).await;
    let execution = zoo.ended(&id).await;
    assert_eq!((execution.query(), execution.work_group()), (Some(sql), Some(WORKGROUP)));
    assert_eq!(execution.statement_type().unwrap().as_str(), "DML");
    assert_eq!(execution.substatement_type(), Some("SELECT"));
    assert_eq!(execution.engine_version().unwrap().effective_engine_version(), Some("Athena engine version 3"));
    let context = execution.query_execution_context().unwrap();
    assert_eq!((context.database(), context.catalog()), (Some("zoo"), Some("awsdatacatalog")));

    let status = execution.status().unwrap();
    assert!(status.submission_date_time().unwrap() <= status.completion_date_time().unwrap());
    assert!(status.state_change_reason().is_none() && status.athena_error().is_none());
    let statistics = execution.statistics().unwrap();
    assert!(statistics.data_scanned_in_bytes().unwrap() > 0);
    let (queue, engine) = (statistics.query_queue_time_in_millis(), statistics.engine_execution_time_in_millis());
    assert_eq!(statistics.total_execution_time_in_millis(), Some(queue.unwrap() + engine.unwrap()));
}

#[tokio::test]
async fn results_are_in_s3_too() {
    let zoo = Zoo::start().await;
    let id = zoo.submit("SELECT name, born FROM animals ORDER BY name").await;
    let execution = zoo.ended(&id).await;
    let location = execution.result_configuration().unwrap().output_location().unwrap();
    assert_eq!(location, format!("s3://athena-results/{id}.csv"));
    let signature = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let path = format!("/athena-results/{id}.csv");
    let file = zoo.app.send(Method::GET, &path, &[("authorization", signature)], "").await.unwrap();
    assert_eq!(
        file.text().await.unwrap(),
        "\"name\",\"born\"\n\"Ka, the snake\",\n\"Leo\",\"2019-02-28\"\n\"Tweety\",\"2024-12-01\"\n"
    );
}

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let zoo = Zoo::start().await;
    let id = zoo.submit("SELECT n FROM numbers ORDER BY n").await;
    zoo.ended(&id).await;
    let athena = zoo.app.athena();
    let page = async |most: i32, token: Option<String>| {
        let page = athena.get_query_results().query_execution_id(&id).max_results(most).set_next_token(token);
        page.send().await.unwrap()
    };

    let mut pages = Vec::new();
    let mut token = None;
    loop {
        let page = page(1000, token).await;
        token = page.next_token.clone();
        pages.push(rows(&page));
        if token.is_none() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1000, 501]);
    let all: Vec<String> = pages.into_iter().flatten().flatten().flatten().collect();
    let expected = std::iter::once("n".to_owned()).chain((0..2500).map(|n| n.to_string()));
    assert!(all.into_iter().eq(expected));

    // The default is the largest page. A full page has a next one, if only an empty one, which still names the columns.
    assert_eq!(rows(&zoo.results(&id).await).len(), 1000);
    let small = zoo.submit("SELECT 1 AS one").await;
    zoo.ended(&small).await;
    let request = json!({ "QueryExecutionId": small, "MaxResults": 2 });
    let (_, full) = zoo.app.athena_json("GetQueryResults", request).await;
    assert_eq!(full["ResultSet"]["Rows"].as_array().unwrap().len(), 2);
    let request = json!({ "QueryExecutionId": small, "MaxResults": 2, "NextToken": full["NextToken"] });
    let (_, empty) = zoo.app.athena_json("GetQueryResults", request).await;
    assert_eq!((&empty["ResultSet"]["Rows"], &empty["NextToken"]), (&json!([]), &Value::Null));
    assert_eq!(empty["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][0]["Name"], "one");

    let request = json!({ "QueryExecutionId": small, "NextToken": "3" });
    assert_eq!(zoo.refused("GetQueryResults", request).await.1, "Malformed nextPageToken 3");
}

#[tokio::test]
async fn a_result_without_rows_has_its_header() {
    let zoo = Zoo::start().await;
    let found = zoo.rows("SELECT name FROM animals WHERE legs = 8").await;
    assert_eq!(found, [[Some("name".to_owned())]]);
}

#[tokio::test]
async fn names_of_databases_are_the_same_in_any_case() {
    let zoo = Zoo::start().await;
    let context = QueryExecutionContext::builder().database("ZOO").catalog("awsdatacatalog").build();
    let start = zoo.app.athena().start_query_execution().query_execution_context(context);
    let started = start.query_string("SELECT count(*) FROM Animals").send().await.unwrap();
    let execution = zoo.ended(started.query_execution_id().unwrap()).await;
    assert_eq!(state(&execution), QueryExecutionState::Succeeded, "{:?}", execution.status());
    assert_eq!(execution.work_group(), Some("primary"), "none was named");
}

#[tokio::test]
async fn a_query_that_is_wrong_fails_and_says_why() {
    let zoo = Zoo::start().await;
    for (sql, database, reason, kind) in [
        ("SELECT wings FROM animals", "zoo", "COLUMN_NOT_FOUND: line 1:8: Column 'wings' cannot be resolved", 1006),
        ("SELECT * FROM plants", "zoo", "TABLE_NOT_FOUND: line 1:15: ", 1301),
        ("SELECT * FROM animals", "nowhere", "SCHEMA_NOT_FOUND: line 1:15: ", 1301),
        ("SELECT 1 / (legs - 4) FROM animals", "zoo", "DIVISION_BY_ZERO", 1001),
        ("DROP TABLE animals", "zoo", "NOT_SUPPORTED: ", 1200),
    ] {
        let context = QueryExecutionContext::builder().database(database).build();
        let start = zoo.app.athena().start_query_execution().query_string(sql).query_execution_context(context);
        let id = start.send().await.unwrap().query_execution_id.unwrap();
        let execution = zoo.ended(&id).await;
        assert_eq!(state(&execution), QueryExecutionState::Failed, "{sql}");
        let status = execution.status().unwrap();
        assert!(status.state_change_reason().unwrap().starts_with(reason), "{sql}: {status:?}");
        let error = status.athena_error().unwrap();
        assert_eq!(error.error_message(), status.state_change_reason());
        assert_eq!(
            (error.error_category(), error.error_type(), error.retryable()),
            (Some(2), Some(kind), false),
            "{sql}"
        );
        assert!(status.completion_date_time().is_some());

        let (code, message) = zoo.refused("GetQueryResults", json!({ "QueryExecutionId": id })).await;
        assert_eq!(code, "INVALID_QUERY_EXECUTION_STATE");
        assert_eq!(message, "Query did not finish successfully. Final query state: FAILED");
    }
}

#[tokio::test]
async fn executions_are_listed_newest_first() {
    let zoo = Zoo::start().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.insert(0, zoo.submit(&format!("SELECT {n}")).await);
    }
    let athena = zoo.app.athena();
    let first = athena.list_query_executions().work_group(WORKGROUP).max_results(2).send().await.unwrap();
    assert_eq!(first.query_execution_ids(), &ids[..2]);
    let second = athena.list_query_executions().work_group(WORKGROUP).set_next_token(first.next_token).send().await;
    let second = second.unwrap();
    assert_eq!((second.query_execution_ids(), second.next_token()), (&ids[2..], None));
    let elsewhere = athena.list_query_executions().send().await.unwrap();
    assert!(elsewhere.query_execution_ids().is_empty(), "the workgroup `primary` ran none");

    let batch = athena.batch_get_query_execution().query_execution_ids(&ids[0]).query_execution_ids("nowhere");
    let batch = batch.send().await.unwrap();
    assert_eq!(batch.query_executions()[0].query(), Some("SELECT 2"));
    assert_eq!(batch.unprocessed_query_execution_ids()[0].query_execution_id(), Some("nowhere"));
}
