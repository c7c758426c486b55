//! A DynamoDB item with typed access; the only place that spells attribute values.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};

use super::now;
use crate::error::Error;

/// DynamoDB's limit for one item: 400 KB, names and values together. A little is kept back, because the size of numbers
/// is counted in a way that is only approximately documented.
const MOST_BYTES: usize = 400 * 1024 - 1024;

#[derive(Debug, Clone, Default)]
pub(super) struct Item(HashMap<String, AttributeValue>);

impl Item {
    pub(super) fn keyed(partition_key: String, sort_key: String) -> Self {
        Self::default().text("pk", partition_key).text("sk", sort_key)
    }

    pub(super) fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::S(value.into()));
        self
    }

    pub(super) fn number(mut self, name: &str, value: impl Into<u64>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::N(value.into().to_string()));
        self
    }

    /// What is read back whole and never asked for by its parts.
    pub(super) fn json(self, name: &str, value: &impl Serialize) -> Result<Self, Error> {
        let json = serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(self.text(name, json))
    }

    pub(super) fn find_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let json = self.find_text(name).map(serde_json::from_str).transpose();
        json.map_err(|error| Error::Internal(format!("an item's `{name}` is not what was written: {error}")))
    }

    pub(super) fn get_text(&self, name: &str) -> Result<&str, Error> {
        self.find_text(name).ok_or_else(|| Error::Internal(format!("an item has no text `{name}`")))
    }

    pub(super) fn find_text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// Zero where the attribute is absent.
    pub(super) fn get_number(&self, name: &str) -> u64 {
        let number = self.0.get(name).and_then(|value| value.as_n().ok());
        number.and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }

    /// DynamoDB deletes expired items within days, not at once: until then they must not be seen.
    pub(super) fn is_expired(&self) -> bool {
        self.get_number("expires_at") <= now()
    }

    /// Bytes as DynamoDB counts them, numbers rounded up.
    fn size(&self) -> usize {
        let value_size = |value: &AttributeValue| match value {
            AttributeValue::S(text) => text.len(),
            _ => 21,
        };
        self.0.iter().map(|(name, value)| name.len() + value_size(value)).sum()
    }

    pub(super) fn checked(self) -> Result<Self, Error> {
        match self.size() {
            bytes if bytes > MOST_BYTES => Err(Error::MessageTooLarge { bytes }),
            _ => Ok(self),
        }
    }
}

impl From<HashMap<String, AttributeValue>> for Item {
    fn from(attributes: HashMap<String, AttributeValue>) -> Self {
        Self(attributes)
    }
}

impl From<Item> for HashMap<String, AttributeValue> {
    fn from(item: Item) -> Self {
        item.0
    }
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_over_the_limit_is_refused_with_its_size() {
        assert!(Item::default().text("text", "x".repeat(390 * 1024)).checked().is_ok());
        let refused = Item::default().text("text", "x".repeat(400 * 1024)).checked();
        assert!(matches!(refused, Err(Error::MessageTooLarge { bytes }) if bytes > 400 * 1024));
    }

    #[test]
    fn an_item_expires_at_its_second() {
        assert!(Item::default().number("expires_at", now()).is_expired());
        assert!(!Item::default().number("expires_at", now() + 60).is_expired());
    }
}
