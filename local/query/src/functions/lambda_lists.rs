//! `reduce` and `zip_with`; the other functions of arrays with lambdas are DataFusion's under Trino's names.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, ListArray, UInt32Array},
        buffer::OffsetBuffer,
        compute::{cast, interleave, take, take_arrays},
        datatypes::{DataType, Field, FieldRef},
    },
    common::{exec_err, plan_err},
    error::Result,
    functions_nested::{
        array_any_match::array_any_match_higher_order_function, array_filter::array_filter_higher_order_function,
        array_transform::array_transform_higher_order_function,
    },
    logical_expr::{
        ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDF,
        HigherOrderUDFImpl, LambdaParametersProgress, ValueOrLambda, Volatility,
    },
};

use super::{
    generic::{common, plain},
    kinds::{element_of, list_of},
};

pub(super) fn all() -> Vec<Arc<HigherOrderUDF>> {
    let renamed = |function: Arc<HigherOrderUDF>, name| Arc::new(function.as_ref().clone().with_aliases([name]));
    vec![
        renamed(array_transform_higher_order_function(), "transform"),
        renamed(array_filter_higher_order_function(), "filter"),
        renamed(array_any_match_higher_order_function(), "any_match"),
        Arc::new(HigherOrderUDF::new_from_impl(Reduce { signature: signature() })),
        Arc::new(HigherOrderUDF::new_from_impl(ZipWith { signature: signature() })),
    ]
}

fn signature() -> HigherOrderSignature {
    HigherOrderSignature::user_defined(Volatility::Immutable)
}

fn unnamed(kind: &DataType) -> FieldRef {
    Arc::new(Field::new("", kind.clone(), true))
}

/// Which rows of a list have an element at the index, and where the elements are.
fn active(list: &ListArray, index: usize) -> (UInt32Array, UInt32Array) {
    let length = |row| usize::try_from(list.value_length(row)).unwrap_or(0);
    let rows: Vec<_> = (0..list.len()).filter(|&row| list.is_valid(row) && length(row) > index).collect();
    let start = |row: usize| usize::try_from(list.value_offsets()[row]).unwrap_or(0);
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let places = rows.iter().map(|&row| narrow(start(row) + index)).collect::<Vec<_>>();
    (rows.into_iter().map(narrow).collect::<Vec<_>>().into(), places.into())
}

fn longest(list: &ListArray) -> usize {
    (0..list.len()).map(|row| usize::try_from(list.value_length(row)).unwrap_or(0)).max().unwrap_or_default()
}

/// `reduce(array, start, (state, element) -> …, state -> …)`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Reduce {
    signature: HigherOrderSignature,
}

impl HigherOrderUDFImpl for Reduce {
    fn name(&self) -> &str {
        "reduce"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [array, start] if element_of(array).is_some() => Ok(vec![plain(array), plain(start)]),
            _ => plan_err!("reduce takes an array, a start and two lambdas"),
        }
    }

    fn lambda_parameters(
        &self,
        step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let [
            ValueOrLambda::Value(array),
            ValueOrLambda::Value(start),
            ValueOrLambda::Lambda(merged),
            ValueOrLambda::Lambda(_),
        ] = fields
        else {
            return plan_err!("reduce takes an array, a start and two lambdas");
        };
        let element = unnamed(element_of(array.data_type()).unwrap_or(&DataType::Null));
        let state = match merged {
            // A start such as 0 gives way to the type that it is added to.
            Some(merged) => {
                common(&[start.data_type(), merged.data_type()]).unwrap_or_else(|| merged.data_type().clone())
            }
            None => start.data_type().clone(),
        };
        let state = unnamed(&state);
        let merge = vec![Arc::clone(&state), element];
        if step == 0 && merged.is_none() {
            return Ok(LambdaParametersProgress::Partial(vec![Some(merge), None]));
        }
        Ok(LambdaParametersProgress::Complete(vec![merge, vec![state]]))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields.last() {
            Some(ValueOrLambda::Lambda(finished)) => Ok(unnamed(finished.data_type())),
            _ => plan_err!("reduce takes an array, a start and two lambdas"),
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [
            ValueOrLambda::Value(array),
            ValueOrLambda::Value(start),
            ValueOrLambda::Lambda(merge),
            ValueOrLambda::Lambda(finish),
        ] = &args.args[..]
        else {
            return exec_err!("reduce takes an array, a start and two lambdas");
        };
        let rows = args.number_rows;
        let array = array.to_array(rows)?;
        let list = array.as_list::<i32>();
        let start = start.to_array(rows)?;
        let state_kind = match &args.arg_fields[2] {
            ValueOrLambda::Lambda(merged) => {
                common(&[start.data_type(), merged.data_type()]).unwrap_or_else(|| merged.data_type().clone())
            }
            ValueOrLambda::Value(field) => field.data_type().clone(),
        };
        let mut state = cast(&start, &state_kind)?;
        for index in 0..longest(list) {
            let (active, places) = active(list, index);
            let states = take(&state, &active, None)?;
            let elements = take(list.values(), &places, None)?;
            let merged = merge.evaluate(&[&|| Ok(Arc::clone(&states)), &|| Ok(Arc::clone(&elements))], |captures| {
                Ok(take_arrays(captures, &active, None)?)
            })?;
            let merged = cast(&merged.into_array(active.len())?, &state_kind)?;
            let mut from: Vec<_> = (0..rows).map(|row| (0, row)).collect();
            for (place, row) in active.values().iter().enumerate() {
                from[usize::try_from(*row).unwrap_or(0)] = (1, place);
            }
            state = interleave(&[state.as_ref(), merged.as_ref()], &from)?;
        }
        let finished =
            finish.evaluate(&[&|| Ok(Arc::clone(&state))], |captures| Ok(captures.to_vec()))?.into_array(rows)?;
        Ok(ColumnarValue::Array(null_where(&finished, list)?))
    }
}

/// NULL where the list is.
fn null_where(values: &ArrayRef, list: &ListArray) -> Result<ArrayRef> {
    if list.null_count() == 0 {
        return Ok(Arc::clone(values));
    }
    let rows = (0..list.len()).map(|row| list.is_valid(row).then(|| u32::try_from(row).unwrap_or(u32::MAX)));
    Ok(take(values, &rows.collect::<UInt32Array>(), None)?)
}

/// `zip_with(array, array, (left, right) -> …)`, the shorter array filled up with NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ZipWith {
    signature: HigherOrderSignature,
}

impl HigherOrderUDFImpl for ZipWith {
    fn name(&self) -> &str {
        "zip_with"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [left, right] if element_of(left).is_some() && element_of(right).is_some() => {
                Ok(vec![plain(left), plain(right)])
            }
            _ => plan_err!("zip_with takes two arrays and a lambda"),
        }
    }

    fn lambda_parameters(
        &self,
        _: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let elements = fields.iter().filter_map(|field| match field {
            ValueOrLambda::Value(array) => element_of(array.data_type()).map(unnamed),
            ValueOrLambda::Lambda(_) => None,
        });
        Ok(LambdaParametersProgress::Complete(vec![elements.collect()]))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields.last() {
            Some(ValueOrLambda::Lambda(zipped)) => Ok(unnamed(&list_of(zipped.data_type().clone()))),
            _ => plan_err!("zip_with takes two arrays and a lambda"),
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [ValueOrLambda::Value(left), ValueOrLambda::Value(right), ValueOrLambda::Lambda(zip)] = &args.args[..]
        else {
            return exec_err!("zip_with takes two arrays and a lambda");
        };
        let rows = args.number_rows;
        let (left, right) = (left.to_array(rows)?, right.to_array(rows)?);
        let (left, right) = (left.as_list::<i32>(), right.as_list::<i32>());
        let nulls = datafusion::arrow::buffer::NullBuffer::union(left.nulls(), right.nulls());
        let is_valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let length = |list: &ListArray, row| usize::try_from(list.value_length(row)).unwrap_or(0);
        let lengths: Vec<_> =
            (0..rows).map(|row| if is_valid(row) { length(left, row).max(length(right, row)) } else { 0 }).collect();
        let places = |list: &ListArray| -> UInt32Array {
            let place = |row: usize, index: usize| {
                let start = usize::try_from(list.value_offsets()[row]).ok()?;
                if index < length(list, row) { u32::try_from(start + index).ok() } else { None }
            };
            let mut places = Vec::new();
            for (row, length) in lengths.iter().enumerate() {
                places.extend((0..*length).map(|index| place(row, index)));
            }
            places.into()
        };
        let lefts = take(left.values(), &places(left), None)?;
        let rights = take(right.values(), &places(right), None)?;
        let owners: UInt32Array =
            lengths.iter().enumerate().flat_map(|(row, length)| vec![u32::try_from(row).ok(); *length]).collect();
        let zipped = zip.evaluate(&[&|| Ok(Arc::clone(&lefts)), &|| Ok(Arc::clone(&rights))], |captures| {
            Ok(take_arrays(captures, &owners, None)?)
        })?;
        let zipped = zipped.into_array(lefts.len())?;
        let field = Arc::new(Field::new_list_field(zipped.data_type().clone(), true));
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(
            field,
            OffsetBuffer::from_lengths(lengths),
            zipped,
            nulls,
        )?)))
    }
}
