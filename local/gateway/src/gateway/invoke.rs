//! Lambda: runs a function for one event, to its own end or to its deadline, whether or not anybody still listens.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::{StreamExt, future::BoxFuture};
use lambda_runtime::{Context, FunctionResponse, LambdaEvent, MetadataPrelude};
use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use super::sandbox::Invocations;
use crate::{
    functions::{Invocation, Response},
    template::{ACCOUNT, REGION},
};

/// Lambda's limit for an event and for a buffered response.
pub(super) const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// Pieces of a stream that may wait for a slow client before the function has to.
const PIECES_UNDER_WAY: usize = 16;

pub(crate) type Handler = Box<dyn Fn(Invocation) -> BoxFuture<'static, Response> + Send + Sync>;

/// A function and how Lambda runs it.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) handler: Handler,
    pub(crate) timeout: Duration,
    /// MiB; what the function is told, not what it gets.
    pub(crate) memory: i32,
}

/// What came of an invocation.
pub(super) enum Outcome {
    /// The payload as Lambda would pass it on.
    Buffered(Vec<u8>),
    Streaming {
        prelude: MetadataPrelude,
        pieces: mpsc::Receiver<Piece>,
    },
}

/// A part of a stream. One that closes without `End` has lost its function.
pub(super) enum Piece {
    Bytes(Bytes),
    End,
    Cut(Cut),
}

/// A function that gave no response. The reason goes to the log; a caller learns nothing of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the event is not one that the function can read: {0}")]
    Event(#[source] serde_json::Error),
    #[error("the response cannot be written as JSON: {0}")]
    Response(#[source] serde_json::Error),
    #[error("the response is larger than {PAYLOAD_LIMIT} bytes")]
    TooLarge,
    #[error("the function did not end within {0:?}")]
    TimedOut(Duration),
    #[error("the function panicked, or was stopped")]
    Crashed,
}

/// Why a stream ends before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    #[error("the function failed in mid-stream: {0}")]
    Failed(#[source] lambda_runtime::Error),
    #[error("the function did not end within {0:?}")]
    TimedOut(Duration),
    #[error("the function panicked, or was stopped")]
    Crashed,
}

impl Function {
    /// The invocation outlives the caller's connection: dropping the returned future stops nothing.
    pub(super) async fn invoke(
        self: &Arc<Self>,
        invocations: &Invocations,
        event: Value,
        trace_id: &str,
    ) -> Result<Outcome, Failure> {
        let payload = serde_json::from_value(event).map_err(Failure::Event)?;
        let invocation = LambdaEvent::new(payload, self.context(trace_id));
        let (sender, receiver) = oneshot::channel();
        invocations.spawn(Arc::clone(self).run(invocation, sender));
        receiver.await.unwrap_or(Err(Failure::Crashed))
    }

    async fn run(self: Arc<Self>, invocation: Invocation, outcome: oneshot::Sender<Result<Outcome, Failure>>) {
        let deadline = Instant::now() + self.timeout;
        // Whoever waited for an outcome that cannot be sent has gone, which concerns no function.
        let response = match timeout_at(deadline, (self.handler)(invocation)).await {
            Ok(response) => response,
            Err(_) => {
                let _ = outcome.send(Err(Failure::TimedOut(self.timeout)));
                return;
            }
        };
        let mut stream = match response {
            FunctionResponse::BufferedResponse(response) => {
                let payload = serde_json::to_vec(&response).map_err(Failure::Response);
                let _ = outcome.send(payload.and_then(|payload| match payload.len() {
                    0..=PAYLOAD_LIMIT => Ok(Outcome::Buffered(payload)),
                    _ => Err(Failure::TooLarge),
                }));
                return;
            }
            FunctionResponse::StreamingResponse(response) => {
                let (sender, pieces) = mpsc::channel(PIECES_UNDER_WAY);
                let _ = outcome.send(Ok(Outcome::Streaming { prelude: response.metadata_prelude, pieces }));
                Forward { sender, stream: response.stream }
            }
        };
        if timeout_at(deadline, stream.drain()).await.is_err() {
            let _ = stream.sender.send(Piece::Cut(Cut::TimedOut(self.timeout))).await;
        }
    }

    fn context(&self, trace_id: &str) -> Context {
        let ends = SystemTime::now() + self.timeout;
        let mut context = Context::default();
        context.request_id = Uuid::new_v4().to_string();
        context.deadline = ends.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        context.invoked_function_arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", self.name);
        context.xray_trace_id = Some(trace_id.to_owned());
        context.env_config = Arc::new(lambda_runtime::Config {
            function_name: self.name.clone(),
            memory: self.memory,
            version: "$LATEST".to_owned(),
            ..lambda_runtime::Config::default()
        });
        context
    }
}

struct Forward<S> {
    sender: mpsc::Sender<Piece>,
    stream: S,
}

impl<S: futures::Stream<Item = Result<Bytes, lambda_runtime::Error>> + Unpin> Forward<S> {
    /// Reads the stream also when nobody takes the pieces any more: the function is not told that its caller went.
    async fn drain(&mut self) {
        while let Some(piece) = self.stream.next().await {
            match piece {
                Ok(bytes) => {
                    let _ = self.sender.send(Piece::Bytes(bytes)).await;
                }
                Err(error) => {
                    let _ = self.sender.send(Piece::Cut(Cut::Failed(error))).await;
                    return;
                }
            }
        }
        let _ = self.sender.send(Piece::End).await;
    }
}

#[cfg(test)]
mod tests;
