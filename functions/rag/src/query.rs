//! What is searched for.

use shared::{events::Event, grounding::Source};

/// A question that stands alone, and what to look for in its stead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) question: String,
    /// A few words for documents; at most as many as Kendra reads.
    pub(crate) search: String,
}

/// Kendra ignores what comes after 30 words. (It does not count stop words, which are different in every language.)
const MOST_WORDS: usize = 30;
/// Kendra refuses longer searches, of whatever words: a pasted URL, or a language that has no spaces.
/// <https://docs.aws.amazon.com/kendra/latest/dg/quotas.html>
const MOST_CHARACTERS: usize = 1000;

impl Query {
    /// A message that opens a conversation needs no other context.
    pub(crate) fn of_message(message: &str) -> Self {
        Self { question: message.trim().to_owned(), search: shortened(message) }
    }

    /// What a FAQ is searched for, whose questions are sentences too; at most as many words as Kendra reads.
    pub(crate) fn faq(&self) -> String {
        shortened(&self.question)
    }

    pub(crate) fn searched(&self, source: Source) -> Event {
        Event::Searched { query: self.search.clone(), source }
    }

    /// The two lines that condensing asks for. What the model left out is taken from the message.
    pub(crate) fn condensed(lines: &str, message: &str) -> Self {
        let line = |name: &str| {
            let value = lines.lines().find_map(|line| strip_name(line, name));
            value.map(|value| value.trim().trim_matches('"').to_owned()).filter(|value| !value.is_empty())
        };
        let question = line("question").unwrap_or_else(|| message.trim().to_owned());
        let search = shortened(&line("search").unwrap_or_else(|| question.clone()));
        Self { question, search }
    }
}

/// What follows `Question:`, however the model decorates it.
fn strip_name<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let line = line.trim_start_matches(|letter: char| !letter.is_alphabetic());
    let rest = line.get(name.len()..).filter(|_| line[..name.len()].eq_ignore_ascii_case(name))?;
    let rest = rest.trim_start_matches(['*', '_', ' ']);
    Some(rest.strip_prefix(':')?.trim_start_matches(['*', '_', ' ']))
}

/// What of a message can be searched for.
fn shortened(message: &str) -> String {
    let mut search = few_words(message);
    if let Some((end, _)) = search.char_indices().nth(MOST_CHARACTERS) {
        search.truncate(end);
    }
    search
}

/// Of a long message its last question, since people explain first and then ask; otherwise its first words.
fn few_words(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    if words.len() <= MOST_WORDS {
        return words.join(" ");
    }
    let ends = |word: &str| word.ends_with(['.', '!', '?']);
    let question = words.iter().rposition(|word| word.ends_with('?')).map(|end| {
        let start = words[..end].iter().rposition(|word| ends(word)).map_or(0, |before| before + 1);
        &words[start..=end]
    });
    let chosen = question.filter(|words| words.len() <= MOST_WORDS).unwrap_or(&words[..MOST_WORDS]);
    chosen.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_models_lines_are_read_however_they_are_written() {
        for lines in [
            "Question: Who leads Ada's team?\nSearch: Ada team lead",
            "  **Question:** \"Who leads Ada's team?\"\n- search : Ada team lead\nmore",
            "Here you are:\n1. QUESTION: Who leads Ada's team?\n2. SEARCH: Ada team lead",
        ] {
            let query = Query::condensed(lines, "Who leads it?");
            assert_eq!((query.question.as_str(), query.search.as_str()), ("Who leads Ada's team?", "Ada team lead"));
        }
    }

    #[test]
    fn a_model_that_does_not_do_it_costs_no_answer() {
        assert_eq!(Query::condensed("", " Who? "), Query::of_message("Who?"));
        let half = Query::condensed("Question: Who leads it?", "Who?");
        assert_eq!(half.search, "Who leads it?");
        assert_eq!(Query::condensed("ü", "Who?").question, "Who?");
    }

    #[test]
    fn a_search_is_no_longer_than_what_is_read() {
        let story = "We moved. ".repeat(40);
        assert_eq!(shortened(&format!("{story} Who pays for that? Thanks!")), "Who pays for that?");
        assert_eq!(shortened(&story).split(' ').count(), 30);
        assert_eq!(shortened(&format!("{}?", "word ".repeat(40))).split(' ').count(), 30);
        assert_eq!(shortened(" a \n b "), "a b");
        assert_eq!(shortened(&"休".repeat(1001)), "休".repeat(1000));
    }
}
