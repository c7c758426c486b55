use datafusion::error::DataFusionError;

/// What a function has against its arguments, under Trino's name for it (`io.trino.spi.StandardErrorCode`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn argument(message: impl Into<String>) -> Self {
        Self { code: "INVALID_FUNCTION_ARGUMENT", message: message.into() }
    }

    pub(super) fn cast(message: impl Into<String>) -> Self {
        Self { code: "INVALID_CAST_ARGUMENT", message: message.into() }
    }

    pub(super) fn range(message: impl Into<String>) -> Self {
        Self { code: "NUMERIC_VALUE_OUT_OF_RANGE", message: message.into() }
    }

    pub(super) fn division() -> Self {
        Self { code: "DIVISION_BY_ZERO", message: "Division by zero".to_owned() }
    }

    pub(super) fn kind(message: impl Into<String>) -> Self {
        Self { code: "TYPE_MISMATCH", message: message.into() }
    }

    /// The message of Trino's resolver for a function that exists, but not for these types.
    pub(super) fn parameters(name: &str, given: &[String], expected: &[String]) -> Self {
        Self {
            code: "FUNCTION_NOT_FOUND",
            message: format!(
                "Unexpected parameters ({}) for function {name}. Expected: {}",
                given.join(", "),
                expected.join(", ")
            ),
        }
    }
}

impl From<Fault> for DataFusionError {
    fn from(fault: Fault) -> Self {
        Self::External(Box::new(fault))
    }
}
