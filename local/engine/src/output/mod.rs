//! What happens to the model's tokens on their way to the caller.

mod calls;
mod json;
mod stop;
mod utf8;

pub(crate) use calls::CallParser;
use stop::StopMatcher;
use utf8::Utf8;

use crate::Piece;

/// Bytes of tokens in, pieces of the answer out: characters are made whole, stop sequences cut, tool calls read.
pub(crate) struct Output {
    utf8: Utf8,
    stop: StopMatcher,
    /// Only where tools were offered; otherwise text that looks like a call is text.
    calls: Option<CallParser>,
    called: bool,
}

impl Output {
    pub(crate) fn new(stop_sequences: Vec<String>, calls: Option<CallParser>) -> Output {
        Output { utf8: Utf8::default(), stop: StopMatcher::new(stop_sequences), calls, called: false }
    }

    /// The pieces that are certain now, and the stop sequence that ends the answer, if one did.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> (Vec<Piece>, Option<String>) {
        let text = self.utf8.push(bytes);
        let (text, stopped) = self.stop.push(&text);
        let pieces = match &stopped {
            None => self.parse(&text),
            Some(_) => self.close(&text, false),
        };
        (pieces, stopped)
    }

    /// What was held back. `ended` says that the model ended its answer, rather than being cut off.
    pub(crate) fn finish(&mut self, ended: bool) -> (Vec<Piece>, Option<String>) {
        let text = self.utf8.finish();
        let (mut text, stopped) = self.stop.push(&text);
        if stopped.is_none() {
            text.push_str(&self.stop.finish());
        }
        let pieces = self.close(&text, ended && stopped.is_none());
        (pieces, stopped)
    }

    /// Whether a tool was called.
    pub(crate) fn called(&self) -> bool {
        self.called
    }

    fn parse(&mut self, text: &str) -> Vec<Piece> {
        let pieces = match &mut self.calls {
            Some(calls) => calls.push(text),
            None if text.is_empty() => Vec::new(),
            None => vec![Piece::Text(text.to_owned())],
        };
        self.noted(pieces)
    }

    fn close(&mut self, text: &str, ended: bool) -> Vec<Piece> {
        let mut pieces = self.parse(text);
        let rest = self.calls.as_mut().map(|calls| calls.finish(ended)).unwrap_or_default();
        pieces.extend(self.noted(rest));
        pieces
    }

    fn noted(&mut self, pieces: Vec<Piece>) -> Vec<Piece> {
        self.called |= pieces.iter().any(|piece| matches!(piece, Piece::ToolCall { .. }));
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: Vec<Piece>) -> String {
        pieces.into_iter().map(|piece| if let Piece::Text(text) = piece { text } else { panic!("{piece:?}") }).collect()
    }

    #[test]
    fn a_stop_sequence_is_cut_though_tokens_split_its_characters() {
        let mut output = Output::new(vec!["→ END".into()], None);
        let mut said = String::new();
        let mut stopped = None;
        for byte in "so → on → END never".as_bytes() {
            let (pieces, stop) = output.push(&[*byte]);
            said.push_str(&text(pieces));
            if stop.is_some() {
                stopped = stop;
                break;
            }
        }
        assert_eq!((said.as_str(), stopped.as_deref()), ("so → on ", Some("→ END")));
    }

    #[test]
    fn what_only_began_like_a_stop_sequence_comes_at_the_end() {
        let mut output = Output::new(vec!["END".into()], None);
        assert_eq!(text(output.push(b"the EN").0), "the ");
        assert_eq!(text(output.finish(true).0), "EN");
    }
}
