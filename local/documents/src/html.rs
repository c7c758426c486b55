use std::collections::HashSet;

use ego_tree::iter::Edge;
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{ElementRef, Html, HtmlTreeSink, Node, Selector, node::Element};

use crate::{
    Deadline, Format, ReadError, Text,
    flow::{Flow, Gap},
};

/// Never content, wherever it stands.
const NOISE: [&str; 19] = [
    "head", "script", "style", "noscript", "template", "svg", "math", "canvas", "iframe", "object", "nav", "footer",
    "button", "input", "select", "textarea", "dialog", "audio", "video",
];
/// Not content around an article, but content in one.
const FRAME: [&str; 2] = ["header", "aside"];
const NOISY_ROLES: [&str; 7] =
    ["navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "complementary"];
/// Parts of what people call the classes and identifiers of such things.
const NOISY_NAMES: [&str; 14] = [
    "cookie",
    "consent",
    "gdpr",
    "breadcrumb",
    "navbar",
    "navigation",
    "site-header",
    "site-footer",
    "skip-link",
    "skiplink",
    "newsletter",
    "headerlink",
    "share-buttons",
    "advert",
];
const BLOCKS: [&str; 29] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "body",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "dl",
    "table",
    "caption",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "address",
    "details",
    "summary",
    "hr",
    "fieldset",
    "form",
    "header",
    "aside",
];
const LINES: [&str; 5] = ["li", "tr", "dt", "dd", "br"];
const PIECE_BYTES: usize = 4096;
/// Less text is no article: a page that only says so.
const ARTICLE_CHARACTERS: usize = 140;

/// The text of a page, or of its `<main>` or `<article>` if there is one.
pub(crate) fn read(page: &str, deadline: Deadline) -> Result<Text, ReadError> {
    let page = parse(page, deadline)?;
    let title = title(&page)?;
    let (roots, whole) = roots(&page)?;
    let mut text = walk(&roots, Skip { frame: whole, names: true })?;
    // Everything was in something that only sounds like noise.
    if text.is_empty() {
        text = walk(&roots, Skip { frame: false, names: false })?;
    }
    Ok(Text::new(title, text))
}

/// The clock is looked at between pieces: what nests deeply takes the parser time in proportion to the square of it.
fn parse(mut page: &str, deadline: Deadline) -> Result<Html, ReadError> {
    let mut parser = html5ever::parse_document(HtmlTreeSink::new(Html::new_document()), Default::default());
    while !page.is_empty() {
        deadline.check()?;
        let (piece, rest) = page.split_at(page.floor_char_boundary(PIECE_BYTES));
        parser.process(StrTendril::from(piece));
        page = rest;
    }
    Ok(parser.finish())
}

fn title(page: &Html) -> Result<Option<String>, ReadError> {
    let attribute = page.select(&selector("meta[property='og:title']")?).find_map(|meta| meta.attr("content"));
    if let Some(title) = attribute.filter(|title| !title.trim().is_empty()) {
        return Ok(Some(title.to_owned()));
    }
    // A picture may have a title, too, and stands before the page's where the page has none.
    for wanted in ["head > title", "h1"] {
        let selector = selector(wanted)?;
        let found = page.select(&selector).map(|element| element.text().collect::<String>());
        let titles = found.map(|text| text.trim_end_matches('¶').to_owned());
        if let Some(title) = titles.into_iter().find(|text| !text.trim().is_empty()) {
            return Ok(Some(title));
        }
    }
    Ok(None)
}

/// What is to be read, and whether that is the whole page.
fn roots(page: &Html) -> Result<(Vec<ElementRef<'_>>, bool), ReadError> {
    for wanted in ["main, [role='main']", "article"] {
        let found: Vec<_> = page.select(&selector(wanted)?).collect();
        let all: HashSet<_> = found.iter().map(|one| one.id()).collect();
        let is_outer = |one: &&ElementRef<'_>| !one.ancestors().any(|ancestor| all.contains(&ancestor.id()));
        let outer: Vec<_> = found.iter().filter(is_outer).copied().collect();
        let characters: usize = outer.iter().flat_map(|root| root.text()).map(|text| text.trim().len()).sum();
        if characters >= ARTICLE_CHARACTERS {
            return Ok((outer, false));
        }
    }
    Ok((vec![page.root_element()], true))
}

fn selector(selector: &str) -> Result<Selector, ReadError> {
    Selector::parse(selector).map_err(|error| ReadError::malformed(Format::Html, error))
}

#[derive(Clone, Copy)]
struct Skip {
    frame: bool,
    names: bool,
}

impl Skip {
    fn skips(self, element: &Element) -> bool {
        let name = element.name();
        if NOISE.contains(&name) || (self.frame && FRAME.contains(&name)) {
            return true;
        }
        // What holds a whole page may be called "has-navigation".
        if matches!(name, "html" | "body" | "main" | "article") {
            return false;
        }
        let style = element.attr("style").unwrap_or_default().replace(' ', "");
        if element.attr("hidden").is_some() || style.contains("display:none") {
            return true;
        }
        self.names
            && (element.attr("role").is_some_and(|role| NOISY_ROLES.contains(&role))
                || [element.attr("id"), element.attr("class")].into_iter().flatten().any(is_noisy))
    }
}

fn is_noisy(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NOISY_NAMES.iter().any(|noisy| name.contains(noisy))
}

/// Without recursion: pages may nest as deeply as somebody wanted.
fn walk(roots: &[ElementRef<'_>], skip: Skip) -> Result<String, ReadError> {
    let mut walk = Walk { flow: Flow::new(), skipped: None, cells: 0, lists: Vec::new(), verbatim: 0 };
    for root in roots {
        for edge in root.traverse() {
            match edge {
                Edge::Open(node) if walk.skipped.is_none() => match node.value() {
                    Node::Text(text) if walk.verbatim > 0 => walk.flow.push_lines(text),
                    Node::Text(text) => walk.flow.push(text),
                    Node::Element(element) if skip.skips(element) => walk.skipped = Some(node.id()),
                    Node::Element(element) => walk.open(element, ElementRef::wrap(node)),
                    _ => {}
                },
                Edge::Close(node) if walk.skipped == Some(node.id()) => walk.skipped = None,
                Edge::Close(node) if walk.skipped.is_none() => {
                    if let Node::Element(element) = node.value() {
                        walk.close(element, ElementRef::wrap(node));
                    }
                }
                _ => {}
            }
        }
    }
    walk.flow.finish()
}

struct Walk {
    flow: Flow,
    skipped: Option<ego_tree::NodeId>,
    /// Cells that we are in.
    cells: usize,
    /// Lists that we are in: the number of the next entry if it is numbered.
    lists: Vec<Option<usize>>,
    verbatim: usize,
}

impl Walk {
    fn open(&mut self, element: &Element, node: Option<ElementRef<'_>>) {
        self.around(element, node);
        match element.name() {
            "td" | "th" if !is_layout(node) => self.cells += 1,
            "ul" => self.lists.push(None),
            "ol" => self.lists.push(Some(element.attr("start").and_then(|start| start.parse().ok()).unwrap_or(1))),
            "li" if self.cells == 0 => {
                let marker = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}.");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => "-".to_owned(),
                };
                self.flow.marker(&marker);
            }
            "pre" => self.verbatim += 1,
            _ => {}
        }
    }

    fn close(&mut self, element: &Element, node: Option<ElementRef<'_>>) {
        match element.name() {
            "td" | "th" if !is_layout(node) => self.cells = self.cells.saturating_sub(1),
            "ul" | "ol" => drop(self.lists.pop()),
            "pre" => self.verbatim = self.verbatim.saturating_sub(1),
            _ => {}
        }
        self.around(element, node);
    }

    /// The gap before and after an element. In a cell there is no more than a space, or a row would fall apart.
    fn around(&mut self, element: &Element, node: Option<ElementRef<'_>>) {
        let name = element.name();
        let gap = match name {
            "td" | "th" if is_layout(node) => Gap::Paragraph,
            "td" | "th" => Gap::Cell,
            "ul" | "ol" if !self.lists.is_empty() => Gap::Line,
            name if LINES.contains(&name) => Gap::Line,
            name if BLOCKS.contains(&name) => Gap::Paragraph,
            _ => return,
        };
        self.flow.gap(if self.cells > 0 && gap > Gap::Cell { Gap::Space } else { gap });
    }
}

/// Tables were once what pages were laid out with: such a cell holds more than a value.
fn is_layout(cell: Option<ElementRef<'_>>) -> bool {
    let names = ["table", "h1", "h2", "h3", "h4", "pre"];
    cell.is_some_and(|cell| {
        let within = cell.descendants().filter_map(ElementRef::wrap).skip(1);
        within.take(100).any(|inner| names.contains(&inner.value().name()))
    })
}
