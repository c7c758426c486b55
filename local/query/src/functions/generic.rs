//! Functions whose types follow from their arguments' types: arrays, maps, anything. Evaluated value by value.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef},
        compute::cast,
        datatypes::{DataType, Field},
    },
    common::ScalarValue,
    error::Result,
    logical_expr::{
        ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
        binary::type_union_resolution,
    },
};

use super::{
    fault::Fault,
    kinds::{element_of, entry_of, list_of, map_of, trino_name},
};

/// What the arguments are turned into, and the type of the result; none if they are not for this function.
pub(super) type Types = fn(&[DataType]) -> Option<(Vec<DataType>, DataType)>;
type Body = fn(&[ScalarValue], &DataType) -> Result<ScalarValue>;

#[derive(Debug, Clone)]
pub(super) struct Generic {
    name: &'static str,
    aliases: Vec<String>,
    expected: &'static str,
    types: Types,
    body: Body,
    takes_nulls: bool,
    signature: Signature,
}

/// `expected` is what Trino says of the parameters, as `array(T), bigint`.
pub(super) fn generic(name: &'static str, expected: &'static str, types: Types, body: Body) -> Generic {
    let signature = Signature::new(TypeSignature::UserDefined, Volatility::Immutable);
    Generic { name, aliases: Vec::new(), expected, types, body, takes_nulls: false, signature }
}

impl Generic {
    pub(super) fn with_nulls(mut self) -> Self {
        self.takes_nulls = true;
        self
    }

    fn types(&self, given: &[DataType]) -> Result<(Vec<DataType>, DataType)> {
        fitting(self.name, self.expected, self.types, given)
    }
}

/// The types that the arguments are turned into, and that of the result, by a function that is called `name`.
pub(super) fn fitting(
    name: &str,
    expected: &str,
    types: Types,
    given: &[DataType],
) -> Result<(Vec<DataType>, DataType)> {
    let plain: Vec<_> = given.iter().map(plain).collect();
    types(&plain).ok_or_else(|| {
        let given: Vec<_> = given.iter().map(trino_name).collect();
        Fault::parameters(name, &given, &[format!("{name}({expected})")]).into()
    })
}

known_by_name!(Generic);

impl ScalarUDFImpl for Generic {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
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

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let gives = args.return_field.data_type();
        let is_constant = args.args.iter().all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let arrays: Vec<ArrayRef> = args.args.iter().map(|value| value.to_array(rows)).collect::<Result<_>>()?;

        let mut values = Vec::with_capacity(rows);
        let mut row = Vec::with_capacity(arrays.len());
        for index in 0..rows {
            row.clear();
            for array in &arrays {
                row.push(ScalarValue::try_from_array(array, index)?);
            }
            let is_null = !self.takes_nulls && row.iter().any(ScalarValue::is_null);
            values.push(if is_null { ScalarValue::try_from(gives)? } else { (self.body)(&row, gives)? });
        }
        if is_constant && let Some(value) = values.pop() {
            return Ok(ColumnarValue::Scalar(value));
        }
        if values.is_empty() {
            return Ok(ColumnarValue::Array(datafusion::arrow::array::new_empty_array(gives)));
        }
        Ok(ColumnarValue::Array(cast(&ScalarValue::iter_to_array(values)?, gives)?))
    }
}

/// Arrow's several layouts of a type made one.
pub(super) fn plain(kind: &DataType) -> DataType {
    if kind.is_string() {
        return DataType::Utf8;
    }
    if kind.is_binary() {
        return DataType::Binary;
    }
    if let Some(element) = element_of(kind) {
        return list_of(plain(element));
    }
    if let Some((key, value)) = entry_of(kind) {
        return map_of(plain(key), plain(value));
    }
    match kind {
        DataType::Struct(fields) => {
            let fields = fields.iter().map(|field| Field::new(field.name(), plain(field.data_type()), true));
            DataType::Struct(fields.collect())
        }
        DataType::Dictionary(_, value) => plain(value),
        other => other.clone(),
    }
}

/// The type that values of all the given types have in common; text and numbers have none, as in Trino.
pub(super) fn common(kinds: &[&DataType]) -> Option<DataType> {
    let known: Vec<DataType> = kinds.iter().filter(|kind| !kind.is_null()).map(|kind| plain(kind)).collect();
    let Some(first) = known.first() else {
        return Some(DataType::Null);
    };
    if known.iter().all(|kind| kind == first) {
        return Some(first.clone());
    }
    let elements: Option<Vec<_>> = known.iter().map(element_of).collect();
    if let Some(elements) = elements {
        return Some(list_of(common(&elements)?));
    }
    if known.iter().any(|kind| kind.is_string()) {
        return None;
    }
    type_union_resolution(&known).map(|kind| plain(&kind))
}

/// The elements of an array's value.
pub(super) fn elements(list: &ScalarValue) -> Result<Vec<ScalarValue>> {
    let ScalarValue::List(list) = list else {
        return Ok(Vec::new());
    };
    let values = list.value(0);
    (0..values.len()).map(|index| ScalarValue::try_from_array(&values, index)).collect()
}

/// An array of elements of the given array type.
pub(super) fn list(elements: &[ScalarValue], kind: &DataType) -> ScalarValue {
    let element = element_of(kind).unwrap_or(&DataType::Null);
    ScalarValue::List(ScalarValue::new_list(elements, element, true))
}

/// The entries of a map's value.
pub(super) fn entries(map: &ScalarValue) -> Result<Vec<(ScalarValue, ScalarValue)>> {
    let ScalarValue::Map(map) = map else {
        return Ok(Vec::new());
    };
    let entries = map.value(0);
    let entry = |index| {
        let key = ScalarValue::try_from_array(entries.column(0), index)?;
        Ok((key, ScalarValue::try_from_array(entries.column(1), index)?))
    };
    (0..entries.len()).map(entry).collect()
}

/// A map of the given type.
pub(super) fn map(entries: Vec<(ScalarValue, ScalarValue)>, kind: &DataType) -> Result<ScalarValue> {
    use datafusion::arrow::{
        array::{MapArray, StructArray, new_empty_array},
        buffer::OffsetBuffer,
    };
    let (DataType::Map(field, _), Some((key, value))) = (kind, entry_of(kind)) else {
        return Err(Fault::kind(format!("{kind} is no map")).into());
    };
    let count = entries.len();
    let (keys, values): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let column = |scalars: Vec<ScalarValue>, kind: &DataType| -> Result<ArrayRef> {
        if scalars.is_empty() {
            return Ok(new_empty_array(kind));
        }
        Ok(cast(&ScalarValue::iter_to_array(scalars)?, kind)?)
    };
    let columns = vec![column(keys, key)?, column(values, value)?];
    let DataType::Struct(fields) = field.data_type() else {
        return Err(Fault::kind(format!("{kind} is no map")).into());
    };
    let entries = StructArray::try_new(fields.clone(), columns, None)?;
    debug_assert_eq!(entries.len(), count);
    let offsets = OffsetBuffer::from_lengths([count]);
    Ok(ScalarValue::Map(Arc::new(MapArray::try_new(Arc::clone(field), offsets, entries, None, false)?)))
}

/// A whole number among the arguments.
pub(super) fn number(value: &ScalarValue) -> i64 {
    match value {
        ScalarValue::Int64(Some(number)) => *number,
        _ => 0,
    }
}
