//! What can go wrong, said once, without HTTP and without SDK types.

use std::{error::Error as StdError, fmt};

use crate::{conversation::ModelId, findings::Attempt};

/// The failure that hides behind one of our errors: an SDK error, mostly. It is for the log, never for the caller.
pub type Source = Box<dyn StdError + Send + Sync>;

/// Every way in which a request can fail. [`crate::http`] turns each into a status and a stable code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field of the request is not what it must be.
    #[error("{field}: {reason}")]
    Invalid { field: String, reason: String },
    /// A field, or the whole body, is longer than it may be.
    #[error("{field} is longer than {limit}")]
    TooLong { field: String, limit: String },
    #[error("the body must be sent as application/json")]
    UnsupportedMediaType,
    #[error("the caller is not identified")]
    Unauthenticated,
    #[error("there is no such route")]
    NoSuchRoute,
    /// There is none, or it is somebody else's: the caller is not told which.
    #[error("there is no such session")]
    NoSuchSession,
    #[error("the session has no such answer")]
    NoSuchMessage,
    /// Documents are released to names and groups, and the caller has none that was verified.
    #[error("the caller has no verified user name by which documents could be released")]
    NoUserContext,
    #[error("the idempotency key was used with another body")]
    IdempotencyKeyReused,
    #[error("the request with this idempotency key is still under way")]
    IdempotencyKeyBusy,
    /// One message must fit one DynamoDB item (400 KB).
    #[error("a message of {bytes} bytes is too large to be remembered")]
    MessageTooLarge { bytes: usize },
    /// Lambda or API Gateway would soon cut the call off.
    #[error("the deadline passed")]
    DeadlinePassed,
    #[error("the model {model}: {kind}")]
    Model {
        model: ModelId,
        kind: ModelError,
        #[source]
        source: Option<Source>,
    },
    #[error("the search index: {kind}")]
    Retrieval {
        kind: RetrievalError,
        #[source]
        source: Source,
    },
    #[error("the query engine: {kind}")]
    Query {
        kind: QueryError,
        #[source]
        source: Option<Source>,
    },
    /// Nothing that the model wrote was let through, or ran.
    #[error("no query was found that answers the question and can be run; other words may help")]
    NoValidQuery { attempts: Vec<Attempt> },
    /// Who asked has hung up, so what costs by the second has been stopped.
    #[error("nobody waits for the answer any more")]
    CallerGone,
    /// DynamoDB could not be asked, or did not take the write.
    #[error("the conversation memory is not available")]
    Memory(#[source] Source),
    /// The deployment is not configured as it must be.
    #[error("configuration: {0}")]
    Configuration(String),
    #[error("internal error: {0}")]
    Internal(String),
}

/// How a model failed, whoever hosts it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("it is throttling calls")]
    Throttled,
    #[error("it is overloaded or not ready")]
    Unavailable,
    #[error("it did not answer in time")]
    TimedOut,
    #[error(
        "access to it is not granted: look at the function's credentials and policy, and in the Bedrock console whether \
         the model asks for an agreement or, as Anthropic's, for a form on the use case"
    )]
    AccessNotGranted,
    #[error(
        "it cannot be called on demand by this identifier: put the identifier of an inference profile into MODEL_IDS"
    )]
    NeedsInferenceProfile,
    #[error("there is none of this identifier in this region, or it has reached its end of life: correct MODEL_IDS")]
    NotFound,
    #[error("it cannot write that much: lower MAX_OUTPUT_TOKENS")]
    OutputLimit,
    #[error("the conversation is longer than its context")]
    ContextExceeded,
    #[error("it does not accept the request")]
    Rejected,
    #[error("its answer broke off")]
    BrokeOff,
}

impl ModelError {
    fn code(&self) -> &'static str {
        match self {
            Self::Throttled => "model_throttled",
            Self::Unavailable => "model_unavailable",
            Self::TimedOut => "model_timeout",
            Self::AccessNotGranted => "model_access_not_granted",
            Self::NeedsInferenceProfile => "model_needs_inference_profile",
            Self::NotFound => "model_not_found",
            Self::OutputLimit => "model_output_limit",
            Self::ContextExceeded => "context_exceeded",
            Self::Rejected => "model_rejected_request",
            Self::BrokeOff => "model_broke_off",
        }
    }

    /// Whether the next model of the fallback list may do better at once.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::TimedOut | Self::BrokeOff => true,
            Self::AccessNotGranted
            | Self::NeedsInferenceProfile
            | Self::NotFound
            | Self::OutputLimit
            | Self::ContextExceeded
            | Self::Rejected => false,
        }
    }
}

/// How a search index failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetrievalError {
    #[error("it is throttling calls")]
    Throttled,
    #[error("it is not available")]
    Unavailable,
    #[error("it did not answer in time")]
    TimedOut,
    #[error("access to it is not granted: look at the function's credentials and policy")]
    AccessDenied,
    #[error("there is none of this identifier in this region: correct KENDRA_INDEX_ID and KENDRA_REGION")]
    NoSuchIndex,
    #[error("it does not accept the request: does every attribute of the filter exist, with values of its type?")]
    Rejected,
}

impl RetrievalError {
    fn code(self) -> &'static str {
        match self {
            Self::Throttled => "retrieval_throttled",
            Self::Unavailable => "retrieval_unavailable",
            Self::TimedOut => "retrieval_timeout",
            Self::AccessDenied => "retrieval_access_denied",
            Self::NoSuchIndex => "retrieval_index_not_found",
            Self::Rejected => "retrieval_rejected_request",
        }
    }
}

/// How a query, or the look for what can be queried, failed. What is wrong with the SQL itself is the model's business, and
/// no error of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error("it is throttling calls")]
    Throttled,
    #[error("it is not available")]
    Unavailable,
    #[error("the query did not end in time, and was stopped; ask for less")]
    TimedOut,
    #[error(
        "access to it, to its catalog, its data or the place of its results is not granted: look at the function's \
         credentials and policy, and at Lake Formation's permissions"
    )]
    AccessDenied,
    #[error("there is no such database in this region: correct ATHENA_DATABASES and ATHENA_CATALOG")]
    NoSuchDatabase,
    #[error("the query would read more data than this deployment allows; ask for less, such as a shorter time")]
    ScanLimit,
}

impl QueryError {
    fn code(self) -> &'static str {
        match self {
            Self::Throttled => "query_throttled",
            Self::Unavailable => "query_unavailable",
            Self::TimedOut => "query_timeout",
            Self::AccessDenied => "query_access_denied",
            Self::NoSuchDatabase => "query_database_not_found",
            Self::ScanLimit => "query_scan_limit",
        }
    }
}

impl Error {
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    /// A name that stays, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid_request",
            Self::TooLong { .. } => "too_long",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Unauthenticated => "unauthenticated",
            Self::NoSuchRoute => "no_such_route",
            Self::NoSuchSession => "session_not_found",
            Self::NoSuchMessage => "message_not_found",
            Self::NoUserContext => "no_user_context",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::IdempotencyKeyBusy => "idempotency_key_in_use",
            Self::MessageTooLarge { .. } => "message_too_large",
            Self::DeadlinePassed => "deadline_exceeded",
            Self::CallerGone => "caller_gone",
            Self::Memory(_) => "memory_unavailable",
            Self::Configuration(_) => "misconfigured",
            Self::Internal(_) => "internal_error",
            Self::Model { kind, .. } => kind.code(),
            Self::Retrieval { kind, .. } => kind.code(),
            Self::Query { kind, .. } => kind.code(),
            Self::NoValidQuery { .. } => "no_valid_query",
        }
    }

    /// Whether the caller has to do something else, rather than the operator.
    pub fn is_the_callers(&self) -> bool {
        match self {
            Self::Invalid { .. }
            | Self::TooLong { .. }
            | Self::UnsupportedMediaType
            | Self::Unauthenticated
            | Self::NoSuchRoute
            | Self::NoSuchSession
            | Self::NoSuchMessage
            | Self::NoUserContext
            | Self::IdempotencyKeyReused
            | Self::IdempotencyKeyBusy
            | Self::MessageTooLarge { .. }
            | Self::NoValidQuery { .. }
            | Self::CallerGone => true,
            // A model's refusal may quote the conversation.
            Self::Model { kind, .. } => matches!(kind, ModelError::ContextExceeded | ModelError::Rejected),
            Self::Retrieval { kind, .. } => *kind == RetrievalError::Rejected,
            Self::Query { kind, .. } => *kind == QueryError::ScanLimit,
            Self::DeadlinePassed | Self::Memory(_) | Self::Configuration(_) | Self::Internal(_) => false,
        }
    }
}

/// An error with everything that led to it, on one line, as the log wants it.
pub struct Chain<'a>(pub &'a Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_tells_every_cause() {
        let cause = std::io::Error::other(Error::NoSuchSession);
        let text = Chain(&Error::Memory(Box::new(cause))).to_string();
        assert_eq!(text, "the conversation memory is not available: there is no such session");
    }
}
