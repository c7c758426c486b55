//! `Retrieve`: passages of at most 200 words, without FAQs.

use local_search::{Confidence, Index, Target};
use serde_json::{Value, json};

use super::{
    asked::Request,
    attributes::{self, Schema},
    failed,
    issued::Results,
    parsed,
    settings::UserContext,
};
use crate::reply::Refusal;

pub(super) async fn retrieve(index: &Index, policy: UserContext, request: &Value) -> Result<(Value, Results), Refusal> {
    let request: Request = parsed(request)?;
    let schema = Schema::if_needed(request.names_attributes(), index).await?;
    let asked = request.read(&schema, policy)?;
    let search = asked.search(Target::Passages, asked.reach(), Vec::new());
    let found = index.search(search).await.map_err(|error| failed(&error))?;

    let mut results = Results::new();
    let mut items = Vec::new();
    for hit in asked.page(found.hits) {
        let mut item = json!({
            "Id": results.issue(&hit.document.id),
            "DocumentId": hit.document.id,
            "DocumentTitle": hit.document.title.as_deref().unwrap_or_default(),
            "Content": hit.text,
            "DocumentAttributes": attributes::of_hit(&hit, asked.attributes.as_deref()),
            "ScoreAttributes": score(hit.confidence),
        });
        if let Some(uri) = &hit.document.uri {
            item["DocumentURI"] = uri.as_str().into();
        }
        items.push(item);
    }
    Ok((json!({ "QueryId": results.query_id(), "ResultItems": items }), results))
}

pub(super) fn score(confidence: Confidence) -> Value {
    let confidence = match confidence {
        Confidence::Low => "LOW",
        Confidence::Medium => "MEDIUM",
        Confidence::High => "HIGH",
        Confidence::VeryHigh => "VERY_HIGH",
    };
    json!({ "ScoreConfidence": confidence })
}
