//! How a sync stands, for whoever watches it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// Failures that are kept of one sync; all are counted.
const KEPT_FAILURES: usize = 100;

/// A sync of a data source, or the loading of a FAQ.
#[derive(Debug, Clone, Default)]
pub struct Sync {
    /// The data source's, or the FAQ's.
    pub name: String,
    pub ended: bool,
    /// Documents there are to look at, where that is known beforehand.
    pub total: Option<u64>,
    pub counts: SyncCounts,
    /// What is being read.
    pub current: String,
    /// The first hundred documents that could not be indexed.
    pub failures: Vec<SyncFailure>,
    /// Why it failed as a whole.
    pub error: Option<String>,
}

/// Documents; entries, of a FAQ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncCounts {
    pub scanned: u64,
    pub added: u64,
    pub modified: u64,
    pub deleted: u64,
    pub failed: u64,
}

/// A document that could not be indexed, or a file that says something of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncFailure {
    /// A key in a bucket, or a URL.
    pub document: String,
    pub reason: String,
}

/// Clones are of the same sync.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Arc<Mutex<Sync>>);

impl Progress {
    pub(super) fn of(name: &str) -> Progress {
        let progress = Progress::default();
        progress.change(|sync| sync.name = name.to_owned());
        progress
    }

    pub(super) fn now(&self) -> Sync {
        self.lock().clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Sync)) {
        change(&mut self.lock());
    }

    pub(super) fn looks_at(&self, document: &str) {
        self.change(|sync| {
            sync.counts.scanned += 1;
            sync.current = document.to_owned();
        });
    }

    pub(super) fn failed(&self, document: &str, reason: String) {
        tracing::info!(document, reason, "a document could not be indexed");
        self.change(|sync| {
            sync.counts.failed += 1;
            if sync.failures.len() < KEPT_FAILURES {
                sync.failures.push(SyncFailure { document: document.to_owned(), reason });
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Sync> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
