//! Aggregates (Trino: "Aggregate functions"): those that DataFusion lacks, and its own under Trino's names.

use std::{cmp::Ordering, sync::Arc};

use datafusion::{
    arrow::datatypes::DataType,
    common::ScalarValue,
    error::Result,
    functions_aggregate::{
        any_value::any_value_udaf,
        bit_and_or_xor::{bit_and_udaf, bit_or_udaf, bit_xor_udaf},
        bool_and_or::bool_and_udaf,
        variance::{var_pop_udaf, var_samp_udaf},
    },
    logical_expr::AggregateUDF,
};

use super::{
    aggregate::aggregate,
    aggregates_by,
    average::average,
    fault::Fault,
    generic::{elements, list, map, number},
    kinds::{element_of, list_of, map_of},
};

/// The names that `max(x, n)` and `min(x, n)` are called under.
pub(super) const MAX_N: &str = "max of n";
pub(super) const MIN_N: &str = "min of n";

pub(super) fn all() -> Vec<AggregateUDF> {
    let renamed = |function: Arc<AggregateUDF>, name| function.as_ref().clone().with_aliases([name]);
    let mut functions = vec![
        renamed(any_value_udaf(), "arbitrary"),
        renamed(bool_and_udaf(), "every"),
        renamed(bit_and_udaf(), "bitwise_and_agg"),
        renamed(bit_or_udaf(), "bitwise_or_agg"),
        renamed(bit_xor_udaf(), "bitwise_xor_agg"),
        renamed(var_samp_udaf(), "variance"),
        renamed(var_pop_udaf(), "var_pop"),
        average(),
        aggregate("geometric_mean", "double", of_double, |columns, _| {
            let numbers = doubles(&columns[0]);
            let logarithms = numbers.iter().map(|number| number.ln()).sum::<f64>();
            Ok(ScalarValue::Float64(Some((logarithms / numbers.len() as f64).exp())))
        }),
        aggregate("skewness", "double", of_double, |columns, _| {
            Ok(ScalarValue::Float64(skewness(&doubles(&columns[0]))))
        }),
        aggregate("kurtosis", "double", of_double, |columns, _| {
            Ok(ScalarValue::Float64(kurtosis(&doubles(&columns[0]))))
        }),
        aggregate("approx_percentile", "double, double", of_percentile, percentile),
        aggregate("map_agg", "K, V", of_pairs, |columns, gives| {
            let mut pairs: Vec<(ScalarValue, ScalarValue)> = Vec::new();
            for (key, value) in columns[0].iter().zip(&columns[1]) {
                if !pairs.iter().any(|(known, _)| known == key) {
                    pairs.push((key.clone(), value.clone()));
                }
            }
            map(pairs, gives)
        }),
        aggregate("multimap_agg", "K, V", of_groups, multimap),
        aggregate("histogram", "K", of_histogram, histogram),
        aggregate(MAX_N, "E, bigint", of_best, |columns, gives| best(columns, gives, Ordering::Greater)),
        aggregate(MIN_N, "E, bigint", of_best, |columns, gives| best(columns, gives, Ordering::Less)),
    ];
    functions.extend(aggregates_by::all());
    functions
}

type Types = Option<(Vec<DataType>, DataType)>;

fn of_double(given: &[DataType]) -> Types {
    match given {
        [kind] if kind.is_numeric() => Some((vec![DataType::Float64], DataType::Float64)),
        _ => None,
    }
}

fn of_percentile(given: &[DataType]) -> Types {
    let [kind, share] = given else {
        return None;
    };
    let kind = match kind {
        kind if kind.is_integer() => DataType::Int64,
        kind if kind.is_numeric() => DataType::Float64,
        _ => return None,
    };
    match element_of(share) {
        Some(share) if share.is_numeric() => Some((vec![kind.clone(), list_of(DataType::Float64)], list_of(kind))),
        None if share.is_numeric() => Some((vec![kind.clone(), DataType::Float64], kind)),
        _ => None,
    }
}

fn of_pairs(given: &[DataType]) -> Types {
    match given {
        [key, value] => Some((given.to_vec(), map_of(key.clone(), value.clone()))),
        _ => None,
    }
}

fn of_groups(given: &[DataType]) -> Types {
    match given {
        [key, value] => Some((given.to_vec(), map_of(key.clone(), list_of(value.clone())))),
        _ => None,
    }
}

fn of_histogram(given: &[DataType]) -> Types {
    match given {
        [kind] => Some((given.to_vec(), map_of(kind.clone(), DataType::Int64))),
        _ => None,
    }
}

fn of_best(given: &[DataType]) -> Types {
    match given {
        [kind, count] if count.is_integer() => Some((vec![kind.clone(), DataType::Int64], list_of(kind.clone()))),
        _ => None,
    }
}

fn doubles(column: &[ScalarValue]) -> Vec<f64> {
    let numbers = column.iter().filter_map(|value| match value {
        ScalarValue::Float64(number) => *number,
        _ => None,
    });
    numbers.collect()
}

/// The sum of the powers of the distances from the mean.
fn moment(numbers: &[f64], power: i32) -> f64 {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.iter().map(|number| (number - mean).powi(power)).sum()
}

fn skewness(numbers: &[f64]) -> Option<f64> {
    let count = numbers.len() as f64;
    (numbers.len() >= 3).then(|| count.sqrt() * moment(numbers, 3) / moment(numbers, 2).powf(1.5))
}

/// Of the population that the numbers are a sample of, less the three of a normal distribution.
fn kurtosis(numbers: &[f64]) -> Option<f64> {
    let n = numbers.len() as f64;
    let variance = moment(numbers, 2) / (n - 1.0);
    (numbers.len() >= 4).then(|| {
        (n * (n + 1.0)) / ((n - 1.0) * (n - 2.0) * (n - 3.0)) * moment(numbers, 4) / variance.powi(2)
            - 3.0 * (n - 1.0).powi(2) / ((n - 2.0) * (n - 3.0))
    })
}

/// Exact, which an approximation may be: Trino's digest gives the same as long as it has room for all values.
fn percentile(columns: &[Vec<ScalarValue>], gives: &DataType) -> Result<ScalarValue> {
    let mut sorted = columns[0].clone();
    sorted.sort_by(|left, right| left.partial_cmp(right).unwrap_or(Ordering::Equal));
    let at = |share: &ScalarValue| match share {
        ScalarValue::Float64(Some(share)) if (0.0..=1.0).contains(share) => {
            let index = (share * sorted.len() as f64) as usize;
            Ok(sorted[index.min(sorted.len() - 1)].clone())
        }
        _ => Err(Fault::argument("percentile must be between 0 and 1")),
    };
    match columns[1].first() {
        Some(shares @ ScalarValue::List(_)) => {
            let found = elements(shares)?.iter().map(at).collect::<Result<Vec<_>, _>>()?;
            Ok(list(&found, gives))
        }
        Some(share) => Ok(at(share)?),
        None => ScalarValue::try_from(gives),
    }
}

fn grouped(keys: &[ScalarValue], values: &[ScalarValue]) -> Vec<(ScalarValue, Vec<ScalarValue>)> {
    let mut groups: Vec<(ScalarValue, Vec<ScalarValue>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (key, value) in keys.iter().zip(values) {
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key.clone(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(value.clone());
    }
    groups
}

fn multimap(columns: &[Vec<ScalarValue>], gives: &DataType) -> Result<ScalarValue> {
    let kind = super::kinds::entry_of(gives).map(|(_, value)| value.clone()).unwrap_or(DataType::Null);
    let groups = grouped(&columns[0], &columns[1]);
    map(groups.into_iter().map(|(key, values)| (key, list(&values, &kind))).collect(), gives)
}

fn histogram(columns: &[Vec<ScalarValue>], gives: &DataType) -> Result<ScalarValue> {
    let groups = grouped(&columns[0], &columns[0]);
    let counts = groups.into_iter().map(|(key, values)| (key, ScalarValue::Int64(i64::try_from(values.len()).ok())));
    map(counts.collect(), gives)
}

/// Sorted so that those whose comparison with the others is the wanted one come first.
pub(super) fn by_rank(left: &ScalarValue, right: &ScalarValue, wanted: Ordering) -> Ordering {
    let order = left.partial_cmp(right).unwrap_or(Ordering::Equal);
    if wanted == Ordering::Greater { order.reverse() } else { order }
}

pub(super) fn count_of(column: &[ScalarValue]) -> Result<usize, Fault> {
    let count = column.first().map(number).and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
    count.ok_or_else(|| Fault::argument("third argument of max_by/min_by must be a positive integer"))
}

fn best(columns: &[Vec<ScalarValue>], gives: &DataType, wanted: Ordering) -> Result<ScalarValue> {
    let count = count_of(&columns[1])?;
    let mut sorted = columns[0].clone();
    sorted.sort_by(|left, right| by_rank(left, right, wanted));
    sorted.truncate(count);
    Ok(list(&sorted, gives))
}
