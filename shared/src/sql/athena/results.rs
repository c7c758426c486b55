//! The rows of a query that has ended, page by page.

use aws_sdk_athena::{
    Client,
    types::{ColumnInfo, Row},
};
use serde_json::Value;

use super::{failure::failed, value};
use crate::{
    error::Error,
    findings::{Column, Rows},
};

/// What `GetQueryResults` gives at once.
const PAGE: usize = 1000;

/// The most that rows may take as JSON. An answer must fit one item of the conversation memory (400 KB), with its text and
/// its chart.
const MOST_BYTES: usize = 200 * 1024;

/// Reads rows until there are `most_rows`, or no room for more. How many bytes were scanned is not among the results.
pub(super) async fn read(client: &Client, id: &str, most_rows: usize) -> Result<Rows, Error> {
    let mut reader = Reader::new(most_rows);
    let mut next = None;
    loop {
        let page = client
            .get_query_results()
            .query_execution_id(id)
            .max_results(i32::try_from(reader.page()).unwrap_or(i32::MAX))
            .set_next_token(next)
            .send()
            .await
            .map_err(failed)?;
        next = page.next_token;
        if let Some(results) = page.result_set {
            let columns = results.result_set_metadata.and_then(|metadata| metadata.column_info).unwrap_or_default();
            reader.take(&columns, &results.rows.unwrap_or_default());
        }
        if next.is_none() || reader.rows.is_truncated {
            return Ok(reader.rows);
        }
    }
}

struct Reader {
    rows: Rows,
    most_rows: usize,
    bytes: usize,
    is_first_page: bool,
}

impl Reader {
    fn new(most_rows: usize) -> Self {
        Self { rows: Rows::default(), most_rows, bytes: 0, is_first_page: true }
    }

    /// How many rows to ask for: the header, those that are wanted, and one that tells whether there are more.
    fn page(&self) -> usize {
        (self.most_rows - self.rows.rows.len() + 1 + usize::from(self.is_first_page)).min(PAGE)
    }

    fn take(&mut self, columns: &[ColumnInfo], mut page: &[Row]) {
        if self.is_first_page {
            self.is_first_page = false;
            self.rows.columns = columns.iter().map(column).collect();
            if let [first, rest @ ..] = page
                && is_header(columns, first)
            {
                page = rest;
            }
        }
        for row in page {
            let row = values(&self.rows.columns, row);
            // A comma or bracket goes with each.
            self.bytes += serde_json::to_string(&row).map_or(0, |json| json.len() + 1);
            if self.rows.rows.len() == self.most_rows || self.bytes > MOST_BYTES {
                self.rows.is_truncated = true;
                return;
            }
            self.rows.rows.push(row);
        }
    }
}

fn column(info: &ColumnInfo) -> Column {
    Column { name: label(info).to_owned(), kind: info.r#type().to_owned() }
}

fn label(info: &ColumnInfo) -> &str {
    info.label().unwrap_or_else(|| info.name())
}

/// The first row of a SELECT holds the columns' names.
fn is_header(columns: &[ColumnInfo], row: &Row) -> bool {
    let texts = row.data().iter().map(|datum| datum.var_char_value());
    row.data().len() == columns.len()
        && texts.zip(columns).all(|(text, info)| text.is_some_and(|text| text == label(info) || text == info.name()))
}

fn values(columns: &[Column], row: &Row) -> Vec<Value> {
    let text = |at: usize| row.data().get(at).and_then(|datum| datum.var_char_value());
    columns.iter().enumerate().map(|(at, column)| value::parse(&column.kind, text(at))).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_athena::types::Datum;
    use serde_json::json;

    use super::*;

    fn columns(described: &[(&str, &str)]) -> Vec<ColumnInfo> {
        described.iter().map(|(name, kind)| ColumnInfo::builder().name(*name).r#type(*kind).build().unwrap()).collect()
    }

    fn row(texts: &[Option<&str>]) -> Row {
        let data = texts.iter().map(|text| Datum::builder().set_var_char_value(text.map(str::to_owned)).build());
        Row::builder().set_data(Some(data.collect())).build()
    }

    #[test]
    fn a_header_is_dropped_once_and_only_if_it_is_one() {
        let columns = columns(&[("name", "varchar"), ("n", "bigint")]);
        let header = row(&[Some("name"), Some("n")]);
        let mut reader = Reader::new(10);
        reader.take(&columns, &[header.clone(), row(&[Some("a"), Some("1")])]);
        reader.take(&columns, &[header]);
        assert_eq!(reader.rows.rows, [vec![json!("a"), json!(1)], vec![json!("name"), json!("n")]]);

        let mut reader = Reader::new(10);
        reader.take(&columns, &[row(&[Some("a"), None])]);
        assert_eq!(reader.rows.rows, [vec![json!("a"), Value::Null]]);
        assert_eq!(reader.rows.columns[1], Column { name: "n".to_owned(), kind: "bigint".to_owned() });
    }

    #[test]
    fn one_row_more_than_wanted_tells_that_there_are_more() {
        let columns = columns(&[("n", "integer")]);
        let pages = [row(&[Some("n")]), row(&[Some("1")]), row(&[Some("2")])];
        let mut reader = Reader::new(2);
        assert_eq!(reader.page(), 4);
        reader.take(&columns, &pages);
        assert!(!reader.rows.is_truncated);
        assert_eq!(reader.page(), 1);
        reader.take(&columns, &pages[1..2]);
        assert_eq!((reader.rows.is_truncated, reader.rows.rows.len()), (true, 2));
        assert_eq!(Reader::new(5000).page(), PAGE);
    }

    #[test]
    fn rows_end_where_their_room_does() {
        let columns = columns(&[("text", "varchar")]);
        let long = "x".repeat(50 * 1024);
        let mut reader = Reader::new(1000);
        reader.take(&columns, &vec![row(&[Some(&long)]); 10]);
        assert_eq!((reader.rows.is_truncated, reader.rows.rows.len()), (true, 3));
        assert!(serde_json::to_string(&reader.rows.rows).unwrap().len() <= MOST_BYTES);
    }
}
