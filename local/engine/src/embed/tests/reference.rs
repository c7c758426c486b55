//! The model in single precision, one text at a time and with nothing but candle's operations.

use std::{collections::HashMap, path::PathBuf};

use candle_core::{D, Device, Tensor, safetensors};
use candle_nn::ops::{layer_norm, softmax};

use super::*;

const HIDDEN: usize = 384;
const HEADS: usize = 12;

pub(super) struct Reference {
    words: WordPieces,
    tensors: HashMap<String, Tensor>,
}

/// Of the weights, which are fetched unless they are there.
pub(super) async fn path() -> PathBuf {
    let folders = ProjectDirs::from("", "", "serverless-genai-rust").unwrap();
    weights::fetch(weights::EMBEDDINGS, folders.cache_dir(), &Origins::default()).await.unwrap()
}

impl Reference {
    pub(super) async fn load() -> Reference {
        let tensors = safetensors::load(path().await, &Device::Cpu).unwrap();
        Reference { words: WordPieces::new().unwrap(), tensors }
    }

    pub(super) fn embed(&self, text: &str) -> Vec<f32> {
        self.forward(&self.words.encode(text).unwrap()).unwrap()
    }

    fn forward(&self, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
        let words =
            self.tensor("embeddings.word_embeddings.weight").index_select(&Tensor::new(tokens, &Device::Cpu)?, 0)?;
        let positions = self.tensor("embeddings.position_embeddings.weight").narrow(0, 0, tokens.len())?;
        let kind = self.tensor("embeddings.token_type_embeddings.weight").narrow(0, 0, 1)?;
        let mut hidden = self.norm("embeddings", &(words + positions)?.broadcast_add(&kind)?)?;
        for layer in 0..6 {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            let heads = |part: &str| {
                let projected = self.linear(&name(&format!("attention.self.{part}")), &hidden)?;
                projected.reshape((tokens.len(), HEADS, HIDDEN / HEADS))?.transpose(0, 1)?.contiguous()
            };
            let (queries, keys, values) = (heads("query")?, heads("key")?, heads("value")?);
            let scores = (queries.matmul(&keys.transpose(1, 2)?)? / ((HIDDEN / HEADS) as f64).sqrt())?;
            let attended =
                softmax(&scores, D::Minus1)?.matmul(&values)?.transpose(0, 1)?.reshape((tokens.len(), HIDDEN))?;
            let attended = self.linear(&name("attention.output.dense"), &attended)?;
            hidden = self.norm(&name("attention.output"), &(attended + hidden)?)?;
            let inner = self.linear(&name("intermediate.dense"), &hidden)?.gelu_erf()?;
            hidden = self.norm(&name("output"), &(self.linear(&name("output.dense"), &inner)? + hidden)?)?;
        }
        let mean = hidden.mean(0)?;
        let length = mean.sqr()?.sum_all()?.sqrt()?;
        mean.broadcast_div(&length)?.to_vec1()
    }

    fn linear(&self, name: &str, rows: &Tensor) -> candle_core::Result<Tensor> {
        let (weight, bias) = (self.tensor(&format!("{name}.weight")), self.tensor(&format!("{name}.bias")));
        rows.matmul(&weight.t()?)?.broadcast_add(bias)
    }

    fn norm(&self, name: &str, rows: &Tensor) -> candle_core::Result<Tensor> {
        let of = |kind: &str| self.tensor(&format!("{name}.LayerNorm.{kind}"));
        layer_norm(&rows.contiguous()?, of("weight"), of("bias"), 1e-12)
    }

    fn tensor(&self, name: &str) -> &Tensor {
        &self.tensors[name]
    }
}
