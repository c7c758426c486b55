//! Data sources: what is in a bucket or on a site is found, as it is now, by those who may.

use std::{fs, path::Path, time::Duration};

use local_aws::{Config, DataSource, Faq, FaqFormat, Sync, UserContext};
use serde_json::{Value, json};

use crate::{
    app::App,
    kendra::{INDEX, ask, ids, with_index},
};

const SOURCE: &str = "documents-1";

fn template(options: Value) -> Value {
    json!({
        "type": "S3",
        "version": "1.0.0",
        "syncMode": "FULL_CRAWL",
        "connectionConfiguration": {"repositoryEndpointMetadata": {"BucketName": "documents"}},
        "repositoryConfigurations": {"document": {"fieldMappings": [
            {"dataSourceFieldName": "team", "indexFieldName": "department", "indexFieldType": "STRING"},
        ]}},
        "additionalProperties": options,
    })
}

fn of_bucket(folder: &Path, data: Option<&Path>, options: Value, sync_at_start: bool) -> Config {
    let mut config = with_index(data, UserContext::AttributeFilter);
    config.buckets = [("documents".to_owned(), folder.to_path_buf())].into();
    let source =
        DataSource { id: SOURCE.to_owned(), name: "documents".to_owned(), template: template(options), sync_at_start };
    config.kendra.as_mut().unwrap().data_sources.push(source);
    config
}

async fn synced(config: Config) -> App {
    let app = App::with(config).await;
    app.server.synced().await;
    app
}

fn only(app: &App) -> Sync {
    let mut syncs = app.server.syncs();
    assert_eq!(syncs.len(), 1);
    syncs.remove(0)
}

fn write(folder: &Path, key: &str, content: &str) {
    let path = folder.join(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

async fn find(app: &App, text: &str, user: &str) -> Vec<String> {
    let context = json!({ "UserId": user });
    let mut found = ids(&ask(app, "Retrieve", json!({ "QueryText": text, "UserContext": context })).await);
    found.sort();
    found.dedup();
    found
}

/// Starts a sync and waits for its end, which it gives.
async fn sync(app: &App) -> Value {
    let about = json!({ "Id": SOURCE, "IndexId": INDEX });
    let (status, started) = app.kendra_json("StartDataSourceSyncJob", about).await;
    assert_eq!(status, 200, "{started}");
    until_ended(app, started["ExecutionId"].as_str().unwrap()).await
}

async fn until_ended(app: &App, job: &str) -> Value {
    for _ in 0..2400 {
        let history = ask(app, "ListDataSourceSyncJobs", json!({ "Id": SOURCE })).await;
        let found = history["History"].as_array().unwrap().iter().find(|it| it["ExecutionId"] == job).unwrap().clone();
        if found.get("EndTime").is_some() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the sync never ended");
}

fn counts(job: &Value) -> [u32; 5] {
    ["Scanned", "Added", "Modified", "Deleted", "Failed"]
        .map(|name| job["Metrics"][format!("Documents{name}")].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_bucket_is_indexed_and_followed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "hours.md", "# Opening hours\n\nThe ticket office opens at seven.");
    write(folder.path(), "fares/adults.txt", "An adult ticket to the summit costs ninety francs.");
    write(
        folder.path(),
        "fares/adults.txt.metadata.json",
        r#"{"DocumentId": "fares", "Title": "Fares", "Attributes": {"_category": "Sales", "team": "tickets",
            "_created_at": "2026-01-02T00:00:00Z", "_source_uri": "https://example.com/fares"}}"#,
    );
    let app = synced(of_bucket(folder.path(), None, json!({}), true)).await;
    assert_eq!(only(&app).error, None);
    let found = ask(&app, "Retrieve", json!({ "QueryText": "What does an adult ticket cost?" })).await;
    let fares = found["ResultItems"].as_array().unwrap().iter().find(|item| item["DocumentId"] == "fares").unwrap();
    assert_eq!(
        (&fares["DocumentTitle"], &fares["DocumentURI"]),
        (&json!("Fares"), &json!("https://example.com/fares"))
    );
    let attribute = |name: &str| {
        let all = fares["DocumentAttributes"].as_array().unwrap();
        all.iter().find(|attribute| attribute["Key"] == name).map(|attribute| attribute["Value"].clone())
    };
    assert_eq!(attribute("department"), Some(json!({ "StringValue": "tickets" })));
    assert_eq!(attribute("_data_source_id"), Some(json!({ "StringValue": SOURCE })));
    assert_eq!(attribute("_file_type"), Some(json!({ "StringValue": "PLAIN_TEXT" })));
    assert_eq!(attribute("team"), None);
    assert_eq!(find(&app, "When does the office open?", "alice").await, ["fares", "s3://documents/hours.md"]);

    assert_eq!(counts(&sync(&app).await), [2, 0, 0, 0, 0], "nothing has changed");
    write(folder.path(), "hours.md", "# Opening hours\n\nThe ticket office now opens at half past six.");
    write(folder.path(), "dogs.txt", "Dogs travel free of charge.");
    fs::remove_file(folder.path().join("fares/adults.txt")).unwrap();
    let changed = sync(&app).await;
    assert_eq!((counts(&changed), changed["Status"].as_str()), ([2, 1, 1, 1, 0], Some("SUCCEEDED")));
    assert_eq!(
        find(&app, "ticket office opens dogs", "alice").await,
        ["s3://documents/dogs.txt", "s3://documents/hours.md"]
    );
}

#[tokio::test]
async fn access_is_what_the_files_say_now() {
    let folder = tempfile::tempdir().unwrap();
    let acl = |user: &str| {
        format!(
            r#"[{{"keyPrefix": "s3://documents/hr/", "aclEntries": [{{"Name": "{user}", "Type": "USER", "Access": "ALLOW"}}]}}]"#
        )
    };
    write(folder.path(), "acl.json", &acl("alice"));
    write(folder.path(), "hr/pay.txt", "The pay of a conductor is a secret number.");
    write(folder.path(), "hr/own.txt", "The pay of the director is another secret number.");
    write(
        folder.path(),
        "metadata/hr/own.txt.metadata.json",
        r#"{"AccessControlList": [{"Name": "carol", "Type": "USER", "Access": "ALLOW"}]}"#,
    );
    let options = json!({ "aclConfigurationFilePath": "acl.json", "metadataFilesPrefix": "metadata/" });
    let app = synced(of_bucket(folder.path(), None, options, true)).await;
    let (pay, own) = ("s3://documents/hr/pay.txt", "s3://documents/hr/own.txt");
    assert_eq!(find(&app, "secret pay number", "alice").await, [pay]);
    assert_eq!(find(&app, "secret pay number", "carol").await, [own]);
    assert!(find(&app, "secret pay number", "bob").await.is_empty());

    write(folder.path(), "acl.json", &acl("bob"));
    let followed = sync(&app).await;
    assert_eq!(counts(&followed), [2, 0, 1, 0, 0], "only the one that the file is for");
    assert_eq!(find(&app, "secret pay number", "bob").await, [pay]);
    assert!(find(&app, "secret pay number", "alice").await.is_empty());

    // A list that cannot be read any more is not taken for none, and what it protected is gone.
    write(folder.path(), "metadata/hr/own.txt.metadata.json", r#"{"AccessControlList": "#);
    let broken = sync(&app).await;
    assert_eq!(counts(&broken), [2, 0, 0, 1, 1]);
    let message = broken["ErrorMessage"].as_str().unwrap();
    assert!(message.contains("hr/own.txt: its metadata file metadata/hr/own.txt.metadata.json"), "{message}");
    for user in ["alice", "bob", "carol"] {
        assert!(!find(&app, "secret pay number", user).await.contains(&own.to_owned()));
    }

    // Without the file of the bucket nobody knows anything: all stays as it was.
    for content in [Some("[{}]"), None] {
        match content {
            Some(content) => write(folder.path(), "acl.json", content),
            None => fs::remove_file(folder.path().join("acl.json")).unwrap(),
        }
        write(folder.path(), "public.txt", "A secret number for everybody.");
        let failed = sync(&app).await;
        assert_eq!((failed["Status"].as_str(), failed["ErrorCode"].as_str()), (Some("FAILED"), Some("InternalError")));
        assert!(failed["ErrorMessage"].as_str().unwrap().contains("acl.json"), "{failed}");
        assert_eq!(find(&app, "secret pay number", "bob").await, [pay]);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.txt", "The good document is about marmots.");
    write(folder.path(), "bad.pdf", "%PDF-1.7 and then nothing");
    write(folder.path(), "empty.txt", "");
    write(folder.path(), "one.txt", "Marmots again.");
    write(folder.path(), "one.txt.metadata.json", r#"{"DocumentId": "s3://documents/good.txt"}"#);
    let app = synced(of_bucket(folder.path(), None, json!({}), true)).await;
    let sync = only(&app);
    assert_eq!((sync.counts.scanned, sync.counts.added, sync.counts.failed), (4, 1, 3));
    let names: Vec<&str> = sync.failures.iter().map(|failure| failure.document.as_str()).collect();
    assert_eq!(names, ["bad.pdf", "empty.txt", "one.txt"]);
    assert!(sync.failures[2].reason.contains("another document has its identifier"));
    assert_eq!(find(&app, "marmots", "alice").await, ["s3://documents/good.txt"]);
}

#[tokio::test]
async fn one_sync_runs_at_a_time_and_a_stopped_one_deletes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "first.txt", "The first document is about marmots.");
    let app = synced(of_bucket(folder.path(), None, json!({}), true)).await;
    fs::remove_file(folder.path().join("first.txt")).unwrap();
    let words = "Ibexes climb rocks that nobody else would climb, early in the morning. ".repeat(60);
    for number in 0..200 {
        write(folder.path(), &format!("{number}.txt"), &words);
    }
    let about = json!({ "Id": SOURCE, "IndexId": INDEX });
    let (_, started) = app.kendra_json("StartDataSourceSyncJob", about.clone()).await;
    let (status, second) = app.kendra_json("StartDataSourceSyncJob", about.clone()).await;
    assert_eq!((status, second["__type"].as_str()), (400, Some("ResourceInUseException")));
    assert_eq!(app.kendra_json("StopDataSourceSyncJob", about.clone()).await, (200, Value::Null));
    let ended = until_ended(&app, started["ExecutionId"].as_str().unwrap()).await;
    assert_eq!((ended["Status"].as_str(), counts(&ended)[3]), (Some("ABORTED"), 0));
    assert!(find(&app, "marmots", "alice").await.contains(&"s3://documents/first.txt".to_owned()));
    assert_eq!(app.kendra_json("StopDataSourceSyncJob", about).await.0, 200, "there is nothing to stop");
}

#[tokio::test]
async fn history_outlives_the_server_and_says_what_a_crash_cut_off() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(folder.path(), "a.txt", "A document about marmots.");
    let app = synced(of_bucket(folder.path(), Some(data.path()), json!({}), true)).await;
    sync(&app).await;
    app.server.stop().await;
    // As a process leaves it that is killed in the middle of a sync.
    let file = data.path().join("kendra/syncs.json");
    let mut kept: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let jobs = kept[SOURCE]["jobs"].as_array_mut().unwrap();
    jobs[1]["status"] = json!("SYNCING");
    jobs[1]["ended_ms"] = Value::Null;
    fs::write(&file, kept.to_string()).unwrap();

    let app = synced(of_bucket(folder.path(), Some(data.path()), json!({}), false)).await;
    let listed = async |request: Value| {
        let mut request = request;
        request["Id"] = SOURCE.into();
        ask(&app, "ListDataSourceSyncJobs", request).await
    };
    let all = listed(json!({})).await;
    let statuses: Vec<&str> =
        all["History"].as_array().unwrap().iter().map(|job| job["Status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["FAILED", "SUCCEEDED"]);
    assert!(all["History"][0]["ErrorMessage"].as_str().unwrap().contains("process ended"));
    let succeeded = listed(json!({ "StatusFilter": "SUCCEEDED" })).await;
    assert_eq!(succeeded["History"].as_array().unwrap().len(), 1);
    let first = listed(json!({ "MaxResults": 1 })).await;
    let second = listed(json!({ "MaxResults": 1, "NextToken": first["NextToken"] })).await;
    assert_eq!(second["History"][0]["ExecutionId"], all["History"][1]["ExecutionId"]);
    assert!(second.get("NextToken").is_none());
    let later = listed(json!({ "StartTimeFilter": { "StartTime": 4_000_000_000_u64 } })).await;
    assert_eq!(later["History"], json!([]));
    let (status, unknown) = app.kendra_json("ListDataSourceSyncJobs", json!({ "Id": "other", "IndexId": INDEX })).await;
    assert_eq!((status, unknown["__type"].as_str()), (400, Some("ResourceNotFoundException")));
    assert_eq!(ask(&app, "ListDataSources", json!({})).await["SummaryItems"][0]["Type"], "TEMPLATE");
}

#[tokio::test]
async fn what_this_run_does_not_have_is_not_found() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(folder.path(), "a.txt", "A document about marmots.");
    let app = synced(of_bucket(folder.path(), Some(data.path()), json!({}), true)).await;
    assert_eq!(find(&app, "marmots", "alice").await.len(), 1);
    app.server.stop().await;
    let app = synced(with_index(Some(data.path()), UserContext::AttributeFilter)).await;
    assert!(find(&app, "marmots", "alice").await.is_empty());
}

#[tokio::test]
async fn a_faq_is_loaded_and_followed() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let with_faq = || {
        let mut config = with_index(Some(data.path()), UserContext::AttributeFilter);
        config.buckets = [("documents".to_owned(), folder.path().to_path_buf())].into();
        config.kendra.as_mut().unwrap().faqs.push(Faq {
            id: "faq-1".to_owned(),
            name: "questions".to_owned(),
            bucket: "documents".to_owned(),
            key: "faq.csv".to_owned(),
            format: FaqFormat::CsvWithHeader,
        });
        config
    };
    let answers = async |app: &App| {
        let request = json!({ "QueryText": "How much is a ticket?", "QueryResultTypeFilter": "QUESTION_ANSWER" });
        ask(app, "Query", request).await["ResultItems"].as_array().unwrap().len()
    };
    write(
        folder.path(),
        "faq.csv",
        "_question,_answer\nHow much is a ticket?,Ninety francs.\nMay I bring a dog?,Yes.\n",
    );
    let app = synced(with_faq()).await;
    assert_eq!((only(&app).counts.added, only(&app).error), (2, None));
    assert!(answers(&app).await > 0);
    let listed = ask(&app, "ListFaqs", json!({})).await;
    let faq = &listed["FaqSummaryItems"][0];
    assert_eq!((&faq["Status"], &faq["FileFormat"]), (&json!("ACTIVE"), &json!("CSV_WITH_HEADER")));
    app.server.stop().await;

    let app = synced(with_faq()).await;
    assert_eq!((only(&app).counts.added, only(&app).counts.modified), (0, 0), "it has not changed");
    app.server.stop().await;
    write(folder.path(), "faq.csv", "_question,_answer\nHow much is a ticket?\n");
    let app = synced(with_faq()).await;
    assert!(only(&app).error.unwrap().contains("line 2: 1 fields"), "{:?}", only(&app));
    assert_eq!(answers(&app).await, 0);
    assert_eq!(ask(&app, "ListFaqs", json!({})).await["FaqSummaryItems"][0]["Status"], "FAILED");
}

#[tokio::test]
async fn a_template_that_is_not_understood_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let config = of_bucket(folder.path(), None, json!({ "inclusionPattern": ["*.pdf"] }), true);
    let Err(error) = local_aws::LocalAws::start(config).await else { panic!("it started") };
    assert!(error.to_string().contains("inclusionPattern"), "{error}");
}
