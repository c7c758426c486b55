//! Errors as problem documents (RFC 9457), with codes that stay.

use lambda_http::http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::Parts;
use crate::error::{Error, ModelError, RetrievalError};

/// Seconds after which a caller may try again. Bedrock, which counts its quotas by the minute, does not say when.
const RETRY_AFTER: u64 = 5;

pub(super) fn parts(error: &Error, request_id: &str) -> Parts {
    let problem = Problem::of(error);
    let mut parts = Parts::new(problem.status, "application/problem+json", problem.document(request_id).to_string());
    if let Some(seconds) = problem.retry_after {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.status == StatusCode::UNAUTHORIZED {
        parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    parts
}

/// What a caller is told of an error.
pub(super) struct Problem {
    status: StatusCode,
    pub(super) code: &'static str,
    pub(super) detail: String,
    field: Option<String>,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Problem {
    pub(super) fn of(error: &Error) -> Self {
        let (status, code) = (status(error), error.code());
        let retry_after = match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some(RETRY_AFTER),
            StatusCode::CONFLICT => Some(1),
            _ => None,
        };
        let detail = match status {
            // Whatever it is, it is for the log.
            StatusCode::INTERNAL_SERVER_ERROR => {
                "The service cannot answer; its operator finds the reason in the log.".to_owned()
            }
            _ => sentence(error),
        };
        let field = match error {
            Error::Invalid { field, .. } | Error::TooLong { field, .. } => Some(field.clone()),
            _ => None,
        };
        Self { status, code, detail, field, retry_after }
    }

    pub(super) fn document(&self, request_id: &str) -> Value {
        let mut document = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if let Some(field) = &self.field {
            document["field"] = json!(field);
        }
        if !request_id.is_empty() {
            document["request_id"] = json!(request_id);
        }
        document
    }
}

/// A status for every error; the compiler asks for new ones.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::Invalid { .. } => StatusCode::BAD_REQUEST,
        Error::TooLong { .. } | Error::MessageTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::NoUserContext => StatusCode::FORBIDDEN,
        Error::NoSuchRoute | Error::NoSuchSession | Error::NoSuchMessage => StatusCode::NOT_FOUND,
        Error::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Error::IdempotencyKeyBusy => StatusCode::CONFLICT,
        Error::DeadlinePassed => StatusCode::GATEWAY_TIMEOUT,
        Error::Memory(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Configuration(_) | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Error::Retrieval { kind, .. } => match kind {
            RetrievalError::Throttled => StatusCode::TOO_MANY_REQUESTS,
            RetrievalError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            RetrievalError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            RetrievalError::AccessDenied | RetrievalError::NoSuchIndex => StatusCode::INTERNAL_SERVER_ERROR,
            RetrievalError::Rejected => StatusCode::BAD_REQUEST,
        },
        Error::Model { kind, .. } => match kind {
            ModelError::Throttled => StatusCode::TOO_MANY_REQUESTS,
            ModelError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ModelError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            ModelError::AccessNotGranted
            | ModelError::NeedsInferenceProfile
            | ModelError::NotFound
            | ModelError::OutputLimit => StatusCode::INTERNAL_SERVER_ERROR,
            ModelError::ContextExceeded | ModelError::Rejected => StatusCode::BAD_REQUEST,
            ModelError::BrokeOff => StatusCode::BAD_GATEWAY,
        },
    }
}

fn sentence(error: &Error) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    match (error, characters.next()) {
        // Begins with a field's name, which keeps its spelling.
        (Error::Invalid { .. } | Error::TooLong { .. }, _) | (_, None) => format!("{text}."),
        (_, Some(first)) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_500_carries_no_details() {
        for error in [Error::Internal("secret".to_owned()), Error::Configuration("secret".to_owned())] {
            assert!(!parts(&error, "r").body.contains("secret"));
        }
        let memory = Error::Memory("secret table".into());
        assert!(!parts(&memory, "r").body.contains("secret"));
    }

    #[test]
    fn a_problem_names_field_code_and_request() {
        insta::assert_snapshot!(
            Problem::of(&Error::invalid("top_p", "must be a number from 0 to 1")).document("r-1"),
            @r#"{"code":"invalid_request","detail":"top_p: must be a number from 0 to 1.","field":"top_p","request_id":"r-1","status":400,"title":"Bad Request","type":"about:blank"}"#
        );
    }
}
