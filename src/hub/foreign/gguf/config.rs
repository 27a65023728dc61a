//! The settings of a GGUF file as the `config.json` that the model had before it was converted, as transformers does it.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::super::error::HubError;
use super::super::store::Store;
use super::header::Settings;
use crate::nn::RotaryScaling;
use crate::nn::positional::rotary_frequencies;

/// The architectures that open, as `general.architecture` calls them. Mistral's models are `llama` there.
pub(super) const ARCHITECTURES: [&str; 3] = ["gpt2", "llama", "qwen2"];

/// Which setting becomes which field.
const GPT2: [(&str, &str); 6] = [
    ("context_length", "n_positions"),
    ("embedding_length", "n_embd"),
    ("block_count", "n_layer"),
    ("attention.head_count", "n_head"),
    ("feed_forward_length", "n_inner"),
    ("attention.layer_norm_epsilon", "layer_norm_epsilon"),
];
const LLAMA: [(&str, &str); 9] = [
    ("context_length", "max_position_embeddings"),
    ("embedding_length", "hidden_size"),
    ("block_count", "num_hidden_layers"),
    ("attention.head_count", "num_attention_heads"),
    ("attention.head_count_kv", "num_key_value_heads"),
    ("feed_forward_length", "intermediate_size"),
    ("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
    ("rope.freq_base", "rope_theta"),
    ("attention.sliding_window", "sliding_window"),
];

/// The configuration as a tree of `config.json`'s fields.
///
/// # Errors
/// If the architecture is not known, or the angles of the positions are scaled in a way that is not known.
pub(super) fn tree(settings: &Settings, store: &Store, path: &Path) -> Result<Value, HubError> {
    let name = settings.text("general.architecture").unwrap_or("?");
    if !ARCHITECTURES.contains(&name) {
        let name = name.chars().take(40).collect();
        return Err(HubError::Family { name, known: ARCHITECTURES.map(|name| format!("{name} (GGUF)")).join(", ") });
    }
    let mut tree = Map::new();
    let fields: &[(&str, &str)] = if name == "gpt2" { &GPT2 } else { &LLAMA };
    for (setting, field) in fields {
        let setting = format!("{name}.{setting}");
        // A list would be one value a layer, which no model that opens has.
        let value = settings.whole(&setting).map(Value::from).or_else(|| settings.number(&setting).map(Value::from));
        tree.extend(value.map(|value| ((*field).to_owned(), value)));
    }
    let (_, embedding) = store.find("token_embd.weight")?;
    tree.insert("vocab_size".into(), json!(embedding.shape.first()));
    tree.insert("tie_word_embeddings".into(), json!(!store.has("output.weight")));
    tree.insert("model_type".into(), json!(name));
    if name != "gpt2" {
        let sliding = tree.contains_key("sliding_window");
        // The same field means a window for every layer in Mistral only.
        tree.insert("model_type".into(), json!(if sliding && name == "llama" { "mistral" } else { name }));
        tree.insert("attention_bias".into(), json!(store.has("blk.0.attn_q.bias")));
        tree.insert("mlp_bias".into(), json!(store.has("blk.0.ffn_up.bias")));
        check_heads(settings, name, &tree, path)?;
        let scaling = scaling(settings, name, store, &tree, path)?;
        tree.extend(scaling.map(|scaling| ("rope_scaling".to_owned(), scaling)));
    }
    Ok(Value::Object(tree))
}

/// Heads of another width than the stream's divided by their number, or angles for a part of each, do not open.
fn check_heads(settings: &Settings, name: &str, tree: &Map<String, Value>, path: &Path) -> Result<(), HubError> {
    let number = |field: &str| tree.get(field).and_then(Value::as_u64).unwrap_or(0);
    let width = number("hidden_size").checked_div(number("num_attention_heads"));
    for setting in ["rope.dimension_count", "attention.key_length", "attention.value_length"] {
        let given = settings.whole(&format!("{name}.{setting}"));
        if let Some(given) = given.filter(|_| given != width) {
            return Err(unsupported(path, setting, given));
        }
    }
    Ok(())
}

fn unsupported(path: &Path, field: &str, value: impl ToString) -> HubError {
    HubError::Unsupported { path: path.to_owned(), field: field.to_owned(), value: value.to_string() }
}

/// How the angles are scaled: by one factor, or by a factor a frequency, which is known again as Llama 3's.
fn scaling(
    settings: &Settings,
    name: &str,
    store: &Store,
    tree: &Map<String, Value>,
    path: &Path,
) -> Result<Option<Value>, HubError> {
    let kind = settings.text(&format!("{name}.rope.scaling.type")).unwrap_or("none");
    match kind {
        "none" => {}
        "linear" => {
            let factor = settings.number(&format!("{name}.rope.scaling.factor")).unwrap_or(1.0);
            return Ok(Some(json!({"rope_type": "linear", "factor": factor})));
        }
        other => return Err(unsupported(path, "rope.scaling.type", other)),
    }
    if !store.has("rope_freqs.weight") {
        return Ok(None);
    }
    let whole = |field: &str| tree.get(field).and_then(Value::as_u64).unwrap_or(0);
    let width = whole("hidden_size").checked_div(whole("num_attention_heads")).unwrap_or(0) as usize;
    let base = tree.get("rope_theta").and_then(Value::as_f64).unwrap_or(10_000.0);
    let factors = store.values("rope_freqs.weight", &[width / 2])?;
    for factor in [8.0, 32.0] {
        let (low_freq_factor, high_freq_factor, original_context) = (1.0, 4.0, 8_192.0);
        let scaled = RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context };
        let plain = rotary_frequencies(width, base, RotaryScaling::None);
        let scaled = rotary_frequencies(width, base, scaled);
        let expected = plain.iter().zip(&scaled).map(|(plain, scaled)| plain / scaled);
        let near = |(found, expected): (&f32, f64)| (f64::from(*found) - expected).abs() <= 1e-3 * expected;
        if factors.iter().zip(expected).all(near) {
            return Ok(Some(json!({
                "rope_type": "llama3",
                "factor": factor,
                "low_freq_factor": low_freq_factor,
                "high_freq_factor": high_freq_factor,
                "original_max_position_embeddings": original_context,
            })));
        }
    }
    Err(unsupported(path, "rope_freqs.weight", "?"))
}
