//! Where results go in S3, and the file that they are there.

use std::{fmt, sync::Arc};

use local_query::Outcome;

use super::{refusal, workgroups::RESULTS};
use crate::{
    reply::Refusal,
    s3::{Buckets, Problem},
};

/// `s3://bucket/key`, of a folder or of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl Location {
    pub(super) fn of_bucket(bucket: &str) -> Location {
        Location { bucket: bucket.to_owned(), key: String::new() }
    }

    pub(super) fn parse(text: &str) -> Result<Location, Refusal> {
        let (bucket, key) = text.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))).unzip();
        match (bucket, key) {
            (Some(bucket), Some(key)) if !bucket.is_empty() => {
                Ok(Location { bucket: bucket.to_owned(), key: key.trim_end_matches('/').to_owned() })
            }
            _ => Err(refusal::invalid("outputLocation is not a valid S3 path.")),
        }
    }

    /// A file in this folder.
    pub(super) fn file(&self, name: &str) -> Location {
        let key = if self.key.is_empty() { name.to_owned() } else { format!("{}/{name}", self.key) };
        Location { bucket: self.bucket.clone(), key }
    }
}

/// Writes the results as Athena does. A bucket that is not there is no failure of the query, nor is it on AWS.
pub(super) async fn write(buckets: &Arc<Buckets>, location: Location, outcome: &Arc<Outcome>) {
    let (buckets, outcome) = (Arc::clone(buckets), Arc::clone(outcome));
    let written = tokio::task::spawn_blocking(move || {
        // The server's own bucket is there once it is needed.
        if location.bucket == RESULTS && !buckets.exists(RESULTS) {
            let _ = buckets.make(RESULTS);
        }
        let written = buckets.write(&location.bucket, &location.key, csv(&outcome).as_bytes());
        (written, location)
    });
    match written.await {
        Ok((Ok(_), _)) => {}
        Ok((Err(Problem::NoSuchBucket), location)) => {
            tracing::info!(%location, "results go to a bucket that is not there")
        }
        Ok((Err(error), location)) => tracing::warn!(%location, %error, "results could not be written"),
        Err(error) => tracing::warn!(%error, "results could not be written"),
    }
}

/// Everything but NULL is quoted, which tells it from an empty text; every line ends.
fn csv(outcome: &Outcome) -> String {
    let mut text = String::new();
    line(&mut text, outcome.columns.iter().map(|column| Some(column.name.as_str())));
    for row in &outcome.rows {
        line(&mut text, row.iter().map(Option::as_deref));
    }
    text
}

fn line<'a>(text: &mut String, values: impl Iterator<Item = Option<&'a str>>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if let Some(value) = value {
            text.push('"');
            text.push_str(&value.replace('"', "\"\""));
            text.push('"');
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use local_query::OutColumn;

    use super::*;

    #[test]
    fn null_is_nothing_and_an_empty_text_is_quoted() {
        let column =
            |name: &str| OutColumn { name: name.to_owned(), kind: "varchar".to_owned(), precision: 0, scale: 0 };
        let cell = |text: &str| Some(text.to_owned());
        let outcome = Outcome {
            columns: vec![column("a"), column("b")],
            rows: vec![vec![cell("it's"), cell("a\"b")], vec![None, cell("")]],
            scanned_bytes: 0,
        };
        assert_eq!(csv(&outcome), "\"a\",\"b\"\n\"it's\",\"a\"\"b\"\n,\"\"\n");
    }

    #[test]
    fn locations_are_buckets_and_folders() {
        for (text, expected) in [
            ("s3://results", "s3://results/1.csv"),
            ("s3://results/", "s3://results/1.csv"),
            ("s3://results/of/mine/", "s3://results/of/mine/1.csv"),
        ] {
            assert_eq!(Location::parse(text).unwrap().file("1.csv").to_string(), expected);
        }
        for text in ["", "results", "s3://", "s3:///a", "https://results.example"] {
            assert!(Location::parse(text).is_err(), "{text}");
        }
    }
}
