//! Kendra's results as passages.

use aws_sdk_kendra::types::{
    AdditionalResultAttribute, DocumentAttribute, DocumentAttributeValue, QueryResultItem, RetrieveResultItem,
    ScoreAttributes, ScoreConfidence,
};
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value, json};

use crate::grounding::{Confidence, Passage};

/// Kendra's own attribute for the page that a passage stands on.
const PAGE: &str = "_excerpt_page_number";

/// None for a result that has no text or no document.
pub(super) fn passage(query_id: &str, item: RetrieveResultItem) -> Option<Passage> {
    let attributes = attributes(item.document_attributes.unwrap_or_default());
    Some(Passage {
        document_id: item.document_id?,
        title: item.document_title.filter(|title| !title.is_empty()),
        uri: item.document_uri.filter(|uri| !uri.is_empty()),
        page: attributes.get(PAGE).and_then(Value::as_u64),
        excerpt: item.content.filter(|text| !text.trim().is_empty())?,
        attributes,
        confidence: confidence(item.score_attributes),
        query_id: query_id.to_owned(),
        result_id: item.id.unwrap_or_default(),
    })
}

/// The answer stands whole in an additional attribute; the excerpt may be cut.
pub(super) fn faq_entry(query_id: &str, item: QueryResultItem) -> Option<Passage> {
    let additional = item.additional_attributes.unwrap_or_default();
    let excerpt = item.document_excerpt.and_then(|excerpt| excerpt.text);
    Some(Passage {
        document_id: item.document_id?,
        title: additional_text(&additional, "QuestionText"),
        uri: item.document_uri.filter(|uri| !uri.is_empty()),
        page: None,
        excerpt: additional_text(&additional, "AnswerText").or(excerpt).filter(|text| !text.trim().is_empty())?,
        attributes: attributes(item.document_attributes.unwrap_or_default()),
        confidence: confidence(item.score_attributes),
        query_id: query_id.to_owned(),
        result_id: item.id.unwrap_or_default(),
    })
}

fn additional_text(attributes: &[AdditionalResultAttribute], key: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key() == key)?;
    attribute.value()?.text_with_highlights_value()?.text().map(str::to_owned)
}

fn confidence(scores: Option<ScoreAttributes>) -> Confidence {
    match scores.and_then(|scores| scores.score_confidence) {
        Some(ScoreConfidence::VeryHigh) => Confidence::VeryHigh,
        Some(ScoreConfidence::High) => Confidence::High,
        Some(ScoreConfidence::Medium) => Confidence::Medium,
        Some(ScoreConfidence::Low) => Confidence::Low,
        _ => Confidence::NotAvailable,
    }
}

fn attributes(attributes: Vec<DocumentAttribute>) -> Map<String, Value> {
    let pairs = attributes.into_iter().filter_map(|attribute| Some((attribute.key, value(attribute.value?)?)));
    pairs.collect()
}

fn value(value: DocumentAttributeValue) -> Option<Value> {
    let DocumentAttributeValue { string_value, string_list_value, long_value, date_value, .. } = value;
    let date = || date_value.and_then(|date| date.fmt(Format::DateTime).ok()).map(Value::from);
    let list = || string_list_value.map(|list| json!(list));
    string_value.map(Value::from).or_else(|| long_value.map(Value::from)).or_else(date).or_else(list)
}
