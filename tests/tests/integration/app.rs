//! The whole machine on free ports, with data in memory and a scripted model; every test starts its own.

use std::{collections::BTreeMap, time::Duration};

use local::{Local, Options};
use reqwest::{Client, Method, RequestBuilder, Response, header::HeaderMap};
use serde_json::{Value, json};

use crate::event_stream::EventStream;

/// Long enough for any machine: whoever waits so long waits for something that does not come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct TestApp {
    local: Local,
    http: Client,
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With settings of the functions in place of the template's.
    pub(crate) async fn with_settings(settings: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: BTreeMap<String, String> = settings.collect();
        Self::with(|options| options.settings = settings).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        Self::try_with(change).await.unwrap()
    }

    pub(crate) async fn try_with(change: impl FnOnce(&mut Options)) -> Result<Self, local::Error> {
        let mut options = Options::for_tests();
        change(&mut options);
        let local = Local::start(options).await?;
        let http = Client::builder().timeout(PATIENCE).build().unwrap();
        Ok(Self { local, http })
    }

    /// Where the API is.
    pub(crate) fn url(&self) -> String {
        self.local.url()
    }

    /// Where AWS is.
    pub(crate) fn aws_url(&self) -> String {
        self.local.aws_url()
    }

    /// How many queries run in Athena's place.
    pub(crate) fn running_queries(&self) -> usize {
        self.local.running_queries()
    }

    /// A request by alice, which [`answer`] sends.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_by("alice", method, path)
    }

    pub(crate) fn request_by(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        self.anonymous_request(method, path).bearer_auth(token)
    }

    pub(crate) fn anonymous_request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.local.url()))
    }

    pub(crate) async fn chat(&self, body: Value) -> Answer {
        answer(self.request(Method::POST, "/chat").json(&body)).await
    }

    /// A turn that must succeed, in a new session where `session` is null.
    pub(crate) async fn say(&self, session: &Value, message: &str) -> Value {
        let mut body = json!({"message": message});
        if !session.is_null() {
            body["session_id"] = session.clone();
        }
        self.chat(body).await.ok()
    }

    /// A streamed turn that must have begun.
    pub(crate) async fn stream(&self, body: Value) -> EventStream {
        self.stream_of("/chat/stream", body).await
    }

    pub(crate) async fn stream_of(&self, path: &str, body: Value) -> EventStream {
        EventStream::of(self.request(Method::POST, path).json(&body).send().await.unwrap())
    }

    /// A streamed turn that must not have begun.
    pub(crate) async fn refused_stream(&self, body: Value) -> Answer {
        answer(self.request(Method::POST, "/chat/stream").json(&body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// What was said in a session of alice's, oldest first: each message's role and text.
    pub(crate) async fn messages(&self, session: &Value) -> Vec<(String, String)> {
        let session = session.as_str().unwrap();
        let page = self.get(&format!("/sessions/{session}?limit=100")).await.ok();
        assert_eq!(page["next_cursor"], Value::Null, "one page is meant to be all");
        let messages = page["messages"].as_array().unwrap().iter().rev();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        messages.map(|message| (text(&message["role"]), text(&message["text"]))).collect()
    }

    /// What the model does at its next calls, one step a call.
    pub(crate) async fn script(&self, steps: Value) {
        self.control(Method::PUT, "script", json!({"steps": steps})).await;
    }

    /// What the model does at every call from now on.
    pub(crate) async fn script_always(&self, step: Value) {
        self.control(Method::PUT, "script", json!({"steps": [step], "repeat_last": true})).await;
    }

    pub(crate) async fn faults(&self, faults: Value) {
        self.control(Method::PUT, "faults", json!({"faults": faults})).await;
    }

    /// Forgets script, faults and recorded calls.
    pub(crate) async fn reset(&self) {
        self.control(Method::DELETE, "", Value::Null).await;
    }

    /// The calls of one AWS operation so far, in order.
    pub(crate) async fn calls(&self, operation: &str) -> Vec<Value> {
        let mut calls = self.all_calls().await;
        calls.retain(|call| call["operation"] == operation);
        calls
    }

    /// The calls to AWS so far, in order.
    pub(crate) async fn all_calls(&self) -> Vec<Value> {
        let mut seen = self.control(Method::GET, "/requests", Value::Null).await;
        let Value::Array(calls) = seen["requests"].take() else { panic!("no list of calls") };
        calls
    }

    /// The models asked so far, by either operation, in order.
    pub(crate) async fn models_asked(&self) -> Vec<String> {
        let seen = self.control(Method::GET, "/requests", Value::Null).await;
        let calls = seen["requests"].as_array().unwrap().iter().filter(|call| call["service"] == "bedrock");
        calls.map(|call| call["model"].as_str().unwrap().to_owned()).collect()
    }

    /// The body of the one call of an operation.
    pub(crate) async fn only_call(&self, operation: &str) -> Value {
        let mut calls = self.calls(operation).await;
        assert_eq!(calls.len(), 1, "{operation}");
        calls[0]["body"].take()
    }

    /// Everything that is in the table, as DynamoDB has it.
    pub(crate) async fn items(&self) -> Vec<Value> {
        let mut page = self.dynamodb("Scan", &json!({"TableName": "ConversationTable"})).await.ok();
        assert_eq!(page["LastEvaluatedKey"], Value::Null, "one page is meant to be all");
        let Value::Array(items) = page["Items"].take() else { panic!("no items") };
        items
    }

    /// Calls DynamoDB past the functions.
    pub(crate) async fn dynamodb(&self, operation: &str, body: &Value) -> Answer {
        self.aws("dynamodb", "application/x-amz-json-1.0", &format!("DynamoDB_20120810.{operation}"), body).await
    }

    /// Calls Kendra past the functions.
    pub(crate) async fn kendra(&self, operation: &str, body: &Value) -> Answer {
        self.aws("kendra", "application/x-amz-json-1.1", &format!("AWSKendraFrontendService.{operation}"), body).await
    }

    async fn aws(&self, service: &str, content_type: &str, target: &str, body: &Value) -> Answer {
        let credential = format!("tests/20260101/us-east-1/{service}/aws4_request");
        let request = self
            .http
            .post(self.local.aws_url())
            .header("content-type", content_type)
            .header("x-amz-target", target)
            .header("x-amz-date", "20260101T000000Z")
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
            );
        answer(request.body(body.to_string())).await
    }

    async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let path = path.trim_start_matches('/');
        let url = format!("{}/_local/{path}", self.local.aws_url());
        answer(self.http.request(method, url.trim_end_matches('/')).json(&body)).await.ok()
    }
}

impl Answer {
    /// The JSON of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The problem document of a failure, which must be a whole one.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], status);
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        // The function's own identifier, or API Gateway's where the function was not asked.
        let identifier = self.headers.get("x-request-id").or(self.headers.get("x-amzn-requestid")).unwrap();
        assert_eq!(problem["request_id"], identifier.to_str().unwrap());
        problem
    }

    /// The field that a refusal names.
    #[track_caller]
    pub(crate) fn refused_field(&self, status: u16, code: &str) -> String {
        let problem = self.problem(status, code);
        problem["field"].as_str().unwrap_or_else(|| panic!("no field: {problem}")).to_owned()
    }
}

/// How a prompt of rag ends, after the passages.
pub(crate) fn question(asked: &str) -> String {
    format!(
        "Question: {asked}\n\nWrite the answer as full sentences that end with their source, for example \"... [2].\""
    )
}

/// Sends a request and reads the response to its end.
pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// Waits until something has come about that nobody can be waited for.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}
