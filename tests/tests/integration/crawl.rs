//! From a web site to an answer: the crawler with the deployed connector's settings, the index, and a question.

use serde_json::{Value, json};

use crate::{
    app::{TestApp, eventually},
    documents::INDEX,
    site::Site,
};

const QUESTION: &str = "When does the lighthouse museum open?";

/// The identifier of the one data source.
async fn data_source(app: &TestApp) -> String {
    let listed = app.kendra("ListDataSources", &json!({"IndexId": INDEX})).await.ok();
    listed["SummaryItems"][0]["Id"].as_str().unwrap().to_owned()
}

/// The syncs so far, newest first.
async fn syncs(app: &TestApp, source: &str) -> Vec<Value> {
    let body = json!({"IndexId": INDEX, "Id": source});
    app.kendra("ListDataSourceSyncJobs", &body).await.ok()["History"].as_array().unwrap().clone()
}

/// The page that an answer to the question cites, and the answer's source.
async fn cited(app: &TestApp) -> (Value, Value) {
    app.script(json!([{"text": "At ten [1]."}])).await;
    let mut answer = app.ask(json!({"message": QUESTION})).await.ok();
    (answer["citations"][0]["uri"].take(), answer["source"].take())
}

#[tokio::test]
async fn questions_are_answered_from_a_crawled_site() {
    let site = Site::start().await;
    site.raw("/robots.txt", "200 OK", "content-type: text/plain", 36, "User-agent: *\nDisallow: /private.html");
    site.page("/moved.html", "Museum", "The lighthouse museum opens at ten in the morning. <a href=\"/\">Home</a>");
    site.page("/private.html", "Private", "The lighthouse museum opens at midnight for friends.");
    site.redirect("/museum.html", "/moved.html");
    site.redirect("/round.html", "/about.html");
    site.redirect("/about.html", "/round.html");
    site.raw("/huge.html", "200 OK", "content-type: text/html", 60 << 20, "The lighthouse museum opens at noon.");
    site.raw("/broken.html", "500 Internal Server Error", "content-type: text/html", 4, "Oops");
    let paths =
        ["/museum.html", "/moved.html", "/private.html", "/round.html", "/huge.html", "/broken.html", "/none.html"];

    let app = TestApp::with(|options| options.crawl = paths.map(|path| site.url(path)).to_vec()).await;

    let (uri, source) = cited(&app).await;
    assert_eq!((uri, source), (json!(site.url("/moved.html")), json!("documents")));
    let prompt = app.only_call("Converse").await["messages"].to_string();
    assert!(prompt.contains("opens at ten") && prompt.contains("title=\\\"Museum\\\""), "{prompt}");
    assert_eq!(prompt.matches("</passage>").count(), 1, "one page was all that could be indexed: {prompt}");
    assert!(!site.asked().contains(&"/private.html".to_owned()), "robots.txt says no");

    let source = data_source(&app).await;
    let first = syncs(&app, &source).await;
    assert_eq!(first[0]["Status"], "INCOMPLETE", "not all pages could be read: {first:?}");
    assert_eq!(first[0]["Metrics"]["DocumentsAdded"], "1", "{first:?}");
    assert_eq!(first[0]["Metrics"]["DocumentsFailed"], "2", "the circle and the broken page: {first:?}");

    // The site changes, and the next sync brings it.
    site.page("/museum.html", "Museum", "From May on, the lighthouse museum opens at nine.");
    site.remove("/moved.html");
    let started = app.kendra("StartDataSourceSyncJob", &json!({"IndexId": INDEX, "Id": source})).await.ok();
    let is_over = async || {
        let newest = syncs(&app, &source).await.swap_remove(0);
        newest["ExecutionId"] == started["ExecutionId"] && newest["EndTime"].is_number()
    };
    eventually("the sync ends", is_over).await;
    app.reset().await;
    assert_eq!(cited(&app).await.0, json!(site.url("/museum.html")));
    let prompt = app.only_call("Converse").await["messages"].to_string();
    assert!(prompt.contains("opens at nine") && !prompt.contains("opens at ten"), "what is gone is gone: {prompt}");
}
