//! Comparisons and orders that look the wrong way: "under 30" is not `> 30`, "from old to young" does not begin with the
//! lowest age.

use sqlparser::ast::{BinaryOperator, Expr, OrderBy, OrderByKind, Value, ValueWithSpan};

use super::scope::{Frame, kind};

const LESS: [&str; 12] =
    ["under", "below", "less", "fewer", "younger", "smaller", "lower", "shorter", "cheaper", "before", "until", "most"];
const MORE: [&str; 12] = [
    "over",
    "above",
    "more",
    "greater",
    "older",
    "larger",
    "higher",
    "longer",
    "bigger",
    "after",
    "exceeding",
    "least",
];
/// What is much, as in "from old to young".
const HIGH: [&str; 8] = ["old", "high", "large", "big", "long", "great", "heavy", "most"];
const LOW: [&str; 9] = ["young", "low", "small", "little", "short", "light", "least", "few", "fewest"];
const NEGATIONS: [&str; 4] = ["not", "no", "never", "without"];

/// Words between a comparison and its number ("older than the age of 30").
const REACH: usize = 5;

pub(super) fn mend(expr: &mut Expr, question: &str) {
    let Expr::BinaryOp { op, right, .. } = expr else { return };
    let Expr::Value(ValueWithSpan { value: Value::Number(number, _), .. }) = &**right else { return };
    let turned = match op {
        BinaryOperator::Gt => BinaryOperator::Lt,
        BinaryOperator::GtEq => BinaryOperator::LtEq,
        BinaryOperator::Lt => BinaryOperator::Gt,
        BinaryOperator::LtEq => BinaryOperator::GtEq,
        _ => return,
    };
    let is_less = matches!(op, BinaryOperator::Lt | BinaryOperator::LtEq);
    if asked(question, number).is_some_and(|wants_less| wants_less != is_less) {
        *op = turned;
    }
}

/// Turns the one thing that rows are ordered by.
pub(super) fn mend_order(order_by: &mut OrderBy, frames: &[Frame], question: &str) {
    let OrderByKind::Expressions(by) = &mut order_by.kind else { return };
    let [by] = by.as_mut_slice() else { return };
    let words = words_of(question);
    let says = |direction: &str| words.iter().any(|word| word == direction);
    let descends = match (says("descending"), says("ascending")) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (true, true) => None,
        // Of two birthdays, the older person has the lower.
        (false, false) if kind(&by.expr, frames).is_number() => from_one_to_the_other(&words),
        (false, false) => None,
    };
    if let Some(descends) = descends
        && descends != (by.options.asc == Some(false))
    {
        by.options.asc = Some(!descends);
    }
}

/// "From the oldest to the youngest" descends.
fn from_one_to_the_other(words: &[String]) -> Option<bool> {
    let is_one_of = |list: &[&str], word: &str| {
        list.iter().any(|one| word == *one || word.strip_prefix(one).is_some_and(|end| end == "est" || end == "gest"))
            || list.iter().any(|one| one.strip_suffix('y').is_some_and(|stem| word.strip_prefix(stem) == Some("iest")))
    };
    words.iter().enumerate().filter(|(_, word)| *word == "to").find_map(|(at, _)| {
        let before = words[..at].last()?;
        let after = words[at + 1..].iter().find(|word| *word != "the")?;
        let descends = is_one_of(&HIGH, before) && is_one_of(&LOW, after);
        let ascends = is_one_of(&LOW, before) && is_one_of(&HIGH, after);
        (descends || ascends).then_some(descends)
    })
}

fn words_of(question: &str) -> Vec<String> {
    question
        .split(|letter: char| !(letter.is_alphanumeric() || letter == '.'))
        .map(|word| word.trim_matches('.').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether the question wants less than a number, or more; none where it says neither, or both.
fn asked(question: &str, number: &str) -> Option<bool> {
    let words = words_of(question);
    let mut wants = None;
    for at in words.iter().enumerate().filter(|(_, word)| *word == number).map(|(at, _)| at) {
        let before = &words[at.saturating_sub(REACH)..at];
        if before.iter().any(|word| NEGATIONS.contains(&word.as_str())) {
            return None;
        }
        let nearest = before.iter().rev().find_map(|word| match word.as_str() {
            word if LESS.contains(&word) => Some(true),
            word if MORE.contains(&word) => Some(false),
            _ => None,
        })?;
        if wants.is_some_and(|wants| wants != nearest) {
            return None;
        }
        wants = Some(nearest);
    }
    wants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_which_way() {
        for (question, expected) in [
            ("cities with more than one employee under age 30", Some(true)),
            ("singers older than 30.", Some(false)),
            ("at least 30 students", Some(false)),
            ("at most 30 students", Some(true)),
            ("not more than 30", None),
            ("between 30 and 40", None),
            ("older than 30 but younger than 30", None),
            ("those of 1930", None),
        ] {
            assert_eq!(asked(question, "30"), expected, "{question}");
        }
    }

    #[test]
    fn the_question_says_where_to_begin() {
        for (question, expected) in [
            ("from old to young", Some(true)),
            ("from the oldest to the youngest one", Some(true)),
            ("from the smallest to the biggest", Some(false)),
            ("from heaviest to lightest", Some(true)),
            ("how to get from old to new", None),
            ("by age", None),
        ] {
            assert_eq!(from_one_to_the_other(&words_of(question)), expected, "{question}");
        }
    }
}
