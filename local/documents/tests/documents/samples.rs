//! The corpus that comes with the project, whole.

use std::{
    fs,
    path::{Path, PathBuf},
};

use local_documents::{Format, read};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/documents")
}

/// Files under a folder that are documents: not what the connector is told besides.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.file_name().unwrap().to_str().unwrap() {
            "metadata" | "faq" | "acl.json" => {}
            _ if path.is_dir() => found.extend(documents(&path)),
            _ => found.push(path),
        }
    }
    found
}

#[test]
fn every_document_is_read_as_text_that_people_wrote() {
    let documents = documents(&corpus());
    assert!(documents.len() >= 30, "{}", documents.len());
    for path in documents {
        let bytes = fs::read(&path).unwrap();
        let format = Format::of(path.to_str().unwrap(), None, &bytes).unwrap_or_else(|| panic!("{path:?}"));
        let text = read(format, &bytes).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let all: String = text.sections.iter().map(|section| section.text.as_str()).collect();
        assert!(all.len() > 300, "{path:?}: {all}");
        assert!(!all.contains(['\u{fffd}', '\0', '\r']), "{path:?}: {all}");
        let paged = matches!(format, Format::Pdf | Format::PowerPoint);
        assert_eq!(paged, text.sections.iter().all(|section| section.page.is_some()), "{path:?}");
        assert_eq!(!matches!(format, Format::Plain | Format::Csv | Format::Json), text.title.is_some(), "{path:?}");
    }
}

#[test]
fn a_sentence_of_each_format_is_where_it_stands() {
    let known = [
        ("operations/winter-operations-manual.pdf", Some(1), "The first plough leaves Brandalp at 04:50."),
        ("operations/winter-operations-manual.pdf", Some(2), "from 90 km/h | suspended | closed, cabins garaged"),
        ("operations/winter-operations-manual.pdf", Some(3), "season's journal is closed on 15 May"),
        ("company/history.pdf", Some(1), "a barometer, two bottles of wine and his mother-in-law"),
        ("company/history.pdf", Some(2), "Luzia Gabathuler, had emptied the station an hour earlier"),
        ("policies/information-security.pdf", Some(2), "Laptops are switched off, not put to sleep"),
        ("operations/evacuation-seewand.pptx", Some(3), "Lowering teams of two | 6 | towers 3, 6, 9, 12, 15 and 18"),
        ("operations/evacuation-seewand.pptx", Some(4), "Please do the subtraction yourselves."),
        ("policies/travel-policy-2026.docx", None, "Zurich, Geneva and Basel | CHF 220 | CHF 68"),
        ("policies/leave-and-absence.docx", None, "\n\nVolunteering in mountain rescue\n\nMembers of"),
        ("operations/snowplough-duchess.html", None, "The steam rotary plough R 9 was built by Werk Altsee"),
        ("huts/menu-winter.md", None, "Nut cake, a recipe by Jon Peer's grandmother | 8.50"),
        ("operations/radio-procedures.txt", None, "The café at Hochfirn has a radio"),
        ("it/new-laptop.txt", None, "room 0.12 in Unterfirn"),
        ("company/staff-directory.csv", None, "name: Noé Favre\nfunction: Head of Customer Service"),
        ("operations/gondola-inspection-2025.json", None, "findings[0].where: tower 7\nfindings[0].what: two sheave"),
    ];
    for (key, page, sentence) in known {
        let bytes = fs::read(corpus().join(key)).unwrap();
        let text = read(Format::of(key, None, &bytes).unwrap(), &bytes).unwrap();
        let found = text.sections.iter().find(|section| section.text.contains(sentence));
        let found = found.unwrap_or_else(|| panic!("{key} {sentence}: {text:#?}"));
        assert_eq!(found.page, page, "{key}: {sentence}");
    }
}

#[test]
fn every_answer_is_in_the_document_that_the_questions_name() {
    let questions = fs::read(corpus().join("../questions.json")).unwrap();
    let questions: Vec<serde_json::Value> = serde_json::from_slice(&questions).unwrap();
    assert!(questions.len() >= 25);
    for question in questions {
        let key = question["document"].as_str().unwrap();
        let bytes = fs::read(corpus().join(key)).unwrap();
        let text = read(Format::of(key, None, &bytes).unwrap(), &bytes).unwrap();
        let all: String = text.sections.iter().map(|section| section.text.as_str()).collect();
        for part in question["answer_contains"].as_array().unwrap() {
            let part = part.as_str().unwrap();
            assert!(all.to_lowercase().contains(&part.to_lowercase()), "{key} has no {part}");
        }
    }
}

#[test]
fn what_only_surrounds_a_page_is_left_out() {
    for path in documents(&corpus()).iter().filter(|path| path.extension().is_some_and(|name| name == "html")) {
        let text = format!("{:?}", read(Format::Html, &fs::read(path).unwrap()).unwrap());
        for noise in ["cookies", "newsletter", "window.track", "background", "All huts", "Imprint", "fondue train"] {
            assert!(!text.contains(noise), "{path:?} has {noise}");
        }
    }
    let manual = fs::read(corpus().join("operations/winter-operations-manual.pdf")).unwrap();
    assert!(!format!("{:?}", read(Format::Pdf, &manual).unwrap()).contains("Page 2"));
}
