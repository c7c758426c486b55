//! `avg`: of decimals a decimal of the same type, as in Trino; of everything else DataFusion's.

use std::{mem::size_of_val, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray},
        datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type},
    },
    common::{ScalarValue, utils::take_function_args},
    error::Result,
    functions_aggregate::average::avg_udaf,
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, TypeSignature, Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
    },
};

use super::{fault::Fault, kinds::trino_name, numbers::divide_rounded};

pub(super) fn average() -> AggregateUDF {
    let signature = Signature::new(TypeSignature::UserDefined, Volatility::Immutable);
    AggregateUDF::new_from_impl(Average { inner: avg_udaf(), signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Average {
    inner: Arc<AggregateUDF>,
    signature: Signature,
}

impl AggregateUDFImpl for Average {
    fn name(&self) -> &str {
        "avg"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [kind @ DataType::Decimal128(..)] => Ok(vec![kind.clone()]),
            [kind] if kind.is_numeric() || kind.is_null() => Ok(vec![DataType::Float64]),
            _ => Ok(given.to_vec()),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given {
            [kind @ DataType::Decimal128(..)] => Ok(kind.clone()),
            [DataType::Float64] => Ok(DataType::Float64),
            _ => {
                let given: Vec<_> = given.iter().map(trino_name).collect();
                let expected = ["avg(decimal(p,s))".to_owned(), "avg(bigint)".to_owned(), "avg(double)".to_owned()];
                Err(Fault::parameters("avg", &given, &expected).into())
            }
        }
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        match args.return_type() {
            DataType::Decimal128(_, scale) => Ok(vec![
                Arc::new(Field::new(format!("{}[sum]", args.name), DataType::Decimal128(38, *scale), true)),
                Arc::new(Field::new(format!("{}[count]", args.name), DataType::Int64, true)),
            ]),
            _ => self.inner.state_fields(args),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match args.return_type() {
            DataType::Decimal128(precision, scale) => {
                Ok(Box::new(OfDecimals { sum: 0, count: 0, precision: *precision, scale: *scale }))
            }
            _ => self.inner.accumulator(args),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        args.return_type().is_floating() && self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(args)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match args.return_type() {
            DataType::Decimal128(..) => self.accumulator(args),
            _ => self.inner.create_sliding_accumulator(args),
        }
    }
}

#[derive(Debug)]
struct OfDecimals {
    sum: i128,
    count: i64,
    precision: u8,
    scale: i8,
}

impl OfDecimals {
    fn add(&mut self, values: &ArrayRef, sign: i128) -> Result<()> {
        for value in values.as_primitive::<Decimal128Type>().iter().flatten() {
            self.sum = self.sum.checked_add(sign * value).ok_or_else(|| Fault::range("Decimal overflow"))?;
        }
        Ok(())
    }

    fn counted(values: &ArrayRef) -> i64 {
        i64::try_from(values.len() - values.null_count()).unwrap_or(i64::MAX)
    }
}

impl Accumulator for OfDecimals {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = take_function_args("avg", values)?;
        self.count += Self::counted(values);
        self.add(values, 1)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values] = take_function_args("avg", values)?;
        self.count -= Self::counted(values);
        self.add(values, -1)
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [sums, counts] = take_function_args("avg", states)?;
        self.count += counts.as_primitive::<Int64Type>().iter().flatten().sum::<i64>();
        self.add(sums, 1)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Decimal128(Some(self.sum), 38, self.scale), ScalarValue::Int64(Some(self.count))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let average = (self.count != 0).then(|| divide_rounded(self.sum, self.count.into()));
        Ok(ScalarValue::Decimal128(average, self.precision, self.scale))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}
