//! The small model, with real weights from the user's cache. They are fetched as the product fetches them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test through and through")]

use std::sync::Arc;

use futures::StreamExt;
use local_engine::{
    Engine, Error, Message, Part, Piece, Prompt, Role, Sampling, Source, Stop, Tool, ToolChoice, Usage,
};
use serde_json::json;

struct Answer {
    text: String,
    calls: Vec<(String, serde_json::Value)>,
    stop: Stop,
    usage: Usage,
}

async fn ask(engine: &Engine, prompt: &Prompt) -> Answer {
    let mut pieces = engine.converse(prompt.clone()).unwrap();
    let (mut text, mut calls) = (String::new(), Vec::new());
    while let Some(piece) = pieces.next().await {
        match piece.unwrap() {
            Piece::Text(part) => text.push_str(&part),
            Piece::ToolCall { name, input, .. } => calls.push((name, input)),
            Piece::End { stop, usage } => {
                assert!(pieces.next().await.is_none(), "nothing follows the end");
                return Answer { text, calls, stop, usage };
            }
        }
    }
    panic!("the stream ended without its end");
}

fn says(role: Role, text: &str) -> Message {
    Message { role, parts: vec![Part::Text(text.into())] }
}

fn greedy(max_tokens: u32) -> Sampling {
    Sampling { max_tokens: Some(max_tokens), temperature: Some(0.0), ..Sampling::default() }
}

/// One test, since loading the weights is most of the work.
#[tokio::test]
async fn a_real_model_converses() {
    let folders = directories::ProjectDirs::from("", "", "serverless-genai-rust").unwrap();
    let engine = Arc::new(Engine::load(&Source::Small, folders.cache_dir()).await.unwrap());
    remembers_and_reuses(&engine).await;
    shares_a_system_prompt(&engine).await;
    stops(&engine).await;
    calls_tools(&engine).await;
    keeps_its_promises_under_load(&engine).await;
}

async fn remembers_and_reuses(engine: &Engine) {
    let mut prompt = Prompt {
        system: Some("You are a helpful assistant. Answer in one short sentence.".into()),
        messages: vec![says(Role::User, "My name is Ada. What is the capital of France?")],
        sampling: greedy(40),
        ..Prompt::default()
    };
    let counted = engine.count_tokens(&prompt).unwrap();
    let first = ask(engine, &prompt).await;
    assert!(first.text.contains("Paris"), "{}", first.text);
    assert_eq!(first.stop, Stop::EndTurn);
    assert_eq!(first.usage.input + first.usage.cached, counted);
    assert_eq!(first.usage.cached, 0, "nothing was there before");

    let again = ask(engine, &prompt).await;
    // Not the same text: computing one token rounds otherwise than computing many, which can turn a close choice.
    assert!(again.text.contains("Paris"), "{}", again.text);
    assert_eq!((again.usage.input, again.usage.cached), (1, counted - 1));

    prompt.messages.push(says(Role::Assistant, &first.text));
    prompt.messages.push(says(Role::User, "What is my name?"));
    let second = ask(engine, &prompt).await;
    assert!(second.text.contains("Ada"), "{}", second.text);
    assert!(second.usage.cached >= counted + first.usage.output - 1, "{:?} after {counted}", second.usage);
    assert_eq!(second.usage.input + second.usage.cached, engine.count_tokens(&prompt).unwrap());
}

async fn shares_a_system_prompt(engine: &Engine) {
    let rules = "Always answer with exactly one word, in lower case. ".repeat(8);
    let prompt = |question: &str| Prompt {
        system: Some(rules.clone()),
        messages: vec![says(Role::User, question)],
        sampling: greedy(4),
        ..Prompt::default()
    };
    let first = ask(engine, &prompt("Name a colour.")).await;
    let second = ask(engine, &prompt("Name an animal.")).await;
    assert!(second.usage.cached > 80 && second.usage.input < 20, "{:?} after {:?}", second.usage, first.usage);
}

async fn stops(engine: &Engine) {
    let count = |sampling| Prompt {
        messages: vec![says(Role::User, "Count from 1 to 9, separated by commas.")],
        sampling,
        ..Prompt::default()
    };
    let whole = ask(engine, &count(greedy(60))).await;
    assert!(whole.text.contains('7') && whole.text.contains('8'), "{}", whole.text);

    let stopped = ask(engine, &count(Sampling { stop_sequences: vec!["7".into()], ..greedy(60) })).await;
    assert_eq!(stopped.stop, Stop::StopSequence("7".into()));
    assert!(stopped.text.contains('1') && !stopped.text.contains('7'), "{}", stopped.text);

    let cut = ask(engine, &count(greedy(3))).await;
    assert_eq!((cut.stop, cut.usage.output), (Stop::MaxTokens, 3));
    assert!(!cut.text.is_empty() && cut.text.len() < whole.text.len(), "{}", cut.text);
}

async fn calls_tools(engine: &Engine) {
    let tool = |name: &str, description: &str, field: &str| Tool {
        name: name.into(),
        description: Some(description.into()),
        input_schema: json!({"type": "object", "properties": {(field): {"type": "string"}}, "required": [field]}),
    };
    let mut prompt = Prompt {
        messages: vec![says(Role::User, "What is the weather in Zurich?")],
        tools: vec![
            tool("get_time", "The time in a time zone", "zone"),
            tool("get_weather", "The weather in a city", "city"),
        ],
        tool_choice: ToolChoice::Any,
        sampling: greedy(60),
        ..Prompt::default()
    };
    let any = ask(engine, &prompt).await;
    let (name, input) = any.calls.first().unwrap();
    assert!(name == "get_weather" && input["city"].as_str().unwrap().contains("Zurich"), "{name} {input}");
    assert_eq!(any.stop, Stop::ToolUse);

    prompt.tool_choice = ToolChoice::Named("get_time".into());
    let named = ask(engine, &prompt).await;
    assert_eq!(named.calls.first().map(|(name, _)| name.as_str()), Some("get_time"), "{}", named.text);
}

async fn keeps_its_promises_under_load(engine: &Engine) {
    let long = || Prompt { messages: vec![says(Role::User, "Write a very long story.")], ..Prompt::default() };
    let too_long = || Prompt { messages: vec![says(Role::User, &"many words ".repeat(20_000))], ..Prompt::default() };
    let mut running = engine.converse(long()).unwrap();
    // Once it streams, whatever ran before has ended for certain.
    assert!(matches!(running.next().await, Some(Ok(Piece::Text(_)))), "it streams before it is done");
    let waiting: Vec<_> = (0..8).map(|_| engine.converse(long()).unwrap()).collect();
    assert!(matches!(engine.converse(long()), Err(Error::Busy)), "one runs and eight wait");
    assert!(matches!(engine.converse(too_long()), Err(Error::Busy)), "no prompt is looked at before there is room");
    drop((running, waiting));
    // All of them are given up, so this one is next.
    let prompt = Prompt { messages: vec![says(Role::User, "Say hello.")], sampling: greedy(5), ..Prompt::default() };
    assert!(ask(engine, &prompt).await.usage.output > 0);

    assert!(matches!(engine.converse(too_long()), Err(Error::TooLong { tokens: 40_000.., limit: 32_768 })));
}
