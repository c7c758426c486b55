//! One value cast to another type.

use datafusion::arrow::datatypes::DataType;
use jiff::civil;

use super::{
    fault::Fault,
    numbers::{decimal_text, parse_decimal, rescale, round_to_integer},
    row::{Column, Row},
    types::Target,
    value::{Outcome, some},
};

/// Whether Trino has this cast at all.
pub(super) fn can_cast(from: &DataType, to: &DataType) -> bool {
    let is_moment = |kind: &DataType| matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..));
    let is_time = |kind: &DataType| matches!(kind, DataType::Time32(_) | DataType::Time64(_));
    let is_countable = |kind: &DataType| kind.is_numeric() || *kind == DataType::Boolean;
    if from.is_null() || from.is_string() {
        return !to.is_binary() && (!to.is_nested() || from.is_null());
    }
    if from.is_nested() || to.is_nested() {
        return from.is_nested() && to.is_nested();
    }
    if to.is_string() {
        return !from.is_binary();
    }
    (is_countable(from) && is_countable(to))
        || (is_moment(from) && (is_moment(to) || (is_time(to) && matches!(from, DataType::Timestamp(..)))))
        || (is_time(from) && is_time(to))
        || (from.is_binary() && to.is_binary())
}

pub(super) struct Caster<'a> {
    from: &'a DataType,
    target: &'a Target,
}

impl<'a> Caster<'a> {
    pub(super) fn new(from: &'a DataType, target: &'a Target) -> Self {
        Self { from, target }
    }

    pub(super) fn cast(&self, row: &Row<'_>, column: &Column) -> Outcome {
        match &self.target.kind {
            DataType::Boolean => self.boolean(row, column),
            kind if kind.is_integer() => self.integer(row, column),
            DataType::Float32 | DataType::Float64 => self.double(row, column),
            DataType::Decimal128(precision, scale) => self.decimal(row, column, *precision, *scale),
            DataType::Utf8 => self.text(row.text(0)),
            DataType::Date32 => match column {
                Column::Text(_) => some(parse_date(row.text(0)).ok_or_else(|| self.not_a("date", row.text(0)))?),
                _ => some(row.moment(0).date()),
            },
            DataType::Timestamp(_, zone) => match column {
                Column::Text(_) => {
                    let (moment, offset) =
                        parse_moment(row.text(0)).ok_or_else(|| self.not_a("timestamp", row.text(0)))?;
                    let shift = if zone.is_some() { offset } else { 0 };
                    some(moment.saturating_sub(jiff::SignedDuration::from_secs(shift)))
                }
                // Both of UTC's clock, or both of the wall's.
                _ if zone.is_some() => some(row.moment(0).saturating_sub(row.offset(0).unwrap_or_default())),
                _ => some(row.moment(0)),
            },
            DataType::Time64(_) => match column {
                Column::Text(_) => {
                    let time = row.text(0).trim().parse::<civil::Time>();
                    some(civil::Date::ZERO.to_datetime(time.map_err(|_| self.not_a("time", row.text(0)))?))
                }
                _ => some(row.moment(0)),
            },
            _ => Err(self.no_such()),
        }
    }

    fn no_such(&self) -> Fault {
        Fault::cast(format!("Cannot cast {} to {}", self.from, self.target.kind))
    }

    fn not_a(&self, kind: &str, given: &str) -> Fault {
        Fault::cast(format!("Value cannot be cast to {kind}: {given}"))
    }

    fn not_number(&self, given: &str) -> Fault {
        let kind = match self.target.kind {
            DataType::Int8 => "TINYINT",
            DataType::Int16 => "SMALLINT",
            DataType::Int32 => "INT",
            DataType::Int64 => "BIGINT",
            DataType::Float32 => "REAL",
            DataType::Boolean => "BOOLEAN",
            _ => "DOUBLE",
        };
        Fault::cast(format!("Cannot cast '{given}' to {kind}"))
    }

    fn boolean(&self, row: &Row<'_>, column: &Column) -> Outcome {
        match column {
            Column::Boolean(_) => some(row.boolean(0)),
            Column::Integer(_) => some(row.integer(0) != 0),
            Column::Double(_) => some(row.double(0) != 0.0),
            Column::Decimal(_) => some(row.decimal(0).0 != 0),
            Column::Text(_) => match row.text(0).to_ascii_lowercase().as_str() {
                "t" | "true" | "1" => some(true),
                "f" | "false" | "0" => some(false),
                _ => Err(self.not_number(row.text(0))),
            },
            _ => Err(self.no_such()),
        }
    }

    fn integer(&self, row: &Row<'_>, column: &Column) -> Outcome {
        let number = match column {
            Column::Boolean(_) => i64::from(row.boolean(0)),
            Column::Integer(_) => row.integer(0),
            Column::Double(_) => round_to_integer(row.double(0))?,
            Column::Decimal(_) => {
                let (digits, scale) = row.decimal(0);
                let whole = rescale(digits, scale, 0).and_then(|whole| i64::try_from(whole).ok());
                whole.ok_or_else(|| Fault::cast(format!("Cannot cast '{}' to BIGINT", decimal_text(digits, scale))))?
            }
            Column::Text(_) => row.text(0).parse().map_err(|_| self.not_number(row.text(0)))?,
            _ => return Err(self.no_such()),
        };
        let (name, fits) = match self.target.kind {
            DataType::Int8 => ("tinyint", i8::try_from(number).is_ok()),
            DataType::Int16 => ("smallint", i16::try_from(number).is_ok()),
            DataType::Int32 => ("integer", i32::try_from(number).is_ok()),
            _ => ("bigint", true),
        };
        match (fits, column) {
            (true, _) => some(number),
            (false, Column::Text(_)) => Err(self.not_number(row.text(0))),
            (false, _) => Err(Fault::range(format!("Out of range for {name}: {number}"))),
        }
    }

    fn double(&self, row: &Row<'_>, column: &Column) -> Outcome {
        match column {
            Column::Boolean(_) => some(f64::from(u8::from(row.boolean(0)))),
            Column::Integer(_) => some(row.integer(0) as f64),
            Column::Double(_) => some(row.double(0)),
            Column::Decimal(_) => {
                let (digits, scale) = row.decimal(0);
                // Through text, which is rounded once.
                some(decimal_text(digits, scale).parse().unwrap_or(f64::NAN))
            }
            Column::Text(_) => {
                let parsed = row.text(0).trim().parse::<f64>().ok();
                // Java does not know the names that Rust knows besides these.
                let is_named =
                    row.text(0).bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E'));
                let is_java = !is_named || ["NaN", "Infinity", "-Infinity", "+Infinity"].contains(&row.text(0).trim());
                some(parsed.filter(|_| is_java).ok_or_else(|| self.not_number(row.text(0)))?)
            }
            _ => Err(self.no_such()),
        }
    }

    fn decimal(&self, row: &Row<'_>, column: &Column, precision: u8, scale: i8) -> Outcome {
        let wanted = u32::from(scale.unsigned_abs());
        let (kind, given, digits) = match column {
            Column::Boolean(_) => ("BOOLEAN", row.boolean(0).to_string(), rescale(row.boolean(0).into(), 0, wanted)),
            Column::Integer(_) => ("BIGINT", row.integer(0).to_string(), rescale(row.integer(0).into(), 0, wanted)),
            Column::Double(_) => {
                let text = row.double(0).to_string();
                let digits = parse_decimal(&text, wanted);
                ("DOUBLE", text, digits)
            }
            Column::Decimal(_) => {
                let (digits, scale) = row.decimal(0);
                ("DECIMAL", decimal_text(digits, scale), rescale(digits, scale, wanted))
            }
            Column::Text(_) => ("VARCHAR", row.text(0).to_owned(), parse_decimal(row.text(0).trim(), wanted)),
            _ => return Err(self.no_such()),
        };
        let most = 10_u128.pow(u32::from(precision.min(38)));
        let digits = digits.filter(|digits| digits.unsigned_abs() < most);
        some(
            digits
                .ok_or_else(|| Fault::cast(format!("Cannot cast {kind} '{given}' to DECIMAL({precision}, {scale})")))?,
        )
    }

    fn text(&self, given: &str) -> Outcome {
        let Some(length) = self.target.length else {
            return some(given);
        };
        let cut: String = given.chars().take(length).collect();
        some(if self.target.is_char { format!("{cut:<length$}") } else { cut })
    }
}

/// `2024-01-31`, with spaces around it.
pub(super) fn parse_date(text: &str) -> Option<civil::Date> {
    let text = text.trim();
    let mut parts = text.splitn(3, '-');
    let mut part = |most: usize| {
        let part = parts.next()?;
        let is_number = (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { part.parse::<i16>().ok() } else { None }
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `2024-01-31`, `2024-01-31 12:30`, `2024-01-31 12:30:15.123`, `2024-01-31 12:30:15 +01:00`; the offset in seconds.
pub(super) fn parse_moment(text: &str) -> Option<(civil::DateTime, i64)> {
    let text = text.trim();
    let (date, rest) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let date = parse_date(date)?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Some((date.at(0, 0, 0, 0), 0));
    }
    let at_zone = rest.find(['+', '-', ' ', 'Z', 'U']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(at_zone);
    let clock = if clock.matches(':').count() == 1 { format!("{clock}:00") } else { clock.to_owned() };
    Some((date.to_datetime(clock.parse::<civil::Time>().ok()?), offset(zone.trim())?))
}

fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "UTC") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    Some(sign * (hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60))
}
