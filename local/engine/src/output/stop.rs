/// Looks for stop sequences in text that comes bit by bit, and holds back what could become one.
pub(super) struct StopMatcher {
    sequences: Vec<String>,
    held: String,
}

impl StopMatcher {
    pub(super) fn new(sequences: Vec<String>) -> StopMatcher {
        StopMatcher {
            sequences: sequences.into_iter().filter(|sequence| !sequence.is_empty()).collect(),
            held: String::new(),
        }
    }

    /// The text that is certain now, and the sequence that ended it, if one did.
    pub(super) fn push(&mut self, text: &str) -> (String, Option<String>) {
        self.held.push_str(text);
        // The sequence that is complete first wins, as if the text had come letter by letter; of those the longest.
        let met = self
            .sequences
            .iter()
            .filter_map(|sequence| self.held.find(sequence).map(|start| (start + sequence.len(), start, sequence)))
            .min_by_key(|(end, start, _)| (*end, *start));
        if let Some((_, start, sequence)) = met {
            let sequence = sequence.clone();
            let text = self.held[..start].to_owned();
            self.held.clear();
            return (text, Some(sequence));
        }
        let certain = self.held.len() - self.longest_beginning();
        (self.held.drain(..certain).collect(), None)
    }

    pub(super) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Bytes at the end of the text with which a sequence begins.
    fn longest_beginning(&self) -> usize {
        let beginning = |sequence: &String| {
            let lengths = sequence.char_indices().map(|(length, _)| length).rev();
            lengths.into_iter().find(|length| self.held.ends_with(&sequence[..*length])).unwrap_or(0)
        };
        self.sequences.iter().map(beginning).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(sequences: &[String], parts: &[String]) -> (String, Option<String>) {
        let mut matcher = StopMatcher::new(sequences.to_vec());
        let mut said = String::new();
        for part in parts {
            let (text, stopped) = matcher.push(part);
            said.push_str(&text);
            if stopped.is_some() {
                return (said, stopped);
            }
        }
        (said + &matcher.finish(), None)
    }

    #[test]
    fn cuts_before_the_sequence() {
        let sequences = ["\n\nHuman:".to_string()];
        let parts = ["fine.\n", "\nHu", "man: and"].map(String::from);
        assert_eq!(run(&sequences, &parts), ("fine.".into(), Some("\n\nHuman:".into())));
    }

    #[test]
    fn gives_text_as_soon_as_it_is_certain() {
        let mut matcher = StopMatcher::new(vec!["STOP".into()]);
        assert_eq!(matcher.push("go ST").0, "go ");
        assert_eq!(matcher.push("ART").0, "START");
    }

    proptest! {
        #[test]
        fn the_same_however_the_text_is_cut(
            sequences in prop::collection::vec("[ab]{0,3}", 0..4),
            parts in prop::collection::vec("[abc]{0,3}", 0..12),
        ) {
            let letters: Vec<String> = parts.concat().chars().map(String::from).collect();
            prop_assert_eq!(run(&sequences, &parts), run(&sequences, &letters));
        }

        #[test]
        fn nothing_is_lost(sequences in prop::collection::vec("[xy]{1,3}", 0..4), text in "[abx]{0,20}") {
            let (said, stopped) = run(&sequences, std::slice::from_ref(&text));
            prop_assert!(text.starts_with(&(said.clone() + stopped.as_deref().unwrap_or_default())));
            prop_assert!(stopped.is_some() || said == text);
        }
    }
}
