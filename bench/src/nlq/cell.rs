//! A value of a result, in the form in which results of different engines are compared.

use std::cmp::Ordering;

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Number(f64),
    /// SQLite has no such type: there it is 1 or 0, or a word.
    Truth(bool),
    Text(String),
}

/// The part by which numbers may differ that are no whole ones.
const TOLERANCE: f64 = 1e-4;
/// How a truth value is spelled, in the order of the alphabet as in that of truth.
const FALSE: [&str; 4] = ["f", "false", "n", "no"];
const TRUE: [&str; 4] = ["t", "true", "y", "yes"];
/// Whole numbers above it are not exact.
const EXACT: f64 = 9e15;

impl Cell {
    /// A text that is a number is that number: SQLite keeps either in any column, Athena does not.
    pub(super) fn text(text: &str) -> Self {
        number(text).map_or_else(|| Self::Text(moment(text).to_owned()), Self::Number)
    }

    pub(super) fn json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Truth(*truth),
            Value::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            Value::String(text) => Self::text(text),
            Value::Array(_) | Value::Object(_) => Self::Text(value.to_string()),
        }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Number(one), Self::Number(other)) => are_same(*one, *other),
            (Self::Text(one), Self::Text(other)) => is_same_text(one, other),
            (Self::Truth(one), Self::Truth(other)) => one == other,
            (Self::Truth(truth), Self::Number(number)) | (Self::Number(number), Self::Truth(truth)) => {
                *number == f64::from(u8::from(*truth))
            }
            (Self::Truth(truth), Self::Text(word)) | (Self::Text(word), Self::Truth(truth)) => {
                let words = if *truth { TRUE } else { FALSE };
                words.iter().any(|spelled| word.eq_ignore_ascii_case(spelled))
            }
            _ => false,
        }
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        let rank = |cell: &Self| match cell {
            Self::Null => 0,
            Self::Number(_) => 1,
            Self::Truth(_) => 2,
            Self::Text(_) => 3,
        };
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Truth(one), Self::Truth(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

fn are_same(one: f64, other: f64) -> bool {
    let is_whole = |number: f64| number.fract() == 0.0 && number.abs() < EXACT;
    if is_whole(one) && is_whole(other) {
        return one == other;
    }
    (one - other).abs() <= TOLERANCE * one.abs().max(other.abs()) + f64::EPSILON
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    // Not "inf", nor "nan".
    let begins = text.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '.'));
    text.parse().ok().filter(|number: &f64| begins && number.is_finite())
}

/// A date without a time that says nothing.
fn moment(text: &str) -> &str {
    let is_date = text.len() > 10
        && text.bytes().take(10).enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !is_date {
        return text;
    }
    let text = match text.rsplit_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    [" 00:00:00", "T00:00:00"].iter().find_map(|nothing| text.strip_suffix(nothing)).unwrap_or(text)
}

/// Date and time may be parted by either.
fn is_same_text(one: &str, other: &str) -> bool {
    let is_break = |byte: u8| byte == b'T' || byte == b' ';
    let is_moment = |text: &str| text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(13) == Some(&b':');
    one == other
        || (one.len() == other.len()
            && is_moment(one)
            && one
                .bytes()
                .zip(other.bytes())
                .enumerate()
                .all(|(place, (one, other))| one == other || (place == 10 && is_break(one) && is_break(other))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_same(one: Value, other: Value) -> bool {
        let (one, other) = (Cell::json(&one), Cell::json(&other));
        assert_eq!(one.is_same(&other), other.is_same(&one));
        one.is_same(&other)
    }

    #[test]
    fn engines_may_spell_a_value_differently() {
        for (one, other) in [
            (json!(3), json!(3.0)),
            (json!("3"), json!(3)),
            (json!(" 12.50"), json!(12.5)),
            (json!(0.333_333), json!(1.0 / 3.0)),
            (json!(1234.5), json!(1234.56)),
            (json!(true), json!(1)),
            (json!(false), json!(0)),
            (json!("False"), json!(false)),
            (json!(true), json!("T")),
            (json!("no"), json!(false)),
            (json!(null), json!(null)),
            (json!("2024-03-07 00:00:00.000"), json!("2024-03-07")),
            (json!("2024-03-07T00:00:00"), json!("2024-03-07")),
            (json!("2024-03-07T10:30:00"), json!("2024-03-07 10:30:00.000")),
        ] {
            assert!(is_same(one.clone(), other.clone()), "{one} and {other}");
        }
    }

    #[test]
    fn other_values_are_others() {
        for (one, other) in [
            (json!(20_230_101), json!(20_230_102)),
            (json!(1234.5), json!(1235.1)),
            (json!(null), json!("")),
            (json!(null), json!(0)),
            (json!("Anna"), json!("anna")),
            (json!("nan"), json!(0)),
            (json!(true), json!(0)),
            (json!(true), json!(2)),
            (json!(false), json!("T")),
            (json!("yes"), json!("y")),
            (json!("2024-03-07"), json!("2024-03-08")),
            (json!("2024-03-07 10:30:00"), json!("2024-03-07")),
        ] {
            assert!(!is_same(one.clone(), other.clone()), "{one} and {other}");
        }
    }
}
