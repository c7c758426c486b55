use std::time::Duration;

use serde_json::json;

use super::{
    DOWN, crawl, crawl_by, settings,
    site::{Answer, Site, answer, links, packed, page, redirect},
};

#[tokio::test]
async fn what_is_gone_is_told_from_what_failed() {
    let down = format!("http://{DOWN}/");
    let site = Site::start(&[
        ("site.localhost/", links(&["/gone", "/missing", "/broken", "/forbidden", &down])),
        ("site.localhost/gone", answer(410, &[], "")),
        ("site.localhost/broken", answer(500, &[], "")),
        ("site.localhost/forbidden", answer(403, &[], "")),
    ])
    .await;
    let crawled = crawl(&site, json!({ "crawlAllDomain": true })).await;
    assert_eq!(crawled.events[0], "1 site.localhost/");
    assert!(crawled.events[1].starts_with("failed down.localhost/: Connection refused"), "{:?}", crawled.events);
    assert_eq!(
        crawled.events[2..],
        [
            "failed site.localhost/broken: the server answered 500",
            "failed site.localhost/forbidden: the server answered 403",
            "gone site.localhost/gone",
            "gone site.localhost/missing",
        ]
    );
    let summary = crawled.summary;
    assert_eq!((summary.pages, summary.gone, summary.failed, summary.skipped), (1, 2, 3, 0));
    assert!(summary.may_delete("http://site.localhost/gone") && summary.may_delete("http://site.localhost/missing"));
    for kept in ["http://site.localhost/", "http://site.localhost/broken", "http://site.localhost/never-met", &down] {
        assert!(!summary.may_delete(kept), "{kept}");
    }
}

#[tokio::test]
async fn what_nobody_links_to_is_deleted_after_a_crawl_that_missed_nothing() {
    let site = Site::start(&[("site.localhost/", links(&["/missing"]))]).await;
    let summary = crawl(&site, json!({})).await.summary;
    assert!(summary.complete && summary.may_delete("http://site.localhost/never-met"));
    assert!(!summary.may_delete("http://site.localhost/"));
}

#[tokio::test]
async fn a_seed_that_leads_nowhere_takes_nothing_else_with_it() {
    let image = answer(200, &["content-type: image/png"], "x");
    for nowhere in [answer(404, &[], ""), redirect("http://other.localhost/login"), page(""), image] {
        let site = Site::start(&[("site.localhost/", nowhere)]).await;
        let crawled = crawl(&site, json!({})).await;
        assert_eq!(crawled.events.len(), 1);
        assert!(crawled.summary.may_delete("http://site.localhost/"), "{:?}", crawled.events);
        assert!(!crawled.summary.may_delete("http://site.localhost/never-met"), "{:?}", crawled.events);
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again_but_not_for_ever() {
    let site = Site::start(&[
        ("site.localhost/", links(&["/busy", "/always", "/tomorrow"])),
        ("site.localhost/busy", answer(503, &["retry-after: 0"], "")),
        ("site.localhost/busy", answer(429, &["retry-after: Wed, 21 Oct 2015 07:28:00 GMT"], "")),
        ("site.localhost/busy", page("at last")),
        ("site.localhost/always", answer(503, &[], "")),
        ("site.localhost/tomorrow", answer(503, &["retry-after: 86400"], "")),
    ])
    .await;
    let crawled = crawl(&site, json!({})).await;
    assert_eq!(
        crawled.events,
        [
            "1 site.localhost/",
            "2 site.localhost/busy",
            "failed site.localhost/always: the server answered 503",
            "failed site.localhost/tomorrow: the server answered 503",
        ]
    );
    let count = |place| site.asked().iter().filter(|asked| **asked == format!("site.localhost/{place}")).count();
    assert_eq!((count("busy"), count("always"), count("tomorrow")), (3, 3, 1));
}

#[tokio::test]
async fn retry_after_holds_the_next_request_back() {
    let site =
        Site::start(&[("site.localhost/", answer(503, &["retry-after: 1"], "")), ("site.localhost/", page("x"))]).await;
    assert_eq!(crawl(&site, json!({})).await.events, ["1 site.localhost/"]);
    let requests = site.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_millis(950));
}

#[tokio::test]
async fn a_page_that_is_cut_off_is_not_indexed() {
    let cut = Answer { announced: Some(1000), ..page("only this much") };
    let site = Site::start(&[
        ("site.localhost/", links(&["/cut", "/cut-once", "/longer"])),
        ("site.localhost/cut", cut.clone()),
        ("site.localhost/cut-once", cut),
        ("site.localhost/cut-once", page("whole")),
        ("site.localhost/longer", Answer { announced: Some(3), ..page("abcdef") }),
    ])
    .await;
    let crawled = crawl(&site, json!({})).await;
    assert_eq!(
        crawled.events,
        [
            "1 site.localhost/",
            "2 site.localhost/cut-once",
            "2 site.localhost/longer",
            "failed site.localhost/cut: the connection broke off in the page",
        ]
    );
    let longer = crawled.pages.iter().find(|page| page.url.ends_with("/longer")).unwrap();
    assert_eq!(&longer.bytes[..], b"abc");
}

#[tokio::test]
async fn a_page_that_is_too_large_is_not_read_to_its_end() {
    let announced = Answer { announced: Some(1 << 30), ..page("x") };
    let endless = Answer { endless: true, ..page("") };
    let site = Site::start(&[
        ("site.localhost/", links(&["/announced", "/endless"])),
        ("site.localhost/announced", announced),
        ("site.localhost/endless", endless),
    ])
    .await;
    let crawled = crawl(&site, json!({ "maxFileSize": "0.1" })).await;
    assert_eq!(
        crawled.events,
        [
            "1 site.localhost/",
            "skipped site.localhost/announced: it is larger than the size limit",
            "skipped site.localhost/endless: it is larger than the size limit",
        ]
    );
    // The limit, and what the buffers of the two ends take.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let sent = site.bytes_sent();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(sent, site.bytes_sent());
}

#[tokio::test]
async fn a_packed_page_is_unpacked_within_the_size_limit() {
    let html = format!("<a href=/br>x</a><a href=/bad>x</a>{:50000}", "");
    let packed = answer(200, &["content-type: text/html", "content-encoding: gzip"], packed(&html));
    let site = Site::start(&[
        ("site.localhost/", packed),
        ("site.localhost/br", answer(200, &["content-type: text/html", "content-encoding: br"], "?")),
        ("site.localhost/bad", answer(200, &["content-type: text/html", "content-encoding: gzip"], "no gzip")),
    ])
    .await;
    let crawled = crawl(&site, json!({})).await;
    assert_eq!(
        crawled.events,
        [
            "1 site.localhost/",
            "failed site.localhost/bad: it is packed in a way that is not known or not right: gzip",
            "failed site.localhost/br: it is packed in a way that is not known or not right: br",
        ]
    );
    assert!(site.requests()[0].head.contains("accept-encoding: identity\r\n"));
    // 50 kB in some 100 bytes.
    let small = crawl(&site, json!({ "maxFileSize": "0.01", "crawlDepth": "1" })).await;
    assert_eq!(small.events, ["skipped site.localhost/: it is larger than the size limit"]);
}

#[tokio::test]
async fn a_slow_server_does_not_hold_up_the_crawl() {
    let slow = Answer { pause: Duration::from_secs(60), ..page("x") };
    let site = Site::start(&[
        ("site.localhost/", links(&["/slow", "/quick"])),
        ("site.localhost/slow", slow),
        ("site.localhost/quick", page("x")),
    ])
    .await;
    let mut settings = settings(json!({}));
    settings.limits.idle = Duration::from_millis(300);
    let crawled = crawl_by(&site, &settings).await;
    assert_eq!(
        crawled.events,
        ["1 site.localhost/", "2 site.localhost/quick", "failed site.localhost/slow: it took too long"]
    );
    assert_eq!(site.asked().len(), 3);
}

#[tokio::test]
async fn a_page_that_trickles_for_ever_is_given_up() {
    let trickle = Answer { endless: true, pause: Duration::from_millis(10), ..page("") };
    let site = Site::start(&[("site.localhost/", trickle)]).await;
    let mut settings = settings(json!({}));
    (settings.size, settings.limits.total) = (u64::MAX, Duration::from_millis(200));
    assert_eq!(crawl_by(&site, &settings).await.events, ["failed site.localhost/: it took too long"]);
}

#[tokio::test]
async fn files_are_crawled_if_the_template_wants_them() {
    let file = |content_type: &str| answer(200, &[content_type], "file");
    let places = [
        ("site.localhost/", links(&["/a.pdf", "/b.docx", "/download?id=1", "/c.png", "/movie", "/d.bin2", "/e"])),
        ("site.localhost/a.pdf", file("content-type: application/pdf")),
        ("site.localhost/b.docx", file("content-type: application/octet-stream")),
        ("site.localhost/download?id=1", file("content-type: text/csv; charset=utf-8")),
        ("site.localhost/movie", file("content-type: video/mp4")),
        ("site.localhost/d.bin2", file("content-type: application/octet-stream")),
        ("site.localhost/e", file("x-no: type")),
    ];
    let site = Site::start(&places).await;
    let others = [
        "skipped site.localhost/c.png: it is neither a web page nor a document",
        "skipped site.localhost/d.bin2: it is neither a web page nor a document",
        "skipped site.localhost/movie: it is neither a web page nor a document",
    ];
    let with = crawl(&site, json!({ "crawlAttachments": true, "exclusionFileIndexPatterns": ["b[.]docx$"] })).await;
    assert_eq!(
        with.events[..5],
        [
            "1 site.localhost/",
            "2 site.localhost/a.pdf",
            "2 site.localhost/download?id=1",
            "2 site.localhost/e",
            "skipped site.localhost/b.docx: a pattern excludes it",
        ]
    );
    assert_eq!(with.events[5..], others);
    let attachments = with.pages.iter().filter(|page| page.attachment).map(|page| page.url.as_str());
    assert_eq!(attachments.collect::<Vec<_>>().len(), 2);

    let site = Site::start(&places).await;
    let without = crawl(&site, json!({})).await;
    assert_eq!(without.pages.len(), 2);
    assert!(!site.asked().contains(&"site.localhost/a.pdf".to_owned()));
}

#[tokio::test]
async fn a_version_changes_with_the_page() {
    let date = "last-modified: Thu, 01 Jan 1970 00:01:00 GMT";
    let site = Site::start(&[
        ("site.localhost/", links(&["/etag", "/date", "/empty"])),
        ("site.localhost/etag", answer(200, &["content-type: text/html", "etag: \"v1\"", date], "x")),
        ("site.localhost/date", answer(200, &["content-type: text/html", date], "x")),
        ("site.localhost/empty", page("")),
    ])
    .await;
    let crawled = crawl(&site, json!({})).await;
    assert_eq!(crawled.events[3], "skipped site.localhost/empty: it is empty");
    let found = |name: &str| crawled.pages.iter().find(|page| page.url.ends_with(name)).unwrap();
    assert_eq!(found("/etag").version, "\"v1\"");
    assert_eq!(found("/date").version, "Thu, 01 Jan 1970 00:01:00 GMT");
    assert_eq!(found("/date").last_modified, Some("Thu, 01 Jan 1970 00:01:00 GMT".to_owned()));
    assert_eq!(found("localhost/").version.len(), 64);
}
