//! `GetQueryResults`: rows as text, a page at a time.

use std::sync::Arc;

use local_query::{OutColumn, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    execution::{Execution, State},
    executions::Executions,
    page, parsed, refusal,
};
use crate::reply::Refusal;

/// Rows, the header among them: the largest page and the default.
const PAGE: usize = 1000;
/// The first row, which holds the names of the columns.
const HEADER: usize = 1;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    query_execution_id: String,
    next_token: Option<String>,
    max_results: Option<usize>,
    query_result_type: Option<String>,
}

pub(super) fn get(executions: &Executions, request: &Value) -> Result<Value, Refusal> {
    let asked: Asked = parsed(request)?;
    let outcome = executions.look(&asked.query_execution_id, finished)??;
    if asked.query_result_type.as_deref() == Some("DATA_MANIFEST") {
        return Err(refusal::invalid("A manifest is written by CREATE TABLE AS SELECT, UNLOAD and INSERT only."));
    }

    let length = outcome.rows.len() + HEADER;
    let begin = page::begin(asked.next_token.as_deref(), length)?;
    let most = asked.max_results.unwrap_or(PAGE);
    let end = length.min(begin + most);
    let names = (begin < HEADER).then(|| row(outcome.columns.iter().map(|column| Some(&column.name))));
    let rows = outcome.rows[begin.saturating_sub(HEADER)..end.saturating_sub(HEADER)].iter();
    let rows: Vec<Value> = names.into_iter().chain(rows.map(|cells| row(cells.iter().map(Option::as_ref)))).collect();

    let mut answer = json!({
        "UpdateCount": 0,
        "ResultSet": {
            "Rows": rows,
            "ResultSetMetadata": { "ColumnInfo": outcome.columns.iter().map(info).collect::<Vec<_>>() },
        },
    });
    // A full page has a next one, which may be empty.
    if end - begin == most {
        answer["NextToken"] = end.to_string().into();
    }
    Ok(answer)
}

fn finished(execution: &Execution) -> Result<Arc<Outcome>, Refusal> {
    let in_vain = |message: String| refusal::invalid_as("INVALID_QUERY_EXECUTION_STATE", message);
    let name = execution.state.name();
    match &execution.state {
        State::Succeeded(Some(outcome)) => Ok(Arc::clone(outcome)),
        State::Queued | State::Running => Err(in_vain(format!("Query has not yet finished. Current state: {name}"))),
        State::Failed(_) => Err(in_vain(format!("Query did not finish successfully. Final query state: {name}"))),
        State::Cancelled(_) | State::Succeeded(None) => {
            Err(refusal::invalid_as("RESULT_NOT_FOUND", "Could not find results"))
        }
    }
}

/// A value that is NULL is not there.
fn row<'a>(cells: impl Iterator<Item = Option<&'a String>>) -> Value {
    let datum = |cell: Option<&String>| match cell {
        Some(text) => json!({ "VarCharValue": text }),
        None => json!({}),
    };
    json!({ "Data": cells.map(datum).collect::<Vec<_>>() })
}

fn info(column: &OutColumn) -> Value {
    json!({
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.name,
        "Label": column.name,
        "Type": column.kind,
        "Precision": column.precision,
        "Scale": column.scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": matches!(column.kind.as_str(), "varchar" | "char"),
    })
}
