//! CloudFormation's YAML as JSON, with the short forms of its functions written out.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::Error;

/// Reads one document. `!Ref Table` becomes `{"Ref": "Table"}`, `!Sub x` becomes `{"Fn::Sub": "x"}`, and so on, which
/// is how CloudFormation defines its tags; so everything after this knows one form only.
pub(super) fn parse(text: &str) -> Result<Value, Error> {
    let documents = Yaml::load_from_str(text)?;
    match documents.as_slice() {
        [document] => convert(document),
        documents => Err(Error::invalid(format!("it holds {} YAML documents instead of one", documents.len()))),
    }
}

fn convert(node: &Yaml<'_>) -> Result<Value, Error> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => Value::Array(items.iter().map(convert).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key_text(key)?, convert(value)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tag, inner) => long_form(&tag.suffix, convert(inner)?),
        Yaml::Alias(_) | Yaml::BadValue | Yaml::Representation(..) => {
            return Err(Error::invalid(format!("{node:?} is nothing that CloudFormation knows")));
        }
    })
}

/// Mapping keys may be numbers (`200:` in responses); JSON has only text.
fn key_text(key: &Yaml<'_>) -> Result<String, Error> {
    match convert(key)? {
        Value::String(text) => Ok(text),
        key @ (Value::Number(_) | Value::Bool(_)) => Ok(key.to_string()),
        key => Err(Error::invalid(format!("{key} cannot be a key"))),
    }
}

fn long_form(tag: &str, value: Value) -> Value {
    match tag {
        "Ref" | "Condition" => json!({ tag: value }),
        "GetAtt" => json!({ "Fn::GetAtt": attribute_path(value) }),
        tag => json!({ format!("Fn::{tag}"): value }),
    }
}

/// `!GetAtt Table.Arn` is short for `[Table, Arn]`. Only the first dot divides.
fn attribute_path(value: Value) -> Value {
    match value.as_str().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) => json!([resource, attribute]),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_the_long_form() {
        let parsed = parse(
            r#"
            a: !Ref Table
            b: !GetAtt Table.Stream.Arn
            c: !Sub "${A}-x"
            d: !If [Yes, !Ref "AWS::NoValue", {k: 1}]
            e: !Join [",", [x, "1", 2, true, ~]]
            f: !Condition Yes
            200: 2012-10-17
            "#,
        )
        .unwrap();
        assert_eq!(
            parsed,
            json!({
                "a": {"Ref": "Table"},
                "b": {"Fn::GetAtt": ["Table", "Stream.Arn"]},
                "c": {"Fn::Sub": "${A}-x"},
                "d": {"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, {"k": 1}]},
                "e": {"Fn::Join": [",", ["x", "1", 2, true, null]]},
                "f": {"Condition": "Yes"},
                "200": "2012-10-17",
            })
        );
    }

    #[test]
    fn what_is_no_single_document_is_refused() {
        for text in ["", "a: 1\n---\nb: 2\n", "a: [1", "a: 1\na: 2"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
