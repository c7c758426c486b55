//! `Query`: answers, entries of FAQs and documents, in this order, which is the service's.

mod facets;
mod item;
mod sort;

use std::collections::BTreeSet;

use local_search::{Confidence, Found, Hit, Index, Search, Target};
use serde::Deserialize;
use serde_json::{Value, json};

use self::{facets::Facet, item::Kind, sort::Sorting};
use super::{
    asked::{MAX_RESULTS, Request},
    attributes::Schema,
    failed,
    issued::Results,
    parsed,
    settings::UserContext,
};
use crate::reply::Refusal;

/// The most that there are of these kinds for one query.
/// <https://docs.aws.amazon.com/kendra/latest/APIReference/API_Query.html>
const MAX_ANSWERS: usize = 3;
const MAX_QUESTIONS: usize = 4;
/// Passages among which answers are looked for: the best ones, of which several can be of one document.
const PASSAGES: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Options {
    query_result_type_filter: Option<Kind>,
    facets: Option<Vec<Facet>>,
    sorting_configuration: Option<Sorting>,
    sorting_configurations: Option<Vec<Sorting>>,
    collapse_configuration: Option<Value>,
}

pub(super) async fn query(index: &Index, policy: UserContext, request: &Value) -> Result<(Value, Results), Refusal> {
    let options: Options = parsed(request)?;
    let request: Request = parsed(request)?;
    if options.collapse_configuration.is_some() {
        return Err(Refusal::validation("local-aws does not collapse results."));
    }
    let facets = options.facets.unwrap_or_default();
    let is_sorted = options.sorting_configuration.is_some() || options.sorting_configurations.is_some();
    let needs_schema = request.names_attributes() || !facets.is_empty() || is_sorted;
    let schema = Schema::if_needed(needs_schema, index).await?;
    let asked = request.read(&schema, policy)?;
    let counted = facets::names(&facets, &schema)?;
    let sorting = sort::read(options.sorting_configuration, options.sorting_configurations, &schema)?;

    let only = options.query_result_type_filter;
    let is_wanted = |kind: Kind| only.is_none_or(|only| only == kind);
    // Facets count documents, unless only entries of FAQs are asked for.
    let (of_documents, of_questions) = match only {
        Some(Kind::QuestionAnswer) => (Vec::new(), counted),
        _ => (counted, Vec::new()),
    };
    let needs_documents = is_wanted(Kind::Document) || !of_documents.is_empty();
    // An order by attributes is over all that can be found.
    let reach = if sorting.is_empty() { asked.reach() } else { MAX_RESULTS };
    let (passages, questions, mut documents) = futures::try_join!(
        find(index, is_wanted(Kind::Answer).then(|| asked.search(Target::Passages, PASSAGES, Vec::new()))),
        find(
            index,
            is_wanted(Kind::QuestionAnswer).then(|| asked.search(Target::Questions, MAX_QUESTIONS, of_questions))
        ),
        find(index, needs_documents.then(|| asked.search(Target::Documents, reach, of_documents))),
    )?;

    let mut counts = documents.facets;
    counts.extend(questions.facets);
    sort::by_attributes(&mut documents.hits, &sorting);
    if !is_wanted(Kind::Document) {
        (documents.hits, documents.total) = (Vec::new(), 0);
    }
    // Only documents are shown with little confidence.
    let questions = questions.hits.into_iter().filter(|hit| hit.confidence > Confidence::Low);
    let mut hits: Vec<(Kind, Hit)> = Vec::new();
    hits.extend(answers(passages.hits).into_iter().map(|hit| (Kind::Answer, hit)));
    hits.extend(questions.map(|hit| (Kind::QuestionAnswer, hit)));
    let total = hits.len() + documents.total;
    hits.extend(documents.hits.into_iter().map(|hit| (Kind::Document, hit)));

    let mut results = Results::new();
    let mut items = Vec::new();
    for (kind, hit) in asked.page(hits) {
        let id = results.issue(&hit.document.id);
        items.push(item::item(kind, &id, &hit, &asked));
    }
    let answer = json!({
        "QueryId": results.query_id(),
        "ResultItems": items,
        "FacetResults": facets::results(&facets, &counts, &schema),
        "TotalNumberOfResults": total,
    });
    Ok((answer, results))
}

async fn find(index: &Index, search: Option<Search>) -> Result<Found, Refusal> {
    match search {
        Some(search) => index.search(search).await.map_err(|error| failed(&error)),
        None => Ok(Found { hits: Vec::new(), total: 0, facets: Default::default() }),
    }
}

/// The best passages that are likely to answer the query, one a document.
fn answers(passages: Vec<Hit>) -> Vec<Hit> {
    let mut documents = BTreeSet::new();
    let passages = passages.into_iter().filter(|hit| hit.confidence >= Confidence::High && !hit.highlights.is_empty());
    passages.filter(|hit| documents.insert(hit.document.id.clone())).take(MAX_ANSWERS).collect()
}
