//! Amazon Kendra: one index, with `local-search` behind the service's wire.

mod access;
mod asked;
mod attributes;
mod describe;
mod documents;
mod feedback;
mod filter;
mod format;
mod issued;
mod lazy;
mod lines;
mod query;
mod retrieve;
mod settings;
mod sources;
mod text;
mod user;

use std::{error::Error as StdError, io, path::Path, sync::Arc, time::SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use local_search::Counts;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use settings::{DataSource, Faq, FaqFormat, Kendra, UserContext};
pub use sources::{Sync, SyncCounts, SyncFailure};

use self::{feedback::Feedback, issued::Issued, lazy::LazyIndex, sources::Sources};
use crate::{
    Error,
    reply::{Body, JSON_1_1, Refusal, json_reply, reply, whole},
    route::Target,
    s3::Buckets,
    server::Failure,
    shapes::{Check, Model, parsed},
};

/// In the data folder.
const FOLDER: &str = "kendra";

/// The service. Without an index it knows none, as in a new AWS account.
pub(crate) struct Service {
    model: Model,
    existing: Option<Existing>,
}

/// The index that exists.
struct Existing {
    settings: Kendra,
    index: LazyIndex,
    sources: Sources,
    buckets: Arc<Buckets>,
    issued: Issued,
    feedback: Feedback,
    began: SystemTime,
}

impl Service {
    /// Syncs that begin with the server are under way when it returns.
    pub(crate) async fn start(
        settings: Option<&Kendra>,
        buckets: &Arc<Buckets>,
        data: Option<&Path>,
        stopping: CancellationToken,
    ) -> Result<Service, Error> {
        let model = Model::read(include_str!("../../model/kendra.json")).map_err(Error::Model)?;
        let existing = match settings {
            Some(settings) => Some(Existing::open(settings, buckets, data, stopping).await?),
            None => None,
        };
        Ok(Service { model, existing })
    }

    /// Waits for the syncs that began with the server.
    pub(crate) async fn synced(&self) {
        if let Some(existing) = &self.existing {
            existing.sources.synced().await;
        }
    }

    /// How those syncs stand.
    pub(crate) fn syncs(&self) -> Vec<Sync> {
        self.existing.as_ref().map(|existing| existing.sources.syncs()).unwrap_or_default()
    }

    /// None without an index. Opens it.
    pub(crate) async fn counts(&self) -> Result<Option<Counts>, Error> {
        let Some(existing) = &self.existing else { return Ok(None) };
        let index = existing.index.get().await.map_err(|refusal| Error::Index(refusal.message))?;
        index.counts().await.map(Some).map_err(|error| Error::Index(error.to_string()))
    }

    /// Waits until what was under way when the server stopped has ended.
    pub(crate) async fn ended(&self) {
        if let Some(existing) = &self.existing {
            existing.sources.ended().await;
        }
    }

    pub(crate) async fn answer(&self, target: &Target, body: &Bytes) -> Result<Response<Body>, Failure> {
        let operation = target.operation.as_ref();
        let request = self.model.request("Kendra", operation, body)?;
        self.model.check_body(operation, &request, Check::Everything)?;
        let answer = self.existing(&request)?.answer(operation, &request).await?;
        Ok(match answer {
            Value::Null => reply(StatusCode::OK, JSON_1_1, whole("")),
            answer => json_reply(StatusCode::OK, JSON_1_1, &answer),
        })
    }

    fn existing(&self, request: &Value) -> Result<&Existing, Refusal> {
        // DescribeIndex calls it otherwise.
        let asked = request["IndexId"].as_str().or(request["Id"].as_str()).unwrap_or_default();
        self.existing
            .as_ref()
            .filter(|existing| existing.settings.index_id == asked)
            .ok_or_else(|| Refusal::new(400, "ResourceNotFoundException", format!("The index {asked} does not exist.")))
    }
}

impl Existing {
    async fn open(
        settings: &Kendra,
        buckets: &Arc<Buckets>,
        data: Option<&Path>,
        stopping: CancellationToken,
    ) -> Result<Existing, Error> {
        let folder = data.map(|folder| folder.join(FOLDER));
        let folder = folder.as_deref();
        let (issued, feedback) = open(folder).map_err(|source| {
            let folder = folder.map(Path::to_path_buf).unwrap_or_default();
            Error::DataFolder { folder, source }
        })?;
        let index = LazyIndex::new(folder);
        let sources = Sources::start(settings, buckets, index.clone(), folder, stopping).await?;
        let (settings, buckets) = (settings.clone(), Arc::clone(buckets));
        Ok(Existing { settings, index, sources, buckets, issued, feedback, began: SystemTime::now() })
    }

    /// `Null` where the operation answers nothing.
    async fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refusal> {
        let policy = self.settings.user_context;
        match operation {
            "Query" => {
                let (answer, results) = query::query(self.index.get().await?, policy, request).await?;
                self.issued.remember(results);
                Ok(answer)
            }
            "Retrieve" => {
                let (answer, results) = retrieve::retrieve(self.index.get().await?, policy, request).await?;
                self.issued.remember(results);
                Ok(answer)
            }
            "BatchPutDocument" => documents::put(self.index.get().await?, &self.buckets, request).await,
            "BatchDeleteDocument" => documents::delete(self.index.get().await?, request).await,
            "BatchGetDocumentStatus" => documents::status(self.index.get().await?, request).await,
            "SubmitFeedback" => self.feedback.submit(&self.issued, request).await.map(|()| Value::Null),
            "DescribeIndex" => describe::index(self.index.get().await?, &self.settings, self.began).await,
            _ => self.sources.answer(operation, request).await,
        }
    }
}

fn open(folder: Option<&Path>) -> io::Result<(Issued, Feedback)> {
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)?;
    }
    Ok((Issued::open(folder)?, Feedback::open(folder)?))
}

/// The service's answer to what is its own fault; the reason is for the developer whose machine this is.
fn failed(error: &(dyn StdError + 'static)) -> Refusal {
    tracing::error!(error, "Kendra failed");
    Refusal::new(500, "InternalServerException", error.to_string())
}
