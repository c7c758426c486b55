//! The API, as its client sees it.

use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use reqwest::{Client, RequestBuilder, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use sse_stream::SseStream;

use super::part::Part;

const CONNECTS_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{url} does not answer: {source}")]
    Unreachable { url: String, source: reqwest::Error },
    /// What the API says of it.
    #[error("{0}")]
    Refused(String),
    #[error("the answer broke off: {0}")]
    BrokeOff(String),
    #[error("the API answered something else than it should: {0}")]
    Unexpected(#[source] reqwest::Error),
    #[error("the terminal cannot be read: {0}")]
    Terminal(#[from] rustyline::error::ReadlineError),
    #[error("line {0} of the input is not UTF-8")]
    NotText(u64),
    #[error("the messages cannot be read, or the answers not written: {0}")]
    Pipe(#[from] std::io::Error),
}

#[derive(Deserialize)]
pub(super) struct Session {
    pub(super) session_id: String,
    pub(super) title: String,
    pub(super) turns: u64,
}

#[derive(Deserialize)]
struct Sessions {
    sessions: Vec<Session>,
}

#[derive(Clone)]
pub(super) struct Api {
    client: Client,
    url: String,
    token: Option<String>,
}

impl Api {
    pub(super) fn new(url: &str, token: Option<String>) -> Result<Self, Error> {
        // reqwest is built without a provider of cryptography; whoever comes first in the process sets it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = url.trim_end_matches('/').to_owned();
        let client = Client::builder().connect_timeout(CONNECTS_WITHIN).build();
        let client = client.map_err(|source| Error::Unreachable { url: url.clone(), source })?;
        Ok(Self { client, url, token })
    }

    /// Says one thing; the parts of the answer as they come.
    pub(super) async fn say(
        &self,
        message: &str,
        session: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Part, Error>> + use<>, Error> {
        let mut body = json!({ "message": message });
        if let Some(session) = session {
            body["session_id"] = json!(session);
        }
        let response = self.send(self.client.post(format!("{}/chat/stream", self.url)).json(&body)).await?;
        Ok(parts(response))
    }

    pub(super) async fn sessions(&self) -> Result<Vec<Session>, Error> {
        let response = self.send(self.client.get(format!("{}/sessions", self.url))).await?;
        Ok(response.json::<Sessions>().await.map_err(Error::Unexpected)?.sessions)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.map_err(|source| Error::Unreachable { url: self.url.clone(), source })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value = response.json().await.unwrap_or_default();
        let detail = problem["detail"].as_str().or(problem["message"].as_str());
        Err(Error::Refused(detail.map_or_else(|| status.to_string(), |detail| format!("{detail} ({status})"))))
    }
}

/// Ends after `Finish` or an error. An answer without either has broken off.
fn parts(response: Response) -> impl Stream<Item = Result<Part, Error>> {
    let events = SseStream::from_bytes_stream(response.bytes_stream());
    let events = events.filter_map(async |event| match event {
        Ok(event) => event.data.as_deref().and_then(Part::parse).map(Ok),
        Err(error) => Some(Err(Error::BrokeOff(error.to_string()))),
    });
    stream::unfold(Some(Box::pin(events)), |events| async {
        let mut events = events?;
        let part = events.next().await;
        let part = part.unwrap_or_else(|| Err(Error::BrokeOff("it has no end".to_owned())));
        let is_last = matches!(part, Ok(Part::Finish | Part::Error(_)) | Err(_));
        Some((part, (!is_last).then_some(events)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: &'static str) -> Vec<String> {
        let parts = parts(Response::from(http::Response::new(body)));
        let shown = |part: Result<Part, Error>| match part {
            Ok(part) => format!("{part:?}"),
            Err(error) => error.to_string(),
        };
        parts.map(shown).collect().await
    }

    #[tokio::test]
    async fn an_answer_ends_or_has_broken_off() {
        let text = "data: {\"type\":\"text-delta\",\"delta\":\"a\"}\n\n";
        assert_eq!(read("data: {\"type\":\"finish\"}\n\ndata: [DONE]\n\n").await, ["Finish"]);
        assert_eq!(read(": a comment\n\ndata: {\"type\":\"error\",\"errorText\":\"no\"}\n\n").await, ["Error(\"no\")"]);
        assert_eq!(read(text).await, ["Text(\"a\")", "the answer broke off: it has no end"]);
        assert_eq!(read("").await, ["the answer broke off: it has no end"]);
    }

    #[tokio::test]
    async fn who_does_not_answer_is_named() {
        let api = Api::new("http://127.0.0.1:1/", None).unwrap();
        let error = api.sessions().await.err().unwrap().to_string();
        assert!(error.starts_with("http://127.0.0.1:1 does not answer"), "{error}");
    }
}
