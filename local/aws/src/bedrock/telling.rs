//! An engine's pieces, gathered into one answer or told as they come.

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde_json::Value;

use super::frame;
use crate::{
    engine::{Piece, Pieces, Stop, Usage},
    reply::{Cut, Refusal},
    server::Failure,
};

/// A finished answer.
pub(super) struct Answer {
    pub(super) blocks: Vec<Block>,
    pub(super) stop: Stop,
    pub(super) usage: Usage,
}

pub(super) enum Block {
    Text(String),
    ToolCall { id: String, name: String, input: Value },
}

pub(super) async fn gathered(mut pieces: Pieces) -> Result<Answer, Failure> {
    let mut blocks: Vec<Block> = Vec::new();
    while let Some(piece) = pieces.next().await {
        match (piece.map_err(unstreamed)?, blocks.last_mut()) {
            (Piece::Text(more), Some(Block::Text(text))) => text.push_str(&more),
            (Piece::Text(text), _) => blocks.push(Block::Text(text)),
            (Piece::ToolCall { id, name, input }, _) => blocks.push(Block::ToolCall { id, name, input }),
            (Piece::End { stop, usage }, _) => {
                blocks.retain(|block| !matches!(block, Block::Text(text) if text.is_empty()));
                return Ok(Answer { blocks, stop, usage });
            }
        }
    }
    Err(no_end().into())
}

/// The frames of a stream: `start`, then what `tell` makes of each piece, up to the end or the first error.
pub(super) fn told(
    start: Bytes,
    pieces: Pieces,
    tell: impl FnMut(Piece) -> Vec<Bytes> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send + 'static {
    let frames = stream::unfold((Some(pieces), tell), |(pieces, mut tell)| async move {
        let mut pieces = pieces?;
        let (frames, is_over) = match pieces.next().await {
            Some(Ok(piece)) => {
                let is_end = matches!(piece, Piece::End { .. });
                (tell(piece).into_iter().map(Ok).collect(), is_end)
            }
            Some(Err(error)) => (vec![frame::failure(&error)], true),
            None => (vec![frame::failure(&no_end().into())], true),
        };
        Some((frames, ((!is_over).then_some(pieces), tell)))
    });
    stream::iter([Ok(start)]).chain(frames.flat_map(stream::iter))
}

/// A stream's own error does not exist where nothing is streamed.
fn unstreamed(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(refusal) if refusal.code == "ModelStreamErrorException" => {
            Failure::Refused(Refusal { code: "ModelErrorException".into(), ..refusal })
        }
        other => other,
    }
}

fn no_end() -> Refusal {
    Refusal::new(424, "ModelErrorException", "The model ended without an answer")
}
