//! What tests of the rag pattern have besides: documents in the index, and questions to them.

use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use local::{Documents, Options};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::{Answer, TestApp, answer},
    event_stream::EventStream,
};

/// The one index of the local machine.
pub(crate) const INDEX: &str = "00000000-0000-4000-8000-000000000001";

pub(crate) const LEAVE: &str = "Full-time employees have 25 days of annual leave. Annual leave must be requested four \
                                weeks before it begins.";
pub(crate) const PARKING: &str = "The car park behind the harbour office opens at six in the morning. A parking space \
                                  costs 40 francs a month.";

/// What the document about leave answers, and the one about parking does not.
pub(crate) const HOW_MANY_DAYS: &str = "How many days of annual leave do full-time employees have?";

/// What neither of them answers.
pub(crate) const UNANSWERABLE: &str = "Which comets can be seen with a telescope?";

/// A document as `BatchPutDocument` takes it; `more` are further members, or others.
pub(crate) fn document(id: &str, title: &str, text: &str, more: &Value) -> Value {
    let mut document = json!({
        "Id": id,
        "Title": title,
        "ContentType": "PLAIN_TEXT",
        "Blob": BASE64_STANDARD.encode(text),
    });
    more.as_object().into_iter().flatten().for_each(|(name, value)| document[name] = value.clone());
    document
}

/// An attribute of a document whose value is text.
pub(crate) fn text_attribute(key: &str, value: &str) -> Value {
    json!({"Key": key, "Value": {"StringValue": value}})
}

/// Files of a bucket, which the S3 connector and the FAQ read.
pub(crate) fn bucket(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (key, content) in files {
        let path = folder.path().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

pub(crate) fn set(options: &mut Options, settings: &[(&str, &str)]) {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    options.settings.extend(settings);
}

impl TestApp {
    /// With a document about leave and one about parking.
    pub(crate) async fn with_handbook(settings: &[(&str, &str)]) -> Self {
        let app = Self::with_settings(settings).await;
        app.put(json!([
            document("leave", "Leave policy", LEAVE, &Value::Null),
            document("parking", "Parking", PARKING, &Value::Null),
        ]))
        .await;
        app
    }

    /// With the files of a bucket, all of which can be found.
    pub(crate) async fn with_bucket(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::with(|options| {
            options.documents = Documents::Folder(folder.to_path_buf());
            set(options, settings);
        })
        .await
    }

    /// Puts documents into the index; they can be found when it returns.
    pub(crate) async fn put(&self, documents: Value) {
        let body = json!({"IndexId": INDEX, "Documents": documents});
        let answered = self.kendra("BatchPutDocument", &body).await.ok();
        assert_eq!(answered["FailedDocuments"], json!([]));
    }

    pub(crate) async fn ask(&self, body: Value) -> Answer {
        self.ask_by("alice", body).await
    }

    pub(crate) async fn ask_by(&self, token: &str, body: Value) -> Answer {
        answer(self.request_by(token, Method::POST, "/rag").json(&body)).await
    }

    /// A streamed question that must have begun to be answered.
    pub(crate) async fn ask_stream(&self, body: Value) -> EventStream {
        self.stream_of("/rag/stream", body).await
    }

    /// A streamed question that must not have begun to be answered.
    pub(crate) async fn refused_question(&self, body: Value) -> Answer {
        answer(self.request(Method::POST, "/rag/stream").json(&body)).await
    }

    /// What Kendra was asked so far: the bodies of the calls of `Query`, and of those of `Retrieve`.
    pub(crate) async fn searches(&self) -> [Vec<Value>; 2] {
        let mut calls = self.all_calls().await;
        // DynamoDB has a `Query` too.
        calls.retain(|call| call["service"] == "kendra");
        ["Query", "Retrieve"].map(|operation| {
            let of_operation = calls.iter().filter(|call| call["operation"] == operation);
            of_operation.map(|call| call["body"].clone()).collect()
        })
    }

    /// How often a model was asked.
    pub(crate) async fn model_calls(&self) -> usize {
        self.models_asked().await.len()
    }
}
