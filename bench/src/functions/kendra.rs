//! In Kendra's place: a server that gives the same answer to every Query, and to every Retrieve.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::listen::Listening;
use crate::error::Error;

/// An entry of a FAQ that is not the answer.
const QUERY: &str = include_str!("../../kendra/query.json");
/// Ten passages.
const RETRIEVE: &str = include_str!("../../kendra/retrieve.json");

pub(super) async fn start() -> Result<Listening, Error> {
    let (query, retrieve) = (compact(QUERY)?, compact(RETRIEVE)?);
    Listening::start(move |stream| serve(stream, query.clone(), retrieve.clone())).await
}

/// As the service sends it: without the line breaks of a file that people read.
fn compact(answer: &str) -> Result<Bytes, Error> {
    let value: Value = serde_json::from_str(answer).map_err(Error::Kendra)?;
    Ok(value.to_string().into())
}

async fn serve(stream: TcpStream, query: Bytes, retrieve: Bytes) {
    let service = service_fn(|request| answer(request, &query, &retrieve));
    // It fails when the function is stopped.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    query: &Bytes,
    retrieve: &Bytes,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    body.collect().await?;
    let target = parts.headers.get("x-amz-target").map(|target| target.as_bytes());
    let (status, body) = match target {
        Some(b"AWSKendraFrontendService.Query") => (StatusCode::OK, query.clone()),
        Some(b"AWSKendraFrontendService.Retrieve") => (StatusCode::OK, retrieve.clone()),
        _ => (StatusCode::BAD_REQUEST, Bytes::from_static(br#"{"__type":"UnknownOperationException"}"#)),
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

    #[test]
    fn a_search_finds_ten_passages_and_no_certain_answer() {
        let query: Value = serde_json::from_slice(&compact(QUERY).unwrap()).unwrap();
        let entry = &query["ResultItems"][0];
        assert_eq!((&entry["Type"], query["ResultItems"].as_array().unwrap().len()), (&"QUESTION_ANSWER".into(), 1));
        assert_ne!(entry["ScoreAttributes"]["ScoreConfidence"], "VERY_HIGH");

        let retrieve: Value = serde_json::from_slice(&compact(RETRIEVE).unwrap()).unwrap();
        let passages = retrieve["ResultItems"].as_array().unwrap();
        assert_eq!(passages.len(), 10);
        // The function would drop it, the floor would not.
        assert!(passages.iter().all(|passage| passage["ScoreAttributes"]["ScoreConfidence"] != "LOW"));
    }
}
