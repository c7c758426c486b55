//! Calls that are passed on: a second server stands for AWS.

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_bedrockruntime::types::ConverseStreamOutput;
use local_aws::{Config, EngineChoice, Error, LocalAws, RealAws};
use serde_json::json;

use crate::{
    app::{App, ask, config},
    converse::user,
    kendra::INDEX,
};

async fn in_front_of(url: &str, services: &[&str]) -> App {
    let credentials = Credentials::new("AKIDREAL", "real secret", Some("session".to_owned()), None, "tests");
    let services: Vec<String> = services.iter().map(|service| (*service).to_owned()).collect();
    let credentials = SharedCredentialsProvider::new(credentials);
    let real = RealAws::new(&services, credentials, "eu-west-3", Some(url.to_owned())).unwrap();
    App::of(LocalAws::start_beside(Some(real), config(None)).await.unwrap())
}

#[tokio::test]
async fn calls_are_signed_anew_and_passed_on() {
    let aws = App::start().await;
    aws.script(json!([{ "text": "from afar" }])).await;
    let app = in_front_of(&aws.server.url(), &["bedrock"]).await;
    let model_id = "arn:aws:bedrock:eu-west-3:123456789012:inference-profile/eu.amazon.nova-lite-v1:0";
    let answer = app.bedrock().converse().model_id(model_id).messages(user("hi")).send().await.unwrap();
    assert_eq!(answer.output().unwrap().as_message().unwrap().content()[0].as_text().unwrap(), "from afar");

    let passed = aws.requests().await.remove(0);
    let headers = &passed["headers"];
    let authorization = headers["authorization"].as_str().unwrap();
    assert!(authorization.contains("Credential=AKIDREAL/"), "{authorization}");
    assert!(authorization.contains("/eu-west-3/bedrock/aws4_request"), "{authorization}");
    assert!(!authorization.contains("AKIDLOCAL"), "{authorization}");
    assert_eq!(headers["x-amz-security-token"], "session");
    assert_eq!(headers["host"], aws.server.url().trim_start_matches("http://"));
    assert_eq!((&passed["model"], &passed["body"]), (&json!(model_id), &ask("hi")));
    assert_eq!(app.requests().await.len(), 1);
}

#[tokio::test]
async fn what_is_not_passed_on_stays() {
    let aws = App::start().await;
    let app = in_front_of(&aws.server.url(), &["bedrock"]).await;
    app.dynamodb().list_tables().send().await.unwrap();
    assert!(aws.requests().await.is_empty());

    let app = in_front_of(&aws.server.url(), &["dynamodb"]).await;
    app.dynamodb().list_tables().send().await.unwrap();
    assert_eq!(aws.requests().await[0]["operation"], "ListTables");
}

#[tokio::test]
async fn kendra_is_passed_on_in_its_own_name() {
    let aws = App::start().await;
    let app = in_front_of(&aws.server.url(), &["kendra"]).await;
    let asked = app.kendra().retrieve().index_id(INDEX).query_text("hi").send().await;
    assert!(asked.unwrap_err().into_service_error().is_resource_not_found_exception());
    let passed = aws.requests().await.remove(0);
    assert_eq!((&passed["operation"], &passed["body"]["QueryText"]), (&json!("Retrieve"), &json!("hi")));
    let authorization = passed["headers"]["authorization"].as_str().unwrap();
    assert!(authorization.contains("/eu-west-3/kendra/aws4_request"), "{authorization}");
}

#[tokio::test]
async fn athena_is_passed_on_in_its_own_name() {
    let aws = App::start().await;
    let app = in_front_of(&aws.server.url(), &["athena"]).await;
    let asked = app.athena().get_work_group().work_group("nowhere").send().await;
    assert!(asked.unwrap_err().into_service_error().is_invalid_request_exception());
    let passed = aws.requests().await.remove(0);
    assert_eq!((&passed["operation"], &passed["body"]["WorkGroup"]), (&json!("GetWorkGroup"), &json!("nowhere")));
    let authorization = passed["headers"]["authorization"].as_str().unwrap();
    assert!(authorization.contains("/eu-west-3/athena/aws4_request"), "{authorization}");
}

#[tokio::test]
async fn streams_are_not_held_back() {
    let aws = App::start().await;
    aws.script(json!([{ "text": "one", "chunk_delay_ms": 3000 }])).await;
    let app = in_front_of(&aws.server.url(), &["bedrock"]).await;
    let mut answer = app.bedrock().converse_stream().model_id("a.b").messages(user("hi")).send().await.unwrap();
    let first = answer.stream.recv().await.unwrap().unwrap();
    assert!(matches!(first, ConverseStreamOutput::MessageStart(_)));
    assert_eq!(aws.requests().await[0]["ended_ms"], json!(null), "it came before the answer's end");
    while answer.stream.recv().await.unwrap().is_some() {}
    assert!(aws.requests().await[0]["ended_ms"].is_u64());
}

#[tokio::test]
async fn errors_and_cuts_arrive_as_they_are() {
    let aws = App::start().await;
    let throttled = json!({ "error": { "code": "ThrottlingException", "message": "slow down" } });
    aws.script(json!([throttled, { "text": "a b c", "cut_after_chunks": 1 }])).await;
    let app = in_front_of(&aws.server.url(), &["bedrock"]).await;
    let error = app.bedrock().converse().model_id("a.b").messages(user("hi")).send().await.unwrap_err();
    let error = error.into_service_error();
    assert!(error.is_throttling_exception() && error.meta().message() == Some("slow down"), "{error:?}");

    let response = app.post("/model/a.b/converse-stream", ask("hi")).await;
    assert!(response.bytes().await.is_err());

    aws.server.stop().await;
    let response = app.post("/model/a.b/converse", ask("hi")).await;
    assert_eq!(response.status(), 503);
}

#[tokio::test]
async fn an_unknown_service_is_refused_at_the_start() {
    let credentials = crate::app::credentials();
    let Err(error) = RealAws::new(&["s4".to_owned()], credentials, "eu-west-3", None) else { panic!("it was taken") };
    assert!(matches!(&error, Error::UnknownService(service) if service == "s4"));
}

#[tokio::test]
async fn a_port_in_use_and_a_broken_address_are_said() {
    let app = App::start().await;
    let taken = Config { address: app.server.address(), ..config(None) };
    let Err(error) = LocalAws::start(taken).await else { panic!("it started twice") };
    assert!(error.to_string().contains(&app.server.address().to_string()), "{error}");

    let engine = EngineChoice::OpenAi { url: "not a url".to_owned(), model: String::new() };
    assert!(matches!(LocalAws::start(Config { engine, ..config(None) }).await, Err(Error::Address { .. })));
}
