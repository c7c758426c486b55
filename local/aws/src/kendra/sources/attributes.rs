//! Attributes of documents, as Kendra's files write them.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use local_search::{Attribute, Kind};
use serde::Deserialize;
use serde_json::Value;

use crate::kendra::attributes::reserved;

pub(super) type Attributes = BTreeMap<String, Attribute>;

/// What an index declares of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum FieldType {
    String,
    StringList,
    Long,
    Date,
}

impl FieldType {
    /// Of the fields that every index has; text, where only the beginning of the name says that it is one.
    pub(super) fn of_reserved(name: &str) -> Option<FieldType> {
        match reserved(name) {
            Some(Kind::Date) => Some(FieldType::Date),
            Some(Kind::Number) => Some(FieldType::Long),
            Some(Kind::List) => Some(FieldType::StringList),
            Some(Kind::Text) => Some(FieldType::String),
            None => name.starts_with('_').then_some(FieldType::String),
        }
    }
}

/// Of a field without a type (on AWS, an index declares them all), text that is a point in time in full becomes a date.
pub(super) fn attribute(name: &str, value: &Value, kind: Option<FieldType>) -> Result<Attribute, String> {
    let kind = kind.or_else(|| FieldType::of_reserved(name));
    let wrong = |what: &str| format!("its attribute {name} is {value}, which is not {what}");
    let list =
        || -> Option<Vec<String>> { value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect() };
    match kind {
        Some(FieldType::String) => value.as_str().map(text).ok_or_else(|| wrong("text")),
        Some(FieldType::Long) => value.as_i64().map(Attribute::Number).ok_or_else(|| wrong("a whole number")),
        Some(FieldType::StringList) => list().map(Attribute::List).ok_or_else(|| wrong("a list of texts")),
        Some(FieldType::Date) => {
            value.as_str().and_then(date).map(Attribute::Date).ok_or_else(|| wrong("a date as ISO 8601 writes it"))
        }
        None => match value {
            Value::String(value) => Ok(instant(value).map_or_else(|| text(value), Attribute::Date)),
            Value::Number(_) => value.as_i64().map(Attribute::Number).ok_or_else(|| wrong("a whole number")),
            Value::Array(_) => list().map(Attribute::List).ok_or_else(|| wrong("a list of texts")),
            _ => Err(wrong("text, a whole number, a date or a list of texts")),
        },
    }
}

/// Seconds since the epoch. Without an offset it is UTC, without a time of day midnight.
pub(super) fn date(text: &str) -> Option<i64> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    instant(text).or_else(|| Some(civil()?.timestamp().as_second()))
}

fn instant(text: &str) -> Option<i64> {
    Some(text.parse::<Timestamp>().ok()?.as_second())
}

fn text(value: &str) -> Attribute {
    Attribute::Text(value.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_have_the_type_of_their_field() {
        for (name, value, expected) in [
            ("_category", json!("Policy"), text("Policy")),
            ("_created_at", json!("2012-03-25T12:30:10+01:00"), Attribute::Date(1_332_675_010)),
            ("_created_at", json!("2012-03-25"), Attribute::Date(1_332_633_600)),
            ("_last_updated_at", json!("2012-03-25T00:00:00"), Attribute::Date(1_332_633_600)),
            ("_view_count", json!(7), Attribute::Number(7)),
            ("_authors", json!(["Ann"]), Attribute::List(vec!["Ann".to_owned()])),
            ("department", json!("HR"), text("HR")),
            ("due", json!("2012-03-25T11:30:10Z"), Attribute::Date(1_332_675_010)),
            ("year", json!("2012-03-25"), text("2012-03-25")),
        ] {
            assert_eq!(attribute(name, &value, None), Ok(expected), "{name}");
        }
    }

    #[test]
    fn values_of_another_type_are_refused() {
        for (name, value) in [
            ("_category", json!(7)),
            ("_created_at", json!("yesterday")),
            ("_view_count", json!(1.5)),
            ("_authors", json!("Ann")),
            ("public", json!(true)),
            ("owner", json!({})),
            ("parts", json!([1])),
        ] {
            assert!(attribute(name, &value, None).unwrap_err().contains(name));
        }
    }
}
