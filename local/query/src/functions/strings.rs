//! Text (Trino: "String functions and operators"). Positions count characters from 1.

use datafusion::logical_expr::ScalarUDF;

use super::{
    fault::Fault,
    kinds::{Kind, boolean, integer, text, texts},
    printf,
    row::Row,
    scalar::{Function, function},
    value::{Outcome, Value, some},
};

pub(super) fn all() -> Vec<ScalarUDF> {
    let functions = [measures(), changes(), sizes(), pieces(), distances()];
    functions.into_iter().flatten().map(ScalarUDF::from).chain([printf::format()]).collect()
}

fn measures() -> Vec<Function> {
    vec![
        function("length").on(&[Kind::Text], integer, |row| some(row.text(0).chars().count())).on(
            &[Kind::Bytes],
            integer,
            |row| some(row.bytes(0).len()),
        ),
        function("strpos")
            .on(&[Kind::Text, Kind::Text], integer, |row| some(position(row.text(0), row.text(1), 1)))
            .on(&[Kind::Text, Kind::Text, Kind::Integer], integer, |row| match row.integer(2) {
                0 => Err(Fault::argument("'instance' must be a positive or negative number.")),
                instance => some(position(row.text(0), row.text(1), instance)),
            }),
        function("starts_with")
            .on(&[Kind::Text, Kind::Text], boolean, |row| some(row.text(0).starts_with(row.text(1)))),
        function("codepoint").on(&[Kind::Text], integer, |row| {
            let mut letters = row.text(0).chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => some(u32::from(letter)),
                _ => Err(Fault::argument("Input string must be a single character string")),
            }
        }),
    ]
}

/// Where the text has the part for the n-th time, from the end if n is negative; 0 if it has not.
fn position(whole: &str, part: &str, instance: i64) -> usize {
    if part.is_empty() {
        return if instance > 0 { 1 } else { whole.chars().count() + 1 };
    }
    let nth = usize::try_from(instance.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let mut starts: Vec<_> =
        whole.char_indices().map(|(start, _)| start).filter(|&start| whole[start..].starts_with(part)).collect();
    if instance < 0 {
        starts.reverse();
    }
    starts.get(nth).map_or(0, |&start| whole[..start].chars().count() + 1)
}

fn changes() -> Vec<Function> {
    vec![
        function("lower").on(&[Kind::Text], text, |row| some(row.text(0).to_lowercase())),
        function("upper").on(&[Kind::Text], text, |row| some(row.text(0).to_uppercase())),
        function("replace").on(&[Kind::Text, Kind::Text], text, |row| some(row.text(0).replace(row.text(1), ""))).on(
            &[Kind::Text, Kind::Text, Kind::Text],
            text,
            |row| some(row.text(0).replace(row.text(1), row.text(2))),
        ),
        function("translate").on(&[Kind::Text, Kind::Text, Kind::Text], text, |row| {
            let to: Vec<_> = row.text(2).chars().collect();
            let translated =
                row.text(0).chars().filter_map(|letter| match row.text(1).chars().position(|from| from == letter) {
                    Some(index) => to.get(index).copied(),
                    None => Some(letter),
                });
            some(translated.collect::<String>())
        }),
        function("chr").on(&[Kind::Integer], text, |row| {
            let letter = u32::try_from(row.integer(0)).ok().and_then(char::from_u32);
            let fault = || Fault::argument(format!("Not a valid Unicode code point: {}", row.integer(0)));
            some(letter.ok_or_else(fault)?.to_string())
        }),
        function("trim").alias("btrim").on(&[Kind::Text], text, |row| some(row.text(0).trim())).on(
            &[Kind::Text, Kind::Text],
            text,
            |row| some(row.text(0).trim_matches(is_of(row.text(1)))),
        ),
        function("ltrim").on(&[Kind::Text], text, |row| some(row.text(0).trim_start())).on(
            &[Kind::Text, Kind::Text],
            text,
            |row| some(row.text(0).trim_start_matches(is_of(row.text(1)))),
        ),
        function("rtrim").on(&[Kind::Text], text, |row| some(row.text(0).trim_end())).on(
            &[Kind::Text, Kind::Text],
            text,
            |row| some(row.text(0).trim_end_matches(is_of(row.text(1)))),
        ),
        function("soundex").on(&[Kind::Text], text, |row| some(soundex(row.text(0)))),
    ]
}

fn is_of(letters: &str) -> impl Fn(char) -> bool + '_ {
    move |letter| letters.contains(letter)
}

fn sizes() -> Vec<Function> {
    const PAD: &[Kind] = &[Kind::Text, Kind::Integer, Kind::Text];
    vec![
        function("lpad").on(PAD, text, |row| match padding(row)? {
            Padding::Cut(cut) => some(cut),
            Padding::Fill(fill) => some(fill + row.text(0)),
        }),
        function("rpad").on(PAD, text, |row| match padding(row)? {
            Padding::Cut(cut) => some(cut),
            Padding::Fill(fill) => some(row.text(0).to_owned() + &fill),
        }),
        function("substr")
            .alias("substring")
            .on(&[Kind::Text, Kind::Integer], text, |row| some(substring(row.text(0), row.integer(1), i64::MAX)))
            .on(&[Kind::Text, Kind::Integer, Kind::Integer], text, |row| {
                some(substring(row.text(0), row.integer(1), row.integer(2)))
            }),
    ]
}

enum Padding {
    Cut(String),
    Fill(String),
}

/// Trino's largest result.
const MOST_PADDED: i64 = 1_000_000;

fn padding(row: &Row<'_>) -> Result<Padding, Fault> {
    let (given, size, pad) = (row.text(0), row.integer(1), row.text(2));
    if !(0..=MOST_PADDED).contains(&size) {
        return Err(Fault::argument(format!("Target length must be in the range [0..{MOST_PADDED}]")));
    }
    if pad.is_empty() {
        return Err(Fault::argument("Padding string must not be empty"));
    }
    let size = usize::try_from(size).unwrap_or_default();
    let length = given.chars().count();
    Ok(if length >= size {
        Padding::Cut(given.chars().take(size).collect())
    } else {
        Padding::Fill(pad.chars().cycle().take(size - length).collect())
    })
}

/// A negative start counts from the end; a start outside of the text gives an empty one.
fn substring(given: &str, start: i64, length: i64) -> String {
    let count = i64::try_from(given.chars().count()).unwrap_or(i64::MAX);
    let from = if start < 0 { count + start } else { start - 1 };
    if start == 0 || length <= 0 || from < 0 || from >= count {
        return String::new();
    }
    let (from, length) = (usize::try_from(from).unwrap_or_default(), usize::try_from(length).unwrap_or(usize::MAX));
    given.chars().skip(from).take(length).collect()
}

fn pieces() -> Vec<Function> {
    vec![
        function("concat_ws").with_nulls().on_many(&[Kind::Text, Kind::Text], text, |row| {
            if row.is_null(0) {
                return Ok(None);
            }
            let parts: Vec<_> = (1..row.len()).filter(|&part| !row.is_null(part)).map(|part| row.text(part)).collect();
            some(parts.join(row.text(0)))
        }),
        function("split").on(&[Kind::Text, Kind::Text], texts, |row| split(row, usize::MAX)).on(
            &[Kind::Text, Kind::Text, Kind::Integer],
            texts,
            |row| match usize::try_from(row.integer(2)) {
                Ok(most) if most > 0 => split(row, most),
                _ => Err(Fault::argument("Limit must be positive")),
            },
        ),
        function("split_part").on(&[Kind::Text, Kind::Text, Kind::Integer], text, |row| {
            let index = usize::try_from(row.integer(2)).ok().and_then(|index| index.checked_sub(1));
            let index = index.ok_or_else(|| Fault::argument("Index must be greater than zero"))?;
            let part = if row.text(1).is_empty() {
                row.text(0).chars().nth(index).map(String::from)
            } else {
                row.text(0).split(row.text(1)).nth(index).map(str::to_owned)
            };
            Ok(part.map(Value::Text))
        }),
    ]
}

fn split(row: &Row<'_>, most: usize) -> Outcome {
    if row.text(1).is_empty() {
        return Err(Fault::argument("The delimiter may not be the empty string"));
    }
    some(row.text(0).splitn(most, row.text(1)).map(str::to_owned).collect::<Vec<_>>())
}

fn distances() -> Vec<Function> {
    vec![
        function("levenshtein_distance")
            .on(&[Kind::Text, Kind::Text], integer, |row| some(levenshtein(row.text(0), row.text(1)))),
        function("hamming_distance").on(&[Kind::Text, Kind::Text], integer, |row| {
            if row.text(0).chars().count() != row.text(1).chars().count() {
                return Err(Fault::argument(
                    "The input strings to hamming_distance function must have the same length",
                ));
            }
            some(row.text(0).chars().zip(row.text(1).chars()).filter(|(left, right)| left != right).count())
        }),
    ]
}

fn levenshtein(left: &str, right: &str) -> usize {
    let right: Vec<_> = right.chars().collect();
    let mut costs: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().enumerate() {
        let mut diagonal = row;
        costs[0] = row + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = costs[column + 1];
            costs[column + 1] = replaced.min(costs[column] + 1).min(diagonal + 1);
        }
    }
    costs[right.len()]
}

/// The American Soundex code: a letter and three digits.
fn soundex(given: &str) -> String {
    const CODES: &[u8; 26] = b"01230120022455012623010202";
    let letters = given.bytes().filter(u8::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
    let mut code = String::new();
    let mut last = 0;
    for letter in letters {
        let digit = CODES[usize::from(letter - b'A')];
        if code.is_empty() {
            code.push(char::from(letter));
        } else if digit != b'0' && digit != last && code.len() < 4 {
            code.push(char::from(digit));
        }
        // H and W do not part equal neighbours.
        if !matches!(letter, b'H' | b'W') {
            last = digit;
        }
    }
    if code.is_empty() { code } else { format!("{code:0<4}") }
}
