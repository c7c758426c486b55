//! Regular expressions (Trino: "Regular expression functions"). Trino's are Java's; here they are the `regex` crate's,
//! which has neither look-around nor references back to groups inside a pattern.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use datafusion::logical_expr::ScalarUDF;
use regex::{Captures, Regex};

use super::{
    fault::Fault,
    kinds::{Kind, boolean, integer, text, texts},
    row::Row,
    scalar::function,
    value::{Value, some},
};

pub(super) fn all() -> Vec<ScalarUDF> {
    const PATTERN: &[Kind] = &[Kind::Text, Kind::Text];
    const GROUP: &[Kind] = &[Kind::Text, Kind::Text, Kind::Integer];
    let functions = vec![
        function("regexp_like").on(PATTERN, boolean, |row| some(pattern(row)?.is_match(row.text(0)))),
        function("regexp_extract")
            .on(PATTERN, text, |row| extract(row, 0))
            .on(GROUP, text, |row| extract(row, group(row)?)),
        function("regexp_extract_all")
            .on(PATTERN, texts, |row| extract_all(row, 0))
            .on(GROUP, texts, |row| extract_all(row, group(row)?)),
        function("regexp_replace")
            .on(PATTERN, text, |row| some(pattern(row)?.replace_all(row.text(0), "").into_owned()))
            .on(&[Kind::Text, Kind::Text, Kind::Text], text, |row| {
                let (pattern, replacement) = (pattern(row)?, parts(row.text(2))?);
                some(
                    pattern.replace_all(row.text(0), |groups: &Captures<'_>| filled(&replacement, groups)).into_owned(),
                )
            }),
        function("regexp_split")
            .on(PATTERN, texts, |row| some(pattern(row)?.split(row.text(0)).map(str::to_owned).collect::<Vec<_>>())),
        function("regexp_count").on(PATTERN, integer, |row| some(pattern(row)?.find_iter(row.text(0)).count())),
        function("regexp_position")
            .on(PATTERN, integer, |row| position(row, 1, 1))
            .on(GROUP, integer, |row| position(row, row.integer(2), 1))
            .on(&[Kind::Text, Kind::Text, Kind::Integer, Kind::Integer], integer, |row| {
                position(row, row.integer(2), row.integer(3))
            }),
    ];
    functions.into_iter().map(ScalarUDF::from).collect()
}

/// The last patterns compiled: a query has a few, and asks for them in every row.
static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Regex>>>> = LazyLock::new(Mutex::default);
const MOST_COMPILED: usize = 100;

fn pattern(row: &Row<'_>) -> Result<Arc<Regex>, Fault> {
    let pattern = row.text(1);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(pattern) {
        return Ok(Arc::clone(known));
    }
    let regex = Regex::new(pattern).map_err(|_| Fault::argument(format!("Invalid pattern: {pattern}")))?;
    if compiled.len() >= MOST_COMPILED {
        compiled.clear();
    }
    let regex = Arc::new(regex);
    compiled.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(regex)
}

fn group(row: &Row<'_>) -> Result<usize, Fault> {
    let has = pattern(row)?.captures_len() - 1;
    match usize::try_from(row.integer(2)) {
        Ok(group) if group <= has => Ok(group),
        Ok(group) => Err(Fault::argument(format!("Pattern has {has} groups. Cannot access group {group}"))),
        Err(_) => Err(Fault::argument("Group cannot be negative")),
    }
}

fn extract(row: &Row<'_>, group: usize) -> Result<Option<Value>, Fault> {
    let groups = pattern(row)?;
    let found = groups.captures(row.text(0)).and_then(|groups| Some(groups.get(group)?.as_str().into()));
    Ok(found)
}

fn extract_all(row: &Row<'_>, group: usize) -> Result<Option<Value>, Fault> {
    let regex = pattern(row)?;
    let found = regex.captures_iter(row.text(0)).map(|groups| Some(groups.get(group)?.as_str().into()));
    Ok(Some(Value::List(found.collect())))
}

fn position(row: &Row<'_>, start: i64, occurrence: i64) -> Result<Option<Value>, Fault> {
    let (Some(skipped), Some(nth)) = (start.checked_sub(1), occurrence.checked_sub(1)) else {
        return some(-1_i64);
    };
    let (Ok(skipped), Ok(nth)) = (usize::try_from(skipped), usize::try_from(nth)) else {
        return Err(Fault::argument("start and occurrence must be positive"));
    };
    let given = row.text(0);
    let Some((start, _)) = given.char_indices().nth(skipped) else {
        return some(-1_i64);
    };
    match pattern(row)?.find_iter(&given[start..]).nth(nth) {
        Some(found) => some(given[..start + found.start()].chars().count() + 1),
        None => some(-1_i64),
    }
}

enum Part {
    Text(char),
    Group(String),
}

/// Java's replacement: `$1`, `${name}`, and a backslash before what stands for itself.
fn parts(replacement: &str) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                parts.push(Part::Text(letters.next().ok_or_else(|| Fault::argument("Illegal replacement sequence"))?))
            }
            '$' if letters.next_if_eq(&'{').is_some() => {
                let name: String = std::iter::from_fn(|| letters.next_if(|letter| *letter != '}')).collect();
                letters.next();
                parts.push(Part::Group(name));
            }
            '$' => {
                let digits: String = std::iter::from_fn(|| letters.next_if(char::is_ascii_digit)).collect();
                if digits.is_empty() {
                    return Err(Fault::argument("Illegal replacement sequence: unknown group"));
                }
                parts.push(Part::Group(digits));
            }
            letter => parts.push(Part::Text(letter)),
        }
    }
    Ok(parts)
}

fn filled(parts: &[Part], groups: &Captures<'_>) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(letter) => text.push(*letter),
            Part::Group(name) => {
                let found = match name.parse() {
                    Ok(index) => groups.get(index),
                    Err(_) => groups.name(name),
                };
                text.push_str(found.map_or("", |found| found.as_str()));
            }
        }
    }
    text
}
