//! `max_by` and `min_by`.

use std::{cmp::Ordering, mem::size_of_val, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef},
        datatypes::{DataType, Field, FieldRef},
    },
    common::{ScalarValue, utils::take_function_args},
    error::Result,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
    },
};

use super::{
    aggregate::aggregate,
    aggregates::{by_rank, count_of},
    generic::list,
    kinds::list_of,
};

/// The names that `max_by(x, y, n)` and `min_by(x, y, n)` are called under.
pub(super) const MAX_BY_N: &str = "max_by of n";
pub(super) const MIN_BY_N: &str = "min_by of n";

pub(super) fn all() -> Vec<AggregateUDF> {
    vec![
        AggregateUDF::new_from_impl(By::new("max_by", Ordering::Greater)),
        AggregateUDF::new_from_impl(By::new("min_by", Ordering::Less)),
        aggregate(MAX_BY_N, "Y, X, bigint", types, |columns, gives| best(columns, gives, Ordering::Greater)),
        aggregate(MIN_BY_N, "Y, X, bigint", types, |columns, gives| best(columns, gives, Ordering::Less)),
    ]
}

// The rewrite puts the key first: rows without one do not count.
fn types(given: &[DataType]) -> Option<(Vec<DataType>, DataType)> {
    match given {
        [key, value, count] if count.is_integer() => {
            Some((vec![key.clone(), value.clone(), DataType::Int64], list_of(value.clone())))
        }
        _ => None,
    }
}

fn best(columns: &[Vec<ScalarValue>], gives: &DataType, wanted: Ordering) -> Result<ScalarValue> {
    let count = count_of(&columns[2])?;
    let mut sorted: Vec<_> = columns[0].iter().zip(&columns[1]).collect();
    sorted.sort_by(|(left, _), (right, _)| by_rank(left, right, wanted));
    let values: Vec<_> = sorted.into_iter().take(count).map(|(_, value)| value.clone()).collect();
    Ok(list(&values, gives))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct By {
    name: &'static str,
    wanted: i8,
    signature: Signature,
}

impl By {
    fn new(name: &'static str, wanted: Ordering) -> Self {
        Self { name, wanted: wanted as i8, signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for By {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let [value, _key] = take_function_args(self.name, given)?;
        Ok(value.clone())
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let fields = args.input_fields.iter().enumerate();
        Ok(fields
            .map(|(index, field)| {
                Arc::new(Field::new(format!("{}[{index}]", args.name), field.data_type().clone(), true))
            })
            .collect())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let [value, key] = take_function_args(self.name, args.expr_fields)?;
        Ok(Box::new(Best {
            value: ScalarValue::try_from(value.data_type())?,
            key: ScalarValue::try_from(key.data_type())?,
            wanted: self.wanted.cmp(&0),
        }))
    }
}

/// The value that stands beside the best key so far.
#[derive(Debug)]
struct Best {
    value: ScalarValue,
    key: ScalarValue,
    wanted: Ordering,
}

impl Accumulator for Best {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [value, key] = take_function_args("max_by", values)?;
        let mut best = None;
        for row in (0..key.len()).filter(|&row| key.is_valid(row)) {
            let found = ScalarValue::try_from_array(key, row)?;
            if self.key.is_null() || found.partial_cmp(&self.key) == Some(self.wanted) {
                self.key = found;
                best = Some(row);
            }
        }
        if let Some(row) = best {
            self.value = ScalarValue::try_from_array(value, row)?;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value.clone(), self.key.clone()])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size() + self.key.size()
    }
}
