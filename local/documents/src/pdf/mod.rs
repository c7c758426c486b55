mod bomb;
mod glyphs;
mod layout;

use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

use crate::{Deadline, Format, MAX_TEXT_BYTES, ReadError, Section, Text, decode, flow::Flow};

/// A section for each page. What is only a picture of text is not read.
pub(crate) fn read(bytes: &[u8], deadline: Deadline) -> Result<Text, ReadError> {
    bomb::check(bytes, deadline)?;
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => ReadError::Encrypted,
        LoadPdfError::Decryption(error) => ReadError::malformed(Format::Pdf, format!("its encryption: {error:?}")),
        LoadPdfError::Invalid => ReadError::malformed(Format::Pdf, "it has no pages that can be found"),
    })?;

    let mut pages = Vec::new();
    let mut size = 0;
    for page in glyphs::pages(&pdf, deadline) {
        deadline.check()?;
        let lines = layout::lines(page);
        size += lines.iter().map(|line| line.text.len()).sum::<usize>();
        if size > MAX_TEXT_BYTES {
            return Err(crate::too_much_text());
        }
        pages.push(lines);
    }
    layout::drop_running_lines(&mut pages);
    let said = pdf.metadata().title.as_deref().and_then(decode::pdf_string).filter(|title| is_title(title));
    let title = said.or_else(|| pages.first().and_then(|lines| layout::headline(lines)));
    let mut sections = Vec::new();
    for (number, lines) in (1..).zip(pages) {
        let mut flow = Flow::new();
        layout::write(&lines, &mut flow);
        sections.push(Section { page: Some(number), text: flow.finish()? });
    }
    Ok(Text { title, sections })
}

/// Programs like to put the name of their file there.
fn is_title(title: &str) -> bool {
    let title = title.trim().to_ascii_lowercase();
    let is_file = [".doc", ".docx", ".dvi", ".tex", ".indd", ".html", ".pdf", ".ps", ".txt"]
        .iter()
        .any(|extension| title.ends_with(extension));
    !title.is_empty() && !is_file && !matches!(title.as_str(), "untitled" | "(anonymous)" | "about:blank")
}
