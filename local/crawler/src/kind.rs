//! What may be at a place, by its name before it is asked for and by its content type after.

use url::Url;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Page,
    /// A document that Kendra can index: <https://docs.aws.amazon.com/kendra/latest/dg/index-document-types.html>.
    File,
    Other,
}

const FILES: [&str; 16] = [
    "csv", "doc", "docx", "json", "md", "pdf", "ppt", "pptx", "rtf", "txt", "xls", "xlsx", "xml", "xsl", "xslt",
    "markdown",
];

/// What pages commonly link to and nobody searches. Anything else is asked for and says itself what it is.
const OTHERS: [&str; 40] = [
    "7z", "apk", "avi", "bin", "bmp", "bz2", "css", "deb", "dmg", "eot", "epub", "exe", "gif", "gz", "ico", "iso",
    "jar", "jpeg", "jpg", "js", "mov", "mp3", "mp4", "mpeg", "msi", "ogg", "png", "rar", "rpm", "svg", "tar", "tgz",
    "tif", "tiff", "wav", "webm", "webp", "woff", "woff2", "zip",
];

/// `None`: the name does not tell.
pub(crate) fn of_name(url: &Url) -> Option<Kind> {
    let (_, extension) = url.path_segments()?.next_back()?.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" | "xhtml" => Some(Kind::Page),
        file if FILES.contains(&file) => Some(Kind::File),
        other if OTHERS.contains(&other) => Some(Kind::Other),
        _ => None,
    }
}

pub(crate) fn of_answer(url: &Url, content_type: Option<&str>) -> Kind {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        // A server that does not know what it sends.
        "" => of_name(url).unwrap_or(Kind::Page),
        "application/octet-stream" | "binary/octet-stream" => of_name(url).unwrap_or(Kind::Other),
        "text/html" | "application/xhtml+xml" => Kind::Page,
        "text/css" | "text/javascript" | "text/ecmascript" => Kind::Other,
        "application/json" | "application/xml" | "application/pdf" | "application/rtf" | "application/msword" => {
            Kind::File
        }
        other if other.starts_with("text/") => Kind::File,
        other if other.starts_with("application/vnd.openxmlformats-officedocument.") => Kind::File,
        other if other.starts_with("application/vnd.ms-") => Kind::File,
        _ => Kind::Other,
    }
}
