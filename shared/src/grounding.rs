//! What answers are grounded in: passages of documents, and where an answer cites them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A piece of a document that a search found, or an entry of a FAQ: its question is the title, its answer the excerpt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    pub document_id: String,
    pub title: Option<String>,
    pub uri: Option<String>,
    /// From 1; absent where the document has no pages.
    pub page: Option<u64>,
    pub excerpt: String,
    /// Dates as RFC 3339 writes them.
    pub attributes: Map<String, Value>,
    pub confidence: Confidence,
    /// The index's names for the search and for this result of it, by which feedback is given.
    pub query_id: String,
    pub result_id: String,
}

impl Passage {
    /// The day on which the document last changed, or else was made.
    pub fn date(&self) -> Option<&str> {
        let attribute = |name| self.attributes.get(name).and_then(Value::as_str);
        attribute("_last_updated_at").or_else(|| attribute("_created_at"))?.get(..10)
    }
}

/// How sure the index is that a result answers the search; the words are Kendra's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Confidence {
    /// The index does not rate results in this language.
    NotAvailable,
    Low,
    Medium,
    High,
    VeryHigh,
}

impl Confidence {
    /// Whether this is known to reach `least`: none where there is no rating.
    pub fn reaches(self, least: Self) -> Option<bool> {
        (self != Self::NotAvailable).then_some(self as u8 >= least as u8)
    }
}

impl std::str::FromStr for Confidence {
    type Err = serde::de::value::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::deserialize(serde::de::value::StrDeserializer::new(text))
    }
}

/// Characters of an answer (Unicode scalar values, not bytes): the marker `[1]`, or all of a FAQ's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub start: usize,
    pub end: usize,
}

/// A passage that the answer cites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// As it stands in the answer.
    pub number: usize,
    #[serde(flatten)]
    pub passage: Passage,
    pub places: Vec<Place>,
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A curated answer, word for word.
    Faq,
    /// A model, from passages.
    Documents,
    /// Nothing was found that the caller may see.
    None,
}

impl Source {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Faq => "faq",
            Self::Documents => "documents",
            Self::None => "none",
        }
    }
}

/// How an answer came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grounding {
    pub search_query: String,
    pub source: Source,
    /// Whether the answer shows where it is from: it cites a passage.
    pub grounded: bool,
    /// In the order in which the answer first cites them.
    pub citations: Vec<Citation>,
}

impl Grounding {
    /// Of an answer of which nothing is said yet.
    pub(crate) fn new(search_query: String, source: Source) -> Self {
        Self { search_query, source, grounded: false, citations: Vec::new() }
    }

    /// Another place of a passage that may be cited already.
    pub(crate) fn cite(&mut self, citation: &Citation) {
        self.grounded = true;
        match self.citations.iter_mut().find(|known| known.number == citation.number) {
            Some(known) => known.places.extend_from_slice(&citation.places),
            None => self.citations.push(citation.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_is_read_and_compared_as_kendra_means_it() {
        assert_eq!("VERY_HIGH".parse::<Confidence>().unwrap(), Confidence::VeryHigh);
        assert!("very high".parse::<Confidence>().is_err());
        assert_eq!(Confidence::Medium.reaches(Confidence::Medium), Some(true));
        assert_eq!(Confidence::Low.reaches(Confidence::Medium), Some(false));
        assert_eq!(Confidence::NotAvailable.reaches(Confidence::Low), None);
    }
}
