//! Data sources and FAQs: what fills the index by itself.

mod access;
mod answers;
mod attributes;
mod content;
mod crawl;
mod faq;
mod history;
mod jobs;
mod load;
mod metadata;
mod progress;
mod s3;
mod template;
mod work;

use std::{path::Path, sync::Arc};

use local_crawler::Settings;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use progress::{Sync, SyncCounts, SyncFailure};

use self::{history::History, jobs::Jobs, template::S3Template};
use super::{
    lazy::LazyIndex,
    settings::{DataSource, Kendra},
};
use crate::{Error, reply::Refusal, s3::Buckets};

pub(crate) struct Sources {
    jobs: Arc<Jobs>,
}

/// A data source whose template has been understood.
#[derive(Debug)]
struct Configured {
    id: String,
    name: String,
    connector: Connector,
    sync_at_start: bool,
}

#[derive(Debug)]
enum Connector {
    S3(Box<S3Template>),
    WebCrawler(Box<Settings>),
}

impl Sources {
    /// `data` is Kendra's own folder; nothing is kept where it is absent. Syncs that begin with the server are under way
    /// when it returns.
    pub(super) async fn start(
        settings: &Kendra,
        buckets: &Arc<Buckets>,
        index: LazyIndex,
        data: Option<&Path>,
        stopping: CancellationToken,
    ) -> Result<Sources, Error> {
        let sources = settings.data_sources.iter().map(Configured::of).collect::<Result<_, _>>()?;
        let history = History::open(data)?;
        let jobs = Jobs::new(sources, settings.faqs.clone(), Arc::clone(buckets), index, history, stopping);
        jobs.start_first();
        Ok(Sources { jobs })
    }

    /// The request has been checked against its shape, and is for the index that exists.
    pub(super) async fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        match operation {
            "ListDataSources" => answers::data_sources(&self.jobs, request),
            "ListDataSourceSyncJobs" => answers::sync_jobs(&self.jobs, request),
            "ListFaqs" => answers::faqs(&self.jobs, request),
            "StartDataSourceSyncJob" => answers::start(&self.jobs, request),
            "StopDataSourceSyncJob" => answers::stop(&self.jobs, request),
            _ => Err(Refusal::not_here("Kendra", operation)),
        }
    }

    /// How the syncs stand that began with the server: FAQs first, then data sources.
    pub(super) fn syncs(&self) -> Vec<Sync> {
        self.jobs.first()
    }

    /// Waits for the syncs that began with the server.
    pub(super) async fn synced(&self) {
        self.jobs.synced().await;
    }

    /// Waits until what was under way when the server stopped has ended.
    pub(super) async fn ended(&self) {
        self.jobs.ended().await;
    }
}

impl Configured {
    fn of(source: &DataSource) -> Result<Configured, Error> {
        let failed = |reason| Error::DataSource { name: source.name.clone(), reason };
        let connector = match source.template["type"].as_str() {
            Some("S3") => Connector::S3(Box::new(S3Template::parse(&source.template).map_err(failed)?)),
            Some("WEBCRAWLERV2") => {
                let settings = Settings::from_template(&source.template);
                Connector::WebCrawler(Box::new(settings.map_err(|error| failed(error.to_string()))?))
            }
            _ => {
                let kind = &source.template["type"];
                return Err(failed(format!("the connector {kind} is not here: S3 and WEBCRAWLERV2 are")));
            }
        };
        Ok(Configured {
            id: source.id.clone(),
            name: source.name.clone(),
            connector,
            sync_at_start: source.sync_at_start,
        })
    }
}
