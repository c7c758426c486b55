mod limits;
mod template;

use std::{collections::BTreeSet, time::Duration};

use regex::RegexSet;
use serde_json::Value;
use url::Url;

pub(crate) use self::limits::Limits;
pub use self::template::{FieldMapping, FieldType, SyncMode};
use self::template::{Proxy, Template};

/// What to crawl and how: a template that was checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) seeds: Vec<Url>,
    pub(crate) sitemaps: Vec<Url>,
    pub(crate) domains: Domains,
    pub(crate) robots: bool,
    pub(crate) attachments: bool,
    /// The seeds are 1.
    pub(crate) depth: u32,
    pub(crate) links_per_page: usize,
    /// Bytes.
    pub(crate) size: u64,
    /// Between two requests to a host.
    pub(crate) gap: Duration,
    pub(crate) crawled: Patterns,
    pub(crate) indexed: Patterns,
    pub(crate) indexed_files: Patterns,
    /// As a URL.
    pub(crate) proxy: Option<String>,
    pub(crate) limits: Limits,
    sync_mode: SyncMode,
    page_fields: Vec<FieldMapping>,
    file_fields: Vec<FieldMapping>,
}

/// Where links may lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Domains {
    Hosts(BTreeSet<String>),
    WithSubdomains(BTreeSet<String>),
    All,
}

/// A URL is taken if no exclusion matches it and, where there are inclusions, one of them does. They may match anywhere
/// in the URL.
#[derive(Debug, Clone)]
pub(crate) struct Patterns {
    pub(crate) inclusions: RegexSet,
    pub(crate) exclusions: RegexSet,
}

/// Why one cannot crawl by a template. Each names the place in the template.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A field that the schema does not have, or has with another type.
    #[error("{path}: {source}")]
    Schema { path: String, source: serde_json::Error },
    #[error("{path}: {reason}")]
    Value { path: &'static str, reason: String },
    /// Kendra's patterns are Java's; the ones here have neither look-around nor back-references.
    #[error("{path}: a pattern cannot be matched here: {source}")]
    Pattern { path: &'static str, source: regex::Error },
    /// What Kendra can do and the local crawler cannot.
    #[error("{path}: {what} cannot be had locally")]
    OnlyOnAws { path: &'static str, what: &'static str },
}

impl Settings {
    /// From what `TemplateConfiguration.Template` of a Kendra data source holds.
    ///
    /// The schema: <https://docs.aws.amazon.com/kendra/latest/dg/ds-schemas.html#ds-schema-web-crawler>. It is read
    /// strictly: Kendra ignores a misspelt setting, which is then searched for by trial and error on AWS.
    pub fn from_template(template: &Value) -> Result<Settings, SettingsError> {
        let template: Template = serde_path_to_error::deserialize(template)
            .map_err(|error| SettingsError::Schema { path: error.path().to_string(), source: error.into_inner() })?;
        template.resolve()
    }

    pub fn sync_mode(&self) -> SyncMode {
        self.sync_mode
    }

    /// How what is known of a page, or of an attachment, is to be called in the index.
    pub fn field_mappings(&self, attachment: bool) -> &[FieldMapping] {
        if attachment { &self.file_fields } else { &self.page_fields }
    }
}

impl Patterns {
    pub(crate) fn take(&self, url: &Url) -> bool {
        let included = self.inclusions.is_empty() || self.inclusions.is_match(url.as_str());
        included && !self.exclusions.is_match(url.as_str())
    }
}

impl Domains {
    pub(crate) fn take(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        match self {
            Domains::All => true,
            Domains::Hosts(hosts) => hosts.contains(host),
            Domains::WithSubdomains(hosts) => hosts.iter().any(|domain| is_within(host, domain)),
        }
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|subdomain| subdomain.ends_with('.'))
}

impl Proxy {
    /// `None` for the empty object that Kendra's console writes.
    fn url(&self) -> Result<Option<String>, SettingsError> {
        let path = "additionalProperties.proxy";
        if self.secret_arn.is_some() {
            return Err(SettingsError::OnlyOnAws { path, what: "a proxy's credentials in Secrets Manager" });
        }
        match (&self.host, &self.port) {
            (None, None) => Ok(None),
            (Some(host), Some(port)) if port.parse::<u16>().is_ok() => Ok(Some(format!("http://{host}:{port}"))),
            _ => Err(SettingsError::Value { path, reason: "host and port go together, the port a number".into() }),
        }
    }
}
