//! Words as the index compares them: without endings, and without those that every text has.

use std::collections::HashSet;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer,
};

use crate::Highlight;

/// In bytes; what is longer is no word.
const LONGEST: usize = 80;

/// Questions are made of these too, which an English list of stop words for documents does not have.
const QUESTION_WORDS: &str = "how what when where which who whom whose why do does did can could should would may must have \
    has had get gets got i me my we us our you your am been were from about many much any some";

pub(crate) fn analyzer() -> TextAnalyzer {
    let words = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(LONGEST))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter_dynamic(StopWordFilter::remove(QUESTION_WORDS.split_whitespace().map(str::to_owned)));
    match StopWordFilter::new(Language::English) {
        Some(stop_words) => words.filter_dynamic(stop_words).filter_dynamic(Stemmer::new(Language::English)).build(),
        None => words.filter_dynamic(Stemmer::new(Language::English)).build(),
    }
}

pub(crate) fn of(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    analyzer.token_stream(text).process(&mut |token| terms.push(token.text.clone()));
    terms
}

/// The words of a search, and what finds them in texts: to make an analyzer takes longer than to use it.
pub(crate) struct Terms {
    terms: HashSet<String>,
    analyzer: TextAnalyzer,
}

impl Terms {
    pub(crate) fn of(text: &str) -> Terms {
        let mut analyzer = analyzer();
        Terms { terms: of(&mut analyzer, text).into_iter().collect(), analyzer }
    }

    /// Where they occur, whatever their endings.
    pub(crate) fn found_in(&mut self, text: &str) -> Vec<Highlight> {
        let Terms { terms, analyzer } = self;
        let mut bytes = Vec::new();
        analyzer.token_stream(text).process(&mut |token| {
            if terms.contains(&token.text) {
                bytes.push((token.offset_from, token.offset_to));
            }
        });
        let (mut characters, mut last) = (0, 0);
        let mut position = |byte: usize| {
            characters += text[last..byte].chars().count();
            last = byte;
            characters
        };
        bytes.into_iter().map(|(begin, end)| Highlight { begin: position(begin), end: position(end) }).collect()
    }

    /// The share of them that the texts have together, between 0 and 1.
    pub(crate) fn share_in(&mut self, texts: &[&str]) -> f32 {
        if self.terms.is_empty() {
            return 0.0;
        }
        let found: HashSet<String> = texts.iter().flat_map(|text| of(&mut self.analyzer, text)).collect();
        self.terms.intersection(&found).count() as f32 / self.terms.len() as f32
    }
}
