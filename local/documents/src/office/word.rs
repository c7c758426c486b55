use std::collections::HashMap;

use super::{Package, Xml, attribute, events};
use crate::{
    Format, ReadError, Text,
    flow::{Flow, Gap},
};

/// The body with headings, tables, lists and, after the paragraph that refers to them, footnotes. Without headers and
/// footers, comments, deleted text and the instructions of fields.
pub(crate) fn read(bytes: &[u8]) -> Result<Text, ReadError> {
    let mut package = Package::open(Format::Word, bytes)?;
    let main = package.main_part()?;
    let mut notes = HashMap::new();
    for relationship in package.relationships(&main)?.into_values() {
        let kind = relationship.kind.rsplit('/').next().unwrap_or_default();
        if matches!(kind, "footnotes" | "endnotes")
            && let Some(xml) = package.part(&relationship.target)?
        {
            notes.extend(read_notes(kind, &xml)?);
        }
    }
    let body = package.required(&main)?;
    let mut reading = Reading::new(notes);
    events(Format::Word, &body, |event| reading.event(event))?;
    let title = package.title()?.or(reading.title);
    Ok(Text::new(title, reading.flow.finish()?))
}

/// Text by kind and identifier, such as `footnote 2`.
fn read_notes(kind: &str, xml: &str) -> Result<HashMap<String, String>, ReadError> {
    let kind = kind.trim_end_matches('s');
    let mut notes: HashMap<String, String> = HashMap::new();
    let (mut current, mut in_text) = (None, false);
    events(Format::Word, xml, |event| match event {
        Xml::Open(element) => match element.local_name().as_ref() {
            name if name == kind => current = attribute(element, "id").map(|id| format!("{kind} {id}")),
            "t" => in_text = true,
            _ => {}
        },
        Xml::Close(name) => in_text &= name != "t",
        Xml::Text(text) if in_text => {
            if let Some(current) = &current {
                notes.entry(current.clone()).or_default().push_str(text);
            }
        }
        Xml::Text(_) => {}
    })?;
    Ok(notes)
}

struct Reading {
    flow: Flow,
    notes: HashMap<String, String>,
    /// Those that the paragraph refers to.
    due: Vec<String>,
    title: Option<String>,
    in_title: bool,
    in_text: bool,
    in_run: bool,
    cells: usize,
    /// Levels of what is repeated for older programs.
    fallbacks: usize,
}

impl Reading {
    fn new(notes: HashMap<String, String>) -> Reading {
        Reading {
            flow: Flow::new(),
            notes,
            due: Vec::new(),
            title: None,
            in_title: false,
            in_text: false,
            in_run: false,
            cells: 0,
            fallbacks: 0,
        }
    }

    fn event(&mut self, event: Xml<'_>) {
        match event {
            Xml::Open(element) if element.local_name().as_ref() == "Fallback" => self.fallbacks += 1,
            Xml::Close("Fallback") => self.fallbacks = self.fallbacks.saturating_sub(1),
            _ if self.fallbacks > 0 => {}
            Xml::Text(text) if self.in_text => {
                self.flow.push(text);
                if self.in_title {
                    self.title.get_or_insert_default().push_str(text);
                }
            }
            Xml::Text(_) => {}
            Xml::Open(element) => match element.local_name().as_ref() {
                "p" => self.gap(Gap::Paragraph),
                "tbl" => self.gap(Gap::Paragraph),
                "tr" => self.gap(Gap::Line),
                "tc" => {
                    self.gap(Gap::Cell);
                    self.cells += 1;
                }
                "pStyle" => {
                    let style = attribute(element, "val").unwrap_or_default();
                    // Without a title, the first heading is one.
                    self.in_title = self.title.is_none() && matches!(style.as_str(), "Title" | "Heading1");
                }
                "numPr" if self.cells == 0 => self.flow.marker("-"),
                "r" => self.in_run = true,
                "t" => self.in_text = true,
                // Tab stops of a paragraph's properties are called the same, and are no text.
                "tab" if self.in_run => self.flow.gap(Gap::Space),
                "br" | "cr" => self.gap(Gap::Line),
                "noBreakHyphen" => self.flow.push("-"),
                kind @ ("footnoteReference" | "endnoteReference") => {
                    let id = attribute(element, "id").unwrap_or_default();
                    self.due.extend(self.notes.remove(&format!("{} {id}", kind.trim_end_matches("Reference"))));
                }
                _ => {}
            },
            Xml::Close(name) => match name {
                "p" => self.end_paragraph(),
                "tc" => self.cells = self.cells.saturating_sub(1),
                "r" => self.in_run = false,
                "t" => self.in_text = false,
                "tbl" => self.gap(Gap::Paragraph),
                _ => {}
            },
        }
    }

    fn end_paragraph(&mut self) {
        self.in_title = false;
        // In a table, the rows come first: a note would tear them apart.
        if self.cells > 0 {
            return;
        }
        for note in std::mem::take(&mut self.due) {
            self.flow.gap(Gap::Paragraph);
            self.flow.push(&note);
        }
        self.flow.gap(Gap::Paragraph);
    }

    fn gap(&mut self, gap: Gap) {
        self.flow.gap(if self.cells > 0 && gap > Gap::Cell { Gap::Space } else { gap });
    }
}
