use csv::ReaderBuilder;

use crate::{
    Format, ReadError, Text,
    flow::{Flow, Gap},
};

const DELIMITERS: [u8; 4] = *b",;\t|";

/// A row becomes a paragraph of `header: value` lines, so that it can be understood alone. Without a header, it becomes
/// a line of cells.
pub(crate) fn read(text: &str) -> Result<Text, ReadError> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter(text)).from_reader(text.as_bytes());
    let mut rows = reader.records();
    let Some(first) = rows.next() else { return Err(ReadError::Empty) };
    let first = first.map_err(|error| ReadError::malformed(Format::Csv, error))?;

    let mut flow = Flow::new();
    let headed = is_header(&first);
    if !headed {
        cells(&mut flow, &first);
    }
    for row in rows {
        let row = row.map_err(|error| ReadError::malformed(Format::Csv, error))?;
        if headed { labelled(&mut flow, &first, &row) } else { cells(&mut flow, &row) }
    }
    // A header without rows still says what the table is about.
    let text = flow.finish()?;
    if text.is_empty() && headed {
        return Ok(Text::new(None, first.iter().collect::<Vec<_>>().join(" | ")));
    }
    Ok(Text::new(None, text))
}

/// The one that stands most often in the first line.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// Names of columns are words, and no two are the same.
fn is_header(row: &csv::StringRecord) -> bool {
    let mut names: Vec<&str> = row.iter().map(str::trim).collect();
    let words = names.iter().all(|name| name.chars().any(char::is_alphabetic) && name.len() < 100);
    names.sort_unstable();
    names.dedup();
    words && names.len() == row.len()
}

fn labelled(flow: &mut Flow, header: &csv::StringRecord, row: &csv::StringRecord) {
    flow.gap(Gap::Paragraph);
    for (index, value) in row.iter().enumerate().filter(|(_, value)| !value.trim().is_empty()) {
        flow.gap(Gap::Line);
        if let Some(name) = header.get(index) {
            flow.push(name);
            flow.push(": ");
        }
        flow.push(value);
    }
}

fn cells(flow: &mut Flow, row: &csv::StringRecord) {
    flow.gap(Gap::Line);
    for value in row {
        flow.push(value);
        flow.gap(Gap::Cell);
    }
}
