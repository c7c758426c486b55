//! `greatest`, `least`, `typeof`; `if`, `nullif`, `coalesce` and `try` are the rewrite's and DataFusion's.

use std::cmp::Ordering;

use datafusion::{arrow::datatypes::DataType, common::ScalarValue, logical_expr::ScalarUDF};

use super::{
    generic::{common, generic},
    kinds::trino_name,
};

pub(super) fn all() -> Vec<ScalarUDF> {
    vec![
        generic("greatest", "E, …", of_same, |row, _| Ok(extreme(row, Ordering::Greater))).into(),
        generic("least", "E, …", of_same, |row, _| Ok(extreme(row, Ordering::Less))).into(),
        generic("typeof", "T", of_any, |row, _| {
            Ok(ScalarValue::Utf8(row.first().map(|value| trino_name(&value.data_type()))))
        })
        .with_nulls()
        .into(),
    ]
}

type Types = Option<(Vec<DataType>, DataType)>;

fn of_same(given: &[DataType]) -> Types {
    let kind = common(&given.iter().collect::<Vec<_>>())?;
    (!given.is_empty()).then(|| (vec![kind.clone(); given.len()], kind))
}

fn of_any(given: &[DataType]) -> Types {
    (given.len() == 1).then(|| (given.to_vec(), DataType::Utf8))
}

/// Only called where no value is NULL: with one of them the result is NULL, unlike DataFusion's.
fn extreme(row: &[ScalarValue], wanted: Ordering) -> ScalarValue {
    let mut best = &row[0];
    for value in row {
        if value.partial_cmp(best) == Some(wanted) {
            best = value;
        }
    }
    best.clone()
}
