//! Where questions are asked of data: the settings of Athena.

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use super::Settings;
use crate::error::Error;

/// A workgroup, the databases that may be asked, and how.
#[derive(Debug, Clone)]
pub struct Queries {
    pub workgroup: String,
    /// At least one; the first is asked where the caller does not say.
    pub databases: Vec<String>,
    pub catalog: String,
    /// A query that takes longer is stopped.
    pub timeout: Duration,
    /// Rows of an answer, where the caller does not say; at most [`Queries::MOST_ROWS`].
    pub max_rows: NonZeroU32,
    /// The most that a model is told of a schema, in tokens.
    pub schema_tokens: usize,
    /// For how long a warm function believes what it knows of schemas and their semantic layers.
    pub schema_max_age: Duration,
    /// Where semantic layers lie, one `<database>.yaml` a database.
    pub layer: Option<LayerSource>,
    /// Whether a model puts the rows into words.
    pub in_words: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerSource {
    S3 {
        bucket: String,
        /// Empty, or ends with a slash.
        prefix: String,
    },
    Folder(PathBuf),
}

impl Queries {
    /// The most rows that a caller can ask for.
    pub const MOST_ROWS: u32 = 1000;
}

impl<L: Fn(&str) -> Option<String>> Settings<L> {
    pub(super) fn queries(&self) -> Result<Option<Queries>, Error> {
        let Some(workgroup) = self.optional("ATHENA_WORKGROUP") else { return Ok(None) };
        Ok(Some(Queries {
            workgroup,
            databases: self.databases()?,
            catalog: self.optional("ATHENA_CATALOG").unwrap_or_else(|| "AwsDataCatalog".to_owned()),
            timeout: self.seconds("QUERY_TIMEOUT_SECONDS", 20)?,
            max_rows: self.max_rows()?,
            schema_tokens: self.parse("SCHEMA_TOKENS", 4000)?,
            schema_max_age: self.seconds("SCHEMA_MAX_AGE_SECONDS", 300)?,
            layer: self.layer()?,
            in_words: self.parse("ANSWER_IN_WORDS", true)?,
        }))
    }

    fn databases(&self) -> Result<Vec<String>, Error> {
        self.required("ATHENA_DATABASES")?;
        let databases = self.list("ATHENA_DATABASES");
        if databases.is_empty() {
            return Err(Error::Configuration("ATHENA_DATABASES names no database".to_owned()));
        }
        Ok(databases)
    }

    fn max_rows(&self) -> Result<NonZeroU32, Error> {
        let max_rows: NonZeroU32 = self.parse("MAX_ROWS", NonZeroU32::MIN.saturating_add(99))?;
        if max_rows.get() > Queries::MOST_ROWS {
            let most = Queries::MOST_ROWS;
            return Err(Error::Configuration(format!("MAX_ROWS cannot be `{max_rows}`, but {most} at most")));
        }
        Ok(max_rows)
    }

    fn layer(&self) -> Result<Option<LayerSource>, Error> {
        let Some(place) = self.optional("SEMANTIC_LAYER") else { return Ok(None) };
        let place = place.trim();
        let Some(object) = place.strip_prefix("s3://") else {
            // Lambda says where it has unpacked the function; elsewhere the path is that of any program.
            let root = self.optional("LAMBDA_TASK_ROOT").unwrap_or_default();
            return Ok(Some(LayerSource::Folder(Path::new(&root).join(place))));
        };
        let (bucket, prefix) = object.split_once('/').unwrap_or((object, ""));
        if bucket.is_empty() {
            return Err(Error::Configuration(format!("SEMANTIC_LAYER cannot be `{place}`")));
        }
        let prefix = match prefix.trim_end_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Some(LayerSource::S3 { bucket: bucket.to_owned(), prefix }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<Queries>, Error> {
        Settings(|name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
            .queries()
    }

    #[test]
    fn a_workgroup_and_a_database_are_enough() {
        let queries = read(&[("ATHENA_WORKGROUP", "w"), ("ATHENA_DATABASES", "sales, hr ,")]).unwrap().unwrap();
        assert_eq!(queries.databases, ["sales", "hr"]);
        assert_eq!((queries.catalog.as_str(), queries.max_rows.get()), ("AwsDataCatalog", 100));
        assert_eq!((queries.timeout, queries.schema_max_age), (Duration::from_secs(20), Duration::from_secs(300)));
        assert_eq!((queries.schema_tokens, queries.layer, queries.in_words), (4000, None, true));
        assert!(read(&[("ATHENA_DATABASES", "sales")]).unwrap().is_none(), "no workgroup, no queries");
    }

    #[test]
    fn a_semantic_layer_lies_in_a_bucket_or_in_a_folder() {
        let layer = |place, root| {
            let pairs = [
                ("ATHENA_WORKGROUP", "w"),
                ("ATHENA_DATABASES", "d"),
                ("SEMANTIC_LAYER", place),
                ("LAMBDA_TASK_ROOT", root),
            ];
            read(&pairs).unwrap().unwrap().layer.unwrap()
        };
        let in_bucket = |prefix: &str| LayerSource::S3 { bucket: "b".to_owned(), prefix: prefix.to_owned() };
        assert_eq!(layer("s3://b/some/prefix/", ""), in_bucket("some/prefix/"));
        assert_eq!(layer("s3://b/some/prefix", ""), in_bucket("some/prefix/"));
        assert_eq!(layer("s3://b", ""), in_bucket(""));
        assert_eq!(layer("s3://b/", ""), in_bucket(""));
        assert_eq!(layer("layers", "/var/task"), LayerSource::Folder(PathBuf::from("/var/task/layers")));
        assert_eq!(layer("layers", ""), LayerSource::Folder(PathBuf::from("layers")));
        assert_eq!(layer("/opt/layers", "/var/task"), LayerSource::Folder(PathBuf::from("/opt/layers")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, value, expected) in [
            ("ATHENA_DATABASES", ",", "ATHENA_DATABASES names no database"),
            ("MAX_ROWS", "0", "MAX_ROWS cannot be `0`"),
            ("MAX_ROWS", "1001", "MAX_ROWS cannot be `1001`, but 1000 at most"),
            ("QUERY_TIMEOUT_SECONDS", "1s", "QUERY_TIMEOUT_SECONDS cannot be `1s`"),
            ("SEMANTIC_LAYER", "s3:///x", "SEMANTIC_LAYER cannot be `s3:///x`"),
            ("ANSWER_IN_WORDS", "yes", "ANSWER_IN_WORDS cannot be `yes`"),
        ] {
            let error = read(&[(name, value), ("ATHENA_WORKGROUP", "w"), ("ATHENA_DATABASES", "d")]).unwrap_err();
            assert_eq!(error.to_string(), format!("configuration: {expected}"));
        }
        let error = read(&[("ATHENA_WORKGROUP", "w")]).unwrap_err();
        assert_eq!(error.to_string(), "configuration: ATHENA_DATABASES is not set");
    }
}
