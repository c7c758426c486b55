//! Any server that speaks OpenAI's chat completions: Ollama, llama.cpp, vLLM …

mod sse;
mod wire;

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use local_engine::Prompt;
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};

use self::{
    sse::Lines,
    wire::{Chunk, Completion, Gathering},
};
use super::{Piece, Pieces};
use crate::{Error, reply::Refusal, server::Failure};

const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
/// Between two bytes; the first token of a long prompt on a small machine takes minutes.
const ANSWERS_WITHIN: Duration = Duration::from_secs(300);

pub(crate) struct OpenAi {
    client: Client,
    url: Url,
    key: Option<String>,
    model: String,
}

impl OpenAi {
    /// The user part of the address, where there is one, is sent as the bearer token.
    pub(crate) fn new(base: &str, model: &str) -> Result<OpenAi, Error> {
        let invalid = |reason: String| Error::Address { url: base.to_owned(), reason };
        let mut url = Url::parse(&format!("{}/chat/completions", base.trim_end_matches('/')))
            .map_err(|error| invalid(error.to_string()))?;
        let key = (!url.username().is_empty()).then(|| url.username().to_owned());
        url.set_username("").map_err(|()| invalid("it has no host".to_owned()))?;
        url.set_password(None).map_err(|()| invalid("it has no host".to_owned()))?;
        let client = Client::builder()
            .connect_timeout(CONNECTS_WITHIN)
            .read_timeout(ANSWERS_WITHIN)
            .tcp_nodelay(true)
            .build()
            .map_err(Error::Client)?;
        Ok(OpenAi { client, url, key, model: model.to_owned() })
    }

    pub(crate) async fn converse(&self, prompt: Prompt) -> Result<Pieces, Failure> {
        let mut body = wire::request(&self.model, &prompt)?;
        body["stream"] = json!(true);
        body["stream_options"] = json!({ "include_usage": true });
        let response = self.send(&body).await?;

        let url = self.url.clone();
        let bytes = response.bytes_stream().map_err(move |error| failed(&url, &error));
        let chunks = Lines::of(bytes.boxed()).map(|data| data.and_then(|data| Chunk::parse(&data)));
        let pieces =
            stream::unfold((chunks.boxed(), Some(Gathering::default())), |(mut chunks, gathering)| async move {
                let mut gathering = gathering?;
                loop {
                    match chunks.next().await {
                        Some(Ok(chunk)) => match gathering.take(chunk) {
                            Ok(Some(text)) => return Some((vec![Ok(Piece::Text(text))], (chunks, Some(gathering)))),
                            Ok(None) => {}
                            Err(refusal) => return Some((vec![Err(Failure::Refused(refusal))], (chunks, None))),
                        },
                        Some(Err(refusal)) => return Some((vec![Err(Failure::Refused(refusal))], (chunks, None))),
                        None => return Some((gathering.finish(), (chunks, None))),
                    }
                }
            });
        Ok(pieces.flat_map(stream::iter).boxed())
    }

    /// The server counts: it is asked for one token and says how long the prompt was.
    pub(crate) async fn count_tokens(&self, mut prompt: Prompt) -> Result<u32, Failure> {
        prompt.sampling.max_tokens = Some(1);
        let response = self.send(&wire::request(&self.model, &prompt)?).await?;
        let completion: Completion = response.json().await.map_err(|error| failed(&self.url, &error))?;
        let counted = completion.usage.map(|usage| usage.prompt_tokens);
        Ok(counted.ok_or_else(|| Refusal::validation("The provided model doesn't support counting tokens."))?)
    }

    async fn send(&self, body: &Value) -> Result<Response, Refusal> {
        let mut request = self.client.post(self.url.clone()).json(body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await.map_err(|error| failed(&self.url, &error))?;
        let status = response.status().as_u16();
        if response.status().is_success() {
            return Ok(response);
        }
        let said = response.text().await.unwrap_or_default();
        Err(refused(&self.url, status, &wire::error_text(&said)))
    }
}

/// The server's own refusals, as Bedrock would put them.
fn refused(url: &Url, status: u16, said: &str) -> Refusal {
    let message = format!("The server at {url} answered {status}: {said}");
    match status {
        400 | 413 | 422 => Refusal::validation(message),
        401 | 403 => Refusal::new(403, "AccessDeniedException", message),
        404 => Refusal::new(404, "ResourceNotFoundException", message),
        408 | 504 => Refusal::new(408, "ModelTimeoutException", message),
        429 => Refusal::new(429, "ThrottlingException", message),
        502 | 503 => Refusal::new(503, "ServiceUnavailableException", message),
        _ => Refusal::new(424, "ModelErrorException", message),
    }
}

fn failed(url: &Url, error: &reqwest::Error) -> Refusal {
    if error.is_timeout() && !error.is_connect() {
        return Refusal::new(408, "ModelTimeoutException", format!("The server at {url} did not answer in time"));
    }
    if error.is_connect() {
        let message = format!("The server at {url} cannot be reached: is it running? ({})", root_cause(error));
        return Refusal::new(503, "ServiceUnavailableException", message);
    }
    let message = format!("The server at {url} failed: {}", root_cause(error));
    Refusal::new(424, "ModelErrorException", message)
}

/// reqwest's own text repeats the address; the cause says what happened.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
