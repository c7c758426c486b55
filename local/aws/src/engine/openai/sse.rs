//! The `data:` lines of a stream of server-sent events.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream::BoxStream};

use crate::reply::Refusal;

/// A line longer than this is no answer of a model.
const MAX_LINE: usize = 8 << 20;

/// Yields what follows `data:` in each line, until `[DONE]` or the end of the bytes.
pub(super) struct Lines {
    bytes: BoxStream<'static, Result<Bytes, Refusal>>,
    buffered: BytesMut,
    is_done: bool,
}

impl Lines {
    pub(super) fn of(bytes: BoxStream<'static, Result<Bytes, Refusal>>) -> Lines {
        Lines { bytes, buffered: BytesMut::new(), is_done: false }
    }

    fn next_line(&mut self) -> Option<BytesMut> {
        let end = self.buffered.iter().position(|byte| *byte == b'\n')?;
        Some(self.buffered.split_to(end + 1))
    }
}

impl Stream for Lines {
    type Item = Result<Vec<u8>, Refusal>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            while let Some(line) = (!self.is_done).then(|| self.next_line()).flatten() {
                match line.strip_prefix(b"data:").map(<[u8]>::trim_ascii) {
                    Some(b"[DONE]") => self.is_done = true,
                    Some(data) if !data.is_empty() => return Poll::Ready(Some(Ok(data.to_vec()))),
                    _ => {}
                }
            }
            if self.is_done {
                return Poll::Ready(None);
            }
            match ready!(self.bytes.as_mut().poll_next(context)) {
                Some(Ok(bytes)) if self.buffered.len() + bytes.len() <= MAX_LINE => {
                    self.buffered.extend_from_slice(&bytes)
                }
                Some(Ok(_)) => {
                    self.is_done = true;
                    let message = "The server sent a line that is too long";
                    return Poll::Ready(Some(Err(Refusal::new(424, "ModelErrorException", message))));
                }
                Some(Err(error)) => {
                    self.is_done = true;
                    return Poll::Ready(Some(Err(error)));
                }
                // The last line may lack its end.
                None => {
                    self.buffered.extend_from_slice(b"\n");
                    let line = self.next_line().unwrap_or_default();
                    self.is_done = true;
                    return match line.strip_prefix(b"data:").map(<[u8]>::trim_ascii) {
                        Some(data) if !data.is_empty() && data != b"[DONE]" => Poll::Ready(Some(Ok(data.to_vec()))),
                        _ => Poll::Ready(None),
                    };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt, stream};
    use proptest::prelude::*;

    use super::*;

    fn lines(parts: Vec<Bytes>) -> Vec<String> {
        let bytes = stream::iter(parts).map(Ok).boxed();
        let lines = Lines::of(bytes).map(|line| String::from_utf8(line.unwrap()).unwrap());
        lines.collect().now_or_never().unwrap()
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_lines_are_the_same(
            said in prop::collection::vec("[^\\s]{1,12}( ☕)?", 0..8),
            cuts in prop::collection::vec(0usize..400, 0..12),
            is_closed in any::<bool>(),
            newline in prop::sample::select(vec!["\n", "\r\n"]),
        ) {
            prop_assume!(said.iter().all(|line| line != "[DONE]"));
            let mut text: String = said.iter().map(|line| format!(": note{newline}data: {line}{newline}{newline}")).collect();
            if is_closed {
                text.push_str("data: [DONE]\n\ndata: nothing more\n\n");
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|cut| Bytes::copy_from_slice(&text.as_bytes()[cut[0]..cut[1]]));
            prop_assert_eq!(lines(parts.collect()), said);
        }
    }

    #[test]
    fn the_last_line_may_lack_its_end() {
        assert_eq!(lines(vec![Bytes::from_static(b"data: a\ndata: b")]), ["a", "b"]);
    }
}
