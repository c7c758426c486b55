//! Turns what Athena's syntax has and DataFusion's planner lacks, or plans otherwise, into what DataFusion understands.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::{
    ast::{
        AccessExpr, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType, DateTimeField, ExactNumberInfo, Expr,
        Fetch, Function, FunctionArgumentClause, FunctionArguments, LimitClause, Query, Spanned, Statement, Subscript,
        TableFactor, TrimWhereField, TypedString, UnaryOperator, Value, VisitMut, VisitorMut,
    },
    tokenizer::Span,
};

use super::{
    aggregates::{MAX_N, MIN_N},
    aggregates_by::{MAX_BY_N, MIN_BY_N},
    arrays::SUBSCRIPT,
    cast::{CAST, TRY_CAST},
    dates::extracting,
    lambdas::TRY,
    maps::MAP,
    names::is_athenas,
    parts::{MOST_PARTS, ORDINALS, PARTS},
    syntax::{arguments, call, name, number, text, thunk},
};
use crate::QueryError;

/// Called once the columns of the result have their names, and before planning.
///
/// # Errors
///
/// What Trino's grammar does not have though the parser reads it, and functions that Athena does not have.
pub(crate) fn rewrite(statement: &mut Statement) -> Result<(), QueryError> {
    match statement.visit(&mut Rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = QueryError;

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<QueryError> {
        let span = expression.span();
        let taken = std::mem::replace(expression, Expr::Value(Value::Null.into()));
        match rewritten(taken, span) {
            Ok(rewritten) => {
                *expression = rewritten;
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<QueryError> {
        // FETCH FIRST 5 ROWS ONLY is LIMIT 5.
        if let Some(Fetch { with_ties: false, percent: false, quantity }) = &query.fetch {
            let count = quantity.clone().unwrap_or_else(|| number(1));
            match &mut query.limit_clause {
                Some(LimitClause::LimitOffset { limit, .. }) => *limit = Some(count),
                _ => {
                    query.limit_clause =
                        Some(LimitClause::LimitOffset { limit: Some(count), offset: None, limit_by: Vec::new() });
                }
            }
            query.fetch = None;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<QueryError> {
        if let TableFactor::UNNEST { array_exprs, with_ordinality, alias, .. } = factor {
            let columns = alias.as_ref().map_or(0, |alias| alias.columns.len());
            let columns = columns - usize::from(*with_ordinality && columns > 0);
            // More columns than arrays: a map gives two, an array of rows as many as the rows have.
            if let ([collection], 2..=MOST_PARTS) = (&array_exprs[..], columns) {
                *array_exprs = PARTS[..columns].iter().map(|part| call(part, vec![collection.clone()])).collect();
            }
            if *with_ordinality {
                *with_ordinality = false;
                array_exprs.push(call(ORDINALS, array_exprs.clone()));
            }
        }
        ControlFlow::Continue(())
    }
}

/// `DECIMAL '12.50'` has the digits that are written: `decimal(4,2)`.
fn decimal_of(literal: &str) -> String {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let (whole, fraction) = literal.split_once('.').unwrap_or((literal, ""));
    format!("decimal({},{})", (digits(whole) + digits(fraction)).max(1), digits(fraction))
}

fn rewritten(expression: Expr, span: Span) -> Result<Expr, QueryError> {
    Ok(match expression {
        Expr::Function(function) => return function_call(function, span),
        Expr::TypedString(TypedString { data_type, value, .. }) => {
            let literal = value.into_string().unwrap_or_default();
            if matches!(data_type, DataType::JSON) {
                return Ok(call("json_parse", vec![text(&literal)]));
            }
            let kind = match data_type {
                DataType::Decimal(ExactNumberInfo::None) => decimal_of(&literal),
                other => other.to_string(),
            };
            call(CAST, vec![text(&literal), text(&kind)])
        }
        Expr::Value(value) => match &value.value {
            // A decimal without exponent, a double with one.
            Value::Number(digits, _) if digits.contains(['e', 'E']) => call(CAST, vec![text(digits), text("double")]),
            _ => Expr::Value(value),
        },
        Expr::Extract { field, expr, .. } => match extracting(&field.to_string()) {
            Some(function) => call(function, vec![*expr]),
            None => return Err(at(span, &format!("Invalid EXTRACT field: {field}"))),
        },
        Expr::Position { expr, r#in } => call("strpos", vec![*r#in, *expr]),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let from = match (substring_from, &substring_for) {
                (None, Some(_)) => Some(number(1)),
                (from, _) => from.map(|from| *from),
            };
            call("substr", [*expr].into_iter().chain(from).chain(substring_for.map(|length| *length)).collect())
        }
        Expr::Trim { expr, trim_where, trim_what, .. } => {
            let function = match trim_where {
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
                Some(TrimWhereField::Both) | None => "trim",
            };
            call(function, [*expr].into_iter().chain(trim_what.map(|what| *what)).collect())
        }
        Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
            call("ceil", vec![*expr])
        }
        Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
            call("floor", vec![*expr])
        }
        Expr::AtTimeZone { timestamp, time_zone } => call("at_timezone", vec![*timestamp, *time_zone]),
        Expr::Array(array) => call("make_array", array.elem),
        Expr::Tuple(values) => call("struct", values),
        Expr::CompoundFieldAccess { root, access_chain } => accesses(*root, access_chain),
        Expr::Interval(interval) => {
            let is_text =
                matches!(&*interval.value, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)));
            match (&interval.leading_field, is_text) {
                (Some(DateTimeField::Week(_) | DateTimeField::Weeks), _) => return Err(mismatched(span, "WEEK")),
                (None, _) | (_, false) => return Err(mismatched(span, &interval.value.to_string())),
                (Some(_), true) => Expr::Interval(interval),
            }
        }
        Expr::Like { negated, any, expr, pattern, escape_char } => {
            let escape = match escape_char.map(|escape| escape.value) {
                Some(Value::SingleQuotedString(escape)) => escape.chars().next(),
                _ => None,
            };
            let pattern = Box::new(like_pattern(*pattern, escape));
            Expr::Like { negated, any, expr, pattern, escape_char: None }
        }
        Expr::Cast { kind: CastKind::DoubleColon, .. } => return Err(mismatched(span, "::")),
        Expr::ILike { .. } => return Err(mismatched(span, "ILIKE")),
        Expr::RLike { .. } => return Err(mismatched(span, "RLIKE")),
        Expr::SimilarTo { .. } => return Err(mismatched(span, "SIMILAR")),
        other => other,
    })
}

fn at(span: Span, message: &str) -> QueryError {
    QueryError::User(format!("SYNTAX_ERROR: line {}:{}: {message}", span.start.line, span.start.column))
}

fn mismatched(span: Span, input: &str) -> QueryError {
    at(span, &format!("mismatched input '{input}'"))
}

/// In Trino nothing escapes unless `ESCAPE` names it; in DataFusion a backslash does, and only that.
fn like_pattern(pattern: Expr, escape: Option<char>) -> Expr {
    let Expr::Value(value) = &pattern else {
        return pattern;
    };
    let Value::SingleQuotedString(written) = &value.value else {
        return pattern;
    };
    let mut escaped = String::new();
    for letter in written.chars() {
        match letter {
            letter if Some(letter) == escape => escaped.push('\\'),
            '\\' => escaped.push_str("\\\\"),
            letter => escaped.push(letter),
        }
    }
    text(&escaped)
}

/// `a[1].b`.
fn accesses(root: Expr, chain: Vec<AccessExpr>) -> Expr {
    chain.into_iter().fold(root, |root, access| match access {
        AccessExpr::Subscript(Subscript::Index { index }) => call(SUBSCRIPT, vec![root, index]),
        AccessExpr::Dot(Expr::Identifier(field)) => call("get_field", vec![root, text(&field.value.to_lowercase())]),
        other => Expr::CompoundFieldAccess { root: Box::new(root), access_chain: vec![other] },
    })
}

fn function_call(mut function: Function, span: Span) -> Result<Expr, QueryError> {
    let name = name(&function);
    if name == CAST || name == TRY_CAST {
        return Ok(Expr::Function(function));
    }
    if !is_athenas(&name) {
        let start = span.start;
        let (line, column) = (start.line, start.column);
        return Err(QueryError::User(format!(
            "FUNCTION_NOT_FOUND: line {line}:{column}: Function '{name}' not registered"
        )));
    }
    let arguments = arguments(&function);
    match (name.as_str(), arguments) {
        ("if", Some(arguments)) if arguments.len() == 2 || arguments.len() == 3 => Ok(case(arguments)),
        ("try", Some(mut arguments)) if arguments.len() == 1 => Ok(call(TRY, arguments.drain(..).map(thunk).collect())),
        ("date", Some(mut arguments)) if arguments.len() == 1 => {
            arguments.push(text("date"));
            Ok(call(CAST, arguments))
        }
        ("mod", Some(mut arguments)) if arguments.len() == 2 => {
            let right = arguments.pop().map(nested).unwrap_or_else(|| number(1));
            let left = arguments.pop().map(nested).unwrap_or_else(|| number(1));
            Ok(nested(Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::Modulo, right: Box::new(right) }))
        }
        ("now" | "current_timestamp", _) => Ok(now("timestamp with time zone")),
        ("localtimestamp", _) => Ok(now("timestamp")),
        ("localtime" | "current_time", _) => Ok(call(CAST, vec![now("timestamp"), text("time")])),
        // DataFusion's ranks and counts are unsigned.
        ("row_number" | "rank" | "dense_rank" | "ntile" | "approx_distinct" | "regr_count", _) => {
            Ok(call(CAST, vec![Expr::Function(function), text("bigint")]))
        }
        ("map", Some(arguments)) => Ok(call(MAP, arguments)),
        ("count_if", Some(mut arguments)) if arguments.len() == 1 => {
            arguments.push(number(1));
            replace(&mut function, "count", vec![case(arguments)]);
            Ok(Expr::Function(function))
        }
        ("max" | "min", Some(arguments)) if arguments.len() == 2 => {
            replace(&mut function, if name == "max" { MAX_N } else { MIN_N }, arguments);
            Ok(Expr::Function(function))
        }
        ("max_by" | "min_by", Some(mut arguments)) if arguments.len() == 3 => {
            arguments.swap(0, 1);
            replace(&mut function, if name == "max_by" { MAX_BY_N } else { MIN_BY_N }, arguments);
            Ok(Expr::Function(function))
        }
        ("none_match", Some(arguments)) => Ok(not(call("any_match", arguments))),
        ("all_match", Some(mut arguments)) => {
            if let Some(Expr::Lambda(lambda)) = arguments.last_mut() {
                let body = std::mem::replace(&mut *lambda.body, Expr::Value(Value::Null.into()));
                *lambda.body = not(body);
            }
            Ok(not(call("any_match", arguments)))
        }
        ("row", Some(arguments)) => Ok(call("struct", arguments)),
        ("listagg", _) => {
            listagg(&mut function);
            Ok(Expr::Function(function))
        }
        _ => Ok(Expr::Function(function)),
    }
}

fn not(expression: Expr) -> Expr {
    nested(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(nested(expression)) })
}

/// Another function of other arguments, with the same FILTER and OVER.
fn replace(function: &mut Function, name: &str, arguments: Vec<Expr>) {
    if let Expr::Function(other) = call(name, arguments) {
        function.name = other.name;
        function.args = other.args;
    }
}

fn nested(expression: Expr) -> Expr {
    Expr::Nested(Box::new(expression))
}

fn now(kind: &str) -> Expr {
    call(CAST, vec![call("now", Vec::new()), text(kind)])
}

fn case(mut arguments: Vec<Expr>) -> Expr {
    let else_result = if arguments.len() == 3 { arguments.pop().map(Box::new) } else { None };
    let mut arguments = arguments.into_iter();
    let conditions = arguments.next().zip(arguments.next()).map(|(condition, result)| CaseWhen { condition, result });
    Expr::Case {
        case_token: datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        end_token: datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions: conditions.into_iter().collect(),
        else_result,
    }
}

/// `listagg(x, ', ') WITHIN GROUP (ORDER BY y)` is DataFusion's `string_agg(x, ', ' ORDER BY y)`.
fn listagg(function: &mut Function) {
    use datafusion::sql::sqlparser::ast::{FunctionArg, FunctionArgExpr, Ident, ObjectName};

    function.name = ObjectName::from(Ident::new("string_agg"));
    let order = std::mem::take(&mut function.within_group);
    if let FunctionArguments::List(list) = &mut function.args {
        if list.args.len() == 1 {
            list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(text(""))));
        }
        list.clauses.retain(|clause| !matches!(clause, FunctionArgumentClause::OnOverflow(_)));
        if !order.is_empty() {
            list.clauses.push(FunctionArgumentClause::OrderBy(order));
        }
    }
}
