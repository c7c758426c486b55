use candle_core::{DType, Device, Tensor};

use super::Shape;

/// Room is made for this many tokens at a time: little is wasted, and a long answer is seldom copied.
const STEP: usize = 256;

/// What a model has computed for a sequence of tokens: their keys and values in each layer.
///
/// It can be extended, cut back to a prefix, and copied, which is all that reusing a prefix needs.
pub(crate) struct State {
    tokens: Vec<u32>,
    caches: Vec<Cache>,
    bytes_per_token: usize,
}

impl State {
    pub(super) fn new(shape: &Shape) -> State {
        let cache = || Cache { keys: None, values: None, len: 0, heads: shape.kv_heads, head_size: shape.head_size };
        State {
            tokens: Vec::new(),
            caches: (0..shape.layers).map(|_| cache()).collect(),
            bytes_per_token: shape.bytes_per_token(),
        }
    }

    pub(crate) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.caches.first().map_or(0, Cache::capacity) * self.bytes_per_token
    }

    /// Forgets all but the first `len` tokens.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.tokens.truncate(len);
        let len = self.tokens.len();
        self.caches.iter_mut().for_each(|cache| cache.len = len);
    }

    /// A state of its own for the first `len` tokens.
    pub(crate) fn copy_prefix(&self, len: usize) -> candle_core::Result<State> {
        let len = len.min(self.len());
        Ok(State {
            tokens: self.tokens.iter().take(len).copied().collect(),
            caches: self.caches.iter().map(|cache| cache.copy_prefix(len)).collect::<candle_core::Result<_>>()?,
            bytes_per_token: self.bytes_per_token,
        })
    }

    pub(super) fn caches_mut(&mut self) -> impl Iterator<Item = &mut Cache> {
        self.caches.iter_mut()
    }

    /// Called once all layers have taken the tokens in.
    pub(super) fn push(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
    }

    pub(super) fn reserve(&mut self, more: usize) -> candle_core::Result<()> {
        // A forward pass that failed half-way leaves some layers longer than others.
        let len = self.len();
        for cache in &mut self.caches {
            cache.len = len;
            cache.reserve(len + more)?;
        }
        Ok(())
    }
}

/// Keys and values of one layer, each (heads, capacity, head size).
pub(crate) struct Cache {
    keys: Option<Tensor>,
    values: Option<Tensor>,
    len: usize,
    heads: usize,
    head_size: usize,
}

impl Cache {
    /// Adds the keys and values of new tokens, (heads, tokens, head size), and returns those of all tokens.
    pub(super) fn append(&mut self, keys: &Tensor, values: &Tensor) -> candle_core::Result<(Tensor, Tensor)> {
        let (Some(all_keys), Some(all_values)) = (&self.keys, &self.values) else {
            candle_core::bail!("no room was reserved")
        };
        let count = keys.dim(1)?;
        all_keys.slice_set(keys, 1, self.len)?;
        all_values.slice_set(values, 1, self.len)?;
        self.len += count;
        Ok((all_keys.narrow(1, 0, self.len)?, all_values.narrow(1, 0, self.len)?))
    }

    fn capacity(&self) -> usize {
        self.keys.as_ref().map_or(0, |keys| keys.dims()[1])
    }

    fn reserve(&mut self, len: usize) -> candle_core::Result<()> {
        if len <= self.capacity() {
            return Ok(());
        }
        // Growing by a share of what is there keeps the cost of copying in proportion to the length.
        let capacity = (len + self.len / 4).next_multiple_of(STEP);
        self.keys = Some(self.grown(self.keys.as_ref(), self.len, capacity)?);
        self.values = Some(self.grown(self.values.as_ref(), self.len, capacity)?);
        Ok(())
    }

    fn copy_prefix(&self, len: usize) -> candle_core::Result<Cache> {
        let capacity = len.next_multiple_of(STEP).max(STEP);
        Ok(Cache {
            keys: Some(self.grown(self.keys.as_ref(), len, capacity)?),
            values: Some(self.grown(self.values.as_ref(), len, capacity)?),
            len,
            ..*self
        })
    }

    fn grown(&self, from: Option<&Tensor>, len: usize, capacity: usize) -> candle_core::Result<Tensor> {
        let to = Tensor::zeros((self.heads, capacity, self.head_size), DType::F32, &Device::Cpu)?;
        if let Some(from) = from.filter(|_| len > 0) {
            to.slice_set(&from.narrow(1, 0, len)?.contiguous()?, 1, 0)?;
        }
        Ok(to)
    }
}
