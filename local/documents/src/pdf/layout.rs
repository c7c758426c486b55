//! Lines and paragraphs out of glyphs: a PDF says where a letter stands, not to which word it belongs.
//!
//! The order in which glyphs are drawn is kept. Programs that write PDFs draw a column after the other and a row's
//! cells after each other; sorting by position would tear columns apart.

use std::collections::HashMap;

use super::glyphs::{Glyphs, Placed};
use crate::flow::{Flow, Gap};

/// All of these are in sizes of the font. A space is narrower than this, and letters overlap by less.
const WORD: f64 = 0.15;
/// Between two cells of a table there is more.
const CELL: f64 = 1.4;
/// Letters on one line may be raised or lowered.
const SAME_LINE: f64 = 0.45;
/// From the baseline of a line to the next one of the same paragraph.
const NEXT_LINE: f64 = 1.75;
/// Rows of a table may lie further apart.
const NEXT_ROW: f64 = 3.5;
/// A first line is indented by more than this.
const INDENT: f64 = 0.8;
/// Headers and footers are so near to the edge, as a part of the page's height.
const MARGIN: f64 = 0.1;

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) text: String,
    left: f64,
    right: f64,
    baseline: f64,
    size: f64,
    has_cells: bool,
    at_edge: bool,
}

pub(crate) fn lines(glyphs: Glyphs) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for glyph in &glyphs.placed {
        match lines.last_mut() {
            Some(line) if line.continues_with(glyph) => line.push(glyph),
            _ => lines.push(Line::begin(glyph, glyphs.height)),
        }
    }
    for line in &mut lines {
        line.text = spell_out(&line.text);
    }
    lines.retain(|line| !line.text.trim().is_empty());
    lines
}

impl Line {
    fn begin(glyph: &Placed, height: f64) -> Line {
        let edge = height * MARGIN;
        Line {
            text: glyph.text.clone(),
            left: glyph.x,
            right: glyph.end,
            baseline: glyph.baseline,
            size: glyph.size,
            has_cells: false,
            at_edge: glyph.baseline < edge || glyph.baseline > height - edge,
        }
    }

    fn continues_with(&self, glyph: &Placed) -> bool {
        let size = self.size.max(glyph.size);
        (glyph.baseline - self.baseline).abs() < SAME_LINE * size && glyph.x > self.right - size
    }

    fn push(&mut self, glyph: &Placed) {
        let gap = (glyph.x - self.right) / self.size.max(glyph.size);
        if gap > CELL && !is_marker(self.text.trim()) {
            self.text.push_str(" | ");
            self.has_cells = true;
        } else if gap > WORD && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        // Bold letters are drawn twice by some, a hair apart.
        let is_twin = self.text.ends_with(&glyph.text) && glyph.end - self.right < 0.1 * self.size && gap < -WORD;
        if !is_twin {
            self.text.push_str(&glyph.text);
        }
        self.right = self.right.max(glyph.end);
        self.size = self.size.max(glyph.size);
    }
}

/// Removes lines at the edge of a page that other pages have, too, but for a number in them.
pub(crate) fn drop_running_lines(pages: &mut [Vec<Line>]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in pages.iter().flatten().filter(|line| line.at_edge) {
        *counts.entry(without_numbers(&line.text)).or_default() += 1;
    }
    // Of a short document most pages; in a long one, each chapter may have its own.
    let enough = (pages.len() / 2 + 1).clamp(2, 4);
    for lines in pages.iter_mut() {
        lines.retain(|line| {
            let is_number = line.text.trim().chars().all(|char| char.is_ascii_digit());
            let is_running = counts.get(&without_numbers(&line.text)).is_some_and(|count| *count >= enough);
            !(line.at_edge && (is_number || is_running))
        });
    }
}

/// The first of the largest lines, if it is larger than the others.
pub(crate) fn headline(lines: &[Line]) -> Option<String> {
    let largest = lines.iter().map(|line| line.size).fold(0.0, f64::max);
    let is_large = |line: &&Line| line.size > largest * 0.95;
    let title: Vec<&str> =
        lines.iter().skip_while(|line| !is_large(line)).take_while(is_large).map(|line| line.text.trim()).collect();
    let is_heading = lines.iter().any(|line| line.size < largest * 0.9) && title.len() <= 3;
    is_heading.then(|| title.join(" "))
}

pub(crate) fn write(lines: &[Line], flow: &mut Flow) {
    let mut previous: Option<&Line> = None;
    for (index, line) in lines.iter().enumerate() {
        let gap = previous.map_or(Gap::Paragraph, |previous| between(previous, line));
        flow.gap(gap);
        // Whether the word goes on is seen at the next line.
        let next = lines.get(index + 1).filter(|next| between(line, next) == Gap::Space);
        match next.and_then(|next| joined(line.text.trim(), next.text.trim())) {
            Some(begun) => {
                flow.push(begun);
                flow.hold();
            }
            None => flow.push(line.text.trim()),
        }
        previous = Some(line);
    }
}

fn between(above: &Line, line: &Line) -> Gap {
    let size = above.size.max(line.size);
    let down = (line.baseline - above.baseline) / size;
    // A cell beside one of several lines: its text begins at the height of the first.
    if down.abs() < SAME_LINE || (-6.0..0.0).contains(&down) {
        return if line.left > above.right - size { Gap::Cell } else { Gap::Paragraph };
    }
    let alike = (above.size - line.size).abs() < 0.12 * size;
    let overlap = line.left < above.right && above.left < line.right;
    if above.has_cells && line.has_cells && (0.0..NEXT_ROW).contains(&down) {
        return Gap::Line;
    }
    if !(0.0..NEXT_LINE).contains(&down) || !alike || !overlap {
        return Gap::Paragraph;
    }
    // The dots of a table of contents.
    let leads = [". . .", "....."].iter().any(|dots| above.text.contains(dots));
    if above.has_cells || line.has_cells || leads || begins_entry(&line.text) {
        return Gap::Line;
    }
    let indented = line.left - above.left > INDENT * size && !begins_entry(&above.text);
    if indented { Gap::Paragraph } else { Gap::Space }
}

/// What to write of a line whose last word goes on in the next one.
fn joined<'a>(line: &'a str, next: &str) -> Option<&'a str> {
    let begun = line.strip_suffix(['-', '\u{ad}', '\u{2010}'])?;
    let (before, after) = (begun.chars().next_back()?, next.chars().next()?);
    let goes_on = after.is_lowercase() || (before.is_uppercase() && after.is_uppercase());
    if !before.is_alphabetic() || !goes_on {
        return None;
    }
    // "re-elected" and "2.5-litre" have their hyphen anyway, but nobody can tell; most words have none.
    Some(begun)
}

fn begins_entry(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let number = first.trim_end_matches(['.', ')']);
    let is_number = !number.is_empty() && number.len() <= 3 && number.chars().all(|char| char.is_ascii_digit());
    is_marker(first) || (is_number && number.len() < first.len())
}

fn is_marker(text: &str) -> bool {
    matches!(text, "•" | "◦" | "▪" | "‣" | "·" | "-" | "–" | "—" | "*" | "o" | "\u{f0b7}" | "\u{25cf}")
}

fn without_numbers(text: &str) -> String {
    text.chars().map(|char| if char.is_ascii_digit() { '#' } else { char }).collect::<String>().replace("##", "#")
}

/// Ligatures are letters to a font, and no letters to somebody who searches.
fn spell_out(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            'ﬀ' => spelled.push_str("ff"),
            'ﬁ' => spelled.push_str("fi"),
            'ﬂ' => spelled.push_str("fl"),
            'ﬃ' => spelled.push_str("ffi"),
            'ﬄ' => spelled.push_str("ffl"),
            'ﬅ' | 'ﬆ' => spelled.push_str("st"),
            char => spelled.push(char),
        }
    }
    spelled
}
