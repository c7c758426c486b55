//! The types that a cast names, as `varchar(10)`, `decimal(10, 2)`, `array(row(a bigint, b date))`.

use std::iter::Peekable;

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};

use super::{
    fault::Fault,
    kinds::{SESSION_ZONE, list_of, map_of},
};

/// Trino's most digits of a decimal.
const MOST_DIGITS: u8 = 38;

/// What a cast makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) kind: DataType,
    /// Of `varchar(n)` and `char(n)`, in characters.
    pub(super) length: Option<usize>,
    /// `char(n)`: shorter text is filled up with spaces.
    pub(super) is_char: bool,
    pub(super) is_json: bool,
}

impl From<DataType> for Target {
    fn from(kind: DataType) -> Self {
        Self { kind, length: None, is_char: false, is_json: false }
    }
}

/// Reads a type.
///
/// # Errors
///
/// `TYPE_NOT_FOUND` for a type that Trino does not have: `string`, `float`, `text`, `datetime` …
pub(super) fn parse(text: &str) -> Result<Target, Fault> {
    let mut words = words(text).into_iter().peekable();
    let target = target(&mut words).ok_or_else(|| unknown(text))?;
    match words.next() {
        None => Ok(target),
        Some(_) => Err(unknown(text)),
    }
}

fn unknown(text: &str) -> Fault {
    Fault { code: "TYPE_NOT_FOUND", message: format!("Unknown type: {text}") }
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_in_word = false;
    for letter in text.chars() {
        let is_letter = letter.is_alphanumeric() || letter == '_';
        match words.last_mut() {
            Some(word) if is_letter && is_in_word => word.push(letter.to_ascii_lowercase()),
            _ if letter.is_whitespace() || letter == '"' => {}
            _ => words.push(letter.to_ascii_lowercase().to_string()),
        }
        is_in_word = is_letter;
    }
    words
}

type Words = Peekable<std::vec::IntoIter<String>>;

fn target(words: &mut Words) -> Option<Target> {
    let name = words.next()?;
    let kind = match name.as_str() {
        "boolean" => DataType::Boolean,
        "tinyint" => DataType::Int8,
        "smallint" => DataType::Int16,
        "integer" | "int" => DataType::Int32,
        "bigint" => DataType::Int64,
        "real" => DataType::Float32,
        "double" => {
            words.next_if(|word| word == "precision");
            DataType::Float64
        }
        "decimal" | "numeric" | "dec" => decimal(words)?,
        "varchar" => {
            let length = numbers(words)?.first().copied();
            return Some(Target { length, ..DataType::Utf8.into() });
        }
        "char" => {
            let length = numbers(words)?.first().copied().unwrap_or(1);
            return Some(Target { length: Some(length), is_char: true, ..DataType::Utf8.into() });
        }
        "json" => return Some(Target { is_json: true, ..DataType::Utf8.into() }),
        "varbinary" => DataType::Binary,
        "date" => DataType::Date32,
        "time" => {
            numbers(words)?;
            DataType::Time64(TimeUnit::Microsecond)
        }
        "timestamp" => timestamp(words)?,
        "array" => list_of(nested(words)?.pop()?.1),
        "map" => {
            let mut nested = nested(words)?.into_iter().map(|(_, kind)| kind);
            map_of(nested.next()?, nested.next()?)
        }
        "row" => {
            let fields = nested(words)?
                .into_iter()
                .enumerate()
                .map(|(index, (name, kind))| Field::new(name.unwrap_or_else(|| format!("field{index}")), kind, true));
            DataType::Struct(fields.collect())
        }
        _ => return None,
    };
    Some(kind.into())
}

fn decimal(words: &mut Words) -> Option<DataType> {
    let digits = numbers(words)?;
    let precision = digits.first().map_or(Some(MOST_DIGITS), |digits| u8::try_from(*digits).ok())?;
    let scale = digits.get(1).map_or(Some(0), |digits| i8::try_from(*digits).ok())?;
    (precision <= MOST_DIGITS && i16::from(scale) <= i16::from(precision))
        .then_some(DataType::Decimal128(precision, scale))
}

// Whatever precision is asked for: Athena's tables have milliseconds, and so has what it computes.
fn timestamp(words: &mut Words) -> Option<DataType> {
    numbers(words)?;
    let mut zone = None;
    if words.next_if(|word| word == "with").is_some() {
        words.next_if(|word| word == "time")?;
        words.next_if(|word| word == "zone")?;
        zone = Some(SESSION_ZONE.into());
    }
    Some(DataType::Timestamp(TimeUnit::Millisecond, zone))
}

/// `(10, 2)`, or nothing.
fn numbers(words: &mut Words) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    if words.next_if(|word| word == "(").is_none() {
        return Some(numbers);
    }
    loop {
        numbers.push(words.next()?.parse().ok()?);
        match words.next()?.as_str() {
            "," => {}
            ")" => return Some(numbers),
            _ => return None,
        }
    }
}

/// `(bigint, varchar)`, `<bigint>` or `(a bigint, b varchar)`.
fn nested(words: &mut Words) -> Option<Vec<(Option<String>, DataType)>> {
    let end = match words.next()?.as_str() {
        "(" => ")",
        "<" => ">",
        _ => return None,
    };
    let mut kinds = Vec::new();
    loop {
        let mut ahead = words.clone();
        let first = ahead.next()?;
        let is_named =
            ahead.peek().is_some_and(|word| word.chars().all(|letter| letter.is_alphanumeric() || letter == '_'))
                && !(first == "double" && ahead.peek().is_some_and(|word| word == "precision"))
                && !(first == "timestamp" && ahead.peek().is_some_and(|word| word == "with"));
        let name = if is_named { words.next() } else { None };
        kinds.push((name, target(words)?.kind));
        match words.next()?.as_str() {
            "," => {}
            word if word == end => return Some(kinds),
            _ => return None,
        }
    }
}
