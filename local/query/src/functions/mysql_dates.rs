//! The format of MySQL's `date_format`, of which Trino takes the specifiers below and refuses `%D %U %u %V %w %X`.

use jiff::civil;

use super::{fault::Fault, scan::Scan};

const REFUSED: &str = "DUuVwX";

pub(super) fn format(moment: civil::DateTime, format: &str) -> Result<String, Fault> {
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('f') => text.push_str(&format!("{:06}", moment.subsec_nanosecond() / 1_000)),
            Some(specifier) if REFUSED.contains(specifier) => return Err(refused(specifier)),
            Some(specifier) => match plain(specifier) {
                Some(pattern) => text.push_str(&moment.strftime(pattern).to_string()),
                None => text.push(specifier),
            },
            None => return Err(Fault::argument("the format ends in %")),
        }
    }
    Ok(text)
}

/// The specifier of `strftime` that means the same.
fn plain(specifier: char) -> Option<&'static str> {
    Some(match specifier {
        'a' => "%a",
        'b' => "%b",
        'c' => "%-m",
        'd' => "%d",
        'e' => "%-d",
        'H' => "%H",
        'h' | 'I' => "%I",
        'i' => "%M",
        'j' => "%j",
        'k' => "%-H",
        'l' => "%-I",
        'M' => "%B",
        'm' => "%m",
        'p' => "%p",
        'r' => "%I:%M:%S %p",
        'S' | 's' => "%S",
        'T' => "%H:%M:%S",
        'v' => "%V",
        'W' => "%A",
        'x' => "%G",
        'Y' => "%Y",
        'y' => "%y",
        _ => return None,
    })
}

fn refused(specifier: char) -> Fault {
    Fault::argument(format!("%{specifier} not supported in date format string"))
}

pub(super) fn parse(given: &str, format: &str) -> Result<civil::DateTime, Fault> {
    let mut scan = Scan::new(given);
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            scan.literal(letter)?;
            continue;
        }
        match letters.next() {
            Some('a') => scan.weekday(false)?,
            Some('W') => scan.weekday(true)?,
            Some('b') => scan.month_name(false)?,
            Some('M') => scan.month_name(true)?,
            Some('c' | 'm') => scan.month(2)?,
            Some('d' | 'e') => scan.day(2)?,
            Some('f') => scan.fraction(9)?,
            Some('H' | 'k') => scan.hour(2)?,
            Some('h' | 'I' | 'l') => scan.hour_of_half(2)?,
            Some('i') => scan.minute(2)?,
            Some('j') => scan.day_of_year(3)?,
            Some('p') => scan.half()?,
            Some('S' | 's') => scan.second(2)?,
            Some('Y') => scan.year(4)?,
            Some('y') => scan.short_year()?,
            Some('T') => scan.clock()?,
            Some('r') => {
                scan.clock_of_half()?;
            }
            Some(specifier) if REFUSED.contains(specifier) || "vx".contains(specifier) => {
                return Err(refused(specifier));
            }
            Some(literal) => scan.literal(literal)?,
            None => return Err(Fault::argument("the format ends in %")),
        }
    }
    scan.finish()
}
