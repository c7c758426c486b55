//! Facets: how many of the documents found have which value of an attribute.

use std::collections::BTreeMap;

use local_search::Attribute;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    kendra::attributes::{self, Schema, kind_name},
    reply::Refusal,
};

/// Values of one facet, where the request does not say.
const VALUES: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Facet {
    document_attribute_key: Option<String>,
    facets: Option<Vec<Value>>,
    max_results: Option<usize>,
}

/// The attributes to be counted.
pub(super) fn names(facets: &[Facet], schema: &Schema) -> Result<Vec<String>, Refusal> {
    let name = |facet: &Facet| {
        if facet.facets.as_ref().is_some_and(|nested| !nested.is_empty()) {
            return Err(Refusal::validation("local-aws does not count nested facets."));
        }
        let name = facet.document_attribute_key.clone();
        let name = name.ok_or_else(|| Refusal::validation("A facet must have a DocumentAttributeKey."))?;
        match schema.kind(&name) {
            Some(_) => Ok(name),
            None => Err(Refusal::validation(format!("The attribute '{name}' in Facets is not in the index."))),
        }
    };
    facets.iter().map(name).collect()
}

pub(super) fn results(
    facets: &[Facet],
    counts: &BTreeMap<String, Vec<(Attribute, usize)>>,
    schema: &Schema,
) -> Vec<Value> {
    let result = |facet: &Facet| {
        let name = facet.document_attribute_key.as_ref()?;
        let counts = counts.get(name).map(Vec::as_slice).unwrap_or_default();
        let pairs = counts.iter().take(facet.max_results.unwrap_or(VALUES));
        let pairs: Vec<Value> = pairs
            .map(|(value, count)| json!({ "DocumentAttributeValue": attributes::value(value), "Count": count }))
            .collect();
        Some(json!({
            "DocumentAttributeKey": name,
            "DocumentAttributeValueType": kind_name(schema.kind(name)?),
            "DocumentAttributeValueCountPairs": pairs,
        }))
    };
    facets.iter().filter_map(result).collect()
}
