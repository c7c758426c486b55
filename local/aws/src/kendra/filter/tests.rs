use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

fn read(filter: Value) -> Result<Filter, String> {
    let schema = Schema::with(BTreeMap::from([("pages".to_owned(), Kind::Number), ("tags".to_owned(), Kind::List)]));
    let filter: AttributeFilter = serde_json::from_value(filter).unwrap();
    filter.read(&schema).map_err(|refusal| {
        assert_eq!(refusal.code, "ValidationException");
        refusal.message
    })
}

fn equals(name: &str) -> Value {
    json!({ "EqualsTo": { "Key": name, "Value": { "StringValue": "x" } } })
}

#[test]
fn conditions_become_filters() {
    let filter = json!({ "AndAllFilters": [
        { "NotFilter": equals("_category") },
        { "ContainsAny": { "Key": "tags", "Value": { "StringListValue": ["a", "b"] } } },
        { "GreaterThanOrEquals": { "Key": "_created_at", "Value": { "DateValue": 1700000000.5 } } },
        { "LessThan": { "Key": "pages", "Value": { "LongValue": 7 } } },
    ] });
    let expected = Filter::And(vec![
        Filter::Not(Box::new(Filter::Equals("_category".to_owned(), Attribute::Text("x".to_owned())))),
        Filter::ContainsAny("tags".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
        Filter::GreaterOrEqual("_created_at".to_owned(), Attribute::Date(1_700_000_000)),
        Filter::Less("pages".to_owned(), Attribute::Number(7)),
    ]);
    assert_eq!(read(filter), Ok(expected));
}

#[test]
fn filters_within_filters_go_two_deep() {
    let two = json!({ "AndAllFilters": [{ "OrAllFilters": [equals("_category")] }] });
    assert!(read(two.clone()).is_ok());
    let refused = read(json!({ "NotFilter": two })).unwrap_err();
    assert_eq!(refused, "AttributeFilter cannot have a depth of more than 2.");
}

#[test]
fn a_filter_is_one_operator() {
    let refused = read(json!({})).unwrap_err();
    assert_eq!(refused, "AttributeFilter cannot have 0 operators. It must have one and only one.");
    let mut two = equals("_category");
    two["NotFilter"] = equals("_category");
    assert!(read(two).unwrap_err().contains("cannot have 2 operators"));
    let refused = read(json!({ "OrAllFilters": vec![equals("_category"); 11] })).unwrap_err();
    assert_eq!(refused, "AttributeFilter cannot have a length of more than 10.");
    assert!(read(json!({ "OrAllFilters": [] })).unwrap_err().contains("a length of 0"));
}

#[test]
fn attributes_must_be_there_and_of_the_type() {
    for (filter, named) in [
        (equals("colour"), "'colour' in AttributeFilter is not in the index"),
        (equals("pages"), "'pages' is of type LONG_VALUE in the index, and STRING_VALUE was given"),
        (equals("_user_id"), "UserContext"),
        (json!({ "ContainsAny": { "Key": "_category", "Value": { "StringValue": "x" } } }), "cannot be used with"),
        (json!({ "GreaterThan": { "Key": "_category", "Value": { "StringValue": "x" } } }), "cannot be used with"),
        (json!({ "EqualsTo": { "Key": "pages", "Value": {} } }), "exactly one value"),
        (json!({ "EqualsTo": { "Key": "pages", "Value": { "LongValue": 1, "StringValue": "1" } } }), "exactly one"),
        (json!({ "ContainsAll": { "Key": "tags", "Value": { "StringListValue": vec!["x"; 11] } } }), "more than 10"),
    ] {
        let refused = read(filter.clone()).unwrap_err();
        assert!(refused.contains(named), "{filter}: {refused}");
    }
}
