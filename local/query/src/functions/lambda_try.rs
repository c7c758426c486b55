//! `try(x)`: NULL where computing x fails for one of the reasons that Trino names, row by row.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, NullArray, new_empty_array, new_null_array},
        compute::concat,
        datatypes::{DataType, Field, FieldRef},
        error::ArrowError,
    },
    common::{plan_err, utils::take_function_args},
    error::{DataFusionError, Result},
    logical_expr::{
        ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDF,
        HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda, Volatility,
    },
};

use super::fault::Fault;

/// A name that no query can spell without quotation marks.
pub(super) const TRY: &str = "try of";

pub(super) fn lambda_try() -> Arc<HigherOrderUDF> {
    Arc::new(HigherOrderUDF::new_from_impl(Try { signature: HigherOrderSignature::any(1, Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Try {
    signature: HigherOrderSignature,
}

impl HigherOrderUDFImpl for Try {
    fn name(&self) -> &str {
        TRY
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, _: &[DataType]) -> Result<Vec<DataType>> {
        Ok(Vec::new())
    }

    fn lambda_parameters(
        &self,
        _: usize,
        _: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        Ok(LambdaParametersProgress::Complete(vec![Vec::new()]))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields {
            [ValueOrLambda::Lambda(body)] => Ok(Arc::new(Field::new("", body.data_type().clone(), true))),
            _ => plan_err!("try takes one argument"),
        }
    }

    /// Nothing of the argument may be computed elsewhere.
    fn short_circuits(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [ValueOrLambda::Lambda(body)] = take_function_args(TRY, &args.args)? else {
            return plan_err!("try takes one argument");
        };
        let rows = args.number_rows;
        match evaluate(body, 0, rows) {
            Err(error) if is_of_a_value(&error) => {}
            result => return Ok(ColumnarValue::Array(result?)),
        }
        let mut values = Vec::with_capacity(rows);
        for row in 0..rows {
            values.push(match evaluate(body, row, 1) {
                Err(error) if is_of_a_value(&error) => new_null_array(args.return_type(), 1),
                result => result?,
            });
        }
        let values: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
        if values.is_empty() {
            return Ok(ColumnarValue::Array(new_empty_array(args.return_type())));
        }
        Ok(ColumnarValue::Array(concat(&values)?))
    }
}

fn evaluate(body: &LambdaArgument, from: usize, rows: usize) -> Result<ArrayRef> {
    // The body has no parameters; this tells it how many rows there are.
    let counting = || Ok(Arc::new(NullArray::new(rows)) as ArrayRef);
    let captures = |columns: &[ArrayRef]| Ok(columns.iter().map(|column| column.slice(from, rows)).collect());
    body.evaluate(&[&counting], captures)?.into_array(rows)
}

fn is_of_a_value(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::External(error) => error.downcast_ref::<Fault>().is_some_and(|fault| {
            ["DIVISION_BY_ZERO", "INVALID_CAST_ARGUMENT", "INVALID_FUNCTION_ARGUMENT", "NUMERIC_VALUE_OUT_OF_RANGE"]
                .contains(&fault.code)
        }),
        DataFusionError::ArrowError(error, _) => {
            matches!(**error, ArrowError::DivideByZero | ArrowError::ArithmeticOverflow(_) | ArrowError::CastError(_))
        }
        _ => false,
    }
}
