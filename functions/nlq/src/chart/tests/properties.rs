//! What holds for whatever a query returns.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

const KINDS: [&str; 11] = [
    "bigint",
    "integer",
    "double",
    "decimal",
    "varchar",
    "date",
    "timestamp",
    "boolean",
    "array",
    "row",
    "decimal(10,2)",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,4}(_id|_name|_month|_year|_share)?",
        Just("year".to_owned()),
        Just("month".to_owned()),
        Just("first_name".to_owned()),
        Just("last_name".to_owned()),
        Just("measure".to_owned()),
        Just("value".to_owned()),
        Just("__proto__".to_owned()),
        Just("constructor".to_owned()),
        "[\\PC\\p{Cc}]{0,12}",
        "[.\\[\\]'\"\\\\a]{0,6}",
    ]
}

/// A value of this type, or now and then of another.
fn value(kind: &str) -> BoxedStrategy<Value> {
    let other = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!([1, null]))
    ];
    let fitting = match kind {
        "bigint" => prop_oneof![any::<i64>(), -1000..1000_i64].prop_map(Value::from).boxed(),
        "integer" => prop_oneof![0..13_i64, 1990..2030_i64].prop_map(Value::from).boxed(),
        "double" | "decimal" | "decimal(10,2)" => any::<f64>().prop_map(Value::from).boxed(),
        "varchar" => prop_oneof!["[a-c]", "202[0-3]-0[1-9]", "202[0-3]-Q[1-5]", "[a-z ]{0,12}", ".{0,120}"]
            .prop_map(Value::from)
            .boxed(),
        "date" => "20[0-9][0-9]-0[1-9]-[0-2][1-9]".prop_map(Value::from).boxed(),
        "timestamp" => "202[0-4]-0[1-9]-01 (00|0[1-9]):00:00.000".prop_map(Value::from).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        _ => Just(json!([1, 2])).boxed(),
    };
    prop_oneof![300 => fitting, 1 => other].boxed()
}

prop_compose! {
    fn result()(described in prop::collection::vec((name(), prop::sample::select(&KINDS[..])), 0..6))(
        rows in prop::collection::vec(described.iter().map(|(_, kind)| value(kind)).collect::<Vec<_>>(), 0..30),
        described in Just(described),
    ) -> (Vec<findings::Column>, Vec<Vec<Value>>) {
        let described: Vec<(&str, &str)> = described.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        (columns(&described), rows)
    }
}

fn values(chart: &Value) -> Vec<&Map<String, Value>> {
    chart["data"]["values"].as_array().unwrap().iter().map(|value| value.as_object().unwrap()).collect()
}

/// The fields that channels name.
fn fields(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("field").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| fields(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

/// The titles of channels.
fn titles(encoding: &Value, found: &mut Vec<String>) {
    let channels = encoding.as_object().into_iter().flat_map(Map::values);
    let channels = channels.flat_map(|channel| channel.as_array().cloned().unwrap_or_else(|| vec![channel.clone()]));
    found.extend(channels.filter_map(|channel| channel["title"].as_str().map(str::to_owned)));
}

/// The keys anywhere in a specification but in its data.
fn keys(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.keys().cloned());
            object
                .iter()
                .filter(|(key, _)| *key != "values" && *key != "parse")
                .for_each(|(_, value)| keys(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_chart_draws_fields_that_its_data_has((columns, rows) in result(), question in ".{0,40}") {
        if let Some(chart) = chart(&question, &columns, &rows) {
            prop_assert!(chart["mark"]["type"].is_string());
            let mut drawn = Vec::new();
            fields(&chart["encoding"], &mut drawn);
            prop_assert!(!drawn.is_empty());
            for value in values(&chart) {
                for field in &drawn {
                    prop_assert!(value.contains_key(field), "{field} is not in {value:?}");
                    prop_assert!(!field.contains(['.', '[', ']', '\'', '"', '\\']), "{field} is a path");
                    prop_assert!(!field.starts_with("__") && field != "constructor");
                }
            }
        }
    }

    #[test]
    fn what_is_drawn_is_what_was_found((columns, rows) in result()) {
        if let Some(chart) = chart("", &columns, &rows) {
            let found: HashSet<String> = rows.iter().flatten().map(Value::to_string).collect();
            // These are made of two columns, or name one.
            let is_made = |field: &str| ["period", "name", "measure"].iter().any(|made| field.starts_with(made));
            for value in values(&chart) {
                for (field, value) in value.iter().filter(|(field, _)| !is_made(field)) {
                    prop_assert!(found.contains(&value.to_string()), "{field}: {value}");
                }
            }
            let measures = rows.first().map_or(0, Vec::len);
            prop_assert!(values(&chart).len() <= rows.len() * measures);
        }
    }

    #[test]
    fn nothing_in_a_chart_is_an_expression_or_an_address((columns, rows) in result(), question in "\\PC{0,40}") {
        if let Some(chart) = chart(&question, &columns, &rows) {
            let mut found = HashSet::new();
            keys(&chart, &mut found);
            let mut written = Vec::new();
            titles(&chart["encoding"], &mut written);
            for title in written {
                prop_assert!(!title.contains(['"', '\\', '\'', '\n', '\u{2028}']), "{title:?}");
                prop_assert!(title != "image" && title != "title");
            }
            for key in ["expr", "signal", "href", "url", "transform", "params", "labelExpr", "test", "condition", "datum"] {
                prop_assert!(!found.contains(key), "{key}");
            }
        }
    }

    #[test]
    fn rows_need_not_have_all_columns((columns, mut rows) in result(), length in 0..4_usize) {
        rows.iter_mut().for_each(|row| row.truncate(length));
        let _ = chart("", &columns, &rows);
    }
}
