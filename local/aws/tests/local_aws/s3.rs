use std::{fs, path::Path};

use local_aws::Config;
use reqwest::{Method, Response};
use serde_json::json;

use crate::app::{App, config};

const SIGNATURE: (&str, &str) = (
    "authorization",
    "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
);

async fn serving(folder: &Path) -> App {
    let buckets = [("documents".to_owned(), folder.to_path_buf())].into();
    App::with(Config { buckets, ..config(None) }).await
}

async fn call(app: &App, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    app.send(method, path, &[&[SIGNATURE], headers].concat(), body.to_owned()).await.unwrap()
}

async fn get(app: &App, path: &str) -> (u16, String) {
    let response = call(app, Method::GET, path, &[], "").await;
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The contents of an XML element, wherever it is.
fn texts<'a>(xml: &'a str, element: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    xml.split(open.as_str()).skip(1).filter_map(|rest| rest.split(close.as_str()).next()).collect()
}

#[tokio::test]
async fn a_folder_is_listed_and_read_as_a_bucket() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("hr/old")).unwrap();
    for key in ["b.md", "hr/a.txt", "hr/old/ä b+c.txt"] {
        fs::write(folder.path().join(key), "0123456789").unwrap();
    }
    let app = serving(folder.path()).await;

    assert_eq!(texts(&get(&app, "/").await.1, "Name"), ["documents"]);
    let (_, all) = get(&app, "/documents?list-type=2").await;
    assert_eq!(texts(&all, "Key"), ["b.md", "hr/a.txt", "hr/old/ä b+c.txt"]);
    let (_, folded) = get(&app, "/documents?list-type=2&prefix=hr/&delimiter=/").await;
    assert_eq!((texts(&folded, "Key"), texts(&folded, "KeyCount")), (vec!["hr/a.txt"], vec!["2"]));
    assert!(folded.contains("<CommonPrefixes><Prefix>hr/old/</Prefix></CommonPrefixes>"), "{folded}");
    let (_, first) = get(&app, "/documents?list-type=2&max-keys=2").await;
    assert_eq!((texts(&first, "Key").len(), texts(&first, "IsTruncated")), (2, vec!["true"]));
    let next = format!("/documents?list-type=2&continuation-token={}", texts(&first, "NextContinuationToken")[0]);
    assert_eq!(texts(&get(&app, &next).await.1, "Key"), ["hr/old/ä b+c.txt"]);

    let whole = call(&app, Method::GET, "/documents/hr/old/%C3%A4%20b%2Bc.txt", &[], "").await;
    assert_eq!(
        (whole.headers()["content-type"].as_bytes(), whole.headers()["content-length"].as_bytes()),
        (&b"text/plain"[..], &b"10"[..])
    );
    let etag = whole.headers()["etag"].clone();
    assert_eq!(whole.text().await.unwrap(), "0123456789");
    for (range, status, expected) in
        [("bytes=2-4", 206, "234"), ("bytes=-3", 206, "789"), ("bytes=20-", 416, "InvalidRange")]
    {
        let part = call(&app, Method::GET, "/documents/b.md", &[("range", range)], "").await;
        assert_eq!(part.status().as_u16(), status);
        assert!(part.text().await.unwrap().contains(expected), "{range}");
    }
    let same = [("if-none-match", etag.to_str().unwrap())];
    assert_eq!(call(&app, Method::GET, "/documents/hr/old/%C3%A4%20b%2Bc.txt", &same, "").await.status(), 304);
    let head = call(&app, Method::HEAD, "/documents/b.md", &[], "").await;
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].as_bytes()), (200, &b"10"[..]));
    assert_eq!(call(&app, Method::HEAD, "/documents/c.md", &[], "").await.status(), 404);
    let presigned = "/documents/b.md?X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0";
    let presigned = app.send(Method::GET, presigned, &[], "").await.unwrap();
    assert_eq!(presigned.text().await.unwrap(), "0123456789");
}

#[tokio::test]
async fn an_attached_folder_is_only_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "mine").unwrap();
    let app = serving(folder.path()).await;
    for (method, path, body) in [
        (Method::PUT, "/documents/a.txt", "theirs"),
        (Method::PUT, "/documents/new/b.txt", "theirs"),
        (Method::DELETE, "/documents/a.txt", ""),
        (Method::DELETE, "/documents", ""),
        (Method::POST, "/documents?delete", "<Delete><Object><Key>a.txt</Key></Object></Delete>"),
    ] {
        let refused = call(&app, method.clone(), path, &[], body).await;
        assert_eq!(refused.status(), 403, "{method} {path}");
        assert!(refused.text().await.unwrap().contains("<Code>AccessDenied</Code>"), "{method} {path}");
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.txt"]);
    assert_eq!(fs::read(folder.path().join("a.txt")).unwrap(), b"mine");
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_outside_of_the_folder_and_nothing_hidden_is_served() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |key: &str| folder.path().join(key);
    fs::create_dir_all(at(".git")).unwrap();
    fs::create_dir_all(at("in/deep")).unwrap();
    for key in [".git/config", ".DS_Store", "~$letter.docx", "a.txt"] {
        fs::write(at(key), "secret").unwrap();
    }
    symlink(outside.path().join("secret.txt"), at("file.txt")).unwrap();
    symlink(outside.path(), at("folder")).unwrap();
    symlink(at(".git/config"), at("config.txt")).unwrap();
    symlink(at("nowhere"), at("broken.txt")).unwrap();
    symlink(folder.path(), at("in/deep/circle")).unwrap();
    symlink(at("a.txt"), at("in/b.txt")).unwrap();

    let app = serving(folder.path()).await;
    assert_eq!(texts(&get(&app, "/documents?list-type=2").await.1, "Key"), ["a.txt", "in/b.txt"]);
    for key in [
        "file.txt",
        "folder/secret.txt",
        "config.txt",
        ".git/config",
        ".DS_Store",
        "broken.txt",
        "in",
        "in%2F..%2Fa.txt",
        "%2e%2e/x",
        "in//b.txt",
    ] {
        let (status, body) = get(&app, &format!("/documents/{key}")).await;
        assert!(status >= 400 && !body.contains("secret"), "{key}: {status} {body}");
    }
    assert_eq!(get(&app, "/documents/in/b.txt").await, (200, "secret".to_owned()));
}

#[tokio::test]
async fn own_buckets_are_written_and_outlive_the_server() {
    let data = tempfile::tempdir().unwrap();
    let app = App::with_data(data.path()).await;
    assert_eq!(call(&app, Method::PUT, "/mine", &[], "").await.status(), 200);
    assert!(call(&app, Method::PUT, "/mine", &[], "").await.text().await.unwrap().contains("BucketAlreadyOwnedByYou"));
    assert_eq!(call(&app, Method::PUT, "/mine/a/b.txt", &[], "first").await.status(), 200);
    let put = call(&app, Method::PUT, "/mine/a/b.txt", &[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], "hello").await;
    assert_eq!(put.status(), 200);
    assert!(put.headers().contains_key("etag"));

    let wrong = call(&app, Method::PUT, "/mine/a/b.txt", &[("x-amz-checksum-crc32", "AAAAAA==")], "changed").await;
    assert!(wrong.text().await.unwrap().contains("BadDigest"));
    let chunked = [("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), ("content-encoding", "aws-chunked")];
    let body = "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
    assert_eq!(call(&app, Method::PUT, "/mine/chunked.txt", &chunked, body).await.status(), 200);
    assert_eq!(get(&app, "/mine/chunked.txt").await, (200, "hello world".to_owned()));
    let once = [("if-none-match", "*")];
    assert_eq!(call(&app, Method::PUT, "/mine/a/b.txt", &once, "again").await.status(), 412);
    for (key, expected) in
        [("a/b.txt/c", "part of it is a key"), ("a", "begins with it"), ("x/../y", "empty, `.` or `..`")]
    {
        let refused = call(&app, Method::PUT, &format!("/mine/{}", key.replace("/../", "%2F..%2F")), &[], "x").await;
        assert!(refused.text().await.unwrap().contains(expected), "{key}");
    }
    app.server.stop().await;

    let app = App::with_data(data.path()).await;
    assert_eq!(get(&app, "/mine/a/b.txt").await, (200, "hello".to_owned()));
    assert!(call(&app, Method::DELETE, "/mine", &[], "").await.text().await.unwrap().contains("BucketNotEmpty"));
    let delete = "<Delete><Object><Key>a/b.txt</Key></Object><Object><Key>absent</Key></Object></Delete>";
    let deleted = call(&app, Method::POST, "/mine?delete", &[], delete).await.text().await.unwrap();
    assert_eq!(texts(&deleted, "Key"), ["a/b.txt", "absent"]);
    assert_eq!(call(&app, Method::DELETE, "/mine/chunked.txt", &[], "").await.status(), 204);
    assert_eq!(call(&app, Method::DELETE, "/mine", &[], "").await.status(), 204);
    assert!(get(&app, "/mine?list-type=2").await.1.contains("NoSuchBucket"));
}

#[tokio::test]
async fn what_is_not_served_is_named_and_faults_strike_here_too() {
    let app = App::start().await;
    let unknown = call(&app, Method::POST, "/mine/large.bin?uploads", &[], "").await;
    assert_eq!(unknown.status(), 501);
    assert!(unknown.text().await.unwrap().contains("CreateMultipartUpload"));

    app.faults(json!([{ "service": "s3", "operation": "ListBuckets", "fault": { "error": { "code": "SlowDown" } } }]))
        .await;
    let (status, body) = get(&app, "/").await;
    assert_eq!((status, texts(&body, "Code")), (503, vec!["SlowDown"]));
    assert_eq!(get(&app, "/").await.0, 200);
    let seen: Vec<_> = app.requests().await.iter().map(|call| call["operation"].as_str().unwrap().to_owned()).collect();
    assert_eq!(seen, ["CreateMultipartUpload", "ListBuckets", "ListBuckets"]);
}
