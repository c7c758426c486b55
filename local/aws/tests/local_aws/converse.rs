use aws_sdk_bedrockruntime::{
    operation::converse_stream::ConverseStreamOutput as Answer,
    types::{
        AnyToolChoice, ContentBlock, ContentBlockDelta, ContentBlockStart, ConversationRole, ConverseStreamOutput,
        Message, StopReason, Tool, ToolChoice, ToolConfiguration, ToolInputSchema, ToolSpecification,
    },
};
use aws_smithy_types::Document;
use serde_json::json;

use crate::app::{App, ask};

pub(crate) fn user(text: &str) -> Message {
    Message::builder().role(ConversationRole::User).content(ContentBlock::Text(text.to_owned())).build().unwrap()
}

async fn texts(mut answer: Answer) -> (String, Vec<ConverseStreamOutput>) {
    let (mut text, mut all) = (String::new(), Vec::new());
    while let Some(event) = answer.stream.recv().await.unwrap() {
        if let ConverseStreamOutput::ContentBlockDelta(delta) = &event
            && let Some(ContentBlockDelta::Text(more)) = delta.delta()
        {
            text.push_str(more);
        }
        all.push(event);
    }
    (text, all)
}

#[tokio::test]
async fn without_a_script_the_last_message_comes_back() {
    let app = App::start().await;
    let said = "naïve ☕ \u{202e}\0\t\"\\ end";
    let answer = app.bedrock().converse().model_id("a.model-v1:0").messages(user(said)).send().await.unwrap();

    let message = answer.output().unwrap().as_message().unwrap();
    assert_eq!(message.content()[0].as_text().unwrap(), &format!("You said: {said}"));
    assert_eq!(answer.stop_reason(), &StopReason::EndTurn);
    let usage = answer.usage().unwrap();
    assert_eq!(usage.total_tokens(), usage.input_tokens() + usage.output_tokens());
}

#[tokio::test]
async fn a_stream_tells_the_same_in_parts() {
    let app = App::start().await;
    app.script(json!([{ "chunks": ["Hel", "lo ", "there"], "usage": { "input": 5, "output": 3, "cached": 7 } }])).await;
    let model_id = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0";
    let answer = app.bedrock().converse_stream().model_id(model_id).messages(user("hi")).send().await.unwrap();
    let (text, events) = texts(answer).await;

    assert_eq!(text, "Hello there");
    let ConverseStreamOutput::Metadata(metadata) = events.last().unwrap() else { panic!("{events:?}") };
    let usage = metadata.usage().unwrap();
    assert_eq!((usage.input_tokens(), usage.output_tokens(), usage.total_tokens()), (5, 3, 15));
    assert_eq!((usage.cache_read_input_tokens(), usage.cache_write_input_tokens()), (Some(7), Some(0)));
    assert_eq!(app.requests().await[0]["model"], model_id);
}

#[tokio::test]
async fn tool_calls_are_blocks_of_their_own() {
    let app = App::start().await;
    let step = json!({ "text": "Let me see.", "tool_calls": [{ "name": "add", "input": { "x": 2, "y": 5 } }, { "name": "ping" }] });
    app.script(json!([step, step])).await;
    let schema = ToolInputSchema::Json(Document::Object([("type".into(), "object".into())].into()));
    let tool = |name: &str| {
        Tool::ToolSpec(ToolSpecification::builder().name(name).input_schema(schema.clone()).build().unwrap())
    };
    let tools = ToolConfiguration::builder()
        .tools(tool("add"))
        .tools(tool("ping"))
        .tool_choice(ToolChoice::Any(AnyToolChoice::builder().build()))
        .build()
        .unwrap();

    let bedrock = app.bedrock();
    let whole =
        bedrock.converse().model_id("a.b").messages(user("2 + 5?")).tool_config(tools.clone()).send().await.unwrap();
    assert_eq!(whole.stop_reason(), &StopReason::ToolUse);
    let content = whole.output().unwrap().as_message().unwrap().content().to_vec();
    assert_eq!(content.len(), 3);
    let call = content[1].as_tool_use().unwrap();
    assert_eq!((call.name(), call.input().as_object().unwrap().len()), ("add", 2));
    assert!(call.tool_use_id().starts_with("tooluse_") && call.tool_use_id().len() == 30, "{call:?}");

    let answer =
        bedrock.converse_stream().model_id("a.b").messages(user("2 + 5?")).tool_config(tools).send().await.unwrap();
    let (_, events) = texts(answer).await;
    let mut starts = Vec::new();
    let mut inputs = Vec::new();
    for event in &events {
        match event {
            ConverseStreamOutput::ContentBlockStart(start) => {
                let Some(ContentBlockStart::ToolUse(call)) = start.start() else { panic!("{start:?}") };
                starts.push((start.content_block_index(), call.name().to_owned()));
            }
            ConverseStreamOutput::ContentBlockDelta(delta) => {
                inputs.extend(delta.delta().and_then(|delta| delta.as_tool_use().ok()).map(|d| d.input().to_owned()));
            }
            _ => {}
        }
    }
    assert_eq!(starts, [(1, "add".to_owned()), (2, "ping".to_owned())]);
    assert_eq!(inputs, [r#"{"x":2,"y":5}"#, "{}"]);
}

#[tokio::test]
async fn an_error_in_mid_stream_is_an_exception_frame() {
    let app = App::start().await;
    app.script(json!([{ "chunks": ["a", "b", "c"], "fail_after_chunks": 2, "fail_with": "throttlingException" }]))
        .await;
    let mut answer = app.bedrock().converse_stream().model_id("a.b").messages(user("hi")).send().await.unwrap();
    let mut deltas = 0;
    let error = loop {
        match answer.stream.recv().await {
            Ok(Some(ConverseStreamOutput::ContentBlockDelta(_))) => deltas += 1,
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ended without its error"),
            Err(error) => break error.into_service_error(),
        }
    };
    assert_eq!(deltas, 2);
    assert!(error.is_throttling_exception(), "{error:?}");
}

#[tokio::test]
async fn a_cut_in_mid_stream_is_a_broken_connection() {
    let app = App::start().await;
    app.script(json!([{ "chunks": ["a", "b", "c"], "cut_after_chunks": 1 }])).await;
    let response = app.post("/model/a.b/converse-stream", ask("hi")).await;
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn without_a_stream_the_same_faults_are_errors() {
    let app = App::start().await;
    app.script(json!([{ "text": "a b", "fail_after_chunks": 1 }, { "text": "a b", "cut_after_chunks": 1 }])).await;
    let response = app.post("/model/a.b/converse", ask("hi")).await;
    assert_eq!(response.status(), 424);
    let kind = response.headers()["x-amzn-errortype"].to_str().unwrap();
    assert!(kind.starts_with("ModelErrorException:"), "{kind}");
    let cut = app.send(reqwest::Method::POST, "/model/a.b/converse", &[], ask("hi").to_string()).await;
    assert!(cut.is_err());
}

#[tokio::test]
async fn many_at_once_are_answered_each_its_own() {
    let app = App::start().await;
    let bedrock = app.bedrock();
    let asked = (0..64).map(|number| {
        let bedrock = bedrock.clone();
        async move {
            let answer =
                bedrock.converse().model_id("a.b").messages(user(&format!("number {number}"))).send().await.unwrap();
            let message = answer.output().unwrap().as_message().unwrap();
            assert_eq!(message.content()[0].as_text().unwrap(), &format!("You said: number {number}"));
        }
    });
    futures::future::join_all(asked).await;
    assert_eq!(app.requests().await.len(), 64);
}

#[tokio::test]
async fn stopping_lets_a_stream_end() {
    let app = App::start().await;
    app.script(json!([{ "text": "one two three four", "chunk_delay_ms": 100 }])).await;
    let answer = app.bedrock().converse_stream().model_id("a.b").messages(user("hi")).send().await.unwrap();
    let url = app.server.url();
    let ((text, _), ()) = tokio::join!(texts(answer), app.server.stop());
    assert_eq!(text, "one two three four");
    assert!(reqwest::get(url).await.is_err());
}

#[tokio::test]
async fn fields_of_the_models_own_answer_can_be_asked_for() {
    let app = App::start().await;
    app.script(json!([{ "text": "a", "stop_reason": "stop_sequence", "stop_sequence": "END" }])).await;
    let mut request = ask("hi");
    request["additionalModelResponseFieldPaths"] = json!(["/stop_sequence"]);
    request["additionalModelRequestFields"] = json!({ "top_k": 5 });
    let answer: serde_json::Value = app.post("/model/a.b/converse", request).await.json().await.unwrap();
    assert_eq!(answer["additionalModelResponseFields"], json!({ "stop_sequence": "END" }));
    assert_eq!(answer["stopReason"], "stop_sequence");
}
