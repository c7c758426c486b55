//! Office Open XML (ECMA-376): a ZIP archive of XML parts that name each other by relationships.

pub(crate) mod slides;
pub(crate) mod word;

use std::{
    collections::HashMap,
    io::{Cursor, Read},
};

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use zip::{ZipArchive, result::ZipError};

use crate::{Format, MAX_UNPACKED_BYTES, ReadError};

/// What protects Office documents by a password is no archive but a compound file (MS-OFFCRYPTO, 2.3).
const COMPOUND_FILE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

pub(crate) struct Package<'a> {
    format: Format,
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may still be unpacked: an archive's own word for its size is not taken.
    left: u64,
}

impl<'a> Package<'a> {
    fn open(format: Format, bytes: &'a [u8]) -> Result<Package<'a>, ReadError> {
        if bytes.starts_with(&COMPOUND_FILE) {
            return Err(compound_file(format, bytes));
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| ReadError::malformed(format, error))?;
        Ok(Package { format, archive, left: MAX_UNPACKED_BYTES })
    }

    /// A part's XML. None if there is no such part.
    fn part(&mut self, name: &str) -> Result<Option<String>, ReadError> {
        let format = self.format;
        let part = match self.archive.by_name(name) {
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(ReadError::malformed(format, error)),
        };
        let mut bytes = Vec::new();
        let read = part.take(self.left + 1).read_to_end(&mut bytes);
        read.map_err(|error| ReadError::malformed(format, error))?;
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(too_large())?;
        crate::decode::text(format, &bytes).map(|text| Some(text.into_owned()))
    }

    /// A part that must be there.
    fn required(&mut self, name: &str) -> Result<String, ReadError> {
        self.part(name)?.ok_or_else(|| ReadError::malformed(self.format, format!("it has no {name}")))
    }

    /// The parts that a part (or, for an empty name, the package) refers to, by identifier.
    fn relationships(&mut self, part: &str) -> Result<HashMap<String, Relationship>, ReadError> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = format!("{folder}{}_rels/{file}.rels", if folder.is_empty() { "" } else { "/" });
        let mut found = HashMap::new();
        let Some(xml) = self.part(&name)? else { return Ok(found) };
        elements(self.format, &xml, |element| {
            if let (Some(id), Some(kind), Some(target)) =
                (attribute(element, "Id"), attribute(element, "Type"), attribute(element, "Target"))
            {
                found.insert(id, Relationship { kind, target: resolve(folder, &target) });
            }
        })?;
        Ok(found)
    }

    /// The part with the document itself.
    fn main_part(&mut self) -> Result<String, ReadError> {
        let relationships = self.relationships("")?;
        let main = relationships.into_values().find(|relationship| relationship.kind.ends_with("/officeDocument"));
        main.map(|main| main.target).ok_or_else(|| ReadError::malformed(self.format, "it names no main part"))
    }

    /// As it is in the document's properties.
    fn title(&mut self) -> Result<Option<String>, ReadError> {
        let Some(xml) = self.part("docProps/core.xml")? else { return Ok(None) };
        let (mut title, mut inside) = (String::new(), false);
        events(self.format, &xml, |event| match event {
            Xml::Open(element) => inside = element.local_name().as_ref() == "title",
            Xml::Close(_) => inside = false,
            Xml::Text(text) if inside => title.push_str(text),
            Xml::Text(_) => {}
        })?;
        Ok(Some(title).filter(|title| !title.trim().is_empty()))
    }
}

struct Relationship {
    kind: String,
    target: String,
}

enum Xml<'a> {
    Open(&'a BytesStart<'a>),
    Close(&'a str),
    Text(&'a str),
}

/// Calls back for each tag and text, in order. Entities of a document's own are not expanded: there are none in Office
/// documents, but in attacks there are.
fn events(format: Format, xml: &str, mut each: impl FnMut(Xml<'_>)) -> Result<(), ReadError> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|error| ReadError::malformed(format, error))? {
            Event::Start(element) => each(Xml::Open(&element)),
            Event::Empty(element) => {
                each(Xml::Open(&element));
                each(Xml::Close(element.local_name().as_ref()));
            }
            Event::End(element) => each(Xml::Close(element.local_name().as_ref())),
            Event::Text(text) => each(Xml::Text(&text.into_inner())),
            Event::CData(text) => each(Xml::Text(&text.into_inner())),
            Event::GeneralRef(reference) => each(Xml::Text(&character(&reference))),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn elements(format: Format, xml: &str, mut each: impl FnMut(&BytesStart<'_>)) -> Result<(), ReadError> {
    events(format, xml, |event| {
        if let Xml::Open(element) = event {
            each(element);
        }
    })
}

fn character(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let name: &str = reference;
    quick_xml::escape::resolve_xml_entity(name).unwrap_or_default().to_owned()
}

/// By its name without a prefix, which everybody chooses differently.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    quick_xml::escape::unescape(&found.value).ok().map(|value| value.into_owned())
}

/// A relationship's target, seen from the folder of the part that has it.
fn resolve(folder: &str, target: &str) -> String {
    let mut path: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.retain(|step| !step.is_empty());
    path.join("/")
}

fn compound_file(format: Format, bytes: &[u8]) -> ReadError {
    // The name of the stream that holds the encrypted package, in UTF-16.
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if bytes.windows(name.len()).any(|window| window == name) {
        return ReadError::Encrypted;
    }
    ReadError::malformed(format, "the formats before 2007 are not read")
}

fn too_large() -> ReadError {
    ReadError::TooLarge { what: "what it unpacks to", limit: MAX_UNPACKED_BYTES }
}
