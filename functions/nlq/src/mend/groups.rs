//! What must be grouped or ordered by, and conditions that contradict themselves.

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, FunctionArguments, GroupByExpr, OrderBy, OrderByKind, Select, SelectItem, Value,
    ValueWithSpan,
};

use super::{
    and, conjuncts, each_expr,
    functions::call,
    grouping,
    joins::ordering,
    scope::{Frame, first_argument, resolve},
};
use crate::{links::Links, terms::words};

const AGGREGATES: [&str; 22] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "count_if",
    "arbitrary",
    "any_value",
    "array_agg",
    "approx_distinct",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "variance",
    "var_pop",
    "var_samp",
    "min_by",
    "max_by",
    "bool_and",
    "bool_or",
    "approx_percentile",
    "listagg",
];

pub(super) fn mend(
    select: &mut Select,
    order_by: Option<&mut OrderBy>,
    frames: &[Frame],
    links: &Links,
    question: &str,
) {
    both_of_two(select, frames, links, question);
    row_of_the_extreme(select);
    let mut order_by = order_by;
    group_by_what_is_selected(select, order_by.as_deref_mut(), frames);
    distinct_and_ordered(select, order_by);
}

/// `x = 1 AND x = 2` holds for no row: those are meant that have rows of both. So are they by `x IN (1, 2)`, where the
/// question says "both", or "1 and 2" of something that has many rows.
fn both_of_two(select: &mut Select, frames: &[Frame], links: &Links, question: &str) {
    let Some(selection) = &select.selection else { return };
    let is_plain = select
        .projection
        .iter()
        .all(|item| matches!(item, SelectItem::UnnamedExpr(expr) if resolve(expr, frames).is_some()));
    if !is_plain || select.having.is_some() || !grouping(select).is_empty() {
        return;
    }
    let mut rest = Vec::new();
    let mut wanted: Vec<(Expr, Vec<Expr>)> = Vec::new();
    for part in conjuncts(selection) {
        let are_both = |(column, values): &(Expr, Vec<Expr>)| {
            words(question).iter().any(|word| word == "both")
                || (says_and(question, values) && has_many(select, column, frames, links))
        };
        if let Some((column, values)) = either(part).filter(are_both) {
            wanted.push((column, values));
            continue;
        }
        match equality(part) {
            Some((column, value)) => match wanted.iter_mut().find(|(known, _)| known == column) {
                Some((_, values)) if !values.contains(value) => values.push(value.clone()),
                Some(_) => {}
                None => wanted.push((column.clone(), vec![value.clone()])),
            },
            None => rest.push(part.clone()),
        }
    }
    let Some(double) = wanted.iter().position(|(_, values)| values.len() == 2) else { return };
    let (column, values) = wanted.remove(double);
    rest.extend(
        wanted
            .into_iter()
            .flat_map(|(column, values)| values.into_iter().map(move |value| equal(column.clone(), value))),
    );
    rest.push(Expr::InList { expr: Box::new(column.clone()), list: values, negated: false });
    select.selection = rest.into_iter().reduce(and);
    let columns: Vec<Expr> = projected(select).cloned().collect();
    select.group_by = GroupByExpr::Expressions(columns, Vec::new());
    select.distinct = None;
    let mut count = call("count", vec![column]);
    if let Expr::Function(function) = &mut count
        && let FunctionArguments::List(list) = &mut function.args
    {
        list.duplicate_treatment = Some(sqlparser::ast::DuplicateTreatment::Distinct);
    }
    select.having = Some(equal(count, Expr::value(Value::Number("2".to_owned(), false))));
}

/// `SELECT name, max(age)` without groups is, in SQLite, the name in the row of the highest age.
fn row_of_the_extreme(select: &mut Select) {
    if !grouping(select).is_empty() {
        return;
    }
    let extremes: Vec<(String, Expr)> = projected(select).filter_map(extreme).collect();
    let [(name, of)] = extremes.as_slice() else { return };
    let others = projected(select).filter(|expr| extreme(expr).is_none()).count();
    let are_columns = projected(select).filter(|expr| extreme(expr).is_none()).all(is_column);
    if others == 0 || !are_columns {
        return;
    }
    let by = if name == "max" { "max_by" } else { "min_by" };
    for item in &mut select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else { continue };
        if is_column(expr) {
            *expr = call(by, vec![expr.clone(), of.clone()]);
        }
    }
}

/// Columns beside an aggregate are grouped by; what is ordered by without being grouped has any value of the group.
fn group_by_what_is_selected(select: &mut Select, order_by: Option<&mut OrderBy>, frames: &[Frame]) {
    let is_grouped = !grouping(select).is_empty();
    let is_ordered_by_aggregate = || ordering(order_by.as_deref()).iter().any(|by| has_aggregate(&by.expr));
    if !is_grouped && !projected(select).any(has_aggregate) && !is_ordered_by_aggregate() {
        return;
    }
    let missing: Vec<Expr> = projected(select)
        .enumerate()
        .filter(|(index, expr)| is_column(expr) && !is_grouped_by(select, expr, index + 1, frames))
        .map(|(_, expr)| expr.clone())
        .collect();
    if let GroupByExpr::Expressions(by, _) = &mut select.group_by {
        for expr in missing {
            if !by.contains(&expr) {
                by.push(expr);
            }
        }
    }
    let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = order_by else { return };
    if grouping(select).is_empty() {
        return;
    }
    for by in by {
        let is_alias = matches!(&by.expr, Expr::Identifier(name) if frames.last().is_some_and(|frame| frame.alias(&name.value).is_some()));
        if is_column(&by.expr) && !is_alias && !is_grouped_by(select, &by.expr, 0, frames) {
            by.expr = call("arbitrary", vec![by.expr.clone()]);
        }
    }
}

/// `SELECT DISTINCT a ORDER BY b`: Athena wants what is ordered by to be selected.
fn distinct_and_ordered(select: &mut Select, order_by: Option<&mut OrderBy>) {
    if !matches!(select.distinct, Some(Distinct::Distinct)) || !grouping(select).is_empty() {
        return;
    }
    let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = order_by else { return };
    let selected: Vec<Expr> = projected(select).cloned().collect();
    let is_selected = |expr: &Expr| {
        selected.contains(expr)
            || matches!(expr, Expr::Value(_))
            || select.projection.iter().any(|item| matches!((item, expr), (SelectItem::ExprWithAlias { alias, .. }, Expr::Identifier(name)) if alias.value.eq_ignore_ascii_case(&name.value)))
    };
    let all_columns = selected.len() == select.projection.len() && selected.iter().all(is_column);
    if !all_columns || by.iter().all(|by| is_selected(&by.expr)) {
        return;
    }
    for by in by.iter_mut().filter(|by| !is_selected(&by.expr)) {
        let extreme = if by.options.asc == Some(false) { "max" } else { "min" };
        by.expr = call(extreme, vec![by.expr.clone()]);
    }
    select.distinct = None;
    select.group_by = GroupByExpr::Expressions(selected, Vec::new());
}

fn is_grouped_by(select: &Select, expr: &Expr, place: usize, frames: &[Frame]) -> bool {
    let same = |by: &Expr| match (resolve(by, frames), resolve(expr, frames)) {
        (Some((one, first)), Some((other, second))) => one.alias == other.alias && first.name == second.name,
        _ => by == expr,
    };
    let is_place = |by: &Expr| matches!(by, Expr::Value(ValueWithSpan { value: Value::Number(number, _), .. }) if *number == place.to_string());
    // Grouping sets and the like say for themselves what they group.
    grouping(select)
        .iter()
        .any(|by| same(by) || is_place(by) || matches!(by, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_)))
}

pub(super) fn projected(select: &Select) -> impl Iterator<Item = &Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    })
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
}

pub(super) fn has_aggregate(expr: &Expr) -> bool {
    let mut found = false;
    each_expr(expr, |expr| {
        if let Expr::Function(function) = expr {
            let name = function.name.to_string().to_ascii_lowercase();
            found |= function.over.is_none() && AGGREGATES.contains(&name.as_str());
        }
    });
    found
}

/// A bare `max(x)` or `min(x)`.
fn extreme(expr: &Expr) -> Option<(String, Expr)> {
    let Expr::Function(function) = expr else { return None };
    let name = function.name.to_string().to_ascii_lowercase();
    let is_extreme = matches!(name.as_str(), "max" | "min") && function.over.is_none();
    is_extreme.then(|| first_argument(function).cloned()).flatten().map(|of| (name, of))
}

/// Whether the question names two values with "and" between them.
fn says_and(question: &str, values: &[Expr]) -> bool {
    let question = question.to_lowercase();
    let mut places: Vec<(usize, usize)> = values
        .iter()
        .filter_map(|value| match value {
            Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text) | Value::Number(text, _), .. }) => {
                question.find(&text.trim().to_lowercase()).map(|at| (at, at + text.trim().len()))
            }
            _ => None,
        })
        .collect();
    places.sort_unstable();
    let [(_, from), (to, _)] = places.as_slice() else { return false };
    let between = question.get(*from..*to).map(words).unwrap_or_default();
    between.iter().any(|word| word == "and") && !between.iter().any(|word| word == "or")
}

/// Whether what is selected may have several rows with the column: another table's to which the column's refers, or the
/// reference itself.
fn has_many(select: &Select, column: &Expr, frames: &[Frame], links: &Links) -> bool {
    let Some((many, _)) = resolve(column, frames) else { return false };
    let Some(table) = &many.table else { return false };
    projected(select).all(|shown| {
        let Some((one, field)) = resolve(shown, frames) else { return false };
        links.references_of(table).any(|(here, there)| {
            let is_reference = one.alias == many.alias && here.column.eq_ignore_ascii_case(&field.name);
            is_reference || one.table.as_ref().is_some_and(|table| there.table.eq_ignore_ascii_case(table))
        })
    })
}

/// A column that has one of two values.
fn either(expr: &Expr) -> Option<(Expr, Vec<Expr>)> {
    match expr {
        Expr::Nested(inner) => either(inner),
        Expr::InList { expr, list, negated: false } if is_column(expr) && list.len() == 2 => {
            Some(((**expr).clone(), list.clone()))
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => {
            let ((one, first), (other, second)) = (equality(left)?, equality(right)?);
            (one == other && first != second).then(|| (one.clone(), vec![first.clone(), second.clone()]))
        }
        _ => None,
    }
}

fn equality(expr: &Expr) -> Option<(&Expr, &Expr)> {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right }
            if is_column(left) && matches!(**right, Expr::Value(_)) =>
        {
            Some((left, right))
        }
        _ => None,
    }
}

fn equal(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::Eq, right: Box::new(right) }
}
