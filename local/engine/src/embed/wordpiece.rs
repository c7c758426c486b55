use tokenizers::{
    Model, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
    models::wordpiece::WordPiece, normalizers::BertNormalizer, pre_tokenizers::bert::BertPreTokenizer,
};

use crate::Error;

/// Tokens of a text that count, with those that begin and end it (`max_seq_length` of the model's
/// `sentence_bert_config.json`).
pub(super) const LONGEST: usize = 256;

/// The vocabulary of BERT, uncased, which the model was published with (Apache-2.0): one token a line, by number.
///
/// It is part of the program because one of the two origins has it only in the archive with the weights.
const VOCABULARY: &str = include_str!("vocab.txt");

const BEGIN: u32 = 101;
const END: u32 = 102;

/// Text into BERT's tokens.
pub(super) struct WordPieces {
    normalizer: BertNormalizer,
    pieces: WordPiece,
}

impl WordPieces {
    pub(super) fn new() -> Result<WordPieces, String> {
        let unusable = |error: tokenizers::Error| error.to_string();
        let vocabulary = WordPiece::read_bytes(VOCABULARY.as_bytes()).map_err(unusable)?;
        let pieces = WordPiece::builder().vocab(vocabulary).build().map_err(unusable)?;
        // As the model's tokenizer_config.json has it.
        Ok(WordPieces { normalizer: BertNormalizer::new(true, true, None, true), pieces })
    }

    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, Error> {
        let failed = |error: tokenizers::Error| Error::Failed(error.to_string());
        let mut text = NormalizedString::from(text);
        self.normalizer.normalize(&mut text).map_err(failed)?;
        let mut text = PreTokenizedString::from(text);
        BertPreTokenizer.pre_tokenize(&mut text).map_err(failed)?;
        let mut tokens = vec![BEGIN];
        for (word, ..) in text.get_splits(OffsetReferential::Normalized, OffsetType::None) {
            if tokens.len() >= LONGEST - 1 {
                break;
            }
            tokens.extend(self.pieces.tokenize(word).map_err(failed)?.iter().map(|token| token.id));
        }
        tokens.truncate(LONGEST - 1);
        tokens.push(END);
        Ok(tokens)
    }
}
