//! A server on a free port with the scripted engine, and the ways to call it.

use std::{collections::BTreeMap, path::Path, time::Duration};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use bytes::Bytes;
use local_aws::{Config, EngineChoice, LocalAws, Table};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub(crate) struct App {
    pub(crate) server: LocalAws,
    http: Client,
}

impl App {
    pub(crate) async fn start() -> App {
        App::with(config(None)).await
    }

    pub(crate) async fn with_data(folder: &Path) -> App {
        App::with(config(Some(folder))).await
    }

    pub(crate) async fn with(config: Config) -> App {
        App::of(LocalAws::start(config).await.unwrap())
    }

    pub(crate) fn of(server: LocalAws) -> App {
        App { server, http: Client::new() }
    }

    pub(crate) fn bedrock(&self) -> aws_sdk_bedrockruntime::Client {
        self.bedrock_retrying(RetryConfig::disabled())
    }

    pub(crate) fn bedrock_retrying(&self, retries: RetryConfig) -> aws_sdk_bedrockruntime::Client {
        let config = aws_sdk_bedrockruntime::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(self.server.url())
            .region(Region::new("us-east-1"))
            .credentials_provider(credentials())
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(30)).build())
            .retry_config(retries)
            .build();
        aws_sdk_bedrockruntime::Client::from_conf(config)
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .endpoint_url(self.server.url())
            .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
            .credentials_provider(credentials())
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            .retry_config(RetryConfig::disabled())
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    pub(crate) fn kendra(&self) -> aws_sdk_kendra::Client {
        let config = aws_sdk_kendra::Config::builder()
            .behavior_version(aws_sdk_kendra::config::BehaviorVersion::latest())
            .endpoint_url(self.server.url())
            .region(aws_sdk_kendra::config::Region::new("us-east-1"))
            .credentials_provider(credentials())
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            .retry_config(RetryConfig::disabled())
            .build();
        aws_sdk_kendra::Client::from_conf(config)
    }

    pub(crate) fn athena(&self) -> aws_sdk_athena::Client {
        let config = aws_sdk_athena::Config::builder()
            .behavior_version(aws_sdk_athena::config::BehaviorVersion::latest())
            .endpoint_url(self.server.url())
            .region(aws_sdk_athena::config::Region::new("us-east-1"))
            .credentials_provider(credentials())
            .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
            .retry_config(RetryConfig::disabled())
            .build();
        aws_sdk_athena::Client::from_conf(config)
    }

    /// The status and the answer.
    pub(crate) async fn kendra_json(&self, operation: &str, body: Value) -> (u16, Value) {
        self.json_1_1(&format!("AWSKendraFrontendService.{operation}"), body).await
    }

    /// The status and the answer.
    pub(crate) async fn athena_json(&self, operation: &str, body: Value) -> (u16, Value) {
        self.json_1_1(&format!("AmazonAthena.{operation}"), body).await
    }

    async fn json_1_1(&self, target: &str, body: Value) -> (u16, Value) {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let response = self.send(Method::POST, "/", &headers, body.to_string()).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/x-amz-json-1.1");
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
    }

    pub(crate) async fn script(&self, steps: Value) {
        self.put("/_local/script", json!({ "steps": steps })).await;
    }

    pub(crate) async fn faults(&self, faults: Value) {
        self.put("/_local/faults", json!({ "faults": faults })).await;
    }

    async fn put(&self, path: &str, body: Value) {
        let response = self.send(Method::PUT, path, &[], body.to_string()).await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }

    pub(crate) async fn requests(&self) -> Vec<Value> {
        let response = self.send(Method::GET, "/_local/requests", &[], "").await.unwrap();
        let seen: Value = response.json().await.unwrap();
        seen["requests"].as_array().unwrap().clone()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.send(Method::POST, path, &[("content-type", "application/json")], body.to_string()).await.unwrap()
    }

    pub(crate) async fn dynamodb_json(&self, operation: &str, body: &str) -> Response {
        let target = format!("DynamoDB_20120810.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-target", target.as_str()),
            ("x-amz-date", "20260101T000000Z"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
            ),
        ];
        self.send(Method::POST, "/", &headers, body.to_owned()).await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<Response> {
        let mut request = self.http.request(method, format!("{}{path}", self.server.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).send().await
    }
}

pub(crate) fn config(folder: Option<&Path>) -> Config {
    Config {
        address: "127.0.0.1:0".parse().unwrap(),
        data: folder.map(Path::to_path_buf),
        tables: vec![table("pk")],
        engine: EngineChoice::Scripted,
        buckets: BTreeMap::new(),
        kendra: None,
        athena: None,
        real: Vec::new(),
    }
}

pub(crate) fn table(partition_key: &str) -> Table {
    Table {
        create: json!({
            "TableName": "chat",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [
                { "AttributeName": partition_key, "KeyType": "HASH" },
                { "AttributeName": "sk", "KeyType": "RANGE" },
            ],
            "AttributeDefinitions": [
                { "AttributeName": partition_key, "AttributeType": "S" },
                { "AttributeName": "sk", "AttributeType": "S" },
            ],
        }),
        ttl_attribute: Some("expires_at".to_owned()),
    }
}

pub(crate) fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("AKIDLOCAL", "secret", None, None, "tests"))
}

/// A request to Converse with one message.
pub(crate) fn ask(text: &str) -> Value {
    json!({ "messages": [{ "role": "user", "content": [{ "text": text }] }] })
}

/// The headers and payloads of an event stream's frames, without their padding.
pub(crate) fn events(bytes: Bytes) -> Vec<(Vec<(String, String)>, Value)> {
    let mut bytes = bytes;
    let mut decoder = MessageFrameDecoder::new();
    let mut events = Vec::new();
    while let DecodedFrame::Complete(message) = decoder.decode_frame(&mut bytes).unwrap() {
        let headers = message.headers().iter();
        let headers = headers
            .map(|header| (header.name().as_str().to_owned(), header.value().as_string().unwrap().as_str().to_owned()));
        let mut payload: Value = serde_json::from_slice(message.payload()).unwrap();
        payload.as_object_mut().unwrap().remove("p");
        events.push((headers.collect(), payload));
    }
    assert!(bytes.is_empty(), "the stream ended inside a frame");
    events
}
