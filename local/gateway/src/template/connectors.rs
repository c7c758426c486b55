//! The connectors that are deployed, as they would be with the parameters of this machine.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Error, intrinsic::Resolver, yaml};

const STACK: &str = include_str!("../../../../kendra.yaml");
const S3: &str = include_str!("../../../../connectors/s3.json");
const WEB_CRAWLER: &str = include_str!("../../../../connectors/web-crawler.json");

/// What of a bucket is there beside its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bucket<'a> {
    pub(crate) name: &'a str,
    /// The documents' metadata are in a folder of their own. They lie beside them otherwise.
    pub(crate) has_metadata_folder: bool,
    /// Key of the file that says who may see which documents.
    pub(crate) access_file: Option<&'a str>,
}

pub(crate) fn s3(bucket: Bucket<'_>) -> Result<Value, Error> {
    let stack = yaml::parse(STACK)?;
    let own = [("DocumentBucketName", bucket.name), ("AccessControlFile", bucket.access_file.unwrap_or_default())];
    let mut template = Resolver::new(&stack).with(&own).resolve(&read(S3)?)?;
    if !bucket.has_metadata_folder
        && let Some(options) = template["additionalProperties"].as_object_mut()
    {
        options.remove("metadataFilesPrefix");
    }
    Ok(template)
}

/// The settings of the deployed crawler, for other seeds (URLs), and with other values of the stack's parameters than their
/// defaults.
pub(crate) fn web_crawler(seeds: &[String], parameters: &BTreeMap<String, String>) -> Result<Value, Error> {
    let stack = yaml::parse(STACK)?;
    if let Some(unknown) = parameters.keys().find(|name| stack["Parameters"].get(name).is_none()) {
        return Err(Error::UnknownParameter(unknown.clone()));
    }
    let own: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut template = read(WEB_CRAWLER)?;
    template["connectionConfiguration"]["repositoryEndpointMetadata"]["seedUrlConnections"] =
        seeds.iter().map(|seed| json!({ "seedUrl": seed })).collect();
    Resolver::new(&stack).with(&own).resolve(&template)
}

fn read(connector: &str) -> Result<Value, Error> {
    serde_json::from_str(connector).map_err(|source| Error::Shape { part: "a connector".to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_s3_connector_fits_what_is_there() {
        let whole = s3(Bucket { name: "documents", has_metadata_folder: true, access_file: Some("acl.json") }).unwrap();
        assert_eq!(whole["connectionConfiguration"]["repositoryEndpointMetadata"]["BucketName"], "documents");
        let options = &whole["additionalProperties"];
        assert_eq!(options["metadataFilesPrefix"], "metadata/");
        assert_eq!(options["aclConfigurationFilePath"], "acl.json");
        assert_eq!(options["exclusionPrefixes"], json!(["faq/", "acl.json"]));

        let bare = s3(Bucket { name: "documents", has_metadata_folder: false, access_file: None }).unwrap();
        let options = bare["additionalProperties"].as_object().unwrap();
        assert_eq!(options["exclusionPrefixes"], json!(["faq/"]));
        assert!(!options.contains_key("metadataFilesPrefix") && !options.contains_key("aclConfigurationFilePath"));
    }

    #[test]
    fn the_crawler_has_the_deployed_settings_and_other_seeds() {
        let seeds = ["https://a.example/".to_owned(), "https://b.example/".to_owned()];
        let parameters = BTreeMap::from([("CrawlMaxLinks".to_owned(), "7".to_owned())]);
        let template = web_crawler(&seeds, &parameters).unwrap();
        let endpoint = &template["connectionConfiguration"]["repositoryEndpointMetadata"];
        assert_eq!(endpoint["seedUrlConnections"], json!([{"seedUrl": seeds[0]}, {"seedUrl": seeds[1]}]));
        assert_eq!(template["additionalProperties"]["crawlDepth"], "1");
        assert_eq!(template["additionalProperties"]["maxLinksPerUrl"], "7");

        let unknown = BTreeMap::from([("CrawlDeep".to_owned(), "7".to_owned())]);
        assert!(matches!(web_crawler(&seeds, &unknown), Err(Error::UnknownParameter(name)) if name == "CrawlDeep"));
    }
}
