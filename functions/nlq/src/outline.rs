//! What of a schema a model is shown: all of it where it fits, otherwise what matters for the question.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use shared::{conversation::estimate_tokens, sql::schema::Table};

use crate::{
    layer::Subject,
    links::is_key,
    prompt,
    terms::{alike, content, mentions, words},
};

/// Weights of where a word of the question is found.
const IN_NAME: f64 = 4.0;
const IN_SYNONYM: f64 = 4.0;
const IN_COLUMN: f64 = 2.0;
const IN_VALUE: f64 = 3.0;
const IN_DESCRIPTION: f64 = 1.0;

/// Columns of a table too wide to be shown whole, beside those that the question names and those that join.
const FEWEST_COLUMNS: usize = 8;

/// Tables and columns that are shown, in the schema's order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outline {
    pub(crate) tables: Vec<Arc<Shown>>,
    /// How many tables are not.
    pub(crate) left_out: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    /// Whether columns were left out.
    pub(crate) is_cut: bool,
    pub(crate) definition: String,
    tokens: usize,
}

impl Outline {
    pub(crate) fn names(&self) -> Vec<String> {
        self.tables.iter().map(|shown| shown.table.clone()).collect()
    }

    /// The tables that fit `budget` tokens: those that the question's words point to, and what joins them.
    pub(crate) fn of(subject: &Subject, question: &str, budget: usize) -> Self {
        let tables = &subject.schema.tables;
        let whole = &subject.whole;
        if whole.iter().map(|shown| shown.tokens).sum::<usize>() <= budget {
            return Self { tables: whole.clone(), left_out: 0 };
        }

        let asked = content(question);
        let mut left = budget;
        let mut chosen: BTreeMap<usize, Arc<Shown>> = BTreeMap::new();
        for index in ranked(subject, &asked) {
            // A table is of little use without the one that leads to it.
            let bridges = bridges(subject, index, chosen.keys().copied());
            for index in
                [index].into_iter().chain(bridges).filter(|index| !chosen.contains_key(index)).collect::<Vec<_>>()
            {
                let shown = match whole[index].tokens <= left {
                    true => Arc::clone(&whole[index]),
                    false => Arc::new(Shown::cut(subject, &tables[index], &asked)),
                };
                if shown.tokens <= left || chosen.is_empty() {
                    left = left.saturating_sub(shown.tokens);
                    chosen.insert(index, shown);
                }
            }
        }
        let left_out = tables.len() - chosen.len();
        Self { tables: chosen.into_values().collect(), left_out }
    }
}

impl Shown {
    pub(crate) fn whole(subject: &Subject, table: &Table) -> Self {
        let columns = table.visible().map(|column| column.name.clone()).collect();
        Self::new(subject, table, columns, false)
    }

    fn new(subject: &Subject, table: &Table, columns: Vec<String>, is_cut: bool) -> Self {
        let definition = prompt::table(subject, table, &columns, is_cut);
        Self { table: table.name.clone(), columns, is_cut, tokens: estimate_tokens(&definition), definition }
    }

    fn cut(subject: &Subject, table: &Table, asked: &BTreeSet<String>) -> Self {
        let mut columns: Vec<String> = Vec::new();
        for (index, column) in table.visible().enumerate() {
            let is_named = words(&column.name).iter().any(|word| mentions(asked, word))
                || subject.values(&table.name, &column.name).iter().any(|value| has_word_of(asked, value));
            if index < FEWEST_COLUMNS
                || is_named
                || column.is_partition_key
                || is_key(&column.name)
                || subject.links.uses(&table.name, &column.name)
            {
                columns.push(column.name.clone());
            }
        }
        let is_cut = columns.len() < table.visible().count();
        Self::new(subject, table, columns, is_cut)
    }
}

/// Tables by how much the question's words point to them, the best first. A word that many tables have points to none.
fn ranked(subject: &Subject, asked: &BTreeSet<String>) -> Vec<usize> {
    let tables = &subject.schema.tables;
    let found: Vec<BTreeMap<&String, f64>> = tables.iter().map(|table| found_words(subject, table, asked)).collect();
    let spread = |word: &String| found.iter().filter(|found| found.contains_key(word)).count().max(1) as f64;
    let scores: Vec<f64> =
        found.iter().map(|found| found.iter().map(|(word, weight)| weight / spread(word)).sum()).collect();
    let mut order: Vec<usize> = (0..tables.len()).collect();
    order.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]).then(one.cmp(other)));
    order
}

/// The question's words that a table has, with the weight of the best place.
fn found_words<'a>(subject: &Subject, table: &Table, asked: &'a BTreeSet<String>) -> BTreeMap<&'a String, f64> {
    let mut found = BTreeMap::new();
    let mut look = |text: &str, weight: f64| {
        for word in words(text) {
            for asked in asked.iter().filter(|asked| alike(asked, &word)) {
                let best: &mut f64 = found.entry(asked).or_default();
                *best = best.max(weight);
            }
        }
    };
    look(&table.name, IN_NAME);
    look(table.comment.as_deref().unwrap_or_default(), IN_DESCRIPTION);
    let notes = subject.notes(&table.name);
    notes.into_iter().flat_map(|notes| &notes.synonyms).for_each(|synonym| look(synonym, IN_SYNONYM));
    for column in table.visible() {
        look(&column.name, IN_COLUMN);
        look(column.comment.as_deref().unwrap_or_default(), IN_DESCRIPTION);
        subject.values(&table.name, &column.name).iter().for_each(|value| look(value, IN_VALUE));
    }
    for notes in notes.into_iter().flat_map(|notes| notes.columns.values()).filter(|notes| !notes.hidden) {
        notes.synonyms.iter().for_each(|synonym| look(synonym, IN_COLUMN));
    }
    found
}

fn has_word_of(asked: &BTreeSet<String>, value: &str) -> bool {
    words(value).iter().any(|word| asked.contains(word))
}

/// The tables between a new one and each of the chosen that it does not join.
fn bridges(subject: &Subject, new: usize, chosen: impl Iterator<Item = usize>) -> Vec<usize> {
    let tables = &subject.schema.tables;
    let links = &subject.links;
    let joins = |one: &str, other: &str| !links.between(one, other).is_empty();
    let new = &tables[new].name;
    let apart = chosen.map(|chosen| &tables[chosen].name).filter(|chosen| !joins(new, chosen));
    let between = apart.filter_map(|chosen| {
        let next = links.of_table(new).map(|(_, there)| &there.table).find(|next| joins(next, chosen))?;
        tables.iter().position(|table| table.name == *next)
    });
    between.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::tests::subject;

    fn many(tables: usize) -> String {
        let filler = (0..tables).map(|n| format!("archive_{n}: archive_{n}_id bigint, payload varchar, checked date"));
        let shop = "
            customers: id bigint, name varchar, country varchar
            orders: id bigint, customer_id bigint, amount decimal(10,2)
            order_items: order_id bigint, product_id bigint, quantity integer
            products: product_id bigint, title varchar, price decimal(10,2)";
        let shop = shop.lines().map(str::to_owned);
        filler.chain(shop).collect::<Vec<_>>().join("\n")
    }

    const JOINS: &str = "joins: [orders.customer_id = customers.id, order_items.order_id = orders.id]";

    #[test]
    fn what_fits_is_shown_whole() {
        let outline = Outline::of(&subject(&many(2), JOINS), "How many customers?", 4000);
        assert_eq!((outline.tables.len(), outline.left_out), (6, 0));
    }

    #[test]
    fn of_five_hundred_tables_those_are_shown_that_the_question_names() {
        let subject = subject(&many(500), JOINS);
        let outline = Outline::of(&subject, "Which products did Swiss customers buy most?", 150);
        let names = outline.names();
        assert!(names.contains(&"customers".to_owned()) && names.contains(&"products".to_owned()), "{names:?}");
        assert_eq!(outline.tables.len() + outline.left_out, 504);
        let shown: usize = outline.tables.iter().map(|shown| shown.tokens).sum();
        assert!(shown <= 150, "{shown}");
    }

    #[test]
    fn a_table_between_two_comes_along() {
        let outline = Outline::of(&subject(&many(500), JOINS), "quantity of items by customers", 130);
        assert!(outline.names().contains(&"orders".to_owned()), "{:?}", outline.names());
    }

    #[test]
    fn a_wide_table_keeps_what_is_asked_for() {
        let columns = (0..300).map(|n| format!("measure_{n} double")).collect::<Vec<_>>().join(", ");
        let wide = format!("readings: {columns}, temperature double, station_id bigint");
        let outline = Outline::of(&subject(&wide, ""), "What is the highest temperature?", 200);
        let shown = &outline.tables[0];
        assert!(shown.is_cut && shown.columns.len() < 20);
        assert!(shown.columns.contains(&"temperature".to_owned()) && shown.columns.contains(&"station_id".to_owned()));
    }

    #[test]
    fn values_and_synonyms_point_to_tables() {
        let notes = "
tables:
  archive_7: { synonyms: [vault] }
  archive_9: { columns: { payload: { values: [gold, silver] } } }";
        let subject = subject(&many(500), notes);
        assert!(Outline::of(&subject, "What is in the vault?", 100).names().contains(&"archive_7".to_owned()));
        assert!(Outline::of(&subject, "How much silver is there?", 100).names().contains(&"archive_9".to_owned()));
    }
}
