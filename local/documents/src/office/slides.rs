use super::{Package, Xml, attribute, elements, events};
use crate::{
    Format, ReadError, Section, Text,
    flow::{Flow, Gap},
};

/// A section for each slide, in the order of the presentation: its shapes in their order, then the speaker's notes.
pub(crate) fn read(bytes: &[u8]) -> Result<Text, ReadError> {
    let mut package = Package::open(Format::PowerPoint, bytes)?;
    let main = package.main_part()?;
    let relationships = package.relationships(&main)?;
    let presentation = package.required(&main)?;
    let mut slides = Vec::new();
    elements(Format::PowerPoint, &presentation, |element| {
        if element.local_name().as_ref() == "sldId" {
            // Both its own identifier and the relationship's are called `id`; the latter has a prefix.
            let id = element
                .attributes()
                .flatten()
                .find(|attribute| attribute.key.prefix().is_some() && attribute.key.local_name().as_ref() == "id");
            slides.extend(id.and_then(|id| relationships.get(&*id.value)).map(|slide| slide.target.clone()));
        }
    })?;

    let mut sections = Vec::new();
    let mut first_title = None;
    for (index, slide) in slides.iter().enumerate() {
        let mut shapes = Shapes::new(false);
        let Some(xml) = package.part(slide)? else { continue };
        events(Format::PowerPoint, &xml, |event| shapes.event(event))?;
        if index == 0 {
            first_title = shapes.title.take();
        }
        let mut text = shapes.flow.finish()?;
        let notes = package.relationships(slide)?.into_values().find(|one| one.kind.ends_with("/notesSlide"));
        if let Some(xml) = notes.map(|notes| package.part(&notes.target)).transpose()?.flatten() {
            let mut notes = Shapes::new(true);
            events(Format::PowerPoint, &xml, |event| notes.event(event))?;
            text = [text, notes.flow.finish()?].join("\n\n").trim().to_owned();
        }
        sections.push(Section { page: u32::try_from(index + 1).ok(), text });
    }
    let title = package.title()?.filter(|title| title != "PowerPoint Presentation").or(first_title);
    Ok(Text { title, sections })
}

struct Shapes {
    flow: Flow,
    title: Option<String>,
    /// On a page of notes, everything but the notes is a picture of the slide.
    only_body: bool,
    placeholder: Option<String>,
    in_text: bool,
    cells: usize,
    fallbacks: usize,
}

impl Shapes {
    fn new(only_body: bool) -> Shapes {
        Shapes { flow: Flow::new(), title: None, only_body, placeholder: None, in_text: false, cells: 0, fallbacks: 0 }
    }

    fn event(&mut self, event: Xml<'_>) {
        match event {
            Xml::Open(element) if element.local_name().as_ref() == "Fallback" => self.fallbacks += 1,
            Xml::Close("Fallback") => self.fallbacks = self.fallbacks.saturating_sub(1),
            _ if self.fallbacks > 0 => {}
            Xml::Text(text) if self.in_text && self.wanted() => {
                self.flow.push(text);
                if matches!(self.placeholder.as_deref(), Some("title" | "ctrTitle")) {
                    self.title.get_or_insert_default().push_str(text);
                }
            }
            Xml::Text(_) => {}
            Xml::Open(element) => match element.local_name().as_ref() {
                "sp" | "graphicFrame" => {
                    self.placeholder = None;
                    self.flow.gap(Gap::Paragraph);
                }
                "ph" => self.placeholder = Some(attribute(element, "type").unwrap_or_else(|| "obj".to_owned())),
                "p" => self.gap(Gap::Line),
                "br" => self.gap(Gap::Line),
                "tr" => self.gap(Gap::Line),
                "tc" => {
                    self.gap(Gap::Cell);
                    self.cells += 1;
                }
                "t" => self.in_text = true,
                _ => {}
            },
            Xml::Close("t") => self.in_text = false,
            Xml::Close("tc") => self.cells = self.cells.saturating_sub(1),
            Xml::Close(_) => {}
        }
    }

    fn wanted(&self) -> bool {
        match self.placeholder.as_deref() {
            Some("sldNum" | "dt" | "ftr" | "hdr") => false,
            Some("body") => true,
            _ => !self.only_body,
        }
    }

    fn gap(&mut self, gap: Gap) {
        self.flow.gap(if self.cells > 0 && gap > Gap::Cell { Gap::Space } else { gap });
    }
}
