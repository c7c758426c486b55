//! A request as the event of API Gateway's Lambda proxy integration.
//!
//! The shape follows events recorded from a real REST API: paths and path parameters stay percent-encoded as the
//! caller wrote them, query strings are decoded as forms are, and of several values of one name `headers` and
//! `queryStringParameters` hold the last.

use std::{net::SocketAddr, time::SystemTime};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header, request};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{authorizer::Caller, routes::Found};
use crate::template::ACCOUNT;

/// What API Gateway knows of a request apart from the request itself.
pub(super) struct Arrival<'a> {
    pub(super) id: &'a str,
    pub(super) extended_id: &'a str,
    pub(super) trace_id: &'a str,
    pub(super) stage: &'a str,
    pub(super) peer: SocketAddr,
    pub(super) time: SystemTime,
    /// Absent where the route needs none.
    pub(super) caller: Option<&'a Caller>,
}

pub(super) fn build(arrival: &Arrival<'_>, request: &request::Parts, found: &Found<'_>, body: Bytes) -> Value {
    let headers = with_forwarding(arrival, request);
    let query = query_pairs(request.uri.query().unwrap_or_default());
    let (body, is_base64_encoded) = body_text(body);
    json!({
        "resource": found.resource.path,
        "path": request.uri.path(),
        "httpMethod": request.method.as_str(),
        "headers": last_values(&header_pairs(&headers)),
        "multiValueHeaders": all_values(&header_pairs(&headers)),
        "queryStringParameters": last_values(&query),
        "multiValueQueryStringParameters": all_values(&query),
        "pathParameters": last_values(&found.parameters),
        "stageVariables": null,
        "requestContext": context(arrival, request, found),
        "body": body,
        "isBase64Encoded": is_base64_encoded,
    })
}

fn context(arrival: &Arrival<'_>, request: &request::Parts, found: &Found<'_>) -> Value {
    let text = |name| request.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let time = Timestamp::try_from(arrival.time).unwrap_or_default();
    let mut context = json!({
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": text(header::HOST),
        "domainPrefix": "local",
        "extendedRequestId": arrival.extended_id,
        "httpMethod": request.method.as_str(),
        "identity": {
            "accessKey": null,
            "accountId": null,
            "caller": null,
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "sourceIp": arrival.peer.ip().to_string(),
            "user": null,
            "userAgent": text(header::USER_AGENT),
            "userArn": null,
        },
        "path": format!("/{}{}", arrival.stage, request.uri.path()),
        "protocol": "HTTP/1.1",
        "requestId": arrival.id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "requestTimeEpoch": time.as_millisecond(),
        "resourceId": "local",
        "resourcePath": found.resource.path,
        "stage": arrival.stage,
    });
    if let Some(caller) = arrival.caller {
        context["authorizer"] = json!({ "claims": caller.claims(arrival.time) });
    }
    context
}

/// The request's headers and those that API Gateway adds.
fn with_forwarding(arrival: &Arrival<'_>, request: &request::Parts) -> HeaderMap {
    let mut headers = request.headers.clone();
    let peer = arrival.peer.ip().to_string();
    let before = headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let through = before.map_or(peer.clone(), |before| format!("{before}, {peer}"));
    for (name, value) in [
        ("x-forwarded-for", through),
        ("x-forwarded-port", arrival.peer.port().to_string()),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-amzn-trace-id", arrival.trace_id.to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers
}

fn header_pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn query_pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Null where there is none, as API Gateway has it.
fn last_values(pairs: &[(String, String)]) -> Value {
    let values = pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    null_if_empty(values.collect())
}

fn all_values(pairs: &[(String, String)]) -> Value {
    let mut lists = Map::new();
    for (name, value) in pairs {
        if let Value::Array(list) = lists.entry(name.as_str()).or_insert_with(|| json!([])) {
            list.push(Value::from(value.as_str()));
        }
    }
    null_if_empty(lists)
}

fn null_if_empty(map: Map<String, Value>) -> Value {
    if map.is_empty() { Value::Null } else { Value::Object(map) }
}

/// Events are JSON, so what is no text has to become some.
fn body_text(body: Bytes) -> (Value, bool) {
    if body.is_empty() {
        return (Value::Null, false);
    }
    match String::from_utf8(body.into()) {
        Ok(text) => (Value::String(text), false),
        Err(not_text) => (Value::String(BASE64_STANDARD.encode(not_text.as_bytes())), true),
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::ApiGatewayProxyRequest;
    use http::Request;

    use super::{super::routes::Resource, *};

    fn event(request: http::request::Builder, body: &'static [u8], caller: Option<&Caller>) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let resource = Resource { path: "/sessions/{id}".to_owned(), ..Resource::default() };
        let found = Found { resource: &resource, parameters: vec![("id".to_owned(), "a%20b".to_owned())] };
        let arrival = Arrival {
            id: "the-id",
            extended_id: "extended",
            trace_id: "Root=1-2-3",
            stage: "v1",
            peer: "127.0.0.1:5000".parse().unwrap(),
            time: SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_428_582_896_007),
            caller,
        };
        let event = build(&arrival, &parts, &found, Bytes::from_static(body));
        // Whatever is built must be what the Lambda runtime reads.
        serde_json::from_value::<ApiGatewayProxyRequest>(event.clone()).unwrap();
        event
    }

    fn get(uri: &str) -> http::request::Builder {
        Request::get(uri).header("host", "127.0.0.1:3000")
    }

    #[test]
    fn an_event_has_what_a_recorded_one_has() {
        let caller = Caller { user: "alice".to_owned(), groups: vec![] };
        let event = event(get("/sessions/a%20b").header("user-agent", "curl/8"), b"", Some(&caller));
        assert_eq!(event["resource"], "/sessions/{id}");
        assert_eq!(event["path"], "/sessions/a%20b");
        assert_eq!(event["pathParameters"], json!({"id": "a%20b"}));
        assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
        assert_eq!(event["multiValueHeaders"]["user-agent"], json!(["curl/8"]));
        for absent in ["body", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables"] {
            assert_eq!(event[absent], Value::Null, "{absent}");
        }
        let context = &event["requestContext"];
        assert_eq!(context["path"], "/v1/sessions/a%20b");
        assert_eq!(context["requestTime"], "09/Apr/2015:12:34:56 +0000");
        assert_eq!(context["requestTimeEpoch"], 1_428_582_896_007_i64);
        assert_eq!(context["identity"]["sourceIp"], "127.0.0.1");
        assert_eq!(context["authorizer"]["claims"]["sub"], "alice");
    }

    #[test]
    fn without_an_authorizer_there_are_no_claims() {
        assert_eq!(event(get("/sessions/1"), b"", None)["requestContext"].get("authorizer"), None);
    }

    /// The query string and what a real REST API made of it.
    #[test]
    fn queries_are_decoded_as_forms_are() {
        let uri = "/sessions/1?time=18:05+00:00&email=test%2Balias@gmail.com&plus=test+alias&white=foo%20bar&empty=&bare\
                   &many=1&many=2&%C3%A9=%E2%82%AC";
        let event = event(get(uri), b"", None);
        assert_eq!(
            event["queryStringParameters"],
            json!({
                "time": "18:05 00:00", "email": "test+alias@gmail.com", "plus": "test alias", "white": "foo bar",
                "empty": "", "bare": "", "many": "2", "é": "€",
            })
        );
        assert_eq!(event["multiValueQueryStringParameters"]["many"], json!(["1", "2"]));
    }

    #[test]
    fn of_several_headers_the_last_counts() {
        let event = event(get("/sessions/1").header("x-a", "1").header("x-a", "2"), b"", None);
        assert_eq!(event["headers"]["x-a"], "2");
        assert_eq!(event["multiValueHeaders"]["x-a"], json!(["1", "2"]));
    }

    #[test]
    fn a_chain_of_proxies_stays_visible() {
        let event = event(get("/sessions/1").header("x-forwarded-for", "203.0.113.9"), b"", None);
        assert_eq!(event["headers"]["x-forwarded-for"], "203.0.113.9, 127.0.0.1");
    }

    #[test]
    fn bodies_are_text_or_base64() {
        let text = event(get("/sessions/1"), "{\"message\":\"ünï\\u0000\"}".as_bytes(), None);
        assert_eq!((&text["body"], &text["isBase64Encoded"]), (&json!("{\"message\":\"ünï\\u0000\"}"), &json!(false)));
        let bytes = event(get("/sessions/1"), b"\xff\x00", None);
        assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    }
}
