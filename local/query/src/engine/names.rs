//! What the columns of a result are called: as the query spells them, and `_col0`, `_col1` … where it gives no name.

use std::ops::ControlFlow;

use datafusion::{
    common::DFSchema,
    sql::sqlparser::ast::{Expr, Ident, Query, Select, SelectItem, SetExpr, Statement, VisitMut, VisitorMut},
};

/// Stands in a name for "and its number depends on what `*` stands for".
const AFTER_WILDCARD: &str = "_col*";

/// Follows a name that the same list has already, which DataFusion does not allow.
const AGAIN: char = '\u{1}';

/// The names that the query itself gives, up to its first `*` and from its last.
#[derive(Debug, Default)]
pub(crate) struct Names {
    first: Vec<String>,
    last: Vec<String>,
}

impl Names {
    /// Reads them off a query whose identifiers are still spelled as they were written.
    pub(crate) fn written(query: &Query) -> Self {
        let Some(select) = leftmost(&query.body) else { return Self::default() };
        let is_wildcard =
            |item: &&SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
        let count = select.projection.len();
        let before = select.projection.iter().position(|item| is_wildcard(&item)).unwrap_or(count);
        let after = select.projection.iter().rposition(|item| is_wildcard(&item)).map_or(count, |place| place + 1);
        let named =
            |(number, item): (usize, &SelectItem)| written(item).unwrap_or_else(|| anonymous(number, number > before));
        Self {
            first: select.projection.iter().enumerate().take(before).map(named).collect(),
            last: select.projection.iter().enumerate().skip(after).map(named).collect(),
        }
    }

    /// The names of all columns of a result.
    pub(crate) fn of(&self, schema: &DFSchema) -> Vec<String> {
        let count = schema.fields().len();
        let fields = schema.fields().iter().enumerate();
        fields
            .map(|(number, field)| {
                let from_end = (number + self.last.len()).checked_sub(count);
                let given = self.first.get(number).or_else(|| from_end.and_then(|place| self.last.get(place)));
                let name = given.unwrap_or(field.name());
                if name.starts_with(AFTER_WILDCARD) { anonymous(number, false) } else { once(name) }
            })
            .collect()
    }
}

fn once(name: &str) -> String {
    name.split(AGAIN).next().unwrap_or(name).to_owned()
}

fn anonymous(number: usize, after_wildcard: bool) -> String {
    if after_wildcard { format!("{AFTER_WILDCARD}{number}") } else { format!("_col{number}") }
}

fn leftmost(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => leftmost(&query.body),
        SetExpr::SetOperation { left, .. } => leftmost(left),
        _ => None,
    }
}

fn written(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().map(|name| name.value.clone()),
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        _ => None,
    }
}

/// Gives every column of every `SELECT` the name that Athena would give it.
pub(crate) fn label(statement: &mut Statement) {
    let _ = statement.visit(&mut Labels);
}

struct Labels;

impl VisitorMut for Labels {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let mut after_wildcard = false;
        let mut seen: Vec<String> = Vec::new();
        for (number, item) in select.projection.iter_mut().enumerate() {
            after_wildcard |= matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
            let name = written(item).map(|name| name.to_lowercase());
            let again = name.as_ref().is_some_and(|name| seen.contains(name));
            let label = match name {
                Some(name) if again => Some(format!("{name}{AGAIN}{number}")),
                Some(name) => {
                    seen.push(name);
                    None
                }
                None => Some(anonymous(number, after_wildcard)),
            };
            let Some(label) = label else { continue };
            match item {
                SelectItem::UnnamedExpr(expression) => {
                    let null = Expr::Value(datafusion::sql::sqlparser::ast::Value::Null.into());
                    let expr = std::mem::replace(expression, null);
                    *item = SelectItem::ExprWithAlias { expr, alias: Ident::with_quote('"', label) };
                }
                SelectItem::ExprWithAlias { alias, .. } => *alias = Ident::with_quote('"', label),
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}
