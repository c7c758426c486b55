use std::time::{Duration, Instant};

use crate::{Format, ReadError, read_within};

fn is_given_up(format: Format, bytes: &[u8]) -> bool {
    let begin = Instant::now();
    let result = read_within(Duration::from_millis(300), format, bytes);
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    matches!(result, Err(ReadError::TooComplex(_)))
}

#[test]
fn what_nests_without_measure_is_given_up() {
    assert!(is_given_up(Format::Html, "<div><b>".repeat(50_000).as_bytes()));
    assert!(is_given_up(Format::Markdown, "> ".repeat(50_000).as_bytes()));
}

#[test]
fn a_drawing_that_doubles_with_each_level_is_given_up() {
    let mut pdf = "%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n\
        2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n\
        3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /X 10 0 R >> >> \
        >> endobj\n4 0 obj << /Length 5 >>\nstream\n/X Do\nendstream endobj\n"
        .to_owned();
    for number in 10..50 {
        let next = number + 1;
        pdf.push_str(&format!(
            "{number} 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {next} 0 R >> \
             >> /Length 11 >>\nstream\n/X Do /X Do\nendstream endobj\n"
        ));
    }
    pdf.push_str("trailer << /Root 1 0 R >>\n");
    assert!(is_given_up(Format::Pdf, pdf.as_bytes()));
}
