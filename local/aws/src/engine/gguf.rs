//! An open-weights model in this process.

use std::sync::Arc;

use directories::ProjectDirs;
use futures::{StreamExt, stream};
use local_engine::{Engine, Prompt, Source};

use super::{Piece, Pieces, Stop, Usage, too_long};
use crate::{Error, reply::Refusal, server::Failure};

pub(crate) struct Gguf {
    engine: Arc<Engine>,
}

impl Gguf {
    /// Weights are kept in the user's cache folder, and fetched into it where they are not there yet.
    pub(crate) async fn load(source: &Source) -> Result<Gguf, Error> {
        let folders = ProjectDirs::from("", "", "serverless-genai-rust").ok_or(Error::NoHome)?;
        let engine = Engine::load(source, folders.cache_dir()).await.map_err(Error::Engine)?;
        Ok(Gguf { engine: Arc::new(engine) })
    }

    pub(crate) async fn converse(&self, prompt: Prompt) -> Result<Pieces, Failure> {
        let mut pieces = self.prepare(move |engine| engine.converse(prompt)).await?;
        // A prompt that is refused is refused by status, which has to be known before an answer begins.
        let first = pieces.next().await.transpose().map_err(refusal)?;
        let rest = pieces.map(|piece| piece.map(translated).map_err(|error| Failure::Refused(refusal(error))));
        Ok(stream::iter(first.map(|piece| Ok(translated(piece)))).chain(rest).boxed())
    }

    pub(crate) async fn count_tokens(&self, prompt: Prompt) -> Result<u32, Failure> {
        self.prepare(move |engine| engine.count_tokens(&prompt)).await
    }

    /// A long prompt keeps template and tokenizer busy for long enough to hold up other requests.
    async fn prepare<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, local_engine::Error> + Send + 'static,
    ) -> Result<T, Failure> {
        let engine = Arc::clone(&self.engine);
        let done = tokio::task::spawn_blocking(move || work(&engine)).await;
        let done = done.map_err(|error| Refusal::new(500, "InternalServerException", error.to_string()))?;
        Ok(done.map_err(refusal)?)
    }
}

fn translated(piece: local_engine::Piece) -> Piece {
    match piece {
        local_engine::Piece::Text(text) => Piece::Text(text),
        local_engine::Piece::ToolCall { id, name, input } => Piece::ToolCall { id, name, input },
        local_engine::Piece::End { stop, usage } => {
            let stop = match stop {
                local_engine::Stop::EndTurn => Stop::because("end_turn"),
                local_engine::Stop::MaxTokens => Stop::because("max_tokens"),
                local_engine::Stop::ToolUse => Stop::because("tool_use"),
                local_engine::Stop::StopSequence(sequence) => {
                    Stop { reason: "stop_sequence".into(), sequence: Some(sequence) }
                }
            };
            Piece::End { stop, usage: Usage { input: usage.input, output: usage.output, cached: usage.cached } }
        }
    }
}

fn refusal(error: local_engine::Error) -> Refusal {
    match error {
        local_engine::Error::Busy => {
            Refusal::new(429, "ThrottlingException", "Too many requests, please wait before trying again.")
        }
        local_engine::Error::TooLong { tokens, limit } => too_long(tokens, limit),
        local_engine::Error::Invalid(message) => {
            Refusal::validation(format!("The model returned the following errors: {message}"))
        }
        local_engine::Error::Failed(_) => Refusal::new(424, "ModelErrorException", error.to_string()),
    }
}
