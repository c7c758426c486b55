//! The template of the S3 connector.
//!
//! <https://docs.aws.amazon.com/kendra/latest/dg/ds-schemas.html#ds-s3-schema>

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{attributes::FieldType, metadata};

/// Megabytes, where the template does not say.
const MAX_FILE_SIZE: u64 = 50;
const MEGABYTE: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct S3Template {
    pub(super) bucket: String,
    /// Everything is indexed anew, changed or not.
    pub(super) forced: bool,
    pub(super) access_file: Option<String>,
    pub(super) mappings: Vec<Mapping>,
    /// Bytes.
    pub(super) max_file_size: u64,
    /// With a slash at its end.
    metadata_folder: Option<String>,
    included: Selection,
    excluded: Selection,
}

/// What a field of the source is called in the index.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Mapping {
    pub(super) data_source_field_name: String,
    pub(super) index_field_name: String,
    pub(super) index_field_type: FieldType,
    #[serde(default, skip_serializing)]
    #[expect(dead_code, reason = "dates are ISO 8601 in metadata files, whatever the mapping says of their format")]
    date_field_format: Option<String>,
}

#[derive(Debug)]
struct Selection {
    prefixes: Vec<String>,
    /// Of the file's name, wherever it is.
    names: GlobSet,
    /// Of the whole key.
    keys: GlobSet,
}

impl S3Template {
    pub(super) fn parse(template: &Value) -> Result<S3Template, String> {
        let file: File = serde_json::from_value(template.clone()).map_err(|error| error.to_string())?;
        let version = file.version.as_deref().unwrap_or("1.0.0");
        if version != "1.0.0" {
            return Err(format!("version is {version}, and only 1.0.0 is known"));
        }
        let options = file.additional_properties;
        let key = |path: String| Some(path.trim_start_matches('/').to_owned()).filter(|key| !key.is_empty());
        let max_file_size = match options.max_file_size_in_mega_bytes {
            None => MAX_FILE_SIZE,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=10_240).contains(size))
                .ok_or_else(|| format!("maxFileSizeInMegaBytes is `{text}`, which is no number from 1 to 10240"))?,
        };
        Ok(S3Template {
            bucket: file.connection_configuration.repository_endpoint_metadata.bucket_name,
            forced: matches!(file.sync_mode, SyncMode::ForcedFullCrawl),
            access_file: options.acl_configuration_file_path.and_then(key),
            mappings: file.repository_configurations.document.field_mappings,
            max_file_size: max_file_size * MEGABYTE,
            metadata_folder: options
                .metadata_files_prefix
                .and_then(key)
                .map(|prefix| format!("{}/", prefix.trim_end_matches('/'))),
            included: Selection::new("inclusionPatterns", options.inclusion_patterns, options.inclusion_prefixes)?,
            excluded: Selection::new("exclusionPatterns", options.exclusion_patterns, options.exclusion_prefixes)?,
        })
    }

    /// Whether an object is a document, rather than what says something of documents, and one that is wanted.
    pub(super) fn takes(&self, key: &str) -> bool {
        let is_file_of_its_own = key.ends_with(metadata::ENDING)
            || self.access_file.as_deref() == Some(key)
            || self.metadata_folder.as_deref().is_some_and(|folder| key.starts_with(folder));
        !is_file_of_its_own && (self.included.is_empty() || self.included.holds(key)) && !self.excluded.holds(key)
    }

    pub(super) fn metadata_key(&self, key: &str) -> String {
        format!("{}{key}{}", self.metadata_folder.as_deref().unwrap_or_default(), metadata::ENDING)
    }
}

impl Selection {
    /// A pattern without a slash is one of names, in every folder: `*.pdf` is all PDFs.
    fn new(field: &str, patterns: Vec<String>, prefixes: Vec<String>) -> Result<Selection, String> {
        let failed =
            |pattern: &str, reason: String| format!("{field}: `{pattern}` cannot be used as a pattern: {reason}");
        let (mut names, mut keys) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in &patterns {
            if pattern.contains("!(") {
                return Err(failed(pattern, "`!(…)` is not known here".to_owned()));
            }
            let trimmed = pattern.trim_start_matches('/');
            let set = if pattern.contains('/') { &mut keys } else { &mut names };
            set.add(glob(trimmed).map_err(|error| failed(pattern, error.to_string()))?);
        }
        let built = |set: GlobSetBuilder| set.build().map_err(|error| failed("", error.to_string()));
        let prefixes = prefixes.iter().map(|prefix| prefix.trim_start_matches('/').to_owned()).collect();
        Ok(Selection { prefixes, names: built(names)?, keys: built(keys)? })
    }

    fn is_empty(&self) -> bool {
        self.prefixes.is_empty() && self.names.is_empty() && self.keys.is_empty()
    }

    fn holds(&self, key: &str) -> bool {
        let name = key.rsplit('/').next().unwrap_or(key);
        self.prefixes.iter().any(|prefix| key.starts_with(prefix))
            || self.names.is_match(name)
            || self.keys.is_match(key)
    }
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(rename = "type")]
    _type: Type,
    sync_mode: SyncMode,
    version: Option<String>,
    connection_configuration: Connection,
    repository_configurations: Repositories,
    #[serde(default)]
    additional_properties: Options,
}

#[derive(Deserialize)]
enum Type {
    S3,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum SyncMode {
    FullCrawl,
    ForcedFullCrawl,
    ChangeLog,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Connection {
    repository_endpoint_metadata: Endpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Endpoint {
    bucket_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repositories {
    document: Repository,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Repository {
    field_mappings: Vec<Mapping>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    inclusion_patterns: Vec<String>,
    exclusion_patterns: Vec<String>,
    inclusion_prefixes: Vec<String>,
    exclusion_prefixes: Vec<String>,
    acl_configuration_file_path: Option<String>,
    metadata_files_prefix: Option<String>,
    max_file_size_in_mega_bytes: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(options: Value) -> Value {
        json!({
            "type": "S3",
            "syncMode": "FULL_CRAWL",
            "connectionConfiguration": {"repositoryEndpointMetadata": {"BucketName": "documents"}},
            "repositoryConfigurations": {"document": {"fieldMappings": [
                {"dataSourceFieldName": "s3_document_id", "indexFieldName": "s3_document_id", "indexFieldType": "STRING"},
            ]}},
            "additionalProperties": options,
        })
    }

    fn taken(options: Value, keys: &[&'static str]) -> Vec<&'static str> {
        let template = S3Template::parse(&template(options)).unwrap();
        keys.iter().copied().filter(|key| template.takes(key)).collect()
    }

    #[test]
    fn what_is_a_document_is_decided_by_patterns_and_prefixes() {
        let keys = ["a.pdf", "hr/b.pdf", "hr/b.md", "faq/faq.csv", "metadata/a.pdf.metadata.json", "acl.json"];
        let files = json!({"metadataFilesPrefix": "/metadata", "aclConfigurationFilePath": "/acl.json"});
        assert_eq!(taken(files, &keys), ["a.pdf", "hr/b.pdf", "hr/b.md", "faq/faq.csv"]);
        assert_eq!(taken(json!({"inclusionPatterns": ["*.pdf"]}), &keys), ["a.pdf", "hr/b.pdf"]);
        assert_eq!(taken(json!({"inclusionPatterns": ["**/*.pdf", "hr/*.md"]}), &keys), keys[..3]);
        assert_eq!(taken(json!({"inclusionPatterns": ["/*.{pdf,json}"]}), &keys), ["a.pdf", "acl.json"]);
        let both = json!({"inclusionPrefixes": ["hr/"], "exclusionPatterns": ["*.md"]});
        assert_eq!(taken(both, &keys), ["hr/b.pdf"]);
        let excluded = json!({"exclusionPrefixes": ["/hr/", "faq/"], "exclusionPatterns": ["acl.json"]});
        assert_eq!(taken(excluded, &keys), ["a.pdf"]);
    }

    #[test]
    fn metadata_lies_beside_a_document_or_in_a_folder_of_the_same_form() {
        let beside = S3Template::parse(&template(json!({}))).unwrap();
        assert_eq!(beside.metadata_key("hr/b.md"), "hr/b.md.metadata.json");
        let apart = S3Template::parse(&template(json!({"metadataFilesPrefix": "metadata"}))).unwrap();
        assert_eq!(apart.metadata_key("hr/b.md"), "metadata/hr/b.md.metadata.json");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let mut other = template(json!({}));
        other["type"] = json!("SHAREPOINT");
        for (template, expected) in [
            (other, "SHAREPOINT"),
            (template(json!({"inclusionPattern": []})), "inclusionPattern"),
            (template(json!({"inclusionPatterns": ["a[b"]})), "a[b"),
            (template(json!({"exclusionPatterns": ["**/!(*.module).ts"]})), "not known here"),
            (template(json!({"maxFileSizeInMegaBytes": "0"})), "maxFileSizeInMegaBytes"),
        ] {
            let error = S3Template::parse(&template).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
