//! S3: folders as buckets. `s3s` speaks the protocol; what it asks for is answered here.
//!
//! Its own file system (`s3s-fs`) wants all buckets in one folder, in which it also keeps files of its own, and follows
//! links out of it; so it cannot serve a folder that belongs to somebody.

mod buckets;
mod chunked;
mod operation;
mod operations;
mod page;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header, request::Parts};
use http_body_util::BodyExt;
use s3s::service::{S3Service, S3ServiceBuilder};

pub(crate) use buckets::{Buckets, Object, Problem};
pub(crate) use operation::operation;

use crate::{
    Error,
    reply::{Body, Cut, Refusal},
    route::Target,
    s3::operations::Operations,
    server::Failure,
};

/// Headers of a signature, which nobody checks here, and of a body that has been read.
const NOT_PASSED_ON: [&str; 8] = [
    "authorization",
    "content-length",
    "expect",
    "transfer-encoding",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-security-token",
];

/// The service, and the buckets for whoever reads them in this process.
pub(crate) struct S3 {
    service: S3Service,
    buckets: Arc<Buckets>,
}

impl S3 {
    /// `attached` are served as they are; buckets that are made later live in the data folder.
    pub(crate) fn open(attached: &BTreeMap<String, PathBuf>, data: Option<&Path>) -> Result<S3, Error> {
        let buckets = Arc::new(Buckets::open(attached, data)?);
        let service = S3ServiceBuilder::new(Operations::new(Arc::clone(&buckets))).build();
        Ok(S3 { service, buckets })
    }

    pub(crate) fn buckets(&self) -> &Arc<Buckets> {
        &self.buckets
    }

    pub(crate) async fn answer(&self, target: &Target, parts: Parts, body: Bytes) -> Result<Response<Body>, Failure> {
        if !operation::SERVED.contains(&target.operation.as_ref()) {
            return Err(Refusal::not_here("S3", &target.operation).into());
        }
        let response = self.service.call(unsigned(parts, body)?).await.map_err(|error| {
            tracing::error!(?error, "S3 did not answer");
            Refusal::new(500, "InternalError", "We encountered an internal error. Please try again.")
        })?;
        Ok(response.map(|body| Body::of(body.map_err(|_| Cut).boxed_unsync())))
    }
}

/// The request as if nobody had signed it: `s3s` would check a signature, with a secret that is not known here. Bodies
/// that were signed in chunks are put together.
fn unsigned(parts: Parts, body: Bytes) -> Result<Request<s3s::Body>, Refusal> {
    let is_chunked =
        parts.headers.get("x-amz-content-sha256").is_some_and(|value| value.as_bytes().starts_with(b"STREAMING-"));
    let (body, trailers) = match is_chunked {
        true => chunked::decode(&body).ok_or_else(|| {
            Refusal::new(400, "IncompleteBody", "The request body is not in the chunks that its header announces")
        })?,
        false => (body, Vec::new()),
    };

    let mut request = Request::new(());
    *request.method_mut() = parts.method;
    *request.uri_mut() = without_signature(&parts.uri);
    *request.headers_mut() = parts.headers;
    let headers = request.headers_mut();
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding.as_bytes() == b"aws-chunked") {
        headers.remove(header::CONTENT_ENCODING);
    }
    headers.extend(trailers);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Ok(request.map(|()| s3s::Body::from(body)))
}

/// A presigned URL without what was signed into it.
fn without_signature(uri: &Uri) -> Uri {
    let Some(query) = uri.query() else { return uri.clone() };
    let is_kept = |field: &&str| !field.get(..6).is_some_and(|name| name.eq_ignore_ascii_case("x-amz-"));
    let rest: Vec<&str> = query.split('&').filter(is_kept).collect();
    let path = match rest.is_empty() {
        true => uri.path().to_owned(),
        false => format!("{}?{}", uri.path(), rest.join("&")),
    };
    path.parse().unwrap_or_else(|_| uri.clone())
}
