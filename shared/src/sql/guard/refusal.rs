//! Why a query is refused, in words that help its author to write a better one.

/// A query that is not run. The sentence goes back to the model that wrote it, so it says what to do otherwise; it never
/// names a hidden column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The SQL is longer than {most} {of}; write a shorter query.")]
    TooLong { most: usize, of: &'static str },
    #[error("The query is nested more than {most} levels deep; write a simpler one.")]
    TooDeep { most: usize },
    #[error("The SQL cannot be parsed ({0}); write one SELECT in Athena's dialect.")]
    Syntax(String),
    #[error("There is more than one statement, or text after the query; write exactly one SELECT.")]
    MoreThanOneStatement,
    #[error("Only a query that reads is allowed, not {0}; write one SELECT.")]
    NotAQuery(String),
    #[error("{what} is not allowed; {instead}.")]
    NotAllowed { what: String, instead: String },
    #[error("There is no table {name}; the tables are {}.", listed(.known))]
    UnknownTable { name: String, known: Vec<String> },
    #[error("There is no table nor alias {name} in this FROM; {}.", in_scope(.known))]
    UnknownRelation { name: String, known: Vec<String> },
    #[error("There is no column {name} in {place}; {hint}.")]
    UnknownColumn { name: String, place: String, hint: String },
    #[error("Column {name} is ambiguous; write which table's it is, as in {} {name}.", examples(.relations))]
    AmbiguousColumn { name: String, relations: Vec<String> },
    #[error("Function {name} is not available; {instead}.")]
    UnknownFunction { name: String, instead: String },
    #[error("The query does not mean the same when it is printed back; write it in a simpler way.")]
    Unprintable,
}

impl Refusal {
    pub(super) fn not_allowed(what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self::NotAllowed { what: what.into(), instead: instead.into() }
    }
}

/// More names than this do not help a model, and fill its context.
const MOST_NAMES: usize = 40;

pub(super) fn listed(names: &[String]) -> String {
    match names.len() {
        0 => "none".to_owned(),
        count if count <= MOST_NAMES => names.join(", "),
        count => format!("{} and {} more", names[..MOST_NAMES].join(", "), count - MOST_NAMES),
    }
}

fn in_scope(names: &[String]) -> String {
    if names.is_empty() { "it has no table".to_owned() } else { format!("it has {}", listed(names)) }
}

fn examples(relations: &[String]) -> String {
    relations.iter().take(4).map(|relation| format!("{relation}.")).collect::<Vec<_>>().join(" or ")
}
