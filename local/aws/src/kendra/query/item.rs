//! One result of `Query`. Recorded answers of the service are the model, down to empty texts.

use local_search::{Highlight, Hit};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::kendra::{
    asked::Asked,
    attributes,
    retrieve::score,
    text::{best_sentence, excerpt, highlight, places, with_highlights},
};

/// Of the excerpt of a document.
const EXCERPT_WORDS: usize = 100;
/// Of the excerpt beside an answer, in characters.
const ANSWER_EXCERPT: usize = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Kind {
    Answer,
    QuestionAnswer,
    Document,
}

pub(super) fn item(kind: Kind, id: &str, hit: &Hit, asked: &Asked) -> Value {
    let title = hit.document.title.as_deref().unwrap_or_default();
    let title = match kind {
        Kind::QuestionAnswer => json!({ "Text": title }),
        Kind::Answer | Kind::Document => with_highlights(title, &places(&asked.text, title)),
    };
    let (name, additional, excerpt) = match kind {
        Kind::Answer => ("ANSWER", vec![answer(hit)], beginning(&hit.text)),
        Kind::QuestionAnswer => ("QUESTION_ANSWER", question_and_answer(hit, asked), whole(&hit.text)),
        Kind::Document => ("DOCUMENT", Vec::new(), of_document(hit)),
    };
    json!({
        "Id": id,
        "Type": name,
        "Format": "TEXT",
        "AdditionalAttributes": additional,
        "DocumentId": hit.document.id,
        "DocumentTitle": title,
        "DocumentExcerpt": excerpt,
        "DocumentURI": hit.document.uri.as_deref().unwrap_or_default(),
        "DocumentAttributes": attributes::of_hit(hit, asked.attributes.as_deref()),
        "ScoreAttributes": score(hit.confidence),
        "FeedbackToken": format!("{}.{id}", Uuid::new_v4().simple()),
    })
}

fn answer(hit: &Hit) -> Value {
    let mut highlights: Vec<Value> = hit.highlights.iter().map(|place| highlight(*place, false)).collect();
    if let Some(sentence) = best_sentence(&hit.text, &hit.highlights) {
        highlights.insert(0, highlight(sentence, true));
    }
    additional("AnswerText", json!({ "Text": hit.text, "Highlights": highlights }))
}

fn question_and_answer(hit: &Hit, asked: &Asked) -> Vec<Value> {
    let question = hit.question.as_deref().unwrap_or_default();
    vec![
        additional("QuestionText", with_highlights(question, &places(&asked.text, question))),
        additional("AnswerText", with_highlights(&hit.text, &[])),
    ]
}

fn additional(key: &str, text: Value) -> Value {
    let value = json!({ "TextWithHighlightsValue": text });
    json!({ "Key": key, "ValueType": "TEXT_WITH_HIGHLIGHTS_VALUE", "Value": value })
}

fn beginning(text: &str) -> Value {
    let text: String = text.chars().take(ANSWER_EXCERPT).collect();
    whole(&text)
}

fn whole(text: &str) -> Value {
    with_highlights(text, &[Highlight { begin: 0, end: text.chars().count() }])
}

fn of_document(hit: &Hit) -> Value {
    let (shown, highlights) = excerpt(&hit.text, &hit.highlights, EXCERPT_WORDS);
    with_highlights(&shown, &highlights)
}
