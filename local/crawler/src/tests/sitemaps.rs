use proptest::prelude::*;
use serde_json::json;

use super::{
    crawl_by, settings,
    site::{Site, answer, packed, page, redirect},
};
use crate::{
    Settings,
    sitemap::{Sitemap, SitemapError, read},
};

const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

fn pages(places: &[&str]) -> String {
    let urls: String = places.iter().map(|place| format!("<url><loc> {place} </loc></url>")).collect();
    format!("<?xml version='1.0' encoding='UTF-8'?>\n<urlset xmlns='{NAMESPACE}'>{urls}</urlset>")
}

fn index(places: &[&str]) -> String {
    let sitemaps: String = places.iter().map(|place| format!("<sitemap><loc>{place}</loc></sitemap>")).collect();
    format!("<sitemapindex xmlns='{NAMESPACE}'>{sitemaps}</sitemapindex>")
}

/// Begins with the site's sitemap and has no seeds.
fn by_sitemap() -> Settings {
    let mut settings = settings(json!({}));
    settings.sitemaps = vec![settings.seeds[0].join("/sitemap.xml").unwrap()];
    settings.seeds.clear();
    settings
}

#[tokio::test]
async fn the_pages_of_a_sitemap_are_seeds() {
    let sitemap = pages(&["http://site.localhost/a", "http://other.localhost/b", "http://site.localhost/c"]);
    let site = Site::start(&[
        ("site.localhost/sitemap.xml", answer(200, &["content-type: application/xml"], sitemap)),
        ("site.localhost/a", page("<a href=/d>")),
        ("site.localhost/d", page("x")),
    ])
    .await;
    let crawled = crawl_by(&site, &by_sitemap()).await;
    assert_eq!(crawled.events, ["1 site.localhost/a", "2 site.localhost/d", "gone site.localhost/c"]);
    assert_eq!(crawled.summary.outside, 1);
}

#[tokio::test]
async fn an_index_leads_to_sitemaps_packed_or_not() {
    let own = "http://site.localhost/sitemap.xml";
    let site = Site::start(&[
        (
            "site.localhost/sitemap.xml",
            answer(200, &[], index(&["http://site.localhost/1.xml.gz", "http://site.localhost/2.xml", own])),
        ),
        ("site.localhost/1.xml.gz", answer(200, &[], packed(&pages(&["http://site.localhost/a"])))),
        ("site.localhost/2.xml", redirect("/3.xml")),
        ("site.localhost/3.xml", answer(200, &[], pages(&["http://site.localhost/b"]))),
        ("site.localhost/a", page("x")),
        ("site.localhost/b", page("x")),
    ])
    .await;
    assert_eq!(crawl_by(&site, &by_sitemap()).await.events, ["1 site.localhost/a", "1 site.localhost/b"]);
    assert_eq!(site.requests().iter().filter(|request| request.place.ends_with("/sitemap.xml")).count(), 1);
}

#[tokio::test]
async fn nothing_is_deleted_for_want_of_a_sitemap() {
    for bad in [answer(404, &[], ""), answer(500, &[], ""), page("<p>not found"), answer(200, &[], "<urlset><url>")] {
        let site = Site::start(&[("site.localhost/sitemap.xml", bad)]).await;
        let crawled = crawl_by(&site, &by_sitemap()).await;
        assert!(crawled.events.iter().all(|event| event.starts_with("failed site.localhost/sitemap.xml")));
        assert!(!crawled.summary.may_delete("http://site.localhost/a"));
    }
}

#[tokio::test]
async fn sitemaps_are_bounded() {
    let site = Site::start(&[
        (
            "site.localhost/sitemap.xml",
            answer(200, &[], index(&["http://site.localhost/1.xml", "http://site.localhost/2.xml"])),
        ),
        ("site.localhost/1.xml", answer(200, &[], pages(&["http://site.localhost/a", "http://site.localhost/b"]))),
    ])
    .await;
    let mut settings = by_sitemap();
    (settings.limits.sitemaps, settings.limits.places) = (2, 1);
    let crawled = crawl_by(&site, &settings).await;
    assert_eq!(crawled.events, ["gone site.localhost/a"]);
    assert!(!crawled.summary.complete);
    assert_eq!(site.asked(), ["site.localhost/1.xml", "site.localhost/a", "site.localhost/sitemap.xml"]);
}

#[test]
fn a_sitemap_is_read_as_xml() {
    let text = "\u{feff}<urlset xmlns:image='x'><url><loc>http://a.example/?x=1&amp;y=&#50;</loc>
        <image:image><image:loc>http://a.example/i.png</image:loc></image:image></url>
        <url><loc><![CDATA[http://a.example/c]]></loc></url><url><loc>nowhere</loc></url><url><loc/></url></urlset>";
    let sitemap = read(text.as_bytes(), 1 << 20).unwrap();
    let pages: Vec<&str> = sitemap.pages.iter().map(url::Url::as_str).collect();
    assert_eq!(pages, ["http://a.example/?x=1&y=2", "http://a.example/c"]);
    assert!(matches!(read(b"<html></html>", 9), Err(SitemapError::Other)));
    assert!(matches!(read(b"<urlset></url>", 99), Err(SitemapError::Xml(_))));
    assert!(matches!(read(b"<urlset><url></url>", 99), Err(SitemapError::CutOff)));
    assert_eq!(read(b"<urlset/>", 99).unwrap(), Sitemap::default());
    let bomb = packed(&" ".repeat(1 << 20));
    assert!(matches!(read(&bomb, 1000), Err(SitemapError::TooLarge(1000))));
    assert!(matches!(read(&bomb[..bomb.len() / 2], 1 << 21), Err(SitemapError::Packed(_))));
}

proptest! {
    #[test]
    fn anything_may_be_a_sitemap(text in "[<>/a-z&;!\\[\\]'= -]{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, 1000);
        let sitemap = read(format!("<urlset>{text}</urlset>").as_bytes(), 1000).unwrap_or_default();
        prop_assert!(sitemap.pages.iter().all(|page| page.has_host()));
    }
}
