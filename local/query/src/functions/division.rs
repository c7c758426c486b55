//! Division of decimals.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{AsArray, Decimal128Array},
        compute::cast,
        datatypes::{DataType, Decimal128Type, Field, FieldRef},
    },
    common::{ScalarValue, utils::take_function_args},
    error::Result,
    logical_expr::{
        ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
        Volatility,
    },
};

use super::{
    fault::Fault,
    numbers::{divide_rounded, power_of_ten},
};

pub(super) fn division() -> ScalarUDF {
    ScalarUDF::new_from_impl(Division { signature: Signature::new(TypeSignature::Any(2), Volatility::Immutable) })
}

/// The quotient of decimals has as many places as the operand with more of them, and is rounded half away from zero.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Division {
    signature: Signature,
}

/// The digits and places of a decimal, or of the decimal that an integer is taken for.
fn digits(kind: &DataType) -> (u8, u8) {
    match kind {
        DataType::Decimal128(precision, scale) => (*precision, scale.unsigned_abs()),
        DataType::Int8 => (3, 0),
        DataType::Int16 | DataType::UInt8 => (5, 0),
        DataType::Int32 | DataType::UInt16 => (10, 0),
        _ => (19, 0),
    }
}

fn quotient(left: &DataType, right: &DataType) -> DataType {
    let ((left_digits, left_places), (_, right_places)) = (digits(left), digits(right));
    let precision = left_digits.saturating_add(right_places).saturating_add(right_places.saturating_sub(left_places));
    DataType::Decimal128(precision.min(38), i8::try_from(left_places.max(right_places)).unwrap_or(i8::MAX))
}

impl ScalarUDFImpl for Division {
    fn name(&self) -> &str {
        "decimal division"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let [left, right] = take_function_args(self.name(), given)?;
        Ok(quotient(left, right))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let [left, right] = take_function_args(self.name(), args.arg_fields)?;
        Ok(Arc::new(Field::new(self.name(), quotient(left.data_type(), right.data_type()), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (precision, scale) = digits(args.return_field.data_type());
        let is_constant = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let [left, right] = take_function_args(self.name(), args.args)?;
        let operand = |value: ColumnarValue| {
            let (precision, scale) = digits(&value.data_type());
            let kind = DataType::Decimal128(precision, i8::try_from(scale).unwrap_or_default());
            Ok::<_, datafusion::error::DataFusionError>((cast(&value.into_array(rows)?, &kind)?, scale))
        };
        let ((left, left_scale), (right, right_scale)) = (operand(left)?, operand(right)?);
        let shift = power_of_ten(u32::from(scale + right_scale - left_scale))
            .ok_or_else(|| Fault::range("Decimal overflow"))?;
        let pairs = left.as_primitive::<Decimal128Type>().iter().zip(right.as_primitive::<Decimal128Type>());
        let mut quotients = Vec::with_capacity(rows);
        for (dividend, divisor) in pairs {
            quotients.push(match (dividend, divisor) {
                (Some(_), Some(0)) => return Err(Fault::division().into()),
                (Some(dividend), Some(divisor)) => {
                    let dividend = dividend.checked_mul(shift).ok_or_else(|| Fault::range("Decimal overflow"))?;
                    Some(divide_rounded(dividend, divisor))
                }
                _ => None,
            });
        }
        let scale = i8::try_from(scale).unwrap_or_default();
        let quotients = Decimal128Array::from(quotients).with_precision_and_scale(precision, scale)?;
        quotients.validate_decimal_precision(precision).map_err(|_| Fault::range("Decimal overflow"))?;
        if is_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&quotients, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(quotients)))
    }
}
