//! What syncs there were: in memory, and in a file that is as new as the last sync that began or ended.

use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::progress::{Sync, SyncCounts, SyncFailure};
use crate::Error;

const FILE: &str = "syncs.json";
/// Of one data source; older ones are forgotten.
const KEPT_JOBS: usize = 100;

#[derive(Debug, Default)]
pub(super) struct History {
    file: Option<PathBuf>,
    records: BTreeMap<String, Record>,
}

/// What is known of a data source or a FAQ, by its identifier.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    /// Milliseconds since the epoch, as all times here.
    pub(super) created_ms: i64,
    /// Oldest first.
    pub(super) jobs: VecDeque<Job>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) started_ms: i64,
    pub(super) ended_ms: Option<i64>,
    pub(super) status: Status,
    pub(super) error: Option<String>,
    pub(super) counts: SyncCounts,
    pub(super) failures: Vec<SyncFailure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    Syncing,
    Stopping,
    Succeeded,
    /// It came to its end without having seen everything, so what it did not see is still there.
    Incomplete,
    Failed,
    Aborted,
}

impl Status {
    fn is_under_way(self) -> bool {
        matches!(self, Status::Syncing | Status::Stopping)
    }
}

impl Job {
    pub(super) fn begin(id: String) -> Job {
        Job {
            id,
            started_ms: now_ms(),
            ended_ms: None,
            status: Status::Syncing,
            error: None,
            counts: SyncCounts::default(),
            failures: Vec::new(),
        }
    }
}

impl History {
    /// Jobs that were under way when the process ended have failed.
    pub(super) fn open(folder: Option<&Path>) -> Result<History, Error> {
        let Some(folder) = folder else { return Ok(History::default()) };
        let file = folder.join(FILE);
        let failed = |source| Error::SyncHistory { file: file.clone(), source };
        let mut records: BTreeMap<String, Record> = match fs::read(&file) {
            Ok(content) => serde_json::from_slice(&content).map_err(|error| failed(error.into()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(failed(error)),
        };
        for job in records.values_mut().flat_map(|record| &mut record.jobs).filter(|job| job.status.is_under_way()) {
            job.status = Status::Failed;
            job.ended_ms = Some(now_ms());
            job.error = Some("The process ended while the sync was under way.".to_owned());
        }
        Ok(History { file: Some(file), records })
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.records.keys().cloned().collect()
    }

    pub(super) fn record(&mut self, id: &str) -> &mut Record {
        let new = || Record { created_ms: now_ms(), jobs: VecDeque::new() };
        self.records.entry(id.to_owned()).or_insert_with(new)
    }

    pub(super) fn forget(&mut self, id: &str) {
        self.records.remove(id);
    }

    pub(super) fn begin(&mut self, source: &str, job: Job) {
        let jobs = &mut self.record(source).jobs;
        jobs.push_back(job);
        while jobs.len() > KEPT_JOBS {
            jobs.pop_front();
        }
    }

    pub(super) fn stopping(&mut self, source: &str, job: &str) {
        if let Some(job) = self.job(source, job).filter(|job| job.status == Status::Syncing) {
            job.status = Status::Stopping;
        }
    }

    pub(super) fn end(&mut self, source: &str, job: &str, status: Status, sync: &Sync) {
        if let Some(job) = self.job(source, job) {
            job.status = status;
            job.ended_ms = Some(now_ms());
            job.error = sync.error.clone();
            job.counts = sync.counts;
            job.failures = sync.failures.clone();
        }
    }

    /// Written whole or not at all. It is a record of what was done: if it cannot be kept, that is said and work goes on.
    pub(super) fn save(&self) {
        let Some(file) = &self.file else { return };
        if let Err(error) = self.write(file) {
            tracing::warn!(%error, file = %file.display(), "the history of syncs could not be written");
        }
    }

    fn write(&self, file: &Path) -> io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut partial = NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut partial, &self.records)?;
        partial.as_file().sync_all()?;
        partial.persist(file)?;
        Ok(())
    }

    fn job(&mut self, source: &str, id: &str) -> Option<&mut Job> {
        self.records.get_mut(source)?.jobs.iter_mut().rev().find(|job| job.id == id)
    }
}

pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_a_crash_cut_off_has_failed() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(Some(folder.path())).unwrap();
        history.begin("source", Job::begin("1".to_owned()));
        let sync =
            Sync { counts: SyncCounts { scanned: 3, added: 2, failed: 1, ..SyncCounts::default() }, ..Sync::default() };
        history.end("source", "1", Status::Succeeded, &sync);
        history.begin("source", Job::begin("2".to_owned()));
        history.save();

        let mut history = History::open(Some(folder.path())).unwrap();
        let jobs = &history.record("source").jobs;
        assert_eq!((jobs[0].status, jobs[0].counts), (Status::Succeeded, sync.counts));
        assert_eq!(jobs[1].status, Status::Failed);
        assert!(jobs[1].ended_ms.is_some() && jobs[1].error.as_ref().unwrap().contains("process ended"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written is left");
    }

    #[test]
    fn the_oldest_jobs_are_forgotten() {
        let mut history = History::default();
        for job in 0..KEPT_JOBS + 5 {
            history.begin("source", Job::begin(job.to_string()));
        }
        let jobs = &history.record("source").jobs;
        assert_eq!((jobs.len(), jobs[0].id.as_str()), (KEPT_JOBS, "5"));
    }

    #[test]
    fn a_file_that_is_none_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{").unwrap();
        let error = History::open(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains(FILE), "{error}");
    }
}
