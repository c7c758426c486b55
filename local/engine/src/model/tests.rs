use std::{collections::HashMap, io::Cursor};

use candle_core::quantized::{GgmlDType, gguf_file};

use super::*;

const LAYERS: usize = 2;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const HEAD_SIZE: usize = 8;
const WIDTH: usize = HEADS * HEAD_SIZE;
const INNER: usize = 64;
const VOCABULARY: usize = 50;

/// A model of made-up weights, in the given family's layout, and the weights by name.
fn model(architecture: &str) -> (Model, HashMap<String, Vec<f32>>) {
    let mut shapes: Vec<(String, Vec<usize>)> = vec![
        ("token_embd.weight".into(), vec![VOCABULARY, WIDTH]),
        ("output_norm.weight".into(), vec![WIDTH]),
        ("output.weight".into(), vec![VOCABULARY, WIDTH]),
    ];
    for layer in 0..LAYERS {
        let kv = KV_HEADS * HEAD_SIZE;
        let mut parts = vec![
            ("attn_norm.weight", vec![WIDTH]),
            ("ffn_norm.weight", vec![WIDTH]),
            ("attn_q.weight", vec![WIDTH, WIDTH]),
            ("attn_k.weight", vec![kv, WIDTH]),
            ("attn_v.weight", vec![kv, WIDTH]),
            ("attn_output.weight", vec![WIDTH, WIDTH]),
            ("ffn_gate.weight", vec![INNER, WIDTH]),
            ("ffn_up.weight", vec![INNER, WIDTH]),
            ("ffn_down.weight", vec![WIDTH, INNER]),
        ];
        match architecture {
            "qwen2" => {
                parts.extend([("attn_q.bias", vec![WIDTH]), ("attn_k.bias", vec![kv]), ("attn_v.bias", vec![kv])])
            }
            "qwen3" => parts.extend([("attn_q_norm.weight", vec![HEAD_SIZE]), ("attn_k_norm.weight", vec![HEAD_SIZE])]),
            _ => {}
        }
        shapes.extend(parts.into_iter().map(|(name, shape)| (format!("blk.{layer}.{name}"), shape)));
    }
    let mut seed = 1u32;
    let mut made_up = |count: usize| -> Vec<f32> {
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1u32 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next()).collect()
    };
    let weights: HashMap<_, _> =
        shapes.iter().map(|(name, shape)| (name.clone(), made_up(shape.iter().product()))).collect();
    let tensors: Vec<(&str, QTensor)> = shapes
        .iter()
        .map(|(name, shape)| {
            let tensor = Tensor::from_vec(weights[name].clone(), shape.as_slice(), &Device::Cpu).unwrap();
            (name.as_str(), QTensor::quantize(&tensor, GgmlDType::F32).unwrap())
        })
        .collect();

    let key = |name: &str| format!("{architecture}.{name}");
    let metadata = [
        ("general.architecture".into(), Value::String(architecture.into())),
        (key("block_count"), Value::U32(LAYERS as u32)),
        (key("context_length"), Value::U32(512)),
        (key("embedding_length"), Value::U32(WIDTH as u32)),
        (key("attention.head_count"), Value::U32(HEADS as u32)),
        (key("attention.head_count_kv"), Value::U32(KV_HEADS as u32)),
        (key("attention.layer_norm_rms_epsilon"), Value::F32(1e-5)),
    ];
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (*name, tensor)).collect();
    let mut file = Cursor::new(Vec::new());
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    file.set_position(0);
    let content = Content::read(&mut file).unwrap();
    (Model::read(&content, &mut file).unwrap(), weights)
}

pub(crate) fn tiny() -> Model {
    model("qwen2").0
}

/// The same computation, written down as plainly as it can be: for one token after the other, with loops.
fn plainly(architecture: &str, weights: &HashMap<String, Vec<f32>>, tokens: &[u32]) -> Vec<f32> {
    let product = |name: &str, input: &[f32]| -> Vec<f32> {
        let row = |row: &[f32]| row.iter().zip(input).map(|(a, b)| a * b).sum::<f32>();
        weights[&format!("{name}.weight")].chunks(input.len()).map(row).collect()
    };
    let norm = |name: &str, input: &[f32]| -> Vec<f32> {
        let mean = input.iter().map(|value| value * value).sum::<f32>() / input.len() as f32;
        let scaled = input.iter().map(|value| value / (mean + 1e-5).sqrt());
        scaled.zip(&weights[&format!("{name}.weight")]).map(|(value, weight)| value * weight).collect()
    };
    let turned = |head: &[f32], position: usize| -> Vec<f32> {
        let mut turned = head.to_vec();
        for pair in 0..HEAD_SIZE / 2 {
            let angle = position as f32 / 10_000f32.powf(2.0 * pair as f32 / HEAD_SIZE as f32);
            let (a, b) = if architecture == "llama" { (2 * pair, 2 * pair + 1) } else { (pair, pair + HEAD_SIZE / 2) };
            turned[a] = head[a] * angle.cos() - head[b] * angle.sin();
            turned[b] = head[a] * angle.sin() + head[b] * angle.cos();
        }
        turned
    };
    let mut seen: Vec<Vec<(Vec<f32>, Vec<f32>)>> = vec![Vec::new(); LAYERS];
    let mut hidden = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        hidden = weights["token_embd.weight"].chunks(WIDTH).nth(*token as usize).unwrap().to_vec();
        for (layer, seen) in seen.iter_mut().enumerate() {
            let name = |part: &str| format!("blk.{layer}.{part}");
            let normed = norm(&name("attn_norm"), &hidden);
            let heads = |part: &str, turn: bool| -> Vec<f32> {
                let mut values = product(&name(part), &normed);
                if let Some(bias) = weights.get(&name(&format!("{part}.bias"))) {
                    values.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
                }
                let head = |head: &[f32]| match (turn, architecture) {
                    (true, "qwen3") => turned(&norm(&name(&format!("{part}_norm")), head), position),
                    (true, _) => turned(head, position),
                    (false, _) => head.to_vec(),
                };
                values.chunks(HEAD_SIZE).flat_map(head).collect()
            };
            let queries = heads("attn_q", true);
            seen.push((heads("attn_k", true), heads("attn_v", false)));
            let attended: Vec<f32> = (0..HEADS)
                .flat_map(|head| {
                    let kv = head / (HEADS / KV_HEADS) * HEAD_SIZE;
                    let query = &queries[head * HEAD_SIZE..][..HEAD_SIZE];
                    let score = |key: &[f32]| query.iter().zip(key).map(|(a, b)| a * b).sum::<f32>();
                    let scores = seen
                        .iter()
                        .map(|(keys, _)| (score(&keys[kv..][..HEAD_SIZE]) / (HEAD_SIZE as f32).sqrt()).exp());
                    let scores: Vec<f32> = scores.collect();
                    let sum: f32 = scores.iter().sum();
                    let value = |at: usize| {
                        seen.iter().zip(&scores).map(|((_, values), score)| values[kv + at] * score).sum::<f32>()
                    };
                    (0..HEAD_SIZE).map(|at| value(at) / sum).collect::<Vec<_>>()
                })
                .collect();
            let add = |to: &mut Vec<f32>, what: Vec<f32>| to.iter_mut().zip(what).for_each(|(to, what)| *to += what);
            add(&mut hidden, product(&name("attn_output"), &attended));
            let normed = norm(&name("ffn_norm"), &hidden);
            let gate = product(&name("ffn_gate"), &normed).into_iter().map(|gate| gate / (1.0 + (-gate).exp()));
            let gated: Vec<f32> = gate.zip(product(&name("ffn_up"), &normed)).map(|(gate, up)| gate * up).collect();
            add(&mut hidden, product(&name("ffn_down"), &gated));
        }
    }
    product("output", &norm("output_norm", &hidden))
}

fn assert_close(one: &[f32], other: &[f32], what: &str) {
    let apart = one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(one.len() == other.len() && apart < 1e-4, "{what}: {apart} apart");
}

const TOKENS: [u32; 12] = [3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 49, 0];

#[test]
fn computes_each_architecture_as_defined() {
    for architecture in ["llama", "qwen2", "qwen3"] {
        let (model, weights) = model(architecture);
        let expected = plainly(architecture, &weights, &TOKENS);
        for chunk in [1, 5, 12] {
            let mut state = model.new_state();
            let mut logits = Vec::new();
            for tokens in TOKENS.chunks(chunk) {
                logits = model.forward(&mut state, tokens).unwrap();
            }
            assert_close(&logits, &expected, &format!("{architecture} in chunks of {chunk}"));
        }
    }
}

#[test]
fn a_state_that_was_cut_or_copied_goes_on_as_if_new() {
    let (model, weights) = model("qwen2");
    let mut state = model.new_state();
    model.absorb(&mut state, &TOKENS).unwrap();
    let mut copy = state.copy_prefix(4).unwrap();
    state.truncate(7);
    assert_eq!((state.tokens(), copy.tokens()), (&TOKENS[..7], &TOKENS[..4]));
    let other: Vec<u32> = TOKENS[..4].iter().copied().chain([40, 41]).collect();
    assert_close(&model.forward(&mut copy, &[40, 41]).unwrap(), &plainly("qwen2", &weights, &other), "copied");
    let expected = plainly("qwen2", &weights, &TOKENS);
    assert_close(&model.forward(&mut state, &TOKENS[7..]).unwrap(), &expected, "cut");
}

#[test]
fn a_state_grows_beyond_its_first_room() {
    let (model, weights) = model("llama");
    let tokens: Vec<u32> = (0..300).map(|index| index * 7 % VOCABULARY as u32).collect();
    let mut state = model.new_state();
    let mut logits = Vec::new();
    for tokens in tokens.chunks(CHUNK) {
        logits = model.forward(&mut state, tokens).unwrap();
    }
    assert_close(&logits, &plainly("llama", &weights, &tokens), "300 tokens");
    assert!(state.bytes() >= 300 * model.shape().bytes_per_token());
}

#[test]
fn a_context_ends_where_a_sliding_window_would_move() {
    for (window, expected) in [(0, 32_768), (4096, 4096), (100_000, 32_768)] {
        let metadata = [
            ("block_count", 2),
            ("context_length", 131_072),
            ("embedding_length", 64),
            ("attention.head_count", 4),
            ("attention.sliding_window", window),
        ];
        let numbers = metadata.map(|(key, value)| (format!("mistral.{key}"), Value::U32(value)));
        let architecture = ("general.architecture".to_string(), Value::String("mistral".into()));
        let content = Content {
            magic: gguf_file::VersionedMagic::GgufV3,
            metadata: numbers.into_iter().chain([architecture]).collect(),
            tensor_infos: HashMap::new(),
            tensor_data_offset: 0,
        };
        assert_eq!(Shape::read(&content).unwrap().context_length, expected, "with a window of {window}");
    }
}

#[test]
fn what_cannot_be_computed_is_refused() {
    let head = |architecture: &str, more: (&str, Value)| Content {
        magic: gguf_file::VersionedMagic::GgufV3,
        metadata: [("general.architecture".to_string(), Value::String(architecture.into())), (more.0.into(), more.1)]
            .into(),
        tensor_infos: HashMap::new(),
        tensor_data_offset: 0,
    };
    for (content, reason) in [
        (head("gemma3", ("x", Value::U8(0))), "gemma3"),
        (head("llama", ("llama.expert_count", Value::U32(8))), "experts"),
        (head("qwen2", ("qwen2.rope.scaling.type", Value::String("yarn".into()))), "yarn"),
        (head("qwen2", ("x", Value::U8(0))), "attention.head_count"),
    ] {
        let error = Shape::read(&content).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
