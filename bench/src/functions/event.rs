//! What the programs are invoked with.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    bootstrap::{Bootstrap, Environment},
    program::Program,
};
use crate::error::Error;

/// The project's own sample of what API Gateway sends.
const POST_CHAT: &str = include_str!("../../../events/post-chat.json");

/// A chat turn; it begins a session where none is named.
pub(super) fn turn(session: Option<&str>) -> Bytes {
    let mut event: Value = serde_json::from_str(POST_CHAT).unwrap_or_default();
    for headers in ["headers", "multiValueHeaders"] {
        if let Some(headers) = event[headers].as_object_mut() {
            // A key that is used again would bring the first answer back.
            headers.retain(|name, _| !name.eq_ignore_ascii_case("idempotency-key"));
        }
    }
    let mut question = json!({
        "message": "The parcel came two weeks late, but support was friendly. What do you make of that?",
        "system": "You answer the customers of a shop, in one or two sentences.",
    });
    if let Some(session) = session {
        question["session_id"] = session.into();
    }
    event["body"] = question.to_string().into();
    event.to_string().into()
}

/// Lets the function make a session with a few turns in it, and returns its identifier.
pub(super) async fn begin_session(function: &Program, environment: &Environment, turns: u32) -> Result<String, Error> {
    let (mut process, _) = Bootstrap::start(function, environment).await?;
    let (_, response) = process.invoke(&turn(None)).await?;
    let answer: Value = serde_json::from_str(response["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let session = answer["session_id"].as_str().unwrap_or_default().to_owned();
    for _ in 1..turns {
        process.invoke(&turn(Some(&session))).await?;
    }
    process.stop().await?;
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_an_event_of_api_gateway() {
        let event: Value = serde_json::from_slice(&turn(Some("s"))).unwrap();
        assert_eq!(event["resource"], "/chat");
        assert!(event["requestContext"]["authorizer"]["claims"]["sub"].is_string());
        assert!(event["body"].as_str().unwrap().contains(r#""session_id":"s""#));
        assert!(!event.to_string().to_lowercase().contains("idempotency-key"));
    }
}
