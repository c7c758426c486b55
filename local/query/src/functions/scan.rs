//! Reads the fields of a date from text, as Joda does: numbers may have fewer digits than their field is wide.

use jiff::{Span, civil};

use super::fault::Fault;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Joda's two-digit years lie between 1970 and 2069.
const FIRST_SHORT_YEAR: i64 = 70;

pub(super) struct Scan<'a> {
    given: &'a str,
    rest: &'a str,
    year: i64,
    month: i64,
    day: i64,
    day_of_year: Option<i64>,
    hour: i64,
    is_afternoon: Option<bool>,
    minute: i64,
    second: i64,
    nanosecond: i64,
    /// Seconds east of UTC.
    offset: i64,
}

impl<'a> Scan<'a> {
    pub(super) fn new(given: &'a str) -> Self {
        Self {
            given,
            rest: given,
            year: 1970,
            month: 1,
            day: 1,
            day_of_year: None,
            hour: 0,
            is_afternoon: None,
            minute: 0,
            second: 0,
            nanosecond: 0,
            offset: 0,
        }
    }

    fn malformed(&self) -> Fault {
        let at = if self.rest.is_empty() {
            "is too short".to_owned()
        } else if self.rest.len() == self.given.len() {
            "".to_owned()
        } else {
            format!("is malformed at \"{}\"", self.rest)
        };
        Fault::argument(format!("Invalid format: \"{}\" {at}", self.given).trim_end().to_owned())
    }

    pub(super) fn literal(&mut self, letter: char) -> Result<(), Fault> {
        self.rest = self.rest.strip_prefix(letter).ok_or_else(|| self.malformed())?;
        Ok(())
    }

    fn digits(&mut self, most: usize) -> Result<&'a str, Fault> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        if digits.is_empty() {
            return Err(self.malformed());
        }
        self.rest = rest;
        Ok(digits)
    }

    fn number(&mut self, most: usize) -> Result<i64, Fault> {
        self.digits(most)?.parse().map_err(|_| self.malformed())
    }

    /// Which of the names comes next, or its first three letters.
    fn name(&mut self, names: &[&str], is_full: bool) -> Result<i64, Fault> {
        for (index, name) in names.iter().enumerate() {
            let lengths: &[usize] = if is_full { &[name.len(), 3] } else { &[3, name.len()] };
            for length in lengths {
                if let (Some(start), Some(wanted)) = (self.rest.get(..*length), name.get(..*length))
                    && start.eq_ignore_ascii_case(wanted)
                {
                    self.rest = &self.rest[*length..];
                    return Ok(index as i64 + 1);
                }
            }
        }
        Err(self.malformed())
    }

    pub(super) fn year(&mut self, most: usize) -> Result<(), Fault> {
        self.year = self.number(most)?;
        Ok(())
    }

    pub(super) fn short_year(&mut self) -> Result<(), Fault> {
        let year = self.number(2)?;
        self.year = if year < FIRST_SHORT_YEAR { 2000 + year } else { 1900 + year };
        Ok(())
    }

    pub(super) fn month(&mut self, most: usize) -> Result<(), Fault> {
        self.month = self.number(most)?;
        Ok(())
    }

    pub(super) fn month_name(&mut self, is_full: bool) -> Result<(), Fault> {
        self.month = self.name(&MONTHS, is_full)?;
        Ok(())
    }

    pub(super) fn day(&mut self, most: usize) -> Result<(), Fault> {
        self.day = self.number(most)?;
        Ok(())
    }

    pub(super) fn day_of_year(&mut self, most: usize) -> Result<(), Fault> {
        self.day_of_year = Some(self.number(most)?);
        Ok(())
    }

    /// Read past: the other fields tell the day.
    pub(super) fn weekday(&mut self, is_full: bool) -> Result<(), Fault> {
        self.name(&DAYS, is_full).map(|_| ())
    }

    pub(super) fn hour(&mut self, most: usize) -> Result<(), Fault> {
        self.hour = self.number(most)?;
        Ok(())
    }

    /// From 1 to 12.
    pub(super) fn hour_of_half(&mut self, most: usize) -> Result<(), Fault> {
        self.hour = self.number(most)? % 12;
        self.is_afternoon = self.is_afternoon.or(Some(false));
        Ok(())
    }

    pub(super) fn half(&mut self) -> Result<(), Fault> {
        self.is_afternoon = Some(self.name(&["AM", "PM"], true)? == 2);
        Ok(())
    }

    pub(super) fn minute(&mut self, most: usize) -> Result<(), Fault> {
        self.minute = self.number(most)?;
        Ok(())
    }

    pub(super) fn second(&mut self, most: usize) -> Result<(), Fault> {
        self.second = self.number(most)?;
        Ok(())
    }

    pub(super) fn fraction(&mut self, most: usize) -> Result<(), Fault> {
        let digits = self.digits(most)?;
        let nanoseconds = format!("{digits:0<9}");
        self.nanosecond = nanoseconds[..9].parse().map_err(|_| self.malformed())?;
        Ok(())
    }

    pub(super) fn clock(&mut self) -> Result<(), Fault> {
        self.hour(2)?;
        self.literal(':')?;
        self.minute(2)?;
        self.literal(':')?;
        self.second(2)
    }

    pub(super) fn clock_of_half(&mut self) -> Result<(), Fault> {
        self.hour_of_half(2)?;
        self.literal(':')?;
        self.minute(2)?;
        self.literal(':')?;
        self.second(2)?;
        self.literal(' ')?;
        self.half()
    }

    /// `Z`, `+01:00`, `+0100` or `UTC`.
    pub(super) fn offset(&mut self) -> Result<(), Fault> {
        for name in ["Z", "UTC", "GMT"] {
            if let Some(rest) = self.rest.strip_prefix(name) {
                self.rest = rest;
                return Ok(());
            }
        }
        let sign = if self.rest.starts_with('-') { -1 } else { 1 };
        self.rest = self.rest.strip_prefix(['+', '-']).ok_or_else(|| self.malformed())?;
        let hours = self.number(2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        let minutes = self.number(2)?;
        self.offset = sign * (hours * 3_600 + minutes * 60);
        Ok(())
    }

    /// The moment in UTC, once everything has been read.
    pub(super) fn finish(self) -> Result<civil::DateTime, Fault> {
        if !self.rest.is_empty() {
            return Err(self.malformed());
        }
        let hour = if self.is_afternoon == Some(true) { self.hour + 12 } else { self.hour };
        let fields = [self.year, self.month, self.day, hour, self.minute, self.second];
        let moment = build(fields, self.nanosecond).and_then(|moment| match self.day_of_year {
            Some(day) => moment.with().day_of_year(i16::try_from(day).ok()?).build().ok(),
            None => Some(moment),
        });
        let moment = moment.ok_or_else(|| {
            Fault::argument(format!("Cannot parse \"{}\": Value must be in the range of its field", self.given))
        })?;
        Ok(moment.saturating_sub(Span::new().seconds(self.offset)))
    }
}

fn build([year, month, day, hour, minute, second]: [i64; 6], nanosecond: i64) -> Option<civil::DateTime> {
    let small = |number: i64| i8::try_from(number).ok();
    civil::DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        i32::try_from(nanosecond).ok()?,
    )
    .ok()
}
