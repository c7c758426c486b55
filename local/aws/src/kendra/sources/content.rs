//! The text of a document, read on a thread for that.

use local_documents::{Format, read};
use local_search::Section;

/// What a document says of itself.
pub(super) struct Content {
    pub(super) title: Option<String>,
    pub(super) sections: Vec<Section>,
    /// As Kendra's `_file_type` names it.
    pub(super) file_type: &'static str,
}

/// Says why it cannot be indexed, if so.
pub(super) async fn content(name: &str, content_type: Option<&str>, bytes: Vec<u8>) -> Result<Content, String> {
    let Some(format) = Format::of(name, content_type, &bytes) else {
        return Err("it is of no kind that can be read".to_owned());
    };
    let reading = tokio::task::spawn_blocking(move || read(format, &bytes)).await;
    let text = match reading {
        Ok(text) => text.map_err(|error| error.to_string())?,
        Err(error) => return Err(format!("it could not be read: {error}")),
    };
    let section = |section: local_documents::Section| Section { page: section.page, text: section.text };
    Ok(Content {
        title: text.title,
        sections: text.sections.into_iter().map(section).collect(),
        file_type: file_type(format),
    })
}

/// <https://docs.aws.amazon.com/kendra/latest/dg/index-document-types.html>
fn file_type(format: Format) -> &'static str {
    match format {
        Format::Html => "HTML",
        Format::Pdf => "PDF",
        Format::Word => "MS_WORD",
        Format::PowerPoint => "PPT",
        Format::Markdown => "MD",
        Format::Plain => "PLAIN_TEXT",
        Format::Csv => "CSV",
        Format::Json => "JSON",
    }
}

/// What `ContentType` of a metadata file means as a media type.
pub(super) fn media_type(content_type: &str) -> Option<&'static str> {
    Some(match content_type.to_ascii_uppercase().as_str() {
        "HTML" => "text/html",
        "PDF" => "application/pdf",
        "MS_WORD" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "PPT" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "MD" => "text/markdown",
        "PLAIN_TEXT" => "text/plain",
        "CSV" => "text/csv",
        "JSON" => "application/json",
        _ => return None,
    })
}
