//! What every sync does, whatever it reads from: it puts what is new or changed, and deletes what is gone.

use std::collections::{BTreeMap, BTreeSet};

use local_search::{Attribute, Content, Document, Index, Source};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use crate::kendra::attributes::default_language;

/// A batch is put once it has so many documents, or so many bytes of text: putting is what takes time, and a sync that
/// is stopped ends between batches.
const BATCH_DOCUMENTS: usize = 16;
const BATCH_BYTES: usize = 64 << 10;
/// Documents whose identifiers are deleted at once.
const DELETED_AT_ONCE: usize = 500;

/// Changes whenever the same file would be indexed otherwise than before.
const GENERATION: &str = "1";

pub(super) struct Work<'a> {
    index: &'a Index,
    source: &'a str,
    job: &'a str,
    pub(super) progress: &'a Progress,
    pub(super) cancel: &'a CancellationToken,
    /// Identifier → version of what the index has of the source.
    known: BTreeMap<String, String>,
    seen: BTreeSet<String>,
    batch: Vec<Document>,
    batch_bytes: usize,
}

/// Why a sync does not come to its end. Nothing is deleted then.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("it was stopped")]
    Stopped,
    #[error("{0}")]
    Failed(String),
}

impl From<local_search::Error> for Broken {
    fn from(error: local_search::Error) -> Broken {
        Broken::Failed(format!("the index: {error}"))
    }
}

impl<'a> Work<'a> {
    pub(super) async fn begin(
        index: &'a Index,
        source: &'a str,
        job: &'a str,
        progress: &'a Progress,
        cancel: &'a CancellationToken,
    ) -> Result<Work<'a>, Broken> {
        let known = index.of_source(source).await?;
        let (seen, batch) = (BTreeSet::new(), Vec::new());
        Ok(Work { index, source, job, progress, cancel, known, seen, batch, batch_bytes: 0 })
    }

    /// Keeps a document from being deleted at the end. False if another one of this sync has its identifier.
    pub(super) fn see(&mut self, id: &str) -> bool {
        self.seen.insert(id.to_owned())
    }

    pub(super) fn is_current(&self, id: &str, version: &str) -> bool {
        self.known.get(id).is_some_and(|known| known == version)
    }

    /// Waits for something, but no longer than until the sync is stopped.
    pub(super) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Broken> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Broken::Stopped),
            done = work => Ok(done),
        }
    }

    pub(super) async fn put(&mut self, mut document: Document, version: String) -> Result<(), Broken> {
        let own = [("_data_source_id", self.source), ("_data_source_sync_job_execution_id", self.job)];
        document.attributes.extend(own.map(|(name, value)| (name.to_owned(), Attribute::Text(value.to_owned()))));
        default_language(&mut document.attributes);
        document.source = Some(Source { id: self.source.to_owned(), version });
        self.batch_bytes += size(&document);
        self.batch.push(document);
        match self.batch.len() >= BATCH_DOCUMENTS || self.batch_bytes >= BATCH_BYTES {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Deletes, of what was there before and was not seen, that of which `is_gone` says so.
    pub(super) async fn finish(mut self, is_gone: impl Fn(&str) -> bool) -> Result<(), Broken> {
        self.flush().await?;
        let gone: Vec<String> =
            self.known.keys().filter(|id| !self.seen.contains(*id) && is_gone(id)).cloned().collect();
        for ids in gone.chunks(DELETED_AT_ONCE) {
            let deleted = self.unless_stopped(self.index.delete(ids.to_vec())).await??;
            let deleted = deleted.into_iter().filter(|was_there| *was_there).count() as u64;
            self.progress.change(|sync| sync.counts.deleted += deleted);
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let modified = batch.iter().filter(|document| self.known.contains_key(&document.id)).count() as u64;
        let added = batch.len() as u64 - modified;
        self.unless_stopped(self.index.put(batch)).await??;
        self.progress.change(|sync| {
            sync.counts.added += added;
            sync.counts.modified += modified;
        });
        Ok(())
    }
}

/// A version made of all that decides how a document is indexed.
pub(super) fn version<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut digest = Sha256::new();
    for part in std::iter::once(GENERATION.as_bytes()).chain(parts) {
        // With its length, so that no two lists of parts run together to the same bytes.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn size(document: &Document) -> usize {
    match &document.content {
        Content::Text(sections) => sections.iter().map(|section| section.text.len()).sum(),
        Content::Answer { question, answer } => question.len() + answer.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_tell_their_parts_apart() {
        let of = |parts: &[&str]| version(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_eq!(of(&["a", "b"]).len(), 32);
        for other in [&["ab"][..], &["a", "b", ""], &["", "ab"], &["b", "a"]] {
            assert_ne!(of(&["a", "b"]), of(other), "{other:?}");
        }
    }
}
