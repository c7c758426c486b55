use std::{
    error::Error,
    io::Read,
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use flate2::read::GzDecoder;
use reqwest::{
    Client, Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, LOCATION, RETRY_AFTER},
};
use url::Url;

use crate::{
    events::{Failure, Skip},
    pace::Pace,
    settings::{Limits, Settings},
};

/// Asks for one place at a time, no faster than the hosts want it, and again where that may help.
pub(crate) struct Fetcher {
    client: Client,
    pub(crate) pace: Pace,
    limits: Limits,
}

#[derive(Debug)]
pub(crate) enum Reply {
    Body(Body),
    /// Not followed, as it may lead anywhere.
    Redirect(String),
    Gone,
    /// Not read, or not to its end.
    Skipped(Skip),
}

#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// A request that brought nothing.
struct Missed {
    failure: Failure,
    /// Whether another request may bring more, and how long the server wants it to be put off.
    again: Option<Option<Duration>>,
}

impl Fetcher {
    pub(crate) fn new(settings: &Settings, client: Client) -> Fetcher {
        Fetcher { client, pace: Pace::new(settings.gap), limits: settings.limits.clone() }
    }

    /// Gets what is at `url` if `wanted` wants it, by its headers, and it has at most `most` bytes.
    pub(crate) async fn get(
        &self,
        url: &Url,
        most: u64,
        wanted: impl Fn(&HeaderMap) -> Result<(), Skip>,
    ) -> Result<Reply, Failure> {
        let host = url.host_str().unwrap_or_default();
        let mut attempt = 1;
        loop {
            self.pace.turn(host).await;
            let missed = match self.attempt(url, most, &wanted).await {
                Ok(reply) => return Ok(reply),
                Err(missed) => missed,
            };
            let Some(after) = missed.again.filter(|_| attempt < self.limits.attempts) else {
                return Err(missed.failure);
            };
            let pause = after.unwrap_or(self.limits.backoff * 2_u32.pow(attempt - 1));
            if pause > self.limits.patience {
                return Err(missed.failure);
            }
            tracing::debug!(%url, failure = %missed.failure, ?pause, "asking again");
            self.pace.pause(host, pause);
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        url: &Url,
        most: u64,
        wanted: impl Fn(&HeaderMap) -> Result<(), Skip>,
    ) -> Result<Reply, Missed> {
        let request = self.client.get(url.clone()).header(ACCEPT, "text/html, */*;q=0.8");
        // A page's size would be known only after unpacking.
        let response = request.header(ACCEPT_ENCODING, "identity").send().await.map_err(missed)?;
        let status = response.status();
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Reply::Gone),
            _ if status.is_redirection() => match response.headers().get(LOCATION) {
                Some(location) => Ok(Reply::Redirect(String::from_utf8_lossy(location.as_bytes()).into_owned())),
                None => Err(refused(status, None)),
            },
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(refused(status, Some(retry_after(response.headers()))))
            }
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => Err(refused(status, Some(None))),
            _ if !status.is_success() => Err(refused(status, None)),
            _ => match wanted(response.headers()) {
                Err(skip) => Ok(Reply::Skipped(skip)),
                Ok(()) => body(response, most).await,
            },
        }
    }
}

/// Stops as soon as there is too much, by what the server announces or by what came.
async fn body(mut response: Response, most: u64) -> Result<Reply, Missed> {
    if response.content_length().is_some_and(|length| length > most) {
        return Ok(Reply::Skipped(Skip::TooLarge));
    }
    let mut bytes = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(missed)? {
        if (bytes.len() + piece.len()) as u64 > most {
            return Ok(Reply::Skipped(Skip::TooLarge));
        }
        bytes.extend_from_slice(&piece);
    }
    let headers = std::mem::take(response.headers_mut());
    match headers.get(CONTENT_ENCODING).map(|coding| coding.to_str().unwrap_or("?").trim()) {
        None | Some("identity" | "") => Ok(Reply::Body(Body { headers, bytes: bytes.freeze() })),
        // Some servers pack whatever one asks for.
        Some("gzip" | "x-gzip") => Ok(match unpack(&bytes, most)? {
            Some(bytes) => Reply::Body(Body { headers, bytes }),
            None => Reply::Skipped(Skip::TooLarge),
        }),
        Some(coding) => Err(Missed { failure: Failure::Encoding(coding.to_owned()), again: None }),
    }
}

/// `None` if it is larger than `most`, however small it was packed.
fn unpack(bytes: &[u8], most: u64) -> Result<Option<Bytes>, Missed> {
    let mut unpacked = Vec::new();
    let read = GzDecoder::new(bytes).take(most + 1).read_to_end(&mut unpacked);
    read.map_err(|_| Missed { failure: Failure::Encoding("gzip".into()), again: None })?;
    Ok((unpacked.len() as u64 <= most).then(|| unpacked.into()))
}

fn refused(status: StatusCode, again: Option<Option<Duration>>) -> Missed {
    Missed { failure: Failure::Status(status.as_u16()), again }
}

fn missed(error: reqwest::Error) -> Missed {
    if error.is_timeout() {
        // Another attempt would take as long.
        return Missed { failure: Failure::Timeout, again: None };
    }
    if error.is_body() || error.is_decode() {
        return Missed { failure: Failure::CutOff, again: Some(None) };
    }
    // The outer errors only say that there was one.
    let mut cause: &dyn Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Missed { failure: Failure::Connection(cause.to_string()), again: Some(None) }
}

/// In seconds or as a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}
