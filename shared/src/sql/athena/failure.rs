//! Which of our errors an Athena error is, and what of it a model may read.

use std::error::Error as StdError;

use aws_sdk_athena::{
    error::{ProvideErrorMetadata, SdkError},
    operation::start_query_execution::StartQueryExecutionError,
    types::{QueryExecutionState, QueryExecutionStatus},
};
use uuid::Uuid;

use crate::{
    aws,
    error::{Error, QueryError},
};

/// Why a query has no rows.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The engine says that the query is wrong. In its own words, for the model: on one line, without names of buckets and
    /// queries.
    #[error("the query failed: {0}")]
    Failed(String),
    #[error(transparent)]
    Error(#[from] Error),
}

/// `AthenaError.ErrorCategory` of a failure that is not the query's, as Athena's API reference numbers them.
const SYSTEM: i32 = 1;

/// The most characters of the engine's words that a model is given.
const MOST_CHARACTERS: usize = 600;

/// Where Athena's advice to people begins, which comes after its error.
const ADVICE: [&str; 3] =
    [" This query ran against the", " Please post the error message", " If a data manifest file was generated"];

/// Words in which engine, catalog and storage refuse access; Athena files them under the user's mistakes.
const REFUSALS: [&str; 6] = [
    "Access Denied",
    "AccessDenied",
    "PERMISSION_DENIED",
    "Permission denied",
    "Insufficient permissions",
    "not authorized to perform",
];

/// Words for a query that is too much for the engine; a lighter one may not be, though Athena calls it the system's fault.
const HEAVINESS: [&str; 2] = ["exhausted resources", "_MEMORY_LIMIT"];

pub(super) fn failed<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let kind = match aws::Failure::of(&error) {
        aws::Failure::TimedOut => QueryError::TimedOut,
        aws::Failure::Unreachable | aws::Failure::Unreadable => QueryError::Unavailable,
        aws::Failure::Refused(service) => {
            let metadata = service.meta();
            let message = metadata.message().unwrap_or_default();
            match by_code(metadata.code().unwrap_or_default(), message) {
                Some(kind) => kind,
                None => return Error::Configuration(format!("Athena does not take the call: {}", one_line(message))),
            }
        }
        aws::Failure::NotMade => QueryError::AccessDenied,
    };
    Error::Query { kind, source: Some(Box::new(error)) }
}

/// The codes are those of Athena's API reference and of AWS's common errors. None for a request that is wrong in a way
/// that only the deployment can put right: a workgroup that there is not, no place for results.
fn by_code(code: &str, message: &str) -> Option<QueryError> {
    Some(match code {
        "TooManyRequestsException" | "ThrottlingException" => QueryError::Throttled,
        code if aws::is_denial(code) => QueryError::AccessDenied,
        // What the catalog said stands in the message, with its own code.
        "MetadataException" | "InvalidRequestException" => {
            let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
            match () {
                () if says(&REFUSALS) => QueryError::AccessDenied,
                () if says(&["Throttling", "Rate exceeded"]) => QueryError::Throttled,
                () if says(&["EntityNotFoundException", "Database", "Catalog", "catalog"])
                    && says(&["not found", "Not Found", "does not exist"]) =>
                {
                    QueryError::NoSuchDatabase
                }
                () if code == "InvalidRequestException" => return None,
                () => QueryError::Unavailable,
            }
        }
        _ => QueryError::Unavailable,
    })
}

/// Athena reads a query when it is started, and refuses at once what it cannot parse.
pub(super) fn not_started<R>(error: SdkError<StartQueryExecutionError, R>) -> RunError
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    if let Some(StartQueryExecutionError::InvalidRequestException(refused)) = error.as_service_error() {
        let message = refused.message().unwrap_or_default();
        let is_malformed = refused.athena_error_code() == Some("MALFORMED_QUERY");
        if is_malformed || message.starts_with("line ") || message.contains("Queries of this type are not supported") {
            return RunError::Failed(clean(message));
        }
    }
    failed(error).into()
}

/// Of a query whose state is `FAILED` or `CANCELLED`.
pub(super) fn ended_badly(status: &QueryExecutionStatus) -> RunError {
    let details = status.athena_error();
    let reason = status.state_change_reason().or_else(|| details.and_then(|error| error.error_message()));
    let reason = reason.unwrap_or_default();
    let error = |kind| RunError::Error(Error::Query { kind, source: Some(one_line(reason).into()) });
    if reason.contains("Bytes scanned limit") {
        return error(QueryError::ScanLimit);
    }
    if status.state() == Some(&QueryExecutionState::Cancelled) {
        // Somebody else did, or a limit that has no words of its own.
        return error(QueryError::Unavailable);
    }
    if REFUSALS.iter().any(|words| reason.contains(words)) {
        return error(QueryError::AccessDenied);
    }
    let is_too_heavy = HEAVINESS.iter().any(|words| reason.contains(words));
    if !is_too_heavy && details.is_some_and(|error| error.error_category() == Some(SYSTEM) || error.retryable()) {
        return error(QueryError::Unavailable);
    }
    RunError::Failed(clean(reason))
}

/// The engine's words without what is none of the model's or the caller's business.
fn clean(text: &str) -> String {
    let mut text = one_line(text);
    if let Some(end) = ADVICE.iter().filter_map(|advice| text.find(advice)).min() {
        text.truncate(end);
    }
    // Of the service behind: `(Service: Amazon S3; Status Code: 404; Request ID: …)`.
    while let Some(start) = text.find(" (Service: ") {
        let end = text[start..].find(')').map_or(text.len(), |length| start + length + 1);
        text.replace_range(start..end, "");
    }
    let text = text.split(' ').map(redacted).collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(MOST_CHARACTERS - 1) {
        Some((end, last)) if end + last.len_utf8() < text.len() => format!("{}…", &text[..end]),
        _ if text.is_empty() => "no reason was given".to_owned(),
        _ => text,
    }
}

/// A word, without the address or the identifier in it.
fn redacted(word: &str) -> String {
    if let Some(start) = ["s3://", "s3a://", "s3n://", "arn:aws"].iter().filter_map(|mark| word.find(mark)).min() {
        return format!("{}…", &word[..start]);
    }
    if word.contains(".amazonaws.com") {
        return "…".to_owned();
    }
    const LENGTH: usize = 36;
    let is_id = |start: usize| word.get(start..start + LENGTH).is_some_and(|part| Uuid::try_parse(part).is_ok());
    match (0..word.len()).find(|start| is_id(*start)) {
        Some(start) => format!("{}…{}", &word[..start], redacted(&word[start + LENGTH..])),
        None => word.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use aws_sdk_athena::types::AthenaError;
    use proptest::prelude::*;

    use super::*;

    fn status(state: QueryExecutionState, category: i32, retryable: bool, reason: &str) -> QueryExecutionStatus {
        let error = AthenaError::builder().error_category(category).retryable(retryable).error_message(reason).build();
        QueryExecutionStatus::builder().state(state).state_change_reason(reason).athena_error(error).build()
    }

    fn kind(error: RunError) -> Option<QueryError> {
        match error {
            RunError::Error(Error::Query { kind, .. }) => Some(kind),
            _ => None,
        }
    }

    #[test]
    fn what_is_wrong_with_the_query_goes_back_to_the_model() {
        let reason = "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized";
        let too_heavy = "Query exhausted resources at this scale factor";
        for (category, reason) in [(2, reason), (1, too_heavy)] {
            let error = ended_badly(&status(QueryExecutionState::Failed, category, false, reason));
            assert!(matches!(&error, RunError::Failed(text) if text == reason), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_elsewhere_does_not() {
        let (failed, cancelled) = (QueryExecutionState::Failed, QueryExecutionState::Cancelled);
        for (status, expected) in [
            (status(failed.clone(), 1, false, "Internal error"), QueryError::Unavailable),
            (status(failed.clone(), 2, true, "try again"), QueryError::Unavailable),
            (status(failed.clone(), 2, false, "Permission denied on S3 path: s3://b/k"), QueryError::AccessDenied),
            (
                status(cancelled.clone(), 2, false, "Query cancelled! : Bytes scanned limit was exceeded"),
                QueryError::ScanLimit,
            ),
            (status(failed, 2, false, "Bytes scanned limit was exceeded"), QueryError::ScanLimit),
            (status(cancelled, 3, false, "Query was cancelled"), QueryError::Unavailable),
        ] {
            assert_eq!(kind(ended_badly(&status)), Some(expected), "{status:?}");
        }
    }

    #[test]
    fn errors_of_the_catalog_are_known_by_its_code() {
        let metadata = |message| by_code("MetadataException", message);
        let missing = "Database default not found. (Service: AmazonDataCatalog; Status Code: 400; Error Code: \
                       EntityNotFoundException; Request ID: 45914404-2fad-4053-997a-7b1a9e28145e; Proxy: null)";
        assert_eq!(metadata(missing), Some(QueryError::NoSuchDatabase));
        let refused = "User: arn:aws:sts::1:assumed-role/r/u is not authorized to perform: glue:GetTables";
        assert_eq!(metadata(refused), Some(QueryError::AccessDenied));
        assert_eq!(metadata("Rate exceeded"), Some(QueryError::Throttled));
        assert_eq!(metadata("Lambda 5XX"), Some(QueryError::Unavailable));
        let catalog = "Catalog 'x' does not exist";
        assert_eq!(by_code("InvalidRequestException", catalog), Some(QueryError::NoSuchDatabase));
        assert_eq!(by_code("InvalidRequestException", "WorkGroup w is not found."), None);
        assert_eq!(by_code("TooManyRequestsException", ""), Some(QueryError::Throttled));
        assert_eq!(by_code("InternalServerException", ""), Some(QueryError::Unavailable));
    }

    #[test]
    fn the_engines_words_name_no_bucket_and_no_query() {
        let text = clean(
            "HIVE_BAD_DATA: Malformed Parquet file. [s3://some-bucket/raw/x.csv]\n\nThis query ran against the \"d\" \
             database, unless qualified by the query. Please post the error message on our forum or contact customer \
             support with Query Id: 0a40a5c0-1bb6-4f4c-90e0-21bc7c7e5521",
        );
        assert_eq!(text, "HIVE_BAD_DATA: Malformed Parquet file. […");
        let text = clean("E: query 'e65e46a1-6a69-4acb-9bd1-c6b9e5ab36fa' (Service: Amazon S3; Request ID: A) at x");
        assert_eq!(text, "E: query '…' at x");
        assert_eq!(clean("see b.s3.eu-west-1.amazonaws.com: no"), "see … no");
        assert_eq!(clean(" \n"), "no reason was given");
        assert_eq!(clean(&"é".repeat(600)).chars().count(), 600);
        assert_eq!(clean(&"é".repeat(601)).chars().count(), 600);
    }

    proptest! {
        #[test]
        fn whatever_the_engine_says_becomes_one_short_line(text in any::<String>()) {
            let text = clean(&text);
            prop_assert!(!text.contains('\n') && text.chars().count() <= MOST_CHARACTERS);
        }

        #[test]
        fn no_bucket_gets_through(before in "[a-zä \\[('\"]{0,20}", bucket in "[a-z0-9.-]{3,20}", after in "[ a-z)]{0,9}") {
            let text = clean(&format!("{before}s3://{bucket}/{after}"));
            let address = format!("//{bucket}");
            prop_assert!(!text.contains(&address));
        }
    }
}
