//! Which of our errors a Bedrock error is.

use std::error::Error as StdError;

use aws_sdk_bedrockruntime::{
    error::{ProvideErrorMetadata, SdkError},
    types::error::ConverseStreamOutputError,
};

use crate::{
    aws,
    conversation::ModelId,
    error::{Error, ModelError, Source},
};

/// A failed call, before it is known whether another model will be asked.
#[derive(Debug)]
pub(in crate::model) struct Failure {
    pub(super) kind: ModelError,
    source: Option<Source>,
}

impl Failure {
    pub(super) fn new(kind: ModelError) -> Self {
        Self { kind, source: None }
    }

    pub(super) fn from_sdk<E, R>(error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let kind = classify(&error, |service| {
            let metadata = service.meta();
            by_code(metadata.code().unwrap_or_default(), metadata.message().unwrap_or_default())
        });
        Self { kind, source: Some(Box::new(error)) }
    }

    /// An exception within a stream: the SDK knows its type, but gives it no code.
    pub(super) fn from_stream<R>(error: SdkError<ConverseStreamOutputError, R>) -> Self
    where
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        let kind = classify(&error, |service| match service {
            ConverseStreamOutputError::ThrottlingException(_) => ModelError::Throttled,
            ConverseStreamOutputError::ModelStreamErrorException(_) => ModelError::BrokeOff,
            ConverseStreamOutputError::ValidationException(refusal) => {
                by_validation_message(refusal.message().unwrap_or_default())
            }
            _ => ModelError::Unavailable,
        });
        // There was a connection, or there would be no stream.
        let kind = if matches!(error, SdkError::DispatchFailure(_)) { ModelError::BrokeOff } else { kind };
        Self { kind, source: Some(Box::new(error)) }
    }

    /// Whether the same model may do better in a moment.
    pub(super) fn is_for_retry(&self) -> bool {
        matches!(self.kind, ModelError::Throttled | ModelError::Unavailable)
    }

    pub(in crate::model) fn of(self, model: &ModelId) -> Error {
        Error::Model { model: model.clone(), kind: self.kind, source: self.source }
    }
}

fn classify<E, R>(error: &SdkError<E, R>, by_service: impl FnOnce(&E) -> ModelError) -> ModelError {
    match aws::Failure::of(error) {
        aws::Failure::TimedOut => ModelError::TimedOut,
        aws::Failure::Unreachable => ModelError::Unavailable,
        aws::Failure::Unreadable => ModelError::BrokeOff,
        aws::Failure::Refused(service) => by_service(service),
        aws::Failure::NotMade => ModelError::AccessNotGranted,
    }
}

/// The codes are those of Converse and ConverseStream in the Bedrock Runtime API reference, and of AWS's common errors.
fn by_code(code: &str, message: &str) -> ModelError {
    // Told under more than one code.
    if message.to_lowercase().contains("use case details") {
        return ModelError::AccessNotGranted;
    }
    match code {
        "ThrottlingException" | "ServiceQuotaExceededException" => ModelError::Throttled,
        "ModelTimeoutException" => ModelError::TimedOut,
        code if aws::is_denial(code) => ModelError::AccessNotGranted,
        "ResourceNotFoundException" => ModelError::NotFound,
        "ModelErrorException" | "ModelStreamErrorException" => ModelError::BrokeOff,
        "ValidationException" => by_validation_message(message),
        _ => ModelError::Unavailable,
    }
}

/// A `ValidationException` says what it means in its text only. The texts are those that the service gives today; one
/// that is not recognised is a rejection.
fn by_validation_message(message: &str) -> ModelError {
    let message = message.to_lowercase();
    let says = |part: &str| message.contains(part);
    if says("on-demand throughput") && says("inference profile") {
        ModelError::NeedsInferenceProfile
    } else if says("model identifier is invalid") || says("end of its life") {
        ModelError::NotFound
    } else if says("maximum tokens you requested") {
        ModelError::OutputLimit
    } else if says("too long") || says("too many input tokens") || says("context window") {
        ModelError::ContextExceeded
    } else {
        ModelError::Rejected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validation_texts_of_the_service_are_understood() {
        for (text, expected) in [
            (
                "Invocation of model ID anthropic.claude-sonnet-4-20250514-v1:0 with on-demand throughput isn’t supported. \
                 Retry your request with the ID or ARN of an inference profile that contains this model.",
                ModelError::NeedsInferenceProfile,
            ),
            ("The provided model identifier is invalid.", ModelError::NotFound),
            ("Input is too long for requested model.", ModelError::ContextExceeded),
            (
                "The model returned the following errors: prompt is too long: 210000 tokens > 200000 maximum",
                ModelError::ContextExceeded,
            ),
            (
                "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that \
                 is lower than 4096.",
                ModelError::OutputLimit,
            ),
            ("Model use case details have not been submitted for this account.", ModelError::AccessNotGranted),
            ("The value at inferenceConfig.topP is out of range", ModelError::Rejected),
        ] {
            assert_eq!(by_code("ValidationException", text), expected, "{text}");
        }
    }
}
