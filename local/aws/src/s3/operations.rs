//! The operations of S3, as `s3s` asks for them.

use std::{io::SeekFrom, path::PathBuf, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use s3s::{
    S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, checksum::ChecksumHasher, crypto::Checksum as _, dto::*,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::{
    buckets::{Buckets, Object as Found, Problem},
    page::{MAX_KEYS, Page, page},
};

const PIECE: usize = 64 << 10;

pub(super) struct Operations {
    buckets: Arc<Buckets>,
}

impl Operations {
    pub(super) fn new(buckets: Arc<Buckets>) -> Operations {
        Operations { buckets }
    }

    /// Files are read and written on threads for that.
    async fn on<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Buckets) -> Result<T, Problem> + Send + 'static,
    ) -> S3Result<T> {
        let buckets = Arc::clone(&self.buckets);
        let done = tokio::task::spawn_blocking(move || work(&buckets)).await;
        done.map_err(|error| S3Error::with_source(S3ErrorCode::InternalError, Box::new(error)))?.map_err(refused)
    }

    async fn find(&self, bucket: String, key: String) -> S3Result<(Found, PathBuf)> {
        self.on(move |buckets| buckets.find(&bucket, &key)).await
    }

    async fn page(
        &self,
        bucket: String,
        prefix: &str,
        delimiter: Option<String>,
        after: String,
        limit: Option<i32>,
    ) -> S3Result<Page> {
        let prefix = prefix.to_owned();
        let limit = limit.map_or(MAX_KEYS, |limit| usize::try_from(limit).unwrap_or(0).min(MAX_KEYS));
        self.on(move |buckets| {
            let objects = buckets.list(&bucket, &prefix)?;
            Ok(page(objects, &prefix, delimiter.as_deref(), &after, limit))
        })
        .await
    }
}

#[async_trait::async_trait]
impl S3 for Operations {
    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let names = self.on(Buckets::names).await?;
        let bucket = |(name, made_at): (String, _)| Bucket {
            name: Some(name),
            creation_date: Some(Timestamp::from(made_at)),
            ..Bucket::default()
        };
        let buckets = Some(names.into_iter().map(bucket).collect());
        Ok(S3Response::new(ListBucketsOutput { buckets, ..ListBucketsOutput::default() }))
    }

    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        let bucket = request.input.bucket;
        let location = Some(format!("/{bucket}"));
        self.on(move |buckets| buckets.make(&bucket)).await?;
        Ok(S3Response::new(CreateBucketOutput { location }))
    }

    async fn delete_bucket(&self, request: S3Request<DeleteBucketInput>) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.on(move |buckets| buckets.remove(&request.input.bucket)).await?;
        Ok(S3Response::with_status(DeleteBucketOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        match self.buckets.exists(&request.input.bucket) {
            true => Ok(S3Response::new(HeadBucketOutput::default())),
            false => Err(refused(Problem::NoSuchBucket)),
        }
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        match self.buckets.exists(&request.input.bucket) {
            true => Ok(S3Response::new(GetBucketLocationOutput::default())),
            false => Err(refused(Problem::NoSuchBucket)),
        }
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let after = match &input.continuation_token {
            Some(token) => read_token(token)?,
            None => input.start_after.clone().unwrap_or_default(),
        };
        let prefix = input.prefix.unwrap_or_default();
        let page = self.page(input.bucket.clone(), &prefix, input.delimiter.clone(), after, input.max_keys).await?;
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            key_count: i32::try_from(page.objects.len() + page.prefixes.len()).ok(),
            max_keys: Some(input.max_keys.unwrap_or(MAX_KEYS as i32)),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.map(|next| BASE64_URL_SAFE_NO_PAD.encode(next)),
            contents: Some(page.objects.into_iter().map(listed).collect()),
            common_prefixes: Some(page.prefixes.into_iter().map(common_prefix).collect()),
            prefix: Some(prefix),
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = request.input;
        let (prefix, marker) = (input.prefix.unwrap_or_default(), input.marker.unwrap_or_default());
        let page =
            self.page(input.bucket.clone(), &prefix, input.delimiter.clone(), marker.clone(), input.max_keys).await?;
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(input.bucket),
            max_keys: Some(input.max_keys.unwrap_or(MAX_KEYS as i32)),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next,
            contents: Some(page.objects.into_iter().map(listed).collect()),
            common_prefixes: Some(page.prefixes.into_iter().map(common_prefix).collect()),
            prefix: Some(prefix),
            marker: Some(marker),
            delimiter: input.delimiter,
            ..ListObjectsOutput::default()
        }))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let (object, _) = self.find(input.bucket, input.key).await?;
        meets(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(length(object.size)?),
            content_type: Some(content_type(&object.key)),
            e_tag: Some(ETag::Strong(object.etag())),
            last_modified: Some(Timestamp::from(object.modified)),
            ..HeadObjectOutput::default()
        }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let (object, path) = self.find(input.bucket, input.key).await?;
        meets(&object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let range = input.range.map(|range| range.check(object.size)).transpose()?;
        let bytes = range.clone().unwrap_or(0..object.size);
        let content_range = range.map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, object.size));

        let mut file = tokio::fs::File::open(path).await.map_err(|error| refused(Problem::Io(error)))?;
        file.seek(SeekFrom::Start(bytes.start)).await.map_err(|error| refused(Problem::Io(error)))?;
        Ok(S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(length(bytes.end - bytes.start)?),
            content_range,
            content_type: Some(content_type(&object.key)),
            e_tag: Some(ETag::Strong(object.etag())),
            last_modified: Some(Timestamp::from(object.modified)),
            body: Some(pieces(file, bytes.end - bytes.start)),
            ..GetObjectOutput::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let mut input = request.input;
        if input.metadata.as_ref().is_some_and(|metadata| !metadata.is_empty()) {
            let message = "local-aws keeps no user-defined metadata of objects";
            return Err(S3Error::with_message(S3ErrorCode::NotImplemented, message));
        }
        let content = whole(input.body.take()).await?;
        is_as_sent(&input, &content)?;
        let (bucket, key) = (input.bucket, input.key);
        let only_if_absent = input.if_none_match.is_some_and(|condition| condition.is_any());
        let written = self.on(move |buckets| {
            if only_if_absent && buckets.find(&bucket, &key).is_ok() {
                return Ok(None);
            }
            buckets.write(&bucket, &key, &content).map(Some)
        });
        let object = written.await?.ok_or_else(precondition_failed)?;
        let e_tag = Some(ETag::Strong(object.etag()));
        Ok(S3Response::new(PutObjectOutput { e_tag, ..PutObjectOutput::default() }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let DeleteObjectInput { bucket, key, .. } = request.input;
        self.on(move |buckets| buckets.delete(&bucket, &key)).await?;
        Ok(S3Response::with_status(DeleteObjectOutput::default(), http::StatusCode::NO_CONTENT))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let DeleteObjectsInput { bucket, delete, .. } = request.input;
        let keys: Vec<String> = delete.objects.into_iter().map(|object| object.key).collect();
        let deleted = keys.clone();
        self.on(move |buckets| keys.iter().try_for_each(|key| buckets.delete(&bucket, key))).await?;
        let deleted = deleted.into_iter().map(|key| DeletedObject { key: Some(key), ..DeletedObject::default() });
        let deleted = (!delete.quiet.unwrap_or(false)).then(|| deleted.collect());
        Ok(S3Response::new(DeleteObjectsOutput { deleted, ..DeleteObjectsOutput::default() }))
    }
}

fn refused(problem: Problem) -> S3Error {
    let code = match &problem {
        Problem::NoSuchBucket => S3ErrorCode::NoSuchBucket,
        Problem::NoSuchKey => S3ErrorCode::NoSuchKey,
        Problem::ReadOnly => S3ErrorCode::AccessDenied,
        Problem::BucketExists => S3ErrorCode::BucketAlreadyOwnedByYou,
        Problem::BucketNotEmpty => S3ErrorCode::BucketNotEmpty,
        Problem::Key(_) => S3ErrorCode::InvalidArgument,
        Problem::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => S3ErrorCode::AccessDenied,
        Problem::Io(_) => S3ErrorCode::InternalError,
    };
    S3Error::with_message(code, problem.to_string())
}

fn precondition_failed() -> S3Error {
    let message = "At least one of the pre-conditions you specified did not hold";
    S3Error::with_message(S3ErrorCode::PreconditionFailed, message)
}

fn meets(object: &Found, if_match: Option<&IfMatch>, if_none_match: Option<&IfNoneMatch>) -> S3Result<()> {
    let is_it = |condition: &ETagCondition| {
        condition.is_any() || condition.as_etag().is_some_and(|etag| etag.value() == object.etag())
    };
    if if_match.is_some_and(|condition| !is_it(condition)) {
        return Err(precondition_failed());
    }
    if if_none_match.is_some_and(is_it) {
        return Err(S3Error::new(S3ErrorCode::NotModified));
    }
    Ok(())
}

/// What the client computed before it sent the body must be what arrived.
fn is_as_sent(input: &PutObjectInput, content: &[u8]) -> S3Result<()> {
    let mut hasher = ChecksumHasher {
        crc32: input.checksum_crc32.is_some().then(s3s::crypto::Crc32::new),
        crc32c: input.checksum_crc32c.is_some().then(s3s::crypto::Crc32c::new),
        crc64nvme: input.checksum_crc64nvme.is_some().then(s3s::crypto::Crc64Nvme::new),
        sha1: input.checksum_sha1.is_some().then(s3s::crypto::Sha1::new),
        sha256: input.checksum_sha256.is_some().then(s3s::crypto::Sha256::new),
    };
    hasher.update(content);
    let computed = hasher.finalize();
    let md5 = input.content_md5.is_some().then(|| BASE64_STANDARD.encode(s3s::crypto::Md5::checksum(content)));
    let is_same = computed.checksum_crc32 == input.checksum_crc32
        && computed.checksum_crc32c == input.checksum_crc32c
        && computed.checksum_crc64nvme == input.checksum_crc64nvme
        && computed.checksum_sha1 == input.checksum_sha1
        && computed.checksum_sha256 == input.checksum_sha256
        && md5 == input.content_md5;
    match is_same {
        true => Ok(()),
        false => {
            let message = "The checksum you specified did not match what was received";
            Err(S3Error::with_message(S3ErrorCode::BadDigest, message))
        }
    }
}

async fn whole(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let mut content = BytesMut::new();
    let mut body = body;
    while let Some(piece) = match &mut body {
        Some(body) => body.next().await,
        None => None,
    } {
        let piece = piece.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?;
        content.extend_from_slice(&piece);
    }
    Ok(content.freeze())
}

/// So many bytes of a file, as they are asked for. A file that turns out to be shorter ends the connection.
fn pieces(file: tokio::fs::File, length: u64) -> StreamingBlob {
    let pieces = stream::try_unfold((file, length), async |(file, left)| {
        let mut piece = BytesMut::with_capacity(PIECE);
        let mut reader = file.take(left);
        let read = reader.read_buf(&mut piece).await? as u64;
        Ok::<_, std::io::Error>((read > 0).then(|| (piece.freeze(), (reader.into_inner(), left - read))))
    });
    StreamingBlob::wrap(Box::pin(pieces))
}

fn read_token(token: &str) -> S3Result<String> {
    let key = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|key| String::from_utf8(key).ok());
    key.ok_or_else(|| {
        let message = "The continuation token provided is incorrect";
        S3Error::with_message(S3ErrorCode::InvalidArgument, message)
    })
}

fn listed(object: Found) -> Object {
    Object {
        e_tag: Some(ETag::Strong(object.etag())),
        size: i64::try_from(object.size).ok(),
        last_modified: Some(Timestamp::from(object.modified)),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        key: Some(object.key),
        ..Object::default()
    }
}

fn common_prefix(prefix: String) -> CommonPrefix {
    CommonPrefix { prefix: Some(prefix) }
}

fn length(bytes: u64) -> S3Result<i64> {
    i64::try_from(bytes).map_err(|error| S3Error::with_source(S3ErrorCode::InternalError, Box::new(error)))
}

/// By the key's ending: what a client said of an object that it put is not kept.
fn content_type(key: &str) -> String {
    mime_guess::from_path(key).first_raw().unwrap_or("binary/octet-stream").to_owned()
}
