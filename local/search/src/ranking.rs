//! Which rows answer a search best: by their words, by what they mean, or by both.

use crate::{Error, corpus::Corpus};

/// How rows are ranked. A search uses `Fused`; the others are for measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranking {
    Bm25,
    Embeddings,
    Fused,
}

/// Rows that share no word with the search can be found among so many that are nearest to it in meaning.
const NEAREST: usize = 100;

/// What the words weigh in the fusion, between 0 and 1 (docs/retrieval.md).
const WORDS: f32 = 0.4;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) row: usize,
    pub(crate) document: usize,
    pub(crate) cosine: f32,
    lexical: f32,
    pub(crate) score: f32,
}

/// Every row that the search finds, best first. `findable` says it by document.
pub(crate) fn rank(
    corpus: &Corpus,
    text: &str,
    vector: &[f32],
    findable: &[bool],
    ranking: Ranking,
) -> Result<Vec<Candidate>, Error> {
    let lexical = corpus.lexical(text)?;
    let rows = corpus.rows.iter().enumerate().filter_map(|(row, content)| Some((row, content.as_ref()?.document)));
    let mut candidates: Vec<Candidate> = rows
        .filter(|(_, document)| findable[*document])
        .map(|(row, document)| {
            let cosine = corpus.vectors.cosine(row, vector);
            Candidate { row, document, cosine, lexical: lexical[row], score: 0.0 }
        })
        .collect();
    let anything = text.trim().is_empty();
    candidates.sort_unstable_by(|one, other| other.cosine.total_cmp(&one.cosine));
    let mut place = 0;
    candidates.retain(|candidate| {
        place += 1;
        anything
            || match ranking {
                Ranking::Bm25 => candidate.lexical > 0.0,
                Ranking::Embeddings => true,
                Ranking::Fused => candidate.lexical > 0.0 || place <= NEAREST,
            }
    });
    score(&mut candidates, ranking);
    candidates.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.row.cmp(&other.row)));
    Ok(candidates)
}

/// The cosine has a scale of its own; BM25 has one only within a search.
fn score(candidates: &mut [Candidate], ranking: Ranking) {
    let most = candidates.iter().map(|candidate| candidate.lexical).fold(f32::MIN_POSITIVE, f32::max);
    for candidate in candidates {
        candidate.score = match ranking {
            Ranking::Bm25 => candidate.lexical,
            Ranking::Embeddings => candidate.cosine,
            Ranking::Fused => WORDS * candidate.lexical / most + (1.0 - WORDS) * candidate.cosine,
        };
    }
}
