//! The template as AWS documents it, and what its fields may hold. The limits of numbers are those of the older
//! `WebCrawlerConfiguration`, which the schema of the template leaves out:
//! <https://docs.aws.amazon.com/kendra/latest/APIReference/API_WebCrawlerConfiguration.html>.

use std::time::Duration;

use regex::RegexSet;
use serde::Deserialize;
use url::Url;

use super::{Domains, Limits, Patterns, Settings, SettingsError};
use crate::address;

const SEEDS: usize = 100;
const SITEMAPS: usize = 3;
const PATTERNS: usize = 250;

const SEEDS_PATH: &str = "connectionConfiguration.repositoryEndpointMetadata.seedUrlConnections";
const SITEMAPS_PATH: &str = "connectionConfiguration.repositoryEndpointMetadata.siteMapUrls";

/// What a sync does about pages that are indexed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SyncMode {
    /// All of them are indexed anew.
    #[serde(rename = "FORCED_FULL_CRAWL")]
    Everything,
    /// Only what is new, changed or gone since.
    #[serde(rename = "FULL_CRAWL")]
    Changes,
}

/// A field of a page, and the field of the index it goes to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldMapping {
    pub index_field_name: String,
    pub index_field_type: FieldType,
    pub data_source_field_name: String,
    pub date_field_format: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FieldType {
    String,
    Date,
    Long,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Template {
    #[serde(rename = "type")]
    kind: Kind,
    version: Option<Version>,
    sync_mode: SyncMode,
    connection_configuration: Connection,
    #[serde(default)]
    repository_configurations: Repositories,
    #[serde(default)]
    additional_properties: Properties,
    /// Only for sites with a login. Templates name one without need, as AWS's own example does.
    secret_arn: Option<String>,
    /// Written by Kendra's console for every kind of source; a web site has no users to list.
    enable_identity_crawler: Option<bool>,
}

#[derive(Debug, Deserialize)]
enum Kind {
    #[serde(rename = "WEBCRAWLERV2")]
    WebCrawler,
}

#[derive(Debug, Deserialize)]
enum Version {
    #[serde(rename = "1.0.0")]
    First,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Connection {
    repository_endpoint_metadata: Endpoint,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Endpoint {
    seed_url_connections: Option<Vec<Seed>>,
    site_map_urls: Option<Vec<String>>,
    s3_seed_url: Option<String>,
    s3_site_map_url: Option<String>,
    authentication: Option<Authentication>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Seed {
    seed_url: String,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
enum Authentication {
    #[serde(rename = "NoAuthentication")]
    None,
    BasicAuth,
    #[serde(rename = "NTLM_Kerberos")]
    NtlmKerberos,
    Form,
    #[serde(rename = "SAML")]
    Saml,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Repositories {
    web_page: Option<Repository>,
    attachment: Option<Repository>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Repository {
    field_mappings: Vec<FieldMapping>,
}

/// Numbers are text, as in the schema.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Properties {
    rate_limit: Option<String>,
    max_file_size: Option<String>,
    crawl_depth: Option<String>,
    max_links_per_url: Option<String>,
    crawl_sub_domain: bool,
    crawl_all_domain: bool,
    honor_robots: bool,
    crawl_attachments: bool,
    #[serde(rename = "inclusionURLCrawlPatterns")]
    inclusion_url_crawl_patterns: Vec<String>,
    #[serde(rename = "exclusionURLCrawlPatterns")]
    exclusion_url_crawl_patterns: Vec<String>,
    #[serde(rename = "inclusionURLIndexPatterns")]
    inclusion_url_index_patterns: Vec<String>,
    #[serde(rename = "exclusionURLIndexPatterns")]
    exclusion_url_index_patterns: Vec<String>,
    inclusion_file_index_patterns: Vec<String>,
    exclusion_file_index_patterns: Vec<String>,
    implicit_wait_duration: Option<String>,
    proxy: Option<Proxy>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Proxy {
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
    pub(super) secret_arn: Option<String>,
}

impl Template {
    pub(super) fn resolve(self) -> Result<Settings, SettingsError> {
        let Template { kind: Kind::WebCrawler, version: None | Some(Version::First), sync_mode, .. } = self;
        if self.enable_identity_crawler == Some(true) {
            return Err(SettingsError::Value {
                path: "enableIdentityCrawler",
                reason: "a web site has no users to crawl".into(),
            });
        }
        length("secretArn", self.secret_arn.as_deref())?;
        let (seeds, sitemaps) = self.connection_configuration.repository_endpoint_metadata.resolve()?;

        let properties = self.additional_properties;
        let hosts = seeds.iter().chain(&sitemaps).filter_map(Url::host_str).map(str::to_owned).collect();
        let domains = match (properties.crawl_all_domain, properties.crawl_sub_domain) {
            (true, _) => Domains::All,
            (false, true) => Domains::WithSubdomains(hosts),
            (false, false) => Domains::Hosts(hosts),
        };
        let per_minute = number("additionalProperties.rateLimit", &properties.rate_limit, "300", 1.0, 300.0)?;
        let waits =
            number("additionalProperties.implicitWaitDuration", &properties.implicit_wait_duration, "0", 0.0, 10.0)?;
        let megabytes = number("additionalProperties.maxFileSize", &properties.max_file_size, "50", 1e-6, 50.0)?;
        let depth = whole("additionalProperties.crawlDepth", &properties.crawl_depth, "2", 1.0, 10.0)?;
        let links = whole("additionalProperties.maxLinksPerUrl", &properties.max_links_per_url, "100", 1.0, 1000.0)?;

        Ok(Settings {
            seeds,
            sitemaps,
            domains,
            robots: properties.honor_robots,
            attachments: properties.crawl_attachments,
            depth,
            links_per_page: links as usize,
            size: (megabytes * f64::from(1 << 20)) as u64,
            gap: Duration::from_secs_f64((60.0 / per_minute).max(waits)),
            crawled: patterns(
                ["additionalProperties.inclusionURLCrawlPatterns", "additionalProperties.exclusionURLCrawlPatterns"],
                [properties.inclusion_url_crawl_patterns, properties.exclusion_url_crawl_patterns],
            )?,
            indexed: patterns(
                ["additionalProperties.inclusionURLIndexPatterns", "additionalProperties.exclusionURLIndexPatterns"],
                [properties.inclusion_url_index_patterns, properties.exclusion_url_index_patterns],
            )?,
            indexed_files: patterns(
                ["additionalProperties.inclusionFileIndexPatterns", "additionalProperties.exclusionFileIndexPatterns"],
                [properties.inclusion_file_index_patterns, properties.exclusion_file_index_patterns],
            )?,
            proxy: properties.proxy.map(|proxy| proxy.url()).transpose()?.flatten(),
            limits: Limits::default(),
            sync_mode,
            page_fields: self.repository_configurations.web_page.map_or_else(Vec::new, |page| page.field_mappings),
            file_fields: self.repository_configurations.attachment.map_or_else(Vec::new, |file| file.field_mappings),
        })
    }
}

impl Endpoint {
    fn resolve(self) -> Result<(Vec<Url>, Vec<Url>), SettingsError> {
        if self.s3_seed_url.is_some() {
            let path = "connectionConfiguration.repositoryEndpointMetadata.s3SeedUrl";
            return Err(SettingsError::OnlyOnAws { path, what: "a list of seeds in S3" });
        }
        if self.s3_site_map_url.is_some() {
            let path = "connectionConfiguration.repositoryEndpointMetadata.s3SiteMapUrl";
            return Err(SettingsError::OnlyOnAws { path, what: "a sitemap in S3" });
        }
        if self.authentication.is_some_and(|authentication| authentication != Authentication::None) {
            let path = "connectionConfiguration.repositoryEndpointMetadata.authentication";
            return Err(SettingsError::OnlyOnAws { path, what: "a login whose credentials are in Secrets Manager" });
        }
        let seeds = self.seed_url_connections.unwrap_or_default().into_iter().map(|seed| seed.seed_url);
        let seeds = urls(SEEDS_PATH, seeds, SEEDS)?;
        let sitemaps = urls(SITEMAPS_PATH, self.site_map_urls.unwrap_or_default(), SITEMAPS)?;
        if seeds.is_empty() && sitemaps.is_empty() {
            return Err(SettingsError::Value { path: SEEDS_PATH, reason: "there is nothing to begin with".into() });
        }
        Ok((seeds, sitemaps))
    }
}

fn urls(path: &'static str, texts: impl IntoIterator<Item = String>, most: usize) -> Result<Vec<Url>, SettingsError> {
    let refused = |reason| SettingsError::Value { path, reason };
    let mut urls = Vec::new();
    for text in texts {
        let url = Url::parse(&text).ok().and_then(address::canonical);
        let url = url.ok_or_else(|| refused(format!("`{text}` is no web address")))?;
        // Kendra crawls https only. What it cannot reach anyway may be without: sites on the developer's machine.
        if url.scheme() != "https" && !address::is_local(&url) {
            return Err(refused(format!("`{text}` is not https, and Kendra crawls nothing else")));
        }
        urls.push(url);
    }
    if urls.len() > most {
        return Err(refused(format!("there may be {most}, and there are {}", urls.len())));
    }
    Ok(urls)
}

/// Inclusions, then exclusions.
fn patterns(paths: [&'static str; 2], patterns: [Vec<String>; 2]) -> Result<Patterns, SettingsError> {
    let compile = |path, patterns: &[String]| match patterns.len() {
        0..=PATTERNS => RegexSet::new(patterns).map_err(|source| SettingsError::Pattern { path, source }),
        count => Err(SettingsError::Value { path, reason: format!("there may be {PATTERNS}, and there are {count}") }),
    };
    let ([inclusions_at, exclusions_at], [inclusions, exclusions]) = (paths, patterns);
    let inclusions = compile(inclusions_at, &inclusions)?;
    Ok(Patterns { inclusions, exclusions: compile(exclusions_at, &exclusions)? })
}

fn number(
    path: &'static str,
    text: &Option<String>,
    default: &str,
    least: f64,
    most: f64,
) -> Result<f64, SettingsError> {
    let text = text.as_deref().unwrap_or(default);
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| SettingsError::Value { path, reason: format!("`{text}` is no number from {least} to {most}") })
}

fn whole(
    path: &'static str,
    text: &Option<String>,
    default: &str,
    least: f64,
    most: f64,
) -> Result<u32, SettingsError> {
    let number = number(path, text, default, least, most)?;
    if number.fract() != 0.0 {
        return Err(SettingsError::Value { path, reason: format!("`{number}` is not a whole number") });
    }
    Ok(number as u32)
}

/// An ARN's length is what the schema says of it.
fn length(path: &'static str, arn: Option<&str>) -> Result<(), SettingsError> {
    if arn.is_some_and(|arn| !(20..=2048).contains(&arn.len())) {
        return Err(SettingsError::Value { path, reason: "an ARN has 20 to 2048 characters".into() });
    }
    Ok(())
}
