//! Amazon Athena: `local-query` behind the service's wire.

mod catalog;
mod execution;
mod executions;
mod output;
mod page;
mod refusal;
mod results;
mod run;
mod settings;
mod start;
mod statement;
mod workgroups;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Response, StatusCode};
use local_query::{Engine, Options};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub use settings::Athena;

use self::{
    execution::Execution,
    run::Runner,
    workgroups::{RESULTS, Workgroups},
};
use crate::{
    Error,
    reply::{Body, JSON_1_1, Refusal, json_reply},
    route::Target,
    s3::{Buckets, Problem},
    server::Failure,
    shapes::{Check, Model, parsed},
};

/// Of executions, both the largest and the default.
const PAGE: usize = 50;
/// Files of results that an earlier run of the server left are deleted after this.
const RESULTS_EXPIRE: Duration = Duration::from_secs(24 * 3600);

pub(crate) struct Service {
    model: Model,
    workgroups: Workgroups,
    runner: Arc<Runner>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    work_group: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

impl Service {
    /// Databases are attached when it returns.
    pub(crate) async fn start(
        settings: Athena,
        buckets: &Arc<Buckets>,
        stopping: CancellationToken,
    ) -> Result<Service, Error> {
        let model = Model::read(include_str!("../../model/athena.json")).map_err(Error::Model)?;
        let engine = Engine::new(Options::default()).map_err(Error::Queries)?;
        for (name, path) in &settings.databases {
            let failed = |source| Error::Attach { name: name.clone(), source };
            engine.attach(name, path).await.map_err(failed)?;
        }
        delete_old_results(buckets).map_err(|problem| Error::Internal(std::io::Error::other(problem)))?;
        let runner = Runner::new(engine, buckets, stopping);
        Ok(Service { model, workgroups: Workgroups::new(&settings), runner })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.runner.engine
    }

    /// Waits until no query runs any more; they stop with the server.
    pub(crate) async fn ended(&self) {
        self.runner.ended().await;
    }

    pub(crate) async fn answer(&self, target: &Target, body: &Bytes) -> Result<Response<Body>, Failure> {
        let operation = target.operation.as_ref();
        let request = self.model.request("Athena", operation, body)?;
        self.model.check_body(operation, &request, Check::Everything).map_err(refusal::of_shape)?;
        let answer = self.answer_to(operation, &request)?;
        Ok(json_reply(StatusCode::OK, JSON_1_1, &answer))
    }

    fn answer_to(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        let executions = &self.runner.executions;
        let id = || request["QueryExecutionId"].as_str().unwrap_or_default();
        match operation {
            "StartQueryExecution" => {
                let asked = start::read(request, &self.workgroups)?;
                Ok(json!({ "QueryExecutionId": self.runner.submit(asked)? }))
            }
            "GetQueryExecution" => Ok(json!({ "QueryExecution": executions.look(id(), Execution::to_json)? })),
            "BatchGetQueryExecution" => Ok(self.batch(&request["QueryExecutionIds"])),
            "ListQueryExecutions" => self.list(request),
            "GetQueryResults" => results::get(executions, request),
            "StopQueryExecution" => executions.stop(id()).map(|()| json!({})),
            "GetWorkGroup" => self.workgroups.describe(request["WorkGroup"].as_str().unwrap_or_default()),
            _ => {
                self.workgroups.find(request["WorkGroup"].as_str())?;
                catalog::answer(&self.runner.engine, operation, request)
            }
        }
    }

    fn batch(&self, ids: &Value) -> Value {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for id in ids.as_array().into_iter().flatten().filter_map(Value::as_str) {
            match self.runner.executions.look(id, Execution::to_json) {
                Ok(execution) => found.push(execution),
                Err(refusal) => missing.push(json!({
                    "QueryExecutionId": id,
                    "ErrorCode": "QUERY_EXECUTION_NOT_FOUND",
                    "ErrorMessage": refusal.message,
                })),
            }
        }
        json!({ "QueryExecutions": found, "UnprocessedQueryExecutionIds": missing })
    }

    fn list(&self, request: &Value) -> Result<Value, Refusal> {
        let asked: Listed = parsed(request)?;
        let workgroup = self.workgroups.find(asked.work_group.as_deref())?;
        let ids = self.runner.executions.of_workgroup(&workgroup.name);
        let most = asked.max_results.filter(|most| *most > 0).unwrap_or(PAGE);
        let page = page::page(ids, asked.next_token.as_deref(), most)?;
        let mut answer = json!({ "QueryExecutionIds": page.items });
        if let Some(token) = page.next {
            answer["NextToken"] = token.into();
        }
        Ok(answer)
    }
}

/// Nobody knows the queries of an earlier run any more.
fn delete_old_results(buckets: &Buckets) -> Result<(), Problem> {
    if !buckets.exists(RESULTS) {
        return Ok(());
    }
    for object in buckets.list(RESULTS, "")? {
        if object.modified.elapsed().is_ok_and(|age| age > RESULTS_EXPIRE) {
            buckets.delete(RESULTS, &object.key)?;
        }
    }
    Ok(())
}

/// A point in time as JSON 1.1 has it: seconds with milliseconds.
fn time(time: SystemTime) -> Value {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let milliseconds = u32::try_from(since_epoch.as_millis() % 1000).unwrap_or_default();
    json!(since_epoch.as_secs() as f64 + f64::from(milliseconds) / 1000.0)
}
