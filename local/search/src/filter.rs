use std::{cmp::Ordering, collections::BTreeMap};

use crate::{Attribute, Filter};

impl Filter {
    /// A document without the attribute, or with one of another type, matches no condition on it: only `Not` finds it.
    pub fn matches(&self, attributes: &BTreeMap<String, Attribute>) -> bool {
        let is = |key: &str, asked: &Attribute, wanted: fn(Ordering) -> bool| {
            attributes.get(key).and_then(|found| compare(found, asked)).is_some_and(wanted)
        };
        match self {
            Filter::And(all) => all.iter().all(|filter| filter.matches(attributes)),
            Filter::Or(any) => any.iter().any(|filter| filter.matches(attributes)),
            Filter::Not(filter) => !filter.matches(attributes),
            Filter::Equals(key, value) => attributes.get(key).is_some_and(|found| equals(found, value)),
            Filter::ContainsAll(key, values) => {
                list(attributes, key).is_some_and(|found| values.iter().all(|value| found.contains(value)))
            }
            Filter::ContainsAny(key, values) => {
                list(attributes, key).is_some_and(|found| values.iter().any(|value| found.contains(value)))
            }
            Filter::Greater(key, value) => is(key, value, Ordering::is_gt),
            Filter::GreaterOrEqual(key, value) => is(key, value, Ordering::is_ge),
            Filter::Less(key, value) => is(key, value, Ordering::is_lt),
            Filter::LessOrEqual(key, value) => is(key, value, Ordering::is_le),
        }
    }
}

/// Lists are equal in whatever order.
fn equals(found: &Attribute, asked: &Attribute) -> bool {
    match (found, asked) {
        (Attribute::List(found), Attribute::List(asked)) => {
            let sorted = |list: &Vec<String>| {
                let mut list = list.clone();
                list.sort_unstable();
                list.dedup();
                list
            };
            sorted(found) == sorted(asked)
        }
        _ => found == asked,
    }
}

fn list<'a>(attributes: &'a BTreeMap<String, Attribute>, key: &str) -> Option<&'a Vec<String>> {
    match attributes.get(key) {
        Some(Attribute::List(list)) => Some(list),
        _ => None,
    }
}

/// Only numbers and dates have an order.
fn compare(found: &Attribute, asked: &Attribute) -> Option<Ordering> {
    match (found, asked) {
        (Attribute::Number(found), Attribute::Number(asked)) | (Attribute::Date(found), Attribute::Date(asked)) => {
            Some(found.cmp(asked))
        }
        _ => None,
    }
}
