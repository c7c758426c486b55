//! From a conversation to tokens, by the chat template that the model's file carries.
//!
//! What people and tools wrote must stay text: a message with `<|im_end|>` in it must not end its turn. So special tokens
//! are masked in every string before the template sees it; of what the template renders, special tokens become tokens, and
//! the masked ones are put back as ordinary text between them.

mod functions;
mod messages;

use minijinja::{
    Environment, context,
    syntax::SyntaxConfig,
    value::{Serde, Value as Shown},
};
use serde_json::Value;

use crate::{Error, Prompt, Role, ToolChoice, tokenizer::Tokenizer};
use messages::{Messages, Offered};

const NAME: &str = "chat";

/// Put before the system text where a template has no place for tools, in the words of the Hermes format.
const TOOLS_PREAMBLE: &str = "You may call one or more functions to assist with the user query.\n\nYou are provided with \
    function signatures within <tools></tools> XML tags:\n<tools>\n";
const TOOLS_CLOSING: &str = "\n</tools>\n\nFor each function call, return a json object with function name and arguments \
    within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n\
    </tool_call>";

pub(crate) struct Template {
    environment: Environment<'static>,
    takes_tools: bool,
    /// Whether calls are written in tags, or as bare JSON.
    tags_calls: bool,
}

/// A prompt as the model reads it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Encoded {
    pub(crate) tokens: Vec<u32>,
    /// The part of the answer that the prompt already gives, where a tool call is forced.
    pub(crate) begun: String,
    /// The answer goes on with one of these; empty where it may go on with anything.
    pub(crate) alternatives: Vec<Vec<u32>>,
}

impl Template {
    pub(crate) fn new(source: String) -> Result<Template, minijinja::Error> {
        let takes_tools = source.contains("tools");
        let tags_calls = source.contains("<tool_call>") || !takes_tools;
        let mut environment = Environment::new();
        // As Hugging Face renders chat templates.
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        functions::add(&mut environment);
        environment.add_template_owned(NAME, source)?;
        Ok(Template { environment, takes_tools, tags_calls })
    }

    pub(crate) fn encode(&self, prompt: &Prompt, tokenizer: &Tokenizer) -> Result<Encoded, Error> {
        let forced = forced(prompt)?;
        let mask = Mask::new(prompt, tokenizer);
        let (messages, given) = match prompt.messages.split_last() {
            None => return Err(Error::Invalid("a prompt needs at least one message".into())),
            // An answer that the caller has begun is continued.
            Some((last, earlier)) if last.role == Role::Assistant => (earlier, messages::text(last)?),
            Some(_) => (prompt.messages.as_slice(), String::new()),
        };
        let mut rendered = self.render(prompt, messages, &mask, tokenizer)?;
        rendered.push_str(&mask.hide(given.trim_end()));

        let mut begun = String::new();
        let mut alternatives = Vec::new();
        let encode = |text: &str| tokenizer.encode_text(text).map_err(|error| Error::Failed(error.to_string()));
        match forced.as_slice() {
            [] => {}
            [name] => {
                begun = format!("{}{}", self.call_opening(), name_and_key(name));
                rendered.push_str(&format!("{}{}", self.call_opening(), name_and_key(&mask.hide(name))));
            }
            names => {
                begun = self.call_opening().to_owned();
                rendered.push_str(&begun);
                alternatives = names.iter().map(|name| encode(&name_and_key(name))).collect::<Result<_, _>>()?;
            }
        }
        let tokens = tokenizer
            .encode_rendered(&rendered, |text| mask.reveal(text))
            .map_err(|error| Error::Failed(error.to_string()))?;
        Ok(Encoded { tokens, begun, alternatives })
    }

    fn render(
        &self,
        prompt: &Prompt,
        messages: &[crate::Message],
        mask: &Mask<'_>,
        tokenizer: &Tokenizer,
    ) -> Result<String, Error> {
        let failed = |error: minijinja::Error| Error::Invalid(format!("the model's chat template refuses it: {error}"));
        let tools: Vec<Offered> = prompt.tools.iter().map(|tool| Offered::new(tool, mask)).collect();
        let mut system = prompt.system.as_deref().map(|system| mask.hide(system));
        if !self.takes_tools && !tools.is_empty() {
            let listed: Vec<String> =
                tools.iter().map(functions::python_json).collect::<Result<_, _>>().map_err(failed)?;
            let listed = format!("{TOOLS_PREAMBLE}{}{TOOLS_CLOSING}", listed.join("\n"));
            system = Some(system.map(|system| format!("{system}\n\n{listed}")).unwrap_or(listed));
        }
        let messages = Messages::new(system, messages, mask);
        let values = context! {
            messages => Shown::from(Serde(messages.list())),
            add_generation_prompt => true,
            // Reasoning aloud is slow on a laptop, and nobody here reads it.
            enable_thinking => false,
            bos_token => tokenizer.begin_text(),
            eos_token => tokenizer.end_text(),
            ..match self.takes_tools && !tools.is_empty() {
                true => context! { tools => Shown::from(Serde(&tools)) },
                // Templates ask whether `tools` is defined.
                false => context! {},
            }
        };
        self.environment.get_template(NAME).and_then(|template| template.render(values)).map_err(failed)
    }

    fn call_opening(&self) -> &'static str {
        match self.tags_calls {
            true => "<tool_call>\n{\"name\": ",
            false => "{\"name\": ",
        }
        .trim_end()
    }
}

/// No space after the colon: the model's own next token begins with it.
fn name_and_key(name: &str) -> String {
    format!(" \"{name}\", \"arguments\":")
}

/// The names of the tools of which one has to be called.
fn forced(prompt: &Prompt) -> Result<Vec<&str>, Error> {
    let names = prompt.tools.iter().map(|tool| tool.name.as_str());
    match &prompt.tool_choice {
        ToolChoice::Auto => Ok(Vec::new()),
        ToolChoice::Any if prompt.tools.is_empty() => {
            Err(Error::Invalid("a tool must be called, but none is given".into()))
        }
        ToolChoice::Any => Ok(names.collect()),
        ToolChoice::Named(wanted) => match names.into_iter().find(|name| name == wanted) {
            Some(name) => Ok(vec![name]),
            None => Err(Error::Invalid(format!("the tool {wanted:?} must be called, but is not given"))),
        },
    }
}

/// Hides special tokens from the chat template.
pub(super) struct Mask<'a> {
    tokenizer: &'a Tokenizer,
    /// A character that the prompt does not contain.
    marker: char,
}

impl<'a> Mask<'a> {
    fn new(prompt: &Prompt, tokenizer: &'a Tokenizer) -> Mask<'a> {
        // Private-use characters mean nothing, so text seldom has them; a prompt cannot have them all.
        let used = messages::characters(prompt);
        let marker = ('\u{F0000}'..='\u{FFFFD}').find(|marker| !used.contains(marker)).unwrap_or('\u{F0000}');
        Mask { tokenizer, marker }
    }

    pub(super) fn hide(&self, text: &str) -> String {
        self.tokenizer.special().replace(text, |index| format!("{0}{index}{0}", self.marker))
    }

    pub(super) fn hide_within(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.hide(text)),
            Value::Array(values) => values.iter().map(|value| self.hide_within(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (self.hide(key), self.hide_within(value))).collect()
            }
            other => other.clone(),
        }
    }

    fn reveal(&self, text: &str) -> String {
        let mut revealed = String::with_capacity(text.len());
        for (index, part) in text.split(self.marker).enumerate() {
            match part.parse() {
                Ok(special) if index % 2 == 1 => revealed.push_str(self.tokenizer.special().text(special)),
                _ => revealed.push_str(part),
            }
        }
        revealed
    }
}

#[cfg(test)]
mod tests;
