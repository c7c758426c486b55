//! An aggregate as a plain function of all values of a group.

use std::{mem::size_of_val, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray},
        datatypes::{DataType, Field, FieldRef},
    },
    common::ScalarValue,
    error::Result,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, Signature, TypeSignature, Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
    },
};

use super::{
    generic::{Types, fitting},
    kinds::list_of,
};

/// From the values of each argument, in the order in which they came, to the result.
type Finish = fn(&[Vec<ScalarValue>], &DataType) -> Result<ScalarValue>;

#[derive(Debug, Clone)]
struct Aggregate {
    name: &'static str,
    expected: &'static str,
    types: Types,
    finish: Finish,
    signature: Signature,
}

/// Rows whose first argument is NULL do not count.
pub(super) fn aggregate(name: &'static str, expected: &'static str, types: Types, finish: Finish) -> AggregateUDF {
    let signature = Signature::new(TypeSignature::UserDefined, Volatility::Immutable);
    AggregateUDF::new_from_impl(Aggregate { name, expected, types, finish, signature })
}

known_by_name!(Aggregate);

impl Aggregate {
    fn types(&self, given: &[DataType]) -> Result<(Vec<DataType>, DataType)> {
        fitting(self.name, self.expected, self.types, given)
    }
}

impl AggregateUDFImpl for Aggregate {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        // What does not fit is told by the type of the result: DataFusion hides what is told here.
        Ok(self.types(given).map_or_else(|_| given.to_vec(), |(coerced, _)| coerced))
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        Ok(self.types(given)?.1)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let lists = args.input_fields.iter().enumerate().map(|(index, field)| {
            let name = format!("{}[{index}]", args.name);
            Arc::new(Field::new(name, list_of(field.data_type().clone()), true))
        });
        Ok(lists.collect())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Collector {
            columns: vec![Vec::new(); args.expr_fields.len()],
            kinds: args.expr_fields.iter().map(|field| field.data_type().clone()).collect(),
            gives: args.return_type().clone(),
            finish: self.finish,
        }))
    }
}

#[derive(Debug)]
struct Collector {
    columns: Vec<Vec<ScalarValue>>,
    kinds: Vec<DataType>,
    gives: DataType,
    finish: Finish,
}

impl Accumulator for Collector {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(first) = values.first() else {
            return Ok(());
        };
        for row in (0..first.len()).filter(|&row| first.is_valid(row)) {
            for (column, values) in self.columns.iter_mut().zip(values) {
                column.push(ScalarValue::try_from_array(values, row)?);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for (column, lists) in self.columns.iter_mut().zip(states) {
            for list in lists.as_list::<i32>().iter().flatten() {
                for index in 0..list.len() {
                    column.push(ScalarValue::try_from_array(&list, index)?);
                }
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let lists = self.columns.iter().zip(&self.kinds);
        Ok(lists.map(|(column, kind)| ScalarValue::List(ScalarValue::new_list(column, kind, true))).collect())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.columns.first().is_none_or(Vec::is_empty) {
            return ScalarValue::try_from(&self.gives);
        }
        (self.finish)(&self.columns, &self.gives)
    }

    fn size(&self) -> usize {
        let values = self.columns.iter().flatten().map(ScalarValue::size).sum::<usize>();
        size_of_val(self) + values
    }
}
