//! Documents and what is made of them, in memory.

use std::collections::{BTreeMap, HashMap};

use crate::{
    Access, Counts, DocumentFacts, Error, Kind, Search, Target,
    corpus::{Corpus, free},
    prepared::Prepared,
    words::{self, Writer},
};

pub(crate) struct Catalogue {
    documents: Vec<Option<Entry>>,
    by_id: HashMap<String, usize>,
    pub(crate) passages: Corpus,
    pub(crate) questions: Corpus,
}

pub(crate) struct Entry {
    pub(crate) facts: DocumentFacts,
    access: Access,
    is_answer: bool,
    text_bytes: u64,
    rows: Vec<usize>,
}

/// What changes words, for passages and for questions.
pub(crate) struct Writers {
    passages: Writer,
    questions: Writer,
}

/// What is to be done, with a place for everything. It holds until the catalogue is changed.
pub(crate) struct Change {
    removed: Vec<usize>,
    added: Vec<Addition>,
}

struct Addition {
    place: usize,
    prepared: Prepared,
    rows: Vec<usize>,
}

impl Catalogue {
    pub(crate) fn new() -> Result<(Catalogue, Writers), Error> {
        let (passage_writer, passages) = words::create()?;
        let (question_writer, questions) = words::create()?;
        let catalogue = Catalogue {
            documents: Vec::new(),
            by_id: HashMap::new(),
            passages: Corpus::new(passages),
            questions: Corpus::new(questions),
        };
        Ok((catalogue, Writers { passages: passage_writer, questions: question_writer }))
    }

    /// Documents that are there and have the identifiers of new ones are removed.
    pub(crate) fn plan(&self, removed: &[String], added: Vec<Prepared>) -> Change {
        let replaced = added.iter().map(|prepared| &prepared.facts.id);
        let removed = removed.iter().chain(replaced).filter_map(|id| self.by_id.get(id).copied()).collect();
        let (mut passages, mut questions) = (free(&self.passages.rows), free(&self.questions.rows));
        let addition = |(prepared, place): (Prepared, usize)| {
            let count = prepared.passages.len();
            let rows = if prepared.is_answer {
                questions.by_ref().take(count).collect()
            } else {
                passages.by_ref().take(count).collect()
            };
            Addition { place, prepared, rows }
        };
        Change { removed, added: added.into_iter().zip(free(&self.documents)).map(addition).collect() }
    }

    /// Searches see the change from now on.
    pub(crate) fn apply(&mut self, change: Change) -> Result<(), Error> {
        for place in change.removed {
            let Some(entry) = self.documents.get_mut(place).and_then(Option::take) else { continue };
            self.by_id.remove(&entry.facts.id);
            self.corpus_mut(entry.is_answer).remove(&entry.rows);
        }
        for Addition { place, prepared, rows } in change.added {
            let Prepared { facts, access, is_answer, text_bytes, passages } = prepared;
            self.by_id.insert(facts.id.clone(), place);
            self.corpus_mut(is_answer).insert(place, passages, &rows);
            let entry = Entry { facts, access, is_answer, text_bytes, rows };
            if self.documents.len() <= place {
                self.documents.resize_with(place + 1, || None);
            }
            self.documents[place] = Some(entry);
        }
        self.passages.words.reload()?;
        self.questions.words.reload()
    }

    pub(crate) fn corpus(&self, target: Target) -> &Corpus {
        match target {
            Target::Passages | Target::Documents => &self.passages,
            Target::Questions => &self.questions,
        }
    }

    pub(crate) fn document(&self, place: usize) -> Option<&Entry> {
        self.documents.get(place)?.as_ref()
    }

    /// For each place whether the search may find the document there.
    pub(crate) fn findable(&self, search: &Search) -> Vec<bool> {
        let may_be_found = |entry: &Entry| {
            search.user.as_ref().is_none_or(|user| entry.access.lets_in(user))
                && search.filter.as_ref().is_none_or(|filter| filter.matches(&entry.facts.attributes))
        };
        self.documents.iter().map(|entry| entry.as_ref().is_some_and(may_be_found)).collect()
    }

    pub(crate) fn facts(&self, id: &str) -> Option<&DocumentFacts> {
        self.by_id.get(id).and_then(|place| self.document(*place)).map(|entry| &entry.facts)
    }

    pub(crate) fn of_source(&self, source: &str) -> BTreeMap<String, String> {
        let sources = self.entries().filter_map(|entry| Some((&entry.facts.id, entry.facts.source.as_ref()?)));
        sources.filter(|(_, found)| found.id == source).map(|(id, found)| (id.clone(), found.version.clone())).collect()
    }

    pub(crate) fn attributes(&self) -> BTreeMap<String, Kind> {
        let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
        for (name, attribute) in self.entries().flat_map(|entry| &entry.facts.attributes) {
            kinds.entry(name).or_insert(attribute.kind());
        }
        kinds.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.entries().fold(Counts::default(), |counts, entry| Counts {
            documents: counts.documents + usize::from(!entry.is_answer),
            answers: counts.answers + usize::from(entry.is_answer),
            text_bytes: counts.text_bytes + entry.text_bytes,
        })
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.documents.iter().flatten()
    }

    fn corpus_mut(&mut self, is_answer: bool) -> &mut Corpus {
        if is_answer { &mut self.questions } else { &mut self.passages }
    }
}

impl Writers {
    /// Makes the words ready for [`Catalogue::apply`]; until then nothing is to be seen of them.
    pub(crate) fn write(&mut self, change: &Change, catalogue: &Catalogue) -> Result<(), Error> {
        let written = self.add_and_delete(change, catalogue);
        if written.is_err() {
            // The half of it must not come with the next change.
            self.passages.rollback()?;
            self.questions.rollback()?;
        }
        written
    }

    fn add_and_delete(&mut self, change: &Change, catalogue: &Catalogue) -> Result<(), Error> {
        for entry in change.removed.iter().filter_map(|place| catalogue.document(*place)) {
            let writer = self.of(entry.is_answer);
            entry.rows.iter().for_each(|row| writer.delete(*row));
        }
        for Addition { prepared, rows, .. } in &change.added {
            let title = prepared.facts.title.as_deref().unwrap_or_default();
            for (passage, row) in prepared.passages.iter().zip(rows) {
                match &passage.question {
                    Some(question) => self.questions.add(*row, "", question)?,
                    None => self.passages.add(*row, title, &passage.text)?,
                }
            }
        }
        self.passages.commit()?;
        self.questions.commit()
    }

    fn of(&self, is_answer: bool) -> &Writer {
        if is_answer { &self.questions } else { &self.passages }
    }
}
