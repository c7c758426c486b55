//! Sync jobs: which ones run, and how they end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use local_search::Index;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::{
    Configured, Connector, crawl,
    history::{History, Job, Status},
    load,
    progress::{Progress, Sync},
    s3,
    work::{Broken, Work},
};
use crate::{
    kendra::{lazy::LazyIndex, settings::Faq},
    reply::Refusal,
    s3::Buckets,
};

pub(super) struct Jobs {
    pub(super) sources: Vec<Configured>,
    pub(super) faqs: Vec<Faq>,
    buckets: Arc<Buckets>,
    index: LazyIndex,
    history: Mutex<History>,
    /// By data source; one has one job at a time.
    running: Mutex<BTreeMap<String, Running>>,
    /// Of the FAQs, then of the data sources that are synced at the start.
    first: Vec<Progress>,
    first_ended: CancellationToken,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Clone)]
pub(super) struct Running {
    job: String,
    cancel: CancellationToken,
    progress: Progress,
}

impl Jobs {
    pub(super) fn new(
        sources: Vec<Configured>,
        faqs: Vec<Faq>,
        buckets: Arc<Buckets>,
        index: LazyIndex,
        mut history: History,
        stopping: CancellationToken,
    ) -> Arc<Jobs> {
        for id in sources.iter().map(|source| &source.id).chain(faqs.iter().map(|faq| &faq.id)) {
            history.record(id);
        }
        let synced = sources.iter().filter(|source| source.sync_at_start).map(|source| &source.name);
        let first = faqs.iter().map(|faq| &faq.name).chain(synced).map(|name| Progress::of(name)).collect();
        let (history, running) = (Mutex::new(history), Mutex::default());
        let (first_ended, tasks) = (CancellationToken::new(), TaskTracker::new());
        Arc::new(Jobs { sources, faqs, buckets, index, history, running, first, first_ended, stopping, tasks })
    }

    pub(super) fn source(&self, id: &str) -> Option<&Configured> {
        self.sources.iter().find(|source| source.id == id)
    }

    pub(super) fn first(&self) -> Vec<Sync> {
        self.first.iter().map(Progress::now).collect()
    }

    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been counted so far by the job of a source that runs.
    pub(super) fn counted(&self, source: &str) -> Option<Sync> {
        self.running().get(source).map(|running| running.progress.now())
    }

    pub(super) async fn synced(&self) {
        self.first_ended.cancelled().await;
    }

    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// One after another: what earlier runs indexed of sources that this one does not have is deleted, FAQs are loaded,
    /// and data sources are synced.
    pub(super) fn start_first(self: &Arc<Jobs>) {
        let jobs = Arc::clone(self);
        self.tasks.spawn(async move {
            // Also if it panics: nobody may wait for ever.
            let _ended = jobs.first_ended.clone().drop_guard();
            jobs.forget_others().await;
            let mut progress = jobs.first.iter();
            for (faq, progress) in jobs.faqs.iter().zip(progress.by_ref()) {
                jobs.load(faq, progress).await;
            }
            let synced = jobs.sources.iter().filter(|source| source.sync_at_start);
            for (source, progress) in synced.zip(progress) {
                if let Some(running) = jobs.begin(&source.id, progress.clone()) {
                    jobs.run(source, running).await;
                }
            }
        });
    }

    /// Begins a job, and says its identifier.
    pub(super) fn start(self: &Arc<Jobs>, id: &str) -> Result<String, Refusal> {
        let name = self.source(id).map(|source| source.name.as_str()).unwrap_or_default();
        let Some(running) = self.begin(id, Progress::of(name)) else {
            let message = format!("A sync job of the data source {id} is in progress.");
            return Err(Refusal::new(400, "ResourceInUseException", message));
        };
        let (jobs, job, id) = (Arc::clone(self), running.job.clone(), id.to_owned());
        self.tasks.spawn(async move {
            if let Some(source) = jobs.source(&id) {
                jobs.run(source, running).await;
            }
        });
        Ok(job)
    }

    /// Nothing happens where none runs.
    pub(super) fn stop(&self, id: &str) {
        if let Some(running) = self.running().get(id) {
            running.cancel.cancel();
            self.history().stopping(id, &running.job);
        }
    }

    /// None if one runs already.
    fn begin(&self, source: &str, progress: Progress) -> Option<Running> {
        let mut all = self.running();
        if all.contains_key(source) {
            return None;
        }
        let running = Running { job: Uuid::new_v4().to_string(), cancel: self.stopping.child_token(), progress };
        all.insert(source.to_owned(), running.clone());
        self.history().begin(source, Job::begin(running.job.clone()));
        Some(running)
    }

    async fn run(&self, source: &Configured, running: Running) {
        let Running { job, cancel, progress } = running;
        let ended = self.sync(source, &job, &progress, &cancel).await;
        let status = match ended {
            Ok(status) => status,
            Err(Broken::Stopped) => Status::Aborted,
            Err(Broken::Failed(reason)) => {
                progress.change(|sync| sync.error = Some(reason));
                Status::Failed
            }
        };
        progress.change(|sync| sync.ended = true);
        let sync = progress.now();
        tracing::info!(source = source.name, ?status, counts = ?sync.counts, error = sync.error, "a sync ended");
        let mut all = self.running();
        let mut history = self.history();
        history.end(&source.id, &job, status, &sync);
        // Another process that has the index open keeps the history too.
        if self.index.is_open() {
            history.save();
        }
        all.remove(&source.id);
    }

    async fn sync(
        &self,
        source: &Configured,
        job: &str,
        progress: &Progress,
        cancel: &CancellationToken,
    ) -> Result<Status, Broken> {
        let index = self.index(cancel).await?;
        self.history().save();
        let work = Work::begin(index, &source.id, job, progress, cancel).await?;
        match &source.connector {
            Connector::S3(template) => s3::sync(work, &self.buckets, template).await.map(|()| Status::Succeeded),
            Connector::WebCrawler(settings) => crawl::sync(work, settings).await,
        }
    }

    async fn load(&self, faq: &Faq, progress: &Progress) {
        let loaded = match self.index(&self.stopping).await {
            Ok(index) => load::load(faq, &self.buckets, index, progress).await,
            Err(broken) => Err(broken),
        };
        progress.change(|sync| {
            sync.ended = true;
            sync.error = loaded.err().map(|broken| broken.to_string());
        });
    }

    async fn forget_others(&self) {
        let is_here = |id: &String| self.source(id).is_some() || self.faqs.iter().any(|faq| faq.id == *id);
        let others: Vec<String> = self.history().ids().into_iter().filter(|id| !is_here(id)).collect();
        for id in others {
            let forgotten = async {
                let index = self.index(&self.stopping).await?;
                let documents = index.of_source(&id).await?.into_keys().collect();
                index.delete(documents).await?;
                Ok::<_, Broken>(())
            };
            match forgotten.await {
                Ok(()) => {
                    let mut history = self.history();
                    history.forget(&id);
                    history.save();
                }
                Err(error) => tracing::warn!(%error, id, "documents of an earlier run could not be deleted"),
            }
        }
    }

    async fn index(&self, cancel: &CancellationToken) -> Result<&Index, Broken> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Broken::Stopped),
            index = self.index.get() => index.map_err(|refusal| Broken::Failed(refusal.message)),
        }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
