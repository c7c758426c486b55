//! Documents in the order of attributes instead of relevance.

use std::cmp::Ordering;

use local_search::{Attribute, Hit, Kind};
use serde::Deserialize;

use crate::{kendra::attributes::Schema, reply::Refusal};

/// By default.
const MAX_FIELDS: usize = 3;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sorting {
    document_attribute_key: String,
    sort_order: SortOrder,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum SortOrder {
    Asc,
    Desc,
}

pub(super) fn read(
    one: Option<Sorting>,
    several: Option<Vec<Sorting>>,
    schema: &Schema,
) -> Result<Vec<Sorting>, Refusal> {
    let sorting = match (one, several) {
        (Some(_), Some(_)) => {
            let message = "SortingConfiguration and SortingConfigurations cannot both be given.";
            return Err(Refusal::validation(message));
        }
        (one, several) => one.map(|one| vec![one]).or(several).unwrap_or_default(),
    };
    if sorting.len() > MAX_FIELDS {
        return Err(Refusal::validation(format!("SortingConfigurations cannot have more than {MAX_FIELDS} fields.")));
    }
    for Sorting { document_attribute_key: name, .. } in &sorting {
        match schema.kind(name) {
            None => {
                return Err(Refusal::validation(format!("The attribute '{name}' to sort by is not in the index.")));
            }
            Some(Kind::List) => {
                let message = format!("The attribute '{name}' is a list: results cannot be sorted by it.");
                return Err(Refusal::validation(message));
            }
            Some(_) => {}
        }
    }
    Ok(sorting)
}

/// Documents that are equal in all attributes stay in the order of relevance; those without one come last.
pub(super) fn by_attributes(hits: &mut [Hit], sorting: &[Sorting]) {
    hits.sort_by(|one, other| {
        sorting.iter().map(|sorting| sorting.compare(one, other)).fold(Ordering::Equal, Ordering::then)
    });
}

impl Sorting {
    fn compare(&self, one: &Hit, other: &Hit) -> Ordering {
        let name = &self.document_attribute_key;
        match (one.document.attributes.get(name), other.document.attributes.get(name)) {
            (Some(one), Some(other)) => match self.sort_order {
                SortOrder::Asc => compare(one, other),
                SortOrder::Desc => compare(other, one),
            },
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}

fn compare(one: &Attribute, other: &Attribute) -> Ordering {
    match (one, other) {
        (Attribute::Text(one), Attribute::Text(other)) => one.cmp(other),
        (Attribute::Number(one), Attribute::Number(other)) | (Attribute::Date(one), Attribute::Date(other)) => {
            one.cmp(other)
        }
        _ => Ordering::Equal,
    }
}
