//! Request shapes of AWS services, and the check of a request against them.
//!
//! The shapes are excerpts of botocore's service models (`model/excerpt.py` writes them), so limits, patterns and
//! enumerations are the service's own. The texts are those of the validators in front of AWS's services.

use std::collections::HashMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use regex::Regex;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Map, Value};

use crate::reply::Refusal;

/// The operations of one service, and the shapes of those that are served.
#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    operations: HashMap<String, Option<String>>,
    shapes: HashMap<String, Shape>,
}

/// How much of a shape is checked here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Everything,
    /// Only that every field is one the service knows: what serves the operation checks the rest.
    FieldNames,
}

impl Model {
    pub(crate) fn read(excerpt: &str) -> Result<Model, serde_json::Error> {
        serde_json::from_str(excerpt)
    }

    /// Whether the service has such an operation, served here or not.
    pub(crate) fn knows(&self, operation: &str) -> bool {
        self.operations.contains_key(operation)
    }

    pub(crate) fn serves(&self, operation: &str) -> bool {
        matches!(self.operations.get(operation), Some(Some(_)))
    }

    /// The body of a request for an operation that is served here, not checked yet.
    pub(crate) fn request(&self, service: &str, operation: &str, body: &[u8]) -> Result<Value, Refusal> {
        if !self.serves(operation) {
            return Err(Refusal::not_here(service, operation));
        }
        serde_json::from_slice(body)
            .map_err(|error| Refusal::serialization(format!("The request's body is not JSON: {error}")))
    }

    /// Checks the members of a request that travel in its body.
    pub(crate) fn check_body(&self, operation: &str, body: &Value, check: Check) -> Result<(), Refusal> {
        let mut visit = Visit { model: self, check, violations: Vec::new() };
        if let Some(shape) = self.input(operation) {
            visit.value(shape, body, &Path::Root)?;
        }
        visit.finish()
    }

    /// Checks a member of a request that travels in its path or a header.
    pub(crate) fn check_member(&self, operation: &str, member: &str, value: &str) -> Result<(), Refusal> {
        let mut visit = Visit { model: self, check: Check::Everything, violations: Vec::new() };
        let shape = self.input(operation).and_then(|input| input.members.get(member));
        if let Some(shape) = shape.and_then(|reference| self.shapes.get(&reference.shape)) {
            visit.value(shape, &Value::from(value), &Path::Field(&Path::Root, member))?;
        }
        visit.finish()
    }

    fn input(&self, operation: &str) -> Option<&Shape> {
        self.shapes.get(self.operations.get(operation)?.as_ref()?)
    }
}

/// A request that fits its shape, as the operation wants it.
pub(crate) fn parsed<T: DeserializeOwned>(request: &Value) -> Result<T, Refusal> {
    T::deserialize(request).map_err(|error| Refusal::serialization(error.to_string()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Blob,
    Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    r#type: Kind,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    members: HashMap<String, Reference>,
    member: Option<Reference>,
    key: Option<Reference>,
    value: Option<Reference>,
    #[serde(default)]
    union: bool,
    #[serde(default)]
    document: bool,
    #[serde(default)]
    r#enum: Vec<String>,
    min: Option<f64>,
    max: Option<f64>,
    pattern: Option<Pattern>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    shape: String,
    /// Present where the member travels outside the body.
    location: Option<String>,
}

#[derive(Debug)]
struct Pattern {
    written: String,
    whole: Regex,
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        // Characters beyond 16 bits are two in the models, as in Java.
        let in_rust = written.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\u{10000}-\u{10FFFF}");
        let whole = Regex::new(&format!("^(?:{in_rust})$")).map_err(D::Error::custom)?;
        Ok(Pattern { written, whole })
    }
}

/// Where a value stands; written only when something is wrong with it.
enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Element(&'a Path<'a>, usize),
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => write!(f, "{name}"),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Element(parent, index) => write!(f, "{parent}.{}.member", index + 1),
        }
    }
}

struct Visit<'a> {
    model: &'a Model,
    check: Check,
    violations: Vec<String>,
}

impl Visit<'_> {
    fn finish(self) -> Result<(), Refusal> {
        let errors = match self.violations.len() {
            0 => return Ok(()),
            1 => "error",
            _ => "errors",
        };
        let message = format!("{} validation {errors} detected: {}", self.violations.len(), self.violations.join("; "));
        Err(Refusal::validation(message))
    }

    /// A value of the wrong type cannot be read at all, so it ends the visit; violated constraints are collected.
    fn value(&mut self, shape: &Shape, value: &Value, path: &Path<'_>) -> Result<(), Refusal> {
        if shape.document {
            return Ok(());
        }
        match (&shape.r#type, value) {
            (Kind::Structure, Value::Object(fields)) => self.structure(shape, fields, path),
            (Kind::List, Value::Array(elements)) => {
                self.length(shape, elements.len(), value, path);
                let Some(element) = shape.member.as_ref().and_then(|member| self.model.shapes.get(&member.shape))
                else {
                    return Ok(());
                };
                for (index, value) in elements.iter().enumerate() {
                    self.value(element, value, &Path::Element(path, index))?;
                }
                Ok(())
            }
            (Kind::Map, Value::Object(entries)) => self.map(shape, entries, value, path),
            _ if self.check == Check::FieldNames => Ok(()),
            (Kind::String, Value::String(text)) => {
                self.text(shape, text, path);
                Ok(())
            }
            (Kind::Integer, Value::Number(number)) if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => {
                self.number(shape, value, path);
                Ok(())
            }
            (Kind::Long, Value::Number(number)) if number.is_i64() => {
                self.number(shape, value, path);
                Ok(())
            }
            (Kind::Float | Kind::Double | Kind::Timestamp, Value::Number(_)) => {
                self.number(shape, value, path);
                Ok(())
            }
            (Kind::Boolean, Value::Bool(_)) => Ok(()),
            (Kind::Blob, Value::String(text)) => match BASE64_STANDARD.decode(text) {
                Ok(bytes) => {
                    self.length(shape, bytes.len(), &Value::from("…"), path);
                    Ok(())
                }
                Err(_) => Err(Refusal::serialization(format!("Invalid base64 at '{path}'"))),
            },
            (kind, value) => Err(Refusal::serialization(format!(
                "{} can not be converted to {} at '{path}'",
                token_name(value),
                kind_name(kind)
            ))),
        }
    }

    fn structure(&mut self, shape: &Shape, fields: &Map<String, Value>, path: &Path<'_>) -> Result<(), Refusal> {
        for (name, value) in fields {
            let member = shape.members.get(name).filter(|reference| reference.location.is_none());
            let Some(member) = member.and_then(|reference| self.model.shapes.get(&reference.shape)) else {
                let path = Path::Field(path, name);
                self.violations.push(format!("Unknown field '{path}': the operation has no such member"));
                continue;
            };
            if !value.is_null() {
                self.value(member, value, &Path::Field(path, name))?;
            }
        }
        if self.check == Check::FieldNames {
            return Ok(());
        }

        let is_set = |name: &String| fields.get(name).is_some_and(|value| !value.is_null());
        for name in &shape.required {
            let in_body = shape.members.get(name).is_some_and(|reference| reference.location.is_none());
            if in_body && !is_set(name) {
                let path = Path::Field(path, name);
                self.violations
                    .push(format!("Value null at '{path}' failed to satisfy constraint: Member must not be null"));
            }
        }
        if shape.union && fields.keys().filter(|name| is_set(name)).count() != 1 {
            self.violations.push(format!(
                "Value at '{path}' failed to satisfy constraint: Member must have exactly one of its members set"
            ));
        }
        Ok(())
    }

    fn map(
        &mut self,
        shape: &Shape,
        entries: &Map<String, Value>,
        value: &Value,
        path: &Path<'_>,
    ) -> Result<(), Refusal> {
        self.length(shape, entries.len(), value, path);
        let shapes = &self.model.shapes;
        let key_shape = shape.key.as_ref().and_then(|key| shapes.get(&key.shape));
        let value_shape = shape.value.as_ref().and_then(|value| shapes.get(&value.shape));
        for (key, value) in entries {
            let path = Path::Field(path, key);
            if let (Some(shape), Check::Everything) = (key_shape, self.check) {
                self.text(shape, key, &path);
            }
            if let Some(shape) = value_shape {
                self.value(shape, value, &path)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, shape: &Shape, text: &str, path: &Path<'_>) {
        self.length(shape, text.chars().count(), &Value::from(text), path);
        if let Some(pattern) = &shape.pattern
            && !pattern.whole.is_match(text)
        {
            let constraint = format!("Member must satisfy regular expression pattern: {}", pattern.written);
            self.violate(&Value::from(text), path, &constraint);
        }
        if !shape.r#enum.is_empty() && !shape.r#enum.iter().any(|known| known == text) {
            let constraint = format!("Member must satisfy enum value set: [{}]", shape.r#enum.join(", "));
            self.violate(&Value::from(text), path, &constraint);
        }
    }

    fn length(&mut self, shape: &Shape, length: usize, value: &Value, path: &Path<'_>) {
        if self.check == Check::FieldNames {
            return;
        }
        if let Some(min) = shape.min.filter(|min| (length as f64) < *min) {
            self.violate(value, path, &format!("Member must have length greater than or equal to {min}"));
        }
        if let Some(max) = shape.max.filter(|max| length as f64 > *max) {
            self.violate(value, path, &format!("Member must have length less than or equal to {max}"));
        }
    }

    fn number(&mut self, shape: &Shape, value: &Value, path: &Path<'_>) {
        let number = value.as_f64().unwrap_or_default();
        if let Some(min) = shape.min.filter(|min| number < *min) {
            self.violate(value, path, &format!("Member must have value greater than or equal to {min}"));
        }
        if let Some(max) = shape.max.filter(|max| number > *max) {
            self.violate(value, path, &format!("Member must have value less than or equal to {max}"));
        }
    }

    fn violate(&mut self, value: &Value, path: &Path<'_>, constraint: &str) {
        let written = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        // A value can be megabytes long; the caller knows it anyway.
        let shown: String = written.chars().take(256).collect();
        self.violations.push(format!("Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}"));
    }
}

fn token_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Structure => "a Structure",
        Kind::List => "a List",
        Kind::Map => "a Map",
        Kind::String => "a String",
        Kind::Integer => "an Integer",
        Kind::Long => "a Long",
        Kind::Float => "a Float",
        Kind::Double => "a Double",
        Kind::Boolean => "a Boolean",
        Kind::Blob => "a Blob",
        Kind::Timestamp => "a Timestamp",
    }
}
