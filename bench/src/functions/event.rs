//! What the programs are invoked with.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    bootstrap::{Bootstrap, Environment},
    pattern::Pattern,
    program::Program,
};
use crate::error::Error;

/// The project's own sample of what API Gateway sends.
const POST_CHAT: &str = include_str!("../../../events/post-chat.json");

/// A turn of a pattern; it begins a session where none is named.
pub(super) fn turn(pattern: &Pattern, session: Option<&str>) -> Bytes {
    let mut event: Value = serde_json::from_str(POST_CHAT).unwrap_or_default();
    for headers in ["headers", "multiValueHeaders"] {
        if let Some(headers) = event[headers].as_object_mut() {
            // A key that is used again would bring the first answer back.
            headers.retain(|name, _| !name.eq_ignore_ascii_case("idempotency-key"));
        }
    }
    let path = format!("/{}", pattern.name);
    event["requestContext"]["resourcePath"] = json!(path);
    event["requestContext"]["path"] = json!(format!("/v1{path}"));
    event["resource"] = json!(path);
    event["path"] = json!(path);

    let mut question: Value = serde_json::from_str(pattern.question).unwrap_or_default();
    if let Some(session) = session {
        question["session_id"] = session.into();
    }
    event["body"] = question.to_string().into();
    event.to_string().into()
}

/// Of a response to API Gateway.
pub(super) fn body(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().unwrap_or_default()).unwrap_or_default()
}

/// Lets the function make a session with a few turns in it, and returns its identifier.
pub(super) async fn begin_session(
    pattern: &Pattern,
    function: &Program,
    environment: &Environment,
    turns: u32,
) -> Result<String, Error> {
    let (mut process, _) = Bootstrap::start(function, environment).await?;
    let (_, response) = process.invoke(&turn(pattern, None)).await?;
    let session = body(&response)["session_id"].as_str().unwrap_or_default().to_owned();
    for _ in 1..turns {
        process.invoke(&turn(pattern, Some(&session))).await?;
    }
    process.stop().await?;
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::pattern::PATTERNS;

    #[test]
    fn a_turn_is_an_event_of_api_gateway() {
        for pattern in &PATTERNS {
            let event: Value = serde_json::from_slice(&turn(pattern, Some("s"))).unwrap();
            assert_eq!(event["resource"], format!("/{}", pattern.name));
            assert!(event["requestContext"]["authorizer"]["claims"]["sub"].is_string());
            let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            assert!(body["message"].is_string() || body["question"].is_string());
            assert_eq!(body["session_id"], "s");
            assert!(!event.to_string().to_lowercase().contains("idempotency-key"));
        }
    }
}
