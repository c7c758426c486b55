//! Loading a FAQ: its file's entries become entries of the index, all at once.

use std::sync::Arc;

use local_search::{Attribute, Content, Document, Index, Source};

use super::{
    faq,
    progress::Progress,
    s3::on,
    work::{Broken, version},
};
use crate::{
    kendra::{
        attributes::{default_language, source_uri},
        settings::{Faq, FaqFormat},
    },
    s3::Buckets,
};

/// Does nothing if the file is as it was the last time. The entries of a file that cannot be read any more are removed:
/// they may be answers that are no longer meant to be given.
pub(super) async fn load(faq: &Faq, buckets: &Arc<Buckets>, index: &Index, progress: &Progress) -> Result<(), Broken> {
    let known = index.of_source(&faq.id).await?;
    let (bucket, key) = (faq.bucket.clone(), faq.key.clone());
    let content = on(buckets, move |buckets| buckets.read(&bucket, &key)).await?;
    let read = content.map_err(|problem| problem.to_string()).and_then(|content| {
        let version = version([name_of(faq.format).as_bytes(), content.as_slice()]);
        let is_current = !known.is_empty() && known.values().all(|known| *known == version);
        let entries = if is_current { None } else { Some(faq::parse(&content, faq.format)?) };
        Ok((version, entries))
    });

    let (documents, failure) = match read {
        Ok((_, None)) => {
            progress.change(|sync| sync.counts.scanned = known.len() as u64);
            return Ok(());
        }
        Ok((version, Some(entries))) => (documents(faq, entries, &version), None),
        Err(reason) => (Vec::new(), Some(format!("s3://{}/{}: {reason}", faq.bucket, faq.key))),
    };
    let stale: Vec<String> =
        known.keys().filter(|id| !documents.iter().any(|document| document.id == **id)).cloned().collect();
    let (modified, all) = ((known.len() - stale.len()) as u64, documents.len() as u64);
    progress.change(|sync| {
        sync.counts.scanned = all;
        sync.counts.modified = modified;
        sync.counts.added = all - modified;
        sync.counts.deleted = stale.len() as u64;
    });
    if !documents.is_empty() {
        index.put(documents).await?;
    }
    if !stale.is_empty() {
        index.delete(stale).await?;
    }
    failure.map_or(Ok(()), |reason| Err(Broken::Failed(reason)))
}

fn documents(faq: &Faq, entries: Vec<faq::Entry>, version: &str) -> Vec<Document> {
    let document = |(entry, number): (faq::Entry, u32)| {
        let mut attributes = entry.attributes;
        attributes.insert("_faq_id".to_owned(), Attribute::Text(faq.id.clone()));
        default_language(&mut attributes);
        let uri = source_uri(&attributes);
        Document {
            id: format!("{}#{number}", faq.id),
            title: None,
            uri,
            content: Content::Answer { question: entry.question, answer: entry.answer },
            attributes,
            access: entry.access,
            source: Some(Source { id: faq.id.clone(), version: version.to_owned() }),
        }
    };
    entries.into_iter().zip(1..).map(document).collect()
}

/// As the service's `FileFormat` has it.
pub(super) fn name_of(format: FaqFormat) -> &'static str {
    match format {
        FaqFormat::Csv => "CSV",
        FaqFormat::CsvWithHeader => "CSV_WITH_HEADER",
        FaqFormat::Json => "JSON",
    }
}
