//! Text that is compared with the number by which a table refers to another: what is meant is the other's name.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Select, Value, ValueWithSpan};

use super::{
    Mender,
    joins::{Known, equal, has_subquery, inner},
    names::ident,
    scope::Kind,
};
use crate::{links::Place, terms::words};

impl Mender<'_> {
    /// `flights.airline = 'JetBlue'`, where `airline` is the key of a table of airlines, becomes a join with that table and a
    /// comparison with its name.
    pub(super) fn join_what_is_named(&self, select: &mut Select, tables: &mut Vec<Known>) {
        if has_subquery(select) {
            return;
        }
        let mut joined: Option<(Known, Place, Place)> = None;
        let _ = sqlparser::ast::visit_expressions_mut(&mut select.selection, |expr| {
            let Expr::BinaryOp { left, op: BinaryOperator::Eq | BinaryOperator::NotEq, right } = expr else {
                return ControlFlow::<()>::Continue(());
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
        let (qualifier, name) = match column {
            Expr::Identifier(name) => (None, &name.value),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [.., qualifier, name] => (Some(&qualifier.value), &name.value),
                _ => return None,
            },
            _ => return None,
        };
        let has = |known: &&Known| {
            qualifier.is_none_or(|qualifier| known.is_called(qualifier))
                && self.subject.schema.table(&known.table).is_some_and(|table| table.column(name).is_some())
        };
        let mut having = tables.iter().filter(has);
        let (Some(known), None) = (having.next(), having.next()) else { return None };
        let kind = &self.subject.schema.table(&known.table)?.column(name)?.kind;
        if !Kind::of(kind).is_number() {
            return None;
        }
        let is_here = |(here, there): &(&Place, &Place)| {
            here.column.eq_ignore_ascii_case(name)
                && tables.iter().all(|known| !known.table.eq_ignore_ascii_case(&there.table))
        };
        let mut links = self.subject.links.of_table(&known.table).filter(is_here);
        let (Some((here, there)), None) = (links.next(), links.next()) else { return None };
        let other = self.subject.schema.table(&there.table)?;
        let texts: Vec<&str> = other
            .visible()
            .filter(|column| Kind::of(&column.kind) == Kind::Text)
            .map(|column| column.name.as_str())
            .collect();
        let same = texts.iter().find(|text| text.eq_ignore_ascii_case(name));
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
