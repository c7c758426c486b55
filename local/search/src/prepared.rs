use local_engine::Embedder;

use crate::{Access, Content, Document, DocumentFacts, Error, passages};

/// A document as it is stored: cut into passages, each with its vector.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prepared {
    pub(crate) facts: DocumentFacts,
    pub(crate) access: Access,
    /// An entry of a FAQ.
    pub(crate) is_answer: bool,
    pub(crate) text_bytes: u64,
    pub(crate) passages: Vec<Passage>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Passage {
    pub(crate) page: Option<u32>,
    pub(crate) question: Option<String>,
    /// A FAQ entry's answer.
    pub(crate) text: String,
    pub(crate) vector: Vec<f32>,
}

/// Takes long, since the embeddings of all passages are computed.
pub(crate) fn prepare(documents: Vec<Document>, embedder: &Embedder) -> Result<Vec<Prepared>, Error> {
    let mut prepared: Vec<Prepared> = documents.into_iter().map(cut).collect();
    let texts: Vec<String> = prepared
        .iter()
        .flat_map(|document| document.passages.iter().map(|passage| meaning(document, passage)))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = embedder.embed(&texts)?;
    let passages = prepared.iter_mut().flat_map(|document| &mut document.passages);
    for (passage, vector) in passages.zip(vectors) {
        passage.vector = vector;
    }
    Ok(prepared)
}

fn cut(document: Document) -> Prepared {
    let (is_answer, text_bytes, passages) = match document.content {
        Content::Text(sections) => {
            let bytes = sections.iter().map(|section| section.text.len()).sum::<usize>();
            (false, bytes, passages::cut(&sections))
        }
        Content::Answer { question, answer } => {
            let bytes = question.len() + answer.len();
            (true, bytes, vec![Passage { page: None, question: Some(question), text: answer, vector: Vec::new() }])
        }
    };
    Prepared {
        facts: DocumentFacts {
            id: document.id,
            title: document.title,
            uri: document.uri,
            attributes: document.attributes,
            source: document.source,
        },
        access: document.access,
        is_answer,
        text_bytes: text_bytes as u64,
        passages,
    }
}

/// What the vector is made from. A passage in the middle of a document often does not say what it is about: the title does.
fn meaning(document: &Prepared, passage: &Passage) -> String {
    match (&passage.question, &document.facts.title) {
        (Some(question), _) => question.clone(),
        (None, Some(title)) => format!("{title}\n{}", passage.text),
        (None, None) => passage.text.clone(),
    }
}
