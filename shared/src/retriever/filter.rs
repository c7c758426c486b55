//! Conditions on the attributes of documents, within what Kendra can take.

use std::collections::BTreeMap;

use aws_sdk_kendra::types::{AttributeFilter, DocumentAttribute, DocumentAttributeValue};
use aws_smithy_types::{DateTime, date_time::Format};
use serde::Deserialize;

use crate::error::Error;

/// Kendra's limits: how deep conditions may nest, and how many may stand side by side.
const DEEPEST: usize = 2;
const MOST: usize = 10;

/// A condition as a caller writes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Every attribute named has just this value.
    Equals(BTreeMap<String, Literal>),
    /// Every attribute named has one of these values.
    In(BTreeMap<String, Vec<Literal>>),
    /// Every attribute named, a list, holds one of these values.
    Contains(BTreeMap<String, Vec<String>>),
    /// Every attribute named lies between these bounds.
    Range(BTreeMap<String, Range>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    gt: Option<Literal>,
    gte: Option<Literal>,
    lt: Option<Literal>,
    lte: Option<Literal>,
}

/// A value to compare with, of the attribute's own type.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "must be a text, a whole number, a list of texts or {\"date\": \"2026-01-31T00:00:00Z\"}"
)]
pub enum Literal {
    Text(String),
    Number(i64),
    List(Vec<String>),
    Date(Date),
}

/// In the format of RFC 3339.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Date {
    date: String,
}

/// Conditions that Kendra can take.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Compare(Comparison, String, Literal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    ContainsAny,
    Greater,
    GreaterOrEquals,
    Less,
    LessOrEquals,
}

impl Filter {
    /// What a caller asks for, and besides it the language of the documents (Kendra looks for English ones unless told).
    /// None if there is nothing to filter by.
    pub fn new(condition: Option<Condition>, language: Option<&str>) -> Result<Option<Self>, Error> {
        let language = language
            .map(|code| Node::Compare(Comparison::Equals, "_language_code".to_owned(), Literal::Text(code.to_owned())));
        let nodes: Vec<Node> = condition.map(Node::of).into_iter().chain(language).collect();
        if nodes.is_empty() {
            return Ok(None);
        }
        let node = Node::all(nodes);
        node.check()?;
        Ok(Some(Self(node)))
    }

    pub(super) fn to_kendra(&self) -> Result<AttributeFilter, Error> {
        self.0.to_kendra()
    }
}

impl Node {
    fn of(condition: Condition) -> Self {
        match condition {
            Condition::Equals(values) => Self::all(
                values.into_iter().map(|(key, value)| Self::Compare(Comparison::Equals, key, value)).collect(),
            ),
            Condition::In(values) => Self::all(
                values
                    .into_iter()
                    .map(|(key, values)| {
                        let equal = |value| Self::Compare(Comparison::Equals, key.clone(), value);
                        Self::any(values.into_iter().map(equal).collect())
                    })
                    .collect(),
            ),
            Condition::Contains(values) => Self::all(
                values
                    .into_iter()
                    .map(|(key, values)| Self::Compare(Comparison::ContainsAny, key, Literal::List(values)))
                    .collect(),
            ),
            Condition::Range(ranges) => {
                Self::all(ranges.into_iter().map(|(key, range)| Self::all(range.nodes(&key))).collect())
            }
            Condition::All(conditions) => Self::all(conditions.into_iter().map(Self::of).collect()),
            Condition::Any(conditions) => Self::any(conditions.into_iter().map(Self::of).collect()),
            Condition::Not(condition) => match Self::of(*condition) {
                Self::Not(node) => *node,
                node => Self::Not(Box::new(node)),
            },
        }
    }

    /// A list within a list of the same kind is one list: Kendra's depth is scarce.
    fn all(nodes: Vec<Self>) -> Self {
        let flat = nodes.into_iter().flat_map(|node| match node {
            Self::All(nodes) => nodes,
            other => vec![other],
        });
        Self::alone(flat.collect()).unwrap_or_else(Self::All)
    }

    fn any(nodes: Vec<Self>) -> Self {
        let flat = nodes.into_iter().flat_map(|node| match node {
            Self::Any(nodes) => nodes,
            other => vec![other],
        });
        Self::alone(flat.collect()).unwrap_or_else(Self::Any)
    }

    fn alone(mut nodes: Vec<Self>) -> Result<Self, Vec<Self>> {
        match (nodes.pop(), nodes.is_empty()) {
            (Some(only), true) => Ok(only),
            (last, _) => Err(nodes.into_iter().chain(last).collect()),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |reason: String| Err(Error::invalid("filter", reason));
        if self.depth() > DEEPEST {
            return wrong(format!("nests deeper than {DEEPEST} levels, `language` being a condition too"));
        }
        self.check_each()
    }

    fn check_each(&self) -> Result<(), Error> {
        let wrong = |reason: String| Err(Error::invalid("filter", reason));
        match self {
            Self::All(nodes) | Self::Any(nodes) if nodes.is_empty() => wrong("must not hold an empty list".to_owned()),
            Self::All(nodes) | Self::Any(nodes) if nodes.len() > MOST => {
                wrong(format!("must not have more than {MOST} conditions side by side"))
            }
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().try_for_each(Self::check_each),
            Self::Not(node) => node.check_each(),
            Self::Compare(_, key, _) if !is_key(key) => wrong("names something that is no attribute".to_owned()),
            Self::Compare(_, _, value) => value.to_kendra().map(|_| ()),
        }
    }

    /// As Kendra counts: a comparison alone has none.
    fn depth(&self) -> usize {
        match self {
            Self::All(nodes) | Self::Any(nodes) => 1 + nodes.iter().map(Self::depth).max().unwrap_or_default(),
            Self::Not(node) => 1 + node.depth(),
            Self::Compare(..) => 0,
        }
    }

    fn to_kendra(&self) -> Result<AttributeFilter, Error> {
        let filter = AttributeFilter::builder();
        let list = |nodes: &[Self]| nodes.iter().map(Self::to_kendra).collect::<Result<Vec<_>, _>>().map(Some);
        Ok(match self {
            Self::All(nodes) => filter.set_and_all_filters(list(nodes)?),
            Self::Any(nodes) => filter.set_or_all_filters(list(nodes)?),
            Self::Not(node) => filter.not_filter(node.to_kendra()?),
            Self::Compare(comparison, key, value) => {
                let attribute = DocumentAttribute::builder().key(key).value(value.to_kendra()?).build();
                let attribute = attribute.map_err(|error| Error::Internal(error.to_string()))?;
                match comparison {
                    Comparison::Equals => filter.equals_to(attribute),
                    Comparison::ContainsAny => filter.contains_any(attribute),
                    Comparison::Greater => filter.greater_than(attribute),
                    Comparison::GreaterOrEquals => filter.greater_than_or_equals(attribute),
                    Comparison::Less => filter.less_than(attribute),
                    Comparison::LessOrEquals => filter.less_than_or_equals(attribute),
                }
            }
        }
        .build())
    }
}

/// Kendra's pattern of `DocumentAttributeKey`.
fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    key.len() <= 200 && key.bytes().all(allowed) && key.bytes().next().is_some_and(|first| first != b'-')
}

impl Range {
    fn nodes(self, key: &str) -> Vec<Node> {
        let bounds = [
            (Comparison::Greater, self.gt),
            (Comparison::GreaterOrEquals, self.gte),
            (Comparison::Less, self.lt),
            (Comparison::LessOrEquals, self.lte),
        ];
        let given = bounds.into_iter().filter_map(|(comparison, bound)| Some((comparison, bound?)));
        given.map(|(comparison, bound)| Node::Compare(comparison, key.to_owned(), bound)).collect()
    }
}

impl Literal {
    fn to_kendra(&self) -> Result<DocumentAttributeValue, Error> {
        let value = DocumentAttributeValue::builder();
        Ok(match self {
            Self::Text(text) => value.string_value(text),
            Self::Number(number) => value.long_value(*number),
            Self::List(list) => value.set_string_list_value(Some(list.clone())),
            Self::Date(Date { date }) => {
                let date = DateTime::from_str(date, Format::DateTimeWithOffset);
                value.date_value(date.map_err(|_| Error::invalid("filter", "holds a date that is not RFC 3339"))?)
            }
        }
        .build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(json: &str, language: Option<&str>) -> Result<AttributeFilter, Error> {
        let condition = serde_json::from_str(json).map_err(|error| Error::invalid("filter", error.to_string()))?;
        Filter::new(Some(condition), language)?.unwrap().to_kendra()
    }

    #[test]
    fn lists_of_one_kind_are_one_list() {
        let nested = r#"{"all": [{"equals": {"a": "1"}}, {"all": [{"range": {"b": {"gte": 1, "lt": 3}}}]}]}"#;
        let flat = filter(nested, Some("de")).unwrap();
        assert_eq!(flat.and_all_filters().len(), 4, "{flat:?}");
        assert!(flat.and_all_filters().iter().all(|leaf| leaf.and_all_filters.is_none()));

        let alone = filter(r#"{"in": {"a": ["1"]}}"#, None).unwrap();
        assert_eq!(alone.equals_to().unwrap().value().unwrap().string_value(), Some("1"));
    }

    #[test]
    fn values_keep_their_types() {
        let number = filter(r#"{"equals": {"year": 2026}}"#, None).unwrap();
        assert_eq!(number.equals_to().unwrap().value().unwrap().long_value(), Some(2026));
        let date =
            filter(r#"{"range": {"_created_at": {"gt": {"date": "2026-01-01T00:00:00+01:00"}}}}"#, None).unwrap();
        assert_eq!(date.greater_than().unwrap().value().unwrap().date_value().unwrap().secs(), 1_767_222_000);
        let list = filter(r#"{"not": {"contains": {"audience": ["staff"]}}}"#, None).unwrap();
        let contains = list.not_filter().unwrap().contains_any().unwrap();
        assert_eq!(contains.value().unwrap().string_list_value(), ["staff"]);
    }

    #[test]
    fn what_kendra_would_not_take_is_refused_here() {
        let many: Vec<String> = (0..11).map(|number| format!(r#""{number}""#)).collect();
        for (json, language) in [
            (r#"{"all": []}"#, None),
            (r#"{"equals": {}}"#, None),
            (r#"{"range": {"a": {}}}"#, None),
            (r#"{"equals": {"-a": "1"}}"#, None),
            (r#"{"equals": {"a": {"date": "yesterday"}}}"#, None),
            (r#"{"equals": {"a": 1.5}}"#, None),
            (r#"{"equals": {"a": "1"}, "all": []}"#, None),
            (r#"{"sounds_like": {"a": "1"}}"#, None),
            (r#"{"range": {"a": {"above": 1}}}"#, None),
            (r#"{"any": [{"all": [{"equals": {"a": "1"}}, {"in": {"b": ["1", "2"]}}]}, {"equals": {"c": 1}}]}"#, None),
            (r#"{"any": [{"equals": {"a": "1", "b": "2"}}, {"equals": {"c": 1}}]}"#, Some("de")),
            (&format!(r#"{{"in": {{"a": [{}]}}}}"#, many.join(",")), None),
        ] {
            let refused = filter(json, language);
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{json}: {refused:?}");
        }
        assert_eq!(Filter::new(None, None).unwrap(), None);
    }
}
