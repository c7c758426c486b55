//! Of what confidence is made: how hits that answer a search differ from those that do not.

use std::collections::BTreeMap;

use local_engine::Embedder;
use local_search::{Access, Attribute, Confidence, Content, Document, Filter, Found, Hit, Index, Search, Target};

use super::{
    beir::Query,
    faq,
    regression::{self, Example},
};
use crate::error::Error;

/// The attribute by which a document is kept out of a search.
pub(crate) const ID: &str = "_document_id";

const LEVELS: [Confidence; 4] = [Confidence::VeryHigh, Confidence::High, Confidence::Medium, Confidence::Low];

/// The best hit of each query: once over everything, and once without what answers it, as if somebody asked for what no
/// document says. What nobody judged counts as no answer.
pub(crate) async fn passages(index: &Index, queries: &[Query]) -> Result<(), Error> {
    let mut judged = Vec::new();
    for query in queries {
        let search = Search { limit: 1, ..Search::new(&query.text, Target::Passages) };
        let found = index.search(search.clone()).await?;
        judged.extend(judge(found, |hit| query.relevant.contains_key(&hit.document.id)));
        let equals = |id: &String| Filter::Equals(ID.into(), Attribute::Text(id.clone()));
        let answers = Filter::Or(query.relevant.keys().map(equals).collect());
        let filter = Some(Filter::Not(Box::new(answers)));
        judged.extend(judge(index.search(Search { filter, ..search }).await?, |_| false));
    }
    report("passages", &judged, true);
    Ok(())
}

/// The best entry of a FAQ for each way to ask: the same question in other words, and other questions about the same.
pub(crate) async fn questions(embedder: Embedder) -> Result<(), Error> {
    let entries = faq::entries();
    let index = Index::open(None, embedder).await?;
    index.put(entries.iter().map(|entry| document(entry.question)).collect()).await?;
    let mut judged = Vec::new();
    for entry in &entries {
        let asked = entry.same.iter().map(|text| (text, true)).chain(entry.different.iter().map(|text| (text, false)));
        for (text, is_same) in asked {
            let found = index.search(Search { limit: 1, ..Search::new(*text, Target::Questions) }).await?;
            judged.extend(judge(found, |hit| is_same && hit.document.id == entry.question));
        }
    }
    report("questions of FAQs", &judged, false);
    Ok(())
}

type Judged = (Hit, bool);

fn judge(found: Found, answers: impl Fn(&Hit) -> bool) -> Option<Judged> {
    let hit = found.hits.into_iter().next()?;
    let answers = answers(&hit);
    Some((hit, answers))
}

/// Other questions about the same thing have its words too, so for questions only the cosine is fitted.
fn report(name: &str, judged: &[Judged], with_share: bool) {
    let example = |(hit, answers): &Judged| Example {
        cosine: f64::from(hit.evidence.cosine),
        share: if with_share { f64::from(hit.evidence.share) } else { 0.0 },
        answers: *answers,
    };
    let examples: Vec<Example> = judged.iter().map(example).collect();
    let [cosine, share, constant] = regression::fit(&examples);
    println!("\n{name}: fitted cosine {cosine:.2}, share {share:.2}, constant {constant:.2}");
    println!("{:<10}{:>8}{:>10}", "", "hits", "answer");
    for level in LEVELS {
        let at_level: Vec<&Judged> = judged.iter().filter(|(hit, _)| hit.confidence == level).collect();
        let answers = at_level.iter().filter(|(_, answers)| *answers).count();
        println!("{:<10}{:>8}{:>9.0}%", format!("{level:?}"), at_level.len(), percent(answers, at_level.len()));
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

fn document(question: &str) -> Document {
    Document {
        id: question.into(),
        title: None,
        uri: None,
        content: Content::Answer { question: question.into(), answer: "An answer.".into() },
        attributes: BTreeMap::new(),
        access: Access::default(),
        source: None,
    }
}
