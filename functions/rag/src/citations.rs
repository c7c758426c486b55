//! Which passages an answer cites, checked while it is being written.

use std::mem;

use shared::{
    events::Event,
    grounding::{Citation, Passage, Place},
};

/// Characters between brackets, at most, that may still be a list of numbers.
const LONGEST_LIST: usize = 40;

/// Passes an answer's text on, piece by piece. Markers such as `[1]` or `[1, 3-4]` that name a passage become citations;
/// numbers that name none are taken out, and markers beside each other become one.
///
/// Whatever may be the beginning of a marker, or the blank before one, is held back until it is known.
#[derive(Debug)]
pub(crate) struct Citations {
    passages: Vec<Passage>,
    /// Characters that were passed on.
    length: usize,
    text: String,
    /// Blank that may belong to a marker or to the text.
    blank: String,
    marker: Option<Marker>,
    /// What follows an opening bracket.
    open: Option<String>,
    /// Whether the text ends like the beginning of a marker.
    is_ambiguous: bool,
}

/// Markers that stand beside each other.
#[derive(Debug, Default)]
struct Marker {
    /// Before the first of them.
    blank: String,
    numbers: Vec<usize>,
}

impl Citations {
    /// `passages` are those of the prompt, which numbers them from 1.
    pub(crate) fn of(passages: Vec<Passage>) -> Self {
        Self {
            passages,
            length: 0,
            text: String::new(),
            blank: String::new(),
            marker: None,
            open: None,
            is_ambiguous: false,
        }
    }

    /// What can be told after another piece of the answer.
    pub(crate) fn check(&mut self, piece: &str) -> Vec<Event> {
        let mut events = Vec::new();
        for character in piece.chars() {
            self.take(character, &mut events);
        }
        self.flush(&mut events);
        events
    }

    /// What was held back, once the answer is whole.
    pub(crate) fn finish(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        self.not_a_marker(&mut events);
        self.end_marker(None, &mut events);
        self.blank.clear();
        self.flush(&mut events);
        events
    }

    fn take(&mut self, character: char, events: &mut Vec<Event>) {
        match (&mut self.open, character) {
            (Some(open), ']') => match numbers(open) {
                Some(numbers) => self.add_marker(&numbers, events),
                None => {
                    self.not_a_marker(events);
                    self.text.push(']');
                }
            },
            (Some(open), _) if open.len() < LONGEST_LIST && is_of_list(character) => open.push(character),
            (Some(_), _) => {
                self.not_a_marker(events);
                self.take(character, events);
            }
            (None, '[') => self.open = Some(String::new()),
            (None, _) if character.is_whitespace() => self.blank.push(character),
            (None, _) => {
                self.end_marker(Some(character), events);
                self.text.push_str(&mem::take(&mut self.blank));
                self.text.push(character);
                self.is_ambiguous &= is_of_list(character);
            }
        }
    }

    fn add_marker(&mut self, numbers: &[usize], events: &mut Vec<Event>) {
        self.open = None;
        if self.blank.contains('\n') {
            self.end_marker(Some('['), events);
        }
        let blank = mem::take(&mut self.blank);
        let marker = self.marker.get_or_insert_with(|| Marker { blank, numbers: Vec::new() });
        marker.numbers.extend(numbers.iter().filter(|number| (1..=self.passages.len()).contains(number)));
    }

    /// The bracket was only a bracket.
    fn not_a_marker(&mut self, events: &mut Vec<Event>) {
        if let Some(open) = self.open.take() {
            self.end_marker(Some('['), events);
            self.text.push_str(&mem::take(&mut self.blank));
            self.text.push('[');
            self.text.push_str(&open);
            self.is_ambiguous = true;
        }
    }

    /// Writes the markers that came together as one; `next` is the character after them.
    fn end_marker(&mut self, next: Option<char>, events: &mut Vec<Event>) {
        let Some(Marker { blank, mut numbers }) = self.marker.take() else { return };
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.is_empty() {
            self.close_gap(blank, next);
            return;
        }
        self.text.push_str(&blank);
        let start = self.length + self.text.chars().count();
        let list = numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        self.text.push_str(&format!("[{list}]"));
        let place = Place { start, end: self.length + self.text.chars().count() };
        self.flush(events);
        let passages = &self.passages;
        events.extend(numbers.into_iter().map(|number| {
            Event::Cited(Citation { number, passage: passages[number - 1].clone(), places: vec![place] })
        }));
        // `[1](…)` would be shown as a link to wherever a document wants.
        if next == Some('(') && self.blank.is_empty() {
            self.blank.push(' ');
        }
    }

    /// Of the blanks around a marker that was taken out, one is left, and none before punctuation.
    fn close_gap(&mut self, before: String, next: Option<char>) {
        if mem::take(&mut self.is_ambiguous) {
            // Out of `[4[9]]` must not come `[4]`.
            self.text.push('…');
        }
        let is_word = next.is_some_and(|next| next.is_alphanumeric() || "([\"'“„«".contains(next));
        if self.blank.is_empty() && !is_word {
            return;
        }
        let at_start = self.length == 0 && self.text.is_empty();
        if at_start {
            self.blank.clear();
        } else if before.contains('\n') || self.blank.is_empty() {
            self.blank = before;
        }
    }

    fn flush(&mut self, events: &mut Vec<Event>) {
        if !self.text.is_empty() {
            self.length += self.text.chars().count();
            events.push(Event::Text(mem::take(&mut self.text)));
        }
    }
}

fn is_of_list(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, ',' | ';' | ' ' | '-' | '–' | '^')
}

/// The numbers of `1`, `1, 2` or `1-3`; none if it is no such list. A number beyond all passages is as good as any other.
fn numbers(list: &str) -> Option<Vec<usize>> {
    const BEYOND: usize = 1000;
    let number = |text: &str| {
        let digits = text.trim();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().unwrap_or(BEYOND).min(BEYOND))
    };
    let mut numbers = Vec::new();
    for part in list.trim_start_matches('^').split([',', ';']) {
        match part.split_once(['-', '–']) {
            Some((first, last)) => numbers.extend(number(first)?..=number(last)?),
            None => numbers.push(number(part)?),
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests;
