//! What is in a document, given in the request or in a bucket.

use std::{fs, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use local_documents::{Format, MAX_FILE_BYTES, Text, read};
use serde::Deserialize;

use crate::{
    kendra::{failed, format::of_content_type},
    reply::Refusal,
    s3::Buckets,
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Given {
    blob: Option<String>,
    s3_path: Option<Object>,
    content_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Object {
    bucket: String,
    key: String,
}

impl Given {
    /// The text, or why there is none.
    pub(super) async fn read(self, buckets: &Arc<Buckets>) -> Result<Result<Text, String>, Refusal> {
        let buckets = Arc::clone(buckets);
        let text = tokio::task::spawn_blocking(move || self.text(&buckets)).await;
        text.map_err(|error| failed(&error))
    }

    fn text(&self, buckets: &Buckets) -> Result<Text, String> {
        let (bytes, key) = match (&self.blob, &self.s3_path) {
            (Some(blob), None) => {
                (BASE64_STANDARD.decode(blob).map_err(|error| format!("The Blob is no base64: {error}."))?, "")
            }
            (None, Some(object)) => (object.read(buckets)?, object.key.as_str()),
            _ => return Err("Exactly one of Blob and S3Path must be given.".to_owned()),
        };
        let format = match &self.content_type {
            Some(content_type) => of_content_type(content_type)
                .ok_or_else(|| format!("local-aws does not read documents of the type {content_type}."))?,
            None => Format::of(key, None, &bytes)
                .ok_or_else(|| "What the document is written in is not known: give its ContentType.".to_owned())?,
        };
        read(format, &bytes).map_err(|error| format!("The document cannot be read: {error}."))
    }
}

impl Object {
    fn read(&self, buckets: &Buckets) -> Result<Vec<u8>, String> {
        let unreadable = |reason: &dyn std::fmt::Display| format!("s3://{}/{}: {reason}", self.bucket, self.key);
        let (object, path) = buckets.find(&self.bucket, &self.key).map_err(|problem| unreadable(&problem))?;
        if object.size > MAX_FILE_BYTES as u64 {
            return Err(unreadable(&format_args!("It is longer than {MAX_FILE_BYTES} bytes.")));
        }
        fs::read(path).map_err(|error| unreadable(&error))
    }
}
