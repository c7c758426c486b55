use std::io::Cursor;

/// What a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Html,
    Pdf,
    Word,
    PowerPoint,
    Markdown,
    Plain,
    Csv,
    Json,
}

/// So far into a file a PDF's header may stand (ISO 32000-1, implementation note 13).
const PDF_HEADER_WITHIN: usize = 1024;

impl Format {
    /// By a file's name, a web server's `Content-Type` or, where neither tells, the first bytes. None if it is none of
    /// those that can be read.
    pub fn of(name: &str, content_type: Option<&str>, bytes: &[u8]) -> Option<Format> {
        // What has a signature is what its signature says: servers send PDFs as anything.
        if let Some(format) = by_signature(bytes) {
            return Some(format);
        }
        let named = by_name(name);
        let served = match content_type.map(by_content_type) {
            Some(Served::As(format)) => Some(format),
            Some(Served::Otherwise) if named.is_none() => return None,
            _ => None,
        };
        // A format that has a signature is not this one: a server's error page in the place of `report.pdf`, say.
        let likely = [named, served].into_iter().flatten().find(|format| !format.has_signature());
        likely.or(named).or(served).or_else(|| by_look(bytes))
    }

    fn has_signature(self) -> bool {
        matches!(self, Format::Pdf | Format::Word | Format::PowerPoint)
    }
}

enum Served {
    As(Format),
    Otherwise,
    Unknown,
}

fn by_signature(bytes: &[u8]) -> Option<Format> {
    let head = bytes.get(..PDF_HEADER_WITHIN).unwrap_or(bytes);
    if head.windows(5).any(|window| window == b"%PDF-") && !head.starts_with(b"PK") {
        return Some(Format::Pdf);
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return None;
    }
    let archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    archive.file_names().find_map(|name| match name.split('/').next()? {
        "word" => Some(Format::Word),
        "ppt" => Some(Format::PowerPoint),
        _ => None,
    })
}

fn by_name(name: &str) -> Option<Format> {
    let path = name.split(['?', '#']).next().unwrap_or(name);
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let (_, extension) = file.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" | "xhtml" => Some(Format::Html),
        "pdf" => Some(Format::Pdf),
        "docx" | "docm" | "dotx" => Some(Format::Word),
        "pptx" | "pptm" | "ppsx" | "potx" => Some(Format::PowerPoint),
        "md" | "markdown" | "mdown" | "mkd" => Some(Format::Markdown),
        "txt" | "text" | "log" | "rst" | "adoc" => Some(Format::Plain),
        "csv" | "tsv" => Some(Format::Csv),
        "json" | "geojson" => Some(Format::Json),
        _ => None,
    }
}

fn by_content_type(content_type: &str) -> Served {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Served::As(match essence.as_str() {
        "" | "application/octet-stream" | "binary/octet-stream" | "application/x-www-form-urlencoded" => {
            return Served::Unknown;
        }
        "text/html" | "application/xhtml+xml" => Format::Html,
        "application/pdf" | "application/x-pdf" => Format::Pdf,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Format::Word,
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => Format::PowerPoint,
        "text/markdown" | "text/x-markdown" => Format::Markdown,
        "text/plain" => Format::Plain,
        "text/csv" | "text/tab-separated-values" | "application/csv" => Format::Csv,
        "application/json" | "text/json" => Format::Json,
        other if other.ends_with("+json") => Format::Json,
        _ => return Served::Otherwise,
    })
}

fn by_look(bytes: &[u8]) -> Option<Format> {
    let head = bytes.get(..PDF_HEADER_WITHIN).unwrap_or(bytes);
    let text = crate::decode::text(Format::Plain, head).ok()?.trim_start().to_ascii_lowercase();
    match text {
        text if text.is_empty() => None,
        text if text.starts_with("<!doctype html") || text.starts_with("<html") => Some(Format::Html),
        _ => Some(Format::Plain),
    }
}
