//! The S3 connector: the objects of a bucket, with their metadata files and the bucket's access-control file.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use local_search::{Access, Attribute, Content, Document};
use serde_json::Value;

use super::{
    access::AccessFile,
    attributes::{Attributes, attribute},
    content::content,
    metadata::Metadata,
    template::S3Template,
    work::{Broken, Work, version},
};
use crate::{
    kendra::{attributes::source_uri, format::media_type},
    s3::{Buckets, Object, Problem},
};

/// A field of every object, for mappings: its identifier.
const DOCUMENT_ID: &str = "s3_document_id";

/// What is needed of a bucket for one sync of it.
struct Bucket<'a> {
    buckets: &'a Arc<Buckets>,
    template: &'a S3Template,
    access: AccessFile,
    keys: BTreeSet<String>,
}

/// A document that is to be put, if it has changed.
struct Candidate {
    object: Object,
    id: String,
    metadata: Metadata,
    access: Access,
    version: String,
}

pub(super) async fn sync(mut work: Work<'_>, buckets: &Arc<Buckets>, template: &S3Template) -> Result<(), Broken> {
    let name = template.bucket.clone();
    let listed = on(buckets, move |buckets| buckets.list(&name, "")).await?;
    let objects = listed.map_err(|problem| Broken::Failed(format!("The bucket {}: {problem}", template.bucket)))?;
    let bucket = Bucket::open(buckets, template, &objects).await?;

    let documents: Vec<Object> = objects.into_iter().filter(|object| template.takes(&object.key)).collect();
    work.progress.change(|sync| sync.total = Some(documents.len() as u64));
    for object in documents {
        work.progress.looks_at(&object.key);
        let key = object.key.clone();
        let candidate = work.unless_stopped(bucket.candidate(object)).await?;
        let outcome = match candidate {
            Ok(candidate) => bucket.put(&mut work, candidate).await?,
            Err(reason) => Err(reason),
        };
        if let Err(reason) = outcome {
            work.progress.failed(&key, reason);
        }
    }
    work.finish(|_| true).await
}

impl<'a> Bucket<'a> {
    /// Without the access-control file that the template names, nobody knows who may see what: nothing is indexed.
    async fn open(
        buckets: &'a Arc<Buckets>,
        template: &'a S3Template,
        objects: &[Object],
    ) -> Result<Bucket<'a>, Broken> {
        let keys = objects.iter().map(|object| object.key.clone()).collect();
        let mut bucket = Bucket { buckets, template, access: AccessFile::default(), keys };
        if let Some(key) = &template.access_file {
            let failed = |reason| Broken::Failed(format!("The access-control file {key}: {reason}"));
            let content = bucket.read(key).await.map_err(|problem| failed(problem.to_string()))?;
            bucket.access = AccessFile::parse(&content, &template.bucket).map_err(failed)?;
        }
        Ok(bucket)
    }

    /// Without metadata that can be read, it is not known who may see a document: it is none.
    async fn candidate(&self, object: Object) -> Result<Candidate, String> {
        let metadata_key = self.template.metadata_key(&object.key);
        let mut described = Vec::new();
        let mut metadata = Metadata::default();
        if self.keys.contains(&metadata_key) {
            let failed = |reason: String| format!("its metadata file {metadata_key} cannot be read: {reason}");
            described = self.read(&metadata_key).await.map_err(|problem| failed(problem.to_string()))?;
            metadata = Metadata::parse(&described).map_err(failed)?;
        }
        let id = metadata.id.clone().unwrap_or_else(|| self.uri(&object.key));
        let access = metadata.access.clone().unwrap_or_else(|| self.access.of(&object.key));
        let rules = serde_json::to_vec(&(&access, &self.template.mappings)).map_err(|error| error.to_string())?;
        let version = version([object.key.as_bytes(), object.etag().as_bytes(), &described, &rules]);
        Ok(Candidate { object, id, metadata, access, version })
    }

    async fn put(&self, work: &mut Work<'_>, candidate: Candidate) -> Result<Result<(), String>, Broken> {
        let id = candidate.id.clone();
        if !self.template.forced && work.is_current(&id, &candidate.version) {
            return Ok(match work.see(&id) {
                true => Ok(()),
                false => Err(same_identifier(&id)),
            });
        }
        let version = candidate.version.clone();
        let document = match work.unless_stopped(self.document(candidate)).await? {
            Ok(Some(document)) => document,
            Ok(None) => return Ok(Ok(())),
            Err(reason) => return Ok(Err(reason)),
        };
        if !work.see(&id) {
            return Ok(Err(same_identifier(&id)));
        }
        work.put(document, version).await.map(Ok)
    }

    /// None if it went away meanwhile.
    async fn document(&self, candidate: Candidate) -> Result<Option<Document>, String> {
        let Candidate { object, id, metadata, access, .. } = candidate;
        if object.size > self.template.max_file_size {
            return Err(format!("it is larger than {} MB, the template's limit", self.template.max_file_size >> 20));
        }
        let bytes = match self.read(&object.key).await {
            Ok(bytes) => bytes,
            Err(Problem::NoSuchKey) => return Ok(None),
            Err(problem) => return Err(problem.to_string()),
        };
        let media_type = metadata.content_type.as_deref().map(|stated| {
            media_type(stated).ok_or_else(|| format!("its metadata say that it is {stated}, which cannot be read"))
        });
        let content = content(&object.key, media_type.transpose()?, bytes).await?;

        let mut attributes = self.attributes(&id, &metadata.attributes)?;
        let modified = object.modified.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let modified = i64::try_from(modified.as_secs()).unwrap_or_default();
        let uri = self.uri(&object.key);
        for (name, default) in [
            ("_created_at", Attribute::Date(modified)),
            ("_last_updated_at", Attribute::Date(modified)),
            ("_file_type", Attribute::Text(content.file_type.to_owned())),
            ("_source_uri", Attribute::Text(uri)),
        ] {
            attributes.entry(name.to_owned()).or_insert(default);
        }
        let uri = source_uri(&attributes);
        let name = object.key.rsplit('/').next().unwrap_or(&object.key);
        let title = metadata.title.or(content.title).unwrap_or_else(|| name.to_owned());
        Ok(Some(Document {
            id,
            title: Some(title),
            uri,
            content: Content::Text(content.sections),
            attributes,
            access,
            source: None,
        }))
    }

    /// Under the names that the index has for them.
    fn attributes(&self, id: &str, fields: &BTreeMap<String, Value>) -> Result<Attributes, String> {
        let mut attributes = Attributes::new();
        for (name, value) in fields {
            if !self.template.mappings.iter().any(|mapping| mapping.data_source_field_name == *name) {
                attributes.insert(name.clone(), attribute(name, value, None)?);
            }
        }
        for mapping in &self.template.mappings {
            let value = match mapping.data_source_field_name.as_str() {
                DOCUMENT_ID => Some(Value::from(id)),
                name => fields.get(name).cloned(),
            };
            if let Some(value) = value {
                let name = &mapping.index_field_name;
                attributes.insert(name.clone(), attribute(name, &value, Some(mapping.index_field_type))?);
            }
        }
        Ok(attributes)
    }

    /// As Kendra identifies what a metadata file gives no identifier.
    fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.template.bucket)
    }

    async fn read(&self, key: &str) -> Result<Vec<u8>, Problem> {
        let (bucket, key) = (self.template.bucket.clone(), key.to_owned());
        match on(self.buckets, move |buckets| buckets.read(&bucket, &key)).await {
            Ok(read) => read,
            Err(broken) => Err(Problem::Io(std::io::Error::other(broken.to_string()))),
        }
    }
}

fn same_identifier(id: &str) -> String {
    format!("another document has its identifier, {id}")
}

pub(super) async fn on<T: Send + 'static>(
    buckets: &Arc<Buckets>,
    work: impl FnOnce(&Buckets) -> T + Send + 'static,
) -> Result<T, Broken> {
    let buckets = Arc::clone(buckets);
    let done = tokio::task::spawn_blocking(move || work(&buckets)).await;
    done.map_err(|error| Broken::Failed(error.to_string()))
}
