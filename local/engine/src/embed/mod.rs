//! Sentence embeddings: all-MiniLM-L6-v2 in the process.

mod arithmetic;
mod attention;
mod bert;
mod linear;
mod operations;
mod processor;
mod wordpiece;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::{ops::Range, path::Path, sync::Arc};

use directories::ProjectDirs;
use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};
use tokio::{sync::OnceCell, task::spawn_blocking};

use crate::{
    Error, LoadError,
    weights::{self, Origins},
};

use bert::Bert;
use processor::Processor;
use wordpiece::WordPieces;

/// Texts are computed together up to so many tokens: enough for full matrices, few enough for a core's cache.
const GROUP_TOKENS: usize = 384;

static SHARED: OnceCell<Embedder> = OnceCell::const_new();

/// Turns texts into vectors, near each other where the texts mean the same. Clones share the model.
#[derive(Clone)]
pub struct Embedder {
    inner: Arc<Inner>,
}

struct Inner {
    words: WordPieces,
    model: Bert,
    /// For many texts. In rayon's own pool, a single text would wait behind all of them.
    pool: ThreadPool,
}

impl Embedder {
    /// Numbers in a vector.
    pub const DIMENSIONS: usize = bert::HIDDEN;

    /// Fetches the weights where the user's cache has none yet, showing progress on standard error. A process loads them
    /// once: later calls share them.
    ///
    /// Runs on a tokio runtime; what takes long is done on its blocking threads.
    pub async fn load() -> Result<Embedder, LoadError> {
        SHARED
            .get_or_try_init(|| async {
                let folders = ProjectDirs::from("", "", "serverless-genai-rust").ok_or(LoadError::NoHome)?;
                let path = weights::fetch(weights::EMBEDDINGS, folders.cache_dir(), &Origins::default()).await?;
                let read = path.clone();
                let opened = spawn_blocking(move || Embedder::open(&read)).await;
                opened.unwrap_or_else(|error| Err(LoadError::Failed { path, reason: error.to_string() }))
            })
            .await
            .cloned()
    }

    /// A vector of unit length for each text, in the order of the texts. Of a long text the first 256 tokens count, as
    /// the model was made for. Computes on all cores, and blocks meanwhile.
    ///
    /// # Errors
    /// [`Error::Failed`] if the model cannot be computed.
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        match texts {
            [text] => Ok(self.inner.model.forward(&[&self.inner.words.encode(text)?])),
            texts => self.inner.pool.install(|| self.inner.embed_all(texts)),
        }
    }

    fn open(path: &Path) -> Result<Embedder, LoadError> {
        let unusable = |source| LoadError::Embeddings { path: path.into(), source: Box::new(source) };
        let words = WordPieces::new().map_err(|reason| LoadError::Failed { path: path.into(), reason })?;
        let model = Bert::read(path, Processor::detect()).map_err(unusable)?;
        let failed =
            |error: rayon::ThreadPoolBuildError| LoadError::Failed { path: path.into(), reason: error.to_string() };
        let pool = ThreadPoolBuilder::new().thread_name(|_| "embeddings".into()).build().map_err(failed)?;
        Ok(Embedder { inner: Arc::new(Inner { words, model, pool }) })
    }
}

impl Inner {
    fn embed_all(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        let tokens = texts.par_iter().map(|text| self.words.encode(text)).collect::<Result<Vec<_>, _>>()?;
        let computed = groups(&tokens).into_par_iter().map(|group| {
            let sequences: Vec<&[u32]> = tokens[group].iter().map(Vec::as_slice).collect();
            self.model.forward(&sequences)
        });
        Ok(computed.collect::<Vec<_>>().into_iter().flatten().collect())
    }
}

/// Which texts are computed together. Nothing is padded, so they need not be of one length.
fn groups(tokens: &[Vec<u32>]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut room = 0;
    for (text, tokens) in tokens.iter().enumerate() {
        match groups.last_mut().filter(|_| tokens.len() <= room) {
            Some(group) => group.end = text + 1,
            None => {
                groups.push(text..text + 1);
                room = GROUP_TOKENS.max(tokens.len());
            }
        }
        room -= tokens.len();
    }
    groups
}

#[cfg(test)]
mod tests;
