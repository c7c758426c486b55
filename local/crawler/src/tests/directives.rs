use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::json;

use super::{
    crawl,
    site::{Site, answer, links, page},
};
use crate::directives::Directives;

#[tokio::test]
async fn pages_say_whether_they_are_indexed_and_followed() {
    let meta = |content: &str, link: &str| page(&format!("<meta name=robots content='{content}'><a href={link}>x</a>"));
    let site = Site::start(&[
        ("site.localhost/", links(&["/noindex", "/nofollow", "/none", "/header"])),
        ("site.localhost/noindex", meta("NoIndex", "/1")),
        ("site.localhost/nofollow", meta("index,nofollow", "/2")),
        ("site.localhost/none", meta("none", "/3")),
        (
            "site.localhost/header",
            answer(200, &["content-type: text/html", "x-robots-tag: noindex, nofollow"], "<a href=/4>"),
        ),
        ("site.localhost/1", page("x")),
    ])
    .await;
    let crawled = crawl(&site, json!({ "crawlDepth": "3" })).await;
    assert_eq!(
        crawled.events,
        [
            "1 site.localhost/",
            "2 site.localhost/nofollow",
            "3 site.localhost/1",
            "skipped site.localhost/header: the page asks not to be indexed",
            "skipped site.localhost/noindex: the page asks not to be indexed",
            "skipped site.localhost/none: the page asks not to be indexed",
        ]
    );
    assert!(crawled.summary.may_delete("http://site.localhost/noindex"));
}

#[test]
fn a_header_may_be_meant_for_others() {
    let of = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-robots-tag", HeaderValue::from_static(value));
        }
        let mut directives = Directives::default();
        directives.add_of_headers(&headers);
        (directives.no_index, directives.no_follow)
    };
    assert_eq!(of(&["noindex"]), (true, false));
    assert_eq!(of(&["otherbot: noindex, nofollow"]), (false, false));
    assert_eq!(of(&["otherbot: noindex, Amazon-Kendra: nofollow"]), (false, true));
    assert_eq!(of(&["otherbot: none", "nofollow"]), (false, true));
    assert_eq!(of(&["unavailable_after: 25 Jun 2010 15:00:00 PST, noindex"]), (true, false));
}

#[test]
fn a_tag_may_be_meant_for_others() {
    let of = |name: &str| {
        let mut directives = Directives::default();
        directives.add_of_meta(name, "noindex");
        directives.no_index
    };
    assert!(of("robots") && of("ROBOTS") && of("amazon-kendra"));
    assert!(!of("googlebot") && !of("description") && !of(""));
}
