//! The text of a document, read on a thread for that.

use local_documents::{Format, read};
use local_search::Section;

use crate::kendra::format::file_type;

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
