//! Why the server does not start.

use std::{error::Error as StdError, io, net::SocketAddr, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot use the folder {}: {source}", folder.display())]
    DataFolder { folder: PathBuf, source: io::Error },
    #[error("cannot serve the folder {} as the bucket {name}: {source}", folder.display())]
    Bucket { name: String, folder: PathBuf, source: io::Error },
    #[error("cannot open the database in {}: {source}", place.display())]
    Database { place: PathBuf, source: dynoxide::DynoxideError },
    #[error("cannot make the table {name}: {source}")]
    Table { name: String, source: dynoxide::DynoxideError },
    #[error(
        "the table {name} is there with other keys ({kept}) than are asked for ({asked}): delete it, or use another data folder"
    )]
    OtherKeys { name: String, kept: String, asked: String },
    #[error("the template of the data source {name}: {reason}")]
    DataSource { name: String, reason: String },
    #[error("the history of syncs, {}, cannot be read: {source}", file.display())]
    SyncHistory { file: PathBuf, source: io::Error },
    #[error("the database {name}: {}", in_full(source))]
    Attach { name: String, source: local_query::Error },
    #[error("{}", in_full(_0))]
    Queries(local_query::Error),
    /// As Kendra answers it.
    #[error("{0}")]
    Index(String),
    #[error(transparent)]
    Engine(#[from] local_engine::LoadError),
    #[error("{url} is no address of a model server: {reason}")]
    Address { url: String, reason: String },
    #[error("no home directory is known, so there is no place for weights")]
    NoHome,
    #[error("calls cannot be sent to the real {0:?}: known are athena, bedrock, dynamodb and kendra")]
    UnknownService(String),
    #[error("real AWS was asked for, and there are no credentials: run `aws configure` or `aws sso login`")]
    NoCredentials { source: Option<Box<dyn StdError + Send + Sync>> },
    #[error("real AWS was asked for, and no region is set: set AWS_REGION, or `region` in the AWS configuration file")]
    NoRegion,
    #[error("the HTTP client cannot be made: {0}")]
    Client(reqwest::Error),
    #[error("an excerpt of a service model cannot be read: {0}")]
    Model(serde_json::Error),
    #[error("the server cannot be set up: {0}")]
    Internal(io::Error),
}

/// An error with what caused it.
fn in_full(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
