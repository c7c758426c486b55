//! Conditions that reach into another table: by a key that is not the one, by a column that the table does not have, or as if
//! there could be but one row.

use shared::sql::guard;
use sqlparser::ast::{BinaryOperator, Expr, Query, Select, SelectItem, SetExpr, TableWithJoins};

use super::{
    Mender, factors, grouping,
    groups::{has_aggregate, projected},
    joins::Known,
    names::{ident, reference},
    scope::{Frame, Kind, resolve},
};
use crate::links::Place;

impl Mender<'_> {
    /// `airlines.name IN (SELECT airline FROM flights)`, where `airline` is the key of an airline, means the key; so it does
    /// on the other side, in `flights.airline = (SELECT name FROM airlines …)`.
    pub(super) fn tie(&self, expr: &mut Expr, frames: &[Frame]) {
        one_of_many(expr);
        match expr {
            Expr::InSubquery { expr, subquery, .. } => self.tie_ends(expr, subquery, frames),
            Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::NotEq, right } => {
                match (&mut **left, &mut **right) {
                    (column, Expr::Subquery(query)) | (Expr::Subquery(query), column) => {
                        self.tie_ends(column, query, frames)
                    }
                    _ => None,
                }
            }
            _ => None,
        };
    }

    /// Only what cannot be compared otherwise.
    fn tie_ends(&self, own: &mut Expr, query: &mut Query, frames: &[Frame]) -> Option<()> {
        let (relation, field) = resolve(own, frames)?;
        let SetExpr::Select(select) = &mut *query.body else { return None };
        let [from] = select.from.as_slice() else { return None };
        let tables: Vec<Known> = factors(from).map(|factor| self.known(factor)).collect::<Option<_>>()?;
        let [SelectItem::UnnamedExpr(shown) | SelectItem::ExprWithAlias { expr: shown, .. }] =
            select.projection.as_slice()
        else {
            return None;
        };
        let (known, column) = self.place_of(shown, &tables)?;
        let kind = Kind::of(&self.subject.schema.table(&known.table)?.column(&column)?.kind);
        if kind == field.kind || kind.is_number() == field.kind.is_number() {
            return None;
        }
        for (here, there) in self.subject.links.between(relation.table.as_ref()?, &known.table) {
            if there.column.eq_ignore_ascii_case(&column) {
                *own = reference(relation, &here.column);
                return Some(());
            }
            if here.column == field.name && grouping(select).is_empty() {
                let key = Expr::CompoundIdentifier(vec![ident(&known.alias), ident(&there.column)]);
                select.projection = vec![SelectItem::UnnamedExpr(key)];
                return Some(());
            }
        }
        None
    }

    /// `student.pet_id IN (SELECT …)`, where it is `has_pet` that has the `pet_id` of a student, means the students in
    /// `has_pet` with such a one.
    pub(super) fn look_up(&self, select: &mut Select, tables: &[Known]) {
        if let Some(selection) = &mut select.selection {
            self.look_up_in(selection, tables);
        }
    }

    fn look_up_in(&self, condition: &mut Expr, tables: &[Known]) {
        match condition {
            Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => {
                self.look_up_in(left, tables);
                self.look_up_in(right, tables);
            }
            Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => self.look_up_in(inner, tables),
            Expr::InSubquery { expr: own, subquery, .. } => {
                let Some((known, name, here, there)) = self.elsewhere(own, tables) else { return };
                **own = Expr::CompoundIdentifier(vec![ident(&known.alias), ident(&here.column)]);
                // It already looks there, only for something else.
                if let SetExpr::Select(inner) = &mut *subquery.body
                    && let [TableWithJoins { relation, joins }] = inner.from.as_slice()
                    && let Some(looked) = self.known(relation).filter(|_| joins.is_empty())
                    && looked.table == there.table
                    && there.column.eq_ignore_ascii_case(&name)
                {
                    let key = Expr::CompoundIdentifier(vec![ident(&looked.alias), ident(&there.column)]);
                    inner.projection = vec![SelectItem::UnnamedExpr(key)];
                    return;
                }
                let [table, column, key] = [&there.table, &name, &there.column].map(|name| ident(name));
                let sql = format!("SELECT {key} FROM {table} WHERE {column} IN ({})", guard::print(subquery));
                if let Ok(query) = guard::parse(&sql) {
                    **subquery = query;
                }
            }
            _ => {}
        }
    }

    /// The one table that has a column which none of the query's has, and how it is linked to one of them.
    fn elsewhere(&self, column: &Expr, tables: &[Known]) -> Option<(Known, String, Place, Place)> {
        let (qualifier, name) = qualified(column)?;
        let is_in = |table: &str| self.subject.schema.table(table).is_some_and(|table| table.column(name).is_some());
        let mut called = tables.iter().filter(|known| qualifier.is_none_or(|qualifier| known.is_called(qualifier)));
        if called.any(|known| is_in(&known.table)) {
            return None;
        }
        let others = self.subject.schema.tables.iter().map(|table| table.name.as_str()).filter(|table| is_in(table));
        let mut linked = others.filter_map(|table| {
            tables.iter().find_map(|known| {
                let (here, there) = *self.subject.links.between(&known.table, table).first()?;
                Some((known.clone(), name.to_owned(), here.clone(), there.clone()))
            })
        });
        let only = linked.next()?;
        linked.next().is_none().then_some(only)
    }

    /// The table that a column is of, where only one has it, and its name there.
    pub(super) fn place_of<'t>(&self, column: &Expr, tables: &'t [Known]) -> Option<(&'t Known, String)> {
        let (qualifier, name) = qualified(column)?;
        let mut having = tables.iter().filter(|known| {
            qualifier.is_none_or(|qualifier| known.is_called(qualifier))
                && self.subject.schema.table(&known.table).is_some_and(|table| table.column(name).is_some())
        });
        let only = having.next()?;
        having.next().is_none().then(|| (only, name.to_owned()))
    }
}

/// `= (SELECT …)` fails with the second row; `IN (SELECT …)` is the same where there is but one.
fn one_of_many(expr: &mut Expr) {
    let Expr::BinaryOp { left, op: op @ (BinaryOperator::Eq | BinaryOperator::NotEq), right } = expr else { return };
    let Expr::Subquery(query) = &**right else { return };
    let SetExpr::Select(select) = &*query.body else { return };
    let may_be_many = query.limit_clause.is_none()
        && query.fetch.is_none()
        && (!grouping(select).is_empty() || !projected(select).any(has_aggregate));
    if may_be_many {
        let (own, subquery, negated) = (left.clone(), query.clone(), *op == BinaryOperator::NotEq);
        *expr = Expr::InSubquery { expr: own, subquery, negated };
    }
}

/// A column's qualifier and name.
fn qualified(column: &Expr) -> Option<(Option<&str>, &str)> {
    match column {
        Expr::Identifier(name) => Some((None, &name.value)),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [.., qualifier, name] => Some((Some(&qualifier.value), &name.value)),
            _ => None,
        },
        _ => None,
    }
}
