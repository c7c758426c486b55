//! How a call of AWS fails, whatever the service. What a service itself refuses is its client's to tell apart.

use aws_smithy_runtime_api::client::result::SdkError;

/// What has become of a call.
#[derive(Debug)]
pub(crate) enum Failure<'a, E> {
    TimedOut,
    /// No connection, or one that broke before an answer.
    Unreachable,
    /// An answer that nobody can read: it broke off, mostly.
    Unreadable,
    /// The service's own error.
    Refused(&'a E),
    /// The call could not even be made: no credentials, mostly.
    NotMade,
}

impl<'a, E> Failure<'a, E> {
    pub(crate) fn of<R>(error: &'a SdkError<E, R>) -> Self {
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut,
            SdkError::DispatchFailure(_) => Self::Unreachable,
            SdkError::ResponseError(_) => Self::Unreadable,
            SdkError::ServiceError(service) => Self::Refused(service.err()),
            _ => Self::NotMade,
        }
    }
}

/// Whether a service refuses the caller, rather than the call. The codes are those of AWS's common errors:
/// <https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html>
pub(crate) fn is_denial(code: &str) -> bool {
    matches!(
        code,
        "AccessDeniedException"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "UnrecognizedClientException"
    )
}
