//! What one kind of search looks at: passages of documents, or questions of FAQs. All that a search reads is in memory.

use crate::{Error, prepared::Passage, vectors::Vectors, words};

/// Rows are places, which are used again after a deletion.
pub(crate) struct Corpus {
    pub(crate) words: words::Reader,
    pub(crate) vectors: Vectors,
    pub(crate) rows: Vec<Option<Row>>,
}

pub(crate) struct Row {
    /// The document's place in the catalogue.
    pub(crate) document: usize,
    /// The passage's number within the document.
    pub(crate) ordinal: usize,
    pub(crate) page: Option<u32>,
    pub(crate) question: Option<String>,
    pub(crate) text: String,
}

/// Places that are free now, the lowest first, without an end.
pub(crate) fn free<T>(places: &[Option<T>]) -> impl Iterator<Item = usize> {
    let holes = places.iter().enumerate().filter(|(_, content)| content.is_none()).map(|(place, _)| place);
    holes.chain(places.len()..)
}

impl Corpus {
    pub(crate) fn new(words: words::Reader) -> Corpus {
        Corpus { words, vectors: Vectors::default(), rows: Vec::new() }
    }

    pub(crate) fn insert(&mut self, document: usize, passages: Vec<Passage>, places: &[usize]) {
        for (ordinal, (passage, place)) in passages.into_iter().zip(places).enumerate() {
            if self.rows.len() <= *place {
                self.rows.resize_with(place + 1, || None);
            }
            self.vectors.set(*place, &passage.vector);
            let row = Row { document, ordinal, page: passage.page, question: passage.question, text: passage.text };
            self.rows[*place] = Some(row);
        }
    }

    pub(crate) fn remove(&mut self, places: &[usize]) {
        for place in places {
            self.rows[*place] = None;
        }
    }

    /// The scores of BM25, and zero for rows without any word of the search.
    pub(crate) fn lexical(&self, text: &str) -> Result<Vec<f32>, Error> {
        self.words.scores(text, self.rows.len())
    }
}
