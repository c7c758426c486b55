//! Athena's texts as JSON values. `GetQueryResults` gives every value as text, and leaves NULL out.

use serde_json::{Number, Value};

/// A value of a column of the type `kind`, as `ColumnInfo.Type` names it.
///
/// Numbers and booleans become JSON's; NULL, and the numbers that JSON does not have (`NaN`, `Infinity`), `null`. Dates,
/// times and everything else stay the texts that they are. Arrays of plain numbers and booleans become arrays; of all
/// others, Athena's text `[a, b]` does not tell where an element ends, and stays.
pub(super) fn parse(kind: &str, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    let parsed = match kind.to_ascii_lowercase().as_str() {
        "tinyint" | "smallint" | "int" | "integer" | "bigint" => text.parse::<i64>().ok().map(Value::from),
        // A float that JSON does not have is null already.
        "real" | "float" | "double" => text.parse::<f64>().ok().map(Value::from),
        "decimal" => decimal(text),
        "boolean" => boolean(text),
        "array" => array(text),
        _ => None,
    };
    // Text that is not of its type is shown as it is: it says more than nothing.
    parsed.unwrap_or_else(|| Value::from(text))
}

/// Whole numbers keep their digits as far as 64 bits go. Others have the 15 to 17 digits of a float; more than that would take
/// strings, or a JSON reader that most callers do not have.
fn decimal(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let number = text.parse::<f64>().ok()?;
    Number::from_f64(number).map(Value::Number)
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// None where an element may be a string: those stand without quotes, whatever is in them.
fn array(text: &str) -> Option<Value> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    if inner.is_empty() {
        return Some(Value::Array(Vec::new()));
    }
    inner.split(", ").map(element).collect::<Option<Vec<_>>>().map(Value::Array)
}

fn element(text: &str) -> Option<Value> {
    match text {
        "null" => Some(Value::Null),
        _ => boolean(text).or_else(|| number(text)),
    }
}

/// Only what Athena would print for a number: `007` is a string.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let is_number = match digits {
        [b'0', b'0'..=b'9', ..] => false,
        [first, ..] => first.is_ascii_digit() && digits.last().is_some_and(u8::is_ascii_digit),
        [] => false,
    };
    is_number.then(|| decimal(text)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_have_the_type_of_their_column() {
        for (kind, text, expected) in [
            ("bigint", "9223372036854775807", json!(9_223_372_036_854_775_807_i64)),
            ("tinyint", "-1", json!(-1)),
            ("double", "1.0E10", json!(1e10)),
            ("float", "0.1", json!(0.1)),
            ("decimal", "1234.50", json!(1234.5)),
            ("decimal", "-7", json!(-7)),
            ("decimal", "12345678901234567890123456789", json!(1.234_567_890_123_456_8e28)),
            ("boolean", "true", json!(true)),
            ("date", "2026-01-31", json!("2026-01-31")),
            ("timestamp", "2026-01-31 10:00:00.000", json!("2026-01-31 10:00:00.000")),
            ("varchar", "12", json!("12")),
            ("varchar", "", json!("")),
            ("char", "a ", json!("a ")),
            ("json", "{\"a\":1}", json!("{\"a\":1}")),
            ("array", "[1, 2, null]", json!([1, 2, null])),
            ("array", "[1.5, true]", json!([1.5, true])),
            ("array", "[]", json!([])),
            ("row", "{a=1}", json!("{a=1}")),
            ("map", "{a=1, b=2}", json!("{a=1, b=2}")),
        ] {
            assert_eq!(parse(kind, Some(text)), expected, "{kind} {text}");
            assert_eq!(parse(kind, None), Value::Null);
        }
    }

    #[test]
    fn numbers_that_json_does_not_have_are_null() {
        for text in ["NaN", "Infinity", "-Infinity"] {
            assert_eq!(parse("double", Some(text)), Value::Null);
        }
    }

    #[test]
    fn an_array_that_may_hold_strings_stays_text() {
        for text in
            ["[a, b]", "[007]", "[1,2]", "[1., 2]", "[NaN]", "[[1, 2]]", "[ 1]", "[1, ]", "[+1]", "[-]", "[1e]", "["]
        {
            assert_eq!(parse("array", Some(text)), json!(text));
        }
    }

    proptest! {
        #[test]
        fn a_whole_number_is_never_a_string(number: i64) {
            for kind in ["bigint", "decimal"] {
                prop_assert_eq!(parse(kind, Some(&number.to_string())), json!(number));
            }
        }

        #[test]
        fn a_float_is_the_same_number(number: f64) {
            prop_assert_eq!(parse("double", Some(&format!("{number:?}"))), json!(number));
        }

        #[test]
        fn a_decimal_of_fifteen_digits_keeps_them(whole in -99_999_999_i64..99_999_999, cents in 0..1_000_000_u32) {
            let text = format!("{whole}.{cents:06}");
            let Value::Number(number) = parse("decimal", Some(&text)) else { panic!("no number") };
            let printed = format!("{:.6}", number.as_f64().unwrap());
            prop_assert_eq!(printed, text);
        }

        #[test]
        fn an_array_of_numbers_comes_back(numbers in prop::collection::vec(prop::option::of(any::<i64>()), 0..9)) {
            let texts: Vec<_> =
                numbers.iter().map(|number| number.map_or("null".to_owned(), |number| number.to_string())).collect();
            prop_assert_eq!(parse("array", Some(&format!("[{}]", texts.join(", ")))), json!(numbers));
        }

        #[test]
        fn no_text_is_too_strange(kind in "array|bigint|decimal|double|boolean|date|row", text in any::<String>()) {
            let value = parse(&kind, Some(&text));
            let is_plain = value.is_number() || value.is_boolean() || value.is_array() || value.is_null();
            prop_assert!(is_plain || value == json!(text));
        }
    }
}
