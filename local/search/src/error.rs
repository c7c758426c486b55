use std::{io, path::PathBuf};

/// Why the index could not do what it was asked to. Nothing of a put or delete that failed is there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the index in {} is open in another process", folder.display())]
    InUse { folder: PathBuf },
    #[error("the index in {} cannot be used", folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error(
        "the index was written by another version of this program (format {found} instead of {expected}); delete it, and it is built anew"
    )]
    Format { found: i32, expected: i32 },
    #[error("the file of the index failed")]
    Storage(#[from] rusqlite::Error),
    #[error("the file of the index holds what was not written by this program: {0}")]
    Damaged(String),
    #[error("the words of the index failed")]
    Words(#[from] tantivy::TantivyError),
    #[error("the sentence embeddings failed")]
    Embeddings(#[from] local_engine::Error),
    #[error("the work on the index was broken off")]
    Task(#[from] tokio::task::JoinError),
}
