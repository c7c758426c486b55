//! The text of a database's semantic layer, from a bucket or from a folder that came with the function.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::{Client, error::SdkError, operation::get_object::GetObjectError};

use super::aged::Aged;
use crate::{
    aws,
    config::{self, LayerSource},
    error::{Error, QueryError},
};

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 3;
const BACKOFF: Duration = Duration::from_millis(50);

/// Of all attempts, and of reading what came.
const TIMEOUT: Duration = Duration::from_secs(8);

/// A layer is written by hand.
const MOST_BYTES: usize = 256 * 1024;

/// Where semantic layers come from.
#[derive(Debug, Clone)]
pub struct Layers(Source);

#[derive(Debug, Clone)]
enum Source {
    Nowhere,
    /// By database; read at the start.
    Packaged(Arc<HashMap<String, Arc<str>>>),
    Bucket(Bucket),
}

#[derive(Debug, Clone)]
struct Bucket {
    client: Client,
    name: String,
    prefix: String,
    texts: Aged<Option<Arc<str>>>,
}

impl Layers {
    /// Reads the layers that came with the function. [`Error::Configuration`] if their folder cannot be read.
    pub fn new(config: &config::Queries, aws: &SdkConfig) -> Result<Self, Error> {
        Ok(Self(match &config.layer {
            None => Source::Nowhere,
            Some(LayerSource::Folder(folder)) => Source::Packaged(Arc::new(packaged(folder, &config.databases)?)),
            Some(LayerSource::S3 { bucket, prefix }) => Source::Bucket(Bucket {
                client: client(aws),
                name: bucket.clone(),
                prefix: prefix.clone(),
                texts: Aged::new(config.schema_max_age),
            }),
        }))
    }

    /// The layer of one of the configured databases, in YAML; none if there is none for it. One that cannot be read is an
    /// error, since it may say what must not be shown.
    pub async fn text(&self, database: &str) -> Result<Option<Arc<str>>, Error> {
        match &self.0 {
            Source::Nowhere => Ok(None),
            Source::Packaged(texts) => Ok(texts.get(database).cloned()),
            Source::Bucket(bucket) => bucket.texts.get(database, bucket.read(database)).await,
        }
    }
}

fn packaged(folder: &Path, databases: &[String]) -> Result<HashMap<String, Arc<str>>, Error> {
    if !folder.is_dir() {
        return Err(Error::Configuration(format!("SEMANTIC_LAYER: there is no folder {}", folder.display())));
    }
    let mut texts = HashMap::new();
    for database in databases {
        let path: PathBuf = folder.join(file_name(database));
        match std::fs::read(&path) {
            Ok(bytes) => {
                texts.insert(database.clone(), text(bytes, &path.display().to_string())?);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Error::Configuration(format!("SEMANTIC_LAYER: {}: {error}", path.display())));
            }
        }
    }
    Ok(texts)
}

fn file_name(database: &str) -> String {
    format!("{database}.yaml")
}

fn text(bytes: Vec<u8>, place: &str) -> Result<Arc<str>, Error> {
    let wrong = |what: &str| Error::Configuration(format!("SEMANTIC_LAYER: {place} {what}"));
    if bytes.len() > MOST_BYTES {
        return Err(wrong("is larger than 256 KB"));
    }
    String::from_utf8(bytes).map(Arc::from).map_err(|_| wrong("is not UTF-8"))
}

fn client(aws: &SdkConfig) -> Client {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    let config = aws_sdk_s3::config::Builder::from(aws)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF))
        // An endpoint of one's own has no name for every bucket.
        .force_path_style(aws.endpoint_url().is_some());
    Client::from_conf(config.build())
}

impl Bucket {
    async fn read(&self, database: &str) -> Result<Option<Arc<str>>, Error> {
        let key = format!("{}{}", self.prefix, file_name(database));
        let too_late = |_| Err(Error::Query { kind: QueryError::TimedOut, source: None });
        tokio::time::timeout(TIMEOUT, self.object(&key)).await.unwrap_or_else(too_late)
    }

    async fn object(&self, key: &str) -> Result<Option<Arc<str>>, Error> {
        let place = format!("s3://{}/{key}", self.name);
        let mut body = match self.client.get_object().bucket(&self.name).key(key).send().await {
            Ok(object) => object.body,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return Ok(None),
            Err(error) => return Err(failed(error, &place)),
        };
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await {
            let broke_off = |error| Error::Query { kind: QueryError::Unavailable, source: Some(Box::new(error)) };
            bytes.extend_from_slice(&piece.map_err(broke_off)?);
            if bytes.len() > MOST_BYTES {
                break; // too large already
            }
        }
        text(bytes, &place).map(Some)
    }
}

fn failed<R>(error: SdkError<GetObjectError, R>, place: &str) -> Error
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let misconfigured = |what: &str| Error::Configuration(format!("SEMANTIC_LAYER: {place}: {what}"));
    let kind = match aws::Failure::of(&error) {
        aws::Failure::TimedOut => QueryError::TimedOut,
        aws::Failure::Unreachable | aws::Failure::Unreadable => QueryError::Unavailable,
        aws::Failure::Refused(service) => match service.meta().code().unwrap_or_default() {
            // Who may not list a bucket is not told either that it lacks a file.
            "AccessDenied" => {
                return misconfigured(
                    "access is not granted: the function needs s3:GetObject on it, and s3:ListBucket on the bucket where \
                     there may be no such file",
                );
            }
            "NoSuchBucket" => return misconfigured("there is no such bucket"),
            "SlowDown" | "ThrottlingException" => QueryError::Throttled,
            _ => QueryError::Unavailable,
        },
        aws::Failure::NotMade => QueryError::AccessDenied,
    };
    Error::Query { kind, source: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn layers(layer: Option<LayerSource>) -> Result<Layers, Error> {
        let config = config::Queries {
            workgroup: "w".to_owned(),
            databases: vec!["sales".to_owned(), "hr".to_owned()],
            catalog: "c".to_owned(),
            timeout: Duration::from_secs(1),
            max_rows: NonZeroU32::MIN,
            schema_tokens: 1,
            schema_max_age: Duration::from_secs(1),
            layer,
            in_words: true,
        };
        Layers::new(&config, &SdkConfig::builder().build())
    }

    #[tokio::test]
    async fn a_packaged_layer_is_read_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sales.yaml");
        std::fs::write(&path, "tables: {}").unwrap();
        let packaged = layers(Some(LayerSource::Folder(folder.path().to_owned()))).unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!(packaged.text("sales").await.unwrap().as_deref(), Some("tables: {}"));
        assert_eq!(packaged.text("hr").await.unwrap(), None);
        assert_eq!(packaged.text("../sales").await.unwrap(), None);
        assert_eq!(layers(None).unwrap().text("sales").await.unwrap(), None);
    }

    #[test]
    fn a_layer_that_cannot_be_read_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let missing = layers(Some(LayerSource::Folder(folder.path().join("none")))).unwrap_err();
        assert!(missing.to_string().contains("there is no folder"), "{missing}");
        for (bytes, expected) in [(vec![b' '; MOST_BYTES + 1], "is larger than 256 KB"), (vec![0xff], "is not UTF-8")] {
            std::fs::write(folder.path().join("hr.yaml"), bytes).unwrap();
            let error = layers(Some(LayerSource::Folder(folder.path().to_owned()))).unwrap_err();
            assert!(error.to_string().ends_with(expected), "{error}");
        }
    }
}
