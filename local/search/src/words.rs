//! BM25, by tantivy. It is kept in memory and made anew when the index opens, which takes a moment: so it can neither lag
//! behind what is stored nor be torn by a kill.

use std::collections::HashSet;

use tantivy::{
    DocId, Index, IndexReader, IndexWriter, ReloadPolicy, Score, SegmentOrdinal, SegmentReader, TantivyDocument, Term,
    collector::{Collector, SegmentCollector},
    columnar::Column,
    query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery},
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::TextAnalyzer,
};

use crate::{Error, terms};

/// What one occurrence in the title is worth, compared with one in the text.
const TITLE_BOOST: Score = 0.5;
const WRITER_BYTES: usize = 32 << 20;
const ANALYZER: &str = "words";

/// Changes the words of rows, which are numbers that the caller gives.
pub(crate) struct Writer {
    fields: Fields,
    writer: IndexWriter,
}

/// Scores rows by their words, as they were when it was last reloaded.
pub(crate) struct Reader {
    fields: Fields,
    reader: IndexReader,
    analyzer: TextAnalyzer,
}

#[derive(Clone, Copy)]
struct Fields {
    row: Field,
    title: Field,
    text: Field,
}

/// Without any rows.
pub(crate) fn create() -> Result<(Writer, Reader), Error> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(ANALYZER).set_index_option(IndexRecordOption::WithFreqs);
    let options = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        row: schema.add_u64_field("row", FAST | INDEXED),
        title: schema.add_text_field("title", options.clone()),
        text: schema.add_text_field("text", options),
    };
    let index = Index::create_in_ram(schema.build());
    index.tokenizers().register(ANALYZER, terms::analyzer());
    let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    Ok((Writer { fields, writer }, Reader { fields, reader, analyzer: terms::analyzer() }))
}

impl Writer {
    /// Nothing is to be seen of it before the commit and the reader's reload.
    pub(crate) fn add(&self, row: usize, title: &str, text: &str) -> Result<(), Error> {
        let mut document = TantivyDocument::new();
        document.add_u64(self.fields.row, row as u64);
        document.add_text(self.fields.title, title);
        document.add_text(self.fields.text, text);
        self.writer.add_document(document)?;
        Ok(())
    }

    /// Rows that are added later may have the same number.
    pub(crate) fn delete(&self, row: usize) {
        self.writer.delete_term(Term::from_field_u64(self.fields.row, row as u64));
    }

    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        self.writer.commit()?;
        Ok(())
    }

    /// Takes back what was not committed.
    pub(crate) fn rollback(&mut self) -> Result<(), Error> {
        self.writer.rollback()?;
        Ok(())
    }
}

impl Reader {
    /// From now on searches see what was committed.
    pub(crate) fn reload(&self) -> Result<(), Error> {
        Ok(self.reader.reload()?)
    }

    /// The score of each row, of `rows` in all; zero where no word of the search occurs.
    pub(crate) fn scores(&self, text: &str, rows: usize) -> Result<Vec<f32>, Error> {
        let terms: HashSet<String> = terms::of(&mut self.analyzer.clone(), text).into_iter().collect();
        let clauses = terms.iter().flat_map(|term| {
            let of = |field| TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
            let title: Box<dyn Query> = Box::new(BoostQuery::new(Box::new(of(self.fields.title)), TITLE_BOOST));
            [(Occur::Should, title), (Occur::Should, Box::new(of(self.fields.text)) as Box<dyn Query>)]
        });
        let query = BooleanQuery::new(clauses.collect());
        Ok(self.reader.searcher().search(&query, &Scores { rows })?)
    }
}

/// All scores, rather than the best so many: what the user may not see is sorted out before anything is cut.
struct Scores {
    rows: usize,
}

struct SegmentScores {
    rows: Column<u64>,
    scores: Vec<(u64, Score)>,
}

impl Collector for Scores {
    type Fruit = Vec<f32>;
    type Child = SegmentScores;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentScores> {
        Ok(SegmentScores { rows: segment.fast_fields().u64("row")?, scores: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, segments: Vec<Vec<(u64, Score)>>) -> tantivy::Result<Vec<f32>> {
        let mut scores = vec![0.0; self.rows];
        for (row, score) in segments.into_iter().flatten() {
            if let Some(place) = usize::try_from(row).ok().and_then(|row| scores.get_mut(row)) {
                *place = score;
            }
        }
        Ok(scores)
    }
}

impl SegmentCollector for SegmentScores {
    type Fruit = Vec<(u64, Score)>;

    fn collect(&mut self, document: DocId, score: Score) {
        self.scores.extend(self.rows.first(document).map(|row| (row, score)));
    }

    fn harvest(self) -> Vec<(u64, Score)> {
        self.scores
    }
}
