//! Dates as text: MySQL's format, Joda's format, ISO 8601.

use datafusion::logical_expr::ScalarUDF;
use jiff::{SignedDuration, civil};

use super::{
    fault::Fault,
    joda,
    kinds::{Kind, date, text, timestamp, timestamp_with_zone},
    mysql_dates,
    scalar::function,
    value::some,
};

pub(super) fn all() -> Vec<ScalarUDF> {
    let functions = vec![
        function("date_format")
            .on(&[Kind::Timestamp, Kind::Text], text, |row| some(mysql_dates::format(row.moment(0), row.text(1))?)),
        function("date_parse")
            .on(&[Kind::Text, Kind::Text], timestamp, |row| some(mysql_dates::parse(row.text(0), row.text(1))?)),
        function("format_datetime")
            .on(&[Kind::Timestamp, Kind::Text], text, |row| some(joda::format(row.moment(0), row.text(1))?)),
        function("parse_datetime")
            .on(&[Kind::Text, Kind::Text], timestamp_with_zone, |row| some(joda::parse(row.text(0), row.text(1))?)),
        function("from_iso8601_date").on(&[Kind::Text], date, |row| {
            let parsed = iso_date(row.text(0));
            some(parsed.ok_or_else(|| malformed(row.text(0)))?)
        }),
        function("from_iso8601_timestamp").on(&[Kind::Text], timestamp_with_zone, |row| {
            let parsed = iso_moment(row.text(0));
            some(parsed.ok_or_else(|| malformed(row.text(0)))?)
        }),
        function("to_iso8601").on(&[Kind::Moment], text, |row| {
            let moment = row.moment(0);
            if row.is_date(0) {
                return some(moment.date().to_string());
            }
            let offset = row.offset(0).map_or_else(String::new, iso_offset);
            some(format!("{}.{:03}{offset}", moment.strftime("%Y-%m-%dT%H:%M:%S"), moment.millisecond()))
        }),
    ];
    functions.into_iter().map(ScalarUDF::from).collect()
}

fn iso_offset(offset: SignedDuration) -> String {
    let minutes = offset.as_mins();
    match minutes {
        0 => "Z".to_owned(),
        _ => format!("{}{:02}:{:02}", if minutes < 0 { '-' } else { '+' }, minutes.abs() / 60, minutes.abs() % 60),
    }
}

fn malformed(given: &str) -> Fault {
    Fault::argument(format!("Invalid format: \"{given}\""))
}

/// A calendar date, a week date or an ordinal date.
fn iso_date(given: &str) -> Option<civil::Date> {
    if let Ok(date) = given.parse() {
        return Some(date);
    }
    civil::Date::strptime("%G-W%V-%u", given).or_else(|_| civil::Date::strptime("%Y-%j", given)).ok()
}

/// In UTC, whatever offset the text has; a text without one is in UTC.
fn iso_moment(given: &str) -> Option<civil::DateTime> {
    if let Ok(moment) = given.parse::<jiff::Timestamp>() {
        return Some(jiff::tz::TimeZone::UTC.to_datetime(moment));
    }
    given.parse::<civil::DateTime>().ok().or_else(|| Some(iso_date(given)?.at(0, 0, 0, 0)))
}
