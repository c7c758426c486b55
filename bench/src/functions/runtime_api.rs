//! Lambda's Runtime API, for one process: its requests are handed on with the time at which they came.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
};

use super::listen::Listening;
use crate::error::Error;

/// What Lambda lets an invocation of an API's function take.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct RuntimeApi {
    server: Listening,
    requests: mpsc::UnboundedReceiver<Told>,
}

/// What a function tells.
pub(super) enum Told {
    /// It wants to be given an event.
    Ready {
        at: Instant,
        event: oneshot::Sender<Bytes>,
    },
    Answer {
        at: Instant,
        answer: Bytes,
    },
    /// An invocation or the initialisation failed.
    Failure(Bytes),
}

impl RuntimeApi {
    pub(super) async fn start() -> Result<Self, Error> {
        let (told, requests) = mpsc::unbounded_channel();
        let server = Listening::start(move |stream| serve(stream, told.clone())).await?;
        Ok(Self { server, requests })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(super) async fn told(&mut self) -> Option<Told> {
        self.requests.recv().await
    }
}

async fn serve(stream: TcpStream, told: mpsc::UnboundedSender<Told>) {
    let service = service_fn(|request| answer(request, &told));
    // It fails when the function is stopped while it waits for an event.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    told: &mpsc::UnboundedSender<Told>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let at = Instant::now();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    if parts.method == Method::GET && path.ends_with("/invocation/next") {
        let (sender, event) = oneshot::channel();
        let _ = told.send(Told::Ready { at, event: sender });
        return Ok(match event.await {
            Ok(event) => invocation(event),
            Err(_) => status(StatusCode::GONE),
        });
    }
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let _ = told.send(match path.ends_with("/response") {
        true => Told::Answer { at: Instant::now(), answer: body },
        false => Told::Failure(body),
    });
    Ok(status(StatusCode::ACCEPTED))
}

fn invocation(event: Bytes) -> Response<Full<Bytes>> {
    static INVOCATIONS: AtomicU64 = AtomicU64::new(0);
    let id = INVOCATIONS.fetch_add(1, Ordering::Relaxed);
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + TIMEOUT;
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", format!("00000000-0000-4000-8000-{id:012}"))
        .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:bench")
        .header("lambda-runtime-trace-id", "Root=1-67412f3a-3f0c5d7b1e2a4c6d8f9b0a1c;Sampled=0")
        .body(Full::new(event));
    response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
