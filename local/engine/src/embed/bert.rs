use std::{collections::HashMap, path::Path};

use candle_core::{DType, Device, Result, Tensor, safetensors};

use super::operations::{AddNorm, BiasGelu, Softmax};

/// Numbers for each token, and in the vector of a text.
pub(super) const HIDDEN: usize = 384;
const HEADS: usize = 12;
const LAYERS: usize = 6;
const EPSILON: f32 = 1e-12;

/// BERT as in `sentence-transformers/all-MiniLM-L6-v2`: the mean of what the last layer says of the tokens.
///
/// Candle has a BERT too. This one computes texts of any lengths together without padding, and in fewer passes over
/// memory, which makes it several times as fast.
pub(super) struct Bert {
    words: Tensor,
    /// With the embedding of the only token type that occurs.
    positions: Tensor,
    first: AddNorm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Queries, keys and values in one matrix.
    attention: Tensor,
    attention_bias: Tensor,
    output: Tensor,
    output_norm: AddNorm,
    up: Tensor,
    up_bias: BiasGelu,
    down: Tensor,
    down_norm: AddNorm,
}

impl Bert {
    pub(super) fn read(path: &Path) -> Result<Bert> {
        let file = File(safetensors::load(path, &Device::Cpu)?);
        let words = file.tensor("embeddings.word_embeddings.weight")?;
        let kind = file.tensor("embeddings.token_type_embeddings.weight")?.get(0)?;
        let positions = file.tensor("embeddings.position_embeddings.weight")?.broadcast_add(&kind)?;
        let first = AddNorm {
            bias: vec![0.0; HIDDEN],
            scale: file.values("embeddings.LayerNorm.weight")?,
            shift: file.values("embeddings.LayerNorm.bias")?,
            epsilon: EPSILON,
        };
        let layers = (0..LAYERS).map(|number| Layer::read(&file, number)).collect::<Result<_>>()?;
        Ok(Bert { words, positions, first, layers })
    }

    /// A vector of unit length for each sequence of tokens, which has one at least.
    pub(super) fn forward(&self, sequences: &[&[u32]]) -> Result<Vec<Vec<f32>>> {
        let tokens = Tensor::from_iter(sequences.iter().flat_map(|tokens| tokens.iter().copied()), &Device::Cpu)?;
        let hidden = self.words.index_select(&tokens, 0)?;
        let places = sequences.iter().map(|tokens| self.positions.narrow(0, 0, tokens.len()));
        self.first.apply(&hidden, &Tensor::cat(&places.collect::<Result<Vec<_>>>()?, 0)?)?;

        let lengths: Vec<usize> = sequences.iter().map(|tokens| tokens.len()).collect();
        let hidden = self.layers.iter().try_fold(hidden, |hidden, layer| layer.forward(&hidden, &lengths))?;

        let of_sequence = |hidden: Tensor| unit(hidden.mean(0)?.to_vec1()?);
        each(&hidden, &lengths).map(|hidden| of_sequence(hidden?)).collect()
    }
}

impl Layer {
    fn read(file: &File, number: usize) -> Result<Layer> {
        let name = |part: &str| format!("encoder.layer.{number}.{part}");
        let matrix = |part: &str| file.tensor(&name(&format!("{part}.weight")))?.t();
        let bias = |part: &str| file.tensor(&name(&format!("{part}.bias")));
        let parts = ["query", "key", "value"].map(|part| format!("attention.self.{part}"));
        let norm = |part: &str| {
            Ok::<_, candle_core::Error>(AddNorm {
                bias: file.values(&name(&format!("{part}.dense.bias")))?,
                scale: file.values(&name(&format!("{part}.LayerNorm.weight")))?,
                shift: file.values(&name(&format!("{part}.LayerNorm.bias")))?,
                epsilon: EPSILON,
            })
        };
        Ok(Layer {
            attention: Tensor::cat(
                &parts.each_ref().map(|part| matrix(part)).into_iter().collect::<Result<Vec<_>>>()?,
                1,
            )?,
            attention_bias: Tensor::cat(
                &parts.each_ref().map(|part| bias(part)).into_iter().collect::<Result<Vec<_>>>()?,
                0,
            )?,
            output: matrix("attention.output.dense")?,
            output_norm: norm("attention.output")?,
            up: matrix("intermediate.dense")?,
            up_bias: BiasGelu { bias: file.values(&name("intermediate.dense.bias"))? },
            down: matrix("output.dense")?,
            down_norm: norm("output")?,
        })
    }

    fn forward(&self, hidden: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let projected = hidden.matmul(&self.attention)?.broadcast_add(&self.attention_bias)?;
        let attended = each(&projected, lengths).map(|projected| attend(&projected?)).collect::<Result<Vec<_>>>()?;
        let attended = Tensor::cat(&attended, 0)?.matmul(&self.output)?;
        self.output_norm.apply(&attended, hidden)?;

        let inner = attended.matmul(&self.up)?;
        self.up_bias.apply(&inner)?;
        let outer = inner.matmul(&self.down)?;
        self.down_norm.apply(&outer, &attended)?;
        Ok(outer)
    }
}

/// The tokens of one text look at each other.
fn attend(projected: &Tensor) -> Result<Tensor> {
    let tokens = projected.dim(0)?;
    let part = |number| {
        projected.narrow(1, number * HIDDEN, HIDDEN)?.reshape((tokens, HEADS, HIDDEN / HEADS))?.transpose(0, 1)
    };
    let (queries, keys, values) = (part(0)?, part(1)?, part(2)?);
    let weights = queries.matmul(&keys.transpose(1, 2)?)?;
    Softmax { scale: 1.0 / ((HIDDEN / HEADS) as f32).sqrt() }.apply(&weights)?;
    weights.matmul(&values)?.transpose(0, 1)?.reshape((tokens, HIDDEN))
}

/// The rows of each sequence.
fn each(rows: &Tensor, lengths: &[usize]) -> impl Iterator<Item = Result<Tensor>> {
    lengths.iter().scan(0, move |start, length| {
        let part = rows.narrow(0, *start, *length);
        *start += length;
        Some(part)
    })
}

fn unit(mut vector: Vec<f32>) -> Result<Vec<f32>> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    Ok(vector)
}

struct File(HashMap<String, Tensor>);

impl File {
    fn tensor(&self, name: &str) -> Result<Tensor> {
        let tensor = self.0.get(name).ok_or_else(|| candle_core::Error::CannotFindTensor { path: name.into() })?;
        tensor.to_dtype(DType::F32)
    }

    fn values(&self, name: &str) -> Result<Vec<f32>> {
        self.tensor(name)?.to_vec1()
    }
}
