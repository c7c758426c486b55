use std::time::Duration;

use serde_json::{Value, json};

use super::template;
use crate::{FieldMapping, FieldType, Settings, SyncMode, settings::Domains};

const SEED: &str = "https://docs.example/";

fn with(properties: Value) -> Settings {
    Settings::from_template(&template(&[SEED], properties)).unwrap()
}

fn error(template: &Value) -> String {
    Settings::from_template(template).unwrap_err().to_string()
}

fn error_of(properties: Value) -> String {
    error(&template(&[SEED], properties))
}

#[test]
fn defaults_are_those_of_the_schema() {
    let settings = with(json!({}));
    assert_eq!((settings.depth, settings.links_per_page, settings.size), (2, 100, 50 << 20));
    assert_eq!(settings.gap, Duration::from_millis(200));
    assert!(!settings.robots && !settings.attachments);
    assert_eq!(settings.domains, Domains::Hosts(["docs.example".to_owned()].into()));
    assert_eq!(settings.sync_mode(), SyncMode::Changes);
}

#[test]
fn a_full_template_is_read() {
    let mapping =
        json!({ "indexFieldName": "_source_uri", "indexFieldType": "STRING", "dataSourceFieldName": "sourceUrl" });
    let template = json!({
        "type": "WEBCRAWLERV2",
        "version": "1.0.0",
        "syncMode": "FORCED_FULL_CRAWL",
        "secretArn": "arn:aws:secretsmanager:us-west-2:0123456789012:secret",
        "enableIdentityCrawler": false,
        "connectionConfiguration": { "repositoryEndpointMetadata": {
            "siteMapUrls": ["https://docs.example/sitemap.xml"], "s3SeedUrl": null, "s3SiteMapUrl": null,
            "seedUrlConnections": [{ "seedUrl": "https://www.example" }], "authentication": "NoAuthentication",
        } },
        "repositoryConfigurations": {
            "webPage": { "fieldMappings": [mapping] }, "attachment": { "fieldMappings": [] },
        },
        "additionalProperties": {
            "rateLimit": "60", "maxFileSize": "0.5", "crawlDepth": "3", "maxLinksPerUrl": "1000",
            "crawlSubDomain": true, "crawlAllDomain": false, "honorRobots": true, "crawlAttachments": true, "implicitWaitDuration": "5",
            "inclusionURLCrawlPatterns": [".*"], "exclusionURLCrawlPatterns": [], "inclusionURLIndexPatterns": [],
            "exclusionURLIndexPatterns": [], "inclusionFileIndexPatterns": [], "exclusionFileIndexPatterns": [],
            "proxy": {},
        },
    });
    let settings = Settings::from_template(&template).unwrap();
    assert_eq!((settings.depth, settings.links_per_page, settings.size), (3, 1000, 1 << 19));
    assert_eq!(settings.gap, Duration::from_secs(5));
    assert!(settings.robots && settings.attachments && settings.proxy.is_none());
    let hosts = ["docs.example".to_owned(), "www.example".to_owned()];
    assert_eq!(settings.domains, Domains::WithSubdomains(hosts.into()));
    assert_eq!(settings.sync_mode(), SyncMode::Everything);
    let expected = FieldMapping {
        index_field_name: "_source_uri".into(),
        index_field_type: FieldType::String,
        data_source_field_name: "sourceUrl".into(),
        date_field_format: None,
    };
    assert_eq!(settings.field_mappings(false), [expected]);
    assert!(settings.field_mappings(true).is_empty());
}

#[test]
fn what_the_schema_does_not_know_is_named() {
    assert!(error_of(json!({ "crawlDeepth": "2" })).starts_with("additionalProperties.crawlDeepth: unknown field"));
    assert!(error_of(json!({ "crawlDepth": 2 })).starts_with("additionalProperties.crawlDepth: invalid type: integer"));
    assert!(error_of(json!({ "honorRobots": "true" })).starts_with("additionalProperties.honorRobots: invalid type"));
    let mut other = template(&[SEED], json!({}));
    other["type"] = "S3".into();
    assert!(error(&other).starts_with("type: unknown variant `S3`"), "{}", error(&other));
    let mut other = template(&[SEED], json!({}));
    other["connectionConfiguration"]["repositoryEndpointMetadata"]["seedUrlConnections"][0]["url"] = "x".into();
    let expected = "connectionConfiguration.repositoryEndpointMetadata.seedUrlConnections[0].url: unknown field";
    assert!(error(&other).starts_with(expected), "{}", error(&other));
    assert!(error(&json!({})).contains("missing field"));
}

#[test]
fn values_are_within_kendras_limits() {
    for (field, value) in [
        ("rateLimit", "0"),
        ("rateLimit", "301"),
        ("rateLimit", "many"),
        ("maxFileSize", "0"),
        ("maxFileSize", "51"),
        ("maxFileSize", "NaN"),
        ("crawlDepth", "0"),
        ("crawlDepth", "11"),
        ("crawlDepth", "1.5"),
        ("maxLinksPerUrl", "0"),
        ("maxLinksPerUrl", "1001"),
        ("implicitWaitDuration", "11"),
    ] {
        let error = error_of(json!({ field: value }));
        assert!(error.starts_with(&format!("additionalProperties.{field}: `{value}`")), "{error}");
    }
    let many = vec![SEED; 101];
    assert!(error(&template(&many, json!({}))).ends_with("there may be 100, and there are 101"));
    assert!(error(&template(&[], json!({}))).ends_with("there is nothing to begin with"));
    assert!(error_of(json!({ "inclusionURLCrawlPatterns": vec!["x"; 251] })).ends_with("there are 251"));
    assert!(
        error_of(json!({ "proxy": { "host": "proxy.example" } })).starts_with("additionalProperties.proxy: host and")
    );
    let mut short = template(&[SEED], json!({}));
    short["secretArn"] = "arn".into();
    assert!(error(&short).starts_with("secretArn: "));
}

#[test]
fn seeds_are_https_unless_they_are_on_this_machine() {
    for good in ["https://a.example/x", "http://localhost:8080/", "http://127.0.0.1/"] {
        assert!(Settings::from_template(&template(&[good], json!({}))).is_ok(), "{good}");
    }
    for bad in ["http://a.example/", "ftp://a.example/", "a.example", ""] {
        let error = error(&template(&[bad], json!({})));
        assert!(error.contains("seedUrlConnections: `"), "{error}");
    }
}

#[test]
fn what_cannot_be_had_locally_says_so() {
    let endpoint = |field: &str, value: &str| {
        let mut template = template(&[SEED], json!({}));
        template["connectionConfiguration"]["repositoryEndpointMetadata"][field] = value.into();
        error(&template)
    };
    for (field, value) in [
        ("s3SeedUrl", "s3://bucket/seeds.txt"),
        ("s3SiteMapUrl", "s3://bucket/sitemap.xml"),
        ("authentication", "SAML"),
        ("authentication", "BasicAuth"),
    ] {
        let error = endpoint(field, value);
        assert!(error.contains(field) && error.ends_with("cannot be had locally"), "{error}");
    }
    let proxy = json!({ "proxy": { "host": "p.example", "port": "8080", "secretArn": "arn:aws:secretsmanager:x" } });
    assert!(error_of(proxy).ends_with("cannot be had locally"));
    let error = error_of(json!({ "exclusionURLIndexPatterns": ["(?=x)"] }));
    let expected =
        "additionalProperties.exclusionURLIndexPatterns: a pattern cannot be matched here: regex parse error";
    assert!(error.starts_with(expected), "{error}");
}
