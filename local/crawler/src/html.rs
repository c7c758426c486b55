use std::{cell::RefCell, collections::HashSet};

use encoding_rs::{Encoding, UTF_8};
use html5ever::{
    Attribute,
    tendril::StrTendril,
    tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind},
};
use url::Url;

use crate::{address::canonical, directives::Directives};

/// What a page says to crawlers.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// In the order they appear, each once, canonical.
    pub(crate) links: Vec<Url>,
    /// What the page says is its own address.
    pub(crate) canonical: Option<Url>,
    pub(crate) directives: Directives,
}

/// Reads whatever browsers would: no page is too broken. `url` is where the page came from.
pub(crate) fn read(bytes: &[u8], content_type: Option<&str>, url: &Url) -> Read {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(decode(bytes, content_type).as_str()));
    let tokenizer = Tokenizer::new(Tags::default(), Default::default());
    // It would stop only for a script to run, which the sink does not ask for.
    let _ = tokenizer.feed(&input);
    tokenizer.end();

    let tags = tokenizer.sink.0.into_inner();
    let base = tags.base.and_then(|base| url.join(&base).ok()).unwrap_or_else(|| url.clone());
    let resolve = |reference: &str| base.join(reference.trim()).ok().and_then(canonical);
    let mut read = Read { directives: tags.directives, ..Read::default() };
    read.canonical = tags.canonical.as_deref().and_then(resolve);
    let mut known = HashSet::new();
    read.links.extend(tags.links.iter().filter_map(|link| resolve(link)).filter(|link| known.insert(link.clone())));
    read
}

/// In the encoding that the byte order mark or the server says, else UTF-8. What is not of that encoding is replaced:
/// links are ASCII, or escaped.
fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let parameters = content_type.unwrap_or_default().split(';').skip(1);
    let charset = parameters
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let label = charset.map(|(_, label)| label.trim_matches('"'));
    let encoding = label.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8);
    encoding.decode(bytes).0.into_owned()
}

/// The tags that matter, as the tokenizer finds them. A tree of the page is not needed for that.
#[derive(Default)]
struct Tags(RefCell<Found>);

#[derive(Default)]
struct Found {
    links: Vec<String>,
    base: Option<String>,
    canonical: Option<String>,
    directives: Directives,
}

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let Token::TagToken(tag) = token else { return TokenSinkResult::Continue };
        if tag.kind == TagKind::EndTag {
            return TokenSinkResult::Continue;
        }
        self.0.borrow_mut().take(&tag);
        // What is in these is text, whatever it looks like.
        match &*tag.name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            "plaintext" => TokenSinkResult::Plaintext,
            _ => TokenSinkResult::Continue,
        }
    }
}

impl Found {
    fn take(&mut self, tag: &Tag) {
        match &*tag.name {
            "a" | "area" if !has_relation(tag, "nofollow") => self.links.extend(attribute(tag, "href")),
            // Only the first one counts.
            "base" if self.base.is_none() => self.base = attribute(tag, "href"),
            "link" if self.canonical.is_none() && has_relation(tag, "canonical") => {
                self.canonical = attribute(tag, "href");
            }
            "meta" => {
                let name = attribute(tag, "name").unwrap_or_default();
                let content = attribute(tag, "content").unwrap_or_default();
                self.directives.add_of_meta(&name, &content);
            }
            _ => {}
        }
    }
}

fn has_relation(tag: &Tag, relation: &str) -> bool {
    attribute(tag, "rel").is_some_and(|rel| rel.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case(relation)))
}

fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let is = |attribute: &&Attribute| &*attribute.name.local == name;
    tag.attrs.iter().find(is).map(|attribute| attribute.value.to_string())
}
