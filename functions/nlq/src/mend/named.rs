//! The number by which a table refers to another, where the other's name is meant.

use std::ops::ControlFlow;

use shared::sql::walk;
use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr, Value, ValueWithSpan,
};

use super::{
    Mender, factors,
    joins::{Known, equal, has_subquery, inner},
    names::ident,
    scope::Kind,
};
use crate::{
    links::{Place, is_key},
    terms::words,
};

/// Words of questions that ask for keys.
const KEYS: [&str; 4] = ["id", "identifier", "key", "code"];

impl Mender<'_> {
    /// Who asks for the airline with the most flights is shown its name, not the number by which flights refer to it.
    pub(super) fn show_names(&self, query: &mut Query) {
        if query.with.is_none() && !words(self.question).iter().any(|word| KEYS.contains(&word.as_str())) {
            self.show_names_in(&mut query.body, query.order_by.as_mut());
        }
    }

    fn show_names_in(&self, body: &mut SetExpr, order_by: Option<&mut OrderBy>) {
        match body {
            SetExpr::Select(select) => self.show_names_of(select, order_by),
            SetExpr::SetOperation { left, right, .. } => {
                self.show_names_in(left, None);
                self.show_names_in(right, None);
            }
            _ => {}
        }
    }

    fn show_names_of(&self, select: &mut Select, order_by: Option<&mut OrderBy>) {
        let [from] = select.from.as_slice() else { return };
        let Some(tables) = factors(from).map(|factor| self.known(factor)).collect::<Option<Vec<_>>>() else { return };
        let shown = select.projection.iter().find_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => self.refers(expr, &tables),
            _ => None,
        });
        let Some((known, here, there, name)) = shown.filter(|(_, here, ..)| !is_key(&here.column)) else { return };
        let is_number = |expr: &Expr| {
            self.place_of(expr, &tables)
                .is_some_and(|(table, column)| table.alias == known.alias && column.eq_ignore_ascii_case(&here.column))
        };
        let named = || Expr::CompoundIdentifier(vec![ident(&there.table), ident(&name)]);
        let mut exprs: Vec<&mut Expr> = Vec::new();
        exprs.extend(select.projection.iter_mut().filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
            _ => None,
        }));
        if let GroupByExpr::Expressions(by, _) = &mut select.group_by {
            exprs.extend(by);
        }
        if let Some(OrderBy { kind: OrderByKind::Expressions(by), .. }) = order_by {
            exprs.extend(by.iter_mut().map(|by| &mut by.expr));
        }
        exprs.into_iter().filter(|expr| is_number(expr)).for_each(|expr| *expr = named());
        if let Some(from) = select.from.first_mut() {
            from.joins.push(inner(&there.table, equal(&known.alias, &here, &there.table, &there)));
        }
    }

    /// `flights.airline = 'JetBlue'`, where `airline` is the key of a table of airlines, becomes a join with that table and a
    /// comparison with its name.
    pub(super) fn join_what_is_named(&self, select: &mut Select, tables: &mut Vec<Known>) {
        if has_subquery(select) {
            return;
        }
        let mut joined: Option<(Known, Place, Place)> = None;
        let _ = walk::expressions_mut(&mut select.selection, |expr| {
            let Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::NotEq, right } = expr else {
                return ControlFlow::Continue(());
            };
            if let Some((known, here, there, name)) = is_name(right).then(|| self.refers(left, tables)).flatten() {
                **left = Expr::CompoundIdentifier(vec![ident(&there.table), ident(&name)]);
                joined = Some((known, here, there));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        if let Some((known, here, there)) = joined
            && let Some(from) = select.from.first_mut()
        {
            from.joins.push(inner(&there.table, equal(&known.alias, &here, &there.table, &there)));
            tables.push(Known { table: there.table.clone(), alias: there.table });
        }
    }

    /// The table, its number, what the number refers to, and the column that has the name there.
    fn refers(&self, column: &Expr, tables: &[Known]) -> Option<(Known, Place, Place, String)> {
        let (known, name) = self.place_of(column, tables)?;
        let kind = &self.subject.schema.table(&known.table)?.column(&name)?.kind;
        if !Kind::of(kind).is_number() {
            return None;
        }
        let is_here = |(here, there): &(&Place, &Place)| {
            here.column.eq_ignore_ascii_case(&name)
                && tables.iter().all(|known| !known.table.eq_ignore_ascii_case(&there.table))
        };
        let mut links = self.subject.links.references_of(&known.table).filter(is_here);
        let (Some((here, there)), None) = (links.next(), links.next()) else { return None };
        let other = self.subject.schema.table(&there.table)?;
        let texts: Vec<&str> = other
            .visible()
            .filter(|column| Kind::of(&column.kind) == Kind::Text)
            .map(|column| column.name.as_str())
            .collect();
        let same = texts.iter().find(|text| text.eq_ignore_ascii_case(&name));
        let called = texts.iter().find(|text| words(text).iter().any(|word| word == "name"));
        let text = same.or(called)?;
        Some((known.clone(), here.clone(), there.clone(), (*text).to_owned()))
    }
}

/// Text that is no number.
fn is_name(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) if text.trim().parse::<f64>().is_err()
    )
}
