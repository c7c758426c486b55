//! Which chart fits a result, as a Vega-Lite specification. Pure: the same rows give the same chart.
//!
//! What comes from the data goes into `data.values` and nowhere else. Names of columns become titles and fields, which
//! Vega-Lite writes into expressions, and not all quotes are escaped there. So titles have no punctuation, and fields are
//! renamed unless they are plain words.

mod choose;
mod column;
mod draw;
mod names;
mod spec;
#[cfg(test)]
mod tests;
mod time;

use serde_json::Value;
use shared::findings;

/// More rows are a table, not a chart, and would make the answer large.
const MOST_ROWS: usize = 500;

/// The chart of a result; none if no kind of chart fits it. The question tells which of several numbers is meant.
pub(crate) fn chart(question: &str, columns: &[findings::Column], rows: &[Vec<Value>]) -> Option<Value> {
    if rows.is_empty() || rows.len() > MOST_ROWS {
        return None;
    }
    let columns = time::with_periods(column::read(columns, rows));
    let chart = choose::choose(question, &columns)?;
    Some(draw::draw(&chart, question))
}
