//! Maps (Trino: "Map functions and operators").

use datafusion::{
    arrow::{
        array::{ArrayRef, StructArray},
        datatypes::{DataType, Field},
    },
    common::ScalarValue,
    error::Result,
    logical_expr::ScalarUDF,
};

use super::{
    cast_text::text_of,
    fault::Fault,
    generic::{common, elements, entries, generic, list, map},
    kinds::{element_of, entry_of, list_of, map_of},
};

/// The name that `map(…)` is called under: DataFusion's planner takes its own for a list of pairs.
pub(super) const MAP: &str = "map of";

pub(super) fn all() -> Vec<ScalarUDF> {
    vec![
        generic(MAP, "array(K), array(V)", of_map, |row, gives| match row {
            [keys, values] => {
                let (keys, values) = (elements(keys)?, elements(values)?);
                if keys.len() != values.len() {
                    return Err(Fault::argument("Key and value arrays must be the same length").into());
                }
                unique(keys.into_iter().zip(values).collect(), gives)
            }
            _ => map(Vec::new(), gives),
        })
        .into(),
        generic(
            "map_keys",
            "map(K,V)",
            |given| of_part(given, |key, _| key),
            |row, gives| {
                let keys: Vec<_> = entries(&row[0])?.into_iter().map(|(key, _)| key).collect();
                Ok(list(&keys, gives))
            },
        )
        .into(),
        generic(
            "map_values",
            "map(K,V)",
            |given| of_part(given, |_, value| value),
            |row, gives| {
                let values: Vec<_> = entries(&row[0])?.into_iter().map(|(_, value)| value).collect();
                Ok(list(&values, gives))
            },
        )
        .into(),
        generic("map_entries", "map(K,V)", of_entries, map_entries).into(),
        generic("map_from_entries", "array(row(K,V))", of_from_entries, |row, gives| {
            let mut pairs = Vec::new();
            for entry in elements(&row[0])? {
                if let ScalarValue::Struct(entry) = entry {
                    let part = |index: usize| ScalarValue::try_from_array(entry.column(index), 0);
                    pairs.push((part(0)?, part(1)?));
                }
            }
            unique(pairs, gives)
        })
        .into(),
        generic("map_concat", "map(K,V), map(K,V), …", of_concat, |row, gives| {
            let mut merged: Vec<(ScalarValue, ScalarValue)> = Vec::new();
            for part in row {
                for (key, value) in entries(part)? {
                    merged.retain(|(known, _)| *known != key);
                    merged.push((key, value));
                }
            }
            map(merged, gives)
        })
        .into(),
        generic("split_to_map", "varchar, varchar, varchar", of_split, split_to_map).into(),
    ]
}

type Types = Option<(Vec<DataType>, DataType)>;

fn of_map(given: &[DataType]) -> Types {
    match given {
        [] => Some((Vec::new(), map_of(DataType::Null, DataType::Null))),
        [keys, values] => Some((given.to_vec(), map_of(element_of(keys)?.clone(), element_of(values)?.clone()))),
        _ => None,
    }
}

fn of_part(given: &[DataType], part: fn(DataType, DataType) -> DataType) -> Types {
    match given {
        [kind] => {
            let (key, value) = entry_of(kind)?;
            Some((given.to_vec(), list_of(part(key.clone(), value.clone()))))
        }
        _ => None,
    }
}

fn of_entries(given: &[DataType]) -> Types {
    of_part(given, |key, value| {
        DataType::Struct(vec![Field::new("c0", key, true), Field::new("c1", value, true)].into())
    })
}

fn of_from_entries(given: &[DataType]) -> Types {
    match given {
        [kind] => match element_of(kind)? {
            DataType::Struct(fields) if fields.len() == 2 => {
                Some((given.to_vec(), map_of(fields[0].data_type().clone(), fields[1].data_type().clone())))
            }
            _ => None,
        },
        _ => None,
    }
}

fn of_concat(given: &[DataType]) -> Types {
    let parts: Option<Vec<_>> = given.iter().map(entry_of).collect();
    let (keys, values): (Vec<_>, Vec<_>) = parts.filter(|parts| parts.len() > 1)?.into_iter().unzip();
    let gives = map_of(common(&keys)?, common(&values)?);
    Some((vec![gives.clone(); given.len()], gives))
}

fn of_split(given: &[DataType]) -> Types {
    let is_text = given.len() == 3 && given.iter().all(|kind| kind.is_string() || kind.is_null());
    is_text.then(|| (vec![DataType::Utf8; 3], map_of(DataType::Utf8, DataType::Utf8)))
}

fn unique(pairs: Vec<(ScalarValue, ScalarValue)>, gives: &DataType) -> Result<ScalarValue> {
    for (index, (key, _)) in pairs.iter().enumerate() {
        if key.is_null() {
            return Err(Fault::argument("map key cannot be null").into());
        }
        if pairs[..index].iter().any(|(known, _)| known == key) {
            let key = text_of(key)?.unwrap_or_default();
            return Err(Fault::argument(format!("Duplicate map keys ({key}) are not allowed")).into());
        }
    }
    map(pairs, gives)
}

fn map_entries(row: &[ScalarValue], gives: &DataType) -> Result<ScalarValue> {
    let Some(DataType::Struct(fields)) = element_of(gives) else {
        return ScalarValue::try_from(gives);
    };
    let mut rows = Vec::new();
    for (key, value) in entries(&row[0])? {
        let columns: Vec<ArrayRef> = vec![key.to_array()?, value.to_array()?];
        rows.push(ScalarValue::Struct(StructArray::try_new(fields.clone(), columns, None)?.into()));
    }
    Ok(list(&rows, gives))
}

fn split_to_map(row: &[ScalarValue], gives: &DataType) -> Result<ScalarValue> {
    let text = |index: usize| row[index].try_as_str().flatten().unwrap_or_default();
    let mut pairs = Vec::new();
    for entry in text(0).split(text(1)).filter(|entry| !entry.is_empty()) {
        let Some((key, value)) = entry.split_once(text(2)) else {
            let message = format!("Key-value delimiter must appear exactly once in each entry. Bad input: '{entry}'");
            return Err(Fault::argument(message).into());
        };
        pairs.push((ScalarValue::from(key), ScalarValue::from(value)));
    }
    unique(pairs, gives)
}
