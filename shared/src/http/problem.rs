//! Errors as problem documents (RFC 9457), with codes that stay.

use lambda_http::http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::Parts;
use crate::{
    error::{Error, ModelError, QueryError, RetrievalError},
    findings::Attempt,
};

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
    /// The queries that were tried in vain.
    attempts: Option<Vec<Attempt>>,
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
        let attempts = match error {
            Error::NoValidQuery { attempts } => Some(attempts.clone()),
            _ => None,
        };
        Self { status, code, detail, field, attempts, retry_after }
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
        if let Some(attempts) = &self.attempts {
            document["attempts"] = json!(attempts);
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
        Error::IdempotencyKeyReused | Error::NoValidQuery { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::IdempotencyKeyBusy => StatusCode::CONFLICT,
        Error::DeadlinePassed => StatusCode::GATEWAY_TIMEOUT,
        // Nobody reads it.
        Error::CallerGone => StatusCode::REQUEST_TIMEOUT,
        Error::Memory(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Configuration(_) | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Error::Retrieval { kind, .. } => match kind {
            RetrievalError::Throttled => StatusCode::TOO_MANY_REQUESTS,
            RetrievalError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            RetrievalError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            RetrievalError::AccessDenied | RetrievalError::NoSuchIndex => StatusCode::INTERNAL_SERVER_ERROR,
            RetrievalError::Rejected => StatusCode::BAD_REQUEST,
        },
        Error::Query { kind, .. } => match kind {
            QueryError::Throttled => StatusCode::TOO_MANY_REQUESTS,
            QueryError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            QueryError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            QueryError::ScanLimit => StatusCode::UNPROCESSABLE_ENTITY,
            QueryError::AccessDenied | QueryError::NoSuchDatabase => StatusCode::INTERNAL_SERVER_ERROR,
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
    fn who_got_no_query_is_told_what_was_tried() {
        let attempts = vec![Attempt { sql: "SELECT x".to_owned(), error: Some("there is no x".to_owned()) }];
        insta::assert_snapshot!(
            Problem::of(&Error::NoValidQuery { attempts }).document(""),
            @r#"{"attempts":[{"error":"there is no x","sql":"SELECT x"}],"code":"no_valid_query","detail":"No query was found that answers the question and can be run; other words may help.","status":422,"title":"Unprocessable Entity","type":"about:blank"}"#
        );
        let limit = Error::Query { kind: QueryError::ScanLimit, source: None };
        insta::assert_snapshot!(
            Problem::of(&limit).document(""),
            @r#"{"code":"query_scan_limit","detail":"The query engine: the query would read more data than this deployment allows; ask for less, such as a shorter time.","status":422,"title":"Unprocessable Entity","type":"about:blank"}"#
        );
    }

    #[test]
    fn a_problem_names_field_code_and_request() {
        insta::assert_snapshot!(
            Problem::of(&Error::invalid("top_p", "must be a number from 0 to 1")).document("r-1"),
            @r#"{"code":"invalid_request","detail":"top_p: must be a number from 0 to 1.","field":"top_p","request_id":"r-1","status":400,"title":"Bad Request","type":"about:blank"}"#
        );
    }
}
