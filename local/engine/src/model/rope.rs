use candle_core::{Device, Tensor};
use candle_nn::rotary_emb::{rope, rope_i};

use super::Shape;

/// Rotary position embeddings.
pub(crate) struct Rope {
    frequencies: Vec<f32>,
    interleaved: bool,
}

/// Cosines and sines of the positions that are being computed, one row a token.
pub(crate) struct Turns {
    cos: Tensor,
    sin: Tensor,
    interleaved: bool,
}

impl Rope {
    /// `factors` are the divisors that Llama 3.1 and later bring in the file, one a frequency.
    pub(crate) fn new(shape: &Shape, factors: Option<Vec<f32>>) -> Rope {
        let frequencies = (0..shape.head_size / 2).map(|index| {
            let factor = factors.as_ref().and_then(|factors| factors.get(index)).copied().unwrap_or(1.0);
            let exponent = 2.0 * index as f32 / shape.head_size as f32;
            1.0 / shape.rope_base.powf(exponent) / factor / shape.rope_scale
        });
        Rope { frequencies: frequencies.collect(), interleaved: shape.rope_interleaved }
    }

    pub(crate) fn turns(&self, position: usize, count: usize) -> candle_core::Result<Turns> {
        let angles = (position..position + count)
            .flat_map(|position| self.frequencies.iter().map(move |frequency| position as f32 * frequency));
        let angles = Tensor::from_iter(angles, &Device::Cpu)?.reshape((count, self.frequencies.len()))?;
        Ok(Turns { cos: angles.cos()?, sin: angles.sin()?, interleaved: self.interleaved })
    }
}

impl Turns {
    /// Turns heads in the layout (1, heads, tokens, head size).
    pub(crate) fn apply(&self, heads: &Tensor) -> candle_core::Result<Tensor> {
        match self.interleaved {
            true => rope_i(heads, &self.cos, &self.sin),
            false => rope(heads, &self.cos, &self.sin),
        }
    }
}
