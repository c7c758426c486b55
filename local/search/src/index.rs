use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use local_engine::Embedder;
use tokio::task::spawn_blocking;

use crate::{
    Counts, Document, DocumentFacts, Error, Found, Kind, Search, Target,
    catalogue::{Catalogue, Writers},
    find,
    prepared::{self, Prepared},
    ranking::{self, Candidate, Ranking},
    storage::Storage,
};

/// Documents, their passages and what finds them. Clones share it.
///
/// One file holds what lasts. What searches read is made from it when the index opens, and is in memory.
#[derive(Clone)]
pub struct Index {
    inner: Arc<Inner>,
}

struct Inner {
    embedder: Embedder,
    catalogue: RwLock<Catalogue>,
    writing: Mutex<Writing>,
}

/// What only one writer at a time may have.
struct Writing {
    storage: Storage,
    writers: Writers,
}

impl Index {
    /// Opens what is in the folder, or begins there. In memory where `folder` is absent.
    ///
    /// # Errors
    /// [`Error::InUse`] if another process has it open.
    pub async fn open(folder: Option<&Path>, embedder: Embedder) -> Result<Index, Error> {
        let folder = folder.map(Path::to_path_buf);
        let open = move || {
            let storage = Storage::open(folder.as_deref())?;
            let (mut catalogue, mut writers) = Catalogue::new()?;
            let mut stored = Vec::new();
            storage.read(|document| {
                stored.push(document);
                Ok(())
            })?;
            let change = catalogue.plan(&[], stored);
            writers.write(&change, &catalogue)?;
            catalogue.apply(change)?;
            let inner = Inner {
                embedder,
                catalogue: RwLock::new(catalogue),
                writing: Mutex::new(Writing { storage, writers }),
            };
            Ok(Index { inner: Arc::new(inner) })
        };
        spawn_blocking(open).await?
    }

    /// Durable and searchable when it returns; all of them or none. Searches go on meanwhile. Of documents with the same
    /// identifier the last one counts.
    pub async fn put(&self, documents: Vec<Document>) -> Result<(), Error> {
        let mut unique = documents;
        unique.reverse();
        let mut seen = HashSet::new();
        unique.retain(|document| seen.insert(document.id.clone()));
        unique.reverse();
        let put = |inner: &Inner| {
            let prepared = prepared::prepare(unique, &inner.embedder)?;
            inner.change(&[], prepared)
        };
        self.blocking(put).await
    }

    /// Which of them were there.
    pub async fn delete(&self, ids: Vec<String>) -> Result<Vec<bool>, Error> {
        let delete = move |inner: &Inner| {
            let there = {
                let catalogue = inner.catalogue();
                ids.iter().map(|id| catalogue.facts(id).is_some()).collect()
            };
            inner.change(&ids, Vec::new())?;
            Ok(there)
        };
        self.blocking(delete).await
    }

    /// What answers best, of what the filter lets through and the user may see.
    pub async fn search(&self, search: Search) -> Result<Found, Error> {
        let search = move |inner: &Inner| {
            let vector = inner.vector(&search.text)?;
            find::find(&inner.catalogue(), &search, &vector)
        };
        self.blocking(search).await
    }

    /// Identifiers and scores of documents, ranked by their best passages with one method or the other. Searches rank by
    /// [`Ranking::Fused`]; the others show what the fusion is worth.
    pub async fn rank(&self, text: &str, ranking: Ranking, limit: usize) -> Result<Vec<(String, f32)>, Error> {
        let text = text.to_owned();
        let rank = move |inner: &Inner| {
            let vector = inner.vector(&text)?;
            let catalogue = inner.catalogue();
            let everything = catalogue.findable(&Search::new(&text, Target::Documents));
            let corpus = catalogue.corpus(Target::Documents);
            let mut candidates = ranking::rank(corpus, &text, &vector, &everything, ranking)?;
            find::best_of_each(&mut candidates);
            let of_document = |candidate: &Candidate| {
                catalogue.document(candidate.document).map(|entry| (entry.facts.id.clone(), candidate.score))
            };
            Ok(candidates.iter().take(limit).filter_map(of_document).collect())
        };
        self.blocking(rank).await
    }

    /// Identifier and version of every document of a source, for syncs that skip what has not changed.
    pub async fn of_source(&self, source: &str) -> Result<BTreeMap<String, String>, Error> {
        let source = source.to_owned();
        self.blocking(move |inner| Ok(inner.catalogue().of_source(&source))).await
    }

    pub async fn facts(&self, id: &str) -> Result<Option<DocumentFacts>, Error> {
        let id = id.to_owned();
        self.blocking(move |inner| Ok(inner.catalogue().facts(&id).cloned())).await
    }

    /// Every attribute that some document has, and its kind.
    pub async fn attributes(&self) -> Result<BTreeMap<String, Kind>, Error> {
        self.blocking(|inner| Ok(inner.catalogue().attributes())).await
    }

    pub async fn counts(&self) -> Result<Counts, Error> {
        self.blocking(|inner| Ok(inner.catalogue().counts())).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.inner);
        spawn_blocking(move || work(&inner)).await?
    }
}

impl Inner {
    /// On the disk first: what is in memory then can be made again, whenever the process ends.
    fn change(&self, removed: &[String], added: Vec<Prepared>) -> Result<(), Error> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Writing { storage, writers } = &mut *writing;
        storage.transaction(|transaction| {
            removed.iter().try_for_each(|id| transaction.delete(id))?;
            added.iter().try_for_each(|document| transaction.put(document))
        })?;
        let change = {
            let catalogue = self.catalogue();
            let change = catalogue.plan(removed, added);
            writers.write(&change, &catalogue)?;
            change
        };
        self.catalogue.write().unwrap_or_else(PoisonError::into_inner).apply(change)
    }

    fn vector(&self, text: &str) -> Result<Vec<f32>, Error> {
        Ok(self.embedder.embed(&[text])?.pop().unwrap_or_default())
    }

    fn catalogue(&self) -> RwLockReadGuard<'_, Catalogue> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner)
    }
}
