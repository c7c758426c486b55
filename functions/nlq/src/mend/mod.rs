//! Mends what small models get wrong, on the syntax tree and before the guard sees it: names that are nearly right, words of
//! other databases' SQL, values in another spelling, joins that are missing or lead nowhere, and what is denied by halves.
//!
//! Each mend makes a query that means what was most likely meant. It neither has to be safe, which is the guard's business, nor
//! complete: what it does not understand stays as it is.

mod across;
mod bounds;
mod functions;
mod groups;
mod idle;
mod joins;
mod literals;
mod named;
mod names;
mod negated;
mod scope;

use std::{collections::BTreeSet, ops::ControlFlow};

use shared::sql::{
    guard,
    walk::{self, Changes},
};
use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Join, JoinConstraint, JoinOperator, OrderBy, OrderByKind, Query, Select,
    SelectItem, SetExpr, TableFactor, TableWithJoins, Visit,
};

use crate::{layer::Subject, terms::content};
use scope::{Field, Frame, Relation, outputs};

/// The mended text; the same text where there is nothing to mend, or where it cannot be parsed.
pub(crate) fn mend(sql: &str, subject: &Subject, question: &str) -> String {
    let Ok(mut query) = guard::parse(sql) else { return sql.to_owned() };
    let before = query.clone();
    let mut mender = Mender { subject, question, asked: content(question), named: Vec::new() };
    mender.show_names(&mut query);
    mender.query(&mut query, &[]);
    if query == before { sql.to_owned() } else { guard::print(&query) }
}

struct Mender<'a> {
    subject: &'a Subject,
    question: &'a str,
    /// The question's words.
    asked: BTreeSet<String>,
    /// Common table expressions that are in scope, with their columns.
    named: Vec<(String, Vec<Field>)>,
}

impl Mender<'_> {
    /// `outer` are the frames of the queries around this one.
    fn query(&mut self, query: &mut Query, outer: &[Frame]) -> Option<Vec<Field>> {
        let named = self.named.len();
        if let Some(with) = &mut query.with {
            for expression in &mut with.cte_tables {
                let fields = self.query(&mut expression.query, outer).unwrap_or_default();
                let own: Vec<&str> = expression.alias.columns.iter().map(|column| column.name.value.as_str()).collect();
                let fields = renamed(fields, &own);
                self.named.push((expression.alias.name.value.clone(), fields));
            }
        }
        let frame = self.body(&mut query.body, query.order_by.as_mut(), outer);
        let fields = frame.and_then(|frame| outputs(query, &[outer, &[frame]].concat()));
        self.named.truncate(named);
        fields
    }

    /// The frame of the first SELECT.
    fn body(&mut self, body: &mut SetExpr, order_by: Option<&mut OrderBy>, outer: &[Frame]) -> Option<Frame> {
        match body {
            SetExpr::Select(select) => Some(self.select(select, order_by, outer)),
            SetExpr::Query(query) => {
                self.query(query, outer);
                None
            }
            SetExpr::SetOperation { left, right, .. } => {
                let frame = self.body(left, None, outer);
                self.body(right, None, outer);
                frame
            }
            _ => None,
        }
    }

    fn select(&mut self, select: &mut Select, mut order_by: Option<&mut OrderBy>, outer: &[Frame]) -> Frame {
        let derived = self.tables(select, outer);
        let written = self.frame(select, &derived);
        self.take_from_the_source(select, order_by.as_deref(), &written);
        self.mend_joins(select, order_by.as_deref());
        let mut frame = self.frame(select, &derived);
        {
            let frames = [outer, std::slice::from_ref(&frame)].concat();
            self.expressions(select, order_by.as_deref_mut(), &frames);
        }
        self.mend_negations(select, order_by.as_deref(), std::slice::from_ref(&frame));
        frame = self.frame(select, &derived);
        self.drop_idle_joins(select, order_by.as_deref(), &frame);
        frame = self.frame(select, &derived);
        let frames = [outer, std::slice::from_ref(&frame)].concat();
        if let Some(order_by) = order_by.as_deref_mut() {
            bounds::mend_order(order_by, &frames, self.question);
        }
        groups::mend(select, order_by, &frames, &self.subject.links, self.question);
        frame
    }

    /// Mends what stands in FROM; gives back the derived tables by their names, with their columns.
    fn tables(&mut self, select: &mut Select, outer: &[Frame]) -> Vec<(String, Vec<Field>)> {
        let mut derived = Vec::new();
        for from in &mut select.from {
            let joined = from.joins.iter_mut().map(|join| &mut join.relation);
            for factor in [&mut from.relation].into_iter().chain(joined) {
                match factor {
                    TableFactor::Table { name, args: None, .. } => {
                        names::table(name, self.subject, |known| self.expression(known).is_some());
                    }
                    TableFactor::Derived { subquery, alias, .. } => {
                        let fields = self.query(subquery, outer).unwrap_or_default();
                        derived.extend(alias.as_ref().map(|alias| (alias.name.value.clone(), fields)));
                    }
                    _ => {}
                }
            }
        }
        derived
    }

    /// The common table expression of a name, the innermost one.
    fn expression(&self, name: &str) -> Option<&(String, Vec<Field>)> {
        self.named.iter().rev().find(|(named, _)| named.eq_ignore_ascii_case(name))
    }

    fn frame(&self, select: &Select, derived: &[(String, Vec<Field>)]) -> Frame {
        let relations = select.from.iter().flat_map(factors).filter_map(|factor| self.relation(factor, derived));
        let aliases = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } => Some((alias.value.clone(), expr.clone())),
            _ => None,
        });
        Frame { relations: relations.collect(), aliases: aliases.collect() }
    }

    fn relation(&self, factor: &TableFactor, derived: &[(String, Vec<Field>)]) -> Option<Relation> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let own = names::last(name)?;
                let alias = alias.as_ref().map(|alias| &alias.name);
                if let Some((named, fields)) = self.expression(own) {
                    let alias = alias.map_or_else(|| named.clone(), |alias| alias.value.clone());
                    return Some(Relation { alias, table: None, fields: fields.clone() });
                }
                Some(Relation::of_table(self.subject.schema.table(own)?, alias))
            }
            TableFactor::Derived { alias: Some(alias), .. } => {
                let (alias, fields) = derived.iter().find(|(name, _)| *name == alias.name.value)?;
                Some(Relation { alias: alias.clone(), table: None, fields: fields.clone() })
            }
            _ => None,
        }
    }

    /// Every expression of the SELECT, from the leaves up. Subqueries are mended on their own, and know this frame.
    fn expressions(&mut self, select: &mut Select, order_by: Option<&mut OrderBy>, frames: &[Frame]) {
        let mut walk = Walk { mender: self, frames, depth: 0, is_ordering: false };
        for item in &mut select.projection {
            let _ = walk::change(item, &mut walk);
        }
        for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
            if let Some(condition) = condition_mut(join) {
                let _ = walk::change(condition, &mut walk);
            }
        }
        let _ = walk::change(&mut select.selection, &mut walk);
        let _ = walk::change(&mut select.group_by, &mut walk);
        let _ = walk::change(&mut select.having, &mut walk);
        walk.is_ordering = true;
        if let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = order_by {
            for by in by {
                let _ = walk::change(by, &mut walk);
            }
        }
    }
}

/// Visits expressions of one level; hands subqueries over.
struct Walk<'w, 'a> {
    mender: &'w mut Mender<'a>,
    frames: &'w [Frame],
    depth: usize,
    /// ORDER BY knows the names of the select list, and before those of the tables.
    is_ordering: bool,
}

impl Changes for Walk<'_, '_> {
    fn before_query(&mut self, query: &mut Query) {
        if self.depth == 0 {
            self.mender.query(query, self.frames);
        }
        self.depth += 1;
    }

    fn after_query(&mut self, _query: &mut Query) {
        self.depth -= 1;
    }

    fn after_expression(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            names::column(expr, self.frames, self.is_ordering);
            functions::mend(expr, self.frames);
            literals::mend(expr, self.frames, self.mender.subject);
            bounds::mend(expr, self.mender.question);
            self.mender.tie(expr, self.frames);
        }
        ControlFlow::Continue(())
    }
}

fn factors(from: &TableWithJoins) -> impl Iterator<Item = &TableFactor> {
    [&from.relation].into_iter().chain(from.joins.iter().map(|join| &join.relation))
}

/// The condition of an inner or an outer join.
fn condition(join: &Join) -> Option<&Expr> {
    match &join.join_operator {
        JoinOperator::Join(JoinConstraint::On(condition))
        | JoinOperator::Inner(JoinConstraint::On(condition))
        | JoinOperator::Left(JoinConstraint::On(condition))
        | JoinOperator::LeftOuter(JoinConstraint::On(condition))
        | JoinOperator::Right(JoinConstraint::On(condition))
        | JoinOperator::RightOuter(JoinConstraint::On(condition))
        | JoinOperator::FullOuter(JoinConstraint::On(condition)) => Some(condition),
        _ => None,
    }
}

fn is_inner(join: &Join) -> bool {
    matches!(join.join_operator, JoinOperator::Join(_) | JoinOperator::Inner(_))
}

fn grouping(select: &Select) -> &[Expr] {
    match &select.group_by {
        GroupByExpr::Expressions(by, _) => by,
        GroupByExpr::All(_) => &[],
    }
}

fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => [conjuncts(left), conjuncts(right)].concat(),
        Expr::Nested(inner) if matches!(**inner, Expr::BinaryOp { op: BinaryOperator::And, .. }) => conjuncts(inner),
        other => vec![other],
    }
}

fn and(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) }
}

fn condition_mut(join: &mut Join) -> Option<&mut Expr> {
    match &mut join.join_operator {
        JoinOperator::Join(JoinConstraint::On(condition))
        | JoinOperator::Inner(JoinConstraint::On(condition))
        | JoinOperator::Left(JoinConstraint::On(condition))
        | JoinOperator::LeftOuter(JoinConstraint::On(condition))
        | JoinOperator::Right(JoinConstraint::On(condition))
        | JoinOperator::RightOuter(JoinConstraint::On(condition))
        | JoinOperator::FullOuter(JoinConstraint::On(condition)) => Some(condition),
        _ => None,
    }
}

fn renamed(mut fields: Vec<Field>, names: &[&str]) -> Vec<Field> {
    for (field, name) in fields.iter_mut().zip(names) {
        field.name = (*name).to_owned();
    }
    fields
}

/// Every expression below a node, those of subqueries too.
pub(crate) fn each_expr(node: &impl Visit, mut see: impl FnMut(&Expr)) {
    let _ = walk::expressions(node, |expr, _| {
        see(expr);
        ControlFlow::Continue(())
    });
}

#[cfg(test)]
mod tests;
