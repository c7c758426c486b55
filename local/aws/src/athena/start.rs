//! `StartQueryExecution`: what is asked for, checked.

use serde::Deserialize;
use serde_json::Value;

use super::{
    catalog,
    execution::Asked,
    output::Location,
    parsed, refusal,
    workgroups::{RESULTS, Workgroups},
};
use crate::reply::Refusal;

/// Athena's limit is in bytes, that of its model in characters.
const MOST_QUERY_BYTES: usize = 262_144;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    query_string: String,
    client_request_token: Option<String>,
    query_execution_context: Option<Context>,
    result_configuration: Option<ResultConfiguration>,
    work_group: Option<String>,
    execution_parameters: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Context {
    database: Option<String>,
    catalog: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultConfiguration {
    output_location: Option<String>,
}

pub(super) fn read(request: &Value, workgroups: &Workgroups) -> Result<Asked, Refusal> {
    let request: Request = parsed(request)?;
    if request.query_string.len() > MOST_QUERY_BYTES {
        let message = format!("queryString is longer than {MOST_QUERY_BYTES} bytes");
        return Err(refusal::invalid(message));
    }
    // SDKs make one; Athena wants one of everybody.
    let token = request.client_request_token.ok_or_else(|| refusal::invalid("clientRequestToken is null or empty"))?;
    if request.execution_parameters.is_some() {
        return Err(refusal::invalid("local-aws does not bind ExecutionParameters: write the values into the query"));
    }
    let workgroup = workgroups.find(request.work_group.as_deref())?;
    let context = request.query_execution_context.unwrap_or_default();
    let catalog = context.catalog.unwrap_or_else(|| catalog::CATALOG.to_owned());
    catalog::check(&catalog)?;

    let asked_for = request.result_configuration.and_then(|results| results.output_location);
    let asked_for = asked_for.as_deref().map(Location::parse).transpose()?;
    let folder = asked_for.filter(|_| !workgroup.is_enforced).unwrap_or_else(|| Location::of_bucket(RESULTS));
    Ok(Asked {
        query: request.query_string,
        database: context.database.map(|name| name.to_ascii_lowercase()),
        catalog: catalog.to_ascii_lowercase(),
        workgroup: workgroup.name.clone(),
        cutoff: workgroup.cutoff,
        folder,
        token,
    })
}
