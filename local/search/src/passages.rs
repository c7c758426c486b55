//! Documents are cut into passages: short enough to be quoted, and to be understood by the model of embeddings.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::{Section, prepared::Passage};

/// The most words of a passage, as in Kendra.
pub(crate) const LONGEST: usize = 200;
/// The most words that a passage repeats of the one before.
const OVERLAP: usize = 30;
/// The most words that are new in a passage, which leaves room for the overlap.
const NEW: usize = LONGEST - OVERLAP;
/// A paragraph of no more words is a heading, unless it ends as sentences do.
const HEADING: usize = 12;

/// Passages of about the same length that end where sentences do. None goes over pages, and no heading is parted from
/// what follows it.
pub(crate) fn cut(sections: &[Section]) -> Vec<Passage> {
    let pages = sections.chunk_by(|one, next| one.page == next.page);
    let of_page = |page: &[Section]| {
        let text = page.iter().map(|section| section.text.as_str()).collect::<Vec<_>>().join("\n\n");
        let number = page.first().and_then(|section| section.page);
        let passage = |text: &str| Passage { page: number, question: None, text: text.into(), vector: Vec::new() };
        ranges(&text).into_iter().map(|range| passage(text[range].trim())).collect::<Vec<_>>()
    };
    pages.flat_map(of_page).collect()
}

/// A sentence or a heading.
#[derive(Debug, Clone)]
struct Unit {
    range: Range<usize>,
    words: usize,
    is_heading: bool,
}

fn ranges(text: &str) -> Vec<Range<usize>> {
    let units = units(text);
    let mut rest = units.iter().map(|unit| unit.words).sum::<usize>();
    let mut ranges = Vec::new();
    let mut start = 0;
    while start < units.len() {
        let room = if start == 0 && rest <= LONGEST { LONGEST } else { NEW };
        // What is left, in equal parts.
        let target = rest.div_ceil(rest.div_ceil(room));
        let mut end = fill(&units[start..], target, room) + start;
        // Headings at the end belong to what follows, unless there is nothing else.
        let content = units[start..end].iter().rposition(|unit| !unit.is_heading);
        if let (Some(content), true) = (content, end < units.len()) {
            end = start + content + 1;
        }
        let new: usize = units[start..end].iter().map(|unit| unit.words).sum();
        let first = repeated(&units[..start], OVERLAP.min(LONGEST.saturating_sub(new)));
        ranges.push(units[first].range.start..units[end - 1].range.end);
        rest -= new;
        start = end;
    }
    ranges
}

/// How many units make a passage of about `target` words, and no more than `room`; one at least.
fn fill(units: &[Unit], target: usize, room: usize) -> usize {
    let mut words = 0;
    for (count, unit) in units.iter().enumerate() {
        let with = words + unit.words;
        let nearer_without = with > target && with - target > target.saturating_sub(words);
        if count > 0 && (with > room || nearer_without) {
            return count;
        }
        words = with;
    }
    units.len()
}

/// Where the sentences at the end of `before` begin that have no more than `words`.
fn repeated(before: &[Unit], mut words: usize) -> usize {
    let mut first = before.len();
    while first > 0 && before[first - 1].words <= words {
        first -= 1;
        words -= before[first].words;
    }
    first
}

fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    for paragraph in paragraphs(text) {
        let words = words(&text[paragraph.clone()]);
        if words <= HEADING && is_heading(&text[paragraph.clone()]) {
            units.push(Unit { range: paragraph, words, is_heading: true });
            continue;
        }
        // Lines that were wrapped for a page's width end no sentences.
        let unwrapped = unwrap(&text[paragraph.clone()]);
        for (at, sentence) in unwrapped.split_sentence_bound_indices() {
            let start = paragraph.start + at;
            sentences(text, start..start + sentence.len(), &mut units);
        }
    }
    units
}

/// One that is too long for a passage comes in pieces.
fn sentences(text: &str, range: Range<usize>, units: &mut Vec<Unit>) {
    let count = words(&text[range.clone()]);
    if count <= NEW {
        if count > 0 {
            units.push(Unit { range, words: count, is_heading: false });
        }
        return;
    }
    let sentence = &text[range.clone()];
    let piece = count.div_ceil(count.div_ceil(NEW));
    let starts: Vec<usize> = starts_of_words(sentence).step_by(piece).collect();
    for (index, start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(sentence.len());
        let words = words(&sentence[*start..end]);
        units.push(Unit { range: range.start + start..range.start + end, words, is_heading: false });
    }
}

/// What stands between empty lines.
fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut paragraphs = Vec::new();
    let mut begun: Option<Range<usize>> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if line.trim().is_empty() {
            paragraphs.extend(begun.take());
        } else {
            let start = begun.map_or(at, |range| range.start);
            begun = Some(start..end);
        }
        at = end;
    }
    paragraphs.extend(begun);
    paragraphs
}

/// With spaces in the place of line breaks, except before lines that begin with a sign, as items of lists and rows of
/// tables do. Each byte stays where it is.
fn unwrap(paragraph: &str) -> String {
    let mut unwrapped = String::with_capacity(paragraph.len());
    let mut lines = paragraph.split('\n').peekable();
    while let Some(line) = lines.next() {
        unwrapped.push_str(line);
        if let Some(next) = lines.peek() {
            let is_prose =
                next.trim_start().starts_with(|first: char| first.is_alphanumeric() || "('\"“‘«".contains(first));
            unwrapped.push(if is_prose { ' ' } else { '\n' });
        }
    }
    unwrapped
}

fn is_heading(paragraph: &str) -> bool {
    let paragraph = paragraph.trim();
    paragraph.starts_with('#') || !paragraph.ends_with(['.', '!', '?', ';', ',', '|', '。'])
}

/// Words are what stands between spaces. What is as long as a line without one, as in scripts without spaces, counts by
/// its letters.
fn words(text: &str) -> usize {
    starts_of_words(text).count()
}

fn starts_of_words(text: &str) -> impl Iterator<Item = usize> {
    let mut length = 0;
    text.char_indices().filter_map(move |(at, character)| {
        if character.is_whitespace() {
            length = 0;
            return None;
        }
        length += 1;
        (length % LONGEST_WORD == 1).then_some(at)
    })
}

/// Letters.
const LONGEST_WORD: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn section(text: &str) -> Section {
        Section { page: None, text: text.into() }
    }

    fn texts(text: &str) -> Vec<String> {
        cut(&[section(text)]).into_iter().map(|passage| passage.text).collect()
    }

    fn sentences(count: usize) -> String {
        (0..count).map(|number| format!("Sentence number {number} has exactly eight words here. ")).collect()
    }

    #[test]
    fn a_short_text_is_one_passage() {
        assert_eq!(texts("One.\n\nTwo. "), ["One.\n\nTwo."]);
        assert_eq!(texts(" \n\n "), Vec::<String>::new());
        assert_eq!(texts(&sentences(25)).len(), 1, "200 words");
    }

    #[test]
    fn passages_are_of_about_one_length_end_with_sentences_and_overlap() {
        let passages = texts(&sentences(60));
        let lengths: Vec<usize> = passages.iter().map(|passage| words(passage)).collect();
        assert_eq!(lengths, [160, 184, 184]);
        for (one, next) in passages.iter().zip(&passages[1..]) {
            assert!(one.ends_with("words here.") && next.starts_with("Sentence number"));
            assert!(one.contains(&next[..60]), "three sentences are repeated");
        }
    }

    #[test]
    fn a_heading_stays_with_what_follows() {
        for before in 10..40 {
            let text = format!("{}\n\nOpening hours\n\n{}", sentences(before), sentences(30));
            for passage in texts(&text) {
                assert!(!passage.ends_with("Opening hours"), "after {before} sentences");
            }
        }
    }

    #[test]
    fn lines_that_were_wrapped_end_no_sentence_and_items_of_lists_do() {
        let units =
            |text: &str| units(text).into_iter().map(|unit| text[unit.range].trim().to_owned()).collect::<Vec<_>>();
        assert_eq!(units("It goes on\nin the next line. And\nends."), ["It goes on\nin the next line.", "And\nends."]);
        assert_eq!(units("We have:\n- tea,\n- coffee."), ["We have:", "- tea,", "- coffee."]);
    }

    #[test]
    fn pages_are_kept_apart() {
        let page = |number, text: &str| Section { page: Some(number), text: text.into() };
        let passages = cut(&[page(1, "One."), page(1, "Still one."), page(2, "Two.")]);
        let found: Vec<_> = passages.iter().map(|passage| (passage.page, passage.text.as_str())).collect();
        assert_eq!(found, [(Some(1), "One.\n\nStill one."), (Some(2), "Two.")]);
    }

    proptest! {
        #[test]
        fn every_word_is_in_a_passage_and_none_is_too_long(
            parts in prop::collection::vec("[a-zA-Zé日😀.!?#|-]{1,12}", 0..900),
            gaps in prop::collection::vec(prop::sample::select(vec![" ", " ", " ", " ", "\n", "\n\n", "\r\n", ". "]), 900),
        ) {
            let text: String = parts.iter().zip(&gaps).flat_map(|(part, gap)| [part.as_str(), *gap]).collect();
            let passages = texts(&text);
            // In order: each passage begins within or right after the one before.
            let mut rest: Vec<&str> = text.split_whitespace().collect();
            for passage in &passages {
                let found: Vec<&str> = passage.split_whitespace().collect();
                prop_assert!(!found.is_empty() && found.len() <= LONGEST);
            }
            let joined: std::collections::HashSet<&str> = passages.iter().flat_map(|passage| passage.split_whitespace()).collect();
            rest.retain(|word| !joined.contains(word) && !passages.concat().contains(word));
            prop_assert!(rest.is_empty(), "{:?} are in no passage", rest);
        }

        #[test]
        fn anything_can_be_cut(text in "\\PC{0,3000}") {
            for passage in texts(&text) {
                prop_assert!(passage.split_whitespace().count() <= LONGEST);
            }
        }
    }
}
