//! The arguments of one call, read from Arrow's arrays.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{
            Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float64Array,
            Int64Array, StringArray, TimestampMicrosecondArray,
        },
        compute::cast,
        datatypes::{DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType},
    },
    error::Result,
};
use jiff::{SignedDuration, civil};

use super::zones::wall_clock;

const EPOCH: civil::DateTime = civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// One argument for all rows of a batch.
pub(super) enum Column {
    Boolean(BooleanArray),
    Integer(Int64Array),
    Decimal(Decimal128Array),
    Double(Float64Array),
    Text(StringArray),
    Bytes(BinaryArray),
    Date(Date32Array),
    /// What the clock on the wall shows in the zone that the values have; and the moments in UTC, if they have one.
    Timestamp(TimestampMicrosecondArray, Option<TimestampMicrosecondArray>),
    Other(ArrayRef),
}

impl Column {
    pub(super) fn new(array: &ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Boolean => Self::Boolean(array.as_boolean().clone()),
            DataType::Int64 => Self::Integer(array.as_primitive::<Int64Type>().clone()),
            DataType::Decimal128(..) => Self::Decimal(array.as_primitive::<Decimal128Type>().clone()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>().clone()),
            DataType::Utf8 => Self::Text(array.as_string::<i32>().clone()),
            DataType::Binary => Self::Bytes(array.as_binary::<i32>().clone()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>().clone()),
            DataType::Timestamp(_, None) => Self::Timestamp(micros(array)?, None),
            DataType::Timestamp(_, Some(_)) => Self::Timestamp(micros(&wall_clock(array)?)?, Some(micros(array)?)),
            _ => Self::Other(Arc::clone(array)),
        })
    }

    fn array(&self) -> &dyn Array {
        match self {
            Self::Boolean(array) => array,
            Self::Integer(array) => array,
            Self::Decimal(array) => array,
            Self::Double(array) => array,
            Self::Text(array) => array,
            Self::Bytes(array) => array,
            Self::Date(array) => array,
            Self::Timestamp(array, _) => array,
            Self::Other(array) => array,
        }
    }
}

/// The arguments of one call. Each is read by the accessor of the kind that its parameter was declared with; another one
/// gives an empty value.
pub(super) struct Row<'a> {
    pub(super) columns: &'a [Column],
    pub(super) index: usize,
}

impl<'a> Row<'a> {
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn is_null(&self, argument: usize) -> bool {
        self.columns.get(argument).is_none_or(|column| column.array().is_null(self.index))
    }

    pub(super) fn has_null(&self) -> bool {
        self.columns.iter().any(|column| column.array().is_null(self.index))
    }

    pub(super) fn boolean(&self, argument: usize) -> bool {
        match self.columns.get(argument) {
            Some(Column::Boolean(array)) => array.value(self.index),
            _ => false,
        }
    }

    pub(super) fn integer(&self, argument: usize) -> i64 {
        match self.columns.get(argument) {
            Some(Column::Integer(array)) => array.value(self.index),
            _ => 0,
        }
    }

    /// The digits of a decimal and how many of them are behind the point.
    pub(super) fn decimal(&self, argument: usize) -> (i128, u32) {
        match self.columns.get(argument) {
            Some(Column::Decimal(array)) => (array.value(self.index), u32::from(array.scale().unsigned_abs())),
            _ => (0, 0),
        }
    }

    pub(super) fn double(&self, argument: usize) -> f64 {
        match self.columns.get(argument) {
            Some(Column::Double(array)) => array.value(self.index),
            _ => 0.0,
        }
    }

    pub(super) fn text(&self, argument: usize) -> &'a str {
        match self.columns.get(argument) {
            Some(Column::Text(array)) => array.value(self.index),
            _ => "",
        }
    }

    pub(super) fn bytes(&self, argument: usize) -> &'a [u8] {
        match self.columns.get(argument) {
            Some(Column::Bytes(array)) => array.value(self.index),
            _ => &[],
        }
    }

    pub(super) fn is_date(&self, argument: usize) -> bool {
        matches!(self.columns.get(argument), Some(Column::Date(_)))
    }

    /// A date is its midnight.
    pub(super) fn moment(&self, argument: usize) -> civil::DateTime {
        let since_epoch = match self.columns.get(argument) {
            Some(Column::Date(array)) => SignedDuration::from_hours(24 * i64::from(array.value(self.index))),
            Some(Column::Timestamp(array, _)) => SignedDuration::from_micros(array.value(self.index)),
            _ => SignedDuration::ZERO,
        };
        EPOCH.saturating_add(since_epoch)
    }

    /// How far the clock on the wall is ahead of UTC; none for a timestamp without zone.
    pub(super) fn offset(&self, argument: usize) -> Option<SignedDuration> {
        match self.columns.get(argument) {
            Some(Column::Timestamp(wall, Some(utc))) => {
                Some(SignedDuration::from_micros(wall.value(self.index) - utc.value(self.index)))
            }
            _ => None,
        }
    }
}

fn micros(array: &ArrayRef) -> Result<TimestampMicrosecondArray> {
    let moments = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
    Ok(moments.as_primitive::<TimestampMicrosecondType>().clone())
}

pub(super) fn days_since_epoch(date: civil::Date) -> i32 {
    let days = date.duration_since(EPOCH.date()).as_hours() / 24;
    i32::try_from(days).unwrap_or_default()
}

pub(super) fn micros_since_epoch(moment: civil::DateTime) -> i64 {
    i64::try_from(moment.duration_since(EPOCH).as_micros()).unwrap_or_default()
}
