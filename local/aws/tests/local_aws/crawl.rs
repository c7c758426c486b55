//! The web-crawler connector, on a site that the test serves.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use local_aws::{DataSource, UserContext};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    app::App,
    kendra::{INDEX, ask, ids, with_index},
};

type Pages = Arc<Mutex<BTreeMap<&'static str, Option<&'static str>>>>;

/// Pages by their paths; one without content is answered with an error of the server.
async fn serve(pages: Pages) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or("/").to_owned();
            let page = pages.lock().unwrap().get(path.as_str()).copied();
            let (status, body) = match page {
                Some(Some(body)) => ("200 OK", body),
                Some(None) => ("503 Service Unavailable", "later"),
                None => ("404 Not Found", "nothing"),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    url
}

fn template(seed: &str) -> Value {
    let mut template: Value = serde_json::from_str(include_str!("../../../../connectors/web-crawler.json")).unwrap();
    template["connectionConfiguration"]["repositoryEndpointMetadata"]["seedUrlConnections"] =
        json!([{ "seedUrl": seed }]);
    let options = &mut template["additionalProperties"];
    options["crawlDepth"] = json!("2");
    options["maxLinksPerUrl"] = json!("100");
    options["rateLimit"] = json!("300");
    template
}

#[tokio::test]
async fn a_site_is_crawled_and_followed() {
    let pages = Pages::default();
    let set = |path, content| pages.lock().unwrap().insert(path, content);
    set(
        "/",
        Some(
            "<html><title>Start</title><body><p>Welcome to the valley.</p><a href='/cheese'>c</a> <a href='/bells'>b</a></body></html>",
        ),
    );
    set(
        "/cheese",
        Some("<html><title>Cheese</title><body><p>The dairy makes a cheese called Firnkase.</p></body></html>"),
    );
    set("/bells", Some("<html><title>Bells</title><body><p>The bells are cast in Talegg.</p></body></html>"));
    let url = serve(Arc::clone(&pages)).await;
    let (cheese, bells) = (format!("{url}cheese"), format!("{url}bells"));

    let mut config = with_index(None, UserContext::AttributeFilter);
    let source = DataSource {
        id: "pages-1".to_owned(),
        name: "pages".to_owned(),
        template: template(&url),
        sync_at_start: true,
    };
    config.kendra.as_mut().unwrap().data_sources.push(source);
    let app = App::with(config).await;
    app.server.synced().await;
    let found = ask(&app, "Retrieve", json!({ "QueryText": "Which cheese does the dairy make?" })).await;
    let first = &found["ResultItems"][0];
    assert_eq!(
        (&first["DocumentId"], &first["DocumentTitle"], &first["DocumentURI"]),
        (&json!(cheese), &json!("Cheese"), &json!(cheese))
    );

    // One page has an error, another is gone.
    set("/bells", None);
    pages.lock().unwrap().remove("/cheese");
    let about = json!({ "Id": "pages-1", "IndexId": INDEX });
    let (_, started) = app.kendra_json("StartDataSourceSyncJob", about.clone()).await;
    let ended = async || loop {
        let history = app.kendra_json("ListDataSourceSyncJobs", about.clone()).await.1;
        let job = history["History"][0].clone();
        assert_eq!(job["ExecutionId"], started["ExecutionId"]);
        if job.get("EndTime").is_some() {
            return job;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let job = tokio::time::timeout(std::time::Duration::from_secs(60), ended()).await.unwrap();
    assert_eq!(job["Status"], "INCOMPLETE", "{job}");
    let left = ids(&ask(&app, "Retrieve", json!({ "QueryText": "bells cheese valley Talegg Firnkase" })).await);
    assert!(left.contains(&bells) && !left.contains(&cheese), "{left:?}");
}
