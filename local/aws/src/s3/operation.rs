//! What S3 calls a request. Its operations have no names on the wire: method, path and query tell them apart.

use http::{Method, request::Parts};

/// What is answered here.
pub(super) const SERVED: [&str; 12] = [
    "CreateBucket",
    "DeleteBucket",
    "DeleteObject",
    "DeleteObjects",
    "GetBucketLocation",
    "GetObject",
    "HeadBucket",
    "HeadObject",
    "ListBuckets",
    "ListObjects",
    "ListObjectsV2",
    "PutObject",
];

/// Query fields that do not make a request another operation.
const OPTIONS: [&str; 12] = [
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "list-type",
    "marker",
    "max-buckets",
    "max-keys",
    "partNumber",
    "prefix",
    "start-after",
    "x-id",
];

/// The operation of a path-style request; none if it is one that nobody has named here.
pub(crate) fn operation(parts: &Parts) -> Option<&'static str> {
    let (bucket, key) = parts
        .uri
        .path()
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or_else(|| (parts.uri.path().trim_start_matches('/'), ""));
    let fields = parts.uri.query().unwrap_or_default().split('&').filter(|field| !field.is_empty());
    let names = fields.map(|field| field.split_once('=').unwrap_or((field, "")));
    let lists_v2 = names.clone().any(|field| field == ("list-type", "2"));
    let is_option = |name: &str| {
        OPTIONS.contains(&name) || name.starts_with("response-") || name.to_ascii_lowercase().starts_with("x-amz-")
    };
    let subresources: Vec<&str> = names.map(|(name, _)| name).filter(|name| !is_option(name)).collect();

    Some(match (&parts.method, bucket.is_empty(), key.is_empty(), subresources.as_slice()) {
        (&Method::GET, true, _, []) => "ListBuckets",
        (_, true, ..) => return None,
        (&Method::GET, _, true, []) if lists_v2 => "ListObjectsV2",
        (&Method::GET, _, true, []) => "ListObjects",
        (&Method::GET, _, true, ["location"]) => "GetBucketLocation",
        (&Method::HEAD, _, true, []) => "HeadBucket",
        (&Method::PUT, _, true, []) => "CreateBucket",
        (&Method::DELETE, _, true, []) => "DeleteBucket",
        (&Method::POST, _, true, ["delete"]) => "DeleteObjects",
        (&Method::GET, _, false, []) => "GetObject",
        (&Method::HEAD, _, false, []) => "HeadObject",
        (&Method::PUT, _, false, []) if parts.headers.contains_key("x-amz-copy-source") => "CopyObject",
        (&Method::PUT, _, false, []) => "PutObject",
        (&Method::PUT, _, false, ["uploadId"]) => "UploadPart",
        (&Method::DELETE, _, false, []) => "DeleteObject",
        (&Method::DELETE, _, false, ["uploadId"]) => "AbortMultipartUpload",
        (&Method::POST, _, false, ["uploads"]) => "CreateMultipartUpload",
        (&Method::POST, _, false, ["uploadId"]) => "CompleteMultipartUpload",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn every_operation_has_its_name() {
        for (method, uri, expected) in [
            ("GET", "/", Some("ListBuckets")),
            ("GET", "/?x-id=ListBuckets&max-buckets=3", Some("ListBuckets")),
            ("GET", "/b?list-type=2&prefix=a%2F&delimiter=%2F", Some("ListObjectsV2")),
            ("GET", "/b/", Some("ListObjects")),
            ("GET", "/b?location", Some("GetBucketLocation")),
            ("GET", "/b?policy", None),
            ("POST", "/b/?delete", Some("DeleteObjects")),
            ("GET", "/b/a/c.txt?X-Amz-Signature=0&response-content-type=x", Some("GetObject")),
            ("PUT", "/b/a/c.txt?x-id=PutObject", Some("PutObject")),
            ("PUT", "/b/a?partNumber=1&uploadId=2", Some("UploadPart")),
            ("POST", "/b/a?uploads", Some("CreateMultipartUpload")),
            ("GET", "/b/a?tagging", None),
            ("PATCH", "/", None),
        ] {
            let request = Request::builder().method(method).uri(uri).body(()).unwrap();
            assert_eq!(operation(&request.into_parts().0), expected, "{method} {uri}");
        }
    }
}
