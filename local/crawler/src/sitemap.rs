//! Sitemaps and indexes of sitemaps: <https://www.sitemaps.org/protocol.html>.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use url::Url;

use crate::address::canonical;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sitemap {
    pub(crate) pages: Vec<Url>,
    pub(crate) sitemaps: Vec<Url>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SitemapError {
    #[error("it cannot be unpacked: {0}")]
    Packed(#[from] io::Error),
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    #[error("it is not XML: {0}")]
    Xml(#[from] quick_xml::Error),
    #[error("its end is missing")]
    CutOff,
    #[error("its XML has no urlset and no sitemapindex")]
    Other,
}

/// `bytes` may be packed with gzip, whatever its name. Places that are no web addresses are left out. `most` bounds the
/// bytes it has when it is unpacked.
pub(crate) fn read(bytes: &[u8], most: u64) -> Result<Sitemap, SitemapError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return parse(bytes);
    }
    let mut unpacked = Vec::new();
    GzDecoder::new(bytes).take(most + 1).read_to_end(&mut unpacked)?;
    if unpacked.len() as u64 > most {
        return Err(SitemapError::TooLarge(most));
    }
    parse(&unpacked)
}

fn parse(bytes: &[u8]) -> Result<Sitemap, SitemapError> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut parser = Parser::default();
    loop {
        match reader.read_event()? {
            Event::Start(tag) => parser.open(tag.name().as_ref()),
            Event::Empty(tag) if matches!(tag.name().as_ref(), "urlset" | "sitemapindex") => parser.known = true,
            Event::End(tag) => parser.close(tag.name().as_ref()),
            Event::Text(text) => parser.push(&text.xml10_content()),
            Event::CData(text) => parser.push(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                Some(character) => parser.push(character.encode_utf8(&mut [0; 4])),
                None => parser.push(resolve_predefined_entity(&reference).unwrap_or_default()),
            },
            Event::Eof if !parser.known => return Err(SitemapError::Other),
            Event::Eof if parser.depth > 0 => return Err(SitemapError::CutOff),
            Event::Eof => return Ok(parser.sitemap),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Parser {
    sitemap: Sitemap,
    /// Whether it is a sitemap at all.
    known: bool,
    depth: usize,
    /// Whether the next location is a sitemap's, not a page's.
    in_index: bool,
    /// The text of a location so far.
    location: Option<String>,
}

impl Parser {
    fn open(&mut self, tag: &str) {
        self.depth += 1;
        match tag {
            "urlset" | "sitemapindex" => self.known = true,
            "url" => self.in_index = false,
            "sitemap" => self.in_index = true,
            "loc" => self.location = Some(String::new()),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if let Some(location) = &mut self.location {
            location.push_str(text);
        }
    }

    fn close(&mut self, tag: &str) {
        self.depth = self.depth.saturating_sub(1);
        if tag != "loc" {
            return;
        }
        let url = self.location.take().and_then(|text| Url::parse(text.trim()).ok()).and_then(canonical);
        let places = if self.in_index { &mut self.sitemap.sitemaps } else { &mut self.sitemap.pages };
        places.extend(url);
    }
}
