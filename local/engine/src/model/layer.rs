use std::io::{Read, Seek};

use candle_core::{Device, Tensor, quantized::QTensor};
use candle_nn::ops::{rms_norm, silu};

use super::{Shape, Tensors, attention::attend, matrix::Matrix, rope::Turns, state::Cache};

/// One block: attention, then the gated feed-forward network, each added to what came in.
pub(super) struct Layer {
    attention_norm: Norm,
    query: Linear,
    key: Linear,
    value: Linear,
    /// Qwen 3 normalises each head's queries and keys.
    query_norm: Option<Norm>,
    key_norm: Option<Norm>,
    output: Linear,
    feed_forward_norm: Norm,
    gate: Linear,
    up: Linear,
    down: Linear,
    heads: usize,
    kv_heads: usize,
    head_size: usize,
}

impl Layer {
    pub(super) fn read<R: Read + Seek>(
        tensors: &mut Tensors<'_, R>,
        shape: &Shape,
        index: usize,
    ) -> candle_core::Result<Layer> {
        let name = |part: &str| format!("blk.{index}.{part}");
        let epsilon = shape.norm_epsilon;
        let mut head_norm = |part: &str| {
            let norm = tensors.find(&name(part))?.map(|norm| norm.dequantize(&Device::Cpu)).transpose()?;
            Ok::<_, candle_core::Error>(norm.map(|norm| Norm::new(norm, epsilon)))
        };
        let (query_norm, key_norm) = (head_norm("attn_q_norm.weight")?, head_norm("attn_k_norm.weight")?);
        let mut linear = |part: &str| {
            let weight = tensors.get(&name(&format!("{part}.weight")))?;
            let bias = tensors.find(&name(&format!("{part}.bias")))?;
            Linear::new(weight, bias)
        };
        Ok(Layer {
            query: linear("attn_q")?,
            key: linear("attn_k")?,
            value: linear("attn_v")?,
            output: linear("attn_output")?,
            gate: linear("ffn_gate")?,
            up: linear("ffn_up")?,
            down: linear("ffn_down")?,
            attention_norm: tensors.norm(&name("attn_norm.weight"), epsilon)?,
            feed_forward_norm: tensors.norm(&name("ffn_norm.weight"), epsilon)?,
            query_norm,
            key_norm,
            heads: shape.heads,
            kv_heads: shape.kv_heads,
            head_size: shape.head_size,
        })
    }

    /// `hidden` has one row a token.
    pub(super) fn forward(
        &self,
        hidden: &Tensor,
        turns: &Turns,
        mask: Option<&Tensor>,
        cache: &mut Cache,
    ) -> candle_core::Result<Tensor> {
        let normed = self.attention_norm.forward(hidden)?;
        let queries = self.split(&self.query.forward(&normed)?, self.heads, self.query_norm.as_ref())?;
        let keys = self.split(&self.key.forward(&normed)?, self.kv_heads, self.key_norm.as_ref())?;
        let values = self.split(&self.value.forward(&normed)?, self.kv_heads, None)?;
        let queries = turns.apply(&queries.unsqueeze(0)?)?.squeeze(0)?;
        let keys = turns.apply(&keys.unsqueeze(0)?)?.squeeze(0)?;
        let (keys, values) = cache.append(&keys, &values)?;
        let attended = attend(&queries, &keys, &values, mask)?;
        let attended = attended.transpose(0, 1)?.contiguous()?.flatten_from(1)?;
        let hidden = (hidden + self.output.forward(&attended)?)?;

        let normed = self.feed_forward_norm.forward(&hidden)?;
        let gated = (silu(&self.gate.forward(&normed)?)? * self.up.forward(&normed)?)?;
        hidden + self.down.forward(&gated)?
    }

    /// (tokens, heads × head size) to (heads, tokens, head size).
    fn split(&self, rows: &Tensor, heads: usize, norm: Option<&Norm>) -> candle_core::Result<Tensor> {
        let split = rows.reshape((rows.dim(0)?, heads, self.head_size))?;
        let split = match norm {
            Some(norm) => norm.forward(&split)?,
            None => split,
        };
        split.transpose(0, 1)?.contiguous()
    }
}

pub(super) struct Norm {
    weight: Tensor,
    epsilon: f32,
}

impl Norm {
    pub(super) fn new(weight: Tensor, epsilon: f32) -> Norm {
        Norm { weight, epsilon }
    }

    pub(super) fn forward(&self, rows: &Tensor) -> candle_core::Result<Tensor> {
        rms_norm(rows, &self.weight, self.epsilon)
    }
}

struct Linear {
    weight: Matrix,
    bias: Option<Tensor>,
}

impl Linear {
    fn new(weight: QTensor, bias: Option<QTensor>) -> candle_core::Result<Linear> {
        let bias = bias.map(|bias| bias.dequantize(&Device::Cpu)).transpose()?;
        Ok(Linear { weight: Matrix::new(weight)?, bias })
    }

    fn forward(&self, rows: &Tensor) -> candle_core::Result<Tensor> {
        let product = self.weight.forward(rows)?;
        match &self.bias {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }
}
