//! `BatchPutDocument`, `BatchDeleteDocument` and `BatchGetDocumentStatus`.
//!
//! AWS indexes in the background; here a document can be found, or is known to have failed, once the call returns.

mod access;
mod content;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use local_documents::Text;
use local_search::{Attribute, Content, Document, Index, Section};
use serde::Deserialize;
use serde_json::{Value, json};

use self::{
    access::{Level, Principal},
    content::Given,
};
use super::{
    attributes::{DocumentAttribute, Schema, TITLE, default_language, source_uri},
    failed, parsed,
};
use crate::{reply::Refusal, s3::Buckets};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    documents: Vec<Incoming>,
    custom_document_enrichment_configuration: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Incoming {
    id: String,
    title: Option<String>,
    #[serde(flatten)]
    given: Given,
    attributes: Option<Vec<DocumentAttribute>>,
    access_control_list: Option<Vec<Principal>>,
    hierarchical_access_control_list: Option<Vec<Level>>,
    access_control_configuration_id: Option<String>,
}

/// The documents that can be indexed are; the others are told with the reason.
pub(super) async fn put(index: &Index, buckets: &Arc<Buckets>, request: &Value) -> Result<Value, Refusal> {
    let request: Put = parsed(request)?;
    if request.custom_document_enrichment_configuration.is_some() {
        return Err(Refusal::validation("local-aws does not alter documents: CustomDocumentEnrichmentConfiguration."));
    }
    let mut schema = Schema::of(index).await?;
    // Of two documents with one identifier the later one counts.
    let mut documents = BTreeMap::new();
    let mut refused = Vec::new();
    for incoming in request.documents {
        let id = incoming.id.clone();
        match incoming.read(index, buckets, &mut schema).await? {
            Ok(document) => {
                documents.insert(id, document);
            }
            Err(reason) => refused.push(failure(&id, &reason)),
        }
    }
    index.put(documents.into_values().collect()).await.map_err(|error| failed(&error))?;
    Ok(json!({ "FailedDocuments": refused }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    document_id_list: Vec<String>,
}

/// Identifiers that no document has are no failures.
pub(super) async fn delete(index: &Index, request: &Value) -> Result<Value, Refusal> {
    let request: Delete = parsed(request)?;
    let (mut ids, mut refused) = (BTreeSet::new(), Vec::new());
    for id in request.document_id_list {
        match of_source(index, &id).await? {
            Some(source) => refused.push(failure(&id, &format!("It belongs to the data source or FAQ {source}."))),
            None => {
                ids.insert(id);
            }
        }
    }
    index.delete(ids.into_iter().collect()).await.map_err(|error| failed(&error))?;
    Ok(json!({ "FailedDocuments": refused }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetStatus {
    document_info_list: Vec<Asked>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    document_id: String,
}

pub(super) async fn status(index: &Index, request: &Value) -> Result<Value, Refusal> {
    let request: GetStatus = parsed(request)?;
    let mut statuses = Vec::new();
    for Asked { document_id } in request.document_info_list {
        let facts = index.facts(&document_id).await.map_err(|error| failed(&error))?;
        let status = if facts.is_some() { "INDEXED" } else { "NOT_FOUND" };
        statuses.push(json!({ "DocumentId": document_id, "DocumentStatus": status }));
    }
    Ok(json!({ "Errors": [], "DocumentStatusList": statuses }))
}

impl Incoming {
    /// The document, or what is wrong with it.
    async fn read(
        mut self,
        index: &Index,
        buckets: &Arc<Buckets>,
        schema: &mut Schema,
    ) -> Result<Result<Document, String>, Refusal> {
        if let Some(source) = of_source(index, &self.id).await? {
            return Ok(Err(format!("A document of the data source or FAQ {source} has this identifier.")));
        }
        if self.access_control_configuration_id.is_some() {
            return Ok(Err("local-aws has no access control configurations.".to_owned()));
        }
        let text = std::mem::take(&mut self.given).read(buckets).await?;
        Ok(text.and_then(|text| self.document(text, schema)))
    }

    fn document(self, text: Text, schema: &mut Schema) -> Result<Document, String> {
        let mut attributes = BTreeMap::new();
        for given in self.attributes.into_iter().flatten() {
            let attribute = given.attribute()?;
            schema.declare(&given.key, attribute.kind())?;
            attributes.insert(given.key, attribute);
        }
        default_language(&mut attributes);
        let uri = source_uri(&attributes);
        let title = match attributes.remove(TITLE) {
            Some(Attribute::Text(title)) => Some(title),
            _ => None,
        };
        let access = access::of(
            self.access_control_list.as_deref().unwrap_or_default(),
            self.hierarchical_access_control_list.as_deref().unwrap_or_default(),
        )?;
        let sections = text.sections.into_iter().map(|section| Section { page: section.page, text: section.text });
        Ok(Document {
            id: self.id,
            title: self.title.filter(|title| !title.is_empty()).or(title).or(text.title),
            uri,
            content: Content::Text(sections.collect()),
            attributes,
            access,
            source: None,
        })
    }
}

/// The data source or FAQ that a document belongs to: this operation has no say in it.
async fn of_source(index: &Index, id: &str) -> Result<Option<String>, Refusal> {
    let facts = index.facts(id).await.map_err(|error| failed(&error))?;
    Ok(facts.and_then(|facts| facts.source).map(|source| source.id))
}

fn failure(id: &str, reason: &str) -> Value {
    json!({ "Id": id, "ErrorCode": "InvalidRequest", "ErrorMessage": reason })
}
