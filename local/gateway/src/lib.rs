//! The project on one machine: API Gateway in front of the functions, AWS behind them, in one process.
//!
//! `cargo run` serves it, and the integration tests start it on free ports.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use http::HeaderValue;
use local_aws::{Counts, EngineChoice, LocalAws};
use shared::config::Config;
use tempfile::TempDir;
use tokio::net::TcpListener;

mod banner;
pub mod databases;
mod documents;
mod error;
mod functions;
mod gateway;
pub mod model;
mod progress;
mod settings;
mod template;

pub use databases::Databases;
pub use documents::Documents;
use documents::Plan;
pub use error::Error;
pub use gateway::RouteError;
use gateway::{Function, Parts, Server};
use settings::Machine;
pub use template::Error as TemplateError;
use template::{REGION, Stack};

/// What to serve, and where. [`Options::for_tests`] and the command line are the two ways to make it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Of the API; 0 takes a free one.
    pub port: u16,
    /// Of the local AWS; 0 takes a free one.
    pub aws_port: u16,
    /// Folder where conversations are kept; in memory where absent.
    pub data: Option<PathBuf>,
    pub engine: EngineChoice,
    /// Services whose calls go to real AWS.
    pub real: Vec<String>,
    /// What answers are made from. Indexed when the machine starts.
    pub documents: Documents,
    /// Web pages to crawl at the start, with the settings of the deployed crawler: where it begins.
    pub crawl: Vec<String>,
    /// Parameters of kendra.yaml for that crawl, over their defaults.
    pub parameters: BTreeMap<String, String>,
    /// What questions about data are about.
    pub databases: Databases,
    /// The most that a query may scan, in place of the template's limit. Bytes.
    pub bytes_scanned_cutoff: Option<u64>,
    /// Settings of the functions, over those of the template.
    pub settings: BTreeMap<String, String>,
    /// How long API Gateway waits for a buffered route; for ever where absent.
    pub buffered_limit: Option<Duration>,
    /// How long an invocation may take, in place of the template's `Timeout`.
    pub function_timeout: Option<Duration>,
    /// The only origin that browsers may call from. Where absent: the template's, and any of this machine.
    pub origin: Option<String>,
    /// In place of the project's own.
    pub template: Option<String>,
}

/// API Gateway's limit for a route that does not stream.
pub const BUFFERED_LIMIT: Duration = Duration::from_secs(29);

impl Options {
    /// Free ports, data in memory, a model that says what it is told to, limits as on AWS.
    pub fn for_tests() -> Self {
        Self {
            port: 0,
            aws_port: 0,
            data: None,
            engine: EngineChoice::Scripted,
            real: Vec::new(),
            documents: Documents::None,
            crawl: Vec::new(),
            parameters: BTreeMap::new(),
            databases: Databases::None,
            bytes_scanned_cutoff: None,
            settings: BTreeMap::new(),
            buffered_limit: Some(BUFFERED_LIMIT),
            function_timeout: None,
            origin: None,
            template: None,
        }
    }
}

/// The running machine. Dropping it without [`Local::stop`] loses nothing that was answered, but asks nobody to finish.
pub struct Local {
    gateway: Server,
    aws: LocalAws,
    routes: Vec<String>,
    /// Where something was indexed.
    indexed: Option<Counts>,
    /// With their tables.
    databases: Vec<(String, Vec<String>)>,
    /// Holds what the machine has written for itself.
    _files: Option<TempDir>,
}

impl Local {
    /// Starts everything; when it returns, documents are indexed and the first request can be answered. May fetch models'
    /// weights before, and says on standard error how far it is and which documents cannot be indexed.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let stack = Stack::parse(options.template.as_deref().unwrap_or(template::TEMPLATE))?;
        let origin = options.origin.as_deref().map(parse_origin).transpose()?;
        let Plan { mut buckets, kendra } = documents::plan(&options)?;
        let databases = databases::plan(&options)?;
        buckets.extend(databases.layers().map(|folder| (databases::LAYERS.to_owned(), folder)));
        let indexes = !kendra.data_sources.is_empty();
        // Bound first: a port that is taken should be known before gigabytes have been read.
        let (listener, address) = bind(options.port).await?;

        let aws = LocalAws::start(local_aws::Config {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, options.aws_port)),
            data: options.data.clone(),
            tables: stack.tables,
            engine: options.engine.clone(),
            buckets,
            kendra: Some(kendra),
            athena: databases.athena.clone(),
            real: options.real.clone(),
        })
        .await?;
        databases.write_layers(aws.queries()).await?;
        progress::indexed(&aws).await;
        // Nobody who does not search pays for opening the index.
        let indexed = if indexes { aws.indexed().await? } else { None };
        progress::say_failures(&aws);
        let sdk = sdk_config(&aws.url());

        let mut routes: Vec<(template::Route, Arc<Function>)> = Vec::new();
        for function in stack.functions {
            let of_function = function.routes.clone();
            let function = Arc::new(build(function, &options, &databases, &sdk)?);
            routes.extend(of_function.into_iter().map(|route| (route, Arc::clone(&function))));
        }
        routes.sort_by(|(one, _), (other, _)| (&one.path, &one.method).cmp(&(&other.path, &other.method)));
        let described = routes.iter().map(|(route, _)| describe(route)).collect();
        let parts = Parts { api: stack.api, routes, limit: options.buffered_limit, origin };
        let names = databases.names().into_iter();
        let tables = |name: &str| aws.queries().tables(name).into_iter().flatten().map(|table| table.name).collect();
        Ok(Self {
            gateway: Server::start(listener, address, parts)?,
            routes: described,
            indexed,
            databases: names.map(|name| (name.clone(), tables(&name))).collect(),
            _files: databases.into_files(),
            aws,
        })
    }

    /// Where the API is: `http://127.0.0.1:3000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.gateway.address())
    }

    /// Where the AWS services are: `http://127.0.0.1:4566`.
    pub fn aws_url(&self) -> String {
        self.aws.url()
    }

    /// How many tasks of queries there are in Athena's place; none when nothing runs.
    pub fn running_queries(&self) -> usize {
        self.aws.queries().running()
    }

    /// What somebody at a terminal needs to know to use it.
    pub fn describe(&self, options: &Options) -> String {
        let there = banner::There { indexed: self.indexed.as_ref(), databases: &self.databases };
        banner::banner(&self.url(), &self.aws_url(), &self.routes, there, options)
    }

    /// Finishes what is under way, within seconds.
    pub async fn stop(self) {
        self.gateway.stop().await;
        self.aws.stop().await;
    }
}

fn build(
    function: template::Function,
    options: &Options,
    databases: &databases::Plan,
    sdk: &SdkConfig,
) -> Result<Function, Error> {
    let timeout = options.function_timeout.unwrap_or(function.timeout);
    let machine = Machine {
        engine: &options.engine,
        real_bedrock: settings::is_real(&options.real, "bedrock"),
        real_kendra: settings::is_real(&options.real, "kendra"),
        workgroup: databases.athena.as_ref().map(|athena| athena.workgroup.as_str()),
        databases: databases.names(),
        timeout,
        buffered_limit: options.buffered_limit,
    };
    let environment = settings::settings(&function.environment, &machine, &options.settings);
    let failed = |source| Error::Function { function: function.logical_id.clone(), source };
    let config = Config::from_lookup(|name| environment.get(name).cloned()).map_err(failed)?;
    let handler = functions::handler(&function.package, &config, sdk)
        .ok_or_else(|| Error::NoHandler { function: function.logical_id.clone(), package: function.package.clone() })?
        .map_err(failed)?;
    Ok(Function { name: function.logical_id.clone(), handler, timeout, memory: function.memory })
}

/// Clients that call the local AWS, whose credentials nobody checks.
fn sdk_config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url)
        .build()
}

async fn bind(port: u16) -> Result<(TcpListener, SocketAddr), Error> {
    // This machine only: whoever reaches the gateway is whoever he says he is.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let failed = |source| Error::listening(address, "--port", source);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn parse_origin(text: &str) -> Result<HeaderValue, Error> {
    let malformed = || Error::Origin(text.to_owned());
    let is_origin = text.parse::<reqwest::Url>().is_ok_and(|url| url.origin().ascii_serialization() == text);
    if text != "*" && !is_origin {
        return Err(malformed());
    }
    HeaderValue::from_str(text).map_err(|_| malformed())
}

fn describe(route: &template::Route) -> String {
    format!("{} {}{}", route.method, route.path, if route.streams { " (streams)" } else { "" })
}

#[cfg(test)]
mod tests;
