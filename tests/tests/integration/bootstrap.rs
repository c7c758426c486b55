//! The very program that Lambda runs, under AWS's Runtime Interface Emulator, with every event of `events/`.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Once,
    time::Duration,
};

use insta::assert_json_snapshot;
use local::{Databases, Documents};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, eventually},
    documents::INDEX,
    event_stream, template, tools,
};

/// How often the emulator may lose a port to somebody else.
const STARTS: usize = 5;

/// What ends the prelude of a streamed response.
const PRELUDE_END: &[u8] = &[0; 8];

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(target_os = "linux"), ignore = "the Runtime Interface Emulator is a program for Linux")]
async fn every_event_is_answered_as_its_route_promises() {
    // The events of the patterns ask for what is in the sample corpus and in the sample database.
    let app = TestApp::with(|options| {
        options.documents = Documents::Sample;
        options.databases = Databases::Sample;
    })
    .await;
    let routes = template::routes();
    let mut bootstraps = BTreeMap::new();
    for path in tools::files("events", "json") {
        let event: Value = serde_json::from_str(&tools::read(&path)).unwrap();
        let resource = event["resource"].as_str().unwrap();
        let function = &routes[&format!("{} {resource}", event["httpMethod"].as_str().unwrap())];
        if !bootstraps.contains_key(function) {
            bootstraps.insert(function, Bootstrap::start(function, &app.aws_url()).await);
        }
        let response = bootstraps[function].invoke(&event).await;
        let response = if resource.ends_with("/stream") { streamed(&response).0 } else { buffered(&response) };
        // What an event names by its identifier is nobody's.
        let names_something = resource.ends_with("{id}") || resource.ends_with("/feedback");
        let expected = if names_something { 404 } else { 200 };
        assert_eq!(response["statusCode"], expected, "{}: {response}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(target_os = "linux"), ignore = "the Runtime Interface Emulator is a program for Linux")]
async fn the_bootstrap_answers_as_api_gateway_expects() {
    let app = TestApp::start().await;
    let bootstrap = Bootstrap::start("chat", &app.aws_url()).await;

    app.script(json!([{"text": "positive", "usage": {"input": 60, "output": 1}}])).await;
    let answered = bootstrap.invoke(&event("post-chat")).await;
    assert_json_snapshot!(
        buffered(&answered),
        {
            r#".headers["x-request-id"]"# => "[request]",
            ".body.session_id" => "[session]",
            ".body.message_id" => "[turn]",
            ".body.latency_ms" => "[milliseconds]",
        },
        @r#"
    {
      "body": {
        "answer": "positive",
        "latency_ms": "[milliseconds]",
        "message_id": "[turn]",
        "model": "local.scripted",
        "session_id": "[session]",
        "stop_reason": "end_turn",
        "usage": {
          "cache_read_tokens": 0,
          "cache_write_tokens": 0,
          "input_tokens": 60,
          "output_tokens": 1
        }
      },
      "headers": {
        "cache-control": "no-store",
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
        "x-request-id": "[request]"
      },
      "isBase64Encoded": false,
      "multiValueHeaders": {},
      "statusCode": 200
    }
    "#
    );

    app.script(json!([{"chunks": ["Because ", "light scatters."], "usage": {"input": 20, "output": 4}}])).await;
    let (prelude, body) = streamed(&bootstrap.invoke(&event("post-chat-stream")).await);
    assert_json_snapshot!(prelude, {r#".headers["x-request-id"]"# => "[request]"}, @r#"
    {
      "cookies": [],
      "headers": {
        "cache-control": "no-store",
        "content-type": "text/event-stream; charset=utf-8",
        "x-accel-buffering": "no",
        "x-content-type-options": "nosniff",
        "x-request-id": "[request]",
        "x-vercel-ai-ui-message-stream": "v1"
      },
      "statusCode": 200
    }
    "#);
    let parts = event_stream::parts(&body);
    assert_eq!(event_stream::text_of(&parts), "Because light scatters.");
    assert_eq!(event_stream::kinds(&parts).last(), Some(&"finish"));

    let listed = buffered(&bootstrap.invoke(&event("get-sessions")).await);
    assert_eq!(listed["statusCode"], 200);
    let titles: Vec<&Value> = listed["body"]["sessions"].as_array().unwrap().iter().map(|one| &one["title"]).collect();
    assert_eq!(
        titles,
        ["Why is the sky blue? Explain it to a child.", "The parcel came two weeks late, but support was friendly."]
    );

    let session = &buffered(&answered)["body"]["session_id"];
    let of_session = |name: &str| {
        let mut event = event(name);
        event["pathParameters"]["id"] = session.clone();
        event
    };
    let read = buffered(&bootstrap.invoke(&of_session("get-session")).await);
    assert_eq!(read["body"]["messages"][0]["text"], "positive");
    let deleted = buffered(&bootstrap.invoke(&of_session("delete-session")).await);
    assert_eq!((&deleted["statusCode"], &deleted["body"]), (&json!(204), &Value::Null));
    let gone = buffered(&bootstrap.invoke(&of_session("get-session")).await);
    assert_eq!(gone["statusCode"], 404);
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(target_os = "linux"), ignore = "the Runtime Interface Emulator is a program for Linux")]
async fn the_bootstrap_survives_what_goes_wrong() {
    let app = TestApp::start().await;
    let bootstrap = Bootstrap::start("chat", &app.aws_url()).await;

    app.script(json!([{"chunks": ["One ", "two."], "cut_after_chunks": 1}])).await;
    let (prelude, body) = streamed(&bootstrap.invoke(&event("post-chat-stream")).await);
    assert_eq!(prelude["statusCode"], 200);
    let parts = event_stream::parts(&body);
    assert_eq!(parts.last().unwrap()["type"], "error", "{body}");

    let mut unidentified = event("post-chat-stream");
    unidentified["requestContext"]["authorizer"] = Value::Null;
    let (prelude, body) = streamed(&bootstrap.invoke(&unidentified).await);
    assert_eq!(prelude["statusCode"], 401);
    assert_eq!(prelude["headers"]["content-type"], "application/problem+json");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["code"], "unauthenticated");

    app.reset().await;
    let again = buffered(&bootstrap.invoke(&event("post-chat")).await);
    assert_eq!(again["statusCode"], 200, "{again}");
}

/// The claims of the events are those of a real user pool: the caller's name is a verified address.
#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(target_os = "linux"), ignore = "the Runtime Interface Emulator is a program for Linux")]
async fn the_bootstrap_searches_with_the_identity_that_api_gateway_verified() {
    let app = TestApp::with(|options| options.documents = Documents::Sample).await;
    let bootstrap = Bootstrap::start("rag", &app.aws_url()).await;

    app.script_always(json!({"text": "Up to two days a week [1]."})).await;
    let answered = buffered(&bootstrap.invoke(&event("post-rag")).await);
    assert_eq!(answered["statusCode"], 200, "{answered}");
    let answer = &answered["body"];
    assert_eq!((&answer["source"], &answer["grounded"]), (&json!("documents"), &json!(true)), "{answer}");
    assert_eq!(answer["citations"][0]["attributes"]["department"], "Human Resources");
    let identity = json!({"UserId": "ada@example.com", "Groups": ["engineering", "support"]});
    let [queries, retrievals] = app.searches().await;
    assert_eq!((&queries[0]["UserContext"], &retrievals[0]["UserContext"]), (&identity, &identity));

    let (prelude, body) = streamed(&bootstrap.invoke(&event("post-rag-stream")).await);
    assert_eq!(prelude["statusCode"], 200);
    let parts = event_stream::parts(&body);
    assert_eq!(event_stream::text_of(&parts), "Up to two days a week [1].");
    assert!(event_stream::kinds(&parts).contains(&"source-url"), "{parts:?}");

    let mut feedback = event("post-rag-feedback");
    let [session, message] = ["session_id", "message_id"].map(|name| &answer[name]);
    let given = json!({"session_id": session, "message_id": message, "helpful": true});
    feedback["body"] = json!(given.to_string());
    let given = buffered(&bootstrap.invoke(&feedback).await);
    assert_eq!((&given["statusCode"], &given["body"]), (&json!(204), &Value::Null));

    // An address that nobody has verified is no name.
    let mut unverified = event("post-rag-stream");
    unverified["requestContext"]["authorizer"]["claims"]["email_verified"] = json!("false");
    let (prelude, body) = streamed(&bootstrap.invoke(&unverified).await);
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&prelude["statusCode"], &problem["code"]), (&json!(403), &json!("no_user_context")));
}

/// The release build of a function under an emulator of its own, which ends when this is dropped.
struct Bootstrap {
    emulator: Child,
    address: SocketAddr,
    http: Client,
}

impl Bootstrap {
    async fn start(function: &str, aws_url: &str) -> Self {
        let program = build(function);
        for _ in 0..STARTS {
            if let Some(bootstrap) = Self::try_start(&program, function, aws_url).await {
                return bootstrap;
            }
        }
        panic!("the emulator does not come up");
    }

    /// None if the emulator has ended: somebody took one of its ports before it could.
    async fn try_start(program: &Path, function: &str, aws_url: &str) -> Option<Self> {
        // Held together until the last moment, so that they are two.
        let ports = [free_port(), free_port()];
        let [address, runtime_api] = ports.each_ref().map(|port| port.local_addr().unwrap());
        drop(ports);
        let emulator = Command::new(tools::installed("aws-lambda-rie"))
            .args(["--log-level", "error"])
            .args(["--runtime-interface-emulator-address", &address.to_string()])
            .args(["--runtime-api-address", &runtime_api.to_string()])
            .arg(program)
            .env_clear()
            .envs([("AWS_LAMBDA_FUNCTION_NAME", function), ("AWS_LAMBDA_FUNCTION_TIMEOUT", "30")])
            .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_REGION", "us-east-1")])
            .envs([("AWS_ENDPOINT_URL", aws_url), ("TABLE_NAME", "ConversationTable"), ("MODEL_IDS", "local.scripted")])
            .env("KENDRA_INDEX_ID", INDEX)
            .envs([("ATHENA_WORKGROUP", "local"), ("ATHENA_DATABASES", "retail")])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let http = Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let mut bootstrap = Self { emulator, address, http };
        let mut has_ended = false;
        eventually("the emulator listens", async || {
            let is_listening = tokio::net::TcpStream::connect(address).await.is_ok();
            // Looked at last: who listens may be another.
            has_ended = bootstrap.emulator.try_wait().unwrap().is_some();
            is_listening || has_ended
        })
        .await;
        (!has_ended).then_some(bootstrap)
    }

    async fn invoke(&self, event: &Value) -> Vec<u8> {
        let url = format!("http://{}/2015-03-31/functions/function/invocations", self.address);
        let response = self.http.post(url).json(event).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().to_vec()
    }
}

impl Drop for Bootstrap {
    fn drop(&mut self) {
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

/// Built by the SAM CLI, as for Lambda; what is up to date is not built again.
fn build(function: &str) -> PathBuf {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let mut build = Command::new("scripts/build");
        build.arg("host").env("CARGO_TARGET_DIR", tools::target()).current_dir(tools::root());
        tokio::task::block_in_place(|| tools::run(&mut build));
    });
    tools::target().join("lambda").join(function).join("bootstrap")
}

fn free_port() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

fn event(name: &str) -> Value {
    let path = Path::new("events").join(name).with_extension("json");
    serde_json::from_str(&tools::read(&tools::root().join(path))).unwrap()
}

/// The proxy response of a buffered route, its body read as JSON.
#[track_caller]
fn buffered(response: &[u8]) -> Value {
    let mut response: Value = serde_json::from_slice(response).unwrap();
    assert!(response["statusCode"].is_u64(), "{response}");
    if let Some(body) = response["body"].as_str() {
        response["body"] = serde_json::from_str(body).unwrap();
    }
    response
}

/// The prelude and the body of a streaming route.
#[track_caller]
fn streamed(response: &[u8]) -> (Value, String) {
    let end = response.windows(PRELUDE_END.len()).position(|bytes| bytes == PRELUDE_END);
    let end = end.unwrap_or_else(|| panic!("no prelude: {}", String::from_utf8_lossy(response)));
    let body = response[end + PRELUDE_END.len()..].to_vec();
    (serde_json::from_slice(&response[..end]).unwrap(), String::from_utf8(body).unwrap())
}
