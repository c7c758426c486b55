//! How Athena refuses: nearly everything is an `InvalidRequestException` with an `AthenaErrorCode`. Codes and texts are
//! those of the service, as far as athena-local's measurements of it tell (github.com/aoyagikouhei/athena-local,
//! `docs/`).

use crate::reply::Refusal;

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    invalid_as("INVALID_INPUT", message)
}

pub(super) fn invalid_as(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidRequestException", message).with("AthenaErrorCode", code)
}

pub(super) fn no_such_execution(id: &str) -> Refusal {
    invalid_as("QUERY_EXECUTION_NOT_FOUND", format!("QueryExecution {id} was not found"))
}

pub(super) fn no_such_catalog(name: &str) -> Refusal {
    invalid_as("DATACATALOG_NOT_FOUND", format!("Catalog '{name}' does not exist"))
}

/// Athena passes on what Glue says.
pub(super) fn no_such_entity(what: &str) -> Refusal {
    let request = uuid::Uuid::new_v4();
    let message = format!(
        "{what} not found. (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException; \
         Request ID: {request}; Proxy: null)"
    );
    Refusal::new(400, "MetadataException", message)
}

pub(super) fn too_many_queries() -> Refusal {
    let message = "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the \
                   number of concurrent queries submitted by this account.";
    Refusal::new(400, "TooManyRequestsException", message).with("Reason", "CONCURRENT_QUERY_LIMIT_EXCEEDED")
}

/// A request that does not fit its shape is an `InvalidRequestException` too.
pub(super) fn of_shape(refusal: Refusal) -> Refusal {
    if refusal.code == "ValidationException" { invalid(refusal.message) } else { refusal }
}
