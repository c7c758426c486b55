//! Whatever is read, it ends, and soon.

use std::{
    fs,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use flate2::{Compression, write::ZlibEncoder};
use local_documents::{Format, MAX_FILE_BYTES, MAX_TEXT_BYTES, ReadError, read};
use proptest::prelude::*;

use crate::build::{archive, pdf, relationships, word};

const FORMATS: [Format; 8] = [
    Format::Html,
    Format::Pdf,
    Format::Word,
    Format::PowerPoint,
    Format::Markdown,
    Format::Plain,
    Format::Csv,
    Format::Json,
];

const VALID: [&str; 10] = [
    "operations/winter-operations-manual.pdf",
    "policies/purchasing.pdf",
    "operations/incident-2026-02-14-overhead-line.pdf",
    "legal/land-dispute-talegg.docx",
    "company/strategy-2030.pptx",
    "customers/fares-2026.html",
    "policies/remote-work.md",
    "operations/rolling-stock.csv",
    "customers/case-4688.json",
    "it/new-laptop.txt",
];

fn quickly<T>(read: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = read();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    result
}

#[test]
fn too_large_a_file_is_refused_unread() {
    for format in FORMATS {
        let error = read(format, &vec![b'a'; MAX_FILE_BYTES + 1]).unwrap_err();
        assert!(matches!(error, ReadError::TooLarge { .. }), "{format:?}: {error}");
    }
}

#[test]
fn too_much_text_is_refused() {
    let much = "word ".repeat(MAX_TEXT_BYTES / 4);
    for format in [Format::Html, Format::Markdown, Format::Plain, Format::Csv] {
        let error = quickly(|| read(format, much.as_bytes()).unwrap_err());
        assert!(matches!(error, ReadError::TooLarge { .. }), "{format:?}: {error}");
    }
}

#[test]
fn what_unpacks_to_gigabytes_is_refused() {
    let zeros = vec![b' '; 130 << 20];
    let bomb = archive(&[
        ("_rels/.rels", relationships(&[("officeDocument", "word/document.xml")]).as_bytes()),
        ("word/document.xml", &zeros),
    ]);
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(quickly(|| read(Format::Word, &bomb)), Err(ReadError::TooLarge { .. })));

    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&zeros).unwrap();
    let mut bomb = b"%PDF-1.7\n9 0 obj << /Filter /FlateDecode >>\nstream\n".to_vec();
    bomb.extend(packed.finish().unwrap());
    assert!(matches!(quickly(|| read(Format::Pdf, &bomb)), Err(ReadError::TooLarge { .. })));
}

#[test]
fn depth_is_no_danger() {
    let deep = 20_000;
    let html = quickly(|| read(Format::Html, format!("{}deep", "<div><b>".repeat(deep / 20)).as_bytes()));
    assert_eq!(html.unwrap().sections[0].text, "deep");
    let _ = quickly(|| read(Format::Markdown, "> ".repeat(deep / 20).as_bytes()));
    let _ = quickly(|| read(Format::Markdown, "[".repeat(deep).as_bytes()));
    let json = quickly(|| read(Format::Json, "[".repeat(deep).as_bytes()).unwrap_err());
    assert!(matches!(json, ReadError::Malformed { .. }));
    let tables = "<w:tbl><w:tr><w:tc>".repeat(deep);
    assert!(quickly(|| read(Format::Word, &word(&tables, ""))).is_err());
    let arrays = format!("{} TJ", "[".repeat(deep));
    assert!(quickly(|| read(Format::Pdf, &pdf(&[&arrays], &[]))).is_err());
}

#[test]
fn what_contains_itself_is_read_once() {
    let form = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X0 100 0 R >> >> \
                /Length 14 >>\nstream\n/X0 Do /X0 Do \nendstream";
    assert!(quickly(|| read(Format::Pdf, &pdf(&["/X0 Do"], &[form]))).is_err());
    let entities =
        r#"<!DOCTYPE x [<!ENTITY a "&b;&b;"><!ENTITY b "&a;&a;">]><w:p xmlns:w="w"><w:r><w:t>&a;</w:t></w:r></w:p>"#;
    let document = archive(&[
        ("_rels/.rels", relationships(&[("officeDocument", "word/document.xml")]).as_bytes()),
        ("word/document.xml", entities.as_bytes()),
    ]);
    assert!(quickly(|| read(Format::Word, &document)).is_err());
}

#[test]
fn locked_and_old_office_files_are_told_apart() {
    let compound = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    let name = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let locked = [compound.clone(), vec![0; 512], name].concat();
    assert!(matches!(read(Format::Word, &locked), Err(ReadError::Encrypted)));
    assert!(matches!(read(Format::PowerPoint, &compound), Err(ReadError::Malformed { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn noise_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for format in FORMATS {
            let _ = quickly(|| read(format, &bytes));
        }
        let _ = Format::of("unknown", None, &bytes);
    }

    #[test]
    fn text_of_any_kind_is_read_or_refused(text in "(<[a-z]{1,5}>|[|#>*_`-]|\\PC|\n|,|\"){0,300}") {
        for format in FORMATS {
            let _ = quickly(|| read(format, text.as_bytes()));
        }
    }

    #[test]
    fn a_damaged_document_is_read_or_refused(
        which in 0..VALID.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/documents");
        let mut bytes = fs::read(corpus.join(VALID[which])).unwrap();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Some(format) = Format::of(VALID[which], None, &bytes) {
            let _ = quickly(|| read(format, &bytes));
        }
    }
}
