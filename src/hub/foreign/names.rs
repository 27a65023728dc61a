//! By what names does a family store its weights, and how do they lie in the file?

use serde_json::Value;

use super::super::error::HubError;
use super::shards::Shards;
use crate::nn::Layout;

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
        Self { family }
    }

    /// All weights as one flat buffer in the order of the layout.
    ///
    /// # Errors
    /// If one is missing, of another shape or in a format that is not read.
    pub fn gather(&self, shards: &Shards, layout: &Layout) -> Result<Vec<f32>, HubError> {
        let mut data = vec![0.0; layout.len()];
        for parameter in &layout.parameters {
            let Source { names, turned } = self.source(&parameter.name);
            let to = &mut data[parameter.range.clone()];
            match parameter.shape[..] {
                [rows, columns] => {
                    let mut first = 0;
                    for name in &names {
                        let width = shards.width(name, turned, columns - first)?;
                        let shape = if turned { vec![width, rows] } else { vec![rows, width] };
                        let place = |index: usize| {
                            let (row, column) =
                                if turned { (index % rows, index / rows) } else { (index / width, index % width) };
                            row * columns + first + column
                        };
                        shards.read(name, &shape, |index, value| to[place(index)] = value)?;
                        first += width;
                    }
                    if first != columns {
                        return Err(shards.narrow(&names, first, columns));
                    }
                }
                _ => {
                    let mut first = 0;
                    for name in &names {
                        let width = shards.length(name, to.len() - first)?;
                        shards.read(name, &[width], |index, value| to[first + index] = value)?;
                        first += width;
                    }
                    if first != to.len() {
                        return Err(shards.narrow(&names, first, to.len()));
                    }
                }
            }
        }
        Ok(data)
    }

    fn source(&self, ours: &str) -> Source {
        let one = |name: &str, turned: bool| Source { names: vec![name.to_owned()], turned };
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
}
