//! Measures a model: `cargo run -p local-engine --example speed -- --model small|default|FILE [--prompt TOKENS]`.

use std::{error::Error, path::PathBuf, time::Instant};

use futures::StreamExt;
use local_engine::{Engine, Message, Part, Piece, Prompt, Role, Sampling, Source};

const ANSWER_TOKENS: u32 = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut source = Source::Small;
    let mut prompt_tokens = 512;
    let mut arguments = std::env::args().skip(1);
    while let (Some(flag), Some(value)) = (arguments.next(), arguments.next()) {
        match (flag.as_str(), value.as_str()) {
            ("--model", "default") => source = Source::Default,
            ("--model", "small") => source = Source::Small,
            ("--model", path) => source = Source::File(path.into()),
            ("--prompt", tokens) => prompt_tokens = tokens.parse()?,
            (flag, _) => return Err(format!("the flag {flag} is not known").into()),
        }
    }
    let folders =
        directories::ProjectDirs::from("", "", "serverless-genai-rust").ok_or("there is no home directory")?;
    let cache: PathBuf = folders.cache_dir().into();

    let began = Instant::now();
    let engine = Engine::load(&source, &cache).await?;
    println!("{}: loaded in {:.1} s", engine.name(), began.elapsed().as_secs_f64());

    // Numbers are a token a digit, and a story goes on for as long as it is let.
    let numbers: Vec<String> = (0..prompt_tokens / 4).map(|number| format!("{}", 100 + number % 900)).collect();
    let text = format!("{}\nForget these numbers and tell me a long story about a lighthouse.", numbers.join(" "));
    let message = Message { role: Role::User, parts: vec![Part::Text(text)] };
    let sampling = Sampling { max_tokens: Some(ANSWER_TOKENS), temperature: Some(0.0), ..Sampling::default() };
    let mut pieces = engine.converse(Prompt { messages: vec![message], sampling, ..Prompt::default() })?;

    let began = Instant::now();
    let mut first = None;
    while let Some(piece) = pieces.next().await {
        match piece? {
            Piece::End { usage, .. } => {
                let first = first.unwrap_or_else(Instant::now);
                let prompt = (first - began).as_secs_f64();
                let answer = first.elapsed().as_secs_f64();
                println!("prompt: {} tokens, {:.1} tokens/s", usage.input, f64::from(usage.input) / prompt);
                println!("answer: {} tokens, {:.1} tokens/s", usage.output, f64::from(usage.output - 1) / answer);
            }
            Piece::Text(_) | Piece::ToolCall { .. } => {
                first.get_or_insert_with(Instant::now);
            }
        }
    }
    Ok(())
}
