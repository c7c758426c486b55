//! Lines, words and paragraphs of a PDF, whose letters merely stand somewhere.

use local_documents::{Format, ReadError, read};

use crate::build::{lines, pdf, text, title};

fn page(drawn: &[(f64, f64, &str)]) -> String {
    text(Format::Pdf, &pdf(&[&lines(drawn)], &[]))
}

#[test]
fn wrapped_lines_are_joined_and_their_hyphens_undone() {
    let drawn = [
        (72.0, 700.0, "The rotary plough clears the track before the pas-"),
        (72.0, 688.0, "sengers come. It was built in 1913, by W. Alt-"),
        (72.0, 676.0, "See, and is used by day"),
        (72.0, 640.0, "Another paragraph."),
    ];
    let joined = "The rotary plough clears the track before the passengers come. It was built in 1913, by W. Alt- See, \
                  and is used by day\n\nAnother paragraph.";
    assert_eq!(page(&drawn), joined);
}

#[test]
fn words_may_be_drawn_apart_and_letters_with_kerning() {
    let content = "BT /F1 10 Tf 1 0 0 1 72 700 Tm [(T) 80 (rain) -300 (1) 20 (18)] TJ ET\n\
                   BT /F1 10 Tf 1 0 0 1 125 700 Tm (stood) Tj ET";
    assert_eq!(text(Format::Pdf, &pdf(&[content], &[])), "Train 118 stood");
}

#[test]
fn columns_stay_columns_and_rows_stay_rows() {
    let columns = [
        (72.0, 700.0, "Left one goes"),
        (72.0, 688.0, "on here."),
        (320.0, 700.0, "Right one goes"),
        (320.0, 688.0, "on there."),
    ];
    assert!(page(&columns).starts_with("Left one goes on here."), "{}", page(&columns));
    let rows = [(72.0, 700.0, "Bed"), (200.0, 700.0, "Price"), (72.0, 682.0, "Dormitory"), (200.0, 682.0, "CHF 92")];
    assert_eq!(page(&rows), "Bed | Price\nDormitory | CHF 92");
    let list = [(72.0, 700.0, "1. Blankets"), (72.0, 688.0, "2. Tea"), (72.0, 676.0, "for all")];
    assert_eq!(page(&list), "1. Blankets\n2. Tea for all");
}

#[test]
fn running_lines_are_dropped_and_pages_numbered() {
    let pages: Vec<String> = (1..=3)
        .map(|number| {
            let (body, foot) = (format!("Body of {number}."), format!("Handbook, page {number} of 3"));
            lines(&[(72.0, 400.0, &body), (72.0, 30.0, &foot)])
        })
        .collect();
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    let read = read(Format::Pdf, &pdf(&pages, &[])).unwrap();
    let sections: Vec<_> = read.sections.iter().map(|section| (section.page, section.text.as_str())).collect();
    assert_eq!(sections, [(Some(1), "Body of 1."), (Some(2), "Body of 2."), (Some(3), "Body of 3.")]);
}

#[test]
fn the_largest_line_is_the_title_where_the_file_says_none() {
    let content = format!("BT /F1 20 Tf 1 0 0 1 72 760 Tm (On snow) Tj ET\n{}", lines(&[(72.0, 700.0, "It is cold.")]));
    assert_eq!(title(Format::Pdf, &pdf(&[&content], &[])).as_deref(), Some("On snow"));
}

#[test]
fn a_password_is_said_and_mere_restrictions_are_no_hindrance() {
    assert!(matches!(read(Format::Pdf, include_bytes!("locked.pdf")), Err(ReadError::Encrypted)));
    assert_eq!(text(Format::Pdf, include_bytes!("restricted.pdf")), "Nobody may read this.");
}

#[test]
fn a_page_without_text_is_empty() {
    assert!(matches!(read(Format::Pdf, &pdf(&["0 0 10 10 re f"], &[])), Err(ReadError::Empty)));
}
