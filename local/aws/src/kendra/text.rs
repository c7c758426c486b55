//! Words: the part of a query that is read, and what of a text is shown and highlighted.

use local_search::Highlight;
use serde_json::{Value, json};

use crate::reply::Refusal;

const MAX_CHARACTERS: usize = 1000;
const MAX_WORDS: usize = 30;
/// What Lucene leaves out of English text by default; AWS does not publish Kendra's list.
const STOP_WORDS: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
];

/// What else of a question says nothing about a text; recorded answers do not highlight it either.
const QUESTION_WORDS: [&str; 20] = [
    "can", "did", "do", "does", "had", "has", "have", "how", "i", "me", "my", "our", "we", "what", "when", "where",
    "which", "who", "why", "you",
];

/// The first 30 words of a query, punctuation and stop words not counted: the service ignores the rest.
pub(super) fn of_query(text: Option<&str>) -> Result<String, Refusal> {
    let text = text.unwrap_or_default().trim();
    if text.is_empty() {
        return Err(Refusal::validation("QueryText must not be empty: local-aws cannot browse an index."));
    }
    let characters = text.chars().count();
    if characters > MAX_CHARACTERS {
        return Err(Refusal::validation(format!(
            "The provided QueryText has a character count of {characters}, which exceeds the limit. \
             The character count must be less than or equal to {MAX_CHARACTERS}."
        )));
    }
    let mut counted = words(text).into_iter().filter(|word| !is_stop_word(word.text));
    Ok(match counted.nth(MAX_WORDS - 1) {
        Some(last) => text.chars().take(last.end).collect(),
        None => text.to_owned(),
    })
}

/// `TextWithHighlights`.
pub(super) fn with_highlights(text: &str, highlights: &[Highlight]) -> Value {
    let highlights: Vec<Value> = highlights.iter().map(|place| highlight(*place, false)).collect();
    json!({ "Text": text, "Highlights": highlights })
}

pub(super) fn highlight(place: Highlight, is_top_answer: bool) -> Value {
    json!({
        "BeginOffset": place.begin,
        "EndOffset": place.end,
        "TopAnswer": is_top_answer,
        "Type": "STANDARD",
    })
}

/// Where words of the query stand in a text.
pub(super) fn places(query: &str, text: &str) -> Vec<Highlight> {
    let asked = words(query).into_iter().map(|word| word.text.to_lowercase());
    let asked: Vec<String> =
        asked.filter(|word| !is_stop_word(word) && !QUESTION_WORDS.contains(&word.as_str())).collect();
    let is_asked = |word: &Word<'_>| asked.contains(&word.text.to_lowercase());
    let places = words(text).into_iter().filter(is_asked);
    places.map(|word| Highlight { begin: word.begin, end: word.end }).collect()
}

/// The stretch of at most `length` words that has most of the highlights, dots standing for what is left out.
pub(super) fn excerpt(text: &str, highlights: &[Highlight], length: usize) -> (String, Vec<Highlight>) {
    let words = words(text);
    if words.len() <= length {
        return (text.to_owned(), highlights.to_vec());
    }
    let within = |begin: usize, end: usize| highlights.iter().filter(move |it| it.begin >= begin && it.end <= end);
    let stretches = words.windows(length).filter_map(|stretch| Some((stretch.first()?.begin, stretch.last()?.end)));
    // Of several that are as good, the first.
    let best = stretches.rev().max_by_key(|(begin, end)| within(*begin, *end).count());
    let (begin, end) = best.unwrap_or_default();

    let kept: String = text.chars().skip(begin).take(end - begin).collect();
    let moved = within(begin, end)
        .map(|it| Highlight { begin: it.begin - begin + DOTS.len(), end: it.end - begin + DOTS.len() })
        .collect();
    (format!("{DOTS}{kept}{DOTS}"), moved)
}

const DOTS: &str = "...";

/// The sentence, or line, that has most of the highlights.
pub(super) fn best_sentence(text: &str, highlights: &[Highlight]) -> Option<Highlight> {
    let count = |sentence: &Highlight| {
        highlights.iter().filter(|it| it.begin >= sentence.begin && it.end <= sentence.end).count()
    };
    sentences(text).into_iter().rev().max_by_key(count).filter(|best| count(best) > 0)
}

fn sentences(text: &str) -> Vec<Highlight> {
    let mut sentences = Vec::new();
    let mut begin = None;
    let mut characters = text.chars().enumerate().peekable();
    while let Some((at, character)) = characters.next() {
        if !character.is_whitespace() {
            begin.get_or_insert(at);
        }
        let is_before_space = characters.peek().is_none_or(|(_, next)| next.is_whitespace());
        let is_end = character == '\n' || (matches!(character, '.' | '!' | '?') && is_before_space);
        if let (true, Some(begun)) = (is_end || characters.peek().is_none(), begin) {
            let end = if character == '\n' { at } else { at + 1 };
            sentences.push(Highlight { begin: begun, end });
            begin = None;
        }
    }
    sentences
}

struct Word<'a> {
    text: &'a str,
    /// In characters of the whole text.
    begin: usize,
    end: usize,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut began = None;
    let end_of_text = (text.len(), ' ');
    for (count, (at, character)) in text.char_indices().chain([end_of_text]).enumerate() {
        match (character.is_alphanumeric(), began) {
            (true, None) => began = Some((count, at)),
            (false, Some((begin, from))) => {
                words.push(Word { text: &text[from..at], begin, end: count });
                began = None;
            }
            _ => {}
        }
    }
    words
}

fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_words_are_read_and_stop_words_do_not_count() {
        let words: Vec<String> = (1..=40).map(|n| format!("the w{n},")).collect();
        let read = of_query(Some(&words.join(" "))).unwrap();
        assert!(read.ends_with("the w30") && read.starts_with("the w1, the w2,"), "{read}");
        assert_eq!(of_query(Some(" What is Ünïcode? ")).unwrap(), "What is Ünïcode?");
    }

    #[test]
    fn a_query_has_a_thousand_characters_and_something_to_say() {
        assert!(of_query(Some(&"é".repeat(1000))).is_ok());
        let refused = of_query(Some(&"é".repeat(1001))).unwrap_err();
        assert!(refused.message.starts_with("The provided QueryText has a character count of 1001, which exceeds"));
        for nothing in [None, Some(""), Some("  \n")] {
            assert_eq!(of_query(nothing).unwrap_err().code, "ValidationException");
        }
    }

    #[test]
    fn words_of_the_query_are_found_by_characters() {
        let places = places("How is the Zürich office?", "In ZÜRICH the office is open.");
        assert_eq!(places, [Highlight { begin: 3, end: 9 }, Highlight { begin: 14, end: 20 }]);
    }

    #[test]
    fn an_excerpt_is_where_the_highlights_are() {
        let text = "zero one two three four five six seven";
        let five = Highlight { begin: 24, end: 28 };
        let (shown, moved) = excerpt(text, &[five], 3);
        assert_eq!(shown, "...three four five...");
        assert_eq!(moved, [Highlight { begin: 14, end: 18 }]);
        assert_eq!(shown.chars().skip(14).take(4).collect::<String>(), "five");
        assert_eq!(excerpt(text, &[five], 8), (text.to_owned(), vec![five]));
    }

    #[test]
    fn the_answer_is_the_sentence_with_the_words() {
        let text = "Version 1.5 is old. It was sold in 2020!\nÜber all else, paint is red";
        let paint = places("paint", text);
        let sentence = best_sentence(text, &paint).unwrap();
        let written: String = text.chars().skip(sentence.begin).take(sentence.end - sentence.begin).collect();
        assert_eq!(written, "Über all else, paint is red");
        assert_eq!(best_sentence(text, &[]), None);
        assert_eq!(sentences(text).len(), 3);
    }
}
