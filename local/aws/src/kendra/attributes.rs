//! Attributes of documents: their wire, and which ones the index has.
//!
//! Those that begin with `_` are the service's own
//! (<https://docs.aws.amazon.com/kendra/latest/dg/hiw-document-attributes.html>). AWS wants custom ones declared at the
//! index; here a document that brings one declares it.

use std::collections::BTreeMap;

use local_search::{Attribute, Hit, Index, Kind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::failed;
use crate::reply::Refusal;

const SOURCE_URI: &str = "_source_uri";
pub(super) const TITLE: &str = "_document_title";
const LANGUAGE: &str = "_language_code";
/// Of documents whose language is not said.
const DEFAULT_LANGUAGE: &str = "en";
const PAGE: &str = "_excerpt_page_number";
/// Strings of a list, by default.
const MAX_STRINGS: usize = 10;

const RESERVED: [(&str, Kind); 14] = [
    ("_authors", Kind::List),
    ("_category", Kind::Text),
    ("_created_at", Kind::Date),
    ("_data_source_id", Kind::Text),
    (TITLE, Kind::Text),
    (PAGE, Kind::Number),
    ("_faq_id", Kind::Text),
    ("_file_type", Kind::Text),
    (LANGUAGE, Kind::Text),
    ("_last_updated_at", Kind::Date),
    (SOURCE_URI, Kind::Text),
    ("_tenant_id", Kind::Text),
    ("_version", Kind::Text),
    ("_view_count", Kind::Number),
];

/// The type of an attribute of the service's own; none if it has none of this name.
pub(super) fn reserved(name: &str) -> Option<Kind> {
    RESERVED.iter().find(|(reserved, _)| *reserved == name).map(|(_, kind)| *kind)
}

pub(super) fn default_language(attributes: &mut BTreeMap<String, Attribute>) {
    attributes.entry(LANGUAGE.to_owned()).or_insert_with(|| Attribute::Text(DEFAULT_LANGUAGE.to_owned()));
}

/// Where a document can be read, if its attributes say so.
pub(super) fn source_uri(attributes: &BTreeMap<String, Attribute>) -> Option<String> {
    match attributes.get(SOURCE_URI) {
        Some(Attribute::Text(uri)) => Some(uri.clone()),
        _ => None,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DocumentAttribute {
    pub(super) key: String,
    pub(super) value: AttributeValue,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttributeValue {
    string_value: Option<String>,
    string_list_value: Option<Vec<String>>,
    long_value: Option<i64>,
    date_value: Option<f64>,
}

impl DocumentAttribute {
    /// Says what is wrong with the value, if it is not exactly one.
    pub(super) fn attribute(&self) -> Result<Attribute, String> {
        let AttributeValue { string_value, string_list_value, long_value, date_value } = self.value.clone();
        match (string_value, string_list_value, long_value, date_value) {
            (Some(text), None, None, None) => Ok(Attribute::Text(text)),
            (None, Some(list), None, None) if list.len() > MAX_STRINGS => {
                Err(format!("The attribute '{}' has more than {MAX_STRINGS} strings.", self.key))
            }
            (None, Some(list), None, None) => Ok(Attribute::List(list)),
            (None, None, Some(number), None) => Ok(Attribute::Number(number)),
            (None, None, None, Some(seconds)) => Ok(Attribute::Date(seconds as i64)),
            _ => Err(format!("The attribute '{}' must have exactly one value.", self.key)),
        }
    }
}

/// The attributes that the index has.
#[derive(Debug)]
pub(super) struct Schema {
    kinds: BTreeMap<String, Kind>,
}

impl Schema {
    pub(super) async fn of(index: &Index) -> Result<Schema, Refusal> {
        Ok(Schema::with(index.attributes().await.map_err(|error| failed(&error))?))
    }

    /// Looking at every document would make a search slower that names no attribute.
    pub(super) async fn if_needed(needed: bool, index: &Index) -> Result<Schema, Refusal> {
        match needed {
            true => Schema::of(index).await,
            false => Ok(Schema::with(BTreeMap::new())),
        }
    }

    pub(super) fn with(mut kinds: BTreeMap<String, Kind>) -> Schema {
        kinds.extend(RESERVED.map(|(name, kind)| (name.to_owned(), kind)));
        Schema { kinds }
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.kinds.get(name).copied()
    }

    /// Takes a document's attribute in, or says why it cannot be one of this index.
    pub(super) fn declare(&mut self, name: &str, kind: Kind) -> Result<(), String> {
        match self.kind(name) {
            Some(known) if known == kind => Ok(()),
            Some(known) => Err(format!(
                "The attribute '{name}' is of type {} in the index, and {} was given.",
                kind_name(known),
                kind_name(kind)
            )),
            None if name.starts_with('_') => Err(format!("'{name}' is no attribute of Kendra's own.")),
            None => {
                self.kinds.insert(name.to_owned(), kind);
                Ok(())
            }
        }
    }

    /// As `DocumentMetadataConfigurations` of the service describes them.
    pub(super) fn to_json(&self) -> Value {
        let described = self.kinds.iter().map(|(name, kind)| {
            let is_one = *kind != Kind::List;
            let is_text = matches!(kind, Kind::Text | Kind::List);
            let search = json!({ "Displayable": true, "Facetable": true, "Searchable": is_text, "Sortable": is_one });
            json!({ "Name": name, "Type": kind_name(*kind), "Search": search })
        });
        described.collect()
    }
}

/// `DocumentAttributes` of a result: all that the document has, or of these only the requested ones.
pub(super) fn of_hit(hit: &Hit, requested: Option<&[String]>) -> Value {
    let mut attributes = hit.document.attributes.clone();
    if let Some(uri) = &hit.document.uri {
        attributes.entry(SOURCE_URI.to_owned()).or_insert_with(|| Attribute::Text(uri.clone()));
    }
    if let Some(page) = hit.page {
        attributes.insert(PAGE.to_owned(), Attribute::Number(page.into()));
    }
    let wanted = |name: &String| requested.is_none_or(|requested| requested.contains(name));
    let attributes = attributes.iter().filter(|(name, _)| wanted(name));
    attributes.map(|(name, attribute)| json!({ "Key": name, "Value": value(attribute) })).collect()
}

pub(super) fn value(attribute: &Attribute) -> Value {
    match attribute {
        Attribute::Text(text) => json!({ "StringValue": text }),
        Attribute::List(list) => json!({ "StringListValue": list }),
        Attribute::Number(number) => json!({ "LongValue": number }),
        Attribute::Date(seconds) => json!({ "DateValue": seconds }),
    }
}

pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "STRING_VALUE",
        Kind::List => "STRING_LIST_VALUE",
        Kind::Number => "LONG_VALUE",
        Kind::Date => "DATE_VALUE",
    }
}
