//! Most of DataFusion's errors are sentences and nothing more. Those that a query can bring about are known here.

use datafusion::{
    common::{Column, Span},
    sql::sqlparser::keywords::Keyword,
};

use super::{
    Words, at, internal,
    kinds::{arrow_names, between, cast_error, named, operand_name, trino_name},
    user,
};
use crate::{
    QueryError,
    engine::place::{Place, beside, is_keyword},
    strict,
};

/// Longer ones before those that they contain.
const SIGNS: [&str; 13] = ["<=", ">=", "!=", "=", "<", ">", "+", "-", "*", "/", "%", "AND", "OR"];

/// What is left in a plan of a subquery that could not be turned into a join.
const SUBQUERIES: [&str; 4] = ["ScalarSubquery", "OuterReferenceColumn", "Exists", "InSubquery"];

impl Words<'_> {
    /// `otherwise` names the error where the sentence is not known.
    pub(super) fn of_text(&self, text: &str, span: Option<Span>, otherwise: &str) -> QueryError {
        let whole = text;
        let text = text.split("\nThis issue was likely caused by").next().unwrap_or(text);
        // What our own functions say comes wrapped in what DataFusion says.
        let inner = text.rsplit_once("External error: ").map_or(text, |(_, inner)| inner);
        let inner = inner.split(". No function matches the given name").next().unwrap_or(inner);
        if let Some((name, message)) = named(inner) {
            return self.of_named(name, message);
        }
        let line = text.lines().next().unwrap_or_default();
        let known =
            self.of_names(line, text, span).or_else(|| self.of_types(whole)).or_else(|| self.of_clauses(line, span));
        if let Some(known) = known.or_else(|| cast_error(line)) {
            return known;
        }
        match otherwise {
            "GENERIC_INTERNAL_ERROR" => internal(text.trim()),
            "SYNTAX_ERROR" | "NOT_SUPPORTED" => {
                let place = span.map_or(Place::START, at);
                user(otherwise, &format!("{place}: {}", text.trim()))
            }
            _ => user(otherwise, text.trim()),
        }
    }

    /// What is named and is not there.
    fn of_names(&self, line: &str, text: &str, span: Option<Span>) -> Option<QueryError> {
        if let Some(name) = between(line, "table function '", "' not found") {
            let place = Place::of_call(&self.tokens, name).unwrap_or(Place::START);
            return Some(user("FUNCTION_NOT_FOUND", &format!("{place}: Table function '{name}' not registered")));
        }
        if let Some(name) = between(line, "table '", "' not found") {
            return Some(self.unknown_table(name));
        }
        if let Some(name) = between(line, "Invalid function '", "'") {
            let place = span.map_or_else(|| Place::of_call(&self.tokens, name), |span| Some(at(span)));
            let place = place.unwrap_or(Place::START);
            return Some(user("FUNCTION_NOT_FOUND", &format!("{place}: Function '{name}' not registered")));
        }
        if let Some(name) = between(line, "No field named ", ".") {
            return Some(self.unknown_column(&Column::from_qualified_name(name.trim_end_matches('.')), span));
        }
        if let Some(name) = line.strip_prefix("Invalid qualifier ") {
            let place = Place::of_name(&self.tokens, &[name.trim()]).unwrap_or(Place::START);
            return Some(user("COLUMN_NOT_FOUND", &format!("{place}: Unable to resolve reference {name}")));
        }
        if let Some(name) = between(line, "WITH query name \"", "\" specified more than once") {
            let place = Place::of_name(&self.tokens, &[name]).unwrap_or(Place::START);
            return Some(user(
                "DUPLICATE_NAMED_QUERY",
                &format!("{place}: WITH query name '{name}' specified more than once"),
            ));
        }
        line.contains("must be in GROUP BY or an aggregate function").then(|| self.not_grouped(text, span))
    }

    /// What stands in a clause and may not.
    fn of_clauses(&self, line: &str, span: Option<Span>) -> Option<QueryError> {
        let at_keyword = |keyword| Place::of_keyword(&self.tokens, keyword).unwrap_or(Place::START);
        if line.contains("Divide by zero") {
            return Some(user("DIVISION_BY_ZERO", "Division by zero"));
        }
        if line.contains("Scalar subquery returned more than one row") {
            return Some(user("SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows"));
        }
        if line.contains("the query was stopped") {
            return Some(QueryError::Engine("USER_CANCELED: Query was canceled".to_owned()));
        }
        if line.starts_with("Physical plan does not support logical expression")
            && SUBQUERIES.iter().any(|kind| line.contains(kind))
        {
            let place = self.place_of_subquery();
            return Some(user("NOT_SUPPORTED", &format!("{place}: Given correlated subquery is not supported")));
        }
        if line.contains("Aggregate functions are not allowed in the WHERE clause") {
            let place = at_keyword(Keyword::WHERE);
            let message = "WHERE clause cannot contain aggregations, window functions or grouping operations";
            return Some(user("EXPRESSION_NOT_SCALAR", &format!("{place}: {message}; use HAVING for aggregations")));
        }
        if line.starts_with("Aggregate function calls cannot be nested") {
            let place = span.map_or(Place::START, at);
            return Some(user("NESTED_AGGREGATION", &format!("{place}: Cannot nest aggregations inside aggregation")));
        }
        if let Some(number) = between(line, "Order by column out of bounds, specified: ", ",") {
            let place = at_keyword(Keyword::ORDER);
            return Some(user(
                "INVALID_COLUMN_REFERENCE",
                &format!("{place}: ORDER BY position {number} is not in select list"),
            ));
        }
        if let Some(name) = between(line, "For SELECT DISTINCT, ORDER BY expressions ", " must appear in select list") {
            let place = self.place_of(&Column::from_qualified_name(name), None);
            let message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list";
            return Some(user("EXPRESSION_NOT_IN_DISTINCT", &format!("{place}: {message}")));
        }
        if line.starts_with("Too many columns! The subquery should only return one column") {
            let count = line.split(',').count();
            let place = self.place_of_subquery();
            return Some(user(
                "NOT_SUPPORTED",
                &format!("{place}: Multiple columns returned by subquery are not yet supported. Found {count}"),
            ));
        }
        None
    }

    fn place_of_subquery(&self) -> Place {
        let mut selects = self.tokens.iter().filter(|token| token.token.to_string().eq_ignore_ascii_case("select"));
        selects.nth(1).map_or(Place::START, |token| token.span.start.into())
    }

    /// Where DataFusion itself finds that types do not fit, before the plan is there to be checked.
    fn of_types(&self, text: &str) -> Option<QueryError> {
        let line = text.lines().next().unwrap_or_default();
        if let Some(call) = between(text, "No function matches the given name and argument types '", "'.") {
            let (name, arguments) = call.split_once('(')?;
            let given = arrow_names(arguments.strip_suffix(')')?).join(", ");
            let place = Place::of_call(&self.tokens, name).unwrap_or(Place::START);
            let expected = strict::expected(name).map(|expected| format!(". Expected: {expected}")).unwrap_or_default();
            return Some(user(
                "FUNCTION_NOT_FOUND",
                &format!("{place}: Unexpected parameters ({given}) for function {name}{expected}"),
            ));
        }
        if let Some(predicate) =
            line.split_once("Cannot create filter with non-boolean predicate '").map(|(_, rest)| rest)
        {
            let (name, kind) = predicate.split_once("' returning ")?;
            let clause = self.tokens.iter().position(|token| is_keyword(&token.token, Keyword::WHERE)).unwrap_or(0);
            let column = Column::from_qualified_name(name);
            let place = Place::of_name(&self.tokens[clause..], &[&column.name]).unwrap_or(Place::START);
            let kind = trino_name(kind.trim());
            return Some(user(
                "TYPE_MISMATCH",
                &format!("{place}: WHERE clause must evaluate to a boolean: actual type {kind}"),
            ));
        }
        if let Some(kind) = line.strip_prefix("Unary operator 'NOT' requires a boolean expression, got ") {
            let place = Place::of_keyword(&self.tokens, Keyword::NOT).unwrap_or(Place::START);
            let kind = trino_name(kind.trim());
            let message = format!("Value of logical NOT expression must evaluate to a boolean (actual: {kind})");
            return Some(user("TYPE_MISMATCH", &format!("{place}: {message}")));
        }
        let operation = between(line, "Cannot coerce arithmetic expression ", " to valid types").or_else(|| {
            line.split_once("Cannot infer common argument type for ")
                .and_then(|(_, rest)| rest.split_once(" operation "))
                .map(|(_, operation)| operation)
        })?;
        let sign = SIGNS.into_iter().find(|sign| operation.contains(&format!(" {sign} ")))?;
        let (left, right) = operation.split_once(&format!(" {sign} "))?;
        let place = Place::of_sign(&self.tokens, sign).unwrap_or(Place::START);
        let sign = if sign == "!=" { "<>" } else { sign };
        let (before, after) = beside(&self.tokens, place);
        let (left, right) = (operand_name(left, before), operand_name(right, after));
        Some(user("TYPE_MISMATCH", &format!("{place}: Cannot apply operator: {left} {sign} {right}")))
    }
}
