use pulldown_cmark::{Options, Parser, html};

use crate::{Deadline, ReadError, Text};

/// By way of HTML: Markdown may hold any of it, and so it is read in one place.
pub(crate) fn read(text: &str, deadline: Deadline) -> Result<Text, ReadError> {
    let (front, body) = front_matter(text);
    let extensions = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_DEFINITION_LIST;
    let mut page = String::with_capacity(body.len() * 2);
    html::push_html(&mut page, Parser::new_ext(body, extensions));
    let read = crate::html::read(&page, deadline)?;
    Ok(Text { title: front.and_then(title).or(read.title), ..read })
}

/// YAML between two lines `---` at the very beginning (Jekyll's convention, which the others follow).
fn front_matter(text: &str) -> (Option<&str>, &str) {
    let Some(rest) = text.strip_prefix("---\n").or(text.strip_prefix("---\r\n")) else { return (None, text) };
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return (rest.get(..end), rest.get(end + line.len()..).unwrap_or_default());
        }
        end += line.len();
    }
    (None, text)
}

/// The one field that is wanted. A YAML reader is not: front matter is often not quite YAML.
fn title(front: &str) -> Option<String> {
    let value = front.lines().find_map(|line| line.strip_prefix("title:"))?.trim();
    let bare = value.trim_matches(|char| char == '"' || char == '\'');
    Some(bare.to_owned()).filter(|title| !title.is_empty() && !title.starts_with(['|', '>']))
}
