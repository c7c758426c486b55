//! Which of our errors a Kendra error is.

use std::error::Error as StdError;

use aws_sdk_kendra::error::{ProvideErrorMetadata, SdkError};

use crate::error::{Error, RetrievalError};

pub(super) fn failed<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let kind = match &error {
        SdkError::TimeoutError(_) => RetrievalError::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => RetrievalError::TimedOut,
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => RetrievalError::Unavailable,
        SdkError::ServiceError(service) => by_code(service.err().meta().code().unwrap_or_default()),
        // The call could not even be made: no credentials, mostly.
        _ => RetrievalError::AccessDenied,
    };
    Error::Retrieval { kind, source: Box::new(error) }
}

/// The codes are those of Query, Retrieve and SubmitFeedback in Kendra's API reference, and of AWS's common errors.
fn by_code(code: &str) -> RetrievalError {
    match code {
        "ThrottlingException" | "ServiceQuotaExceededException" => RetrievalError::Throttled,
        "ResourceNotFoundException" => RetrievalError::NoSuchIndex,
        "AccessDeniedException"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "UnrecognizedClientException" => RetrievalError::AccessDenied,
        "ValidationException" => RetrievalError::Rejected,
        _ => RetrievalError::Unavailable,
    }
}
