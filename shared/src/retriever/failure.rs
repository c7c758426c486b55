//! Which of our errors a Kendra error is.

use std::error::Error as StdError;

use aws_sdk_kendra::error::{ProvideErrorMetadata, SdkError};

use crate::{
    aws,
    error::{Error, RetrievalError},
};

pub(super) fn failed<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let kind = match aws::Failure::of(&error) {
        aws::Failure::TimedOut => RetrievalError::TimedOut,
        aws::Failure::Unreachable | aws::Failure::Unreadable => RetrievalError::Unavailable,
        aws::Failure::Refused(service) => by_code(service.meta().code().unwrap_or_default()),
        aws::Failure::NotMade => RetrievalError::AccessDenied,
    };
    Error::Retrieval { kind, source: Box::new(error) }
}

/// The codes are those of Query, Retrieve and SubmitFeedback in Kendra's API reference, and of AWS's common errors.
fn by_code(code: &str) -> RetrievalError {
    match code {
        "ThrottlingException" | "ServiceQuotaExceededException" => RetrievalError::Throttled,
        "ResourceNotFoundException" => RetrievalError::NoSuchIndex,
        code if aws::is_denial(code) => RetrievalError::AccessDenied,
        "ValidationException" => RetrievalError::Rejected,
        _ => RetrievalError::Unavailable,
    }
}
