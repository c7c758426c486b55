//! What Athena's syntax allows. `sqlparser` has no dialect for it: this is its generic one without what others know.

use std::any::TypeId;

use datafusion::sql::sqlparser::{
    ast::Expr,
    dialect::{Dialect, GenericDialect},
    parser::{Parser, ParserError},
};

use crate::functions;

#[derive(Debug)]
pub(crate) struct Athena;

impl Dialect for Athena {
    /// The parser asks for the generic dialect by its type where it has no method to ask.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    /// A backquote is a syntax error in a query; Hive's statements, which have them, are not run here.
    fn is_delimited_identifier_start(&self, letter: char) -> bool {
        letter == '"'
    }

    fn is_identifier_start(&self, letter: char) -> bool {
        letter.is_alphabetic() || letter == '_'
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        letter.is_alphanumeric() || letter == '_'
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        functions::parse_prefix(parser)
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_left_associative_joins_without_parens(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_within_after_array_aggregation(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_values_as_table_factor(&self) -> bool {
        true
    }
}
