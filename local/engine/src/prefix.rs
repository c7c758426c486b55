//! Keeps what was computed for earlier prompts, so that a prompt which begins alike is computed only from where it differs.

use crate::model::State;

/// A state whose end would be lost by more than this many tokens is copied rather than cut: its conversation may go on.
const CHEAP_LOSS: usize = 64;

pub(crate) struct Prefixes {
    /// The one used last is at the end.
    states: Vec<State>,
    budget: usize,
}

impl Prefixes {
    /// `budget` is in bytes; the state in use is not counted.
    pub(crate) fn new(budget: usize) -> Prefixes {
        Prefixes { states: Vec::new(), budget }
    }

    /// The state with the longest prefix that `tokens` share, cut to that prefix. At least one token is left to compute,
    /// for a state does not remember what the model thought would follow it.
    pub(crate) fn take(&mut self, tokens: &[u32], new: impl FnOnce() -> State) -> candle_core::Result<State> {
        let most = tokens.len().saturating_sub(1);
        let shared = |state: &State| common(state.tokens(), tokens).min(most);
        let best = self.states.iter().map(shared).enumerate().max_by_key(|(_, length)| *length);
        let Some((index, length)) = best.filter(|(_, length)| *length > 0) else {
            return Ok(new());
        };
        let Some(found) = self.states.get(index) else {
            return Ok(new());
        };
        if found.len() - length > CHEAP_LOSS {
            let copy = found.copy_prefix(length);
            let used = self.states.remove(index);
            self.states.push(used);
            return copy;
        }
        let mut state = self.states.remove(index);
        state.truncate(length);
        Ok(state)
    }

    pub(crate) fn put(&mut self, state: State) {
        self.states.retain(|kept| !state.tokens().starts_with(kept.tokens()));
        self.states.push(state);
        let mut bytes: usize = self.states.iter().map(State::bytes).sum();
        // The newest stays even if it is larger than the budget: the next turn most likely continues it.
        while bytes > self.budget && self.states.len() > 1 {
            bytes -= self.states.remove(0).bytes();
        }
    }
}

fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::tiny;

    fn taken(prefixes: &mut Prefixes, tokens: &[u32]) -> usize {
        let model = tiny();
        let mut state = prefixes.take(tokens, || model.new_state()).unwrap();
        let reused = state.len();
        model.absorb(&mut state, &tokens[reused..]).unwrap();
        prefixes.put(state);
        reused
    }

    fn conversation(prefix: u32, own: u32) -> Vec<u32> {
        std::iter::repeat_n(prefix, 10).chain(std::iter::repeat_n(own, 100)).collect()
    }

    #[test]
    fn reuses_the_longest_common_beginning_but_leaves_one_token() {
        let mut prefixes = Prefixes::new(1 << 30);
        assert_eq!(taken(&mut prefixes, &[1, 2, 3, 4]), 0);
        assert_eq!(taken(&mut prefixes, &[1, 2, 3, 4, 5, 6]), 4);
        assert_eq!(taken(&mut prefixes, &[1, 2, 3, 4, 5, 6]), 5);
        assert_eq!(taken(&mut prefixes, &[9, 2, 3]), 0);
    }

    #[test]
    fn conversations_with_a_common_beginning_keep_their_own_ends() {
        let mut prefixes = Prefixes::new(1 << 30);
        assert_eq!(taken(&mut prefixes, &conversation(1, 2)), 0);
        assert_eq!(taken(&mut prefixes, &conversation(1, 3)), 10);
        assert_eq!(taken(&mut prefixes, &conversation(1, 2)), 109);
        assert_eq!(taken(&mut prefixes, &conversation(1, 3)), 109);
    }

    #[test]
    fn the_one_not_used_for_longest_goes_when_memory_is_short() {
        let one = 256 * tiny().shape().bytes_per_token();
        let mut prefixes = Prefixes::new(2 * one);
        for own in [2, 3, 2, 4] {
            taken(&mut prefixes, &conversation(own, own));
        }
        assert_eq!(taken(&mut prefixes, &conversation(2, 2)), 109);
        assert_eq!(taken(&mut prefixes, &conversation(3, 3)), 0);
    }
}
