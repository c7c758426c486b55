//! What a function returned, as the HTTP response that API Gateway makes of it.

use std::collections::BTreeMap;

use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use lambda_runtime::MetadataPrelude;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;

use super::invoke::{Cut, Piece};

/// Headers that API Gateway keeps for itself: what a function says of them arrives under another name.
const REMAPPED: [HeaderName; 5] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::DATE, header::SERVER, header::WWW_AUTHENTICATE];

/// The response of a Lambda proxy integration; anything else is malformed, to API Gateway too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProxyResponse {
    #[serde(default)]
    status_code: Value,
    headers: Option<BTreeMap<String, Value>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the function's response is no proxy response: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("the function's response has status {0}")]
    Status(Value),
    #[error("the function's response has a header that HTTP does not allow: {0}")]
    Header(String),
    #[error("the function's body is not the base64 it is said to be: {0}")]
    Base64(#[from] base64::DecodeError),
}

/// Of a buffered function.
pub(super) fn buffered(payload: &[u8]) -> Result<Response<Body>, Malformed> {
    let response: ProxyResponse = serde_json::from_slice(payload)?;
    let status = status(&response.status_code).ok_or(Malformed::Status(response.status_code))?;

    // A name in both maps counts as the second says it.
    let many = response.multi_value_headers.unwrap_or_default();
    let single = response.headers.unwrap_or_default().into_iter();
    let single = single.filter(|(name, _)| !many.keys().any(|other| other.eq_ignore_ascii_case(name)));
    let mut headers = HeaderMap::new();
    for (name, value) in single {
        append(&mut headers, &name, &value)?;
    }
    for (name, values) in &many {
        for value in values {
            append(&mut headers, name, value)?;
        }
    }
    let body = response.body.unwrap_or_default();
    let body = if response.is_base64_encoded == Some(true) { BASE64_STANDARD.decode(body)? } else { body.into_bytes() };
    Ok(assembled(status, headers, "application/json", Body::from(body)))
}

/// Of a streaming function: headers at once, pieces as they come. A stream that is cut breaks the connection, so that
/// nobody takes half an answer for a whole one.
pub(super) fn streaming(prelude: MetadataPrelude, pieces: mpsc::Receiver<Piece>) -> Response<Body> {
    let mut headers = HeaderMap::new();
    for (name, value) in &prelude.headers {
        headers.append(remapped(name.clone()), value.clone());
    }
    for cookie in prelude.cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        headers.append(header::SET_COOKIE, cookie);
    }
    let body = stream::unfold(Some(pieces), |pieces| async {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok::<Bytes, Cut>(bytes), Some(pieces))),
            Some(Piece::End) => None,
            Some(Piece::Cut(cut)) => Some((Err(logged(cut)), None)),
            None => Some((Err(logged(Cut::Crashed)), None)),
        }
    });
    let body = Body::from_stream(body);
    assembled(prelude.status_code, headers, "application/octet-stream", body)
}

fn logged(cut: Cut) -> Cut {
    tracing::error!(error = %cut, "a stream was cut");
    cut
}

fn status(value: &Value) -> Option<StatusCode> {
    let code = match value {
        Value::Number(number) => number.as_u64()?.try_into().ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    StatusCode::from_u16(code).ok().filter(|status| (200..600).contains(&status.as_u16()))
}

fn append(headers: &mut HeaderMap, name: &str, value: &Value) -> Result<(), Malformed> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return Err(Malformed::Header(name.to_owned())),
    };
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Malformed::Header(name.to_owned()))?;
    let value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| Malformed::Header(name.to_owned()))?;
    headers.append(remapped(header), value);
    Ok(())
}

fn remapped(name: HeaderName) -> HeaderName {
    if !REMAPPED.contains(&name) {
        return name;
    }
    HeaderName::try_from(format!("x-amzn-remapped-{name}")).unwrap_or(name)
}

fn assembled(status: StatusCode, headers: HeaderMap, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    // How long a response is and how it travels is for the server to say.
    response.headers_mut().remove(header::TRANSFER_ENCODING);
    response.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::json;

    use super::*;

    fn of(payload: Value) -> Result<Response<Body>, Malformed> {
        buffered(payload.to_string().as_bytes())
    }

    async fn text(response: Response<Body>) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_proxy_response_becomes_http() {
        let response = of(json!({
            "statusCode": 201,
            "headers": {"X-One": "1", "x-two": "ignored", "Server": "mine", "x-number": 7},
            "multiValueHeaders": {"X-Two": ["a", "b"]},
            "body": "{}",
            "isBase64Encoded": false,
        }))
        .unwrap();
        assert_eq!(response.status(), 201);
        let headers = response.headers();
        assert_eq!(headers["x-one"], "1");
        assert_eq!(headers["x-number"], "7");
        assert_eq!(headers.get_all("x-two").iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(headers["x-amzn-remapped-server"], "mine");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(text(response).await, "{}");
    }

    #[tokio::test]
    async fn a_base64_body_is_bytes() {
        let response = of(json!({"statusCode": "200", "body": "/wA=", "isBase64Encoded": true})).unwrap();
        assert_eq!(text(response).await, [0xff, 0].as_slice());
        assert!(text(of(json!({"statusCode": 204})).unwrap()).await.is_empty());
    }

    #[test]
    fn what_is_malformed_to_api_gateway_is_malformed_here() {
        for payload in [
            json!(null),
            json!("text"),
            json!({}),
            json!({"statusCode": 99}),
            json!({"statusCode": 600}),
            json!({"statusCode": 200.5}),
            json!({"statusCode": "ok"}),
            json!({"statusCode": 200, "body": {"a": 1}}),
            json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}),
            json!({"statusCode": 200, "headers": {"a b": "1"}}),
            json!({"statusCode": 200, "headers": {"a": "1\n2"}}),
            json!({"statusCode": 200, "headers": {"a": ["1"]}}),
            json!({"statusCode": 200, "message": "unknown"}),
        ] {
            assert!(of(payload.clone()).is_err(), "{payload}");
        }
    }

    #[tokio::test]
    async fn a_stream_arrives_piece_by_piece_and_ends_only_when_told() {
        let prelude = || MetadataPrelude { cookies: vec!["a=1".to_owned()], ..MetadataPrelude::default() };
        let (sender, pieces) = mpsc::channel(4);
        sender.send(Piece::Bytes(Bytes::from_static(b"one"))).await.unwrap();
        sender.send(Piece::End).await.unwrap();
        let response = streaming(prelude(), pieces);
        assert_eq!(
            (&response.headers()["set-cookie"], response.status()),
            (&HeaderValue::from_static("a=1"), StatusCode::OK)
        );
        assert_eq!(text(response).await, "one");

        for end in [Some(Piece::Cut(Cut::Failed("no".into()))), None] {
            let (sender, pieces) = mpsc::channel(4);
            sender.send(Piece::Bytes(Bytes::from_static(b"one"))).await.unwrap();
            if let Some(end) = end {
                sender.send(end).await.unwrap();
            }
            drop(sender);
            let mut body = streaming(prelude(), pieces).into_body();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one");
            assert!(body.frame().await.unwrap().is_err());
            assert!(body.frame().await.is_none());
        }
    }
}
