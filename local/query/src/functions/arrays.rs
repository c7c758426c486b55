//! Arrays (Trino: "Array functions and operators"). Indices count from 1.

use std::cmp::Ordering;

use datafusion::{arrow::datatypes::DataType, common::ScalarValue, error::Result, logical_expr::ScalarUDF};

use super::{
    array_sets,
    cast_text::text_of,
    fault::Fault,
    generic::{common, elements, entries, generic, list, number},
    kinds::{element_of, entry_of, list_of},
    parts,
};

/// The name that `a[i]` is called under.
pub(super) const SUBSCRIPT: &str = "element of";

pub(super) fn all() -> Vec<ScalarUDF> {
    let mut functions = vec![
        generic(
            "cardinality",
            "array(E)",
            |given| of_collection(given, DataType::Int64),
            |row, _| {
                let count = if matches!(row[0], ScalarValue::Map(_)) {
                    entries(&row[0])?.len()
                } else {
                    elements(&row[0])?.len()
                };
                Ok(ScalarValue::Int64(i64::try_from(count).ok()))
            },
        )
        .into(),
        generic(SUBSCRIPT, "array(E), bigint", of_access, |row, gives| access(row, gives, true)).into(),
        generic("element_at", "array(E), bigint", of_access, |row, gives| access(row, gives, false)).into(),
        generic("array_join", "array(T), varchar", of_join, array_join).into(),
        generic("array_max", "array(T)", of_element, |row, gives| extreme(&row[0], gives, Ordering::Greater)).into(),
        generic("array_min", "array(T)", of_element, |row, gives| extreme(&row[0], gives, Ordering::Less)).into(),
        generic("array_sort", "array(E)", of_list, |row, gives| {
            let mut sorted = elements(&row[0])?;
            sorted.sort_by(nulls_last);
            Ok(list(&sorted, gives))
        })
        .into(),
        generic("reverse", "varchar", of_reverse, reverse).into(),
        generic("slice", "array(E), bigint, bigint", of_slice, slice).into(),
        generic("trim_array", "array(E), bigint", of_trim, |row, gives| {
            let items = elements(&row[0])?;
            let kept = usize::try_from(number(&row[1])).ok().and_then(|dropped| items.len().checked_sub(dropped));
            let kept = kept.ok_or_else(|| Fault::argument("size must not exceed array cardinality"))?;
            Ok(list(&items[..kept], gives))
        })
        .into(),
        generic("repeat", "T, bigint", of_repeat, |row, gives| {
            let count = usize::try_from(number(&row[1]))
                .map_err(|_| Fault::argument("count argument of repeat function must be greater than or equal to 0"))?;
            if count > MOST_ENTRIES {
                return Err(Fault::argument(format!(
                    "count argument of repeat function must be less than or equal to {MOST_ENTRIES}"
                ))
                .into());
            }
            Ok(list(&vec![row[0].clone(); count], gives))
        })
        .with_nulls()
        .into(),
        generic("flatten", "array(array(E))", of_nested, |row, gives| {
            let mut flat = Vec::new();
            for inner in elements(&row[0])? {
                flat.extend(elements(&inner)?);
            }
            Ok(list(&flat, gives))
        })
        .into(),
        generic("concat", "array(E), …", of_concat, concat).into(),
    ];
    functions.extend(array_sets::all());
    functions.extend(parts::all());
    functions
}

/// Trino's longest sequence.
pub(super) const MOST_ENTRIES: usize = 10_000;

type Types = Option<(Vec<DataType>, DataType)>;

fn of_collection(given: &[DataType], gives: DataType) -> Types {
    match given {
        [kind] if element_of(kind).is_some() || entry_of(kind).is_some() => Some((given.to_vec(), gives)),
        _ => None,
    }
}

fn of_access(given: &[DataType]) -> Types {
    let [collection, index] = given else {
        return None;
    };
    if let Some(element) = element_of(collection) {
        let is_index = index.is_integer() || index.is_null();
        return is_index.then(|| (vec![collection.clone(), DataType::Int64], element.clone()));
    }
    let (key, value) = entry_of(collection)?;
    let is_key = common(&[key, index]).is_some();
    is_key.then(|| (vec![collection.clone(), key.clone()], value.clone()))
}

pub(super) fn of_list(given: &[DataType]) -> Types {
    match given {
        [kind] => element_of(kind).map(|_| (given.to_vec(), kind.clone())),
        _ => None,
    }
}

fn of_element(given: &[DataType]) -> Types {
    match given {
        [kind] => element_of(kind).map(|element| (given.to_vec(), element.clone())),
        _ => None,
    }
}

fn of_nested(given: &[DataType]) -> Types {
    match given {
        [kind] => {
            let inner = element_of(kind)?;
            element_of(inner).map(|_| (given.to_vec(), inner.clone()))
        }
        _ => None,
    }
}

fn of_join(given: &[DataType]) -> Types {
    element_of(given.first()?)?;
    let is_text = (2..=3).contains(&given.len()) && given[1..].iter().all(|kind| kind.is_string() || kind.is_null());
    is_text.then(|| {
        (std::iter::once(given[0].clone()).chain(given[1..].iter().map(|_| DataType::Utf8)).collect(), DataType::Utf8)
    })
}

fn of_reverse(given: &[DataType]) -> Types {
    match given {
        [kind] if kind.is_string() || kind.is_null() => Some((vec![DataType::Utf8], DataType::Utf8)),
        _ => of_list(given),
    }
}

fn of_slice(given: &[DataType]) -> Types {
    match given {
        [kind, start, length] if start.is_integer() && length.is_integer() => {
            element_of(kind).map(|_| (vec![kind.clone(), DataType::Int64, DataType::Int64], kind.clone()))
        }
        _ => None,
    }
}

fn of_trim(given: &[DataType]) -> Types {
    match given {
        [kind, size] if size.is_integer() => {
            element_of(kind).map(|_| (vec![kind.clone(), DataType::Int64], kind.clone()))
        }
        _ => None,
    }
}

fn of_repeat(given: &[DataType]) -> Types {
    match given {
        [kind, count] if count.is_integer() => Some((vec![kind.clone(), DataType::Int64], list_of(kind.clone()))),
        _ => None,
    }
}

fn of_concat(given: &[DataType]) -> Types {
    if given.len() < 2 {
        return None;
    }
    let is_text = |kind: &DataType| kind.is_string() || kind.is_null();
    let is_binary = |kind: &DataType| kind.is_binary() || kind.is_null();
    let one = if given.iter().all(is_text) {
        DataType::Utf8
    } else if given.iter().all(is_binary) {
        DataType::Binary
    } else {
        // An element beside arrays is appended or prepended.
        let element = given.iter().map(|kind| element_of(kind).unwrap_or(kind)).collect::<Vec<_>>();
        if !given.iter().any(|kind| element_of(kind).is_some()) {
            return None;
        }
        let element = common(&element)?;
        let kinds = given
            .iter()
            .map(|kind| if element_of(kind).is_some() { list_of(element.clone()) } else { element.clone() });
        return Some((kinds.collect(), list_of(element.clone())));
    };
    Some((vec![one.clone(); given.len()], one))
}

fn concat(row: &[ScalarValue], gives: &DataType) -> Result<ScalarValue> {
    Ok(match gives {
        DataType::Utf8 => ScalarValue::Utf8(Some(row.iter().filter_map(|part| part.try_as_str().flatten()).collect())),
        DataType::Binary => {
            let parts = row.iter().filter_map(|part| match part {
                ScalarValue::Binary(bytes) => bytes.as_deref(),
                _ => None,
            });
            ScalarValue::Binary(Some(parts.collect::<Vec<_>>().concat()))
        }
        _ => {
            let mut joined = Vec::new();
            for part in row {
                match part {
                    ScalarValue::List(_) => joined.extend(elements(part)?),
                    element => joined.push(element.clone()),
                }
            }
            list(&joined, gives)
        }
    })
}

/// `a[i]` and `m[k]` are strict: what is not there is an error. `element_at` gives NULL, and counts from the end where the
/// index is negative.
fn access(row: &[ScalarValue], gives: &DataType, is_strict: bool) -> Result<ScalarValue> {
    if matches!(row[0], ScalarValue::Map(_)) {
        let found = entries(&row[0])?.into_iter().find(|(key, _)| *key == row[1]);
        return match found {
            Some((_, value)) => Ok(value),
            None if is_strict => {
                Err(Fault::argument(format!("Key not present in map: {}", text_of(&row[1])?.unwrap_or_default()))
                    .into())
            }
            None => ScalarValue::try_from(gives),
        };
    }
    let (mut items, index) = (elements(&row[0])?, number(&row[1]));
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let fault = match index {
        0 => "SQL array indices start at 1",
        _ if is_strict && index < 0 => "Array subscript is negative",
        _ if is_strict && index > count => "Array subscript must be less than or equal to array length",
        _ => "",
    };
    if !fault.is_empty() {
        let seen = if index == 0 {
            String::new()
        } else {
            format!(": {index}{}", if index > 0 { format!(" > {count}") } else { String::new() })
        };
        return Err(Fault::argument(format!("{fault}{seen}")).into());
    }
    let at = if index < 0 { count + index } else { index - 1 };
    match usize::try_from(at).ok().filter(|at| *at < items.len()) {
        Some(at) => Ok(items.swap_remove(at)),
        None => ScalarValue::try_from(gives),
    }
}

fn array_join(row: &[ScalarValue], _: &DataType) -> Result<ScalarValue> {
    let replacement = row.get(2).and_then(|text| text.try_as_str().flatten());
    let mut parts = Vec::new();
    for item in elements(&row[0])? {
        parts.extend(text_of(&item)?.or_else(|| replacement.map(str::to_owned)));
    }
    Ok(ScalarValue::Utf8(Some(parts.join(row[1].try_as_str().flatten().unwrap_or_default()))))
}

/// NULL if any element is.
fn extreme(array: &ScalarValue, gives: &DataType, wanted: Ordering) -> Result<ScalarValue> {
    let mut best: Option<ScalarValue> = None;
    for item in elements(array)? {
        if item.is_null() {
            return ScalarValue::try_from(gives);
        }
        if best.as_ref().is_none_or(|best| item.partial_cmp(best) == Some(wanted)) {
            best = Some(item);
        }
    }
    best.map_or_else(|| ScalarValue::try_from(gives), Ok)
}

pub(super) fn nulls_last(left: &ScalarValue, right: &ScalarValue) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (false, false) => left.partial_cmp(right).unwrap_or(Ordering::Equal),
        (left, right) => left.cmp(&right),
    }
}

fn reverse(row: &[ScalarValue], gives: &DataType) -> Result<ScalarValue> {
    if let ScalarValue::Utf8(text) = &row[0] {
        return Ok(ScalarValue::Utf8(text.as_ref().map(|text| text.chars().rev().collect())));
    }
    let mut items = elements(&row[0])?;
    items.reverse();
    Ok(list(&items, gives))
}

fn slice(row: &[ScalarValue], gives: &DataType) -> Result<ScalarValue> {
    let (items, start, length) = (elements(&row[0])?, number(&row[1]), number(&row[2]));
    if length < 0 {
        return Err(Fault::argument("length must be greater than or equal to 0").into());
    }
    if start == 0 {
        return Err(Fault::argument("SQL array indices start at 1").into());
    }
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from = if start < 0 { count + start } else { start - 1 };
    let Some(from) = usize::try_from(from).ok().filter(|from| *from < items.len()) else {
        return Ok(list(&[], gives));
    };
    let to = from.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)).min(items.len());
    Ok(list(&items[from..to], gives))
}
