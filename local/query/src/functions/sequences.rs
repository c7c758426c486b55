//! `sequence` of numbers, dates and timestamps.

use datafusion::{
    arrow::datatypes::{DataType, IntervalUnit, TimeUnit},
    common::ScalarValue,
    error::Result,
    logical_expr::ScalarUDF,
};

use super::{
    arrays::MOST_ENTRIES,
    fault::Fault,
    generic::{generic, list, number},
    kinds::list_of,
};

const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

pub(super) fn all() -> Vec<ScalarUDF> {
    vec![generic("sequence", "bigint, bigint, bigint", types, sequence).into()]
}

fn types(given: &[DataType]) -> Option<(Vec<DataType>, DataType)> {
    let timestamp = DataType::Timestamp(TimeUnit::Millisecond, None);
    match given {
        [from, to] if from.is_integer() && to.is_integer() => {
            Some((vec![DataType::Int64; 2], list_of(DataType::Int64)))
        }
        [from, to, step] if from.is_integer() && to.is_integer() && step.is_integer() => {
            Some((vec![DataType::Int64; 3], list_of(DataType::Int64)))
        }
        [DataType::Date32, DataType::Date32] => Some((given.to_vec(), list_of(DataType::Date32))),
        [DataType::Date32, DataType::Date32, DataType::Interval(_)] => {
            Some((vec![DataType::Date32, DataType::Date32, INTERVAL], list_of(DataType::Date32)))
        }
        [DataType::Timestamp(..), DataType::Timestamp(..), DataType::Interval(_)] => {
            Some((vec![timestamp.clone(), timestamp.clone(), INTERVAL], list_of(timestamp)))
        }
        _ => None,
    }
}

fn sequence(row: &[ScalarValue], gives: &DataType) -> Result<ScalarValue> {
    let (from, to) = (&row[0], &row[1]);
    let is_down = from > to;
    let step = match row.get(2) {
        Some(step) => step.clone(),
        None => default_step(from, is_down)?,
    };
    if let (ScalarValue::Int64(_), ScalarValue::Int64(_)) = (from, to)
        && (number(&step) == 0 || (number(&step) < 0) != is_down && from != to)
    {
        return Err(Fault::argument("sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start").into());
    }
    let mut values = Vec::new();
    let mut next = from.clone();
    while if is_down { next >= *to } else { next <= *to } {
        if values.len() == MOST_ENTRIES {
            return Err(Fault::argument(format!(
                "result of sequence function must not have more than {MOST_ENTRIES} entries"
            ))
            .into());
        }
        values.push(next);
        // From the start each time: a month after 31 January and another one is 31 March.
        next = nth(from, &step, values.len())?;
        if values.last() == Some(&next) {
            return Err(Fault::argument("interval must not be zero").into());
        }
    }
    Ok(list(&values, gives))
}

fn default_step(from: &ScalarValue, is_down: bool) -> Result<ScalarValue> {
    let one = if is_down { -1 } else { 1 };
    match from {
        ScalarValue::Date32(_) => Ok(ScalarValue::new_interval_mdn(0, one, 0)),
        _ => Ok(ScalarValue::Int64(Some(i64::from(one)))),
    }
}

fn nth(from: &ScalarValue, step: &ScalarValue, count: usize) -> Result<ScalarValue> {
    let times = i32::try_from(count).unwrap_or(i32::MAX);
    let step = match step {
        ScalarValue::IntervalMonthDayNano(Some(step)) => {
            ScalarValue::new_interval_mdn(step.months * times, step.days * times, step.nanoseconds * i64::from(times))
        }
        ScalarValue::Int64(Some(step)) => ScalarValue::Int64(step.checked_mul(i64::from(times))),
        other => other.clone(),
    };
    from.add(&step)
}
