//! Small documents, put together by hand.

use std::io::{Cursor, Write};

use local_documents::{Format, Text, read};
use zip::{ZipWriter, write::SimpleFileOptions};

const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

pub(crate) fn text(format: Format, bytes: &[u8]) -> String {
    let Text { sections, .. } = read(format, bytes).unwrap();
    sections.into_iter().map(|section| section.text).collect::<Vec<_>>().join("\n\n")
}

pub(crate) fn title(format: Format, bytes: &[u8]) -> Option<String> {
    read(format, bytes).unwrap().title
}

pub(crate) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

pub(crate) fn relationships(targets: &[(&str, &str)]) -> String {
    let entries: String = targets
        .iter()
        .enumerate()
        .map(|(index, (kind, target))| {
            format!(r#"<Relationship Id="r{index}" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>"#)
        })
        .collect();
    format!("<Relationships>{entries}</Relationships>")
}

/// A Word document with this body and this footnote, whose identifier is 2.
pub(crate) fn word(body: &str, note: &str) -> Vec<u8> {
    let document = format!(r#"<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#);
    let notes = format!(
        r#"<w:footnotes xmlns:w="w"><w:footnote w:id="2"><w:p><w:r><w:t>{note}</w:t></w:r></w:p></w:footnote></w:footnotes>"#
    );
    archive(&[
        ("_rels/.rels", relationships(&[("officeDocument", "word/document.xml")]).as_bytes()),
        ("word/_rels/document.xml.rels", relationships(&[("footnotes", "footnotes.xml")]).as_bytes()),
        ("word/document.xml", document.as_bytes()),
        ("word/footnotes.xml", notes.as_bytes()),
    ])
}

/// A PDF of these pages' content streams, with Helvetica as `F1`. Other objects begin with number 100.
pub(crate) fn pdf(pages: &[&str], others: &[&str]) -> Vec<u8> {
    let mut objects = vec![
        (1, "<< /Type /Catalog /Pages 2 0 R >>".to_owned()),
        (3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned()),
    ];
    let mut kids = String::new();
    for (index, content) in pages.iter().enumerate() {
        let (page, stream) = (10 + 2 * index, 11 + 2 * index);
        kids.push_str(&format!("{page} 0 R "));
        objects.push((
            page,
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {stream} 0 R \
                 /Resources << /Font << /F1 3 0 R >> /XObject << /X0 100 0 R >> >> >>"
            ),
        ));
        objects.push((stream, format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len())));
    }
    objects.push((2, format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", pages.len())));
    objects.extend(others.iter().enumerate().map(|(index, other)| (100 + index, (*other).to_owned())));

    let mut bytes = b"%PDF-1.7\n".to_vec();
    for (number, object) in objects {
        bytes.extend(format!("{number} 0 obj\n{object}\nendobj\n").into_bytes());
    }
    // Without a table of objects: a reader finds them, as it must in many a damaged file.
    bytes.extend(b"trailer\n<< /Root 1 0 R >>\n%%EOF\n");
    bytes
}

/// Draws lines of text of size 10, each at its own place.
pub(crate) fn lines(lines: &[(f64, f64, &str)]) -> String {
    lines.iter().map(|(x, y, text)| format!("BT /F1 10 Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET\n")).collect()
}
