//! Text out of documents: HTML, PDF, Word, PowerPoint, Markdown, plain text, CSV and JSON.
//!
//! What comes in was written by strangers. Whatever it is, [`read`] ends with text or with an error: files and their
//! parts have a largest size, and a library that panics takes nobody with it.

mod csv;
mod decode;
mod flow;
mod format;
mod html;
mod json;
mod markdown;
mod office;
mod pdf;

use std::{
    fmt::Display,
    thread,
    time::{Duration, Instant},
};

pub use format::Format;

/// A larger file is not read. Kendra's limit (<https://docs.aws.amazon.com/kendra/latest/dg/quotas.html>).
pub const MAX_FILE_BYTES: usize = 50 << 20;

/// A document with more text is not read. Kendra's limit.
pub const MAX_TEXT_BYTES: usize = 5 << 20;

/// What is packed in a file may unpack to this much: an Office document in all, a PDF stream by stream.
pub(crate) const MAX_UNPACKED_BYTES: u64 = 128 << 20;

/// A document that takes longer was made to: a page of 100 kB can keep an HTML parser busy for hours.
const MAX_TIME: Duration = Duration::from_secs(30);

/// Documents may nest deeply: this is virtual memory, which costs nothing until it is used.
const STACK_BYTES: usize = 64 << 20;

/// A document that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// As the document itself says it.
    pub title: Option<String>,
    /// In reading order.
    pub sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// From 1, where the format has pages; a presentation's slides are its pages.
    pub page: Option<u32>,
    /// Paragraphs are separated by an empty line. Headings are paragraphs; rows of tables are lines.
    pub text: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("it is not a readable {format:?} document: {reason}")]
    Malformed { format: Format, reason: String },
    #[error("it is protected by a password")]
    Encrypted,
    #[error("it is too large: {what} has more than {limit} bytes")]
    TooLarge { what: &'static str, limit: u64 },
    #[error("it cannot be read in {} seconds", .0.as_secs())]
    TooComplex(Duration),
    #[error("it holds no text")]
    Empty,
}

impl ReadError {
    pub(crate) fn malformed(format: Format, reason: impl Display) -> ReadError {
        ReadError::Malformed { format, reason: reason.to_string() }
    }
}

/// Reads a document. Takes time in proportion to its size: not for an async thread.
pub fn read(format: Format, bytes: &[u8]) -> Result<Text, ReadError> {
    read_within(MAX_TIME, format, bytes)
}

fn read_within(limit: Duration, format: Format, bytes: &[u8]) -> Result<Text, ReadError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge { what: "the file", limit: MAX_FILE_BYTES as u64 });
    }
    let deadline = Deadline { limit, at: Instant::now() + limit };
    // Joining a thread catches a library's panic as `catch_unwind` would, and the thread brings a deep stack.
    let joined = thread::scope(|scope| {
        let reader = thread::Builder::new().name("documents".into()).stack_size(STACK_BYTES);
        reader.spawn_scoped(scope, || parse(format, bytes, deadline)).map(|thread| thread.join())
    });
    match joined {
        Ok(Ok(parsed)) => parsed.and_then(not_empty),
        Ok(Err(panic)) if panic.is::<OutOfTime>() => Err(ReadError::TooComplex(limit)),
        Ok(Err(_)) => Err(ReadError::malformed(format, "the library that reads it gave up")),
        Err(error) => Err(ReadError::malformed(format, format!("no thread to read it on: {error}"))),
    }
}

/// By when a document must have been read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    limit: Duration,
    at: Instant,
}

/// What a thread is unwound with where there is no other way out of a library.
struct OutOfTime;

impl Deadline {
    pub(crate) fn check(self) -> Result<(), ReadError> {
        if Instant::now() < self.at { Ok(()) } else { Err(ReadError::TooComplex(self.limit)) }
    }

    /// For callbacks that cannot return an error. Unlike a panic, it is not reported: it is no fault of ours.
    pub(crate) fn unwind_if_over(self) {
        if self.check().is_err() {
            std::panic::resume_unwind(Box::new(OutOfTime));
        }
    }
}

fn parse(format: Format, bytes: &[u8], deadline: Deadline) -> Result<Text, ReadError> {
    match format {
        Format::Html => html::read(&decode::html(bytes)?, deadline),
        Format::Pdf => pdf::read(bytes, deadline),
        Format::Word => office::word::read(bytes),
        Format::PowerPoint => office::slides::read(bytes),
        Format::Markdown => markdown::read(&decode::text(format, bytes)?, deadline),
        Format::Plain => Ok(Text::new(None, flow::tidy(&decode::text(format, bytes)?))),
        Format::Csv => csv::read(&decode::text(format, bytes)?),
        Format::Json => json::read(&decode::text(format, bytes)?),
    }
}

fn not_empty(mut text: Text) -> Result<Text, ReadError> {
    text.sections.retain(|section| !section.text.trim().is_empty());
    text.title = text.title.map(|title| flow::one_line(&title)).filter(|title| !title.is_empty());
    let size: usize = text.sections.iter().map(|section| section.text.len()).sum();
    match size {
        0 => Err(ReadError::Empty),
        size if size > MAX_TEXT_BYTES => Err(too_much_text()),
        _ => Ok(text),
    }
}

fn too_much_text() -> ReadError {
    ReadError::TooLarge { what: "its text", limit: MAX_TEXT_BYTES as u64 }
}

impl Text {
    /// A document without pages.
    pub(crate) fn new(title: Option<String>, text: String) -> Text {
        Text { title, sections: vec![Section { page: None, text }] }
    }
}

#[cfg(test)]
mod tests;
