//! Values as the text that Trino's cast to varchar makes of them.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{ArrayRef, AsArray},
        compute::cast,
        datatypes::{DataType, Float32Type, TimeUnit},
    },
    common::ScalarValue,
    error::Result,
};
use jiff::civil;

use super::{
    numbers::{decimal_text, double_text},
    row::{Column, Row},
};

/// An array made one of the layouts that a `Column` is read from.
pub(super) fn readable(array: &ArrayRef) -> Result<ArrayRef> {
    let kind = match array.data_type() {
        kind if kind.is_integer() => DataType::Int64,
        DataType::Float32 => DataType::Float64,
        kind if kind.is_string() => DataType::Utf8,
        kind if kind.is_binary() => DataType::Binary,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        _ => return Ok(Arc::clone(array)),
    };
    Ok(cast(array, &kind)?)
}

/// The text of each value; none for NULL.
pub(super) fn texts(array: &ArrayRef) -> Result<Vec<Option<String>>> {
    if let DataType::Float32 = array.data_type() {
        // Through the shorter text that a real has, not through the double that is nearest to it.
        let reals = array.as_primitive::<Float32Type>();
        return Ok(reals.iter().map(|real| real.map(real_text)).collect());
    }
    let zone = match array.data_type() {
        DataType::Timestamp(_, Some(zone)) => format!(" {zone}"),
        _ => String::new(),
    };
    let columns = [Column::new(&readable(array)?)?];
    Ok((0..array.len())
        .map(|index| {
            let row = Row { columns: &columns, index };
            (!row.is_null(0)).then(|| text(&row, &columns[0], &zone))
        })
        .collect())
}

fn text(row: &Row<'_>, column: &Column, zone: &str) -> String {
    match column {
        Column::Boolean(_) => row.boolean(0).to_string(),
        Column::Integer(_) => row.integer(0).to_string(),
        Column::Decimal(_) => {
            let (digits, scale) = row.decimal(0);
            decimal_text(digits, scale)
        }
        Column::Double(_) => double_text(row.double(0)),
        Column::Text(_) => row.text(0).to_owned(),
        Column::Bytes(_) => String::from_utf8_lossy(row.bytes(0)).into_owned(),
        Column::Date(_) => row.moment(0).date().to_string(),
        Column::Timestamp(..) => timestamp_text(row.moment(0)) + zone,
        Column::Other(array) => {
            ScalarValue::try_from_array(array, row.index).map_or_else(|_| String::new(), |value| value.to_string())
        }
    }
}

pub(super) fn timestamp_text(moment: civil::DateTime) -> String {
    format!("{}.{:03}", moment.strftime("%Y-%m-%d %H:%M:%S"), moment.millisecond())
}

fn real_text(number: f32) -> String {
    if !number.is_finite() {
        return double_text(f64::from(number));
    }
    let text = format!("{number:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}

/// The text of one value; none for NULL.
pub(super) fn text_of(value: &ScalarValue) -> Result<Option<String>> {
    Ok(texts(&value.to_array()?)?.pop().flatten())
}
