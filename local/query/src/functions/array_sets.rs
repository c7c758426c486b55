//! Arrays as sets, and what is made of several arrays.

use std::collections::HashSet;

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
    arrays::MOST_ENTRIES,
    fault::Fault,
    generic::{common, elements, generic, list, number},
    kinds::{element_of, list_of},
    sequences,
};

pub(super) fn all() -> Vec<ScalarUDF> {
    let mut functions: Vec<ScalarUDF> = vec![
        generic("contains", "array(T), T", |given| of_search(given, DataType::Boolean), contains).into(),
        generic(
            "array_position",
            "array(T), T",
            |given| of_search(given, DataType::Int64),
            |row, _| {
                let found = elements(&row[0])?.iter().position(|item| *item == row[1]);
                Ok(ScalarValue::Int64(i64::try_from(found.map_or(0, |index| index + 1)).ok()))
            },
        )
        .into(),
        generic("array_remove", "array(E), E", of_removal, |row, gives| {
            let kept: Vec<_> = elements(&row[0])?.into_iter().filter(|item| *item != row[1]).collect();
            Ok(list(&kept, gives))
        })
        .into(),
        generic("array_distinct", "array(E)", super::arrays::of_list, |row, gives| {
            Ok(list(&distinct(elements(&row[0])?), gives))
        })
        .into(),
        generic("array_union", "array(E), array(E)", of_pair, |row, gives| {
            let mut items = elements(&row[0])?;
            items.extend(elements(&row[1])?);
            Ok(list(&distinct(items), gives))
        })
        .into(),
        generic("array_intersect", "array(E), array(E)", of_pair, |row, gives| {
            let other: HashSet<_> = elements(&row[1])?.into_iter().collect();
            let kept = elements(&row[0])?.into_iter().filter(|item| other.contains(item)).collect();
            Ok(list(&distinct(kept), gives))
        })
        .into(),
        generic("array_except", "array(E), array(E)", of_pair, |row, gives| {
            let other: HashSet<_> = elements(&row[1])?.into_iter().collect();
            let kept = elements(&row[0])?.into_iter().filter(|item| !other.contains(item)).collect();
            Ok(list(&distinct(kept), gives))
        })
        .into(),
        generic("arrays_overlap", "array(E), array(E)", of_overlap, overlap).into(),
        generic("zip", "array(T1), array(T2), …", of_zip, zip).with_nulls().into(),
        generic("ngrams", "array(T), bigint", of_pieces, |row, gives| {
            let (items, size) = (elements(&row[0])?, size(&row[1], "N")?);
            let inner = element_of(gives).unwrap_or(&DataType::Null);
            let grams: Vec<_> = items.windows(size.min(items.len().max(1))).map(|gram| list(gram, inner)).collect();
            Ok(list(&grams, gives))
        })
        .into(),
    ];
    functions.extend(sequences::all());
    functions
}

fn size(value: &ScalarValue, name: &str) -> Result<usize, Fault> {
    let size = usize::try_from(number(value)).ok().filter(|size| (1..=MOST_ENTRIES).contains(size));
    size.ok_or_else(|| Fault::argument(format!("{name} must be positive")))
}

type Types = Option<(Vec<DataType>, DataType)>;

fn of_search(given: &[DataType], gives: DataType) -> Types {
    match given {
        [array, wanted] => {
            let element = common(&[element_of(array)?, wanted])?;
            Some((vec![list_of(element.clone()), element], gives))
        }
        _ => None,
    }
}

fn of_removal(given: &[DataType]) -> Types {
    let (kinds, _) = of_search(given, DataType::Null)?;
    let gives = kinds.first()?.clone();
    Some((kinds, gives))
}

fn of_pair(given: &[DataType]) -> Types {
    match given {
        [left, right] => {
            let both = list_of(common(&[element_of(left)?, element_of(right)?])?);
            Some((vec![both.clone(), both.clone()], both))
        }
        _ => None,
    }
}

fn of_overlap(given: &[DataType]) -> Types {
    of_pair(given).map(|(kinds, _)| (kinds, DataType::Boolean))
}

fn of_pieces(given: &[DataType]) -> Types {
    match given {
        [array, size] if size.is_integer() && element_of(array).is_some() => {
            Some((vec![array.clone(), DataType::Int64], list_of(array.clone())))
        }
        _ => None,
    }
}

fn of_zip(given: &[DataType]) -> Types {
    let elements: Option<Vec<_>> = given.iter().map(element_of).collect();
    let elements = elements.filter(|elements| elements.len() > 1)?;
    let fields =
        elements.iter().enumerate().map(|(index, kind)| Field::new(format!("c{index}"), (*kind).clone(), true));
    Some((given.to_vec(), list_of(DataType::Struct(fields.collect()))))
}

fn distinct(items: Vec<ScalarValue>) -> Vec<ScalarValue> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

/// NULL where the value is not there, but a NULL is that might be it.
fn contains(row: &[ScalarValue], _: &DataType) -> Result<ScalarValue> {
    let items = elements(&row[0])?;
    Ok(ScalarValue::Boolean(match (items.contains(&row[1]), items.iter().any(ScalarValue::is_null)) {
        (false, true) => None,
        (found, _) => Some(found),
    }))
}

fn overlap(row: &[ScalarValue], _: &DataType) -> Result<ScalarValue> {
    let (left, right) = (elements(&row[0])?, elements(&row[1])?);
    let has_null = |items: &[ScalarValue]| items.iter().any(ScalarValue::is_null);
    let is_shared = left.iter().any(|item| !item.is_null() && right.contains(item));
    let may_be_shared = (has_null(&left) && !right.is_empty()) || (has_null(&right) && !left.is_empty());
    Ok(ScalarValue::Boolean(if !is_shared && may_be_shared { None } else { Some(is_shared) }))
}

fn zip(row: &[ScalarValue], gives: &DataType) -> Result<ScalarValue> {
    if row.iter().any(ScalarValue::is_null) {
        return ScalarValue::try_from(gives);
    }
    let Some(DataType::Struct(fields)) = element_of(gives) else {
        return ScalarValue::try_from(gives);
    };
    let columns = row.iter().map(elements).collect::<Result<Vec<_>>>()?;
    let longest = columns.iter().map(Vec::len).max().unwrap_or_default();
    let mut rows = Vec::with_capacity(longest);
    for index in 0..longest {
        let values: Vec<ArrayRef> = columns
            .iter()
            .zip(fields)
            .map(|(column, field)| match column.get(index) {
                Some(value) => value.to_array(),
                None => ScalarValue::try_from(field.data_type())?.to_array(),
            })
            .collect::<Result<_>>()?;
        rows.push(ScalarValue::Struct(StructArray::try_new(fields.clone(), values, None)?.into()));
    }
    Ok(list(&rows, gives))
}
