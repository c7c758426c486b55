//! Comparisons that look the wrong way: "under 30" is not `> 30`.

use sqlparser::ast::{BinaryOperator, Expr, Value, ValueWithSpan};

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

/// Whether the question wants less than a number, or more; none where it says neither, or both.
fn asked(question: &str, number: &str) -> Option<bool> {
    let words: Vec<String> = question
        .split(|letter: char| !(letter.is_alphanumeric() || letter == '.'))
        .map(|word| word.trim_matches('.').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
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
}
