use std::time::Duration;

use serde_json::json;

use super::{
    DOWN, crawl, crawl_by, settings,
    site::{Site, answer, links, page, redirect},
};

const RULES: &str =
    "User-agent: *\nDisallow: /\n\nUser-agent: amazon-kendra\nDisallow: /private/\nAllow: /private/open\n";

async fn with_robots(robots: super::site::Answer) -> Site {
    Site::start(&[
        ("site.localhost/robots.txt", robots),
        ("site.localhost/", links(&["/private/1", "/private/open", "/hop"])),
        ("site.localhost/private/open", page("x")),
        ("site.localhost/hop", redirect("/private/2")),
        ("site.localhost/private/1", page("x")),
        ("site.localhost/private/2", page("x")),
    ])
    .await
}

#[tokio::test]
async fn robots_txt_is_honored_where_the_template_says_so() {
    let site = with_robots(answer(200, &[], RULES)).await;
    let crawled = crawl(&site, json!({ "honorRobots": true })).await;
    assert_eq!(
        crawled.events,
        [
            "1 site.localhost/",
            "2 site.localhost/private/open",
            "skipped site.localhost/private/1: robots.txt forbids it",
            "skipped site.localhost/private/2: robots.txt forbids it",
        ]
    );
    assert!(crawled.summary.complete);
    assert_eq!(
        site.asked(),
        ["site.localhost/", "site.localhost/hop", "site.localhost/private/open", "site.localhost/robots.txt"]
    );
    assert!(site.requests()[0].head.contains("user-agent: amazon-kendra"));

    let site = with_robots(answer(200, &[], RULES)).await;
    assert_eq!(crawl(&site, json!({})).await.pages.len(), 4);
    assert!(!site.asked().contains(&"site.localhost/robots.txt".to_owned()));
}

#[tokio::test]
async fn a_site_without_robots_txt_may_be_crawled() {
    for robots in [answer(404, &[], ""), answer(410, &[], ""), answer(403, &[], ""), answer(200, &[], "")] {
        let crawled = crawl(&with_robots(robots).await, json!({ "honorRobots": true })).await;
        assert_eq!(crawled.pages.len(), 4);
    }
}

#[tokio::test]
async fn a_site_whose_robots_txt_cannot_be_read_is_left_alone_and_kept() {
    for status in [500, 503, 429] {
        let site = with_robots(answer(status, &[], RULES)).await;
        let crawled = crawl(&site, json!({ "honorRobots": true })).await;
        let [failed] = &crawled.events[..] else { panic!("{:?}", crawled.events) };
        assert!(failed.starts_with("failed site.localhost/: its site's robots.txt cannot be read"), "{failed}");
        assert!(failed.ends_with(&format!("the server answered {status}")), "{failed}");
        assert!(site.asked().iter().all(|place| place.ends_with("/robots.txt")));
        assert!(
            !crawled.summary.may_delete("http://site.localhost/")
                && !crawled.summary.may_delete("http://site.localhost/x")
        );
    }
    let site = Site::start(&[("site.localhost/", links(&[&format!("http://{DOWN}/")]))]).await;
    let crawled = crawl(&site, json!({ "honorRobots": true, "crawlAllDomain": true })).await;
    assert!(crawled.events[1].starts_with("failed down.localhost/: its site's robots.txt"), "{:?}", crawled.events);
}

#[tokio::test]
async fn robots_txt_may_be_elsewhere() {
    let site = Site::start(&[
        ("site.localhost/robots.txt", redirect("http://other.localhost/robots.txt")),
        ("other.localhost/robots.txt", answer(200, &[], "User-agent: *\nDisallow: /")),
        ("site.localhost/", page("x")),
    ])
    .await;
    let crawled = crawl(&site, json!({ "honorRobots": true })).await;
    assert_eq!(crawled.events, ["skipped site.localhost/: robots.txt forbids it"]);
    let site = with_robots(redirect("/robots.txt")).await;
    assert_eq!(crawl(&site, json!({ "honorRobots": true })).await.pages.len(), 4);
    assert_eq!(site.asked().iter().filter(|place| place.ends_with("/robots.txt")).count(), 6);
}

#[tokio::test]
async fn requests_are_as_far_apart_as_the_site_wants() {
    let robots = answer(200, &[], "User-agent: *\nCrawl-delay: 0.3\n");
    let pages = ["/1", "/2", "/3"];
    let site = Site::start(&[("site.localhost/robots.txt", robots), ("site.localhost/", links(&pages))]).await;
    crawl(&site, json!({ "honorRobots": true })).await;
    let requests = site.requests();
    assert_eq!(requests.len(), 5);
    // What the network adds to one gap, it takes from the next.
    assert!(requests[4].at - requests[0].at >= Duration::from_millis(1100));

    // A delay of a day would be the end of the crawl.
    let robots = answer(200, &[], "User-agent: *\nCrawl-delay: 86400\n");
    let site = Site::start(&[("site.localhost/robots.txt", robots), ("site.localhost/", page("x"))]).await;
    let mut settings = settings(json!({ "honorRobots": true }));
    settings.limits.patience = Duration::from_millis(10);
    assert_eq!(crawl_by(&site, &settings).await.pages.len(), 1);
}
