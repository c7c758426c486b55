//! `--documents` and `--crawl`: what is indexed when the machine starts.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use local_aws::{DataSource, Faq, FaqFormat, Kendra, UserContext};
use sha2::{Digest, Sha256};

use crate::{Error, Options, template::connectors};

/// The one index of this machine.
pub(crate) const INDEX_ID: &str = "00000000-0000-4000-8000-000000000001";
/// The bucket of the documents.
const BUCKET: &str = "documents";
const SAMPLE: &str = "../../samples/documents";
/// Of a bucket, as `samples/documents` has them. A folder of somebody's own need not.
const METADATA: &str = "metadata";
const ACCESS_FILE: &str = "acl.json";
const FAQ: &str = "faq/faq.csv";

/// Whose documents answers are made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Documents {
    /// Only what is put over the API.
    #[default]
    None,
    /// Those of a fictional organisation, which come with the project.
    Sample,
    /// All in a folder, which is only read.
    Folder(PathBuf),
}

/// What the local AWS is told of documents.
pub(crate) struct Plan {
    pub(crate) buckets: BTreeMap<String, PathBuf>,
    pub(crate) kendra: Kendra,
}

pub(crate) fn plan(options: &Options) -> Result<Plan, Error> {
    let mut kendra = Kendra {
        index_id: INDEX_ID.to_owned(),
        user_context: match options.settings.get("KENDRA_USER_CONTEXT").map(String::as_str) {
            Some("token") => UserContext::UserToken,
            _ => UserContext::AttributeFilter,
        },
        data_sources: Vec::new(),
        faqs: Vec::new(),
    };
    let mut buckets = BTreeMap::new();
    if let Some(folder) = folder(&options.documents)? {
        add_bucket(&mut kendra, &folder)?;
        buckets.insert(BUCKET.to_owned(), folder);
    }
    if !options.crawl.is_empty() {
        kendra.data_sources.push(DataSource {
            id: format!("crawl-{}", digest(options.crawl.join(" ").as_bytes())),
            name: "web-pages".to_owned(),
            template: connectors::web_crawler(&options.crawl, &options.parameters)?,
            sync_at_start: true,
        });
    }
    Ok(Plan { buckets, kendra })
}

/// Where the documents are, in full; none if there are none.
fn folder(documents: &Documents) -> Result<Option<PathBuf>, Error> {
    let folder = match documents {
        Documents::None => return Ok(None),
        Documents::Sample => Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLE),
        Documents::Folder(folder) => folder.clone(),
    };
    let opened = folder.canonicalize().and_then(|folder| std::fs::read_dir(&folder).map(|_| folder));
    opened.map(Some).map_err(|source| match documents {
        Documents::Sample => Error::SampleDocuments { folder, source },
        _ => Error::Documents { folder, source },
    })
}

/// Sources are named after the folder: what was indexed of another folder before does not count as of this one.
fn add_bucket(kendra: &mut Kendra, folder: &Path) -> Result<(), Error> {
    let id = digest(folder.as_os_str().as_encoded_bytes());
    let template = connectors::s3(connectors::Bucket {
        name: BUCKET,
        has_metadata_folder: folder.join(METADATA).is_dir(),
        access_file: folder.join(ACCESS_FILE).is_file().then_some(ACCESS_FILE),
    })?;
    let id_of = |kind: &str| format!("{kind}-{id}");
    let name = BUCKET.to_owned();
    kendra.data_sources.push(DataSource { id: id_of(BUCKET), name, template, sync_at_start: true });
    if folder.join(FAQ).is_file() {
        kendra.faqs.push(Faq {
            id: id_of("faq"),
            name: "faq".to_owned(),
            bucket: BUCKET.to_owned(),
            key: FAQ.to_owned(),
            format: FaqFormat::CsvWithHeader,
        });
    }
    Ok(())
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan_of(documents: Documents, crawl: &[&str]) -> Result<Plan, Error> {
        let crawl = crawl.iter().map(|url| (*url).to_owned()).collect();
        plan(&Options { documents, crawl, ..Options::for_tests() })
    }

    #[test]
    fn without_documents_there_is_an_empty_index() {
        let plan = plan_of(Documents::None, &[]).unwrap();
        assert_eq!(plan.kendra.index_id, INDEX_ID);
        assert!(plan.buckets.is_empty() && plan.kendra.data_sources.is_empty() && plan.kendra.faqs.is_empty());
    }

    #[test]
    fn the_sample_has_metadata_readers_and_a_faq() {
        let plan = plan_of(Documents::Sample, &[]).unwrap();
        let template = &plan.kendra.data_sources[0].template;
        assert_eq!(template["additionalProperties"]["aclConfigurationFilePath"], ACCESS_FILE);
        assert_eq!(template["additionalProperties"]["metadataFilesPrefix"], "metadata/");
        assert_eq!((plan.kendra.faqs[0].bucket.as_str(), plan.kendra.faqs[0].key.as_str()), (BUCKET, FAQ));
        assert!(plan.buckets[BUCKET].ends_with("samples/documents"));
    }

    #[test]
    fn a_folder_need_have_nothing_but_documents() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let source = |folder: &tempfile::TempDir| {
            let mut plan = plan_of(Documents::Folder(folder.path().to_path_buf()), &[]).unwrap();
            assert!(plan.kendra.faqs.is_empty());
            plan.kendra.data_sources.remove(0)
        };
        assert!(source(&one).template["additionalProperties"].get("aclConfigurationFilePath").is_none());
        assert_eq!(source(&one).id, source(&one).id);
        assert_ne!(source(&one).id, source(&other).id);
    }

    #[test]
    fn what_is_no_folder_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path().to_path_buf(), PathBuf::from("/nowhere/at/all")] {
            let Err(error) = plan_of(Documents::Folder(path.clone()), &[]) else { panic!("it was taken") };
            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
    }

    #[test]
    fn a_crawl_comes_on_top() {
        let plan = plan_of(Documents::None, &["https://a.example/"]).unwrap();
        assert_eq!(plan.kendra.data_sources[0].template["type"], "WEBCRAWLERV2");
    }
}
