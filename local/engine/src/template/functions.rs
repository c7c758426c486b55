//! What chat templates expect to be there beside Jinja itself, as Hugging Face's `apply_chat_template` provides it.

use std::io::{self, Write};

use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("strftime_now", strftime_now);
    environment.add_filter("tojson", to_json);
}

/// JSON as Python's `json.dumps` prints it, and so as models were trained on it: a space after commas and colons, and
/// nothing escaped for HTML, which minijinja's own filter does.
pub(super) fn python_json(value: &impl Serialize) -> Result<String, Error> {
    let failed = |error: String| Error::new(ErrorKind::BadSerialization, error);
    let mut json = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut json, Python)).map_err(|error| failed(error.to_string()))?;
    String::from_utf8(json).map_err(|error| failed(error.to_string()))
}

// Templates pass `indent`, which is only about looks.
fn to_json(value: Value, _: minijinja::value::Kwargs) -> Result<String, Error> {
    python_json(&value)
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// UTC, so that nothing depends on the machine's time zone.
fn strftime_now(format: String) -> Result<String, Error> {
    let now = jiff::Timestamp::now();
    jiff::fmt::strtime::format(&format, now).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
