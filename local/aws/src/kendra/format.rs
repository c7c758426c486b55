//! The kinds of documents, by the service's names.
//! <https://docs.aws.amazon.com/kendra/latest/dg/index-document-types.html>

use local_documents::Format;

/// `ContentType`, which is `_file_type` as well, and the media type.
const FORMATS: [(&str, Format, &str); 8] = [
    ("HTML", Format::Html, "text/html"),
    ("PDF", Format::Pdf, "application/pdf"),
    ("MS_WORD", Format::Word, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("PPT", Format::PowerPoint, "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("MD", Format::Markdown, "text/markdown"),
    ("PLAIN_TEXT", Format::Plain, "text/plain"),
    ("CSV", Format::Csv, "text/csv"),
    ("JSON", Format::Json, "application/json"),
];

/// None if it is one that cannot be read here.
pub(super) fn of_content_type(content_type: &str) -> Option<Format> {
    FORMATS.iter().find(|(name, ..)| *name == content_type).map(|(_, format, _)| *format)
}

/// What `ContentType` of a metadata file, in whatever case, means as a media type.
pub(super) fn media_type(content_type: &str) -> Option<&'static str> {
    FORMATS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(content_type)).map(|(.., media_type)| *media_type)
}

pub(super) fn file_type(format: Format) -> &'static str {
    FORMATS.iter().find(|(_, named, _)| *named == format).map_or("", |(name, ..)| name)
}
