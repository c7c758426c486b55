use serde_json::json;

use super::{
    crawl, crawl_by, settings,
    site::{Site, links, page, redirect},
};

/// Pages 1 to 4 in a row.
async fn row() -> Site {
    Site::start(&[
        ("site.localhost/", links(&["/2"])),
        ("site.localhost/2", links(&["/3"])),
        ("site.localhost/3", links(&["/4"])),
        ("site.localhost/4", page("end")),
    ])
    .await
}

#[tokio::test]
async fn the_seeds_are_depth_one_and_the_default_is_two() {
    let site = row().await;
    let only_seeds = crawl(&site, json!({ "crawlDepth": "1" })).await;
    assert_eq!(only_seeds.events, ["1 site.localhost/"]);
    assert_eq!(crawl(&site, json!({})).await.events, ["1 site.localhost/", "2 site.localhost/2"]);
    let deep = crawl(&site, json!({ "crawlDepth": "10" })).await;
    assert_eq!(deep.events, ["1 site.localhost/", "2 site.localhost/2", "3 site.localhost/3", "4 site.localhost/4"]);
    assert!(deep.summary.complete && deep.summary.pages == 4, "{:?}", deep.summary);
}

#[tokio::test]
async fn a_page_in_a_loop_is_fetched_once() {
    let site = Site::start(&[
        ("site.localhost/", links(&["/", "/#top", "http://site.localhost:80/", "a", "a?", "/a#x", "./b/../a"])),
        ("site.localhost/a", links(&["/", "/a"])),
    ])
    .await;
    let crawled = crawl(&site, json!({ "crawlDepth": "10" })).await;
    assert_eq!(crawled.events, ["1 site.localhost/", "2 site.localhost/a"]);
    assert_eq!(site.asked(), ["site.localhost/", "site.localhost/a"]);
}

#[tokio::test]
async fn the_first_links_of_a_page_are_followed_in_order() {
    let site = Site::start(&[("site.localhost/", links(&["/z", "http://other.localhost/", "/z", "/b", "/a"]))]).await;
    let crawled = crawl(&site, json!({ "maxLinksPerUrl": "2" })).await;
    assert_eq!(crawled.events, ["1 site.localhost/", "gone site.localhost/b", "gone site.localhost/z"]);
    assert_eq!(crawled.summary.outside, 1);
}

#[tokio::test]
async fn an_endless_calendar_ends_at_the_overall_limit() {
    let days: Vec<(String, _)> =
        (0..40).map(|day| (format!("site.localhost/{day}"), links(&[&format!("/{}", day + 1)]))).collect();
    let mut days: Vec<(&str, _)> = days.iter().map(|(place, answer)| (place.as_str(), answer.clone())).collect();
    days.push(("site.localhost/", links(&["/0"])));
    let site = Site::start(&days).await;
    let mut settings = settings(json!({ "crawlDepth": "10" }));
    (settings.depth, settings.limits.places) = (1000, 12);
    let crawled = crawl_by(&site, &settings).await;
    assert_eq!(crawled.pages.len(), 12);
    assert!(!crawled.summary.complete);
    assert!(!crawled.summary.may_delete("http://site.localhost/39"));
}

#[tokio::test]
async fn links_lead_where_the_domain_rules_let_them() {
    let hosts = [
        "http://site.localhost/1",
        "http://sub.site.localhost/",
        "http://notsite.localhost/",
        "http://other.localhost/",
    ];
    let site = Site::start(&[
        ("site.localhost/", links(&hosts)),
        ("site.localhost/1", page("x")),
        ("sub.site.localhost/", page("x")),
        ("notsite.localhost/", page("x")),
        ("other.localhost/", page("x")),
    ])
    .await;
    let own = crawl(&site, json!({})).await;
    assert_eq!(own.events, ["1 site.localhost/", "2 site.localhost/1"]);
    assert_eq!(own.summary.outside, 3);
    let subdomains = crawl(&site, json!({ "crawlSubDomain": true })).await;
    assert_eq!(subdomains.events, ["1 site.localhost/", "2 site.localhost/1", "2 sub.site.localhost/"]);
    let all = crawl(&site, json!({ "crawlAllDomain": true })).await;
    assert_eq!(all.pages.len(), 5);
}

#[tokio::test]
async fn redirects_are_followed_to_the_page_and_checked_on_the_way() {
    let site = Site::start(&[
        ("site.localhost/", links(&["/old", "/out", "/circle", "/self", "/secret", "/twice", "/mail"])),
        ("site.localhost/old", redirect("/older")),
        ("site.localhost/older", redirect("http://site.localhost/new#part")),
        ("site.localhost/new", page("new")),
        ("site.localhost/out", redirect("http://other.localhost/")),
        ("site.localhost/circle", redirect("/circle2")),
        ("site.localhost/circle2", redirect("/circle")),
        ("site.localhost/self", redirect("/self")),
        ("site.localhost/secret", redirect("/private/1")),
        ("site.localhost/twice", redirect("/")),
        ("site.localhost/mail", redirect("mailto:somebody@example.com")),
    ])
    .await;
    let crawled = crawl(&site, json!({ "exclusionURLCrawlPatterns": ["/private/"] })).await;
    assert_eq!(
        crawled.events,
        [
            "1 site.localhost/",
            "2 site.localhost/new",
            "failed site.localhost/circle2: more than 10 redirects, or a circle of them",
            "failed site.localhost/mail: a redirect to nowhere: mailto:somebody@example.com",
            "failed site.localhost/self: more than 10 redirects, or a circle of them",
            "skipped site.localhost/out: it redirects to a place outside of the crawl",
            "skipped site.localhost/secret: a pattern excludes it",
            "skipped site.localhost/twice: it is the same page as another",
        ]
    );
    for moved in ["http://site.localhost/old", "http://site.localhost/older", "http://site.localhost/out"] {
        assert!(crawled.summary.may_delete(moved), "{moved}");
    }
    assert!(!crawled.summary.may_delete("http://site.localhost/circle"));
    assert!(!site.asked().contains(&"other.localhost/".to_owned()));
}

#[tokio::test]
async fn redirects_have_a_limit() {
    let hops: Vec<(String, _)> =
        (0..12).map(|hop| (format!("site.localhost/{hop}"), redirect(&format!("/{}", hop + 1)))).collect();
    let mut hops: Vec<(&str, _)> = hops.iter().map(|(place, answer)| (place.as_str(), answer.clone())).collect();
    hops.push(("site.localhost/", redirect("/0")));
    let site = Site::start(&hops).await;
    let crawled = crawl(&site, json!({})).await;
    assert_eq!(crawled.events, ["failed site.localhost/9: more than 10 redirects, or a circle of them"]);
    assert_eq!(site.asked().len(), 11);
}

#[tokio::test]
async fn a_page_goes_by_the_name_that_it_gives_itself() {
    let canonical = |to: &str| page(&format!("<link rel=canonical href='{to}'>"));
    let site = Site::start(&[
        ("site.localhost/", links(&["/a?x=1", "/a?x=2", "/b"])),
        ("site.localhost/a?x=1", canonical("/a")),
        ("site.localhost/a?x=2", canonical("/a")),
        ("site.localhost/b", canonical("http://other.localhost/b")),
    ])
    .await;
    let crawled = crawl(&site, json!({})).await;
    assert_eq!(crawled.events.len(), 4);
    assert_eq!(crawled.events[..3], ["1 site.localhost/", "2 site.localhost/a", "2 site.localhost/b"]);
    assert!(crawled.events[3].ends_with("it is the same page as another"));
    assert!(crawled.summary.may_delete("http://site.localhost/a?x=1"));
    assert!(!crawled.summary.may_delete("http://site.localhost/a"));
}

#[tokio::test]
async fn a_page_whose_better_name_leads_back_to_it_is_not_lost() {
    let home = |more: &str| page(&format!("<link rel=canonical href='/'>{more}"));
    let b = page("<link rel=canonical href=/b>");
    let site = Site::start(&[
        ("site.localhost/", redirect("/home")),
        ("site.localhost/home", home("<a href=/a><a href='/a?x'><a href='/b?x'><a href=/b><a href='/c?x'><a href=/c>")),
        ("site.localhost/a", redirect("/a?x")),
        ("site.localhost/a?x", page("<link rel=canonical href=/a>")),
        ("site.localhost/b", b.clone()),
        ("site.localhost/b?x", b),
        ("site.localhost/c?x", page("<link rel=canonical href=/c>")),
    ])
    .await;
    let crawled = crawl(&site, json!({})).await;
    assert_eq!(
        crawled.events,
        [
            "1 site.localhost/home",
            "2 site.localhost/a?x",
            "2 site.localhost/b",
            "2 site.localhost/c?x",
            "gone site.localhost/c",
            "skipped site.localhost/a: it is the same page as another",
            "skipped site.localhost/b?x: it is the same page as another",
        ]
    );
}

#[tokio::test]
async fn patterns_say_what_is_followed_and_what_is_indexed() {
    let site = Site::start(&[
        ("site.localhost/", links(&["/docs/1", "/docs/old/2", "/blog/3"])),
        ("site.localhost/docs/1", links(&["/docs/4"])),
        ("site.localhost/docs/4", page("x")),
    ])
    .await;
    let crawled = crawl(
        &site,
        json!({
            "crawlDepth": "3",
            "inclusionURLCrawlPatterns": ["^http://site[.]localhost/$", ".*/docs/.*"],
            "exclusionURLCrawlPatterns": ["/old/"],
            "inclusionURLIndexPatterns": ["/docs/"],
            "exclusionURLIndexPatterns": ["/1$"],
        }),
    )
    .await;
    assert_eq!(
        crawled.events,
        [
            "3 site.localhost/docs/4",
            "skipped site.localhost/: a pattern excludes it",
            "skipped site.localhost/blog/3: a pattern excludes it",
            "skipped site.localhost/docs/1: a pattern excludes it",
            "skipped site.localhost/docs/old/2: a pattern excludes it",
        ]
    );
    assert_eq!(site.asked(), ["site.localhost/", "site.localhost/docs/1", "site.localhost/docs/4"]);
}
