//! Data in the layout of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels/*.tsv` (<https://github.com/beir-cellar/beir>).

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead, BufReader},
    path::Path,
};

use serde::{Deserialize, de::DeserializeOwned};

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Text {
    #[serde(rename = "_id")]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A question, and for each document that somebody judged how relevant it is.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) text: String,
    pub(crate) relevant: BTreeMap<String, f64>,
}

pub(crate) struct Collection {
    pub(crate) corpus: Vec<Text>,
    /// Those that have a relevant document, in the file's order.
    pub(crate) queries: Vec<Query>,
}

impl Collection {
    /// With several files of judgements all of them count.
    pub(crate) fn read(folder: &Path) -> io::Result<Collection> {
        let mut judgements: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        for file in fs::read_dir(folder.join("qrels"))? {
            let path = file?.path();
            // The first line names the columns.
            for line in BufReader::new(fs::File::open(&path)?).lines().skip(1) {
                let line = line?;
                let judgement = line.split('\t').collect::<Vec<_>>();
                let &[query, document, score] = judgement.as_slice() else { return Err(malformed(&path, &line)) };
                let score: f64 = score.trim().parse().map_err(|_| malformed(&path, &line))?;
                if score > 0.0 {
                    judgements.entry(query.into()).or_default().insert(document.into(), score);
                }
            }
        }
        let queries = lines::<Text>(&folder.join("queries.jsonl"))?.into_iter().filter_map(|query| {
            let relevant = judgements.remove(&query.id)?;
            Some(Query { text: query.text, relevant })
        });
        Ok(Collection { corpus: lines(&folder.join("corpus.jsonl"))?, queries: queries.collect() })
    }
}

fn lines<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let lines = BufReader::new(fs::File::open(path)?).lines();
    lines
        .filter(|line| !line.as_ref().is_ok_and(String::is_empty))
        .map(|line| {
            let line = line?;
            serde_json::from_str(&line).map_err(|_| malformed(path, &line))
        })
        .collect()
}

fn malformed(path: &Path, line: &str) -> io::Error {
    let start: String = line.chars().take(80).collect();
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{} has a line that is not as BEIR has it: {start}", path.display()),
    )
}
