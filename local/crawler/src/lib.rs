//! A web crawler that reads Kendra's `WEBCRAWLERV2` template and crawls as it says, so that a crawl can be tried before
//! it costs money.
//!
//! A sync with an index is: [`crawl`], put every [`Event::Page`] whose [`Page::version`] is not the indexed one, and
//! after it, for every document the index has from this source, delete it if [`Summary::may_delete`] says so.

mod address;
mod crawl;
mod directives;
mod events;
mod fetch;
mod html;
mod kind;
mod pace;
mod robots;
mod settings;
mod sitemap;
#[cfg(test)]
mod tests;
mod visit;

use reqwest::{Client, ClientBuilder, Proxy, redirect::Policy};
use tokio::{sync::mpsc, task::JoinError};
use tokio_util::sync::CancellationToken;

pub use events::{Event, Failure, Page, Skip, Summary};
pub use settings::{FieldMapping, FieldType, Settings, SettingsError, SyncMode};

use crate::crawl::Crawl;

/// What sites call Kendra's crawler in robots.txt:
/// <https://docs.aws.amazon.com/kendra/latest/dg/stop-web-crawler.html>.
pub(crate) const AGENT: &str = "amazon-kendra";

/// Says as well who really asks, for those who read logs.
const USER_AGENT: &str =
    concat!("amazon-kendra (local emulation; serverless-genai-rust/", env!("CARGO_PKG_VERSION"), ")");

/// A crawl that did not come to its end. Nothing is to be deleted after it.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    #[error("the crawl was cancelled")]
    Cancelled,
    #[error("nobody takes what the crawl finds")]
    NobodyListens,
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    #[error("the visit of a page broke down")]
    Visit(#[source] JoinError),
}

/// Crawls until there is nothing more to find, or until `cancel`, which stops it at once.
///
/// It waits for `events` to be taken, but pages under way go on arriving. What a page or a site does wrong is an event;
/// an error means that the crawl as a whole did not work.
pub async fn crawl(
    settings: &Settings,
    events: mpsc::Sender<Event>,
    cancel: CancellationToken,
) -> Result<Summary, CrawlError> {
    // Fails if there is one already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    crawl_with(Client::builder(), settings, events, cancel).await
}

async fn crawl_with(
    client: ClientBuilder,
    settings: &Settings,
    events: mpsc::Sender<Event>,
    cancel: CancellationToken,
) -> Result<Summary, CrawlError> {
    let mut client = client
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .connect_timeout(settings.limits.connect)
        .read_timeout(settings.limits.idle)
        .timeout(settings.limits.total)
        // Only the template's: what is crawled must not depend on the environment.
        .no_proxy();
    if let Some(proxy) = &settings.proxy {
        client = client.proxy(Proxy::all(proxy).map_err(CrawlError::Client)?);
    }
    let client = client.build().map_err(CrawlError::Client)?;
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(CrawlError::Cancelled),
        ended = Crawl::new(settings, client, events).run() => ended,
    }
}
