//! In the place of a service: a server that gives the same answer to every call of an operation.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::listen::Listening;
use crate::error::Error;

/// Answers by what is asked for: an operation, as `x-amz-target` names it, or else a path.
#[derive(Debug, Clone)]
pub(super) struct Canned(Vec<(&'static str, Bytes)>);

/// Passages and an entry of a FAQ that is not the answer.
const KENDRA: [(&str, &str); 2] = [
    ("AWSKendraFrontendService.Query", include_str!("../../kendra/query.json")),
    ("AWSKendraFrontendService.Retrieve", include_str!("../../kendra/retrieve.json")),
];
/// The tables of the sample database, and a query that has ended when it is first looked at.
const ATHENA: [(&str, &str); 4] = [
    ("AmazonAthena.ListTableMetadata", include_str!("../../athena/list_table_metadata.json")),
    ("AmazonAthena.StartQueryExecution", include_str!("../../athena/start_query_execution.json")),
    ("AmazonAthena.GetQueryExecution", include_str!("../../athena/get_query_execution.json")),
    ("AmazonAthena.GetQueryResults", include_str!("../../athena/get_query_results.json")),
];
const RETAIL: &str = include_str!("../../../samples/retail/retail.yaml");

impl Canned {
    pub(super) fn kendra() -> Result<Self, Error> {
        Self::json(&KENDRA)
    }

    pub(super) fn athena() -> Result<Self, Error> {
        Self::json(&ATHENA)
    }

    /// The semantic layer of the sample database. Of the bucket's name the SDK can make no host, which this machine would
    /// not know.
    pub(super) fn s3() -> Self {
        Self(vec![("/semantic_layers/retail.yaml", Bytes::from_static(RETAIL.as_bytes()))])
    }

    /// As services send it: without the line breaks of files that people read.
    fn json(files: &[(&'static str, &'static str)]) -> Result<Self, Error> {
        let compact = |&(name, file): &(&'static str, &str)| {
            let value: Value = serde_json::from_str(file).map_err(|source| Error::Canned { name, source })?;
            Ok((name, Bytes::from(value.to_string())))
        };
        Ok(Self(files.iter().map(compact).collect::<Result<_, Error>>()?))
    }

    pub(super) async fn start(self) -> Result<Listening, Error> {
        Listening::start(move |stream| serve(stream, self.clone())).await
    }

    fn find(&self, asked: &str) -> Option<Bytes> {
        self.0.iter().find(|(name, _)| *name == asked).map(|(_, answer)| answer.clone())
    }
}

async fn serve(stream: TcpStream, answers: Canned) {
    let service = service_fn(|request| answer(request, &answers));
    // It fails when the function is stopped.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, answers: &Canned) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    body.collect().await?;
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let (status, body) = match answers.find(target.unwrap_or(parts.uri.path())) {
        Some(answer) => (StatusCode::OK, answer),
        None => (StatusCode::BAD_REQUEST, Bytes::from_static(br#"{"__type":"UnknownOperationException"}"#)),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let content_type = http::HeaderValue::from_static("application/x-amz-json-1.1");
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answers: &Canned, operation: &str) -> Value {
        serde_json::from_slice(&answers.find(operation).unwrap()).unwrap()
    }

    #[test]
    fn a_search_finds_ten_passages_and_no_certain_answer() {
        let kendra = Canned::kendra().unwrap();
        let query = read(&kendra, "AWSKendraFrontendService.Query");
        let entry = &query["ResultItems"][0];
        assert_eq!((&entry["Type"], query["ResultItems"].as_array().unwrap().len()), (&"QUESTION_ANSWER".into(), 1));
        assert_ne!(entry["ScoreAttributes"]["ScoreConfidence"], "VERY_HIGH");

        let retrieve = read(&kendra, "AWSKendraFrontendService.Retrieve");
        let passages = retrieve["ResultItems"].as_array().unwrap();
        assert_eq!(passages.len(), 10);
        // The function would drop it, the floor would not.
        assert!(passages.iter().all(|passage| passage["ScoreAttributes"]["ScoreConfidence"] != "LOW"));
    }

    #[test]
    fn a_query_has_ended_and_found_rows_under_their_names() {
        let athena = Canned::athena().unwrap();
        let started = read(&athena, "AmazonAthena.StartQueryExecution");
        let execution = &read(&athena, "AmazonAthena.GetQueryExecution")["QueryExecution"];
        assert_eq!(execution["Status"]["State"], "SUCCEEDED");
        assert_eq!(execution["QueryExecutionId"], started["QueryExecutionId"]);
        let results = &read(&athena, "AmazonAthena.GetQueryResults")["ResultSet"];
        let columns = results["ResultSetMetadata"]["ColumnInfo"].as_array().unwrap().iter();
        let names: Vec<Value> = columns.map(|column| serde_json::json!({ "VarCharValue": column["Name"] })).collect();
        assert_eq!(results["Rows"][0]["Data"], Value::from(names));
    }

    /// The layer is of the very tables that are listed.
    #[test]
    fn what_the_semantic_layer_describes_is_there() {
        let listed = read(&Canned::athena().unwrap(), "AmazonAthena.ListTableMetadata");
        let tables = listed["TableMetadataList"].as_array().unwrap();
        assert!(listed["NextToken"].is_null() && tables.len() > 5);
        for table in tables {
            let name = table["Name"].as_str().unwrap();
            assert!(RETAIL.contains(&format!("\n  {name}:\n")), "{name}");
        }
    }
}
