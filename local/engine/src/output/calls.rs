//! Finds tool calls in what a model says.
//!
//! The form that the chat templates ask for is `<tool_call>{"name": …, "arguments": {…}}</tool_call>`. Small models also
//! write `<tools>…</tools>`, a fenced block or the bare JSON. A call counts only where it names a tool that was offered;
//! all else is text, and is given out as soon as it cannot become a call any more.

use serde_json::{Map, Value};

use super::json::{Parsed, all_values, first_value};
use crate::Piece;

const TAGS: [(&str, &str); 3] =
    [("<tool_call>", "</tool_call>"), ("<tools>", "</tools>"), ("<function_call>", "</function_call>")];
const FENCE: &str = "```";
/// Languages under which models fence calls.
const FENCED: [&str; 4] = ["", "json", "xml", "tool_call"];
/// With which keys the JSON of a call begins.
const FIRST_KEYS: [&str; 6] = ["name", "arguments", "parameters", "type", "function", "tool_calls"];

pub(crate) struct CallParser {
    names: Vec<String>,
    /// Text that may be, or is within, a call. A call's opening is at its start.
    held: String,
    form: Option<Form>,
    /// White space that is text only if no call follows.
    blank: String,
    at_line_start: bool,
    after_call: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Tag {
        open: &'static str,
        close: &'static str,
    },
    /// `open` is the length of the line that opens the block.
    Fence {
        open: usize,
    },
    Bare,
}

enum Found {
    /// Text up to here cannot be part of a call.
    Nothing {
        certain: usize,
    },
    Opening {
        at: usize,
        form: Form,
    },
}

/// What became of a form that was opened.
enum Outcome {
    Waiting,
    /// The whole form takes this many bytes; its calls, if it is one.
    Complete(usize, Option<Vec<Piece>>),
    /// Not a call; this many bytes are surely text.
    Text(usize),
}

impl CallParser {
    pub(crate) fn new(names: Vec<String>) -> CallParser {
        CallParser {
            names,
            held: String::new(),
            form: None,
            blank: String::new(),
            at_line_start: true,
            after_call: false,
        }
    }

    pub(crate) fn push(&mut self, text: &str) -> Vec<Piece> {
        self.held.push_str(text);
        let mut pieces = Vec::new();
        loop {
            let Some(form) = self.form else {
                match find(&self.held, self.at_line_start) {
                    Found::Nothing { certain } => {
                        self.say(certain, &mut pieces);
                        return pieces;
                    }
                    Found::Opening { at, form } => {
                        self.say(at, &mut pieces);
                        self.form = Some(form);
                        continue;
                    }
                }
            };
            match self.look(form) {
                Outcome::Waiting => return pieces,
                outcome => self.settle(outcome, &mut pieces),
            }
        }
    }

    /// `ended` says that the model came to an end by itself, so that a call which lacks only its closing is one.
    pub(crate) fn finish(&mut self, ended: bool) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(form) = self.form {
            let outcome = match self.calls(&self.held[form.opening()..], ended) {
                Some(calls) if ended => Outcome::Complete(self.held.len(), Some(calls)),
                _ => Outcome::Text(form.opening().max(1)),
            };
            self.settle(outcome, &mut pieces);
            pieces.extend(self.push(""));
        }
        self.say(self.held.len(), &mut pieces);
        if !self.blank.is_empty() && !self.after_call {
            pieces.push(Piece::Text(std::mem::take(&mut self.blank)));
        }
        pieces
    }

    fn look(&self, form: Form) -> Outcome {
        let content = &self.held[form.opening()..];
        if promising(content) == Some(false) {
            return Outcome::Text(form.opening().max(1));
        }
        let close = match form {
            Form::Tag { close, .. } => close,
            Form::Fence { .. } => FENCE,
            Form::Bare => {
                return match first_value(content) {
                    Parsed::Value(_, length) => Outcome::Complete(length, self.calls(&content[..length], false)),
                    Parsed::Incomplete => Outcome::Waiting,
                    Parsed::Broken => Outcome::Text(1),
                };
            }
        };
        // A closing within one of the JSON's strings closes nothing.
        let mut closings = content.match_indices(close).peekable();
        while let Some((at, _)) = closings.next() {
            let calls = self.calls(&content[..at], false);
            if calls.is_some() || !matches!(first_value(content[..at].trim()), Parsed::Incomplete) {
                return Outcome::Complete(form.opening() + at + close.len(), calls);
            }
            if closings.peek().is_none()
                && let Some(calls) = self.calls(&content[..at], true)
            {
                return Outcome::Complete(form.opening() + at + close.len(), Some(calls));
            }
        }
        Outcome::Waiting
    }

    fn settle(&mut self, outcome: Outcome, pieces: &mut Vec<Piece>) {
        match outcome {
            Outcome::Waiting => return,
            Outcome::Complete(length, Some(calls)) => {
                self.held.drain(..length);
                self.blank.clear();
                self.at_line_start = true;
                self.after_call = true;
                pieces.extend(calls);
            }
            Outcome::Complete(length, None) | Outcome::Text(length) => self.say(length, pieces),
        }
        self.form = None;
    }

    /// Gives out the first `length` bytes as text.
    fn say(&mut self, length: usize, pieces: &mut Vec<Piece>) {
        let text: String = self.held.drain(..length).collect();
        if let Some((_, line)) = text.rsplit_once('\n') {
            self.at_line_start = line.trim().is_empty();
        } else {
            self.at_line_start &= text.trim().is_empty();
        }
        let text = std::mem::take(&mut self.blank) + &text;
        let text = if self.after_call { text.trim_start() } else { &text };
        let said = text.trim_end();
        self.blank = text[said.len()..].to_owned();
        if !said.is_empty() {
            self.after_call = false;
            pieces.push(Piece::Text(said.to_owned()));
        }
    }

    /// The calls that `content` consists of, if it consists of calls.
    fn calls(&self, content: &str, repair: bool) -> Option<Vec<Piece>> {
        let mut content = content.trim();
        for (open, close) in TAGS {
            content = content.strip_prefix(open).unwrap_or(content).trim_start();
            content = content.strip_suffix(close).unwrap_or(content).trim_end();
        }
        let mut calls = Vec::new();
        for value in all_values(content, repair)? {
            match value {
                Value::Array(values) => calls.extend(values),
                value => calls.push(value),
            }
        }
        let calls: Option<Vec<Piece>> = calls.into_iter().map(|call| self.call(call)).collect();
        calls.filter(|calls| !calls.is_empty())
    }

    fn call(&self, value: Value) -> Option<Piece> {
        let Value::Object(mut call) = value else { return None };
        if let Some(Value::Object(function)) = call.remove("function") {
            call = function;
        }
        let Some(Value::String(name)) = call.remove("name") else {
            return None;
        };
        if !self.names.contains(&name) {
            return None;
        }
        let input = match call.remove("arguments").or_else(|| call.remove("parameters")) {
            Some(Value::Object(input)) => input,
            Some(Value::String(text)) => serde_json::from_str(&text).ok()?,
            Some(Value::Null) => Map::new(),
            Some(_) | None => return None,
        };
        let id = format!("call_{:016x}", rand::random::<u64>());
        Some(Piece::ToolCall { id, name, input: Value::Object(input) })
    }
}

impl Form {
    fn opening(self) -> usize {
        match self {
            Form::Tag { open, .. } => open.len(),
            Form::Fence { open } => open,
            Form::Bare => 0,
        }
    }
}

/// The first place in `text` where a call opens, or could.
fn find(text: &str, mut at_line_start: bool) -> Found {
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        for (open, close) in TAGS {
            if rest.starts_with(open) {
                return Found::Opening { at, form: Form::Tag { open, close } };
            }
            if open.starts_with(rest) {
                return Found::Nothing { certain: at };
            }
        }
        if at_line_start {
            match fence(rest) {
                Some(Some(open)) => {
                    return Found::Opening { at, form: Form::Fence { open } };
                }
                Some(None) => return Found::Nothing { certain: at },
                None => {}
            }
            if matches!(character, '{' | '[') {
                return Found::Opening { at, form: Form::Bare };
            }
        }
        at_line_start = character == '\n' || at_line_start && character.is_whitespace();
    }
    Found::Nothing { certain: text.len() }
}

/// The length of the line that opens a fenced block at the start of `text`; `Some(None)` where more text has to tell.
fn fence(text: &str) -> Option<Option<usize>> {
    if FENCE.starts_with(text) {
        return Some(None);
    }
    let line = text.strip_prefix(FENCE)?;
    match line.split_once('\n') {
        Some((language, _)) => FENCED.contains(&language.trim()).then_some(Some(FENCE.len() + language.len() + 1)),
        None => FENCED.iter().any(|language| language.starts_with(line.trim())).then_some(None),
    }
}

/// Whether `content` begins as a call does; nothing where more text has to tell.
fn promising(content: &str) -> Option<bool> {
    let content = content.trim_start();
    if content.starts_with('<') {
        return Some(TAGS.iter().any(|(open, _)| content.starts_with(open) || open.starts_with(content)));
    }
    let object = content.trim_start_matches(['[', '{']).trim_start();
    if content.is_empty() || object.is_empty() {
        return None;
    }
    let key = object.trim_start_matches(['[', '{']).trim_start();
    if key.is_empty() {
        return None;
    }
    let Some(key) = key.strip_prefix('"') else {
        return Some(false);
    };
    match key.split_once('"') {
        Some((key, _)) => Some(FIRST_KEYS.contains(&key)),
        None if FIRST_KEYS.iter().any(|first| first.starts_with(key)) => None,
        None => Some(false),
    }
}

#[cfg(test)]
mod tests;
