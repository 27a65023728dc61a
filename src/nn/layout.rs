//! The one order and naming of a decoder's parameters.
//!
//! Every holder of weights (flat buffers on the CPU, Burn tensors, safetensors files, optimizer state) uses this order
//! and these names, so that they can be handed from one to another by index. Matrices are `[in, out]`: `y = x·W + b`.

use std::ops::Range;

use super::config::{Activation, DecoderConfig, Head, NormKind, Positions};

/// What a parameter is for; decides how it is drawn at first and whether weight decay touches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The token table `[vocabulary, d_model]`.
    Embedding,
    /// The learned positions `[context, d_model]`.
    PositionTable,
    /// A matrix of attention that reads the residual stream.
    AttentionIn,
    /// The projection of the heads' outputs back into the residual stream.
    AttentionOut,
    /// A matrix of the feed-forward network that reads the residual stream.
    FeedForwardIn,
    /// The matrix of the feed-forward network that writes the residual stream.
    FeedForwardOut,
    /// A separate output layer `[d_model, vocabulary]`.
    Output,
    /// An additive vector.
    Bias,
    /// A normalization's γ.
    NormGain,
}

/// One parameter: its name, shape and place in the flat buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSpec {
    /// For instance `blocks.0.attn.qkv.weight`.
    pub name: String,
    /// One or two axes; matrices are `[in, out]`.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: Role,
    /// Where it lies in the flat buffer, in elements.
    pub range: Range<usize>,
}

/// All parameters of a decoder in their one order.
///
/// Names, in order: `embed.weight`, `positions.weight` (learned only), then for each block `i`
/// `blocks.i.norm1.{weight,bias}`, `blocks.i.attn.qkv.{weight,bias}` (columns: all query heads, then all key heads, then
/// all value heads), `blocks.i.attn.out.{weight,bias}`, `blocks.i.norm2.{weight,bias}`, `blocks.i.ff.gate.{weight,bias}`
/// (SwiGLU only), `blocks.i.ff.up.{weight,bias}`, `blocks.i.ff.down.{weight,bias}`, and at the end
/// `norm.{weight,bias}`, `head.{weight,bias}`. RMS norms have no bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The parameters, in order.
    pub parameters: Vec<ParameterSpec>,
}

impl Layout {
    /// The layout of a valid configuration.
    pub fn new(config: &DecoderConfig) -> Self {
        let mut layout = Self { parameters: Vec::new() };
        let d = config.d_model;
        layout.push("embed.weight", &[config.vocabulary, d], Role::Embedding);
        if config.positions == Positions::Learned {
            layout.push("positions.weight", &[config.context, d], Role::PositionTable);
        }
        for i in 0..config.n_layers {
            layout.push_block(config, &format!("blocks.{i}"));
        }
        if config.final_norm {
            layout.push_norm(config, "norm");
        }
        if config.head == Head::Separate {
            layout.push("head.weight", &[d, config.vocabulary], Role::Output);
        }
        if config.head_bias {
            layout.push("head.bias", &[config.vocabulary], Role::Bias);
        }
        layout
    }

    fn push_block(&mut self, config: &DecoderConfig, prefix: &str) {
        let (d, hidden) = (config.d_model, config.d_ff);
        let qkv = (config.n_heads + 2 * config.n_kv_heads) * config.d_head();
        self.push_norm(config, &format!("{prefix}.norm1"));
        self.push_linear(&format!("{prefix}.attn.qkv"), d, qkv, Role::AttentionIn, config.qkv_bias);
        self.push_linear(&format!("{prefix}.attn.out"), d, d, Role::AttentionOut, config.attn_out_bias);
        self.push_norm(config, &format!("{prefix}.norm2"));
        if config.activation == Activation::SwiGlu {
            self.push_linear(&format!("{prefix}.ff.gate"), d, hidden, Role::FeedForwardIn, config.ff_bias);
        }
        self.push_linear(&format!("{prefix}.ff.up"), d, hidden, Role::FeedForwardIn, config.ff_bias);
        self.push_linear(&format!("{prefix}.ff.down"), hidden, d, Role::FeedForwardOut, config.ff_bias);
    }

    fn push_linear(&mut self, prefix: &str, input: usize, output: usize, role: Role, bias: bool) {
        self.push(&format!("{prefix}.weight"), &[input, output], role);
        if bias {
            self.push(&format!("{prefix}.bias"), &[output], Role::Bias);
        }
    }

    fn push_norm(&mut self, config: &DecoderConfig, prefix: &str) {
        self.push(&format!("{prefix}.weight"), &[config.d_model], Role::NormGain);
        if config.norm == NormKind::LayerNorm {
            self.push(&format!("{prefix}.bias"), &[config.d_model], Role::Bias);
        }
    }

    fn push(&mut self, name: &str, shape: &[usize], role: Role) {
        let start = self.len();
        let range = start..start + shape.iter().product::<usize>();
        self.parameters.push(ParameterSpec { name: name.to_owned(), shape: shape.to_vec(), role, range });
    }

    /// Number of elements of all parameters together.
    pub fn len(&self) -> usize {
        self.parameters.last().map_or(0, |last| last.range.end)
    }

    /// Whether there is no parameter at all.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// Index and specification of a parameter by name.
    pub fn find(&self, name: &str) -> Option<(usize, &ParameterSpec)> {
        self.parameters.iter().enumerate().find(|(_, p)| p.name == name)
    }
}
