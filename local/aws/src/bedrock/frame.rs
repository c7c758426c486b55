//! Frames of `application/vnd.amazon.eventstream`.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    reply::{Body, Cut, Refusal, reply, streamed},
    server::Failure,
};

/// The service pads each event by a random part of this alphabet, so that lengths do not tell what is said.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

pub(super) fn event(kind: &'static str, mut payload: Value) -> Bytes {
    let random = usize::from(Uuid::now_v7().as_bytes()[15]);
    payload["p"] = Value::from(&PADDING[..2 + random % (PADDING.len() - 1)]);
    let headers = [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    frame(&headers, &payload)
}

/// An error in the middle of a stream.
pub(super) fn exception_event(refusal: &Refusal) -> Bytes {
    let kind = stream_exception(refusal);
    let headers = [(":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception")];
    let mut payload = json!({ "message": refusal.message });
    if kind == "modelStreamErrorException" {
        payload["originalStatusCode"] = json!(refusal.status);
    }
    frame(&headers, &payload)
}

pub(super) fn event_stream(frames: impl futures::Stream<Item = Result<Bytes, Cut>> + Send + 'static) -> Response<Body> {
    reply(StatusCode::OK, "application/vnd.amazon.eventstream", streamed(frames))
}

/// What goes out when an answer fails: its last frame, or the end of the connection.
pub(super) fn failure(failure: &Failure) -> Result<Bytes, Cut> {
    match failure {
        Failure::Refused(refusal) => Ok(exception_event(refusal)),
        Failure::Cut => Err(Cut),
    }
}

/// The error that a stream's exception stands for, by the exception's name in the stream's model.
pub(crate) fn exception(name: &str) -> Refusal {
    let mut letters = name.chars();
    let code: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    let (status, message) = match code.as_str() {
        "InternalServerException" => {
            (500, "The system encountered an unexpected error during processing. Try your request again.")
        }
        "ServiceUnavailableException" => (503, "The service is currently unavailable. Try your request again."),
        "ValidationException" => (400, "The input fails to satisfy the constraints of the service."),
        "ThrottlingException" => (429, "Too many requests, please wait before trying again."),
        "ModelTimeoutException" => (408, "The model took too long to answer."),
        _ => (424, "The model has encountered an unexpected error while streaming. Try your request again."),
    };
    Refusal::new(status, code, message)
}

/// A stream's model has fewer errors than the operations have.
fn stream_exception(refusal: &Refusal) -> &'static str {
    match refusal.code.as_ref() {
        "InternalServerException" => "internalServerException",
        "ServiceUnavailableException" => "serviceUnavailableException",
        "ValidationException" => "validationException",
        "ThrottlingException" => "throttlingException",
        "ModelTimeoutException" => "modelTimeoutException",
        _ => "modelStreamErrorException",
    }
}

fn frame(headers: &[(&'static str, &'static str); 3], payload: &Value) -> Bytes {
    let mut message = Message::new(payload.to_string());
    for (name, value) in headers {
        message = message.add_header(Header::new(*name, HeaderValue::String((*value).into())));
    }
    let mut written = Vec::new();
    // Writing fails only for headers or payloads that overflow 32-bit lengths, which no event comes near.
    if let Err(error) = write_message_to(&message, &mut written) {
        tracing::error!(%error, "an event could not be written");
    }
    written.into()
}
