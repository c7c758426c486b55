//! The text of a cell, exactly as Athena prints it in `GetQueryResults`.

use std::fmt::Write as _;

use datafusion::arrow::{
    array::{Array, ArrayRef, AsArray, timezone::Tz},
    compute::cast,
    datatypes::{
        DataType, Date32Type, Decimal128Type, DurationNanosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
        Int32Type, Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
        Time64NanosecondType, TimeUnit, TimestampMillisecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
    error::ArrowError,
    temporal_conversions::{as_datetime, as_datetime_with_timezone},
};
use jiff::civil::Date;

const NANOSECONDS_A_DAY: i128 = 86_400_000_000_000;

/// The texts of a column, NULL as none.
///
/// # Errors
///
/// Where Arrow cannot bring a rare type to the one that is printed.
pub(crate) fn cells(column: &ArrayRef) -> Result<Vec<Option<String>>, ArrowError> {
    let column = plain(column)?;
    (0..column.len()).map(|row| cell(&column, row)).collect()
}

/// Rare representations are brought to the usual one, so that each value has one way to be printed.
fn plain(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    use DataType::*;
    let to = match column.data_type() {
        Utf8View | LargeUtf8 => Utf8,
        LargeBinary | BinaryView | FixedSizeBinary(_) => Binary,
        Dictionary(_, value) => return plain(&cast(column, value)?),
        RunEndEncoded(_, value) => return plain(&cast(column, value.data_type())?),
        Float16 => Float32,
        Decimal32(precision, scale) | Decimal64(precision, scale) => Decimal128(*precision, *scale),
        Date64 => Timestamp(TimeUnit::Millisecond, None),
        Timestamp(TimeUnit::Millisecond, _) => return Ok(column.clone()),
        Timestamp(_, zone) => Timestamp(TimeUnit::Millisecond, zone.clone()),
        Time32(_) | Time64(TimeUnit::Microsecond) => Time64(TimeUnit::Nanosecond),
        Duration(unit) if *unit != TimeUnit::Nanosecond => Duration(TimeUnit::Nanosecond),
        LargeList(item) | ListView(item) | LargeListView(item) | FixedSizeList(item, _) => List(item.clone()),
        _ => return Ok(column.clone()),
    };
    cast(column, &to)
}

fn cell(column: &ArrayRef, row: usize) -> Result<Option<String>, ArrowError> {
    use DataType::*;
    if column.is_null(row) {
        return Ok(None);
    }
    let text = match column.data_type() {
        Null => return Ok(None),
        Boolean => column.as_boolean().value(row).to_string(),
        Int8 => column.as_primitive::<Int8Type>().value(row).to_string(),
        Int16 => column.as_primitive::<Int16Type>().value(row).to_string(),
        Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        UInt8 => column.as_primitive::<UInt8Type>().value(row).to_string(),
        UInt16 => column.as_primitive::<UInt16Type>().value(row).to_string(),
        UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
        UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        Float32 => {
            let value = column.as_primitive::<Float32Type>().value(row);
            java(value.into(), &format!("{value:e}"))
        }
        Float64 => {
            let value = column.as_primitive::<Float64Type>().value(row);
            java(value, &format!("{value:e}"))
        }
        Decimal128(..) => column.as_primitive::<Decimal128Type>().value_as_string(row),
        Utf8 => column.as_string::<i32>().value(row).to_owned(),
        Binary => hexadecimal(column.as_binary::<i32>().value(row)),
        Date32 => date(column.as_primitive::<Date32Type>().value(row)),
        Timestamp(_, zone) => timestamp(column.as_primitive::<TimestampMillisecondType>().value(row), zone.as_deref()),
        Time64(_) => clock(i128::from(column.as_primitive::<Time64NanosecondType>().value(row))),
        Duration(_) => day_to_second(i128::from(column.as_primitive::<DurationNanosecondType>().value(row))),
        Interval(IntervalUnit::YearMonth) => year_to_month(column.as_primitive::<IntervalYearMonthType>().value(row)),
        Interval(IntervalUnit::DayTime) => {
            let value = column.as_primitive::<IntervalDayTimeType>().value(row);
            day_to_second(i128::from(value.days) * NANOSECONDS_A_DAY + i128::from(value.milliseconds) * 1_000_000)
        }
        Interval(IntervalUnit::MonthDayNano) => {
            let value = column.as_primitive::<IntervalMonthDayNanoType>().value(row);
            match (value.months, value.days, value.nanoseconds) {
                (months, 0, 0) if months != 0 => year_to_month(months),
                (_, days, nanoseconds) => day_to_second(i128::from(days) * NANOSECONDS_A_DAY + i128::from(nanoseconds)),
            }
        }
        List(_) => {
            let items = cells(&column.as_list::<i32>().value(row))?;
            let items: Vec<_> = items.into_iter().map(or_null).collect();
            format!("[{}]", items.join(", "))
        }
        Struct(fields) => {
            let columns = column.as_struct().columns();
            let mut members = Vec::with_capacity(columns.len());
            for (number, (field, column)) in fields.iter().zip(columns).enumerate() {
                let value = or_null(cell(&plain(column)?, row)?);
                // A row without names numbers its fields.
                let anonymous = field.name().is_empty() || field.name() == &format!("c{number}");
                let name = if anonymous { format!("field{number}") } else { field.name().clone() };
                members.push(format!("{name}={value}"));
            }
            format!("{{{}}}", members.join(", "))
        }
        Map(..) => {
            let entries = column.as_map().value(row);
            let keys = cells(entries.column(0))?;
            let values = cells(entries.column(1))?;
            let entries: Vec<_> = keys
                .into_iter()
                .zip(values)
                .map(|(key, value)| format!("{}={}", or_null(key), or_null(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        _ => datafusion::arrow::util::display::array_value_to_string(column, row)?,
    };
    Ok(Some(text))
}

fn or_null(text: Option<String>) -> String {
    text.unwrap_or_else(|| "null".to_owned())
}

/// As Java's `Double.toString` prints: always a fraction, and an exponent below 10⁻³ and from 10⁷.
///
/// `shortest` is Rust's shortest text that reads back as the same number, as in `1.25e-7`.
fn java(value: f64, shortest: &str) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-3..7).contains(&exponent) {
        let point = if mantissa.contains('.') { "" } else { ".0" };
        return format!("{mantissa}{point}E{exponent}");
    }
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest.replace('.', "")),
        None => ("", mantissa.replace('.', "")),
    };
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(1);
    let padded = format!("{digits:0<width$}", width = whole + 1);
    let (before, after) = padded.split_at(whole);
    format!("{sign}{before}.{after}")
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (number, byte) in bytes.iter().enumerate() {
        let space = if number == 0 { "" } else { " " };
        let _ = write!(text, "{space}{byte:02x}");
    }
    text
}

fn date(days: i32) -> String {
    match Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).unwrap_or_default()) {
        Ok(date) => date.to_string(),
        Err(_) => format!("{days} days"),
    }
}

fn timestamp(milliseconds: i64, zone: Option<&str>) -> String {
    const FORMAT: &str = "%Y-%m-%d %H:%M:%S%.3f";
    let text = match zone.map(|zone| (zone, zone.parse::<Tz>())) {
        None => as_datetime::<TimestampMillisecondType>(milliseconds).map(|moment| moment.format(FORMAT).to_string()),
        Some((zone, Ok(known))) => as_datetime_with_timezone::<TimestampMillisecondType>(milliseconds, known)
            .map(|moment| format!("{} {}", moment.format(FORMAT), if zone == "+00:00" { "UTC" } else { zone })),
        Some((_, Err(_))) => None,
    };
    // Arrow's moments reach further than the calendar.
    text.unwrap_or_else(|| milliseconds.to_string())
}

/// `12:00:00.000`, of nanoseconds since midnight.
fn clock(nanoseconds: i128) -> String {
    let milliseconds = nanoseconds / 1_000_000;
    let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60);
    let (seconds, rest) = (milliseconds / 1000 % 60, milliseconds % 1000);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{rest:03}")
}

/// `2 00:00:00.000`, as Trino prints an `interval day to second`.
fn day_to_second(nanoseconds: i128) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let size = nanoseconds.abs();
    format!("{sign}{} {}", size / NANOSECONDS_A_DAY, clock(size % NANOSECONDS_A_DAY))
}

/// `1-2`, as Trino prints an `interval year to month`.
fn year_to_month(months: i32) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let size = months.unsigned_abs();
    format!("{sign}{}-{}", size / 12, size % 12)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{date, day_to_second, java, timestamp, year_to_month};

    proptest! {
        #[test]
        fn a_double_is_read_back_as_it_was(value: f64) {
            let text = java(value, &format!("{value:e}"));
            let back: f64 = text.replace("Infinity", "inf").parse().unwrap();
            prop_assert!(back == value || value.is_nan(), "{text}");
            prop_assert!(text.contains('.') || !value.is_finite(), "{text}");
        }

        #[test]
        fn a_date_is_read_back_as_it_was(days in -700_000..2_900_000) {
            let back: jiff::civil::Date = date(days).parse().unwrap();
            prop_assert_eq!((back - jiff::civil::date(1970, 1, 1)).get_days(), days);
        }
    }

    #[test]
    fn moments_before_1970_and_in_zones_are_printed() {
        assert_eq!(timestamp(-1, None), "1969-12-31 23:59:59.999");
        assert_eq!(timestamp(0, Some("+00:00")), "1970-01-01 00:00:00.000 UTC");
        assert_eq!(timestamp(0, Some("Europe/Berlin")), "1970-01-01 01:00:00.000 Europe/Berlin");
        assert_eq!(timestamp(0, Some("-05:30")), "1969-12-31 18:30:00.000 -05:30");
    }

    #[test]
    fn intervals_have_one_sign() {
        assert_eq!(day_to_second(-90_061_001_000_000), "-1 01:01:01.001");
        assert_eq!(year_to_month(-14), "-1-2");
    }
}
