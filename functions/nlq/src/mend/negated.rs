//! What is denied of each of many rows. "Students who have no cat" are not those who have something else: a join finds the
//! rows that are there, and never those that are not.

use shared::sql::guard;
use sqlparser::ast::{BinaryOperator, Expr, FunctionArguments, Join, OrderBy, Select, SelectItem, SetExpr, Value};

use super::{
    Mender, and, condition, conjuncts, each_expr, grouping, is_inner,
    joins::ordering,
    names::{ident, qualifier, reference},
    scope::{Frame, Relation, resolve},
};
use crate::links::Place;

/// How a question says that there is none, rather than that one is not so.
const NONE: [&str; 12] = [
    "do not", "does not", "did not", "have not", "has not", "had not", "have no", "has no", "had no", "with no",
    "without", "never",
];

struct Mended {
    select: Select,
    /// The alias of the only table whose columns it may show.
    shows: String,
}

/// A query taken apart: into the table that is asked for, and those with many rows for each of its rows.
struct Parted {
    one: Select,
    many: Select,
    /// Of the many, what refers to the one.
    reference: Expr,
    /// What it refers to.
    key: Expr,
}

impl Mender<'_> {
    pub(super) fn mend_negations(&self, select: &mut Select, order_by: Option<&OrderBy>, frames: &[Frame]) {
        let Some(frame) = frames.last() else { return };
        let are_tables = frame.relations.iter().all(|relation| relation.table.is_some());
        if select.from.len() != 1 || !are_tables || !grouping(select).is_empty() || select.having.is_some() {
            return;
        }
        let own = std::slice::from_ref(frame);
        let mended =
            missing_rows(select, own).or_else(|| says_none(self.question).then(|| self.denied(select, own)).flatten());
        // Nothing but the table that stays may be asked for.
        if let Some(mended) = mended
            && shows_only(&mended.select, order_by, &mended.shows, own)
        {
            *select = mended.select;
        }
    }

    /// `FROM student JOIN has_pet … JOIN pet … WHERE pet.kind <> 'cat'` becomes
    /// `FROM student WHERE id NOT IN (SELECT student_id FROM has_pet JOIN pet … WHERE pet.kind = 'cat')`.
    fn denied(&self, select: &Select, frames: &[Frame]) -> Option<Mended> {
        let conditions: Vec<Expr> = conjuncts(select.selection.as_ref()?).into_iter().cloned().collect();
        let mut negative = conditions.iter().enumerate().filter_map(|(index, part)| Some((index, positive(part)?)));
        let (index, positive) = negative.next()?;
        if negative.next().is_some() {
            return None;
        }
        let mut rest = conditions.clone();
        rest.remove(index);
        let of = only_relation(&conditions[index], frames)?;
        // "A dog, but no cat": who has the one may have the other, too.
        let is_also_wanted = |part: &Expr| only_relation(part, frames).is_some_and(|other| other == of);
        if rest.iter().any(is_also_wanted) {
            return self.denied_besides(select, frames, &of, &positive, &rest);
        }
        self.denied_of_joined(select, frames, &of, &positive, &rest)
            .or_else(|| self.denied_of_absent(select, frames, &positive, &rest))
    }

    /// The query stays as it is, but for what is denied.
    fn denied_besides(
        &self,
        select: &Select,
        frames: &[Frame],
        of: &str,
        positive: &Expr,
        rest: &[Expr],
    ) -> Option<Mended> {
        let mut others = frames.last()?.relations.iter().filter(|relation| relation.alias != of);
        others.find_map(|one| {
            let parted = self.without(select, one, frames)?;
            let denied = not_in(parted.key, &parted.reference, &parted.many, positive)?;
            let mut select = select.clone();
            select.selection = rest.iter().cloned().chain([denied]).reduce(and);
            Some(Mended { select, shows: one.alias.clone() })
        })
    }

    /// The table that is asked for stands in FROM.
    fn denied_of_joined(
        &self,
        select: &Select,
        frames: &[Frame],
        of: &str,
        positive: &Expr,
        rest: &[Expr],
    ) -> Option<Mended> {
        let frame = frames.last()?;
        frame.relations.iter().filter(|relation| relation.alias != of).find_map(|one| {
            let is_about_one = |expr: &Expr| only_relation(expr, frames).is_some_and(|alias| alias == one.alias);
            let parted = self.without(select, one, frames)?;
            let only_one = rest.iter().all(is_about_one)
                && select.projection.iter().all(|item| match item {
                    SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                        count_argument(expr).is_some() || is_about_one(expr)
                    }
                    _ => false,
                });
            if !only_one {
                return None;
            }
            let denied = not_in(parted.key, &parted.reference, &parted.many, positive)?;
            let mut select = parted.one;
            select.selection = rest.iter().cloned().chain([denied]).reduce(and);
            count_rows(&mut select);
            Some(Mended { select, shows: one.alias.clone() })
        })
    }

    /// `SELECT student_id FROM has_pet JOIN pet … WHERE pet.kind <> 'cat'`: students without pets have no cat either.
    fn denied_of_absent(&self, select: &Select, frames: &[Frame], positive: &Expr, rest: &[Expr]) -> Option<Mended> {
        let [SelectItem::UnnamedExpr(shown)] = select.projection.as_slice() else { return None };
        let (relation, field) = resolve(shown, frames)?;
        let is_reference = |(here, _): &(&Place, &Place)| here.column.eq_ignore_ascii_case(&field.name);
        let table = relation.table.as_ref()?;
        let (_, there) = self.subject.links.references_of(table).find(is_reference)?;
        let is_joined = frames.last()?.relations.iter().any(|other| other.table.as_ref() == Some(&there.table));
        if is_joined || !rest.is_empty() {
            return None;
        }
        let one = Relation::of_table(self.subject.schema.table(&there.table)?, None);
        let key = reference(&one, &there.column);
        let sql = format!("SELECT {key} FROM {}", ident(&there.table));
        let SetExpr::Select(mut alone) = *guard::parse(&sql).ok()?.body else { return None };
        alone.selection = Some(not_in(key, &reference(relation, &field.name), select, positive)?);
        Some(Mended { select: *alone, shows: one.alias })
    }

    /// Nothing but one join may link the table with the others, and by a reference to it.
    fn without(&self, select: &Select, one: &Relation, frames: &[Frame]) -> Option<Parted> {
        let from = select.from.first().filter(|from| !from.joins.is_empty())?;
        let called = |index: usize| frames.last()?.relations.get(index).map(|relation| relation.alias.as_str());
        let at = (0..=from.joins.len()).find(|index| called(*index) == Some(&one.alias))?;
        let (mut alone, mut many) = (select.clone(), select.clone());
        alone.from[0].joins.clear();
        let edge = if at == 0 {
            let first = many.from[0].joins.remove(0);
            many.from[0].relation = first.relation.clone();
            first
        } else {
            alone.from[0].relation = from.joins[at - 1].relation.clone();
            many.from[0].joins.remove(at - 1)
        };
        let (reference, key) = self.reference_to(&edge, one, frames)?;
        let is_of_one = |join: &Join| {
            condition(join)
                .is_none_or(|condition| relations(condition, frames).is_none_or(|of| of.contains(&one.alias)))
        };
        let is_apart = !many.from[0].joins.iter().any(is_of_one);
        is_apart.then_some(Parted { one: alone, many, reference, key })
    }

    /// Of a join, the column that refers to a table, and the key that it refers to.
    fn reference_to(&self, join: &Join, one: &Relation, frames: &[Frame]) -> Option<(Expr, Expr)> {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition(join)? else { return None };
        let (fk, key) = if only_relation(right, frames)? == one.alias { (left, right) } else { (right, left) };
        let ((many, from), (_, to)) = (resolve(fk, frames)?, resolve(key, frames)?);
        let table = many.table.as_ref()?;
        let is_link = |(here, there): (&Place, &Place)| {
            here.table.eq_ignore_ascii_case(table)
                && here.column.eq_ignore_ascii_case(&from.name)
                && there.column.eq_ignore_ascii_case(&to.name)
        };
        let mut links = self.subject.links.references_to(one.table.as_ref()?);
        links.any(is_link).then(|| ((**fk).clone(), (**key).clone()))
    }
}

/// `FROM battle JOIN ship ON battle.id = ship.lost_in WHERE ship.lost_in IS NULL AND ship.kind = 'Brig'` finds nothing:
/// battles are meant in which no such ship was lost.
fn missing_rows(select: &Select, frames: &[Frame]) -> Option<Mended> {
    let from = select.from.first()?;
    let [join] = from.joins.as_slice() else { return None };
    let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition(join)? else { return None };
    let [one, other] = frames.last()?.relations.as_slice() else { return None };
    let (key, fk) = if only_relation(left, frames)? == one.alias { (left, right) } else { (right, left) };
    let is_end = |expr: &Expr| {
        let place = |expr| resolve(expr, frames).map(|(relation, field)| (&relation.alias, &field.name));
        place(expr).is_some() && (place(expr) == place(fk) || (place(expr) == place(key) && is_inner(join)))
    };
    let (nulls, rest): (Vec<&Expr>, Vec<&Expr>) = conjuncts(select.selection.as_ref()?)
        .into_iter()
        .partition(|part| matches!(part, Expr::IsNull(inner) if is_end(inner)));
    let is_of = |part: &&Expr, relation: &Relation| only_relation(part, frames).is_some_and(|of| of == relation.alias);
    let (denied, rest): (Vec<&Expr>, Vec<&Expr>) = rest.into_iter().partition(|part| is_of(part, other));
    let finds_some = !is_inner(join) && denied.is_empty();
    if nulls.is_empty() || finds_some || !rest.iter().all(|part| is_of(part, one)) {
        return None;
    }
    let (mut alone, mut others) = (select.clone(), select.clone());
    alone.from[0].joins.clear();
    others.from[0].relation = join.relation.clone();
    others.from[0].joins.clear();
    let denied = denied.into_iter().cloned().reduce(and).unwrap_or(Expr::value(Value::Boolean(true)));
    let denied = not_in((**key).clone(), fk, &others, &denied)?;
    alone.selection = rest.into_iter().cloned().chain([denied]).reduce(and);
    count_rows(&mut alone);
    Some(Mended { select: alone, shows: one.alias.clone() })
}

fn says_none(question: &str) -> bool {
    let question = question.to_lowercase().replace('’', "'").replace("n't", " not");
    let words = format!(" {} ", question.split_whitespace().collect::<Vec<_>>().join(" "));
    NONE.iter().any(|none| words.contains(&format!(" {none} ")))
}

/// `key NOT IN (SELECT fk FROM … WHERE fk IS NOT NULL AND …)`: with a NULL among them, no row would be known not to be.
fn not_in(key: Expr, fk: &Expr, from: &Select, condition: &Expr) -> Option<Expr> {
    let mut query = guard::parse("SELECT 1").ok()?;
    let SetExpr::Select(select) = &mut *query.body else { return None };
    select.projection = vec![SelectItem::UnnamedExpr(fk.clone())];
    select.from.clone_from(&from.from);
    let is_there = Expr::IsNotNull(Box::new(fk.clone()));
    let is_any = matches!(condition, Expr::Value(value) if value.value == Value::Boolean(true));
    select.selection = Some(if is_any { is_there } else { and(condition.clone(), is_there) });
    Some(Expr::InSubquery { expr: Box::new(key), subquery: Box::new(query), negated: true })
}

/// What a condition denies.
fn positive(condition: &Expr) -> Option<Expr> {
    match condition.clone() {
        Expr::Nested(inner) => positive(&inner),
        Expr::BinaryOp { left, op: BinaryOperator::NotEq, right } => {
            Some(Expr::BinaryOp { left, op: BinaryOperator::Eq, right })
        }
        Expr::InList { expr, list, negated: true } => Some(Expr::InList { expr, list, negated: false }),
        Expr::InSubquery { expr, subquery, negated: true } => Some(Expr::InSubquery { expr, subquery, negated: false }),
        Expr::Like { any, expr, pattern, escape_char, negated: true } => {
            Some(Expr::Like { any, expr, pattern, escape_char, negated: false })
        }
        _ => None,
    }
}

/// The aliases of the relations whose columns an expression names; none if it names something else, too. What stands in a
/// subquery is its own.
fn relations(expr: &Expr, frames: &[Frame]) -> Option<Vec<String>> {
    let expr = match expr {
        Expr::InSubquery { expr, .. } => expr,
        other => other,
    };
    let mut found = Vec::new();
    let mut is_known = true;
    each_expr(expr, |expr| match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match resolve(expr, frames) {
            Some((relation, _)) => found.push(relation.alias.clone()),
            None => is_known = false,
        },
        Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => is_known = false,
        _ => {}
    });
    is_known.then_some(found)
}

fn only_relation(expr: &Expr, frames: &[Frame]) -> Option<String> {
    let mut found = relations(expr, frames)?.into_iter();
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

fn shows_only(select: &Select, order_by: Option<&OrderBy>, alias: &str, frames: &[Frame]) -> bool {
    let is_of = |expr: &Expr| {
        count_argument(expr).is_some()
            || relations(expr, frames).is_some_and(|of| of.iter().all(|other| other == alias))
            || qualifier(expr).is_some_and(|of| of == alias)
    };
    let shown = select.projection.iter().all(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => is_of(expr),
        _ => false,
    });
    shown && ordering(order_by).iter().all(|by| is_of(&by.expr))
}

/// What a `count` counts.
fn count_argument(expr: &Expr) -> Option<&FunctionArguments> {
    match expr {
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("count") => Some(&function.args),
        _ => None,
    }
}

/// Each of the one table's rows is there once.
fn count_rows(select: &mut Select) {
    let Ok(query) = guard::parse("SELECT count(*)") else { return };
    let SetExpr::Select(counting) = *query.body else { return };
    let [SelectItem::UnnamedExpr(count)] = counting.projection.as_slice() else { return };
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item
            && count_argument(expr).is_some()
        {
            *expr = count.clone();
        }
    }
}
