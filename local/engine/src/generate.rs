//! One answer: the prompt is taken in, then token after token is chosen until something ends it.

use crate::{
    Error, Piece, Sampling, Stop, Usage,
    model::{CHUNK, Model, State},
    output::{CallParser, Output},
    prefix::Prefixes,
    sampler::Sampler,
    template::Encoded,
    tokenizer::Tokenizer,
    worker::Reply,
};

/// All that an answer depends on.
pub(crate) struct Job {
    prompt: Encoded,
    sampler: Sampler,
    output: Output,
    max_tokens: usize,
}

/// The caller has gone, so there is nothing to do and nobody to tell.
struct Gone;

enum Ended {
    Gone,
    Failed(Error),
}

impl Job {
    pub(crate) fn new(
        prompt: Encoded,
        sampling: Sampling,
        tools: Vec<String>,
        context_length: usize,
    ) -> Result<Job, Error> {
        let tokens = prompt.tokens.len();
        if tokens >= context_length {
            return Err(Error::TooLong { tokens, limit: context_length });
        }
        if sampling.max_tokens == Some(0) {
            return Err(Error::Invalid("an answer of no tokens was asked for".into()));
        }
        let room = context_length - tokens;
        let max_tokens = sampling.max_tokens.map_or(room, |max_tokens| room.min(max_tokens as usize));
        let sampler = Sampler::new(&sampling)?;
        let mut calls = (!tools.is_empty()).then(|| CallParser::new(tools));
        if let Some(calls) = &mut calls {
            // The opening of a forced call is not text; it only tells the parser where it is.
            calls.push(&prompt.begun);
        }
        Ok(Job { sampler, output: Output::new(sampling.stop_sequences, calls), max_tokens, prompt })
    }

    pub(crate) fn run(self, model: &Model, tokenizer: &Tokenizer, prefixes: &mut Prefixes, reply: &Reply) {
        let taken = prefixes.take(&self.prompt.tokens, || model.new_state());
        let mut state = match taken {
            Ok(state) => state,
            Err(error) => return fail(reply, Error::Failed(error.to_string())),
        };
        let answered = self.answer(model, tokenizer, &mut state, reply);
        prefixes.put(state);
        if let Err(Ended::Failed(error)) = answered {
            fail(reply, error);
        }
    }

    fn answer(mut self, model: &Model, tokenizer: &Tokenizer, state: &mut State, reply: &Reply) -> Result<(), Ended> {
        let cached = state.len();
        let mut logits = take_in(model, state, &self.prompt.tokens, reply)?;
        let mut said = Said::new(std::mem::take(&mut self.prompt.alternatives));
        let stop = loop {
            let token = match said.forced(&logits) {
                Some(token) => token,
                None => {
                    self.sampler.choose(&logits).ok_or_else(|| Error::Failed("its logits are no numbers".into()))?
                }
            };
            if tokenizer.is_end(token) {
                break self.finish(true, Stop::EndTurn, reply)?;
            }
            said.push(token);
            let (pieces, stopped) = self.output.push(tokenizer.bytes(token));
            send(pieces, reply)?;
            if let Some(sequence) = stopped {
                break Stop::StopSequence(sequence);
            }
            if said.tokens == self.max_tokens {
                break self.finish(false, Stop::MaxTokens, reply)?;
            }
            logits = model.forward(state, &[token])?;
        };
        let usage = Usage {
            input: count(self.prompt.tokens.len() - cached),
            output: count(said.tokens),
            cached: count(cached),
        };
        send(vec![Piece::End { stop, usage }], reply)?;
        Ok(())
    }

    /// Gives out what was held back, in which a stop sequence may still turn up.
    fn finish(&mut self, ended: bool, stop: Stop, reply: &Reply) -> Result<Stop, Ended> {
        let (pieces, stopped) = self.output.finish(ended);
        send(pieces, reply)?;
        Ok(match (stopped, stop) {
            (Some(sequence), _) => Stop::StopSequence(sequence),
            (None, Stop::EndTurn) if self.output.called() => Stop::ToolUse,
            (None, stop) => stop,
        })
    }
}

/// Computes what the state lacks of the prompt, and returns the logits of what follows.
fn take_in(model: &Model, state: &mut State, tokens: &[u32], reply: &Reply) -> Result<Vec<f32>, Ended> {
    let mut rest = &tokens[state.len()..];
    while rest.len() > CHUNK {
        let (chunk, later) = rest.split_at(CHUNK);
        model.absorb(state, chunk)?;
        if reply.is_closed() {
            return Err(Ended::Gone);
        }
        rest = later;
    }
    Ok(model.forward(state, rest)?)
}

/// The answer so far, as far as it is prescribed.
struct Said {
    tokens: usize,
    /// What is left of the prescribed ways to go on.
    alternatives: Vec<Vec<u32>>,
}

impl Said {
    fn new(alternatives: Vec<Vec<u32>>) -> Said {
        Said { tokens: 0, alternatives }
    }

    /// The likeliest of the tokens that the alternatives leave, if there are any.
    fn forced(&self, logits: &[f32]) -> Option<u32> {
        let logit = |token: &u32| logits.get(*token as usize).copied().unwrap_or(f32::NEG_INFINITY);
        let next = self.alternatives.iter().filter_map(|alternative| alternative.get(self.tokens));
        next.max_by(|a, b| logit(a).total_cmp(&logit(b))).copied()
    }

    fn push(&mut self, token: u32) {
        self.alternatives.retain(|alternative| alternative.get(self.tokens) == Some(&token));
        self.tokens += 1;
    }
}

fn send(pieces: Vec<Piece>, reply: &Reply) -> Result<(), Gone> {
    // Asked also when there is nothing to send: a caller may go while text is held back.
    if reply.is_closed() {
        return Err(Gone);
    }
    pieces.into_iter().try_for_each(|piece| reply.send(Ok(piece)).map_err(|_| Gone))
}

fn fail(reply: &Reply, error: Error) {
    tracing::error!(%error, "an answer failed");
    // Whoever waits for the answer may have gone.
    let _ = reply.send(Err(error));
}

fn count(tokens: usize) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

impl From<Gone> for Ended {
    fn from(_: Gone) -> Ended {
        Ended::Gone
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Failed(error)
    }
}

impl From<candle_core::Error> for Ended {
    fn from(error: candle_core::Error) -> Ended {
        Ended::Failed(Error::Failed(error.to_string()))
    }
}
