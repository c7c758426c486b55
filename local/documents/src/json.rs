use std::fmt::{self, Display};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{
    Format, ReadError, Text,
    flow::{Flow, Gap},
};

/// Each value becomes a line `path: value`, in the order of the file; objects in a list are paragraphs. No tree
/// is built, so a large file needs no more memory than its text.
pub(crate) fn read(text: &str) -> Result<Text, ReadError> {
    let mut flow = Flow::new();
    let mut path = String::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Lines { flow: &mut flow, path: &mut path, is_entry: false }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| ReadError::malformed(Format::Json, error))?;
    Ok(Text::new(None, flow.finish()?))
}

struct Lines<'a> {
    flow: &'a mut Flow,
    path: &'a mut String,
    is_entry: bool,
}

impl Lines<'_> {
    fn line(self, value: &dyn Display) {
        self.flow.gap(Gap::Line);
        if !self.path.is_empty() {
            self.flow.push(self.path);
            self.flow.push(": ");
        }
        self.flow.push(&value.to_string());
    }

    fn child(&mut self, is_entry: bool) -> Lines<'_> {
        Lines { flow: self.flow, path: self.path, is_entry }
    }
}

impl<'de> DeserializeSeed<'de> for Lines<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Lines<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.line(&value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.line(&value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.line(&value);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.line(&value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.line(&value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let length = self.path.len();
        for index in 0_usize.. {
            self.path.push_str(&format!("[{index}]"));
            let more = entries.next_element_seed(self.child(true))?;
            self.path.truncate(length);
            if more.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let length = self.path.len();
        let around = if self.is_entry { Gap::Paragraph } else { Gap::Line };
        self.flow.gap(around);
        while let Some(key) = entries.next_key::<String>()? {
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&key);
            entries.next_value_seed(self.child(false))?;
            self.path.truncate(length);
        }
        self.flow.gap(around);
        Ok(())
    }
}
