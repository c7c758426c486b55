//! `format('%s …', …)`: Java's `Formatter`, of which the conversions `b c d e f s x X %` are here, with the flags
//! `- + 0 , (` and space, a width, a precision and an argument's index.

use std::{iter::Peekable, str::Chars};

use datafusion::{arrow::datatypes::DataType, common::ScalarValue, error::Result, logical_expr::ScalarUDF};

use super::{
    cast_text::text_of,
    fault::Fault,
    generic::generic,
    numbers::{decimal_text, parse_decimal, rescale},
};

pub(super) fn format() -> ScalarUDF {
    let types = |given: &[DataType]| {
        let is_format = given.len() > 1 && given.first().is_some_and(DataType::is_string);
        is_format.then(|| (given.to_vec(), DataType::Utf8))
    };
    let body = |row: &[ScalarValue], _: &DataType| {
        let (format, arguments) = match row.split_first() {
            Some((format, arguments)) => (format.try_as_str().flatten(), arguments),
            None => (None, row),
        };
        Ok(ScalarValue::Utf8(format.map(|format| formatted(format, arguments)).transpose()?))
    };
    generic("format", "varchar, …", types, body).with_nulls().into()
}

#[derive(Default)]
struct Specifier {
    flags: String,
    width: usize,
    precision: Option<usize>,
}

impl Specifier {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn fill(&self, text: &str) -> String {
        let width = self.width;
        if self.has('-') { format!("{text:<width$}") } else { format!("{text:>width$}") }
    }

    fn number(&self, text: &str) -> String {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let digits = if self.has(',') { grouped(digits) } else { digits.to_owned() };
        let (before, after) = match (is_negative, self.has('('), self.has('+'), self.has(' ')) {
            (true, true, ..) => ("(", ")"),
            (true, false, ..) => ("-", ""),
            (false, _, true, _) => ("+", ""),
            (false, _, false, true) => (" ", ""),
            _ => ("", ""),
        };
        if self.has('0') && !self.has('-') {
            let width = self.width.saturating_sub(before.len() + after.len());
            return format!("{before}{digits:0>width$}{after}");
        }
        self.fill(&format!("{before}{digits}{after}"))
    }
}

fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

fn formatted(format: &str, arguments: &[ScalarValue]) -> Result<String> {
    let invalid = || Fault::argument(format!("Invalid format string: {format}"));
    let mut text = String::new();
    let mut next = 0;
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let mut specifier = Specifier::default();
        let mut index = None;
        let digits = number(&mut letters);
        if digits.is_some() && letters.next_if_eq(&'$').is_some() {
            index = digits;
        } else {
            specifier.width = digits.unwrap_or_default();
        }
        while let Some(flag) = letters.next_if(|letter| "-+0,( #".contains(*letter)) {
            specifier.flags.push(flag);
        }
        specifier.width = number(&mut letters).unwrap_or(specifier.width);
        if letters.next_if_eq(&'.').is_some() {
            specifier.precision = number(&mut letters);
        }
        let conversion = letters.next().ok_or_else(invalid)?;
        if matches!(conversion, '%' | 'n') {
            text.push(if conversion == 'n' { '\n' } else { '%' });
            continue;
        }
        let index = index.and_then(|index| index.checked_sub(1)).unwrap_or_else(|| {
            next += 1;
            next - 1
        });
        let argument = arguments.get(index).ok_or_else(invalid)?;
        text.push_str(&converted(&specifier, conversion, argument)?.ok_or_else(invalid)?);
    }
    Ok(text)
}

// A width does not begin with zero: that is a flag.
fn number(letters: &mut Peekable<Chars<'_>>) -> Option<usize> {
    if letters.peek() == Some(&'0') {
        return None;
    }
    let mut digits = String::new();
    while let Some(digit) = letters.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    digits.parse().ok()
}

fn converted(specifier: &Specifier, conversion: char, argument: &ScalarValue) -> Result<Option<String>> {
    let plain = match argument {
        ScalarValue::Float64(Some(number)) => Some(number.to_string()),
        ScalarValue::Float32(Some(number)) => Some(number.to_string()),
        other => text_of(other)?,
    };
    let Some(plain) = plain else {
        return Ok(Some(specifier.fill("null")));
    };
    let kind = argument.data_type();
    let text = match conversion {
        's' | 'S' => {
            let cut: String = plain.chars().take(specifier.precision.unwrap_or(usize::MAX)).collect();
            specifier.fill(&if conversion == 'S' { cut.to_uppercase() } else { cut })
        }
        'b' => specifier.fill(&if kind == DataType::Boolean { plain } else { "true".to_owned() }),
        'd' if kind.is_integer() => specifier.number(&plain),
        'x' | 'X' if kind.is_integer() => {
            let number: i64 = plain.parse().unwrap_or_default();
            let text = if conversion == 'x' { format!("{number:x}") } else { format!("{number:X}") };
            specifier.number(&text)
        }
        'f' if kind.is_floating() || matches!(kind, DataType::Decimal128(..)) => {
            let precision = u32::try_from(specifier.precision.unwrap_or(6)).unwrap_or(6);
            let digits = parse_decimal(&plain, precision.min(30))
                .and_then(|digits| rescale(digits, precision.min(30), precision));
            specifier.number(&digits.map_or(plain, |digits| decimal_text(digits, precision)))
        }
        'e' if kind.is_floating() => {
            let number: f64 = plain.parse().unwrap_or(f64::NAN);
            let text = format!("{number:.*e}", specifier.precision.unwrap_or(6));
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or_default();
            let sign = if exponent < 0 { '-' } else { '+' };
            specifier.number(&format!("{mantissa}e{sign}{:02}", exponent.abs()))
        }
        'c' => specifier.fill(&plain),
        _ => return Ok(None),
    };
    Ok(Some(text))
}
