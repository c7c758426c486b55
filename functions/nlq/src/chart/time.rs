//! Columns that hold points in time, of which a line can be drawn.

use serde_json::Value;

use super::{
    column::{Column, Role},
    names,
};

/// How fine the times of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grain {
    Year,
    Quarter,
    Month,
    Day,
    Instant,
}

/// What is known of a column of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) grain: Grain,
    /// How Vega is to read them. <https://d3js.org/d3-time-format>
    pub(crate) format: &'static str,
    /// How many grains lie between the first and the last.
    pub(crate) span: i64,
    /// Whether they are short enough to be labels as they are.
    pub(crate) is_short: bool,
}

/// How times are written, with 0 for any digit.
const SHAPES: [(&str, &str); 20] = [
    ("0000", "%Y"),
    ("0000-Q0", "%Y-Q%q"),
    ("0000 Q0", "%Y Q%q"),
    ("0000Q0", "%YQ%q"),
    ("0000-00", "%Y-%m"),
    ("0000-00-00", "%Y-%m-%d"),
    ("0000-00-00 00:00", "%Y-%m-%d %H:%M"),
    ("0000-00-00 00:00:00", "%Y-%m-%d %H:%M:%S"),
    ("0000-00-00 00:00:00.000", "%Y-%m-%d %H:%M:%S.%L"),
    ("0000-00-00 00:00:00.000 UTC", "%Y-%m-%d %H:%M:%S.%L UTC"),
    ("0000-00-00 00:00:00.000000", "%Y-%m-%d %H:%M:%S.%f"),
    ("0000-00-00T00:00:00", "%Y-%m-%dT%H:%M:%S"),
    ("0000-00-00T00:00:00.000", "%Y-%m-%dT%H:%M:%S.%L"),
    ("0000-00-00T00:00:00.000000", "%Y-%m-%dT%H:%M:%S.%f"),
    ("0000-00-00T00:00:00Z", "%Y-%m-%dT%H:%M:%SZ"),
    ("0000-00-00T00:00:00.000Z", "%Y-%m-%dT%H:%M:%S.%LZ"),
    ("0000-00-00T00:00:00.000000Z", "%Y-%m-%dT%H:%M:%S.%fZ"),
    ("0000-00-00T00:00:00+00:00", "%Y-%m-%dT%H:%M:%S%Z"),
    ("0000-00-00T00:00:00-00:00", "%Y-%m-%dT%H:%M:%S%Z"),
    ("0000-00-00T00:00:00.000+00:00", "%Y-%m-%dT%H:%M:%S.%L%Z"),
];

/// Years that are written as numbers.
const YEARS: std::ops::RangeInclusive<f64> = 1900.0..=2100.0;

/// Whether texts are times, all written in the same way.
pub(crate) fn of_texts(name: &str, texts: &[&str]) -> Option<Time> {
    let shape = shape(texts.first()?);
    if texts.iter().any(|text| self::shape(text) != shape) {
        return None;
    }
    let (_, format) = SHAPES.iter().find(|(known, _)| *known == shape)?;
    if shape == "0000" && !names::is_year(name) {
        return None;
    }
    let is_quarter = shape.contains('Q');
    let parts = texts.iter().map(|text| Parts::of(text, is_quarter)).collect::<Option<Vec<_>>>()?;
    let grain = match shape.len() {
        4 => Grain::Year,
        _ if is_quarter => Grain::Quarter,
        7 => Grain::Month,
        _ => grain(&parts),
    };
    Some(Time { grain, format, span: span(grain, &parts), is_short: shape.len() <= 10 })
}

/// Whether numbers are years, which only the column's name can tell.
pub(crate) fn of_numbers(name: &str, numbers: &[f64]) -> Option<Time> {
    if !names::is_year(name) || !numbers.iter().all(|year| year.fract() == 0.0 && YEARS.contains(year)) {
        return None;
    }
    let parts: Vec<_> = numbers.iter().map(|year| Parts { year: *year as i64, month: 1, day: 1, clock: 0 }).collect();
    Some(Time { grain: Grain::Year, format: "%Y", span: span(Grain::Year, &parts), is_short: true })
}

/// Puts a column of years and a column of months or quarters together, which only together are times.
pub(crate) fn with_periods(mut columns: Vec<Column>) -> Vec<Column> {
    let is_part = |column: &Column, word: &str| {
        column.role == Role::Part && names::words(&column.name).iter().any(|other| other == word)
    };
    let is_year = |column: &Column| matches!(&column.role, Role::Time(time) if time.grain == Grain::Year);
    let Some(year) = columns.iter().position(is_year) else { return columns };
    for (word, title, marker, width) in [("month", "Month", "-", 2), ("quarter", "Quarter", "-Q", 1)] {
        let Some(part) = columns.iter().position(|column| is_part(column, word)) else { continue };
        let period = |(year, part): (&Value, &Value)| match (whole(year), whole(part)) {
            (Some(year), Some(part)) => Value::from(format!("{year}{marker}{part:0width$}")),
            _ => Value::Null,
        };
        let values: Vec<Value> = columns[year].values.iter().zip(&columns[part].values).map(period).collect();
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        let Some(time) = of_texts(title, &texts) else { return columns };
        let taken: Vec<String> = columns.iter().map(|column| column.field.clone()).collect();
        columns[year].role = Role::Nothing;
        columns[part].role = Role::Nothing;
        let field = names::unused("period", &taken);
        columns.push(Column::new(title.to_owned(), field, title.to_owned(), Role::Time(time), values));
        break;
    }
    columns
}

fn whole(value: &Value) -> Option<i64> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    (number.fract() == 0.0).then_some(number as i64)
}

/// A time in numbers.
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    /// Whatever follows the day, as one number.
    clock: i64,
}

impl Parts {
    /// None for what no calendar has.
    fn of(text: &str, is_quarter: bool) -> Option<Self> {
        let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
        let mut next = |missing: i64| numbers.next().map_or(Some(missing), |digits| digits.parse().ok());
        let (year, second, day) = (next(1)?, next(1)?, next(1)?);
        let month = if is_quarter { second * 3 - 2 } else { second };
        let clock = [next(0)?, next(0)?, next(0)?].iter().fold(0, |clock, part| clock * 100 + part);
        let is_date = year > 0 && (1..=12).contains(&month) && (1..=31).contains(&day);
        is_date.then_some(Self { year, month, day, clock })
    }
}

/// The finest grain that tells all of them: `date_trunc('month', …)` gives the first of each month at midnight.
fn grain(times: &[Parts]) -> Grain {
    let all = |is: fn(&Parts) -> bool| times.iter().all(is);
    match () {
        () if !all(|time| time.clock == 0) => Grain::Instant,
        () if times.len() == 1 || !all(|time| time.day == 1) => Grain::Day,
        () if !all(|time| time.month == 1) => Grain::Month,
        () => Grain::Year,
    }
}

fn span(grain: Grain, times: &[Parts]) -> i64 {
    let place = |time: &Parts| match grain {
        Grain::Year => time.year,
        Grain::Quarter => time.year * 4 + (time.month - 1) / 3,
        Grain::Month => time.year * 12 + time.month,
        // Near enough for choosing ticks.
        Grain::Day | Grain::Instant => time.year * 365 + time.month * 30 + time.day,
    };
    let places = || times.iter().map(place);
    places().max().unwrap_or(0) - places().min().unwrap_or(0)
}

fn shape(text: &str) -> String {
    // Longer texts are no times, whatever they are.
    text.chars().take(40).map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect()
}
