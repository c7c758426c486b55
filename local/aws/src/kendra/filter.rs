//! `AttributeFilter`: the service's conditions on attributes, with its limits.

use local_search::{Attribute, Filter, Kind};
use serde::Deserialize;

use super::attributes::{DocumentAttribute, Schema, kind_name};
use crate::reply::Refusal;

/// Of filters that hold filters; texts and limits are those of the service's own documentation.
const MAX_DEPTH: usize = 2;
const MAX_LENGTH: usize = 10;
/// Attributes of the searching user rather than of documents.
const USER_ATTRIBUTES: [&str; 2] = ["_user_id", "_group_ids"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttributeFilter {
    and_all_filters: Option<Vec<AttributeFilter>>,
    or_all_filters: Option<Vec<AttributeFilter>>,
    not_filter: Option<Box<AttributeFilter>>,
    equals_to: Option<DocumentAttribute>,
    contains_all: Option<DocumentAttribute>,
    contains_any: Option<DocumentAttribute>,
    greater_than: Option<DocumentAttribute>,
    greater_than_or_equals: Option<DocumentAttribute>,
    less_than: Option<DocumentAttribute>,
    less_than_or_equals: Option<DocumentAttribute>,
}

impl AttributeFilter {
    /// The filter over attributes that the index has, or the service's refusal.
    pub(super) fn read(&self, schema: &Schema) -> Result<Filter, Refusal> {
        self.at_depth(0, schema)
    }

    fn at_depth(&self, depth: usize, schema: &Schema) -> Result<Filter, Refusal> {
        let inner = |filters: &[AttributeFilter]| -> Result<Vec<Filter>, Refusal> {
            let depth = deeper(depth)?;
            if filters.is_empty() {
                return Err(Refusal::validation("AttributeFilter cannot have a length of 0."));
            }
            if filters.len() > MAX_LENGTH {
                let message = format!("AttributeFilter cannot have a length of more than {MAX_LENGTH}.");
                return Err(Refusal::validation(message));
            }
            filters.iter().map(|filter| filter.at_depth(depth, schema)).collect()
        };

        let mut operators = Vec::new();
        if let Some(filters) = &self.and_all_filters {
            operators.push(Filter::And(inner(filters)?));
        }
        if let Some(filters) = &self.or_all_filters {
            operators.push(Filter::Or(inner(filters)?));
        }
        if let Some(filter) = &self.not_filter {
            operators.push(Filter::Not(Box::new(filter.at_depth(deeper(depth)?, schema)?)));
        }
        if let Some(condition) = &self.equals_to {
            let (name, attribute) = known(condition, schema)?;
            operators.push(Filter::Equals(name, attribute));
        }
        for (condition, of_list) in [
            (&self.contains_all, Filter::ContainsAll as fn(String, Vec<String>) -> Filter),
            (&self.contains_any, Filter::ContainsAny),
        ] {
            let Some(condition) = condition else { continue };
            match known(condition, schema)? {
                (name, Attribute::List(list)) => operators.push(of_list(name, list)),
                (name, other) => return Err(inapplicable("ContainsAll and ContainsAny", &name, other.kind())),
            }
        }
        for (condition, of_order) in [
            (&self.greater_than, Filter::Greater as fn(String, Attribute) -> Filter),
            (&self.greater_than_or_equals, Filter::GreaterOrEqual),
            (&self.less_than, Filter::Less),
            (&self.less_than_or_equals, Filter::LessOrEqual),
        ] {
            let Some(condition) = condition else { continue };
            let (name, attribute) = known(condition, schema)?;
            if !matches!(attribute, Attribute::Number(_) | Attribute::Date(_)) {
                return Err(inapplicable("Comparisons", &name, attribute.kind()));
            }
            operators.push(of_order(name, attribute));
        }

        let count = operators.len();
        let mut operators = operators.into_iter();
        match (operators.next(), operators.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Refusal::validation(format!(
                "AttributeFilter cannot have {count} operators. It must have one and only one."
            ))),
        }
    }
}

fn deeper(depth: usize) -> Result<usize, Refusal> {
    match depth < MAX_DEPTH {
        true => Ok(depth + 1),
        false => Err(Refusal::validation(format!("AttributeFilter cannot have a depth of more than {MAX_DEPTH}."))),
    }
}

fn known(condition: &DocumentAttribute, schema: &Schema) -> Result<(String, Attribute), Refusal> {
    let name = &condition.key;
    if USER_ATTRIBUTES.contains(&name.as_str()) {
        let message = format!("local-aws does not filter on '{name}': give UserId and Groups as UserContext instead.");
        return Err(Refusal::validation(message));
    }
    let Some(kind) = schema.kind(name) else {
        return Err(Refusal::validation(format!("The attribute '{name}' in AttributeFilter is not in the index.")));
    };
    let attribute = condition.attribute().map_err(Refusal::validation)?;
    if attribute.kind() != kind {
        let (given, known) = (kind_name(attribute.kind()), kind_name(kind));
        let message = format!("The attribute '{name}' is of type {known} in the index, and {given} was given.");
        return Err(Refusal::validation(message));
    }
    Ok((name.clone(), attribute))
}

fn inapplicable(operators: &str, name: &str, kind: Kind) -> Refusal {
    let kind = kind_name(kind);
    Refusal::validation(format!("{operators} cannot be used with '{name}', which is of type {kind}."))
}

#[cfg(test)]
mod tests;
