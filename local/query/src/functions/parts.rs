//! What `UNNEST` needs besides arrays: the columns of a map and of an array of rows, and `WITH ORDINALITY`.

use datafusion::{
    arrow::{array::Array, datatypes::DataType},
    common::ScalarValue,
    error::Result,
    logical_expr::ScalarUDF,
};

use super::{
    generic::{elements, entries, generic, list},
    kinds::{element_of, entry_of, list_of},
};

/// The name under which the numbers of the longest array's elements are called.
pub(super) const ORDINALS: &str = "ordinals of";

pub(super) const MOST_PARTS: usize = 6;

/// The names under which the columns are called.
pub(super) const PARTS: [&str; MOST_PARTS] =
    ["part 0 of", "part 1 of", "part 2 of", "part 3 of", "part 4 of", "part 5 of"];

pub(super) fn all() -> Vec<ScalarUDF> {
    vec![
        part::<0>(),
        part::<1>(),
        part::<2>(),
        part::<3>(),
        part::<4>(),
        part::<5>(),
        generic(ORDINALS, "array(T), …", of_arrays, ordinals).with_nulls().into(),
    ]
}

fn part<const INDEX: usize>() -> ScalarUDF {
    let types = |given: &[DataType]| match given {
        [kind] => Some((given.to_vec(), list_of(column(kind, INDEX)?))),
        _ => None,
    };
    let body = |row: &[ScalarValue], gives: &DataType| {
        let mut values = Vec::new();
        for (key, value) in entries(&row[0])? {
            values.push(if INDEX == 0 { key } else { value });
        }
        for element in elements(&row[0])? {
            values.push(match &element {
                ScalarValue::Struct(fields) if !fields.is_null(0) => {
                    ScalarValue::try_from_array(fields.column(INDEX), 0)?
                }
                _ => ScalarValue::try_from(element_of(gives).unwrap_or(&DataType::Null))?,
            });
        }
        Ok(list(&values, gives))
    };
    generic(PARTS[INDEX], "map(K,V) or array(row)", types, body).into()
}

fn column(collection: &DataType, index: usize) -> Option<DataType> {
    if let Some((key, value)) = entry_of(collection) {
        return [key, value].get(index).map(|kind| (*kind).clone());
    }
    match element_of(collection)? {
        DataType::Struct(fields) => fields.get(index).map(|field| field.data_type().clone()),
        _ => None,
    }
}

fn of_arrays(given: &[DataType]) -> Option<(Vec<DataType>, DataType)> {
    let is_arrays = !given.is_empty() && given.iter().all(|kind| element_of(kind).is_some());
    is_arrays.then(|| (given.to_vec(), list_of(DataType::Int64)))
}

fn ordinals(row: &[ScalarValue], gives: &DataType) -> Result<ScalarValue> {
    let lengths = row.iter().map(|array| Ok(elements(array)?.len())).collect::<Result<Vec<_>>>()?;
    let count = lengths.into_iter().max().unwrap_or_default();
    let numbers: Vec<_> = (1..=count).map(|number| ScalarValue::Int64(i64::try_from(number).ok())).collect();
    Ok(list(&numbers, gives))
}
