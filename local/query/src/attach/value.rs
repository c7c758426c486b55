//! Values as files hold them, before a column's type is known.

use jiff::civil::{Date, DateTime};

const EPOCH: Date = Date::constant(1970, 1, 1);

/// One value of a SQLite row or a CSV record. CSV knows only text and nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl Value<'_> {
    /// A whole number, also as digits in text.
    pub(crate) fn integer(self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(value),
            // Below 2^63 every whole double is an i64.
            Self::Real(value) if value.fract() == 0.0 && value.abs() < 9_223_372_036_854_775_808.0 => {
                Some(value as i64)
            }
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn double(self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(value as f64),
            Self::Real(value) => Some(value),
            // Rust would also read words such as "nan" and "infinity", which are names as often as numbers.
            Self::Text(text) if text.contains(|letter: char| letter.is_ascii_digit()) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// `0` and `1`, and the words that exports write.
    pub(crate) fn boolean(self) -> Option<bool> {
        match self {
            Self::Integer(0) => Some(false),
            Self::Integer(1) => Some(true),
            Self::Real(0.0) => Some(false),
            Self::Real(1.0) => Some(true),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "y" | "1" => Some(true),
                "false" | "f" | "no" | "n" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Days since 1970-01-01. A time of day other than midnight is not lost: then it is no date.
    pub(crate) fn date(self) -> Option<i32> {
        let Self::Text(text) = self else { return None };
        let moment = moment(text)?;
        (moment.time() == jiff::civil::Time::midnight()).then(|| days(moment.date()))?
    }

    /// Milliseconds since 1970-01-01T00:00, in UTC if the text names an offset.
    pub(crate) fn timestamp(self) -> Option<i64> {
        let Self::Text(text) = self else { return None };
        let moment = moment(text)?;
        let time = moment.time();
        let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
        Some(
            i64::from(days(moment.date())?) * 86_400_000
                + seconds * 1000
                + i64::from(time.subsec_nanosecond() / 1_000_000),
        )
    }

    /// The number without its point, and whether digits were lost after it (they are rounded half up).
    pub(crate) fn decimal(self, precision: u8, scale: u8) -> Option<(i128, bool)> {
        match self {
            Self::Integer(value) => decimal(&value.to_string(), precision, scale),
            Self::Real(value) if value.is_finite() => {
                let (number, lossy) = decimal(&value.to_string(), precision, scale)?;
                // A sum of doubles has digits at its end that mean nothing.
                let back = number as f64 / 10_f64.powi(scale.into());
                Some((number, lossy && (back - value).abs() > value.abs() * 1e-12))
            }
            Self::Text(text) => decimal(text.trim(), precision, scale),
            _ => None,
        }
    }
}

fn days(date: Date) -> Option<i32> {
    date.since((jiff::Unit::Day, EPOCH)).ok().map(|span| span.get_days())
}

fn decimal(text: &str, precision: u8, scale: u8) -> Option<(i128, bool)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty()
        || !(whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    let scale = usize::from(scale);
    let kept = &fraction[..fraction.len().min(scale)];
    let rest = &fraction[kept.len()..];
    let mut number: i128 = format!("{whole}{kept}{}", "0".repeat(scale - kept.len())).parse().ok()?;
    if rest.as_bytes().first().is_some_and(|digit| *digit >= b'5') {
        number += 1;
    }
    let fits = number < 10_i128.checked_pow(precision.into())?;
    fits.then_some((if negative { -number } else { number }, rest.bytes().any(|digit| digit != b'0')))
}

/// `2024-01-31`, `2024-1-5 7:30`, `2024/01/31T12:00:00.5Z`, `2024-01-31 12:00:00+02:00`: the year comes first in all.
fn moment(text: &str) -> Option<DateTime> {
    let text = text.trim();
    let end = text.find(['T', ' ']).unwrap_or(text.len());
    let (date, time) = text.split_at(end);
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut parts = date.split(separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let bounded = year.len() == 4 && (1..=2).contains(&month.len()) && (1..=2).contains(&day.len());
    if !bounded || parts.next().is_some() {
        return None;
    }
    let date = Date::new(number(year)?, number(month)?, number(day)?).ok()?;
    let time = time.get(1..).unwrap_or("").trim();
    if time.is_empty() {
        return Some(date.to_datetime(jiff::civil::Time::midnight()));
    }
    let (time, offset) = offset(time)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    if parts.next().is_some() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanosecond = format!("{fraction:0<9}").parse().ok()?;
    let time = jiff::civil::Time::new(number(hour)?, number(minute)?, number(second)?, nanosecond).ok()?;
    date.to_datetime(time).checked_sub(jiff::SignedDuration::from_mins(offset)).ok()
}

/// A time and the minutes east of Greenwich that are written behind it.
fn offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z').or_else(|| time.strip_suffix("UTC")) {
        return Some((time.trim_end(), 0));
    }
    let Some(start) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let (time, offset) = time.split_at(start);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits = offset.get(1..)?.replace(':', "");
    let (hours, minutes) = match digits.len() {
        2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    Some((time.trim_end(), sign * (number::<i64>(hours)? * 60 + number::<i64>(minutes)?)))
}

/// Digits and nothing else: `parse` alone would take a sign.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Value;

    const LIKE_A_MOMENT: &str = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}[T ]?[0-9:.+Z-]{0,20}";

    fn timestamp(text: &str) -> Option<i64> {
        Value::Text(text).timestamp()
    }

    #[test]
    fn the_usual_spellings_of_a_moment_are_known() {
        let noon = Some(1_706_702_400_000);
        for text in [
            "2024-01-31 12:00",
            "2024-1-31 12:00:00",
            "2024/01/31 12:00:00.0",
            "2024-01-31T12:00:00Z",
            " 2024-01-31 12:00:00 UTC",
            "2024-01-31T14:00:00+02:00",
            "2024-01-31 07:30:00.000-0430",
        ] {
            assert_eq!(timestamp(text), noon, "{text}");
        }
        for text in [
            "",
            "2024-02-30",
            "31-01-2024",
            "2024-01",
            "2024-01-31 25:00",
            "2024-01-31 12:00 PM",
            "today",
            "2024-01-+1",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_has_no_time_of_day() {
        assert_eq!(Value::Text("1970-01-02 00:00:00").date(), Some(1));
        assert_eq!(Value::Text("1970-01-02 00:00:01").date(), None);
        assert_eq!(Value::Integer(1).date(), None);
    }

    #[test]
    fn decimals_are_rounded_half_up_and_bounded() {
        let decimal = |text, precision, scale| Value::Text(text).decimal(precision, scale);
        assert_eq!(decimal("1.005", 10, 2), Some((101, true)));
        assert_eq!(decimal("-1.5", 10, 0), Some((-2, true)));
        assert_eq!(decimal(".5", 10, 2), Some((50, false)));
        assert_eq!(decimal("99.995", 4, 2), None);
        assert_eq!(decimal("1e5", 10, 2), None);
        assert_eq!(decimal("-", 10, 2), None);
        assert_eq!(Value::Real(0.1 + 0.2).decimal(10, 2), Some((30, false)));
        assert_eq!(Value::Real(0.305).decimal(10, 2), Some((31, true)));
        assert_eq!(Value::Real(0.1).decimal(38, 20), Some((10_000_000_000_000_000_000, false)));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text: String) {
            let value = Value::Text(&text);
            let _ = (value.integer(), value.double(), value.boolean(), value.date(), value.timestamp());
            let _ = value.decimal(38, 10);
        }

        #[test]
        fn what_looks_like_a_moment_is_no_reason_to_fail(text in LIKE_A_MOMENT) {
            let _ = timestamp(&text);
        }

        #[test]
        fn decimals_are_exact(number in -1_000_000_000_i64..1_000_000_000) {
            let sign = if number < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:03}", number.abs() / 1000, number.abs() % 1000);
            prop_assert_eq!(Value::Text(&text).decimal(18, 3), Some((i128::from(number), false)));
        }
    }
}
