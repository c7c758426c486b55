//! How well the local index finds documents, and how quickly, on a collection with judgements.

mod beir;
mod calibration;
mod faq;
mod regression;
mod score;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;
use local_engine::Embedder;
use local_search::{Access, Attribute, Content, Document, Index, Ranking, Search, Section, Target};

use crate::error::{Context, Error};

use beir::{Collection, Query, Text};

/// Documents in one put, as a sync has them.
const BATCH: usize = 100;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// A collection in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/*.tsv
    folder: PathBuf,
    /// Keep the index in this folder, and use the one that is there
    #[arg(long, value_name = "FOLDER")]
    index: Option<PathBuf>,
    /// Take only so many queries
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Also fit what confidence is made of, and show what each level is worth
    #[arg(long)]
    calibrate: bool,
}

pub(crate) async fn measure(options: &Options) -> Result<ExitCode, Error> {
    let mut collection = Collection::read(&options.folder)
        .context(format!("{} is no collection in BEIR's layout", options.folder.display()))?;
    collection.queries.truncate(options.limit.unwrap_or(usize::MAX));
    let embedder = Embedder::load().await.map_err(Error::Embedder)?;
    let index = Index::open(options.index.as_deref(), embedder.clone()).await?;
    fill(&index, &collection.corpus).await?;

    println!("{:<12}{:>9}{:>11}{:>11}{:>11}", "", "nDCG@10", "even", "odd", "recall@10");
    for (name, ranking) in [("BM25", Ranking::Bm25), ("embeddings", Ranking::Embeddings), ("fusion", Ranking::Fused)] {
        let quality = quality(&index, &collection.queries, ranking).await?;
        let [all, even, odd] = quality.ndcg;
        println!("{name:<12}{all:>9.4}{even:>11.4}{odd:>11.4}{:>11.4}", quality.recall);
    }
    let [median, p95] = speed(&index, &collection.queries).await?;
    println!("a search: median {:.1} ms, p95 {:.1} ms", median.as_secs_f64() * 1e3, p95.as_secs_f64() * 1e3);
    if options.calibrate {
        calibration::passages(&index, &collection.queries).await?;
        calibration::questions(embedder).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What an earlier run has put into the index stays.
async fn fill(index: &Index, corpus: &[Text]) -> Result<(), Error> {
    let mut missing = Vec::new();
    for text in corpus {
        if index.facts(&text.id).await?.is_none() {
            missing.push(text);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let begin = Instant::now();
    for batch in missing.chunks(BATCH) {
        index.put(batch.iter().map(|text| document(text)).collect()).await?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let words: usize = missing.iter().map(|text| text.text.split_whitespace().count()).sum();
    let count = missing.len();
    println!(
        "{count} documents of {} words on average indexed in {seconds:.1} s: {:.1} documents a second, or {:.1} of 250 words",
        words / count,
        count as f64 / seconds,
        words as f64 / 250.0 / seconds,
    );
    Ok(())
}

fn document(text: &Text) -> Document {
    Document {
        id: text.id.clone(),
        title: Some(text.title.clone()).filter(|title| !title.is_empty()),
        uri: None,
        content: Content::Text(vec![Section { page: None, text: text.text.clone() }]),
        attributes: BTreeMap::from([(calibration::ID.to_owned(), Attribute::Text(text.id.clone()))]),
        access: Access::default(),
        source: None,
    }
}

/// Over all queries, those at even places, and those at odd ones: the fusion was tuned on the even ones.
struct Quality {
    ndcg: [f64; 3],
    recall: f64,
}

async fn quality(index: &Index, queries: &[Query], ranking: Ranking) -> Result<Quality, Error> {
    let mut ndcg = Vec::new();
    let mut recall = Vec::new();
    for query in queries {
        let ranked = index.rank(&query.text, ranking, score::CUT).await?;
        let ids: Vec<String> = ranked.into_iter().map(|(id, _)| id).collect();
        ndcg.push(score::ndcg(&ids, &query.relevant));
        recall.push(score::recall(&ids, &query.relevant));
    }
    let mean = |values: &mut dyn Iterator<Item = &f64>| {
        let values: Vec<f64> = values.copied().collect();
        values.iter().sum::<f64>() / values.len().max(1) as f64
    };
    let (even, odd) = (mean(&mut ndcg.iter().step_by(2)), mean(&mut ndcg.iter().skip(1).step_by(2)));
    Ok(Quality { ndcg: [mean(&mut ndcg.iter()), even, odd], recall: mean(&mut recall.iter()) })
}

/// Whole searches, with the embedding of the query: the median, and what nineteen of twenty stay below.
async fn speed(index: &Index, queries: &[Query]) -> Result<[Duration; 2], Error> {
    let mut times = Vec::new();
    for query in queries {
        let begin = Instant::now();
        index.search(Search::new(&query.text, Target::Passages)).await?;
        times.push(begin.elapsed());
    }
    times.sort();
    Ok([times.len() / 2, times.len() * 95 / 100].map(|place| times.get(place).copied().unwrap_or_default()))
}
