//! JSON as small models write it.

use serde_json::{Deserializer, Value};

#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    /// A value, and the bytes it took.
    Value(Value, usize),
    /// The text ends within the value.
    Incomplete,
    Broken,
}

/// Reads the value at the start of `text`.
///
/// The chat template inside some of the Qwen 2.5 Coder files shows calls in doubled outer braces, and the models copy it.
pub(super) fn first_value(text: &str) -> Parsed {
    if let Some(doubled) = text.strip_prefix('{').filter(|inner| inner.starts_with('{')) {
        return match plain_value(doubled) {
            Parsed::Value(value, length) => match doubled[length..].trim_start().strip_prefix('}') {
                Some(rest) => Parsed::Value(value, text.len() - rest.len()),
                None if doubled[length..].trim().is_empty() => Parsed::Incomplete,
                None => Parsed::Broken,
            },
            parsed => parsed,
        };
    }
    plain_value(text)
}

fn plain_value(text: &str) -> Parsed {
    let mut values = Deserializer::from_str(text).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => Parsed::Value(value, values.byte_offset()),
        Some(Err(error)) if !error.is_eof() => Parsed::Broken,
        Some(Err(_)) | None => Parsed::Incomplete,
    }
}

/// All values of `text`, one after the other. With `repair`, brackets that are missing at the end are put there.
pub(super) fn all_values(text: &str, repair: bool) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        match first_value(rest) {
            Parsed::Value(value, length) => {
                values.push(value);
                rest = rest[length..].trim_start().trim_start_matches(',').trim_start();
            }
            Parsed::Incomplete if repair => {
                return all_values(&(rest.to_owned() + &missing(rest)?), false).map(|last| {
                    values.extend(last);
                    values
                });
            }
            Parsed::Incomplete | Parsed::Broken => return None,
        }
    }
    Some(values)
}

/// The brackets that `text` leaves open; nothing where it ends within a string.
fn missing(text: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut in_string = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (in_string, character) {
            (true, '\\') => drop(characters.next()),
            (_, '"') => in_string = !in_string,
            (false, '{') => open.push('}'),
            (false, '[') => open.push(']'),
            (false, '}' | ']') => drop(open.pop()),
            _ => {}
        }
    }
    (!in_string && !open.is_empty()).then(|| open.into_iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_one_value_and_leaves_the_rest() {
        assert_eq!(first_value(r#"{"a": 1} and"#), Parsed::Value(json!({"a": 1}), 8));
        assert_eq!(first_value(r#"{"a": "}"#), Parsed::Incomplete);
        assert_eq!(first_value("{a}"), Parsed::Broken);
    }

    #[test]
    fn doubled_braces_count_as_one() {
        assert_eq!(first_value(r#"{{"a": {}}} x"#), Parsed::Value(json!({"a": {}}), 11));
        assert_eq!(first_value(r#"{{"a": {}}"#), Parsed::Incomplete);
    }

    #[test]
    fn adds_brackets_but_never_ends_a_string() {
        assert_eq!(all_values(r#"{"a": {"b": ["}"]}"#, true), Some(vec![json!({"a": {"b": ["}"]}})]));
        assert_eq!(all_values(r#"{"a": {"b": 1}"#, false), None);
        assert_eq!(all_values(r#"{"a": "b"#, true), None);
    }

    #[test]
    fn several_values_may_follow_each_other() {
        assert_eq!(all_values("{\"a\": 1}\n{\"b\": 2}", false), Some(vec![json!({"a": 1}), json!({"b": 2})]));
    }
}
