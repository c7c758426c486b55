//! JSON (Trino: "JSON functions and operators", and "Cast to JSON", "Cast from JSON").

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, StringArray},
        datatypes::DataType,
    },
    common::ScalarValue,
    error::Result,
    logical_expr::ScalarUDF,
};
use serde_json::Value as Json;

use super::{
    cast_text::text_of,
    cast_value::{parse_date, parse_moment},
    fault::Fault,
    generic::{elements, entries},
    json_path::{find, steps},
    kinds::{Kind, boolean, element_of, entry_of, integer, text},
    numbers::{parse_decimal, round_to_integer},
    row::Row,
    scalar::function,
    types::Target,
    value::{Outcome, Value, assemble, some},
};

pub(super) fn all() -> Vec<ScalarUDF> {
    const PATH: &[Kind] = &[Kind::Text, Kind::Text];
    let functions = vec![
        function("json_extract").json().on(PATH, text, |row| match found(row)? {
            Some(json) => some(json.to_string()),
            None => Ok(None),
        }),
        function("json_extract_scalar")
            .on(PATH, text, |row| Ok(found(row)?.and_then(|json| scalar_text(&json)).map(Value::Text))),
        function("json_size").on(PATH, integer, |row| {
            Ok(found(row)?.map(|json| match json {
                Json::Array(items) => items.len().into(),
                Json::Object(fields) => fields.len().into(),
                _ => 0_i64.into(),
            }))
        }),
        function("json_parse").json().on(&[Kind::Text], text, |row| match serde_json::from_str::<Json>(row.text(0)) {
            Ok(json) => some(json.to_string()),
            Err(_) => Err(Fault::argument(format!("Cannot convert value to JSON: '{}'", row.text(0)))),
        }),
        function("json_format")
            .on(&[Kind::Text], text, |row| Ok(read(row.text(0)).map(|json| Value::Text(json.to_string())))),
        function("json_array_length").on(&[Kind::Text], integer, |row| match read(row.text(0)) {
            Some(Json::Array(items)) => some(items.len()),
            _ => Ok(None),
        }),
        function("json_array_get").json().on(&[Kind::Text, Kind::Integer], text, |row| match read(row.text(0)) {
            Some(Json::Array(items)) => Ok(at(&items, row.integer(1)).map(|json| Value::Text(json.to_string()))),
            _ => Ok(None),
        }),
        function("json_array_contains")
            .on(&[Kind::Text, Kind::Text], boolean, |row| contains(row, |item| item.as_str() == Some(row.text(1))))
            .on(&[Kind::Text, Kind::Boolean], boolean, |row| {
                contains(row, |item| item.as_bool() == Some(row.boolean(1)))
            })
            .on(&[Kind::Text, Kind::Integer], boolean, |row| {
                contains(row, |item| item.as_i64() == Some(row.integer(1)))
            })
            .on(&[Kind::Text, Kind::Double], boolean, |row| contains(row, |item| item.as_f64() == Some(row.double(1)))),
        function("is_json_scalar").on(&[Kind::Text], boolean, |row| match read(row.text(0)) {
            Some(json) => some(!json.is_array() && !json.is_object()),
            None => Err(Fault::argument(format!("Invalid JSON value: {}", row.text(0)))),
        }),
    ];
    functions.into_iter().map(ScalarUDF::from).collect()
}

fn read(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

fn found(row: &Row<'_>) -> Result<Option<Json>, Fault> {
    let steps = steps(row.text(1))?;
    Ok(read(row.text(0)).and_then(|json| find(json, &steps)))
}

fn scalar_text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(json.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// From 0; a negative index counts from the end.
fn at(items: &[Json], index: i64) -> Option<&Json> {
    let index = if index < 0 { index + i64::try_from(items.len()).ok()? } else { index };
    items.get(usize::try_from(index).ok()?)
}

fn contains(row: &Row<'_>, is_wanted: impl Fn(&Json) -> bool) -> Outcome {
    match read(row.text(0)) {
        Some(Json::Array(items)) => some(items.iter().any(is_wanted)),
        _ => Ok(None),
    }
}

/// Values as JSON's text.
pub(super) fn to_json(array: &ArrayRef) -> Result<ArrayRef> {
    let mut texts = Vec::with_capacity(array.len());
    for index in 0..array.len() {
        let value = ScalarValue::try_from_array(array, index)?;
        texts.push(if value.is_null() { None } else { Some(json_of(&value)?.to_string()) });
    }
    Ok(std::sync::Arc::new(StringArray::from(texts)))
}

fn json_of(value: &ScalarValue) -> Result<Json> {
    if value.is_null() {
        return Ok(Json::Null);
    }
    Ok(match value {
        ScalarValue::Boolean(Some(value)) => (*value).into(),
        ScalarValue::Float64(Some(value)) => (*value).into(),
        ScalarValue::Float32(Some(value)) => (*value).into(),
        ScalarValue::List(_) => elements(value)?.iter().map(json_of).collect::<Result<_>>()?,
        ScalarValue::Map(_) => {
            let field = |(key, value)| Ok((text_of(&key)?.unwrap_or_default(), json_of(&value)?));
            Json::Object(entries(value)?.into_iter().map(field).collect::<Result<_>>()?)
        }
        ScalarValue::Struct(row) => {
            let mut fields = serde_json::Map::new();
            for (field, column) in row.fields().iter().zip(row.columns()) {
                fields.insert(field.name().clone(), json_of(&ScalarValue::try_from_array(column, 0)?)?);
            }
            Json::Object(fields)
        }
        other => {
            let text = text_of(other)?.unwrap_or_default();
            if other.data_type().is_numeric() { read(&text).unwrap_or(Json::String(text)) } else { Json::String(text) }
        }
    })
}

/// JSON's text as values of the cast's type.
pub(super) fn from_json(array: &ArrayRef, target: &Target, is_lenient: bool) -> Result<ArrayRef> {
    let texts = datafusion::arrow::compute::cast(array, &DataType::Utf8)?;
    let mut values = Vec::with_capacity(array.len());
    for index in 0..texts.len() {
        let text = ScalarValue::try_from_array(&texts, index)?;
        let json = text.try_as_str().flatten().and_then(read).unwrap_or(Json::Null);
        let value = value_of(&json, &target.kind);
        values.push(if is_lenient { value.unwrap_or_default() } else { value? });
    }
    assemble(values, &target.kind)
}

fn value_of(json: &Json, kind: &DataType) -> Outcome {
    let fault = || Fault::cast(format!("Cannot cast '{json}' to {}", super::kinds::trino_name(kind)));
    match (json, kind) {
        (Json::Null, _) => Ok(None),
        (Json::Array(items), DataType::List(_)) => {
            let element = element_of(kind).unwrap_or(&DataType::Null);
            let items = items.iter().map(|item| value_of(item, element)).collect::<Result<_, _>>()?;
            Ok(Some(Value::List(items)))
        }
        (Json::Object(fields), DataType::Map(..)) => {
            let (key, value) = entry_of(kind).ok_or_else(fault)?;
            let mut entries = Vec::new();
            for (name, field) in fields {
                let name = value_of(&Json::String(name.clone()), key)?.ok_or_else(fault)?;
                entries.push((name, value_of(field, value)?));
            }
            Ok(Some(Value::Map(entries)))
        }
        (Json::Array(items), DataType::Struct(fields)) => {
            let values = fields.iter().zip(items).map(|(field, item)| value_of(item, field.data_type()));
            Ok(Some(Value::Row(values.collect::<Result<_, _>>()?)))
        }
        (Json::Object(object), DataType::Struct(fields)) => {
            let values =
                fields.iter().map(|field| value_of(object.get(field.name()).unwrap_or(&Json::Null), field.data_type()));
            Ok(Some(Value::Row(values.collect::<Result<_, _>>()?)))
        }
        (Json::Array(_) | Json::Object(_), _) => Err(fault()),
        _ => scalar_of(json, kind)?.ok_or_else(fault).map(Some),
    }
}

fn scalar_of(json: &Json, kind: &DataType) -> Outcome {
    let text = scalar_text(json).unwrap_or_default();
    Ok(match kind {
        DataType::Utf8 => Some(text.into()),
        DataType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true.into()),
            "false" | "0" => Some(false.into()),
            _ => None,
        },
        kind if kind.is_integer() => match (json.as_bool(), text.parse::<i64>(), text.parse::<f64>()) {
            (Some(flag), ..) => Some(i64::from(flag).into()),
            (_, Ok(number), _) => Some(number.into()),
            (_, _, Ok(number)) => Some(round_to_integer(number)?.into()),
            _ => None,
        },
        DataType::Float32 | DataType::Float64 => text.parse::<f64>().ok().map(Value::Double),
        DataType::Decimal128(_, scale) => parse_decimal(&text, u32::from(scale.unsigned_abs())).map(Value::Decimal),
        DataType::Date32 => parse_date(&text).map(Value::from),
        DataType::Timestamp(..) => parse_moment(&text).map(|(moment, _)| moment.into()),
        _ => None,
    })
}
