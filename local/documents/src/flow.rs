//! Text as it grows: white space is collapsed, and what lies between two pieces is the widest gap asked for.

use crate::{MAX_TEXT_BYTES, ReadError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    None,
    Space,
    Cell,
    Line,
    Paragraph,
}

#[derive(Debug)]
pub(crate) struct Flow {
    text: String,
    gap: Gap,
    held: bool,
}

impl Flow {
    pub(crate) fn new() -> Flow {
        Flow { text: String::new(), gap: Gap::None, held: false }
    }

    /// Inline text, of which white space is worth one space.
    pub(crate) fn push(&mut self, text: &str) {
        // More than the limit is refused at the end; it need not be gathered.
        if self.text.len() > MAX_TEXT_BYTES {
            return;
        }
        for char in text.chars() {
            match char {
                '\u{ad}' | '\u{200b}' | '\u{feff}' => {}
                char if char.is_whitespace() || char.is_control() => self.gap(Gap::Space),
                char => {
                    self.close_gap();
                    self.text.push(char);
                }
            }
        }
    }

    /// Text whose lines mean something, such as a program.
    pub(crate) fn push_lines(&mut self, text: &str) {
        for (number, line) in text.lines().enumerate() {
            if number > 0 {
                self.gap(Gap::Line);
            }
            self.push(line);
        }
    }

    /// Before the text that comes next there is at least this.
    pub(crate) fn gap(&mut self, gap: Gap) {
        if !self.held {
            self.gap = self.gap.max(gap);
        }
    }

    /// A bullet or a number, which stays on the line of the text that comes next.
    pub(crate) fn marker(&mut self, marker: &str) {
        self.push(marker);
        self.gap = Gap::Space;
        self.held = true;
    }

    /// What comes next belongs to the word that has begun.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// Errors if it has become more than a document may have.
    pub(crate) fn finish(self) -> Result<String, ReadError> {
        if self.text.len() > MAX_TEXT_BYTES { Err(crate::too_much_text()) } else { Ok(self.text) }
    }

    fn close_gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push_str(match self.gap {
                Gap::None => "",
                Gap::Space => " ",
                Gap::Cell => " | ",
                Gap::Line => "\n",
                Gap::Paragraph => "\n\n",
            });
        }
        (self.gap, self.held) = (Gap::None, false);
    }
}

/// Lines as they are, without what is invisible; paragraphs one empty line apart.
pub(crate) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for line in text.lines().map(one_line) {
        if !line.is_empty() {
            tidy.push_str(&line);
            tidy.push('\n');
        } else if !tidy.is_empty() && !tidy.ends_with("\n\n") {
            tidy.push('\n');
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy
}

pub(crate) fn one_line(text: &str) -> String {
    let mut flow = Flow::new();
    flow.push(text);
    flow.text
}
