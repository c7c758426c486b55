//! `transform_values`, `transform_keys` and `map_filter`.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, MapArray, StructArray, UInt32Array},
        buffer::OffsetBuffer,
        compute::{cast, filter, take_arrays},
        datatypes::{DataType, Field, FieldRef},
    },
    common::{exec_err, plan_err},
    error::Result,
    logical_expr::{
        ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDF,
        HigherOrderUDFImpl, LambdaParametersProgress, ValueOrLambda, Volatility,
    },
};

use super::{
    generic::plain,
    kinds::{entry_of, map_of},
};

pub(super) fn all() -> Vec<Arc<HigherOrderUDF>> {
    [Change::Values, Change::Keys, Change::Filter]
        .into_iter()
        .map(|change| {
            let signature = HigherOrderSignature::user_defined(Volatility::Immutable);
            Arc::new(HigherOrderUDF::new_from_impl(OfMap { change, signature }))
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Change {
    Values,
    Keys,
    Filter,
}

/// `f(map, (key, value) -> …)`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfMap {
    change: Change,
    signature: HigherOrderSignature,
}

impl HigherOrderUDFImpl for OfMap {
    fn name(&self) -> &str {
        match self.change {
            Change::Values => "transform_values",
            Change::Keys => "transform_keys",
            Change::Filter => "map_filter",
        }
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [map] if entry_of(map).is_some() => Ok(vec![plain(map)]),
            _ => plan_err!("{} takes a map and a lambda", self.name()),
        }
    }

    fn lambda_parameters(
        &self,
        _: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let entry = match fields.first() {
            Some(ValueOrLambda::Value(map)) => entry_of(map.data_type()),
            _ => None,
        };
        let Some((key, value)) = entry else {
            return plan_err!("{} takes a map and a lambda", self.name());
        };
        let parameters = [key, value].map(|kind| Arc::new(Field::new("", kind.clone(), true)));
        Ok(LambdaParametersProgress::Complete(vec![parameters.to_vec()]))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        let [ValueOrLambda::Value(map), ValueOrLambda::Lambda(changed)] = args.arg_fields else {
            return plan_err!("{} takes a map and a lambda", self.name());
        };
        let Some((key, value)) = entry_of(map.data_type()) else {
            return plan_err!("{} takes a map and a lambda", self.name());
        };
        let kind = match self.change {
            Change::Values => map_of(key.clone(), changed.data_type().clone()),
            Change::Keys => map_of(changed.data_type().clone(), value.clone()),
            Change::Filter => map_of(key.clone(), value.clone()),
        };
        Ok(Arc::new(Field::new("", kind, true)))
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [ValueOrLambda::Value(map), ValueOrLambda::Lambda(lambda)] = &args.args[..] else {
            return exec_err!("{} takes a map and a lambda", self.name());
        };
        let array = map.to_array(args.number_rows)?;
        let map = array.as_map();
        let lengths: Vec<_> = (0..map.len()).map(|row| usize::try_from(map.value_length(row)).unwrap_or(0)).collect();
        let owners: UInt32Array =
            lengths.iter().enumerate().flat_map(|(row, length)| vec![u32::try_from(row).ok(); *length]).collect();
        let start = usize::try_from(map.value_offsets()[0]).unwrap_or(0);
        let part = |column: &ArrayRef| column.slice(start, owners.len());
        let (keys, values) = (part(map.keys()), part(map.values()));
        let changed = lambda.evaluate(&[&|| Ok(Arc::clone(&keys)), &|| Ok(Arc::clone(&values))], |captures| {
            Ok(take_arrays(captures, &owners, None)?)
        })?;
        let changed = changed.into_array(owners.len())?;
        let (keys, values, lengths) = match self.change {
            Change::Values => (keys, changed, lengths),
            Change::Keys => (changed, values, lengths),
            Change::Filter => {
                let is_kept = changed.as_boolean();
                let mut kept = vec![0; map.len()];
                for (entry, owner) in owners.values().iter().enumerate() {
                    kept[usize::try_from(*owner).unwrap_or(0)] +=
                        usize::from(is_kept.is_valid(entry) && is_kept.value(entry));
                }
                (filter(&keys, is_kept)?, filter(&values, is_kept)?, kept)
            }
        };
        rebuilt(args.return_type(), keys, values, lengths, map)
    }
}

fn rebuilt(
    kind: &DataType,
    keys: ArrayRef,
    values: ArrayRef,
    lengths: Vec<usize>,
    like: &MapArray,
) -> Result<ColumnarValue> {
    let DataType::Map(entries, _) = kind else {
        return exec_err!("{kind} is no map");
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return exec_err!("{kind} is no map");
    };
    let columns = vec![cast(&keys, fields[0].data_type())?, cast(&values, fields[1].data_type())?];
    let pairs = StructArray::try_new(fields.clone(), columns, None)?;
    let (offsets, nulls) = (OffsetBuffer::from_lengths(lengths), like.nulls().cloned());
    Ok(ColumnarValue::Array(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls, false)?)))
}
