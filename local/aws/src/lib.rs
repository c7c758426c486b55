//! AWS on the developer's machine: one port that answers, at the wire level, the operations the functions use.
//!
//! `docs/local-aws.md` says what is there and how it differs from AWS.

mod athena;
mod bedrock;
mod calls;
mod control;
mod dynamodb;
mod engine;
mod error;
mod faults;
mod kendra;
mod real;
mod reply;
mod route;
mod s3;
mod server;
mod shapes;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc};

use local_engine::Source;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use athena::Athena;
pub use error::Error;
pub use kendra::{DataSource, Faq, FaqFormat, Kendra, Sync, SyncCounts, SyncFailure, UserContext};
pub use local_search::Counts;
pub use real::RealAws;

use crate::{
    bedrock::Bedrock,
    calls::Calls,
    dynamodb::{DynamoDb, Running},
    engine::{Engine, Gguf, OpenAi, Scripted},
    faults::Faults,
    s3::S3,
    server::State,
};

/// What to serve, and where.
#[derive(Debug, Clone)]
pub struct Config {
    /// Port 0 takes a free one.
    pub address: SocketAddr,
    /// Folder where state is kept; in memory where absent.
    pub data: Option<PathBuf>,
    /// Tables that exist once the server has started.
    pub tables: Vec<Table>,
    pub engine: EngineChoice,
    /// S3 buckets that exist from the start, each a folder, which is only read.
    pub buckets: BTreeMap<String, PathBuf>,
    /// The one index of Kendra, if there is any.
    pub kendra: Option<Kendra>,
    /// What Athena can query; nothing where absent.
    pub athena: Option<Athena>,
    /// Services whose calls are signed anew with the user's credentials and sent to real AWS (`athena`, `bedrock`,
    /// `dynamodb`, `kendra`).
    pub real: Vec<String>,
}

/// A DynamoDB table, as a template declares it.
#[derive(Debug, Clone)]
pub struct Table {
    /// The `CreateTable` request.
    pub create: Value,
    /// The attribute that holds an item's expiry, where items expire.
    pub ttl_attribute: Option<String>,
}

/// What answers in a model's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineChoice {
    /// An open-weights model in this process.
    Gguf(Source),
    /// A server that speaks OpenAI's chat completions: base URL and the server's name for the model.
    OpenAi { url: String, model: String },
    /// Answers and faults set over HTTP, for tests.
    Scripted,
}

/// A running server. Dropping it stops it without waiting; [`LocalAws::stop`] waits.
pub struct LocalAws {
    address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
    database: Running,
    stop_serving: DropGuard,
    stop_database: DropGuard,
}

impl LocalAws {
    /// Bound and ready, weights loaded, when it returns. Runs on the Tokio runtime it is called on.
    pub async fn start(config: Config) -> Result<LocalAws, Error> {
        use_ring();
        let real = match config.real.as_slice() {
            [] => None,
            services => Some(RealAws::of_user(services).await?),
        };
        LocalAws::start_beside(real, config).await
    }

    /// As [`LocalAws::start`], with `real` in place of what `config.real` and the user's settings say.
    pub async fn start_beside(real: Option<RealAws>, config: Config) -> Result<LocalAws, Error> {
        use_ring();
        let address = config.address;
        let listener = TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
        let address = listener.local_addr().map_err(|source| Error::Listen { address, source })?;

        let bedrock = Bedrock::new()?;
        let (stop_serving, stop_database) = (CancellationToken::new(), CancellationToken::new());
        let (serving_stops, database_stops) = (stop_serving.clone(), stop_database.clone());
        let (stop_serving, stop_database) = (stop_serving.drop_guard(), stop_database.drop_guard());
        let (dynamodb, database) = DynamoDb::start(config.data.as_deref(), &config.tables, database_stops).await?;
        let s3 = S3::open(&config.buckets, config.data.as_deref())?;
        let athena = config.athena.unwrap_or_default();
        let athena = athena::Service::start(athena, s3.buckets(), serving_stops.clone()).await?;
        // Weights may be gigabytes to fetch, so what a user may have mistyped comes before them.
        let engine = match &config.engine {
            EngineChoice::Gguf(source) => Engine::Gguf(Gguf::load(source).await?),
            EngineChoice::OpenAi { url, model } => Engine::OpenAi(OpenAi::new(url, model)?),
            EngineChoice::Scripted => Engine::Scripted(Scripted::default()),
        };

        let kendra =
            kendra::Service::start(config.kendra.as_ref(), s3.buckets(), config.data.as_deref(), serving_stops.clone());
        let kendra = kendra.await?;

        let (calls, faults) = (Calls::default(), Faults::default());
        let state = Arc::new(State { engine, bedrock, dynamodb, athena, kendra, s3, real, calls, faults });
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&state), serving_stops));
        Ok(LocalAws { address, state, serving, database, stop_serving, stop_database })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What an SDK takes as its endpoint.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How the syncs stand that began with the server, FAQs first. They go on while this is looked at.
    pub fn syncs(&self) -> Vec<Sync> {
        self.state.kendra.syncs()
    }

    /// What Kendra's index holds; none where the server has no index.
    pub async fn indexed(&self) -> Result<Option<Counts>, Error> {
        self.state.kendra.counts().await
    }

    /// What Athena's queries run on, for whoever describes the databases.
    pub fn queries(&self) -> &local_query::Engine {
        self.state.athena.engine()
    }

    /// Waits for the syncs of data sources that began with the server.
    pub async fn synced(&self) {
        self.state.kendra.synced().await;
    }

    /// Takes no more requests, lets those under way end, and closes the database.
    pub async fn stop(self) {
        drop(self.stop_serving);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server failed");
        }
        self.state.athena.ended().await;
        self.state.kendra.ended().await;
        drop(self.stop_database);
        self.database.ended().await;
    }
}

/// reqwest is built without a provider of cryptography; whoever comes first in the process sets it.
fn use_ring() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
