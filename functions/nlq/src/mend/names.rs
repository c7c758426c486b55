//! Names that are nearly right.

use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, TableFactor, Value};

use super::scope::{Field, Frame, Relation};
use crate::{
    layer::Subject,
    terms::{alike, is_plain, words},
};

/// Letters that a name may be wrong by, of a name of at least `LONG_ENOUGH` letters.
const MOST_EDITS: usize = 2;
const LONG_ENOUGH: usize = 5;

pub(super) fn last(name: &ObjectName) -> Option<&str> {
    match name.0.last()? {
        ObjectNamePart::Identifier(ident) => Some(&ident.value),
        ObjectNamePart::Function(_) => None,
    }
}

/// A table's own name, and what the query calls it.
pub(super) fn names_of_table(factor: &TableFactor) -> Option<(&str, &str)> {
    let TableFactor::Table { name, alias, args: None, .. } = factor else { return None };
    let own = last(name)?;
    Some((own, alias.as_ref().map_or(own, |alias| &alias.name.value)))
}

/// What a column says of whose it is.
pub(super) fn qualifier(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::CompoundIdentifier(parts) => parts.iter().rev().nth(1).map(|part| part.value.as_str()),
        _ => None,
    }
}

/// A table that is not there becomes the one whose name is like it.
pub(super) fn table(name: &mut ObjectName, subject: &Subject, is_named: impl Fn(&str) -> bool) {
    let Some(own) = last(name) else { return };
    if is_named(own) || subject.schema.table(own).is_some() {
        return;
    }
    let synonym_of = |table: &str| {
        let notes = subject.notes(table);
        notes.is_some_and(|notes| notes.synonyms.iter().any(|synonym| words(synonym) == words(own)))
    };
    let names = subject.schema.tables.iter().map(|table| table.name.as_str());
    let synonym = names.clone().find(|table| synonym_of(table));
    if let Some(table) = synonym.or_else(|| nearest(own, names))
        && let Some(ObjectNamePart::Identifier(ident)) = name.0.last_mut()
    {
        *ident = Ident::new(table);
    }
}

/// A column that is not where it is looked for becomes the one that was meant, qualified where it has to be.
pub(super) fn column(expr: &mut Expr, frames: &[Frame], is_ordering: bool) {
    let Some(frame) = frames.last() else { return };
    let mended = match &*expr {
        Expr::Identifier(name) => unqualified(name, frames, frame, is_ordering),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [.., qualifier, name] => qualified(qualifier, name, frames, frame),
            _ => None,
        },
        _ => None,
    };
    if let Some(mended) = mended {
        *expr = mended;
    }
}

fn unqualified(name: &Ident, frames: &[Frame], frame: &Frame, is_ordering: bool) -> Option<Expr> {
    if is_ordering && frame.alias(&name.value).is_some() {
        return None;
    }
    let here = frame.having(&name.value);
    match here.as_slice() {
        [_] => return None,
        // Ambiguous, which Athena refuses: mostly the two sides of a join, which are equal.
        [first, _, ..] => return Some(reference(first, &name.value)),
        [] => {}
    }
    if frames.iter().any(|outer| !outer.having(&name.value).is_empty()) {
        return None;
    }
    // SQLite and MySQL take text in double quotes for text where it names nothing.
    if name.quote_style == Some('"') && frame.alias(&name.value).is_none() {
        return Some(Expr::value(Value::SingleQuotedString(name.value.clone())));
    }
    // Athena knows the names of the select list only in ORDER BY.
    if let Some(meant) = frame.alias(&name.value) {
        return Some(without_idle_parentheses(Expr::Nested(Box::new(meant.clone()))));
    }
    let known: Vec<(&Relation, &Field)> = frame
        .relations
        .iter()
        .flat_map(|relation| relation.fields.iter().map(move |field| (relation, field)))
        .collect();
    let near = nearest(&name.value, known.iter().map(|(_, field)| field.name.as_str()))?;
    let (relation, field) = known.iter().find(|(_, field)| field.name == near)?;
    Some(reference(relation, &field.name))
}

fn qualified(qualifier: &Ident, name: &Ident, frames: &[Frame], frame: &Frame) -> Option<Expr> {
    let relation = frames.iter().rev().find_map(|frame| frame.relation(&qualifier.value));
    if let Some(relation) = relation {
        if relation.field(&name.value).is_some() || relation.fields.is_empty() {
            return None;
        }
        // Another table of the query has it.
        if let [other] = frame.having(&name.value).as_slice() {
            return Some(reference(other, &name.value));
        }
        let near = nearest(&name.value, relation.fields.iter().map(|field| field.name.as_str()))?;
        return Some(reference(relation, near));
    }
    // The table's own name, where it goes by another here.
    let of_table = frames
        .iter()
        .rev()
        .flat_map(|frame| &frame.relations)
        .find(|relation| relation.table.as_ref().is_some_and(|table| table.eq_ignore_ascii_case(&qualifier.value)));
    let of_table = of_table.filter(|relation| relation.field(&name.value).is_some());
    let only = match frame.having(&name.value).as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    Some(reference(of_table.or(only)?, &name.value))
}

fn without_idle_parentheses(expr: Expr) -> Expr {
    match expr {
        Expr::Nested(inner) if !matches!(*inner, Expr::BinaryOp { .. } | Expr::UnaryOp { .. }) => *inner,
        other => other,
    }
}

pub(super) fn reference(relation: &Relation, column: &str) -> Expr {
    Expr::CompoundIdentifier(vec![ident(&relation.alias), ident(column)])
}

/// Quoted where it would not be read as a name otherwise.
pub(super) fn ident(name: &str) -> Ident {
    if is_plain(name) { Ident::new(name) } else { Ident::with_quote('"', name) }
}

/// The one name that is like another: of the same words, of some of its words, or written nearly alike.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let own = words(name);
    let all_in = |few: &[String], many: &[String]| few.iter().all(|word| many.iter().any(|other| alike(word, other)));
    let only = |is_like: &dyn Fn(&str) -> bool| {
        let mut likes = known.clone().filter(|known| is_like(known));
        let first = likes.next()?;
        // Both sides of a join may have it.
        likes.all(|other| other == first).then_some(first)
    };
    only(&|known| words(known) == own)
        .or_else(|| only(&|known| squeezed(known) == squeezed(name)))
        .or_else(|| only(&|known| all_in(&own, &words(known))))
        // Who says "song" means its name, not its year.
        .or_else(|| only(&|known| all_in(&own, &words(known)) && words(known).iter().any(|word| word == "name")))
        .or_else(|| only(&|known| all_in(&words(known), &own)))
        .or_else(|| {
            let is_near = |known: &str| {
                name.len() >= LONG_ENOUGH
                    && strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase()) <= MOST_EDITS
            };
            only(&is_near)
        })
}

fn squeezed(name: &str) -> String {
    name.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}
