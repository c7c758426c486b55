//! Bytes to characters: by byte-order mark, as UTF-8, as UTF-16 that says nothing, or as what Windows wrote.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::{Format, ReadError};

/// Browsers look so far for `<meta charset>` (HTML standard, 13.2.3.2).
const META_WITHIN: usize = 1024;

/// Errors if the bytes are no text: control characters give them away.
pub(crate) fn text(format: Format, bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    decode(format, bytes, WINDOWS_1252)
}

/// Like [`text`], with what the page says of itself.
pub(crate) fn html(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let head = bytes.get(..META_WITHIN).unwrap_or(bytes).to_ascii_lowercase();
    let said = head.windows(8).position(|window| window == b"charset=").and_then(|at| {
        let label = head.get(at + 8..)?.trim_ascii_start();
        let label = label.strip_prefix(b"\"").or(label.strip_prefix(b"'")).unwrap_or(label);
        let end = label.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:".contains(byte))?;
        Encoding::for_label(label.get(..end)?)
    });
    decode(Format::Html, bytes, said.unwrap_or(WINDOWS_1252))
}

/// A string of a PDF (ISO 32000-1, 7.9.2.2): marked Unicode, or nearly Latin-1.
pub(crate) fn pdf_string(bytes: &[u8]) -> Option<String> {
    decode(Format::Pdf, bytes, WINDOWS_1252).ok().map(Cow::into_owned)
}

fn decode<'a>(format: Format, bytes: &'a [u8], otherwise: &'static Encoding) -> Result<Cow<'a, str>, ReadError> {
    let decoded = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default()).0,
        None => match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Cow::Borrowed(text),
            _ => unmarked_utf16(bytes).unwrap_or(otherwise).decode_without_bom_handling(bytes).0,
        },
    };
    let odd = decoded.chars().filter(|char| char.is_control() && !"\t\n\r\u{c}\u{85}".contains(*char)).count();
    // A stray control character is a slip; one in fifty is a picture, a program or an archive.
    if odd * 50 > decoded.chars().count() {
        return Err(ReadError::malformed(format, "these bytes are no text"));
    }
    Ok(decoded)
}

/// Text in Latin script has a zero in every other byte.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |offset: usize| bytes.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, enough) = (zeros(0), zeros(1), bytes.len() / 4 + 1);
    match () {
        () if odd >= enough && even * 20 < odd => Some(UTF_16LE),
        () if even >= enough && odd * 20 < even => Some(UTF_16BE),
        () => None,
    }
}
