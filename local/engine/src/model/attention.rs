use candle_core::{Device, Tensor};
use candle_nn::ops::softmax_last_dim;

/// Attends from (heads, tokens, head size) to all keys and values, (kv heads, all tokens, head size).
///
/// The heads that share a key-value head are taken as further rows of one matrix, so nothing is repeated in memory.
pub(super) fn attend(
    queries: &Tensor,
    keys: &Tensor,
    values: &Tensor,
    mask: Option<&Tensor>,
) -> candle_core::Result<Tensor> {
    let (heads, tokens, head_size) = queries.dims3()?;
    let (kv_heads, all_tokens, _) = keys.dims3()?;
    let group = heads / kv_heads;

    let queries = (queries * (1.0 / (head_size as f64).sqrt()))?.reshape((kv_heads, group * tokens, head_size))?;
    let mut scores = queries.matmul(&keys.t()?)?;
    if let Some(mask) = mask {
        scores = scores.reshape((heads, tokens, all_tokens))?.broadcast_add(mask)?;
        scores = scores.reshape((kv_heads, group * tokens, all_tokens))?;
    }
    softmax_last_dim(&scores)?.matmul(values)?.reshape((heads, tokens, head_size))
}

/// Keeps each of `count` new tokens from seeing later ones. A single token has nothing after it.
pub(super) fn causal_mask(earlier: usize, count: usize) -> candle_core::Result<Option<Tensor>> {
    if count == 1 {
        return Ok(None);
    }
    let all = earlier + count;
    let cells = (0..count)
        .flat_map(|row| (0..all).map(move |column| if column > earlier + row { f32::NEG_INFINITY } else { 0.0 }));
    Tensor::from_iter(cells, &Device::Cpu)?.reshape((count, all)).map(Some)
}
