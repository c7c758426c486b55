//! What a call comes to, and Arrow's arrays of such values.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{
            ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray,
            MapArray, StringArray, StructArray, Time64MicrosecondArray, TimestampMicrosecondArray, new_null_array,
        },
        buffer::{NullBuffer, OffsetBuffer},
        compute::cast,
        datatypes::{DataType, TimeUnit},
    },
    common::exec_err,
    error::Result,
};
use jiff::civil;

use super::{
    fault::Fault,
    row::{days_since_epoch, micros_since_epoch},
};

/// A value, or the NULL that a call comes to, or what it has against its arguments.
pub(super) type Outcome = Result<Option<Value>, Fault>;

pub(super) enum Value {
    Boolean(bool),
    Integer(i64),
    Double(f64),
    /// In units of the last digit of the result's type.
    Decimal(i128),
    Text(String),
    Bytes(Vec<u8>),
    Moment(civil::DateTime),
    List(Vec<Option<Value>>),
    Map(Vec<(Value, Option<Value>)>),
    Row(Vec<Option<Value>>),
}

pub(super) fn some(value: impl Into<Value>) -> Outcome {
    Ok(Some(value.into()))
}

/// An array of one type from values of that type; another value is NULL.
pub(super) fn assemble(values: Vec<Option<Value>>, to: &DataType) -> Result<ArrayRef> {
    macro_rules! collect {
        ($array:ty, $($pattern:pat => $value:expr),+) => {
            Arc::new(values.into_iter().map(|value| match value { $(Some($pattern) => Some($value),)+ _ => None }).collect::<$array>())
        };
    }
    Ok(match to {
        DataType::Null => new_null_array(to, values.len()),
        DataType::Boolean => collect!(BooleanArray, Value::Boolean(value) => value),
        DataType::Int64 => collect!(Int64Array, Value::Integer(value) => value),
        DataType::Float64 => collect!(Float64Array, Value::Double(value) => value),
        DataType::Utf8 => collect!(StringArray, Value::Text(value) => value),
        DataType::Binary => collect!(BinaryArray, Value::Bytes(value) => value),
        DataType::Date32 => collect!(Date32Array, Value::Moment(value) => days_since_epoch(value.date())),
        DataType::Timestamp(unit, zone) => {
            let micros: ArrayRef =
                collect!(TimestampMicrosecondArray, Value::Moment(value) => micros_since_epoch(value));
            let wall = cast(&micros, &DataType::Timestamp(*unit, None))?;
            if zone.is_some() { cast(&wall, to)? } else { wall }
        }
        DataType::Time64(_) => {
            let micros: ArrayRef = collect!(Time64MicrosecondArray, Value::Moment(value) => micros_of_day(value));
            cast(&micros, to)?
        }
        DataType::Decimal128(precision, scale) => {
            let digits = values.into_iter().map(|value| match value {
                Some(Value::Decimal(digits)) => Some(digits),
                _ => None,
            });
            let array = digits.collect::<Decimal128Array>().with_precision_and_scale(*precision, *scale)?;
            array.validate_decimal_precision(*precision).map_err(|_| Fault::range("Decimal overflow"))?;
            Arc::new(array)
        }
        DataType::List(field) => {
            let is_valid: NullBuffer = values.iter().map(Option::is_some).collect();
            let lists: Vec<_> = values.into_iter().map(elements).collect();
            let offsets = OffsetBuffer::from_lengths(lists.iter().map(Vec::len));
            let elements = assemble(lists.into_iter().flatten().collect(), field.data_type())?;
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, elements, Some(is_valid))?)
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return exec_err!("{to} is no map");
            };
            let is_valid: NullBuffer = values.iter().map(Option::is_some).collect();
            let maps: Vec<_> = values.into_iter().map(pairs).collect();
            let offsets = OffsetBuffer::from_lengths(maps.iter().map(Vec::len));
            let (keys, values): (Vec<_>, Vec<_>) =
                maps.into_iter().flatten().map(|(key, value)| (Some(key), value)).unzip();
            let columns = vec![assemble(keys, fields[0].data_type())?, assemble(values, fields[1].data_type())?];
            let entries_array = StructArray::try_new(fields.clone(), columns, None)?;
            Arc::new(MapArray::try_new(Arc::clone(entries), offsets, entries_array, Some(is_valid), false)?)
        }
        DataType::Struct(fields) => {
            let is_valid: NullBuffer = values.iter().map(Option::is_some).collect();
            let mut rows: Vec<_> = values.into_iter().map(|value| elements(value).into_iter()).collect();
            let mut column =
                |kind: &DataType| assemble(rows.iter_mut().map(|row| row.next().flatten()).collect(), kind);
            let columns = fields.iter().map(|field| column(field.data_type())).collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new(fields.clone(), columns, Some(is_valid))?)
        }
        number if number.is_integer() => cast(&assemble(values, &DataType::Int64)?, number)?,
        DataType::Float32 => cast(&assemble(values, &DataType::Float64)?, to)?,
        DataType::Date64 => cast(&assemble(values, &DataType::Timestamp(TimeUnit::Microsecond, None))?, to)?,
        other => return exec_err!("no values of {other} can be made"),
    })
}

fn micros_of_day(moment: civil::DateTime) -> i64 {
    i64::try_from(moment.duration_since(moment.date().at(0, 0, 0, 0)).as_micros()).unwrap_or_default()
}

fn elements(value: Option<Value>) -> Vec<Option<Value>> {
    match value {
        Some(Value::List(elements) | Value::Row(elements)) => elements,
        _ => Vec::new(),
    }
}

fn pairs(value: Option<Value>) -> Vec<(Value, Option<Value>)> {
    match value {
        Some(Value::Map(pairs)) => pairs,
        _ => Vec::new(),
    }
}

macro_rules! from {
    ($($kind:ty => $variant:ident),+) => {
        $(impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

from!(bool => Boolean, i64 => Integer, i32 => Integer, i16 => Integer, i8 => Integer, u32 => Integer, f64 => Double,
      i128 => Decimal, String => Text, &str => Text, Vec<u8> => Bytes, &[u8] => Bytes, civil::DateTime => Moment,
      civil::Date => Moment);

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<Vec<String>> for Value {
    fn from(values: Vec<String>) -> Self {
        Self::List(values.into_iter().map(|value| Some(Self::Text(value))).collect())
    }
}
