//! Parts of dates, and arithmetic with them (Trino: "Date and time functions and operators").

use datafusion::logical_expr::ScalarUDF;
use jiff::{SignedDuration, Span, ToSpan, civil};

use super::{
    fault::Fault,
    kinds::{Kind, date, double, integer, last, text, timestamp_with_zone},
    row::{Row, micros_since_epoch},
    scalar::{Function, function},
    value::{Outcome, some},
    zones,
};

pub(super) fn all() -> Vec<ScalarUDF> {
    let mut functions = parts();
    functions.extend(arithmetic());
    functions.extend(epochs());
    functions.into_iter().map(ScalarUDF::from).chain(zones::all()).collect()
}

fn part(name: &'static str, body: fn(&Row<'_>) -> Outcome) -> Function {
    function(name).on(&[Kind::Moment], integer, body)
}

fn parts() -> Vec<Function> {
    vec![
        part("year", |row| some(row.moment(0).year())),
        part("quarter", |row| some((row.moment(0).month() + 2) / 3)),
        part("month", |row| some(row.moment(0).month())),
        part("week", |row| some(row.moment(0).date().iso_week_date().week())).alias("week_of_year"),
        part("year_of_week", |row| some(row.moment(0).date().iso_week_date().year())).alias("yow"),
        part("day", |row| some(row.moment(0).day())).alias("day_of_month"),
        part("day_of_week", |row| some(row.moment(0).weekday().to_monday_one_offset())).alias("dow"),
        part("day_of_year", |row| some(row.moment(0).day_of_year())).alias("doy"),
        part("hour", |row| some(row.moment(0).hour())),
        part("minute", |row| some(row.moment(0).minute())),
        part("second", |row| some(row.moment(0).second())),
        part("millisecond", |row| some(row.moment(0).millisecond())),
        function("last_day_of_month").on(&[Kind::Moment], date, |row| some(row.moment(0).date().last_of_month())),
    ]
}

fn arithmetic() -> Vec<Function> {
    vec![
        function("date_trunc").on(&[Kind::Text, Kind::Moment], last, |row| {
            let unit = Unit::parse(row.text(0), row.is_date(1))?;
            some(truncate(unit, row.moment(1)))
        }),
        function("date_add").on(&[Kind::Text, Kind::Integer, Kind::Moment], last, |row| {
            let unit = Unit::parse(row.text(0), row.is_date(2))?;
            let sum = unit.span(row.integer(1)).and_then(|span| row.moment(2).checked_add(span).ok());
            some(sum.ok_or_else(|| Fault::argument("the date is out of range"))?)
        }),
        function("date_diff").on(&[Kind::Text, Kind::Moment, Kind::Moment], integer, |row| {
            let unit = Unit::parse(row.text(0), row.is_date(1) && row.is_date(2))?;
            some(difference(unit, row.moment(1), row.moment(2)))
        }),
    ]
}

fn epochs() -> Vec<Function> {
    vec![
        function("to_unixtime").on(&[Kind::Timestamp], double, |row| {
            let moment = row.moment(0).saturating_sub(row.offset(0).unwrap_or_default());
            some(micros_since_epoch(moment) as f64 / 1e6)
        }),
        function("from_unixtime").on(&[Kind::Double], timestamp_with_zone, |row| {
            let millis = (row.double(0) * 1e3).round() as i64;
            let epoch = civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
            some(epoch.saturating_add(SignedDuration::from_millis(millis)))
        }),
        function("human_readable_seconds").on(&[Kind::Double], text, |row| some(human_readable(row.double(0)))),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    fn parse(name: &str, of_date: bool) -> Result<Self, Fault> {
        let unit = match name.to_ascii_lowercase().as_str() {
            "millisecond" => Self::Millisecond,
            "second" => Self::Second,
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return Err(Self::unknown(name, of_date)),
        };
        let is_of_time = matches!(unit, Self::Millisecond | Self::Second | Self::Minute | Self::Hour);
        if of_date && is_of_time { Err(Self::unknown(name, true)) } else { Ok(unit) }
    }

    fn unknown(name: &str, of_date: bool) -> Fault {
        let kind = if of_date { "DATE" } else { "Timestamp" };
        Fault::argument(format!("'{name}' is not a valid {kind} field"))
    }

    fn span(self, count: i64) -> Option<Span> {
        let span = Span::new();
        let span = match self {
            Self::Millisecond => span.try_milliseconds(count),
            Self::Second => span.try_seconds(count),
            Self::Minute => span.try_minutes(count),
            Self::Hour => span.try_hours(count),
            Self::Day => span.try_days(count),
            Self::Week => span.try_weeks(count),
            Self::Month => span.try_months(count),
            Self::Quarter => span.try_months(count.checked_mul(3)?),
            Self::Year => span.try_years(count),
        };
        span.ok()
    }
}

fn truncate(unit: Unit, moment: civil::DateTime) -> civil::DateTime {
    let day = moment.date();
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    let first_of =
        |month: i8| civil::Date::new(day.year(), month, 1).unwrap_or(day).to_datetime(civil::Time::midnight());
    match unit {
        Unit::Millisecond => day.at(hour, minute, second, i32::from(moment.millisecond()) * 1_000_000),
        Unit::Second => day.at(hour, minute, second, 0),
        Unit::Minute => day.at(hour, minute, 0, 0),
        Unit::Hour => day.at(hour, 0, 0, 0),
        Unit::Day => day.at(0, 0, 0, 0),
        Unit::Week => {
            let since_monday = i32::from(day.weekday().to_monday_zero_offset());
            day.saturating_sub(since_monday.days()).at(0, 0, 0, 0)
        }
        Unit::Month => first_of(day.month()),
        Unit::Quarter => first_of((day.month() - 1) / 3 * 3 + 1),
        Unit::Year => first_of(1),
    }
}

/// How many whole units lie between two moments; negative if the second is the earlier one.
fn difference(unit: Unit, from: civil::DateTime, to: civil::DateTime) -> i64 {
    let micros = micros_since_epoch(to) - micros_since_epoch(from);
    match unit {
        Unit::Millisecond => micros / 1_000,
        Unit::Second => micros / 1_000_000,
        Unit::Minute => micros / 60_000_000,
        Unit::Hour => micros / 3_600_000_000,
        Unit::Day => micros / 86_400_000_000,
        Unit::Week => micros / 604_800_000_000,
        Unit::Month => months(from, to),
        Unit::Quarter => months(from, to) / 3,
        Unit::Year => months(from, to) / 12,
    }
}

// As Joda counts: a month has passed once adding it does not lead past the end, the last day of a short month counting
// as every later day.
fn months(from: civil::DateTime, to: civil::DateTime) -> i64 {
    let ordinal = |moment: civil::DateTime| i64::from(moment.year()) * 12 + i64::from(moment.month());
    let guess = ordinal(to) - ordinal(from);
    let reached = Unit::Month.span(guess).map_or(to, |span| from.saturating_add(span));
    match guess.signum() {
        1 if reached > to => guess - 1,
        -1 if reached < to => guess + 1,
        _ => guess,
    }
}

fn human_readable(seconds: f64) -> String {
    let total = seconds.round() as i64;
    let units = [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let mut rest = total;
    let mut parts = Vec::new();
    for (name, length) in units {
        let count = rest / length;
        rest %= length;
        if count != 0 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(", ") }
}

/// The function of the parts that `EXTRACT(field FROM …)` names.
pub(super) fn extracting(field: &str) -> Option<&'static str> {
    Some(match field.to_ascii_uppercase().as_str() {
        "YEAR" => "year",
        "QUARTER" => "quarter",
        "MONTH" => "month",
        "WEEK" => "week",
        "DAY" | "DAY_OF_MONTH" => "day",
        "DAY_OF_WEEK" | "DOW" => "day_of_week",
        "DAY_OF_YEAR" | "DOY" => "day_of_year",
        "YEAR_OF_WEEK" | "YOW" => "year_of_week",
        "HOUR" => "hour",
        "MINUTE" => "minute",
        "SECOND" => "second",
        _ => return None,
    })
}
