//! The format of Joda-Time's `DateTimeFormat`, which `format_datetime` and `parse_datetime` take.

use jiff::civil;

use super::{fault::Fault, kinds::SESSION_ZONE, scan::Scan};

/// A letter and how often it is repeated, or text that stands for itself.
enum Item {
    Field(char, usize),
    Literal(String),
}

fn items(pattern: &str) -> Result<Vec<Item>, Fault> {
    let mut items = Vec::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            if letters.next_if_eq(&'\'').is_some() {
                items.push(Item::Literal("'".to_owned()));
                continue;
            }
            items.push(Item::Literal(quoted(&mut letters)?));
        } else if letter.is_ascii_alphabetic() {
            let mut count = 1;
            while letters.next_if_eq(&letter).is_some() {
                count += 1;
            }
            items.push(Item::Field(letter, count));
        } else {
            items.push(Item::Literal(letter.to_string()));
        }
    }
    Ok(items)
}

fn quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, Fault> {
    let mut literal = String::new();
    while let Some(letter) = letters.next() {
        if letter != '\'' {
            literal.push(letter);
        } else if letters.next_if_eq(&'\'').is_some() {
            literal.push('\'');
        } else {
            return Ok(literal);
        }
    }
    Err(Fault::argument("the pattern has a quotation without an end"))
}

fn unknown(letter: char) -> Fault {
    Fault::argument(format!("Illegal pattern component: {letter}"))
}

pub(super) fn format(moment: civil::DateTime, pattern: &str) -> Result<String, Fault> {
    let mut text = String::new();
    for item in items(pattern)? {
        match item {
            Item::Literal(literal) => text.push_str(&literal),
            Item::Field(letter, count) => text.push_str(&field(moment, letter, count)?),
        }
    }
    Ok(text)
}

fn field(moment: civil::DateTime, letter: char, count: usize) -> Result<String, Fault> {
    let week = moment.date().iso_week_date();
    let number = |number: i64| Ok(format!("{number:0count$}"));
    match letter {
        'G' => Ok("AD".to_owned()),
        'C' => number(i64::from(moment.year()) / 100),
        'y' | 'Y' if count == 2 => Ok(format!("{:02}", moment.year() % 100)),
        'y' | 'Y' => number(i64::from(moment.year())),
        'x' if count == 2 => Ok(format!("{:02}", week.year() % 100)),
        'x' => number(i64::from(week.year())),
        'w' => number(i64::from(week.week())),
        'e' => number(i64::from(moment.weekday().to_monday_one_offset())),
        'E' if count > 3 => Ok(moment.strftime("%A").to_string()),
        'E' => Ok(moment.strftime("%a").to_string()),
        'D' => number(i64::from(moment.day_of_year())),
        'M' if count > 3 => Ok(moment.strftime("%B").to_string()),
        'M' if count == 3 => Ok(moment.strftime("%b").to_string()),
        'M' => number(i64::from(moment.month())),
        'd' => number(i64::from(moment.day())),
        'a' => Ok(moment.strftime("%p").to_string()),
        'K' => number(i64::from(moment.hour() % 12)),
        'h' => number(i64::from((moment.hour() + 11) % 12 + 1)),
        'H' => number(i64::from(moment.hour())),
        'k' => number(i64::from((moment.hour() + 23) % 24 + 1)),
        'm' => number(i64::from(moment.minute())),
        's' => number(i64::from(moment.second())),
        'S' => {
            Ok(format!("{:09}", moment.subsec_nanosecond()).chars().chain("0".chars().cycle()).take(count).collect())
        }
        'z' if count > 3 => Ok("Coordinated Universal Time".to_owned()),
        'z' => Ok(SESSION_ZONE.to_owned()),
        'Z' if count == 1 => Ok("+0000".to_owned()),
        'Z' if count == 2 => Ok("+00:00".to_owned()),
        'Z' => Ok(SESSION_ZONE.to_owned()),
        other => Err(unknown(other)),
    }
}

pub(super) fn parse(given: &str, pattern: &str) -> Result<civil::DateTime, Fault> {
    let mut scan = Scan::new(given);
    for item in items(pattern)? {
        match item {
            Item::Literal(literal) => literal.chars().try_for_each(|letter| scan.literal(letter))?,
            Item::Field(letter, count) => match letter {
                'y' | 'Y' if count == 2 => scan.short_year()?,
                'y' | 'Y' => scan.year(count.max(4))?,
                'E' => scan.weekday(count > 3)?,
                'D' => scan.day_of_year(3)?,
                'M' if count > 2 => scan.month_name(count > 3)?,
                'M' => scan.month(2)?,
                'd' => scan.day(2)?,
                'a' => scan.half()?,
                'K' | 'h' => scan.hour_of_half(2)?,
                'H' | 'k' => scan.hour(2)?,
                'm' => scan.minute(2)?,
                's' => scan.second(2)?,
                'S' => scan.fraction(count.min(9))?,
                'Z' | 'z' => scan.offset()?,
                other => return Err(unknown(other)),
            },
        }
    }
    scan.finish()
}
