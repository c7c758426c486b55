use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    crawl, crawl_by, settings,
    site::{Answer, Site, links, page},
    start, template,
};
use crate::{CrawlError, Event, Settings, settings::Domains};

#[tokio::test]
async fn a_cancelled_crawl_stops_at_once() {
    let slow = Answer { pause: Duration::from_secs(60), ..page("x") };
    let site = Site::start(&[("site.localhost/", slow)]).await;
    let (sender, _receiver) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    let settings = settings(json!({}));
    let cancelling = async {
        while site.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
        Instant::now()
    };
    let (ended, cancelled) = tokio::join!(start(&site, &settings, sender, cancel.clone()), cancelling);
    assert!(matches!(ended, Err(CrawlError::Cancelled)), "{ended:?}");
    assert!(cancelled.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_crawl_that_waits_for_its_events_to_be_taken_can_be_cancelled() {
    let site = Site::start(&[("site.localhost/", links(&["/1", "/2", "/3"]))]).await;
    let (sender, receiver) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    let settings = settings(json!({}));
    let cancelling = async {
        // The first event and the one that waits behind it.
        while site.requests().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.cancel();
    };
    let (ended, ()) = tokio::join!(start(&site, &settings, sender, cancel.clone()), cancelling);
    assert!(matches!(ended, Err(CrawlError::Cancelled)), "{ended:?}");
    drop(receiver);
}

#[tokio::test]
async fn a_crawl_that_nobody_listens_to_ends() {
    let site = Site::start(&[]).await;
    let seed = format!("http://{}/", site.address);
    let settings = Settings::from_template(&template(&[&seed], json!({}))).unwrap();
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let ended = tokio::spawn(async move { crate::crawl(&settings, sender, CancellationToken::new()).await });
    let ended = ended.await.unwrap();
    assert!(matches!(ended, Err(CrawlError::NobodyListens)), "{ended:?}");
}

#[tokio::test]
async fn pages_arrive_while_the_listener_is_busy() {
    let after = |milliseconds| Answer { pause: Duration::from_millis(milliseconds), ..page("x") };
    let site = Site::start(&[
        ("site.localhost/", links(&["/1", "/2", "/3", "/4"])),
        ("site.localhost/1", page("x")),
        ("site.localhost/2", after(100)),
        // Under way when the crawl begins to wait for the listener, whose pause is longer than a page may take.
        ("site.localhost/3", after(300)),
        ("site.localhost/4", page("x")),
    ])
    .await;
    let (sender, mut receiver) = mpsc::channel(1);
    let mut settings = settings(json!({}));
    settings.limits.total = Duration::from_millis(1000);
    let busy = async {
        assert!(receiver.recv().await.is_some());
        tokio::time::sleep(Duration::from_millis(1500)).await;
        while let Some(event) = receiver.recv().await {
            assert!(matches!(event, Event::Page(_)), "{event:?}");
        }
    };
    let (ended, ()) = tokio::join!(start(&site, &settings, sender, CancellationToken::new()), busy);
    assert_eq!(ended.unwrap().pages, 5);
}

#[tokio::test]
async fn the_rate_limit_is_per_minute_and_host() {
    let site = Site::start(&[("site.localhost/", links(&["/1", "/2", "/3", "/4"]))]).await;
    let mut settings = settings(json!({}));
    // Five a second.
    settings.gap =
        Settings::from_template(&template(&["https://site.example/"], json!({ "rateLimit": "300" }))).unwrap().gap;
    let begun = Instant::now();
    crawl_by(&site, &settings).await;
    assert_eq!(site.requests().len(), 5);
    assert!(begun.elapsed() >= Duration::from_millis(800));
}

#[tokio::test]
async fn a_proxy_is_asked_in_the_sites_place() {
    let proxy = Site::start(&[("behind.example/", page("x"))]).await;
    let template = json!({ "proxy": { "host": "127.0.0.1", "port": proxy.address.port().to_string() } });
    let mut settings = settings(template);
    settings.seeds = vec!["http://behind.example/".parse().unwrap()];
    settings.domains = Domains::All;
    assert_eq!(crawl_by(&proxy, &settings).await.events, ["1 behind.example/"]);
    assert_eq!(crawl(&proxy, json!({})).await.events, ["gone site.localhost/"]);
}
