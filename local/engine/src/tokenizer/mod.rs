//! Text to tokens and back, with the vocabulary of the model's file.

mod build;

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};
use candle_core::quantized::gguf_file::Content;

use crate::model::{number, text};

/// Names under which files of the known families keep the tokens that end an answer.
const END_NAMES: [&str; 7] =
    ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>", "<|end|>", "</s>"];

pub(crate) struct Tokenizer {
    /// Knows of no special tokens at all: what it reads is text and stays text.
    plain: tokenizers::Tokenizer,
    special: Special,
    /// What each token stands for; nothing for control tokens.
    bytes: Vec<Box<[u8]>>,
    ends: HashSet<u32>,
    begin: Option<u32>,
    begin_text: String,
    end_text: String,
}

/// The tokens that no text may become unless the chat template wrote it.
pub(crate) struct Special {
    finder: AhoCorasick,
    texts: Vec<String>,
    tokens: Vec<u32>,
}

impl Tokenizer {
    /// The error is a sentence on what about the file is not supported.
    pub(crate) fn read(content: &Content) -> Result<Tokenizer, String> {
        let vocabulary = build::Vocabulary::read(content)?;
        let named = |key: &str| number(content, &format!("tokenizer.ggml.{key}")).and_then(|id| u32::try_from(id).ok());
        let text_of =
            |id: Option<u32>| id.and_then(|id| vocabulary.texts.get(id as usize)).cloned().unwrap_or_default();
        let mut ends: HashSet<u32> =
            ["eos_token_id", "eot_token_id", "eom_token_id"].into_iter().filter_map(named).collect();
        ends.extend(vocabulary.special.iter().copied().filter(|id| END_NAMES.contains(&text_of(Some(*id)).as_str())));
        let begin = named("bos_token_id");
        let adds_begin =
            content.metadata.get("tokenizer.ggml.add_bos_token").is_some_and(|adds| adds.to_bool().unwrap_or(false));
        Ok(Tokenizer {
            plain: build::plain(&vocabulary, text(content, "tokenizer.ggml.pre").unwrap_or("default"))?,
            special: Special::new(&vocabulary)?,
            bytes: vocabulary.bytes(),
            begin_text: text_of(begin),
            end_text: text_of(named("eos_token_id")),
            begin: begin.filter(|_| adds_begin),
            ends,
        })
    }

    pub(crate) fn special(&self) -> &Special {
        &self.special
    }

    pub(crate) fn begin_text(&self) -> &str {
        &self.begin_text
    }

    pub(crate) fn end_text(&self) -> &str {
        &self.end_text
    }

    /// Tokens of a rendered template, in which special tokens mean themselves. `restore` is called on the text between them.
    pub(crate) fn encode_rendered(
        &self,
        rendered: &str,
        restore: impl Fn(&str) -> String,
    ) -> Result<Vec<u32>, tokenizers::Error> {
        let mut tokens = Vec::new();
        let mut rest = 0;
        for found in self.special.finder.find_iter(rendered) {
            tokens.extend(self.encode_text(&restore(&rendered[rest..found.start()]))?);
            tokens.push(self.special.tokens[found.pattern().as_usize()]);
            rest = found.end();
        }
        tokens.extend(self.encode_text(&restore(&rendered[rest..]))?);
        if let Some(begin) = self.begin.filter(|begin| tokens.first() != Some(begin)) {
            tokens.insert(0, begin);
        }
        Ok(tokens)
    }

    /// Tokens of plain text, whatever it looks like.
    pub(crate) fn encode_text(&self, text: &str) -> Result<Vec<u32>, tokenizers::Error> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.plain.encode_fast(text, false)?.get_ids().to_vec())
    }

    /// The bytes that a token adds to the text; a character may need several tokens.
    pub(crate) fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], |bytes| bytes)
    }

    pub(crate) fn is_end(&self, token: u32) -> bool {
        self.ends.contains(&token)
    }
}

impl Special {
    fn new(vocabulary: &build::Vocabulary) -> Result<Special, String> {
        let texts: Vec<String> =
            vocabulary.special.iter().filter_map(|id| vocabulary.texts.get(*id as usize)).cloned().collect();
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&texts)
            .map_err(|error| format!("its special tokens cannot be searched for: {error}"))?;
        Ok(Special { finder, texts, tokens: vocabulary.special.clone() })
    }

    /// Replaces each special token in `text`.
    pub(crate) fn replace(&self, text: &str, replacement: impl Fn(usize) -> String) -> String {
        let mut replaced = String::with_capacity(text.len());
        self.finder.replace_all_with(text, &mut replaced, |found, _, replaced| {
            replaced.push_str(&replacement(found.pattern().as_usize()));
            true
        });
        replaced
    }

    pub(crate) fn text(&self, index: usize) -> &str {
        self.texts.get(index).map_or("", String::as_str)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A vocabulary of all bytes, a few merges and special tokens, as a file would have it.
    pub(crate) fn small() -> Tokenizer {
        Tokenizer::read(&small_content()).unwrap()
    }

    pub(crate) fn small_content() -> Content {
        use candle_core::quantized::gguf_file::{Value, VersionedMagic};
        let mut tokens: Vec<String> = build::byte_characters().iter().map(|character| character.to_string()).collect();
        tokens.extend(
            ["he", "ll", "hell", "hello", "Ġw", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]
                .map(String::from),
        );
        let kinds = (0..tokens.len()).map(|id| match tokens.len() - id {
            3 | 4 => Value::I32(3),
            1 | 2 => Value::I32(4),
            _ => Value::I32(1),
        });
        let kinds = Value::Array(kinds.collect());
        let strings = |texts: &[&str]| Value::Array(texts.iter().map(|text| Value::String(text.to_string())).collect());
        let metadata = [
            ("tokenizer.ggml.model", Value::String("gpt2".into())),
            ("tokenizer.ggml.pre", Value::String("qwen2".into())),
            ("tokenizer.ggml.eos_token_id", Value::U32(262)),
            ("tokenizer.ggml.token_type", kinds),
            ("tokenizer.ggml.merges", strings(&["h e", "l l", "he ll", "hell o", "Ġ w"])),
            ("tokenizer.ggml.tokens", strings(&tokens.iter().map(String::as_str).collect::<Vec<_>>())),
        ];
        Content {
            magic: VersionedMagic::GgufV3,
            metadata: metadata.into_iter().map(|(key, value)| (key.to_string(), value)).collect(),
            tensor_infos: Default::default(),
            tensor_data_offset: 0,
        }
    }

    fn decode(tokenizer: &Tokenizer, tokens: &[u32]) -> String {
        String::from_utf8(tokens.iter().flat_map(|token| tokenizer.bytes(*token).to_vec()).collect()).unwrap()
    }

    #[test]
    fn merges_and_decodes_text() {
        let tokenizer = small();
        let tokens = tokenizer.encode_text("hello world ü 🦀").unwrap();
        assert_eq!(tokens[0..2], [259, 260], "hello, Ġw");
        assert_eq!(decode(&tokenizer, &tokens), "hello world ü 🦀");
    }

    /// The numbers are what Qwen's own tokenizer gives, as its documentation and many logs show them.
    #[tokio::test]
    async fn gives_the_tokens_that_qwen_was_trained_on() {
        let folders = directories::ProjectDirs::from("", "", "serverless-genai-rust").unwrap();
        let weights = crate::weights::SMALL;
        let path = crate::weights::fetch(weights, folders.cache_dir(), &Default::default()).await.unwrap();
        let tokenizer = Tokenizer::read(&crate::model::open(&path).unwrap().0).unwrap();
        for (text, tokens) in [
            ("Hello, world!", &[9707, 11, 1879, 0][..]),
            ("2024", &[17, 15, 17, 19]),
            (
                "Give me a short introduction to large language model.",
                &[35127, 752, 264, 2805, 16800, 311, 3460, 4128, 1614, 13],
            ),
            (
                "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
                &[2610, 525, 1207, 16948, 11, 3465, 553, 54364, 14817, 13, 1446, 525, 264, 10950, 17847, 13],
            ),
        ] {
            assert_eq!(tokenizer.encode_text(text).unwrap(), tokens, "{text}");
        }
        let turn = "<|im_start|>system\n<|im_end|>\n<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\n<tool_call>";
        let tokens = tokenizer.encode_rendered(turn, str::to_owned).unwrap();
        let expected = [151644, 8948, 198, 151645, 198, 151644, 872, 198, 151645, 198, 151644, 77091, 198, 151657];
        assert_eq!(tokens, expected);
        for text in ["naïve café — 你好, 🦀🇨🇭", "\t\r\n  x = 1;\n\n\n", "<|im_end|>"] {
            let tokens = tokenizer.encode_text(text).unwrap();
            assert_eq!(decode(&tokenizer, &tokens), text);
            assert!(tokens.iter().all(|token| *token < 151_643), "no special token in {tokens:?}");
        }
    }

    #[test]
    fn only_rendered_text_makes_special_tokens() {
        let tokenizer = small();
        let same = |text: &str| text.to_string();
        assert_eq!(tokenizer.encode_rendered("<|im_start|>hello<|im_end|>", same).unwrap(), [261, 259, 262]);
        let text = tokenizer.encode_text("<|im_end|>").unwrap();
        assert!(!text.contains(&262));
        assert_eq!(decode(&tokenizer, &text), "<|im_end|>");
    }

    #[test]
    fn control_tokens_have_no_text_but_tool_tags_do() {
        let tokenizer = small();
        assert_eq!(tokenizer.bytes(262), b"");
        assert_eq!(tokenizer.bytes(263), b"<tool_call>");
        assert!(tokenizer.is_end(262) && !tokenizer.is_end(263));
    }

    #[test]
    fn an_unknown_way_of_splitting_is_refused() {
        let mut content = small_content();
        content
            .metadata
            .insert("tokenizer.ggml.pre".into(), candle_core::quantized::gguf_file::Value::String("novel".into()));
        assert!(Tokenizer::read(&content).err().unwrap().contains("novel"));
    }
}
