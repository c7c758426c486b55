//! The forward pass of the llama family, over candle's quantized kernels.
//!
//! `candle-transformers` has these models too, but its key-value cache can neither be shortened nor shared, is copied for
//! each token, and is repeated for each group of heads. Keeping computed prefixes needs what is here: see [`State`].

mod attention;
mod layer;
mod matrix;
mod rope;
mod shape;
mod state;

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
    sync::Arc,
};

use candle_core::{
    Device, Tensor,
    quantized::{
        QTensor,
        gguf_file::{Content, Value},
    },
};

use layer::{Layer, Norm};
use matrix::Matrix;
use rope::Rope;
pub(crate) use shape::Shape;
pub(crate) use state::State;

/// Tokens that are computed together. Smaller chunks notice a caller that has gone sooner, larger ones are a little faster.
pub(crate) const CHUNK: usize = 128;

pub(crate) struct Model {
    shape: Shape,
    /// Looked up row by row while still quantized; as floats it would take several times the memory.
    embeddings: Arc<QTensor>,
    layers: Vec<Layer>,
    norm: Norm,
    output: Matrix,
    rope: Rope,
}

impl Model {
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Reads the tensors of a file whose head was read as `content`.
    pub(crate) fn read(content: &Content, reader: &mut (impl Read + Seek)) -> candle_core::Result<Model> {
        let mut tensors = Tensors { content, reader };
        let shape = Shape::read(content)?;
        let embeddings = Arc::new(tensors.get("token_embd.weight")?);
        let output = match tensors.find("output.weight")? {
            Some(output) => Matrix::new(output)?,
            None => Matrix::shared(&embeddings)?,
        };
        let factors = tensors.find("rope_freqs.weight")?.map(|factors| factors.dequantize(&Device::Cpu)).transpose()?;
        let rope = Rope::new(&shape, factors.map(|factors| factors.to_vec1()).transpose()?);
        let norm = tensors.norm("output_norm.weight", shape.norm_epsilon)?;
        let layers = (0..shape.layers)
            .map(|index| Layer::read(&mut tensors, &shape, index))
            .collect::<candle_core::Result<_>>()?;
        Ok(Model { shape, embeddings, layers, norm, output, rope })
    }

    /// Lets candle arrange the weights for its kernels, which it does at their first use.
    pub(crate) fn warm_up(&self) -> candle_core::Result<()> {
        let mut state = self.new_state();
        self.absorb(&mut state, &[0, 0])?;
        self.forward(&mut state, &[0]).map(drop)
    }

    pub(crate) fn new_state(&self) -> State {
        State::new(&self.shape)
    }

    /// Adds `tokens`, at most a chunk of them, to the state, and returns the logits of what follows the last one.
    pub(crate) fn forward(&self, state: &mut State, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
        let hidden = self.hidden(state, tokens)?;
        let last = hidden.narrow(0, tokens.len() - 1, 1)?.contiguous()?;
        self.output.forward(&self.norm.forward(&last)?)?.squeeze(0)?.to_vec1()
    }

    /// Adds `tokens`, at most a chunk of them, to the state, when nobody asks what follows.
    pub(crate) fn absorb(&self, state: &mut State, tokens: &[u32]) -> candle_core::Result<()> {
        self.hidden(state, tokens).map(drop)
    }

    fn hidden(&self, state: &mut State, tokens: &[u32]) -> candle_core::Result<Tensor> {
        let ids = Tensor::new(tokens, &Device::Cpu)?;
        let mut hidden = self.embeddings.embedding(&ids)?;
        let turns = self.rope.turns(state.len(), tokens.len())?;
        let mask = attention::causal_mask(state.len(), tokens.len())?;
        state.reserve(tokens.len())?;
        for (layer, cache) in self.layers.iter().zip(state.caches_mut()) {
            hidden = layer.forward(&hidden, &turns, mask.as_ref(), cache)?;
        }
        state.push(tokens);
        Ok(hidden)
    }
}

/// Opens a GGUF file and reads its head.
pub(crate) fn open(path: &Path) -> candle_core::Result<(Content, BufReader<File>)> {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let content = Content::read(&mut reader)?;
    Ok((content, reader))
}

/// The tensors of a file, by name.
struct Tensors<'a, R> {
    content: &'a Content,
    reader: &'a mut R,
}

impl<R: Read + Seek> Tensors<'_, R> {
    fn get(&mut self, name: &str) -> candle_core::Result<QTensor> {
        self.content.tensor(self.reader, name, &Device::Cpu)
    }

    fn find(&mut self, name: &str) -> candle_core::Result<Option<QTensor>> {
        if !self.content.tensor_infos.contains_key(name) {
            return Ok(None);
        }
        self.get(name).map(Some)
    }

    fn norm(&mut self, name: &str, epsilon: f32) -> candle_core::Result<Norm> {
        Ok(Norm::new(self.get(name)?.dequantize(&Device::Cpu)?, epsilon))
    }
}

/// A number in the file's head, whatever its width.
pub(crate) fn number(content: &Content, key: &str) -> Option<u64> {
    content.metadata.get(key).and_then(integer).and_then(|number| u64::try_from(number).ok())
}

pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::U8(number) => Some((*number).into()),
        Value::I8(number) => Some((*number).into()),
        Value::U16(number) => Some((*number).into()),
        Value::I16(number) => Some((*number).into()),
        Value::U32(number) => Some((*number).into()),
        Value::I32(number) => Some((*number).into()),
        Value::U64(number) => i64::try_from(*number).ok(),
        Value::I64(number) => Some(*number),
        Value::F32(_) | Value::F64(_) | Value::Bool(_) | Value::String(_) | Value::Array(_) => None,
    }
}

pub(crate) fn text<'a>(content: &'a Content, key: &str) -> Option<&'a str> {
    match content.metadata.get(key)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests;
