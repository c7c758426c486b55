//! The index from outside, with the real model of embeddings.

#![expect(clippy::unwrap_used, reason = "in tests a panic is the failure")]

mod access;
mod answers;
mod changes;
mod filters;
mod kill;
mod places;

use std::collections::BTreeMap;

use local_engine::Embedder;
use local_search::{Access, Attribute, Content, Document, Found, Index, Search, Section, Source, Target};

async fn in_memory(documents: Vec<Document>) -> Index {
    let index = Index::open(None, Embedder::load().await.unwrap()).await.unwrap();
    index.put(documents).await.unwrap();
    index
}

fn text(id: &str, text: &str) -> Document {
    Document {
        id: id.into(),
        title: None,
        uri: None,
        content: Content::Text(vec![Section { page: None, text: text.into() }]),
        attributes: BTreeMap::new(),
        access: Access::default(),
        source: None,
    }
}

fn answer(id: &str, question: &str, answer: &str) -> Document {
    Document { content: Content::Answer { question: question.into(), answer: answer.into() }, ..text(id, "") }
}

fn with(mut document: Document, key: &str, value: Attribute) -> Document {
    document.attributes.insert(key.into(), value);
    document
}

fn from_source(document: Document, source: &str, version: &str) -> Document {
    Document { source: Some(Source { id: source.into(), version: version.into() }), ..document }
}

async fn passages(index: &Index, text: &str) -> Found {
    index.search(Search::new(text, Target::Passages)).await.unwrap()
}

fn ids(found: &Found) -> Vec<&str> {
    found.hits.iter().map(|hit| hit.document.id.as_str()).collect()
}
