//! Why a measurement could not be made.

use std::{io, process::ExitStatus};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{what}")]
    Io { what: String, source: io::Error },
    #[error("the functions could not be built: cargo ended with {0}")]
    Build(ExitStatus),
    #[error("cargo says nothing of a binary `{0}`")]
    NotBuilt(&'static str),
    #[error("the binary could not be zipped")]
    Zip(#[source] zip::result::ZipError),
    #[error("local-aws could not be started")]
    LocalAws(#[source] local_aws::Error),
    #[error("the answer of {name} is no JSON")]
    Canned { name: &'static str, source: serde_json::Error },
    #[error("the scripted engine could not be asked")]
    Request(#[source] http::Error),
    #[error("the scripted engine could not be reached")]
    Script(#[source] hyper_util::client::legacy::Error),
    #[error("the scripted engine refused its script: {0}")]
    NoScript(http::StatusCode),
    #[error("the embeddings could not be loaded")]
    Embedder(#[source] local_engine::LoadError),
    #[error("the index failed")]
    Search(#[from] local_search::Error),
    #[error("the questions are not as Spider has them")]
    Questions(#[source] serde_json::Error),
    #[error("the questions are not as Defog has them")]
    Table(#[source] csv::Error),
    #[error("a database could not be read")]
    Sqlite(#[source] rusqlite::Error),
    #[error("the local machine does not start")]
    Local(#[source] Box<local::Error>),
    #[error("the local machine could not be asked")]
    Http(#[source] reqwest::Error),
    #[error("a certificate could not be made")]
    Certificate(#[source] rcgen::Error),
    #[error("TLS could not be set up")]
    Tls(#[source] tokio_rustls::rustls::Error),
    #[error("`{name}` ended with {status}; it wrote:\n{log}")]
    Crashed { name: &'static str, status: ExitStatus, log: String },
    #[error("`{name}` was silent for {seconds} s; it wrote:\n{log}")]
    Silent { name: &'static str, seconds: u64, log: String },
    #[error("`{name}` answered something else than the model said: {answer}")]
    OtherAnswer { name: &'static str, answer: String },
    #[error("`{name}` answered\n{answer}\nand wrote:\n{log}")]
    Answer { name: &'static str, answer: String, log: String },
}

/// Names what was being done when an I/O error came up.
pub(crate) trait Context<T> {
    fn context(self, what: impl Into<String>) -> Result<T, Error>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: impl Into<String>) -> Result<T, Error> {
        self.map_err(|source| Error::Io { what: what.into(), source })
    }
}
