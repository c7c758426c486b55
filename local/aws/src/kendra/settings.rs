//! What the index of a server is, as a template would declare it.

use serde_json::Value;

/// The index that Kendra knows: operations on any other are refused.
#[derive(Debug, Clone)]
pub struct Kendra {
    pub index_id: String,
    pub user_context: UserContext,
    pub data_sources: Vec<DataSource>,
    pub faqs: Vec<Faq>,
}

/// How an index is told who searches: `UserContextPolicy` of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserContext {
    /// `ATTRIBUTE_FILTER`: by user and groups in the request, which is believed.
    AttributeFilter,
    /// `USER_TOKEN`: by a token in the request.
    UserToken,
}

#[derive(Debug, Clone)]
pub struct DataSource {
    pub id: String,
    pub name: String,
    /// The connector's template, as `TemplateConfiguration.Template` holds it.
    pub template: Value,
    /// Whether a sync begins with the server.
    pub sync_at_start: bool,
}

/// A file of questions and answers in a bucket.
#[derive(Debug, Clone)]
pub struct Faq {
    pub id: String,
    pub name: String,
    pub bucket: String,
    pub key: String,
    pub format: FaqFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaqFormat {
    Csv,
    CsvWithHeader,
    Json,
}
