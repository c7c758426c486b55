//! Sums, differences and products of integers, which are errors in Trino where they do not fit their type.

use datafusion::{
    arrow::{
        array::{AsArray, Int64Array},
        compute::cast,
        datatypes::{DataType, Int64Type},
    },
    common::{ScalarValue, utils::take_function_args},
    error::Result,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility},
};

use super::fault::Fault;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Addition,
    Subtraction,
    Multiplication,
}

impl Operation {
    fn compute(self, left: i64, right: i64) -> Option<i64> {
        match self {
            Self::Addition => left.checked_add(right),
            Self::Subtraction => left.checked_sub(right),
            Self::Multiplication => left.checked_mul(right),
        }
    }

    fn name(self) -> (&'static str, char) {
        match self {
            Self::Addition => ("addition", '+'),
            Self::Subtraction => ("subtraction", '-'),
            Self::Multiplication => ("multiplication", '*'),
        }
    }
}

pub(super) fn checked(operation: Operation) -> ScalarUDF {
    let signature = Signature::new(TypeSignature::Any(2), Volatility::Immutable);
    ScalarUDF::new_from_impl(Checked { operation, signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    operation: Operation,
    signature: Signature,
}

/// `integer` only where neither side is wider.
fn width(left: &DataType, right: &DataType) -> DataType {
    let is_narrow = |kind: &DataType| {
        matches!(kind, DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16)
    };
    if is_narrow(left) && is_narrow(right) { DataType::Int32 } else { DataType::Int64 }
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        self.operation.name().0
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let [left, right] = take_function_args(self.name(), given)?;
        Ok(width(left, right))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let gives = args.return_field.data_type().clone();
        let [left, right] = take_function_args(self.name(), args.args)?;
        let left = cast(&left.into_array(rows)?, &DataType::Int64)?;
        let right = cast(&right.into_array(rows)?, &DataType::Int64)?;
        let (left, right) = (left.as_primitive::<Int64Type>(), right.as_primitive::<Int64Type>());
        let fits = |number: &i64| gives != DataType::Int32 || i32::try_from(*number).is_ok();
        let mut results = Vec::with_capacity(rows);
        for (left, right) in left.iter().zip(right) {
            let (Some(left), Some(right)) = (left, right) else {
                results.push(None);
                continue;
            };
            let result = self.operation.compute(left, right).filter(fits);
            results.push(Some(result.ok_or_else(|| self.overflow(&gives, left, right))?));
        }
        let results = cast(&Int64Array::from(results), &gives)?;
        if is_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&results, 0)?));
        }
        Ok(ColumnarValue::Array(results))
    }
}

impl Checked {
    fn overflow(&self, kind: &DataType, left: i64, right: i64) -> Fault {
        let (name, sign) = self.operation.name();
        Fault::range(format!("{} {name} overflow: {left} {sign} {right}", super::kinds::trino_name(kind)))
    }
}
