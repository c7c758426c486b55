//! The answer in words, held against the rows: a number that stands in no row and counts none is not said.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::findings::Column;

/// What the rows hold, in the spellings in which a sentence may repeat it.
pub(crate) struct Facts {
    numbers: Vec<f64>,
    /// Digits inside texts: of dates, names, codes.
    digits: BTreeSet<String>,
}

/// Lets sentences through whose numbers are known, one at a time, so that they can be streamed.
pub(crate) struct Checked {
    facts: Facts,
    pending: String,
    /// Whether a sentence was let through.
    pub(crate) has_said: bool,
}

impl Facts {
    /// The question's own numbers ("the top 5") may be said again.
    pub(crate) fn of(question: &str, columns: &[Column], rows: &[Vec<Value>]) -> Self {
        // Of one row, which may hold a count, "there is 1 order" would be taken for what it holds.
        let count = (rows.len() != 1).then_some(rows.len() as f64);
        let mut facts = Self { numbers: count.into_iter().collect(), digits: BTreeSet::new() };
        facts.read(question);
        columns.iter().for_each(|column| facts.read(&column.name));
        rows.iter().flatten().for_each(|cell| facts.add(cell));
        facts
    }

    fn add(&mut self, cell: &Value) {
        match cell {
            Value::Number(number) => self.numbers.extend(number.as_f64()),
            Value::String(text) => self.read(text),
            Value::Array(cells) => cells.iter().for_each(|cell| self.add(cell)),
            Value::Object(fields) => fields.values().for_each(|cell| self.add(cell)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn read(&mut self, text: &str) {
        for number in numbers(text) {
            self.numbers.push(number.value);
            self.digits.insert(number.digits.clone());
            // "2024-03-07" is said as "7 March 2024".
            self.digits.insert(number.digits.trim_start_matches('0').to_owned());
        }
    }

    fn knows(&self, number: &Number) -> bool {
        if number.value.is_nan() {
            // A date or a version: its parts.
            return number.spelled.split('.').all(|part| self.digits.contains(part.trim_start_matches('0')));
        }
        self.digits.contains(&number.digits)
            || self.numbers.iter().any(|known| {
                // A sentence may round, to the places that it shows, and leave out a sign or write a share in per cent.
                let tolerance = 0.5 * 10f64.powi(-number.decimals) * number.scale + f64::EPSILON * known.abs();
                [known.abs(), known.abs() * 100.0].iter().any(|known| {
                    (known - number.value.abs()).abs() <= tolerance && (number.value != 0.0 || *known == 0.0)
                })
            })
    }
}

impl Checked {
    pub(crate) fn of(facts: Facts) -> Self {
        Self { facts, pending: String::new(), has_said: false }
    }

    /// Takes a piece of the answer; gives back what can be said by now.
    pub(crate) fn check(&mut self, piece: &str) -> String {
        self.pending.push_str(piece);
        let mut said = String::new();
        while let Some(end) = sentence_end(&self.pending) {
            let sentence: String = self.pending.drain(..end).collect();
            said.push_str(&self.passed(sentence));
        }
        said
    }

    pub(crate) fn finish(&mut self) -> String {
        let sentence = std::mem::take(&mut self.pending);
        self.passed(sentence)
    }

    fn passed(&mut self, sentence: String) -> String {
        let is_known = numbers(without_marker(&sentence)).all(|number| self.facts.knows(&number));
        if !is_known {
            return String::new();
        }
        self.has_said |= !sentence.trim().is_empty();
        sentence
    }
}

/// The rows in plain words, without a model.
pub(crate) fn plain(columns: &[Column], rows: &[Vec<Value>], is_truncated: bool) -> String {
    let spelled = |cell: &Value| match cell {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    match rows {
        [] => "Nothing was found.".to_owned(),
        [row] => {
            let facts = columns.iter().zip(row).map(|(column, cell)| format!("{}: {}", column.name, spelled(cell)));
            format!("{}.", facts.collect::<Vec<_>>().join(", "))
        }
        rows => {
            let count =
                if is_truncated { format!("More than {} rows", rows.len()) } else { format!("{} rows", rows.len()) };
            format!("{count} were found.")
        }
    }
}

/// Just after the end of the first sentence and the white space behind it. A stop inside a number or at the very end of what
/// is there so far ends none.
fn sentence_end(text: &str) -> Option<usize> {
    let mut before = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        let ends = match letter {
            '\n' => true,
            '.' | '!' | '?' => {
                next.is_some_and(char::is_whitespace) && !before.is_some_and(|before| is_abbreviated(text, at, before))
            }
            _ => false,
        };
        if ends {
            let rest = &text[at + letter.len_utf8()..];
            let space = rest.len() - rest.trim_start().len();
            return Some(at + letter.len_utf8() + space);
        }
        before = Some(letter);
    }
    None
}

/// Without the number of a list's item.
fn without_marker(sentence: &str) -> &str {
    let text = sentence.trim_start();
    let after = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    match text.len() - after.len() {
        1..=2 => after.strip_prefix(". ").or_else(|| after.strip_prefix(") ")).unwrap_or(sentence),
        _ => sentence,
    }
}

/// `St. Gallen`, `No. 5`, `1. Zürich`: a stop after one or two letters, or after the number of a list's item.
fn is_abbreviated(text: &str, at: usize, before: char) -> bool {
    let word = text[..at].rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    (before.is_alphabetic() && word.chars().count() <= 2)
        || (before.is_ascii_digit() && text[..at].trim_start().len() == word.len())
}

#[derive(Debug, PartialEq)]
struct Number {
    spelled: String,
    /// None of a number with more than one point.
    value: f64,
    /// As they stand, without signs and separators.
    digits: String,
    /// Digits after the point.
    decimals: i32,
    /// What one unit of the last whole digit stands for: "3.2 million" is precise to 100,000.
    scale: f64,
}

/// The numbers of a text. Digits that belong to a word (`Q3`, `B2B`) count too; words like "three" do not.
fn numbers(text: &str) -> impl Iterator<Item = Number> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|letter: char| letter.is_ascii_digit())?;
        let token = &rest[start..];
        let mut end = 0;
        let bytes = token.as_bytes();
        while end < bytes.len() {
            let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            match bytes[end] {
                byte if byte.is_ascii_digit() => end += 1,
                b'.' if is_digit(end + 1) => end += 1,
                // Thousands: a comma or an apostrophe before exactly three digits.
                b',' | b'\'' if (1..=3).all(|step| is_digit(end + step)) && !is_digit(end + 4) => end += 1,
                _ => break,
            }
        }
        let spelled = &token[..end];
        rest = &token[end..];
        Some(Number::of(spelled, rest))
    })
}

impl Number {
    fn of(spelled: &str, after: &str) -> Self {
        let plain: String = spelled.chars().filter(|letter| letter.is_ascii_digit() || *letter == '.').collect();
        let points = plain.matches('.').count();
        let decimals = match (points, plain.split_once('.')) {
            (1, Some((_, decimals))) => i32::try_from(decimals.len()).unwrap_or(0),
            _ => 0,
        };
        let unit = after.trim_start().split(|letter: char| !letter.is_alphabetic()).next().unwrap_or_default();
        let scale = match unit.to_lowercase().as_str() {
            "thousand" | "k" => 1e3,
            "million" | "millions" | "m" => 1e6,
            "billion" | "billions" | "bn" => 1e9,
            _ => 1.0,
        };
        // Not a number but a version or an address, `1.2.3`: only its very digits will do.
        let value = if points > 1 { f64::NAN } else { plain.parse::<f64>().unwrap_or(f64::NAN) * scale };
        Self { digits: plain.replace('.', ""), spelled: plain, value, decimals, scale }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn said(text: &str) -> String {
        let columns = [("country", "varchar"), ("revenue", "double"), ("since", "date")]
            .map(|(name, kind)| Column { name: name.to_owned(), kind: kind.to_owned() });
        let rows = vec![
            vec![json!("CH"), json!(1234567.891), json!("2024-03-07")],
            vec![json!("DE"), json!(0.4213), json!(null)],
            vec![json!("FR"), json!(-17), json!("2023-12-31")],
        ];
        let mut checked = Checked::of(Facts::of("top 5 countries", &columns, &rows));
        // Piece by piece, as a model writes.
        let mut out: String = text.chars().map(|letter| checked.check(&letter.to_string())).collect();
        out.push_str(&checked.finish());
        assert_eq!(checked.has_said, !out.trim().is_empty());
        out
    }

    #[test]
    fn numbers_of_rows_pass_in_every_spelling() {
        for text in [
            "CH has 1,234,567.89. That is the most.",
            "CH has 1'234'568 francs.",
            "CH has 1.23 million, DE 42.1 %, FR minus 17.",
            "There are 3 countries of the top 5.",
            "Since 7 March 2024, and since 31.12.2023.",
            "No numbers at all! None.",
            "1. CH\n2. DE\n3. FR",
        ] {
            assert_eq!(said(text), text);
        }
    }

    #[test]
    fn a_sentence_with_an_invented_number_is_held_back() {
        assert_eq!(said("CH leads. It grew by 250 %. DE follows."), "CH leads. DE follows.");
        for text in ["The total is 1234551.3.", "CH has 1.24 million.", "There are 0 countries.", "FR has 18."] {
            assert_eq!(said(text), "", "{text}");
        }
    }

    #[test]
    fn one_row_is_no_number_of_what_it_counts() {
        let columns = [Column { name: "orders".to_owned(), kind: "bigint".to_owned() }];
        let said = |text: &str| {
            let mut checked = Checked::of(Facts::of("How many orders are there?", &columns, &[vec![json!(5602)]]));
            checked.check(text) + &checked.finish()
        };
        assert_eq!(said("There is 1 order."), "");
        assert_eq!(said("There are 5,602 orders."), "There are 5,602 orders.");
    }

    #[test]
    fn a_row_speaks_for_itself() {
        let column = |name: &str| Column { name: name.to_owned(), kind: "varchar".to_owned() };
        let row = vec![json!("CH"), json!(3), json!(null)];
        let columns = [column("country"), column("n"), column("note")];
        assert_eq!(plain(&columns, std::slice::from_ref(&row), false), "country: CH, n: 3, note: none.");
        assert_eq!(plain(&columns, &[row.clone(), row], true), "More than 2 rows were found.");
        assert_eq!(plain(&columns, &[], false), "Nothing was found.");
    }

    proptest! {
        #[test]
        fn what_passes_was_written(text in "[A-Za-z0-9 .,!?\n%'-]{0,80}") {
            // Nothing is added, and nothing changes its place.
            let out = said(&text);
            let mut letters = text.chars();
            prop_assert!(out.chars().all(|letter| letters.any(|written| written == letter)), "{out:?}");
        }
    }
}
