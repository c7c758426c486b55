//! A search index on disk: BM25 and sentence embeddings, fused; attribute filters and access control before the cut.
//! Knows nothing of AWS: `local-aws` puts Kendra's wire in front of it.

mod access;
mod catalogue;
mod confidence;
mod corpus;
mod error;
mod filter;
mod find;
mod index;
mod passages;
mod prepared;
mod ranking;
mod storage;
mod terms;
mod vectors;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use error::Error;
pub use index::Index;
pub use ranking::Ranking;

/// A document as it is put into the index. Putting one with the identifier of another replaces that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub id: String,
    pub title: Option<String>,
    pub uri: Option<String>,
    pub content: Content,
    /// Kendra's own (`_category`, `_created_at`, …) and custom ones.
    pub attributes: BTreeMap<String, Attribute>,
    pub access: Access,
    /// Where it came from; none if it was put directly.
    pub source: Option<Source>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Text in reading order.
    Text(Vec<Section>),
    /// An entry of a FAQ. Only searches for questions find it.
    Answer { question: String, answer: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// From 1, where the document has pages (a presentation's slides are its pages).
    pub page: Option<u32>,
    /// Paragraphs are separated by an empty line.
    pub text: String,
}

/// The data source, or FAQ, that a document belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub id: String,
    /// What the source calls this state of the document: a sync skips what has not changed.
    pub version: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Attribute {
    Text(String),
    List(Vec<String>),
    Number(i64),
    /// Seconds since the epoch.
    Date(i64),
}

/// Of which kind an attribute is. All documents that have it should agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    List,
    Number,
    Date,
}

impl Attribute {
    pub fn kind(&self) -> Kind {
        match self {
            Attribute::Text(_) => Kind::Text,
            Attribute::List(_) => Kind::List,
            Attribute::Number(_) => Kind::Number,
            Attribute::Date(_) => Kind::Date,
        }
    }
}

/// Who may find a document. Without any `allow` and hierarchy, everybody who is not denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub allow: Vec<Principal>,
    pub deny: Vec<Principal>,
    /// Levels that all must let somebody in, as folders do. Each has its own allow and deny.
    pub hierarchy: Vec<Access>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    User(String),
    Group(String),
}

/// Who searches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    pub name: Option<String>,
    pub groups: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Equals(String, Attribute),
    ContainsAll(String, Vec<String>),
    ContainsAny(String, Vec<String>),
    Greater(String, Attribute),
    GreaterOrEqual(String, Attribute),
    Less(String, Attribute),
    LessOrEqual(String, Attribute),
}

#[derive(Debug, Clone)]
pub struct Search {
    pub text: String,
    pub target: Target,
    pub filter: Option<Filter>,
    /// Access control is applied for this user; nobody is kept from anything where absent.
    pub user: Option<User>,
    pub limit: usize,
    /// Attributes whose values are to be counted over all documents that match.
    pub facets: Vec<String>,
}

impl Search {
    /// For everybody's ten best, without a filter.
    pub fn new(text: impl Into<String>, target: Target) -> Search {
        Search { text: text.into(), target, filter: None, user: None, limit: 10, facets: Vec::new() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Passages of documents, several of one document if they are good.
    Passages,
    /// Documents, each with its best passage.
    Documents,
    /// Entries of FAQs.
    Questions,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Best first.
    pub hits: Vec<Hit>,
    /// How many there would be without a limit, as far as the search looked.
    pub total: usize,
    /// For each attribute asked for: values and counts, most frequent first.
    pub facets: BTreeMap<String, Vec<(Attribute, usize)>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub document: DocumentFacts,
    /// A passage's text, or a FAQ entry's answer.
    pub text: String,
    /// The question of a FAQ entry.
    pub question: Option<String>,
    pub page: Option<u32>,
    /// The passage's number within its document, from 0.
    pub passage: usize,
    pub confidence: Confidence,
    /// How likely it answers the search, from 0 to 1: what the confidence is a level of.
    pub score: f32,
    /// What the score was made of.
    pub evidence: Evidence,
    /// Words of the search in `text`.
    pub highlights: Vec<Highlight>,
}

/// A document without its content.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentFacts {
    pub id: String,
    pub title: Option<String>,
    pub uri: Option<String>,
    pub attributes: BTreeMap<String, Attribute>,
    pub source: Option<Source>,
}

/// How likely a hit answers the search, calibrated on judged data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    Low,
    Medium,
    High,
    VeryHigh,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Between the vectors of the search and of the passage or question, from -1 to 1.
    pub cosine: f32,
    /// The part of the search's words that the passage and its title, or the question, have; from 0 to 1.
    pub share: f32,
}

/// Characters (not bytes) of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highlight {
    pub begin: usize,
    pub end: usize,
}

/// What is in the index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Without the entries of FAQs.
    pub documents: usize,
    /// Entries of FAQs.
    pub answers: usize,
    /// Bytes of text, of documents and of FAQ entries.
    pub text_bytes: u64,
}
