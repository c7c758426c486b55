//! Answers as AWS's protocols write them.

use std::{
    borrow::Cow,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, SizeHint};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::calls::Ongoing;

/// The media type of version 1.1 of the JSON protocol.
pub(crate) const JSON_1_1: &str = "application/x-amz-json-1.1";

/// The body of an answer. The call that it answers has ended once this is dropped: sent, or the connection gone.
pub(crate) struct Body {
    content: UnsyncBoxBody<Bytes, Cut>,
    _call: Option<Ongoing>,
}

impl Body {
    pub(crate) fn of(content: UnsyncBoxBody<Bytes, Cut>) -> Body {
        Body { content, _call: None }
    }

    pub(crate) fn ending(self, call: Ongoing) -> Body {
        Body { content: self.content, _call: Some(call) }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Pin::new(&mut self.content).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}

/// Ends a connection without the rest of its answer; hyper closes it when a service or a body fails.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
pub(crate) struct Cut;

/// An error that a service answers with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The exception's name in the service's model.
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
    /// Name and value of what the exception has beside its message, where it has something.
    pub(crate) more: Option<(&'static str, &'static str)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Refusal { status, code: code.into(), message: message.into(), more: None }
    }

    pub(crate) fn with(self, name: &'static str, value: &'static str) -> Self {
        Refusal { more: Some((name, value)), ..self }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Refusal::new(400, "ValidationException", message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Refusal::new(400, "SerializationException", message)
    }

    pub(crate) fn not_here(service: &str, operation: &str) -> Self {
        Refusal::new(501, "NotImplementedException", format!("local-aws does not serve {operation} of {service}"))
    }
}

/// The ways in which services write errors: those that are here, and those whose calls are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Paths and plain JSON; the error's name is in a header.
    RestJson,
    /// `X-Amz-Target` and `application/x-amz-json-1.0`; the error's name is in the body.
    Json10,
    /// The same with `application/x-amz-json-1.1`; the error's name has no namespace, and its message is `Message`.
    Json11,
    /// Forms in, XML out.
    Query,
    /// S3's.
    RestXml,
}

impl Protocol {
    pub(crate) fn refuse(self, refusal: &Refusal) -> Response<Body> {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let Refusal { code, message, .. } = refusal;
        match self {
            Protocol::RestJson => {
                let response = json_reply(status, "application/json", &json!({ "message": message }));
                match HeaderValue::from_str(&format!("{code}:{ERROR_NAMESPACE}")) {
                    Ok(kind) => with_header(response, "x-amzn-errortype", kind),
                    Err(_) => response,
                }
            }
            Protocol::Json10 => {
                let kind = format!("{}#{code}", namespace(code));
                json_reply(status, "application/x-amz-json-1.0", &json!({ "__type": kind, "message": message }))
            }
            Protocol::Json11 => {
                let mut error = json!({ "__type": code, "Message": message });
                if let Some((name, value)) = refusal.more {
                    error[name] = value.into();
                }
                json_reply(status, JSON_1_1, &error)
            }
            Protocol::Query => {
                let error = format!("<Error><Code>{}</Code><Message>{}</Message></Error>", xml(code), xml(message));
                reply(status, "text/xml", whole(format!("<ErrorResponse>{error}</ErrorResponse>")))
            }
            Protocol::RestXml => {
                let error = format!("<Error><Code>{}</Code><Message>{}</Message></Error>", xml(code), xml(message));
                reply(status, "application/xml", whole(error))
            }
        }
    }
}

const ERROR_NAMESPACE: &str = "http://internal.amazon.com/coral/com.amazon.bedrock/";

fn namespace(code: &str) -> &'static str {
    match code {
        "ValidationException" => "com.amazon.coral.validate",
        "ThrottlingException" => "com.amazon.coral.availability",
        "SerializationException" | "UnknownOperationException" | "NotImplementedException" => {
            "com.amazon.coral.service"
        }
        _ => "com.amazonaws.dynamodb.v20120810",
    }
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(crate) fn json_reply(status: StatusCode, content_type: &'static str, body: &Value) -> Response<Body> {
    reply(status, content_type, whole(body.to_string()))
}

pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(Uuid::now_v7().hyphenated().encode_lower(&mut Uuid::encode_buffer())) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

pub(crate) fn with_header(mut response: Response<Body>, name: &'static str, value: HeaderValue) -> Response<Body> {
    response.headers_mut().insert(name, value);
    response
}

pub(crate) fn whole(body: impl Into<Bytes>) -> Body {
    Body::of(Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed_unsync())
}

pub(crate) fn streamed(parts: impl Stream<Item = Result<Bytes, Cut>> + Send + 'static) -> Body {
    let parts = parts.then(|part| async {
        if part.is_err() {
            // A connection sends what it has before it waits, and drops it when it is cut: so it waits once.
            tokio::task::yield_now().await;
        }
        part
    });
    Body::of(BodyExt::boxed_unsync(StreamBody::new(parts.map(|part| part.map(Frame::data)))))
}
