//! Whether a statement has to do with the question. A small model writes SQL for whatever it is asked.

use std::collections::BTreeSet;

use shared::{
    sql::guard::{Refusal, SelectStatement},
    turn::Turn,
};
use sqlparser::ast::{Expr, Value, ValueWithSpan};

use crate::{
    Question,
    layer::{Subject, names_of},
    mend::each_expr,
    terms::{alike, content, mentions, words},
};

/// Reasons to doubt, collected over the attempts of one turn.
pub(crate) struct Doubt<'a> {
    subject: &'a Subject,
    asked: BTreeSet<String>,
    /// Follow-ups may say nothing of their own ("and in May?").
    is_follow_up: bool,
    /// Names that the model asked for, that the question speaks of, and that are not there.
    missing: Vec<String>,
}

impl<'a> Doubt<'a> {
    pub(crate) fn new(subject: &'a Subject, turn: &Turn<Question>) -> Self {
        let is_follow_up = !turn.history.messages.is_empty();
        Self { subject, asked: content(&turn.message), is_follow_up, missing: Vec::new() }
    }

    /// Remembers what a refused statement looked for in vain.
    pub(crate) fn refused(&mut self, refusal: &Refusal) {
        let name = match refusal {
            Refusal::UnknownColumn { name, .. } | Refusal::UnknownTable { name, .. } => name,
            _ => return,
        };
        // What is only looked for in the wrong place is there.
        let own = name.rsplit('.').next().unwrap_or(name);
        let tables = &self.subject.schema.tables;
        let is_there = match refusal {
            Refusal::UnknownTable { .. } => self.subject.schema.table(own).is_some(),
            _ => tables.iter().any(|table| table.visible().any(|column| column.name.eq_ignore_ascii_case(own))),
        };
        if is_there {
            return;
        }
        let is_asked = words(name).iter().any(|word| mentions(&self.asked, word));
        if is_asked && !self.missing.contains(name) {
            self.missing.push(name.clone());
        }
    }

    /// Why the data cannot answer, where a name was missing.
    pub(crate) fn missing(&self) -> Option<String> {
        let name = self.missing.first()?;
        Some(format!("it holds nothing like {}.", words(name).join(" ")))
    }

    /// Whether the statement should be looked at once more: nothing in it is a word of the question, or it does without
    /// what an earlier one looked for in vain.
    pub(crate) fn is_justified(&self, statement: &SelectStatement) -> bool {
        let may_be_unrelated = !self.is_follow_up && !self.asked.is_empty();
        if !may_be_unrelated && self.missing.is_empty() {
            return false;
        }
        let named = self.named(statement);
        let speaks_of = |word: &String| named.iter().any(|name| alike(name, word));
        let is_unrelated = may_be_unrelated && !self.asked.iter().any(speaks_of);
        let gave_up = self.missing.iter().any(|name| {
            let words = words(name);
            !words.iter().filter(|word| mentions(&self.asked, word)).all(&speaks_of)
        });
        is_unrelated || gave_up
    }

    /// The words of the statement's tables and columns, of what is known of them, and of the metrics that are made of them.
    fn named(&self, statement: &SelectStatement) -> BTreeSet<String> {
        let mut named: BTreeSet<String> = BTreeSet::new();
        let mut know = |text: &str| named.extend(words(text));
        for name in statement.tables() {
            know(name);
            let Some(table) = self.subject.schema.table(name) else { continue };
            know(table.comment.as_deref().unwrap_or_default());
            self.subject.notes(name).into_iter().flat_map(|notes| &notes.synonyms).for_each(|synonym| know(synonym));
        }
        let tables: Vec<&String> = statement.tables().iter().collect();
        each_expr(statement.query(), |expr| match expr {
            Expr::Identifier(name) => self.column(&name.value, &tables, &mut know),
            Expr::CompoundIdentifier(parts) => {
                parts.last().into_iter().for_each(|name| self.column(&name.value, &tables, &mut know));
            }
            // A value that is listed is one that the data has.
            Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. })
                if self.is_listed(text, &tables) =>
            {
                know(text)
            }
            _ => {}
        });
        for (name, metric) in &self.subject.layer.metrics {
            let mut parts = names_of(&metric.sql).peekable();
            let is_computed = parts.peek().is_some()
                && parts.all(|(table, column)| {
                    tables.iter().any(|known| known.eq_ignore_ascii_case(table))
                        && words(column).iter().all(|word| named.contains(word))
                });
            if is_computed {
                let description = metric.description.as_deref().unwrap_or_default();
                named.extend([name, description].into_iter().flat_map(words));
            }
        }
        named
    }

    fn column(&self, name: &str, tables: &[&String], know: &mut impl FnMut(&str)) {
        know(name);
        for table in tables {
            let column = self.subject.schema.table(table).and_then(|table| table.column(name));
            know(column.and_then(|column| column.comment.as_deref()).unwrap_or_default());
            self.subject.synonyms(table, name).iter().for_each(|synonym| know(synonym));
        }
    }

    fn is_listed(&self, text: &str, tables: &[&String]) -> bool {
        tables.iter().any(|name| {
            let table = self.subject.schema.table(name);
            let mut columns = table.into_iter().flat_map(|table| table.visible());
            columns.any(|column| self.subject.values(name, &column.name).iter().any(|value| value == text))
        })
    }
}
