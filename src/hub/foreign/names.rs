//! By what names does a family store its weights, and how do they lie in the file?

use serde_json::Value;

use super::super::error::HubError;
use super::parameters::Piece;
use super::store::{Store, check_shape};
use crate::nn::{DecoderConfig, ParameterSpec};

/// Where one parameter of ours comes from.
#[derive(Debug, PartialEq, Eq)]
struct Source {
    /// Several lie side by side in our matrix.
    names: Vec<String>,
    /// PyTorch's `Linear` stores `[out, in]`; GPT-2's `Conv1D` and everything else is stored as it is read.
    turned: bool,
}

/// The table of a model: for our names, theirs.
pub(super) struct Names {
    family: Family,
    /// In a GGUF file everything has other names, and for Llama's queries and keys another order; see [`unpaired`].
    gguf: Option<Heads>,
}

/// How many heads queries and keys have, where their rows lie in pairs.
#[derive(Clone, Copy, Debug)]
struct Heads {
    queries: usize,
    keys: usize,
    paired: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Gpt2,
    GptNeo,
    Llama,
}

impl Names {
    /// For a tree that [`super::config::parse`] has understood.
    pub fn new(tree: &Value) -> Self {
        let family = match tree.get("model_type").and_then(Value::as_str) {
            Some("gpt2") => Family::Gpt2,
            Some("gpt_neo") => Family::GptNeo,
            _ => Family::Llama,
        };
        Self { family, gguf: None }
    }

    /// For a GGUF file with this configuration.
    pub fn of_gguf(tree: &Value, config: &DecoderConfig) -> Self {
        let paired = matches!(tree.get("model_type").and_then(Value::as_str), Some("llama" | "mistral"));
        let heads = Heads { queries: config.n_heads, keys: config.n_kv_heads, paired };
        Self { gguf: Some(heads), ..Self::new(tree) }
    }

    /// The tensors of a parameter, side by side, and whether they lie turned. Their shapes are right.
    ///
    /// # Errors
    /// If one is missing or of another shape.
    pub fn pieces(&self, store: &Store, parameter: &ParameterSpec) -> Result<(bool, Vec<Piece>), HubError> {
        let Source { names, turned } = self.source(&parameter.name);
        let columns = columns(parameter);
        let axis = usize::from(parameter.shape.len() == 2 && !turned);
        let mut pieces = Vec::with_capacity(names.len());
        let mut first = 0;
        for name in &names {
            let (source, tensor) = store.find(name)?;
            // At most as many as there is room for: the rest is an error of its shape.
            let width = tensor.shape.get(axis).map_or(columns - first, |&width| width.min(columns - first));
            check_shape(&source.path, name, tensor, &their_shape(parameter, turned, width))?;
            pieces.push(Piece { name: name.clone(), first, width });
            first += width;
        }
        if first == columns { Ok((turned, pieces)) } else { Err(store.narrow(&names, first, columns)) }
    }

    /// The rows of a tensor as transformers has them.
    pub fn in_order(&self, name: &str, values: Vec<f32>, rows: usize) -> Vec<f32> {
        match self.gguf {
            Some(Heads { queries, paired: true, .. }) if name.contains(".attn_q.") => unpaired(&values, rows, queries),
            Some(Heads { keys, paired: true, .. }) if name.contains(".attn_k.") => unpaired(&values, rows, keys),
            _ => values,
        }
    }

    fn source(&self, ours: &str) -> Source {
        let one = |name: &str, turned: bool| Source { names: vec![name.to_owned()], turned };
        if self.gguf.is_some() {
            return self.gguf_source(ours);
        }
        let Some((block, part)) = ours.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')) else {
            return match (self.family, ours) {
                (Family::Llama, "embed.weight") => one("model.embed_tokens.weight", false),
                (Family::Llama, "norm.weight") => one("model.norm.weight", false),
                (_, "embed.weight") => one("transformer.wte.weight", false),
                (_, "positions.weight") => one("transformer.wpe.weight", false),
                (_, "norm.weight") => one("transformer.ln_f.weight", false),
                (_, "norm.bias") => one("transformer.ln_f.bias", false),
                _ => one("lm_head.weight", true),
            };
        };
        let (stem, kind) = part.rsplit_once('.').unwrap_or((part, ""));
        let matrix = kind == "weight" && !stem.starts_with("norm");
        let (theirs, turned): (&[&str], bool) = match (self.family, stem) {
            (Family::Gpt2, "norm1") | (Family::GptNeo, "norm1") => (&["ln_1"], false),
            (Family::Gpt2, "norm2") | (Family::GptNeo, "norm2") => (&["ln_2"], false),
            (Family::Gpt2, "attn.qkv") => (&["attn.c_attn"], false),
            (Family::Gpt2, "attn.out") => (&["attn.c_proj"], false),
            (Family::Gpt2, "ff.up") => (&["mlp.c_fc"], false),
            (Family::Gpt2, _) => (&["mlp.c_proj"], false),
            (Family::GptNeo, "attn.qkv") => {
                (&["attn.attention.q_proj", "attn.attention.k_proj", "attn.attention.v_proj"], true)
            }
            (Family::GptNeo, "attn.out") => (&["attn.attention.out_proj"], true),
            (Family::GptNeo, "ff.up") => (&["mlp.c_fc"], true),
            (Family::GptNeo, _) => (&["mlp.c_proj"], true),
            (Family::Llama, "norm1") => (&["input_layernorm"], false),
            (Family::Llama, "norm2") => (&["post_attention_layernorm"], false),
            (Family::Llama, "attn.qkv") => (&["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], true),
            (Family::Llama, "attn.out") => (&["self_attn.o_proj"], true),
            (Family::Llama, "ff.gate") => (&["mlp.gate_proj"], true),
            (Family::Llama, "ff.up") => (&["mlp.up_proj"], true),
            (Family::Llama, _) => (&["mlp.down_proj"], true),
        };
        let blocks = if self.family == Family::Llama { "model.layers" } else { "transformer.h" };
        let names = theirs.iter().map(|theirs| format!("{blocks}.{block}.{theirs}.{kind}")).collect();
        Source { names, turned: turned && matrix }
    }

    /// In a GGUF file all matrices are stored `[out, in]`, GPT-2's too.
    fn gguf_source(&self, ours: &str) -> Source {
        let one = |name: String, turned: bool| Source { names: vec![name], turned };
        let Some((block, part)) = ours.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')) else {
            let (stem, kind) = ours.rsplit_once('.').unwrap_or((ours, ""));
            return match stem {
                "embed" => one(format!("token_embd.{kind}"), false),
                "positions" => one(format!("position_embd.{kind}"), false),
                "norm" => one(format!("output_norm.{kind}"), false),
                _ => one(format!("output.{kind}"), true),
            };
        };
        let (stem, kind) = part.rsplit_once('.').unwrap_or((part, ""));
        let theirs: &[&str] = match stem {
            "norm1" => &["attn_norm"],
            "norm2" => &["ffn_norm"],
            "attn.qkv" if self.family == Family::Gpt2 => &["attn_qkv"],
            "attn.qkv" => &["attn_q", "attn_k", "attn_v"],
            "attn.out" => &["attn_output"],
            "ff.gate" => &["ffn_gate"],
            "ff.up" => &["ffn_up"],
            _ => &["ffn_down"],
        };
        let names = theirs.iter().map(|theirs| format!("blk.{block}.{theirs}.{kind}")).collect();
        Source { names, turned: kind == "weight" && !stem.starts_with("norm") }
    }
}

/// Columns of a matrix, elements of a vector.
pub(super) fn columns(parameter: &ParameterSpec) -> usize {
    parameter.shape.last().copied().unwrap_or(0)
}

/// The shape of so many columns of a parameter in their file.
pub(super) fn their_shape(parameter: &ParameterSpec, turned: bool, width: usize) -> Vec<usize> {
    match parameter.shape[..] {
        [rows, _] if turned => vec![width, rows],
        [rows, _] => vec![rows, width],
        _ => vec![width],
    }
}

/// Llama's queries and keys in a GGUF file lie in pairs: the two rows that one angle turns follow each other. Here, as in
/// transformers, all first ones of a head come before all second ones. `rows` are those of all heads together.
fn unpaired(values: &[f32], rows: usize, heads: usize) -> Vec<f32> {
    let (row, head) = (values.len() / rows.max(1), rows / heads.max(1));
    let mut ordered = Vec::with_capacity(values.len());
    for head in values.chunks(head.max(1) * row.max(1)) {
        for half in 0..2 {
            head.chunks(row.max(1)).skip(half).step_by(2).for_each(|row| ordered.extend_from_slice(row));
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_become_halves() {
        // Two heads of four rows of two.
        let rows = [0, 2, 1, 3, 4, 6, 5, 7].map(|row| [10.0 * row as f32, 10.0 * row as f32 + 1.0]).concat();
        let ordered = [0, 1, 2, 3, 4, 5, 6, 7].map(|row| [10.0 * row as f32, 10.0 * row as f32 + 1.0]).concat();
        assert_eq!(unpaired(&rows, 8, 2), ordered);
    }
}
