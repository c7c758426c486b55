//! Joins that are of no use: of tables that do not exist, or that nothing else in the query needs.

use std::{collections::BTreeSet, ops::ControlFlow};

use shared::sql::walk;
use sqlparser::ast::{BinaryOperator, Expr, Join, OrderBy, Select, SelectItem};

use super::{
    Mender, condition, each_expr, factors, is_inner,
    joins::{is_count_of_rows, ordering},
    names::{names_of_table, qualifier},
    scope::Frame,
};
use crate::terms::words;

impl Mender<'_> {
    /// Takes out joins of tables that do not exist and that nothing else in the query uses.
    pub(super) fn drop_what_is_not_there(&self, select: &mut Select, order_by: Option<&OrderBy>) {
        let [from] = select.from.as_slice() else { return };
        let is_idle = |index: &usize| {
            let Some((table, called)) = names_of_table(&from.joins[*index].relation) else { return false };
            let is_there = self.expression(table).is_some() || self.subject.schema.table(table).is_some();
            !is_there && !uses(&without(select, *index), order_by, called, &Frame::default())
        };
        let idle: Vec<usize> = (0..from.joins.len()).filter(is_idle).collect();
        for index in idle.into_iter().rev() {
            select.from[0].joins.remove(index);
        }
    }

    /// Takes out inner joins of tables that nothing else in the query uses and that the question does not speak of: they can
    /// only lose or double rows.
    pub(super) fn drop_idle_joins(&self, select: &mut Select, order_by: Option<&OrderBy>, frame: &Frame) {
        let selects_all = select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
        let names_all = frame.relations.iter().all(|relation| relation.table.is_some());
        if selects_all || !names_all || select.from.len() != 1 {
            return;
        }
        self.drop_what_is_not_there(select, order_by);
        if let Some(rest) = self.begun_where_it_matters(select, order_by, frame) {
            *select = rest;
        }
        self.take_from_the_source(select, order_by, frame);
        while let Some(idle) = self.idle_join(select, order_by, frame) {
            select.from[0].joins.remove(idle);
        }
    }

    /// `FROM a JOIN b ON a.k = b.k WHERE a.k = 1` is only about `b`, where nothing else of `a` is asked for.
    fn begun_where_it_matters(&self, select: &Select, order_by: Option<&OrderBy>, frame: &Frame) -> Option<Select> {
        let [from] = select.from.as_slice() else { return None };
        let [join] = from.joins.as_slice() else { return None };
        let (table, called) = names_of_table(&from.relation)?;
        let (own, other) = sides(join, called)?;
        if self.speaks_of(table, select, called) {
            return None;
        }
        let mut rest = without(select, 0);
        replace(&mut rest, own, other);
        let is_idle = !uses(&rest, order_by, called, frame);
        rest.from[0].relation = join.relation.clone();
        is_idle.then_some(rest)
    }

    /// What a table that goes was only asked for, because it is equal there, is taken from where it comes: `b.k` becomes
    /// `a.k`.
    pub(super) fn take_from_the_source(&self, select: &mut Select, order_by: Option<&OrderBy>, frame: &Frame) {
        let [from] = select.from.as_slice() else { return };
        let rest = from.joins.iter().enumerate().rev().find_map(|(index, join)| {
            let (table, called) = names_of_table(&join.relation)?;
            let (own, other) = sides(join, called)?;
            if self.speaks_of(table, select, called) {
                return None;
            }
            let mut rest = without(select, index);
            replace(&mut rest, own, other);
            (!uses(&rest, order_by, called, frame)).then_some(rest)
        });
        if let Some(rest) = rest {
            *select = rest;
        }
    }

    /// The last join that can go, so that those before it may go next.
    fn idle_join(&self, select: &Select, order_by: Option<&OrderBy>, frame: &Frame) -> Option<usize> {
        let joins = &select.from.first()?.joins;
        (0..joins.len()).rev().find(|index| {
            let join = &joins[*index];
            let Some((table, called)) = names_of_table(&join.relation) else { return false };
            is_inner(join)
                && condition(join).is_some()
                && !self.speaks_of(table, select, called)
                && !uses(&without(select, *index), order_by, called, frame)
        })
    }

    /// Whether the question has a word of the table's name that no other table of the query has.
    fn speaks_of(&self, table: &str, select: &Select, called: &str) -> bool {
        let tables = select.from.iter().flat_map(factors).filter_map(names_of_table);
        let others = tables.filter(|(_, other)| !other.eq_ignore_ascii_case(called));
        let others: BTreeSet<String> = others.flat_map(|(other, _)| words(other)).collect();
        let notes = self.subject.notes(table);
        let synonyms = notes.into_iter().flat_map(|notes| &notes.synonyms).flat_map(|synonym| words(synonym));
        self.asks_for(words(table).into_iter().chain(synonyms), &others)
    }
}

/// The two sides of an inner join by equality: that of the table called so, and the other's.
fn sides<'a>(join: &'a Join, called: &str) -> Option<(&'a Expr, &'a Expr)> {
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition(join)? else { return None };
    let of =
        |expr: &Expr| matches!(expr, Expr::CompoundIdentifier(parts) if parts[0].value.eq_ignore_ascii_case(called));
    let (own, other) = if of(left) { (left, right) } else { (right, left) };
    (is_inner(join) && of(own) && !of(other)).then_some((own, other))
}

fn without(select: &Select, join: usize) -> Select {
    let mut rest = select.clone();
    rest.from[0].joins.remove(join);
    rest
}

fn replace(select: &mut Select, column: &Expr, by: &Expr) {
    let _ = walk::expressions_mut(select, |expr| {
        if expr == column {
            *expr = by.clone();
        }
        ControlFlow::Continue(())
    });
}

/// Whether anything names a relation, or a column that only it has.
fn uses(select: &Select, order_by: Option<&OrderBy>, called: &str, frame: &Frame) -> bool {
    let mut is_used = select.projection.iter().any(|item| matches!(item, SelectItem::QualifiedWildcard(..)));
    let mut see = |expr: &Expr| match expr {
        Expr::CompoundIdentifier(_) => {
            is_used |= qualifier(expr).is_some_and(|qualifier| qualifier.eq_ignore_ascii_case(called));
        }
        Expr::Identifier(name) => {
            let having = frame.having(&name.value);
            is_used |= having.iter().any(|relation| relation.alias.eq_ignore_ascii_case(called));
        }
        // Rows are counted as they are joined: whether that was meant cannot be told.
        _ => is_used |= is_count_of_rows(expr),
    };
    each_expr(select, &mut see);
    for by in ordering(order_by) {
        each_expr(by, &mut see);
    }
    is_used
}
