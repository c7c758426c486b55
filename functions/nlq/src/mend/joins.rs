//! Joins that are missing or lead nowhere.

use std::{collections::BTreeSet, ops::ControlFlow};

use shared::sql::walk::{self, Depth};
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Join, JoinConstraint,
    JoinOperator, ObjectName, OrderBy, OrderByKind, Select, SelectItem, TableFactor,
};

use super::{
    Mender, condition, condition_mut, each_expr, factors, grouping,
    names::{ident, names_of_table},
};
use crate::{
    links::Place,
    terms::{mentions, words},
};

impl Mender<'_> {
    /// What can be said of joins from the tables alone, before columns are looked at.
    pub(super) fn mend_joins(&self, select: &mut Select, order_by: Option<&OrderBy>) {
        self.drop_what_is_not_there(select, order_by);
        let [from] = select.from.as_slice() else { return };
        // Derived tables and the like have columns of their own making.
        let Some(mut tables) = factors(from).map(|factor| self.known(factor)).collect::<Option<Vec<_>>>() else {
            return;
        };
        self.look_up(select, &tables);
        self.join_what_is_named(select, &mut tables);
        self.straighten(select, &tables);
        if let Some(bridge) = self.bridge(select, &tables) {
            tables.push(Known { table: bridge.table.clone(), alias: bridge.table.clone() });
            self.put_between(select, bridge);
        }
        self.join_what_is_missing(select, order_by, &mut tables);
        self.join_what_is_counted(select, order_by);
    }

    /// Joins the table that has a column which none of the query's tables has, with the one between, if it takes one.
    fn join_what_is_missing(&self, select: &mut Select, order_by: Option<&OrderBy>, tables: &mut Vec<Known>) {
        let references = references(select, order_by);
        for (qualifier, name) in &references {
            let has = |table: &str| self.subject.schema.table(table).is_some_and(|table| table.column(name).is_some());
            if tables.iter().any(|known| has(&known.table)) || is_alias(select, name) {
                continue;
            }
            // A table that the query calls by its name without having joined it, or the only one that has the column.
            let candidates = self.subject.schema.tables.iter().map(|table| table.name.as_str());
            let candidates = candidates.filter(|table| has(table)).filter(|table| match qualifier {
                Some(qualifier) => {
                    table.eq_ignore_ascii_case(qualifier) || tables.iter().any(|known| known.is_called(qualifier))
                }
                None => true,
            });
            let ways: Vec<Vec<Join>> = candidates.filter_map(|table| self.way(table, tables)).collect();
            let shortest = ways.iter().map(Vec::len).min();
            // The `age` of a pet is its `pet_age` rather than the age of some student.
            if shortest > Some(1) && tables.iter().any(|known| self.has_own(&known.table, name)) {
                continue;
            }
            let mut ways: Vec<Vec<Join>> = ways.into_iter().filter(|way| Some(way.len()) == shortest).collect();
            if ways.len() > 1 {
                // `museum_id, name` of visits is the museum's name, not the visitor's.
                ways.retain(|way| way.first().is_some_and(|join| is_by(join, &references)));
            }
            if let [way] = ways.as_slice()
                && let Some(from) = select.from.first_mut()
            {
                tables.extend(way.iter().filter_map(|join| self.known(&join.relation)));
                from.joins.extend(way.iter().cloned());
            }
        }
    }

    /// Whether a table has a column of this name with its own before it.
    fn has_own(&self, table: &str, name: &str) -> bool {
        let full: Vec<String> = words(table).into_iter().chain(words(name)).collect();
        self.subject.schema.table(table).is_some_and(|table| table.visible().any(|column| words(&column.name) == full))
    }

    /// The joins that lead from the query's tables to another, of which at most one lies between.
    fn way(&self, to: &str, tables: &[Known]) -> Option<Vec<Join>> {
        let links = &self.subject.links;
        let direct = tables.iter().find_map(|known| {
            let (here, there) = *links.between(&known.table, to).first()?;
            Some(vec![inner(to, equal(&known.alias, here, to, there))])
        });
        direct.or_else(|| {
            let mut between = tables.iter().flat_map(|known| {
                let onward = move |(here, there): (&Place, &Place)| {
                    let (back, far) = *links.between(&there.table, to).first()?;
                    let first = inner(&there.table, equal(&known.alias, here, &there.table, there));
                    Some(vec![first, inner(to, equal(&there.table, back, to, far))])
                };
                links.of_table(&known.table).filter_map(onward)
            });
            let only = between.next()?;
            between.next().is_none().then_some(only)
        })
    }

    /// Whether the question has one of these words, other than `others`.
    pub(super) fn asks_for(&self, named: impl IntoIterator<Item = String>, others: &BTreeSet<String>) -> bool {
        let mut own = named.into_iter().filter(|word| word.len() > 2 && !others.contains(word));
        own.any(|word| mentions(&self.asked, &word))
    }

    pub(super) fn known(&self, factor: &TableFactor) -> Option<Known> {
        let (own, alias) = names_of_table(factor)?;
        if self.expression(own).is_some() {
            return None;
        }
        let table = self.subject.schema.table(own)?.name.clone();
        Some(Known { table, alias: alias.to_owned() })
    }

    /// "Templates of more than one document" are not counted in the table of templates: the rows that the question counts are
    /// those of the table that refers to it.
    fn join_what_is_counted(&self, select: &mut Select, order_by: Option<&OrderBy>) {
        let [from] = select.from.as_slice() else { return };
        let is_by_group = !grouping(select).is_empty() || !ordering(order_by).is_empty();
        if !from.joins.is_empty() || !is_by_group || !counts_rows(select, order_by) {
            return;
        }
        let Some(own) = self.known(&from.relation) else { return };
        let own_words = words(&own.table).into_iter().collect();
        // Employees of a shop may be counted in a table of hirings.
        let is_asked = |(from, _): &(&Place, &Place)| {
            let onward = self.subject.links.of_table(&from.table).flat_map(|(_, there)| words(&there.table));
            self.asks_for(words(&from.table).into_iter().chain(onward), &own_words)
        };
        let referring: Vec<(&Place, &Place)> = self.subject.links.references_to(&own.table).filter(is_asked).collect();
        let Some((first, _)) = referring.first() else { return };
        if referring.iter().any(|(there, _)| there.table != first.table) {
            return;
        }
        // Flights of an airport are those that leave from it and those that arrive.
        let either =
            |left, right| Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::Or, right: Box::new(right) };
        let on = referring.iter().map(|(there, here)| equal(&there.table, there, &own.alias, here)).reduce(either);
        let join = on.map(|on| inner(&first.table, on));
        select.from[0].joins.extend(join);
    }

    /// Two tables that are joined by a key, but not by the one that links them.
    fn straighten(&self, select: &mut Select, tables: &[Known]) {
        // What is only guessed from names is no reason to change a join.
        if self.subject.layer.joins.is_empty() {
            return;
        }
        for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
            let Some(condition) = condition_mut(join) else { continue };
            let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = &*condition else { continue };
            let (Some(one), Some(other)) = (place(left, tables), place(right, tables)) else { continue };
            let (here, there) = (&tables[one.0], &tables[other.0]);
            let links = self.subject.links.between(&here.table, &there.table);
            let is_link = |(from, to): &(&Place, &Place)| {
                from.column.eq_ignore_ascii_case(&one.1) && to.column.eq_ignore_ascii_case(&other.1)
            };
            let is_by_key =
                self.subject.links.uses(&here.table, &one.1) || self.subject.links.uses(&there.table, &other.1);
            if let [first, ..] = links.as_slice()
                && here.table != there.table
                && is_by_key
                && !links.iter().any(is_link)
            {
                *condition = equal(&here.alias, first.0, &there.alias, first.1);
            }
        }
    }

    /// A join whose condition is not one that is known, between tables that a third one links.
    fn bridge(&self, select: &Select, tables: &[Known]) -> Option<Bridge> {
        // What is only guessed from names is no reason to change a join.
        if self.subject.layer.joins.is_empty() {
            return None;
        }
        let from = select.from.first()?;
        from.joins.iter().enumerate().find_map(|(index, join)| {
            let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition(join)? else { return None };
            let (one, other) = (place(left, tables)?, place(right, tables)?);
            let is_apart =
                one.0 != other.0 && self.subject.links.between(&tables[one.0].table, &tables[other.0].table).is_empty();
            if !is_apart {
                return None;
            }
            let (one, other) = (&tables[one.0], &tables[other.0]);
            let unjoined = |table: &str| tables.iter().all(|known| !known.table.eq_ignore_ascii_case(table));
            let mut between = self.subject.links.of_table(&one.table).filter_map(|(here, there)| {
                let onward = self.subject.links.between(&there.table, &other.table);
                let (back, far) = *onward.first()?;
                let first = equal(&one.alias, here, &there.table, there);
                let second = equal(&there.table, back, &other.alias, far);
                unjoined(&there.table).then(|| Bridge { at: index, table: there.table.clone(), first, second })
            });
            let only = between.next()?;
            between.next().is_none().then_some(only)
        })
    }

    fn put_between(&self, select: &mut Select, bridge: Bridge) {
        let Some(from) = select.from.first_mut() else { return };
        if let Some(condition) = condition_mut(&mut from.joins[bridge.at]) {
            *condition = bridge.second;
        }
        from.joins.insert(bridge.at, inner(&bridge.table, bridge.first));
    }
}

/// A table of the schema that stands in FROM.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) table: String,
    pub(super) alias: String,
}

impl Known {
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.alias.eq_ignore_ascii_case(name)
    }
}

struct Bridge {
    at: usize,
    table: String,
    first: Expr,
    second: Expr,
}

/// Whether a join is by a column that the query names anyway.
fn is_by(join: &Join, references: &[(Option<String>, String)]) -> bool {
    let Some(Expr::BinaryOp { left, .. }) = condition(join) else { return false };
    let Expr::CompoundIdentifier(parts) = &**left else { return false };
    parts.last().is_some_and(|name| references.iter().any(|(_, other)| other.eq_ignore_ascii_case(&name.value)))
}

fn counts_rows(select: &Select, order_by: Option<&OrderBy>) -> bool {
    let mut found = false;
    let mut see = |expr: &Expr| found |= is_count_of_rows(expr);
    each_expr(select, &mut see);
    for by in ordering(order_by) {
        each_expr(by, &mut see);
    }
    found
}

pub(super) fn is_count_of_rows(expr: &Expr) -> bool {
    let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = expr else { return false };
    let is_of_rows = matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
    is_of_rows && name.to_string().eq_ignore_ascii_case("count")
}

fn place(expr: &Expr, tables: &[Known]) -> Option<(usize, String)> {
    let Expr::CompoundIdentifier(parts) = expr else { return None };
    let [.., qualifier, name] = parts.as_slice() else { return None };
    let index = tables.iter().position(|known| known.is_called(&qualifier.value))?;
    Some((index, name.value.clone()))
}

pub(super) fn equal(one: &str, here: &Place, other: &str, there: &Place) -> Expr {
    let column =
        |alias: &str, place: &Place| Box::new(Expr::CompoundIdentifier(vec![ident(alias), ident(&place.column)]));
    Expr::BinaryOp { left: column(one, here), op: BinaryOperator::Eq, right: column(other, there) }
}

pub(super) fn inner(table: &str, on: Expr) -> Join {
    let relation = TableFactor::Table {
        name: ObjectName::from(vec![ident(table)]),
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    };
    Join { relation, global: false, join_operator: JoinOperator::Join(JoinConstraint::On(on)) }
}

/// Columns that the SELECT names outside its subqueries, each once.
fn references(select: &Select, order_by: Option<&OrderBy>) -> Vec<(Option<String>, String)> {
    let mut found: Vec<(Option<String>, String)> = Vec::new();
    let mut see = |expr: &Expr, depth: Depth| {
        let reference = match expr {
            Expr::Identifier(Ident { value, quote_style: None, .. }) => Some((None, value.clone())),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [.., qualifier, name] => Some((Some(qualifier.value.clone()), name.value.clone())),
                _ => None,
            },
            _ => None,
        };
        found.extend(reference.filter(|reference| depth.queries == 0 && !found.contains(reference)));
        ControlFlow::Continue(())
    };
    let _ = walk::expressions(select, &mut see);
    for by in ordering(order_by) {
        let _ = walk::expressions(by, &mut see);
    }
    found
}

pub(super) fn has_subquery(select: &Select) -> bool {
    let mut found = false;
    each_expr(select, |expr| {
        found |= matches!(expr, Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. });
    });
    found
}

pub(super) fn ordering(order_by: Option<&OrderBy>) -> &[sqlparser::ast::OrderByExpr] {
    match order_by {
        Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) => by,
        _ => &[],
    }
}

fn is_alias(select: &Select, name: &str) -> bool {
    select
        .projection
        .iter()
        .any(|item| matches!(item, SelectItem::ExprWithAlias { alias, .. } if alias.value.eq_ignore_ascii_case(name)))
}
