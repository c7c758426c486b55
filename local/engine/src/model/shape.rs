use candle_core::{bail, quantized::gguf_file::Content};

use super::{number, text};

/// A context of the full 128 Ki tokens that some models take would need more memory than a laptop has.
const LONGEST_CONTEXT: usize = 32_768;

/// The sizes of a model, from the head of its file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) head_size: usize,
    pub(crate) context_length: usize,
    pub(crate) norm_epsilon: f32,
    pub(crate) rope_base: f32,
    /// Positions are divided by this.
    pub(crate) rope_scale: f32,
    /// Llama files pair neighbouring values where the others pair the two halves of a head.
    pub(crate) rope_interleaved: bool,
}

impl Shape {
    pub(crate) fn read(content: &Content) -> candle_core::Result<Shape> {
        let Some(architecture) = text(content, "general.architecture") else {
            bail!("the file does not name its architecture")
        };
        if !["llama", "mistral", "qwen2", "qwen3"].contains(&architecture) {
            bail!("the architecture {architecture:?} is not one of llama, mistral, qwen2, qwen3")
        }
        let optional = |key: &str| number(content, &format!("{architecture}.{key}")).map(|value| value as usize);
        let required = |key: &str| match optional(key) {
            Some(0) | None => bail!("the file does not say {architecture}.{key}"),
            Some(value) => Ok(value),
        };
        let float =
            |key: &str| content.metadata.get(&format!("{architecture}.{key}")).and_then(|value| value.to_f32().ok());
        if optional("expert_count").is_some_and(|experts| experts > 0) {
            bail!("mixtures of experts are not supported")
        }
        let rope_scale = match text(content, &format!("{architecture}.rope.scaling.type")) {
            None | Some("none") => 1.0,
            Some("linear") => float("rope.scaling.factor").unwrap_or(1.0),
            Some(kind) => bail!("the rope scaling {kind:?} is not supported"),
        };

        let heads = required("attention.head_count")?;
        let kv_heads = optional("attention.head_count_kv").filter(|kv_heads| *kv_heads > 0).unwrap_or(heads);
        if !heads.is_multiple_of(kv_heads) {
            bail!("{heads} heads cannot share {kv_heads} key-value heads")
        }
        let head_size = match optional("attention.key_length") {
            Some(size) => size,
            None => required("embedding_length")? / heads,
        };
        if optional("rope.dimension_count").is_some_and(|size| size != head_size) {
            bail!("partial rotary embeddings are not supported")
        }
        // Beyond its window such a model looks back only so far, which is not computed here.
        let window = optional("attention.sliding_window").filter(|window| *window > 0).unwrap_or(LONGEST_CONTEXT);
        Ok(Shape {
            layers: required("block_count")?,
            heads,
            kv_heads,
            head_size,
            context_length: required("context_length")?.min(LONGEST_CONTEXT).min(window),
            norm_epsilon: float("attention.layer_norm_rms_epsilon").unwrap_or(1e-5),
            rope_base: float("rope.freq_base").unwrap_or(10_000.0),
            rope_scale,
            rope_interleaved: matches!(architecture, "llama" | "mistral"),
        })
    }

    /// What the key-value state of one token takes.
    pub(crate) fn bytes_per_token(&self) -> usize {
        self.layers * 2 * self.kv_heads * self.head_size * size_of::<f32>()
    }
}
