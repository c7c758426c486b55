//! What tests of the nlq pattern have besides: databases, and questions to them.

use std::{collections::BTreeMap, path::Path};

use local::{Databases, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp, answer},
    documents::set,
    event_stream::EventStream,
};

pub(crate) const PEOPLE: &str = "id,name,country,born\n\
                                 1,Ada,Switzerland,1990-01-31\n\
                                 2,Bob,Germany,\n\
                                 3,Cleo,Switzerland,2001-12-24\n";

/// A question to [`PEOPLE`], and what answers it.
pub(crate) const HOW_MANY: &str = "How many people are there?";
pub(crate) const COUNT: &str = "SELECT count(*) AS number_of_people FROM people";

/// Files of a database `shop`, which [`TestApp::with_shop`] takes.
pub(crate) fn people() -> tempfile::TempDir {
    crate::documents::bucket(&[("shop/people.csv", PEOPLE)])
}

/// A step of the scripted model that writes SQL.
pub(crate) fn sql(statement: &str) -> Value {
    json!({"text": format!("```sql\n{statement}\n```")})
}

/// A step of the scripted model that says something.
pub(crate) fn words(text: &str) -> Value {
    json!({"text": text})
}

/// The whole text of a call to a model: instructions and messages.
pub(crate) fn prompt(call: &Value) -> String {
    let texts = |parts: &Value| -> Vec<String> {
        let parts = parts.as_array().into_iter().flatten();
        parts.filter_map(|part| part["text"].as_str().map(str::to_owned)).collect()
    };
    let messages = call["messages"].as_array().into_iter().flatten();
    let said = messages.flat_map(|message| texts(&message["content"]));
    texts(&call["system"]).into_iter().chain(said).collect::<Vec<_>>().join("\n\n")
}

/// The text of the last message of a call to a model.
pub(crate) fn last_message(call: &Value) -> String {
    let last = call["messages"].as_array().unwrap().last().unwrap();
    last["content"][0]["text"].as_str().unwrap().to_owned()
}

impl TestApp {
    /// With the sample database.
    pub(crate) async fn with_sample(settings: &[(&str, &str)]) -> Self {
        Self::with(|options| {
            options.databases = Databases::Sample;
            set(options, settings);
        })
        .await
    }

    /// With the folder `shop` as a database of that name, and with `shop.yaml` beside it, if it is there, as its semantic
    /// layer.
    pub(crate) async fn with_shop(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::with(|options| {
            attach(options, folder);
            set(options, settings);
        })
        .await
    }

    pub(crate) async fn query(&self, body: Value) -> Answer {
        answer(self.request(Method::POST, "/nlq").json(&body)).await
    }

    /// A question of alice's in a new session, answered by a statement and by words.
    pub(crate) async fn answered(&self, question: &str, statement: &str, in_words: &str) -> Value {
        self.script(json!([sql(statement), words(in_words)])).await;
        self.query(json!({"question": question})).await.ok()
    }

    /// A streamed question that must have begun to be answered.
    pub(crate) async fn query_stream(&self, body: Value) -> EventStream {
        self.stream_of("/nlq/stream", body).await
    }

    /// A streamed question that must not have begun to be answered.
    pub(crate) async fn refused_query(&self, body: Value) -> Answer {
        answer(self.request(Method::POST, "/nlq/stream").json(&body)).await
    }

    /// The SQL that Athena was asked to run so far, in order.
    pub(crate) async fn statements(&self) -> Vec<String> {
        let calls = self.calls("StartQueryExecution").await;
        calls.iter().map(|call| call["body"]["QueryString"].as_str().unwrap().to_owned()).collect()
    }

    /// What the model was asked so far, by either operation, in order.
    pub(crate) async fn asked(&self) -> Vec<Value> {
        let mut calls = self.all_calls().await;
        calls.retain(|call| call["service"] == "bedrock");
        calls.into_iter().map(|mut call| call["body"].take()).collect()
    }
}

pub(crate) fn attach(options: &mut Options, folder: &Path) {
    options.databases = Databases::Attached(BTreeMap::from([("shop".to_owned(), folder.join("shop"))]));
}
