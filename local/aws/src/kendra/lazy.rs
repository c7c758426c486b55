//! The index, opened when it is first needed.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use local_engine::Embedder;
use local_search::Index;
use tokio::sync::OnceCell;

use super::failed;
use crate::reply::Refusal;

/// Clones share one index. Opening it loads an embedding model, which a server that nobody searches must not pay for.
#[derive(Clone)]
pub(super) struct LazyIndex {
    folder: Option<PathBuf>,
    index: Arc<OnceCell<Index>>,
}

impl LazyIndex {
    /// In memory where `folder` is absent.
    pub(super) fn new(folder: Option<&Path>) -> LazyIndex {
        LazyIndex { folder: folder.map(Path::to_path_buf), index: Arc::default() }
    }

    /// Waits for the opening if there is one under way. One that failed is tried again by the next call.
    pub(super) async fn get(&self) -> Result<&Index, Refusal> {
        self.index.get_or_try_init(|| self.open()).await
    }

    /// Whether somebody has needed it yet.
    pub(super) fn is_open(&self) -> bool {
        self.index.initialized()
    }

    async fn open(&self) -> Result<Index, Refusal> {
        let embedder = Embedder::load().await.map_err(|error| failed(&error))?;
        Index::open(self.folder.as_deref(), embedder).await.map_err(|error| failed(&error))
    }
}
