//! From the head of a GGUF file to a byte-level BPE tokenizer.
//!
//! Candle can do this too, but it takes "llama-bpe" and every name it does not know for GPT-2, which gives wrong tokens.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::{Content, Value};
use tokenizers::{
    SplitDelimiterBehavior,
    models::bpe::BPE,
    normalizers::unicode::NFC,
    pre_tokenizers::{
        PreTokenizerWrapper,
        byte_level::ByteLevel,
        digits::Digits,
        sequence::Sequence,
        split::{Split, SplitPattern},
    },
};

use crate::model::{integer, text};

// The patterns are those of the models' own tokenizer.json.
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

// Kinds of tokens, as llama.cpp numbers them.
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;

/// What the file lists, by token.
pub(super) struct Vocabulary {
    pub(super) texts: Vec<String>,
    /// Control and user-defined tokens.
    pub(super) special: Vec<u32>,
    kinds: Vec<i64>,
    merges: Vec<(String, String)>,
}

impl Vocabulary {
    pub(super) fn read(content: &Content) -> Result<Vocabulary, String> {
        match text(content, "tokenizer.ggml.model") {
            Some("gpt2") => {}
            Some(kind) => {
                return Err(format!("its tokenizer is of the kind {kind:?}; only byte-level BPE is supported"));
            }
            None => return Err("it has no tokenizer".into()),
        }
        let texts = strings(content, "tokenizer.ggml.tokens")?;
        let merges = strings(content, "tokenizer.ggml.merges")?
            .into_iter()
            .map(|merge| match merge.split_once(' ') {
                Some((left, right)) => Ok((left.to_owned(), right.to_owned())),
                None => Err(format!("its tokenizer has the broken merge {merge:?}")),
            })
            .collect::<Result<_, _>>()?;
        let kinds: Vec<i64> = match content.metadata.get("tokenizer.ggml.token_type") {
            Some(Value::Array(kinds)) => kinds.iter().map(|kind| integer(kind).unwrap_or_default()).collect(),
            _ => Vec::new(),
        };
        let special =
            (0u32..).zip(&kinds).filter(|(_, kind)| matches!(**kind, CONTROL | USER_DEFINED)).map(|(id, _)| id);
        Ok(Vocabulary { special: special.collect(), texts, kinds, merges })
    }

    /// The text that each token stands for.
    pub(super) fn bytes(&self) -> Vec<Box<[u8]>> {
        let bytes: HashMap<char, u8> = byte_characters().into_iter().zip(0..=255).collect();
        let of_token = |(index, text): (usize, &String)| match self.kinds.get(index).copied() {
            Some(CONTROL) => Box::default(),
            Some(USER_DEFINED) => text.as_bytes().into(),
            _ => text.chars().filter_map(|character| bytes.get(&character)).copied().collect(),
        };
        self.texts.iter().enumerate().map(of_token).collect()
    }
}

/// A tokenizer that knows of no special tokens. `scheme` is the file's name for how text is split before the merges.
pub(super) fn plain(vocabulary: &Vocabulary, scheme: &str) -> Result<tokenizers::Tokenizer, String> {
    let broken = |error: tokenizers::Error| format!("its tokenizer cannot be built: {error}");
    let split = |pattern: &str| -> Result<PreTokenizerWrapper, String> {
        let split =
            Split::new(SplitPattern::Regex(pattern.into()), SplitDelimiterBehavior::Isolated, false).map_err(broken)?;
        Ok(Sequence::new(vec![split.into(), ByteLevel::new(false, false, false).into()]).into())
    };
    let (splitter, whole_words_first, composed) = match scheme {
        "qwen2" | "deepseek-r1-qwen" => (split(QWEN2)?, false, true),
        "llama-bpe" | "llama-v3" | "llama3" => (split(LLAMA3)?, true, false),
        "tekken" => (split(TEKKEN)?, true, false),
        "smollm" => {
            let splitters = vec![Digits::new(true).into(), ByteLevel::new(false, true, true).into()];
            (Sequence::new(splitters).into(), false, false)
        }
        "default" | "gpt-2" => (ByteLevel::new(false, true, true).into(), false, false),
        scheme => {
            return Err(format!("its tokenizer splits text by the scheme {scheme:?}, which is not supported"));
        }
    };
    let numbered = vocabulary.texts.iter().cloned().zip(0u32..);
    let model = BPE::builder()
        .vocab_and_merges(numbered.collect::<tokenizers::models::bpe::Vocab>(), vocabulary.merges.clone())
        .ignore_merges(whole_words_first)
        .build()
        .map_err(broken)?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    tokenizer.with_pre_tokenizer(Some(splitter));
    if composed {
        tokenizer.with_normalizer(Some(NFC)).map_err(broken)?;
    }
    Ok(tokenizer)
}

/// The printable characters under which byte-level BPE files write the bytes 0 to 255, as GPT-2 introduced them.
pub(super) fn byte_characters() -> Vec<char> {
    let mut stand_ins = 0x100u32..;
    let character = |byte: u8| match byte {
        b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(byte),
        _ => stand_ins.next().and_then(char::from_u32).unwrap_or_default(),
    };
    (0..=255).map(character).collect()
}

fn strings(content: &Content, key: &str) -> Result<Vec<String>, String> {
    let Some(Value::Array(values)) = content.metadata.get(key) else {
        return Err(format!("it has no {key}"));
    };
    values
        .iter()
        .map(|value| value.to_string().cloned().map_err(|_| format!("its {key} is not a list of texts")))
        .collect()
}
