/// Bytes to text. A character whose bytes come in several tokens is held back until it is whole.
#[derive(Default)]
pub(super) struct Utf8 {
    held: Vec<u8>,
}

impl Utf8 {
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let mut text = String::new();
        let mut used = 0;
        for chunk in self.held.utf8_chunks() {
            text.push_str(chunk.valid());
            used += chunk.valid().len();
            // Invalid bytes at the very end may be a character that is still on its way.
            let at_end = used + chunk.invalid().len() == self.held.len();
            if at_end && could_continue(chunk.invalid()) {
                break;
            }
            if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
            used += chunk.invalid().len();
        }
        self.held.drain(..used);
        text
    }

    pub(super) fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }
}

fn could_continue(bytes: &[u8]) -> bool {
    matches!(std::str::from_utf8(bytes), Err(error) if error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn holds_back_half_a_character() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.push(b"a\xF0\x9F"), "a");
        assert_eq!(utf8.push(b"\xA6\x80b"), "🦀b");
    }

    #[test]
    fn replaces_what_can_never_be_a_character() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.push(b"\xFFa\xC3"), "\u{FFFD}a");
        assert_eq!(utf8.push(b"x"), "\u{FFFD}x");
        assert_eq!(utf8.push(b"\xC3"), "");
        assert_eq!(utf8.finish(), "\u{FFFD}");
    }

    proptest! {
        #[test]
        fn the_same_however_the_bytes_are_cut(bytes: Vec<u8>, cuts: Vec<u8>) {
            let mut utf8 = Utf8::default();
            let mut text = String::new();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (now, later) = rest.split_at(rest.len().min(usize::from(cut % 5)));
                text.push_str(&utf8.push(now));
                rest = later;
            }
            text.push_str(&utf8.push(rest));
            text.push_str(&utf8.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}
