//! Days, and how much is sold on them.

use jiff::{ToSpan, civil::Date};

use super::random::Random;

pub(super) const FIRST_DAY: Date = jiff::civil::date(2023, 1, 1);
pub(super) const LAST_DAY: Date = jiff::civil::date(2025, 12, 31);

/// January first, in percent of an average month: a sale, a quiet spring, holidays, a quiet autumn, presents.
const BUSY_MONTHS: [i64; 12] = [88, 76, 86, 96, 112, 118, 101, 96, 88, 94, 126, 168];
/// Monday first.
const BUSY_WEEKDAYS: [i64; 7] = [88, 84, 90, 95, 112, 138, 78];

/// How busy a day is, in percent: the business grows by a sixth each year.
pub(super) fn busyness(day: Date) -> i64 {
    let year = match day.year() {
        ..=2023 => 100,
        2024 => 117,
        _ => 136,
    };
    let month = BUSY_MONTHS[position(day.month(), 12)];
    let weekday = BUSY_WEEKDAYS[position(day.weekday().to_monday_one_offset(), 7)];
    year * month * weekday / 10_000
}

/// The place of the one-based `number` in a list of `count`.
pub(super) fn position(number: i8, count: usize) -> usize {
    usize::try_from(number - 1).unwrap_or_default().min(count - 1)
}

pub(super) fn days_later(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

pub(super) fn days_between(first: Date, last: Date) -> i64 {
    i64::from((last - first).get_days())
}

/// From `first` to `last`, both included.
pub(super) fn some_day(random: &mut Random, first: Date, last: Date) -> Date {
    days_later(first, random.between(0, days_between(first, last)))
}
