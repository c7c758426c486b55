mod addresses;
mod answers;
mod directives;
mod html;
mod links;
mod robots;
mod site;
mod sitemaps;
mod stops;
mod templates;

use std::{net::SocketAddr, time::Duration};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{CrawlError, Event, Page, Settings, Summary, crawl_with};
use site::Site;

/// All that a test's sites are called; they are served from the same address.
const HOSTS: [&str; 4] = ["site.localhost", "sub.site.localhost", "other.localhost", "notsite.localhost"];
/// A host whose server is not there.
const DOWN: &str = "down.localhost";

struct Crawled {
    summary: Summary,
    pages: Vec<Page>,
    /// One line for each event, sorted.
    events: Vec<String>,
}

fn template(seeds: &[&str], properties: Value) -> Value {
    let seeds: Vec<Value> = seeds.iter().map(|seed| json!({ "seedUrl": seed })).collect();
    json!({
        "type": "WEBCRAWLERV2",
        "version": "1.0.0",
        "syncMode": "FULL_CRAWL",
        "connectionConfiguration": {
            "repositoryEndpointMetadata": { "seedUrlConnections": seeds, "authentication": "NoAuthentication" },
        },
        "repositoryConfigurations": {},
        "additionalProperties": properties,
    })
}

/// As the template says, but without waiting.
fn settings(properties: Value) -> Settings {
    let mut settings = Settings::from_template(&template(&["http://site.localhost/"], properties)).unwrap();
    settings.gap = Duration::ZERO;
    settings.limits.backoff = Duration::from_millis(1);
    settings
}

async fn crawl(site: &Site, properties: Value) -> Crawled {
    crawl_by(site, &settings(properties)).await
}

async fn crawl_by(site: &Site, settings: &Settings) -> Crawled {
    let (sender, mut receiver) = mpsc::channel(1);
    let crawl = start(site, settings, sender, CancellationToken::new());
    let take = async {
        let mut events = Vec::new();
        while let Some(event) = receiver.recv().await {
            events.push(event);
        }
        events
    };
    let (summary, found) = tokio::join!(crawl, take);
    let mut events: Vec<String> = found.iter().map(line).collect();
    events.sort();
    let pages = found.into_iter().filter_map(|event| match event {
        Event::Page(page) => Some(page),
        _ => None,
    });
    Crawled { summary: summary.unwrap(), pages: pages.collect(), events }
}

async fn start(
    site: &Site,
    settings: &Settings,
    events: mpsc::Sender<Event>,
    cancel: CancellationToken,
) -> Result<Summary, CrawlError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Nothing listens on port 1.
    let mut client = Client::builder().resolve(DOWN, SocketAddr::from(([127, 0, 0, 1], 1)));
    for host in HOSTS {
        client = client.resolve(host, site.address);
    }
    crawl_with(client, settings, events, cancel).await
}

fn line(event: &Event) -> String {
    let line = match event {
        Event::Page(page) => format!("{} {}", page.depth, page.url),
        Event::Gone { url } => format!("gone {url}"),
        Event::Failed { url, reason } => format!("failed {url}: {reason}"),
        Event::Skipped { url, reason } => format!("skipped {url}: {reason}"),
    };
    line.replace("http://", "")
}
