use std::collections::{BTreeMap, HashSet};

use crate::{
    Attribute, Error, Evidence, Found, Hit, Search, Target,
    catalogue::Catalogue,
    confidence,
    ranking::{self, Candidate, Ranking},
    terms::Terms,
};

/// `vector` is that of the search's text.
pub(crate) fn find(catalogue: &Catalogue, search: &Search, vector: &[f32]) -> Result<Found, Error> {
    let corpus = catalogue.corpus(search.target);
    let findable = catalogue.findable(search);
    let mut candidates = ranking::rank(corpus, &search.text, vector, &findable, Ranking::Fused)?;
    if search.target == Target::Documents {
        best_of_each(&mut candidates);
    }
    let mut terms = Terms::of(&search.text);
    let hit = |candidate: &Candidate| {
        let row = corpus.rows.get(candidate.row)?.as_ref()?;
        let document = &catalogue.document(row.document)?.facts;
        let found = terms.found_in(&row.text);
        let title = document.title.as_deref().unwrap_or_default();
        let matched = row.question.as_deref().unwrap_or(&row.text);
        let share = terms.share_in(&[matched, if row.question.is_some() { "" } else { title }]);
        let evidence = Evidence { cosine: candidate.cosine, share };
        let score = confidence::score(search.target, evidence);
        Some(Hit {
            document: document.clone(),
            text: row.text.clone(),
            question: row.question.clone(),
            page: row.page,
            passage: row.ordinal,
            confidence: confidence::bucket(search.target, score),
            score,
            evidence,
            highlights: found,
        })
    };
    Ok(Found {
        hits: candidates.iter().take(search.limit).filter_map(hit).collect(),
        total: candidates.len(),
        facets: search.facets.iter().map(|key| (key.clone(), values(catalogue, &candidates, key))).collect(),
    })
}

/// Leaves the best row of each document.
pub(crate) fn best_of_each(candidates: &mut Vec<Candidate>) {
    let mut seen = HashSet::new();
    candidates.retain(|candidate| seen.insert(candidate.document));
}

/// How often each value occurs among the documents found, most frequent first.
fn values(catalogue: &Catalogue, candidates: &[Candidate], key: &str) -> Vec<(Attribute, usize)> {
    let documents: HashSet<usize> = candidates.iter().map(|candidate| candidate.document).collect();
    let mut counts: BTreeMap<Sortable, (Attribute, usize)> = BTreeMap::new();
    let mut count = |value: Attribute| counts.entry(sortable(&value)).or_insert((value, 0)).1 += 1;
    for attributes in documents.iter().filter_map(|place| Some(&catalogue.document(*place)?.facts.attributes)) {
        match attributes.get(key) {
            // A list counts for each of its values.
            Some(Attribute::List(list)) => {
                list.iter().collect::<HashSet<_>>().into_iter().cloned().map(Attribute::Text).for_each(&mut count);
            }
            Some(value) => count(value.clone()),
            None => {}
        }
    }
    let mut counts: Vec<(Attribute, usize)> = counts.into_values().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

type Sortable = (u8, i64, String);

fn sortable(value: &Attribute) -> Sortable {
    match value {
        Attribute::Text(text) => (0, 0, text.clone()),
        Attribute::List(list) => (1, 0, list.join("\n")),
        Attribute::Number(number) => (2, *number, String::new()),
        Attribute::Date(seconds) => (3, *seconds, String::new()),
    }
}
