//! What a family's `config.json` means for the one decoder.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::error::HubError;
use super::FAMILIES;
use crate::nn::config::RotaryScaling;
use crate::nn::{Activation, DecoderConfig, Head, Init, NormKind, NormPlace, Positions};

/// The most layers that a model may claim to have: more than any that exists, and few enough to list.
const MOST_LAYERS: usize = 1_024;
/// The most elements in a row of anything.
const MOST_WIDTH: usize = 1 << 20;

/// Radford et al. 2019.
#[derive(Deserialize)]
struct Gpt2 {
    vocab_size: usize,
    n_positions: usize,
    n_embd: usize,
    n_layer: usize,
    n_head: usize,
    n_inner: Option<usize>,
    #[serde(default = "gelu_new")]
    activation_function: String,
    #[serde(default = "eps")]
    layer_norm_epsilon: f64,
    #[serde(default = "yes")]
    scale_attn_weights: bool,
    #[serde(default)]
    scale_attn_by_inverse_layer_idx: bool,
    #[serde(default = "yes")]
    tie_word_embeddings: bool,
}

/// Black et al. 2021.
#[derive(Deserialize)]
struct GptNeo {
    vocab_size: usize,
    max_position_embeddings: usize,
    hidden_size: usize,
    num_layers: usize,
    num_heads: usize,
    intermediate_size: Option<usize>,
    #[serde(default = "gelu_new")]
    activation_function: String,
    #[serde(default = "eps")]
    layer_norm_epsilon: f64,
    #[serde(default)]
    attention_layers: Vec<String>,
    /// `[[["global", "local"], 6]]`: kinds, and how often they are repeated.
    #[serde(default)]
    attention_types: Vec<(Vec<String>, usize)>,
    #[serde(default = "window")]
    window_size: usize,
    #[serde(default = "yes")]
    tie_word_embeddings: bool,
}

/// Touvron et al. 2023; also Mistral's and Qwen-2's models.
#[derive(Deserialize)]
struct Llama {
    vocab_size: usize,
    max_position_embeddings: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    #[serde(default = "silu")]
    hidden_act: String,
    #[serde(default = "rms_eps")]
    rms_norm_eps: f64,
    rope_theta: Option<f64>,
    rope_scaling: Option<Value>,
    rope_parameters: Option<Value>,
    attention_bias: Option<bool>,
    #[serde(default)]
    mlp_bias: bool,
    sliding_window: Option<usize>,
    #[serde(default)]
    use_sliding_window: bool,
    #[serde(default)]
    tie_word_embeddings: bool,
}

fn gelu_new() -> String {
    "gelu_new".to_owned()
}

fn silu() -> String {
    "silu".to_owned()
}

fn eps() -> f64 {
    1e-5
}

fn rms_eps() -> f64 {
    1e-6
}

fn window() -> usize {
    256
}

fn yes() -> bool {
    true
}

/// The configuration of a folder's `config.json`, which is at `path`.
pub(in super::super) fn parse(tree: &Value, path: &Path) -> Result<DecoderConfig, HubError> {
    let family = tree.get("model_type").and_then(Value::as_str).unwrap_or_default();
    let config = match family {
        "gpt2" => gpt2(read(tree, path)?, path)?,
        "gpt_neo" => gpt_neo(read(tree, path)?, path)?,
        "llama" | "mistral" | "qwen2" => llama(read(tree, path)?, family, path)?,
        _ => return Err(HubError::Family { name: family.to_owned(), known: FAMILIES.join(", ") }),
    };
    check(&config, path)?;
    Ok(config)
}

/// Refuses sizes that no model has, before anything is allocated for them, and those that do not fit together.
pub(in super::super) fn check(config: &DecoderConfig, path: &Path) -> Result<(), HubError> {
    let bad = |detail: String| HubError::BadConfig { path: path.to_owned(), detail };
    let sizes = [config.vocabulary, config.context, config.d_model, config.d_ff];
    if config.n_layers > MOST_LAYERS || sizes.iter().any(|&size| size > MOST_WIDTH) {
        return Err(bad(format!("{sizes:?}, {}", config.n_layers)));
    }
    if !(config.rotary_base.is_finite() && config.rotary_base > 0.0) {
        return Err(bad(format!("rope_theta {}", config.rotary_base)));
    }
    if !(config.norm_eps.is_finite() && config.norm_eps >= 0.0) {
        return Err(bad(format!("norm_eps {}", config.norm_eps)));
    }
    Ok(config.validate()?)
}

fn read<T: DeserializeOwned>(tree: &Value, path: &Path) -> Result<T, HubError> {
    T::deserialize(tree).map_err(|error| HubError::BadConfig { path: path.to_owned(), detail: error.to_string() })
}

/// What the decoder cannot be told.
fn unsupported(path: &Path, field: &str, value: impl ToString) -> HubError {
    HubError::Unsupported { path: path.to_owned(), field: field.to_owned(), value: value.to_string() }
}

fn activation(name: &str, path: &Path) -> Result<Activation, HubError> {
    match name {
        "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
        "gelu" => Ok(Activation::Gelu),
        "relu" => Ok(Activation::Relu),
        other => Err(unsupported(path, "activation_function", other)),
    }
}

fn head(tied: bool) -> Head {
    if tied { Head::Tied } else { Head::Separate }
}

fn gpt2(file: Gpt2, path: &Path) -> Result<DecoderConfig, HubError> {
    if file.scale_attn_by_inverse_layer_idx {
        return Err(unsupported(path, "scale_attn_by_inverse_layer_idx", true));
    }
    Ok(DecoderConfig {
        vocabulary: file.vocab_size,
        context: file.n_positions,
        d_model: file.n_embd,
        n_layers: file.n_layer,
        n_heads: file.n_head,
        n_kv_heads: file.n_head,
        d_ff: file.n_inner.unwrap_or(4 * file.n_embd),
        positions: Positions::Learned,
        rotary_base: 10_000.0,
        rotary_scaling: RotaryScaling::None,
        norm: NormKind::LayerNorm,
        norm_place: NormPlace::Pre,
        norm_eps: file.layer_norm_epsilon,
        final_norm: true,
        activation: activation(&file.activation_function, path)?,
        causal: true,
        windows: Vec::new(),
        scale_scores: file.scale_attn_weights,
        qkv_bias: true,
        attn_out_bias: true,
        ff_bias: true,
        head: head(file.tie_word_embeddings),
        head_bias: false,
        residual: true,
        dropout: 0.0,
        init: Init::Gpt2,
    })
}

fn gpt_neo(file: GptNeo, path: &Path) -> Result<DecoderConfig, HubError> {
    let mut kinds = file.attention_layers;
    if kinds.is_empty() {
        // One more than there may be is enough to see that there are too many.
        let repeated = file
            .attention_types
            .iter()
            .flat_map(|(kinds, times)| kinds.iter().cycle().take(kinds.len() * times.min(&MOST_LAYERS)));
        kinds = repeated.take(MOST_LAYERS + 1).cloned().collect();
    }
    // Without any, every layer would be global here, and in transformers every second one is not.
    if kinds.is_empty() {
        return Err(unsupported(path, "attention_types", "[]"));
    }
    let mut windows = Vec::with_capacity(kinds.len());
    for kind in &kinds {
        windows.push(match kind.as_str() {
            "global" => None,
            "local" => Some(file.window_size),
            other => return Err(unsupported(path, "attention_types", other)),
        });
    }
    Ok(DecoderConfig {
        vocabulary: file.vocab_size,
        context: file.max_position_embeddings,
        d_model: file.hidden_size,
        n_layers: file.num_layers,
        n_heads: file.num_heads,
        n_kv_heads: file.num_heads,
        d_ff: file.intermediate_size.unwrap_or(4 * file.hidden_size),
        positions: Positions::Learned,
        rotary_base: 10_000.0,
        rotary_scaling: RotaryScaling::None,
        norm: NormKind::LayerNorm,
        norm_place: NormPlace::Pre,
        norm_eps: file.layer_norm_epsilon,
        final_norm: true,
        activation: activation(&file.activation_function, path)?,
        causal: true,
        windows,
        // GPT-Neo was trained without it.
        scale_scores: false,
        qkv_bias: false,
        attn_out_bias: true,
        ff_bias: true,
        head: head(file.tie_word_embeddings),
        head_bias: false,
        residual: true,
        dropout: 0.0,
        init: Init::Gpt2,
    })
}

fn llama(file: Llama, family: &str, path: &Path) -> Result<DecoderConfig, HubError> {
    if file.hidden_act != "silu" {
        return Err(unsupported(path, "hidden_act", file.hidden_act));
    }
    if let Some(width) =
        file.head_dim.filter(|width| width.checked_mul(file.num_attention_heads) != Some(file.hidden_size))
    {
        return Err(unsupported(path, "head_dim", width));
    }
    let (rotary_base, rotary_scaling) = rotary(&file, path)?;
    let windowed = family == "mistral" || file.use_sliding_window;
    let windows = match file.sliding_window.filter(|&window| windowed && window < file.max_position_embeddings) {
        Some(window) => vec![Some(window); file.num_hidden_layers.min(MOST_LAYERS)],
        None => Vec::new(),
    };
    Ok(DecoderConfig {
        vocabulary: file.vocab_size,
        context: file.max_position_embeddings,
        d_model: file.hidden_size,
        n_layers: file.num_hidden_layers,
        n_heads: file.num_attention_heads,
        n_kv_heads: file.num_key_value_heads.unwrap_or(file.num_attention_heads),
        d_ff: file.intermediate_size,
        positions: Positions::Rotary,
        rotary_base,
        rotary_scaling,
        norm: NormKind::RmsNorm,
        norm_place: NormPlace::Pre,
        norm_eps: file.rms_norm_eps,
        final_norm: true,
        activation: Activation::SwiGlu,
        causal: true,
        windows,
        scale_scores: true,
        qkv_bias: file.attention_bias.unwrap_or(family == "qwen2"),
        attn_out_bias: file.attention_bias.unwrap_or(false) && family != "qwen2",
        ff_bias: file.mlp_bias,
        head: head(file.tie_word_embeddings),
        head_bias: false,
        residual: true,
        dropout: 0.0,
        init: Init::Gpt2,
    })
}

/// Base and scaling of the angles, in the form of transformers 4 (`rope_theta`, `rope_scaling`) or 5 (`rope_parameters`).
fn rotary(file: &Llama, path: &Path) -> Result<(f64, RotaryScaling), HubError> {
    let table = file.rope_parameters.as_ref().or(file.rope_scaling.as_ref()).filter(|table| table.is_object());
    let number = |key: &str| table.and_then(|table| table.get(key)).and_then(Value::as_f64);
    let base = number("rope_theta").or(file.rope_theta).unwrap_or(10_000.0);
    let kind = table.and_then(|table| table.get("rope_type").or_else(|| table.get("type"))).and_then(Value::as_str);
    let needed = |key: &str| number(key).filter(|&value| value > 0.0).ok_or_else(|| unsupported(path, key, "?"));
    let scaling = match kind.unwrap_or("default") {
        "default" => RotaryScaling::None,
        "linear" => RotaryScaling::Linear { factor: needed("factor")? },
        "llama3" => RotaryScaling::Llama3 {
            factor: needed("factor")?,
            low_freq_factor: needed("low_freq_factor")?,
            high_freq_factor: needed("high_freq_factor")?,
            original_context: needed("original_max_position_embeddings")?,
        },
        other => return Err(unsupported(path, "rope_type", other)),
    };
    Ok((base, scaling))
}
