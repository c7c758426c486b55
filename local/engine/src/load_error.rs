use std::{io, path::PathBuf};

use crate::weights::FetchError;

/// Why a model cannot be used. Each text says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(
        "the weights {file} ({} MB) could not be fetched\n  from Hugging Face: {hugging_face}\n  from Python packages: {packages}\n\
         Ways out: {ways_out}.\n\
         What was fetched so far is kept, and the next start goes on from there.",
        bytes / 1_000_000
    )]
    Unavailable {
        file: &'static str,
        bytes: u64,
        ways_out: &'static str,
        hugging_face: Box<FetchError>,
        packages: Box<FetchError>,
    },
    #[error("there is no home directory, and so no folder for weights")]
    NoHome,
    #[error("{} is not what sentence embeddings are computed with: {source}", path.display())]
    Embeddings { path: PathBuf, source: Box<candle_core::Error> },
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is no GGUF file of a model that can be run here: {source}", path.display())]
    Unreadable { path: PathBuf, source: Box<candle_core::Error> },
    #[error("the model in {} cannot be run here: {reason}", path.display())]
    Unsupported { path: PathBuf, reason: String },
    #[error("the chat template in {} cannot be used: {source}", path.display())]
    Template { path: PathBuf, source: Box<minijinja::Error> },
    #[error("loading {} failed: {reason}", path.display())]
    Failed { path: PathBuf, reason: String },
}
