//! `CAST` and `TRY_CAST`, which the dialect parses into a call with the type as text.

use std::{collections::HashMap, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray},
        datatypes::{DataType, Field, FieldRef},
    },
    common::{ScalarValue, utils::take_function_args},
    error::Result,
    logical_expr::{
        ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
        Volatility,
    },
};

use super::{
    cast_text::{readable, texts},
    cast_value::{Caster, can_cast},
    fault::Fault,
    json,
    kinds::{EXTENSION, trino_name},
    row::{Column, Row},
    types::{Target, parse},
    value::{Value, assemble},
};

/// Names that no query can spell without quotation marks.
pub(super) const CAST: &str = "cast to";
pub(super) const TRY_CAST: &str = "try_cast to";

pub(super) fn all() -> Vec<ScalarUDF> {
    [(CAST, false), (TRY_CAST, true)]
        .into_iter()
        .map(|(name, is_lenient)| ScalarUDF::new_from_impl(Cast { name, is_lenient, signature: signature() }))
        .collect()
}

fn signature() -> Signature {
    Signature::new(TypeSignature::Any(2), Volatility::Immutable)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Cast {
    name: &'static str,
    /// NULL rather than an error.
    is_lenient: bool,
    signature: Signature,
}

impl Cast {
    fn target(name: Option<&ScalarValue>) -> Result<Target> {
        let name = name.and_then(|name| name.try_as_str().flatten());
        Ok(parse(name.unwrap_or_default())?)
    }
}

impl ScalarUDFImpl for Cast {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Null)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let target = Self::target(args.scalar_arguments.get(1).copied().flatten())?;
        let given = args.arg_fields.first().map_or(&DataType::Null, |field| field.data_type());
        let is_json = args.arg_fields.first().is_some_and(|field| is_json(field));
        if !is_json && !target.is_json && !can_cast(given, &target.kind) {
            let message = format!("Cannot cast {} to {}", trino_name(given), trino_name(&target.kind));
            return Err(Fault::kind(message).into());
        }
        Ok(field(self.name, &target))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_json = args.arg_fields.first().is_some_and(|field| is_json(field));
        let [value, name] = take_function_args(self.name, args.args)?;
        let target = match &name {
            ColumnarValue::Scalar(name) => Self::target(Some(name))?,
            ColumnarValue::Array(_) => return Err(Fault::kind("the type of a cast is a constant").into()),
        };
        let is_constant = matches!(value, ColumnarValue::Scalar(_));
        let array = value.into_array(if is_constant { 1 } else { args.number_rows })?;
        let array = match (is_json, target.is_json) {
            (true, true) => array,
            (true, false) => json::from_json(&array, &target, self.is_lenient)?,
            (false, true) => json::to_json(&array)?,
            (false, false) => cast_array(&array, &target, self.is_lenient)?,
        };
        if is_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

fn field(name: &str, target: &Target) -> FieldRef {
    let field = Field::new(name, target.kind.clone(), true);
    Arc::new(if target.is_json { field.with_metadata(json_metadata()) } else { field })
}

pub(super) fn json_metadata() -> HashMap<String, String> {
    HashMap::from([(EXTENSION.0.to_owned(), EXTENSION.1.to_owned())])
}

pub(super) fn is_json(field: &Field) -> bool {
    field.metadata().get(EXTENSION.0).is_some_and(|name| name == EXTENSION.1)
}

/// Casts each value; a value that cannot be cast is an error, or NULL if lenient.
pub(super) fn cast_array(array: &ArrayRef, target: &Target, is_lenient: bool) -> Result<ArrayRef> {
    match &target.kind {
        kind if array.data_type().is_null() => Ok(datafusion::arrow::array::new_null_array(kind, array.len())),
        DataType::List(_) | DataType::Map(..) | DataType::Struct(_) => nested(array, target, is_lenient),
        kind if kind.is_string() && !array.data_type().is_string() => to_text(array, target, is_lenient),
        kind if kind == array.data_type() && target.length.is_none() => Ok(Arc::clone(array)),
        kind => {
            let columns = [Column::new(&readable(array)?)?];
            let caster = Caster::new(array.data_type(), target);
            let mut values = Vec::with_capacity(array.len());
            for index in 0..array.len() {
                let row = Row { columns: &columns, index };
                values.push(match (row.is_null(0), is_lenient) {
                    (true, _) => None,
                    (false, true) => caster.cast(&row, &columns[0]).unwrap_or_default(),
                    (false, false) => caster.cast(&row, &columns[0])?,
                });
            }
            assemble(values, kind)
        }
    }
}

fn to_text(array: &ArrayRef, target: &Target, is_lenient: bool) -> Result<ArrayRef> {
    let mut values = Vec::with_capacity(array.len());
    for text in texts(array)? {
        values.push(match (text, target.length) {
            (Some(text), Some(length)) if text.chars().count() > length => {
                if !is_lenient {
                    return Err(Fault::cast(format!("Value {text} cannot be represented as varchar({length})")).into());
                }
                None
            }
            (text, _) => text.map(Value::Text),
        });
    }
    assemble(values, &DataType::Utf8)
}

fn nested(array: &ArrayRef, target: &Target, is_lenient: bool) -> Result<ArrayRef> {
    let inner = |array: &ArrayRef, kind: &DataType| cast_array(array, &kind.clone().into(), is_lenient);
    let array = &datafusion::arrow::compute::cast(array, &super::generic::plain(array.data_type()))?;
    match (array.data_type(), &target.kind) {
        (DataType::List(_), DataType::List(field)) => {
            let list = array.as_list::<i32>();
            let values = inner(list.values(), field.data_type())?;
            Ok(Arc::new(ListArray::try_new(Arc::clone(field), list.offsets().clone(), values, list.nulls().cloned())?))
        }
        (DataType::Map(..), DataType::Map(entries, _)) => {
            let map = array.as_map();
            let DataType::Struct(fields) = entries.data_type() else {
                return Ok(Arc::clone(array));
            };
            let columns = vec![inner(map.keys(), fields[0].data_type())?, inner(map.values(), fields[1].data_type())?];
            let values = StructArray::try_new(fields.clone(), columns, None)?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, values, nulls, false)?))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let row = array.as_struct();
            let columns = row.columns().iter().zip(fields).map(|(column, field)| inner(column, field.data_type()));
            let columns = columns.collect::<Result<Vec<_>>>()?;
            Ok(Arc::new(StructArray::try_new(fields.clone(), columns, row.nulls().cloned())?))
        }
        (given, kind) => Err(Fault::kind(format!("Cannot cast {} to {}", trino_name(given), trino_name(kind))).into()),
    }
}
