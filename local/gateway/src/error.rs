//! Why the local machine does not start.

use std::{net::SocketAddr, path::PathBuf};

use crate::{gateway::RouteError, template};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Template(#[from] template::Error),
    #[error(transparent)]
    Routes(#[from] RouteError),
    #[error(
        "template.yaml has the function {function}, built from the crate `{package}`, which this program does not \
         contain: add it to local/gateway/src/functions.rs"
    )]
    NoHandler { function: String, package: String },
    #[error("the function {function} does not start: {source}")]
    Function { function: String, source: shared::Error },
    #[error("{address} is in use by another program: stop it, or choose another port with {flag}")]
    PortTaken { address: SocketAddr, flag: &'static str },
    #[error("{address} cannot be listened on: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("no threads can be started for the functions: {0}")]
    Threads(#[source] std::io::Error),
    #[error(transparent)]
    Aws(local_aws::Error),
    #[error("the documents in {} cannot be read: {source}", folder.display())]
    Documents { folder: PathBuf, source: std::io::Error },
    #[error(
        "the sample documents are not in {}, where this program was built: {source}. Give a folder with --documents",
        folder.display()
    )]
    SampleDocuments { folder: PathBuf, source: std::io::Error },
    #[error("the database {name}: {}", in_full(source))]
    Database { name: String, source: local_query::Error },
    #[error("{}", in_full(_0))]
    Queries(local_query::Error),
    #[error("{0}")]
    SampleDatabase(local_query::retail::Error),
    #[error("databases are attached to the local Athena, and `--aws athena` sends its calls to AWS: give one of them")]
    DatabasesOfRealAthena,
    #[error("there is no folder for semantic layers: {0}")]
    Layers(std::io::Error),
    #[error("the semantic layer {}: {source}", file.display())]
    Layer { file: PathBuf, source: std::io::Error },
    #[error("`{0}` is no origin: give a scheme and a host, as in https://app.example, or `*`")]
    Origin(String),
}

impl Error {
    /// Of a socket that could not be bound. Port 0 never is in use.
    pub(crate) fn listening(address: SocketAddr, flag: &'static str, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::AddrInUse => Self::PortTaken { address, flag },
            _ => Self::Listen { address, source },
        }
    }
}

impl From<local_aws::Error> for Error {
    fn from(error: local_aws::Error) -> Self {
        match error {
            local_aws::Error::Listen { address, source } => Self::listening(address, "--aws-port", source),
            other => Self::Aws(other),
        }
    }
}

/// An error with what caused it.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
