use std::{collections::HashMap, path::Path};

use candle_core::{DType, Device, Result, Tensor, safetensors};

use super::{
    arithmetic::{Arithmetic, ROWS, Work},
    attention::Attention,
    linear::{Bytes, Linear},
    operations::{Norm, gelu},
    processor::Processor,
};

/// Numbers for each token, and in the vector of a text.
pub(super) const HIDDEN: usize = 384;
pub(super) const HEADS: usize = 12;
/// Numbers of a head.
pub(super) const HEAD: usize = HIDDEN / HEADS;
const INNER: usize = 4 * HIDDEN;
const LAYERS: usize = 6;
const EPSILON: f32 = 1e-12;

/// Rows that go through the widest matrices together, so that what is between them stays in a core's cache.
const STRIP: usize = 64;

/// BERT as in `sentence-transformers/all-MiniLM-L6-v2`: the mean of what the last layer says of the tokens.
///
/// Candle has a BERT too. This one computes texts of any lengths together without padding, multiplies in eight bits, and
/// passes over memory less often, which makes it many times as fast.
pub(super) struct Bert {
    processor: Processor,
    words: Vec<f32>,
    /// With the embedding of the only token type that occurs.
    positions: Vec<f32>,
    first: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Queries, keys and values in one matrix.
    attention: Linear,
    output: Linear,
    output_norm: Norm,
    up: Linear,
    down: Linear,
    down_norm: Norm,
}

impl Bert {
    pub(super) fn read(path: &Path, processor: Processor) -> Result<Bert> {
        let file = File(safetensors::load(path, &Device::Cpu)?);
        let kind = file.tensor("embeddings.token_type_embeddings.weight")?.get(0)?;
        let positions = file.tensor("embeddings.position_embeddings.weight")?.broadcast_add(&kind)?;
        Ok(Bert {
            processor,
            words: file.values("embeddings.word_embeddings.weight")?,
            positions: positions.flatten_all()?.to_vec1()?,
            first: file.norm("embeddings.LayerNorm")?,
            layers: (0..LAYERS).map(|number| Layer::read(&file, number, processor)).collect::<Result<_>>()?,
        })
    }

    /// A vector of unit length for each sequence of tokens, which has one at least.
    pub(super) fn forward(&self, sequences: &[&[u32]]) -> Vec<Vec<f32>> {
        self.processor.run(Forward { bert: self, sequences })
    }
}

struct Forward<'a> {
    bert: &'a Bert,
    sequences: &'a [&'a [u32]],
}

impl Work for Forward<'_> {
    type Done = Vec<Vec<f32>>;

    #[inline(always)]
    fn run(self, arithmetic: impl Arithmetic) -> Vec<Vec<f32>> {
        let Forward { bert, sequences } = self;
        let tokens: usize = sequences.iter().map(|tokens| tokens.len()).sum();
        let mut hidden = vec![0.0; tokens.next_multiple_of(ROWS) * HIDDEN];
        let (rows, _) = hidden.as_chunks_mut::<HIDDEN>();
        let places = sequences.iter().flat_map(|tokens| tokens.iter().enumerate());
        for (row, (position, token)) in rows.iter_mut().zip(places) {
            row.copy_from_slice(&bert.words[*token as usize * HIDDEN..][..HIDDEN]);
            bert.first.add(row, &bert.positions[position * HIDDEN..][..HIDDEN]);
        }
        let mut room = Room::new(tokens.next_multiple_of(ROWS));
        for layer in &bert.layers {
            layer.attend(arithmetic, &mut hidden, sequences, &mut room);
            for strip in hidden.chunks_mut(STRIP * HIDDEN) {
                layer.think(arithmetic, strip, &mut room);
            }
        }
        let mut rest = &hidden[..];
        let of_sequence = |tokens: &&[u32]| {
            let (rows, others) = rest.split_at(tokens.len() * HIDDEN);
            rest = others;
            mean(rows)
        };
        sequences.iter().map(of_sequence).collect()
    }
}

/// What is between one step and the next.
struct Room {
    attention: Attention,
    projected: Vec<f32>,
    attended: Vec<f32>,
    inner: Vec<f32>,
    outer: Vec<f32>,
}

impl Room {
    fn new(rows: usize) -> Room {
        Room {
            attention: Attention::default(),
            projected: vec![0.0; rows * 3 * HIDDEN],
            attended: vec![0.0; rows * HIDDEN],
            inner: vec![0.0; rows.min(STRIP) * INNER],
            outer: vec![0.0; rows * HIDDEN],
        }
    }
}

impl Layer {
    fn read(file: &File, number: usize, processor: Processor) -> Result<Layer> {
        let name = |part: &str| format!("encoder.layer.{number}.{part}");
        let linear = |parts: &[&str]| {
            let all = |kind: &str| {
                let parts = parts.iter().map(|part| file.values(&name(&format!("{part}.{kind}"))));
                Ok::<_, candle_core::Error>(parts.collect::<Result<Vec<_>>>()?.concat())
            };
            Ok::<_, candle_core::Error>(Linear::new(&all("weight")?, &all("bias")?, processor))
        };
        Ok(Layer {
            attention: linear(&["attention.self.query", "attention.self.key", "attention.self.value"])?,
            output: linear(&["attention.output.dense"])?,
            output_norm: file.norm(&name("attention.output.LayerNorm"))?,
            up: linear(&["intermediate.dense"])?,
            down: linear(&["output.dense"])?,
            down_norm: file.norm(&name("output.LayerNorm"))?,
        })
    }

    /// The tokens of each text look at each other.
    #[inline(always)]
    fn attend(&self, arithmetic: impl Arithmetic, hidden: &mut [f32], sequences: &[&[u32]], room: &mut Room) {
        let mut bytes = Bytes::new(hidden.len() / HIDDEN, HIDDEN);
        bytes.fill(hidden);
        self.attention.apply(arithmetic, &bytes, &mut room.projected);
        let mut first = 0;
        for tokens in sequences {
            let end = first + tokens.len();
            let projected = &room.projected[first * 3 * HIDDEN..end * 3 * HIDDEN];
            room.attention.attend(arithmetic, projected, &mut room.attended[first * HIDDEN..end * HIDDEN]);
            first = end;
        }
        bytes.fill(&room.attended);
        self.output.apply(arithmetic, &bytes, &mut room.outer);
        for (row, outer) in hidden.chunks_exact_mut(HIDDEN).zip(room.outer.chunks_exact(HIDDEN)) {
            self.output_norm.add(row, outer);
        }
    }

    /// Each token for itself.
    #[inline(always)]
    fn think(&self, arithmetic: impl Arithmetic, strip: &mut [f32], room: &mut Room) {
        let rows = strip.len() / HIDDEN;
        let mut bytes = Bytes::new(rows, HIDDEN);
        bytes.fill(strip);
        let inner = &mut room.inner[..rows * INNER];
        self.up.apply(arithmetic, &bytes, inner);
        gelu(inner);
        let mut bytes = Bytes::new(rows, INNER);
        bytes.fill(inner);
        self.down.apply(arithmetic, &bytes, &mut room.outer);
        for (row, outer) in strip.chunks_exact_mut(HIDDEN).zip(room.outer.chunks_exact(HIDDEN)) {
            self.down_norm.add(row, outer);
        }
    }
}

/// In the middle of the rows, and of unit length.
fn mean(rows: &[f32]) -> Vec<f32> {
    let mut vector = vec![0.0_f32; HIDDEN];
    for row in rows.chunks_exact(HIDDEN) {
        for (sum, value) in vector.iter_mut().zip(row) {
            *sum += value;
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

struct File(HashMap<String, Tensor>);

impl File {
    fn tensor(&self, name: &str) -> Result<Tensor> {
        let tensor = self.0.get(name).ok_or_else(|| candle_core::Error::CannotFindTensor { path: name.into() })?;
        tensor.to_dtype(DType::F32)
    }

    fn values(&self, name: &str) -> Result<Vec<f32>> {
        self.tensor(name)?.flatten_all()?.to_vec1()
    }

    fn norm(&self, name: &str) -> Result<Norm> {
        let values = |kind: &str| self.values(&format!("{name}.{kind}"));
        Ok(Norm { scale: values("weight")?, shift: values("bias")?, epsilon: EPSILON })
    }
}
