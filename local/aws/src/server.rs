//! The port: connections in, each request to the service it is for.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    athena,
    bedrock::Bedrock,
    calls::{Calls, Ongoing},
    control,
    dynamodb::DynamoDb,
    engine::Engine,
    faults::{Faults, Hit},
    kendra,
    real::RealAws,
    reply::{Body, Cut, Refusal, json_reply},
    route::Target,
    s3::S3,
};

/// The largest body of any operation: Bedrock's 25 million bytes of InvokeModel, as base64 in CountTokens.
const MAX_BODY: usize = 34_000_000;
/// Of a longer body this much is still read: a client that is sending would see a broken connection, not the answer.
const MAX_DISCARDED: usize = 4 * MAX_BODY;
/// How long requests that are under way may take to end once the server stops.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

pub(crate) struct State {
    pub(crate) engine: Engine,
    pub(crate) bedrock: Bedrock,
    pub(crate) dynamodb: DynamoDb,
    pub(crate) athena: athena::Service,
    pub(crate) kendra: kendra::Service,
    pub(crate) s3: S3,
    pub(crate) real: Option<RealAws>,
    pub(crate) calls: Calls,
    pub(crate) faults: Faults,
}

/// Serves until `stopping`, then lets requests under way end.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>, stopping: CancellationToken) {
    let mut http = http1::Builder::new();
    // Clients keep connections for minutes between calls, and none of them is an attacker.
    http.header_read_timeout(None);
    let connections = GracefulShutdown::new();

    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                pause_after(&error).await;
                continue;
            }
        };
        // Small answers must not wait for an acknowledgement of the ones before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection closed as it was opened");
            continue;
        }
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(Arc::clone(&state), request));
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }

    drop(listener);
    if tokio::time::timeout(STOPS_WITHIN, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the server stopped");
    }
}

/// Out of file descriptors, `accept` fails at once and again: a pause lets connections end.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
    let (parts, body) = request.into_parts();
    let is_control = parts.uri.path().starts_with(control::PREFIX);
    let target = Target::of(&parts);
    let body = match read(body).await {
        Ok(body) => body,
        Err(refusal) if is_control => {
            let body = json!({ "message": refusal.message });
            return Ok(json_reply(StatusCode::PAYLOAD_TOO_LARGE, "application/json", &body));
        }
        Err(refusal) => return Ok(target.protocol.refuse(&refusal)),
    };
    let target = target.named_in(&body);
    if is_control {
        return Ok(control::answer(&state, &parts.method, &parts.uri, &body));
    }

    let ongoing = state.calls.begin(&target, &parts.headers, &body);
    match state.faults.meet(&target) {
        Some(Hit::Cut) => return Err(Cut),
        Some(Hit::Refuse(refusal)) => return Ok(until_sent(target.protocol.refuse(&refusal), ongoing)),
        Some(Hit::Delay(delay)) => tokio::time::sleep(delay).await,
        None => {}
    }

    let protocol = target.protocol;
    let answered = match (&state.real, target.service.as_ref()) {
        (Some(real), service) if real.takes(service) => real.forward(service, parts, body).await,
        (_, "dynamodb") => state.dynamodb.answer(&target, parts, body).await,
        (_, "bedrock") => state.bedrock.answer(&state.engine, &target, &parts, &body).await,
        (_, "athena") => state.athena.answer(&target, &body).await,
        (_, "kendra") => state.kendra.answer(&target, &body).await,
        (_, "s3") => state.s3.answer(&target, parts, body).await,
        (_, service) => Err(Refusal::not_here(service, &target.operation).into()),
    };
    match answered {
        Ok(response) => Ok(until_sent(response, ongoing)),
        Err(Failure::Refused(refusal)) => Ok(until_sent(protocol.refuse(&refusal), ongoing)),
        Err(Failure::Cut) => Err(Cut),
    }
}

/// Why a service does not answer with what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the connection is cut")]
    Cut,
}

fn until_sent(response: Response<Body>, ongoing: Ongoing) -> Response<Body> {
    ongoing.answered(response.status().as_u16());
    response.map(|body| body.ending(ongoing))
}

async fn read(mut body: Incoming) -> Result<Bytes, Refusal> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Refusal::serialization(format!("The request's body could not be read: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= MAX_BODY {
            kept.extend_from_slice(&data);
        } else if length > MAX_DISCARDED {
            break;
        }
    }
    match length > MAX_BODY {
        true => {
            Err(Refusal::new(413, "RequestEntityTooLargeException", "Request size exceeded the limit of the service"))
        }
        false => Ok(kept.into()),
    }
}
