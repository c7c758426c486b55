//! DataFusion's errors in Athena's words: a name, a place, and a sentence that says what is wrong.

mod kinds;
mod sentences;

use datafusion::{
    arrow::error::ArrowError,
    common::{Column, SchemaError, Span},
    error::DataFusionError,
    sql::sqlparser::tokenizer::TokenWithSpan,
};

use self::kinds::between;
use super::{
    catalog::{self, Catalog},
    place::{Place, name_at},
    statement,
};
use crate::{Error, QueryError};

/// What is known of a query when it fails.
pub(crate) struct Fault<'a> {
    pub(crate) sql: &'a str,
    pub(crate) catalog: &'a Catalog,
    pub(crate) database: &'a str,
    pub(crate) memory_bytes: usize,
}

/// A file that was attached has gone, or is no longer what it was.
pub(crate) fn unreadable(error: &Error) -> QueryError {
    QueryError::Engine(format!("HIVE_CANNOT_OPEN_SPLIT: {error}"))
}

impl Fault<'_> {
    pub(crate) fn of(&self, error: &DataFusionError) -> QueryError {
        let words = Words { fault: self, tokens: statement::tokens(self.sql).unwrap_or_default() };
        words.say(error, None)
    }
}

struct Words<'a> {
    fault: &'a Fault<'a>,
    tokens: Vec<TokenWithSpan>,
}

impl Words<'_> {
    fn say(&self, error: &DataFusionError, span: Option<Span>) -> QueryError {
        match error {
            DataFusionError::Diagnostic(diagnostic, inner) => {
                let counts =
                    diagnostic.notes.iter().filter_map(|note| between(&note.message, "this side has ", " fields"));
                let counts: Vec<_> = counts.collect();
                match (between(&diagnostic.message, "", " queries have different number of columns"), counts.is_empty())
                {
                    (Some(set), false) => {
                        let place = Place::of_sign(&self.tokens, set).unwrap_or(Place::START);
                        let counts = counts.join(", ");
                        user("TYPE_MISMATCH", &format!("{place}: {set} query has different number of fields: {counts}"))
                    }
                    _ => self.say(inner, diagnostic.span.or(span)),
                }
            }
            DataFusionError::Context(_, inner) => self.say(inner, span),
            DataFusionError::Shared(inner) => self.say(inner, span),
            DataFusionError::Collection(errors) => match errors.first() {
                Some(first) => self.say(first, span),
                None => internal("no error"),
            },
            DataFusionError::External(inner) => match inner.downcast_ref::<DataFusionError>() {
                Some(inner) => self.say(inner, span),
                None => self.of_external(inner.as_ref(), span),
            },
            DataFusionError::SchemaError(inner, _) => self.of_schema(inner, span),
            DataFusionError::ArrowError(inner, _) => self.of_arrow(inner, span),
            DataFusionError::ResourcesExhausted(_) => self.exhausted(),
            DataFusionError::Plan(text) | DataFusionError::Configuration(text) => {
                self.of_text(text, span, "SYNTAX_ERROR")
            }
            DataFusionError::NotImplemented(text) => self.of_text(text, span, "NOT_SUPPORTED"),
            DataFusionError::Execution(text) => self.of_text(text, span, "GENERIC_USER_ERROR"),
            DataFusionError::Internal(text) => self.of_text(text, span, "GENERIC_INTERNAL_ERROR"),
            DataFusionError::SQL(inner, _) => self.of_text(&inner.to_string(), span, "SYNTAX_ERROR"),
            other => internal(&other.strip_backtrace()),
        }
    }

    /// What our own checks say is said already.
    fn of_external(&self, error: &(dyn std::error::Error + Send + Sync + 'static), span: Option<Span>) -> QueryError {
        if let Some(said) = error.downcast_ref::<QueryError>() {
            return said.clone();
        }
        self.of_text(&error.to_string(), span, "GENERIC_USER_ERROR")
    }

    /// What our own functions say begins with the name of one of Athena's errors. Those of types lack their place.
    fn of_named(&self, name: &str, message: &str) -> QueryError {
        let is_of_types = matches!(name, "FUNCTION_NOT_FOUND" | "TYPE_MISMATCH");
        if !is_of_types || message.starts_with("line ") {
            return user(name, message);
        }
        let place = between(message, "for function ", ".").and_then(|name| Place::of_call(&self.tokens, name));
        user(name, &format!("{}: {message}", place.unwrap_or(Place::START)))
    }

    fn exhausted(&self) -> QueryError {
        let megabytes = self.fault.memory_bytes >> 20;
        QueryError::Engine(format!("EXCEEDED_MEMORY_LIMIT: Query exceeded the memory limit of {megabytes}MB"))
    }

    fn of_arrow(&self, error: &ArrowError, span: Option<Span>) -> QueryError {
        match error {
            ArrowError::DivideByZero => user("DIVISION_BY_ZERO", "Division by zero"),
            ArrowError::ArithmeticOverflow(text) => user("NUMERIC_VALUE_OUT_OF_RANGE", text),
            ArrowError::ExternalError(inner) => match inner.downcast_ref::<DataFusionError>() {
                Some(inner) => self.say(inner, span),
                None => self.of_external(inner.as_ref(), span),
            },
            other => self.of_text(&text_of(other), span, "GENERIC_USER_ERROR"),
        }
    }

    fn of_schema(&self, error: &SchemaError, span: Option<Span>) -> QueryError {
        match error {
            SchemaError::FieldNotFound { field, .. } => self.unknown_column(field, span),
            SchemaError::AmbiguousReference { field } => {
                let place = self.place_of(field, span);
                user("AMBIGUOUS_NAME", &format!("{place}: Column '{}' is ambiguous", field.name))
            }
            SchemaError::DuplicateQualifiedField { name, .. } | SchemaError::DuplicateUnqualifiedField { name } => {
                let place = self.place(span, &[name]);
                user("AMBIGUOUS_NAME", &format!("{place}: Column '{name}' is ambiguous"))
            }
        }
    }

    fn unknown_column(&self, column: &Column, span: Option<Span>) -> QueryError {
        let place = self.place_of(column, span);
        let name = match &column.relation {
            Some(relation) => format!("{}.{}", relation.table(), column.name),
            None => column.name.clone(),
        };
        let rest = "cannot be resolved or requester is not authorized to access requested resources";
        user("COLUMN_NOT_FOUND", &format!("{place}: Column '{name}' {rest}"))
    }

    fn unknown_table(&self, name: &str) -> QueryError {
        let parts: Vec<_> = name.split('.').collect();
        let (catalog, database, table) = match parts.as_slice() {
            [catalog, database, table @ ..] if !table.is_empty() => (*catalog, *database, table.join(".")),
            [database, table] => (catalog::NAME, *database, (*table).to_owned()),
            _ => (catalog::NAME, self.fault.database, name.to_owned()),
        };
        let written = [vec![catalog, database, &table], vec![database, &table], vec![&table]];
        let place = written.iter().find_map(|parts| Place::of_name(&self.tokens, parts)).unwrap_or(Place::START);
        if !catalog.eq_ignore_ascii_case(catalog::NAME) {
            return user("CATALOG_NOT_FOUND", &format!("{place}: Catalog '{catalog}' does not exist"));
        }
        if self.fault.catalog.database(database).is_none() {
            return user("SCHEMA_NOT_FOUND", &format!("{place}: Schema '{database}' does not exist"));
        }
        user("TABLE_NOT_FOUND", &format!("{place}: Table '{catalog}.{database}.{table}' does not exist"))
    }

    fn not_grouped(&self, text: &str, span: Option<Span>) -> QueryError {
        let name = between(text, "column \"", "\"").or_else(|| between(text, "the column ", " ")).unwrap_or_default();
        let column = Column::from_qualified_name(name);
        let place = self.place_of(&column, span);
        let name = name_at(&self.tokens, place).unwrap_or(column.name);
        let rest = "must be an aggregate expression or appear in GROUP BY clause";
        user("EXPRESSION_NOT_AGGREGATE", &format!("{place}: '{name}' {rest}"))
    }

    fn place_of(&self, column: &Column, span: Option<Span>) -> Place {
        let span = span.or_else(|| column.spans.first());
        match &column.relation {
            Some(relation) if span.is_none() => {
                let qualified = Place::of_name(&self.tokens, &[relation.table(), &column.name]);
                qualified.unwrap_or_else(|| self.place(None, &[&column.name]))
            }
            _ => self.place(span, &[&column.name]),
        }
    }

    fn place(&self, span: Option<Span>, parts: &[&str]) -> Place {
        span.map(at).or_else(|| Place::of_name(&self.tokens, parts)).unwrap_or(Place::START)
    }
}

fn at(span: Span) -> Place {
    Place { line: span.start.line, column: span.start.column }
}

fn user(name: &str, text: &str) -> QueryError {
    QueryError::User(format!("{name}: {text}"))
}

fn internal(text: &str) -> QueryError {
    QueryError::Engine(format!("GENERIC_INTERNAL_ERROR: {text}"))
}

fn text_of(error: &ArrowError) -> String {
    match error {
        ArrowError::CastError(text)
        | ArrowError::ParseError(text)
        | ArrowError::ComputeError(text)
        | ArrowError::InvalidArgumentError(text)
        | ArrowError::SchemaError(text)
        | ArrowError::MemoryError(text)
        | ArrowError::NotYetImplemented(text) => text.clone(),
        other => other.to_string(),
    }
}
