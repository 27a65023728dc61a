//! What varies between the transformers of the app: one decoder, many configurations.
//!
//! A [`DecoderConfig`] is stored beside its weights as `config.json` (with `"architecture": "telar"`), so every field
//! has a stable name, and every field that was added later has a default.

use serde::{Deserialize, Serialize};

/// How a token's place in the sequence reaches the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// Not at all: without a mask the outputs are a permutation of each other.
    None,
    /// Sines and cosines added to the embeddings, unscaled (Vaswani et al. 2017, section 3.5).
    Sinusoidal,
    /// A trained table `[context, d_model]` added to the embeddings (GPT-2).
    Learned,
    /// Queries and keys turned by their position (Su et al. 2021), in the half-split layout of Llama.
    Rotary,
}

/// Which normalization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// (x − μ)/√(σ² + ε)·γ + β (Ba et al. 2016).
    LayerNorm,
    /// x/√(mean(x²) + ε)·γ (Zhang & Sennrich 2019).
    RmsNorm,
}

/// Where the normalization stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormPlace {
    /// Before each sub-layer: `x + f(norm(x))` (GPT-2).
    Pre,
    /// After the addition: `norm(x + f(x))` (Vaswani et al. 2017).
    Post,
}

/// The non-linearity of the feed-forward network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(0, x)
    Relu,
    /// x·Φ(x), with the error function (Hendrycks & Gimpel 2016).
    Gelu,
    /// The tanh form of GELU (`gelu_new` in transformers).
    GeluTanh,
    /// silu(x·W_gate) ⊙ (x·W_up) (Shazeer 2020); adds the matrix `ff.gate`.
    SwiGlu,
}

/// The output layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// The transposed embedding table.
    Tied,
    /// A matrix of its own, `[d_model, vocabulary]`.
    Separate,
}

/// How rotary angles are stretched for a longer context; the frequencies (radians a position) are those of the base, changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RotaryScaling {
    /// Not at all.
    #[default]
    None,
    /// All frequencies are divided by the factor (Chen et al. 2023).
    Linear {
        /// By how much.
        factor: f64,
    },
    /// Low frequencies are divided by the factor, high ones stay, those between are blended (Llama 3.1, as in
    /// transformers' `_compute_llama3_parameters`).
    Llama3 {
        /// By how much.
        factor: f64,
        /// A wave that is longer than the original context divided by this is low.
        low_freq_factor: f64,
        /// A wave that is shorter than the original context divided by this is high.
        high_freq_factor: f64,
        /// Context of the first training, in tokens.
        original_context: f64,
    },
}

/// How the first weights are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// Normal with standard deviation 0.02, the two projections back into the residual stream divided by √(2·n_layers),
    /// biases 0 (Radford et al. 2019).
    Gpt2,
    /// Truncated normal at ±2σ with variance scale/fan-in (σ corrected for the truncation as in Haiku and JAX): scale 0.5
    /// in attention, 0.25 in the feed-forward network, 1 in the output layer; embedding normal with variance 1/d_model;
    /// biases 0. This is the tutorial's.
    Tutorial,
}

/// One transformer decoder. See `architecture.md`'s table; all sizes in elements.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecoderConfig {
    /// Number of different tokens.
    pub vocabulary: usize,
    /// The longest sequence that the model was made for, in tokens.
    pub context: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Number of blocks.
    pub n_layers: usize,
    /// Query heads; `d_model` is a multiple of it.
    pub n_heads: usize,
    /// Key/value heads (grouped-query attention, Ainslie et al. 2023); `n_heads` is a multiple of it.
    pub n_kv_heads: usize,
    /// Width of the feed-forward network's hidden layer.
    pub d_ff: usize,
    /// How positions enter.
    pub positions: Positions,
    /// Base θ of the rotary angles.
    #[serde(default = "default_rotary_base")]
    pub rotary_base: f64,
    /// How the rotary angles are stretched for a longer context than a model was first trained on.
    #[serde(default)]
    pub rotary_scaling: RotaryScaling,
    /// Which normalization.
    pub norm: NormKind,
    /// Before or after the sub-layer.
    pub norm_place: NormPlace,
    /// The ε under the root.
    pub norm_eps: f64,
    /// Whether one more normalization stands before the output layer.
    pub final_norm: bool,
    /// The feed-forward network's non-linearity.
    pub activation: Activation,
    /// Whether a position may attend only to itself and earlier ones.
    #[serde(default = "yes")]
    pub causal: bool,
    /// Local attention: layer `i` sees only the last `windows[i]` positions, itself included; `None` sees all.
    /// Empty means `None` for every layer.
    #[serde(default)]
    pub windows: Vec<Option<usize>>,
    /// Whether scores are multiplied by 1/√d_head (off in GPT-Neo).
    #[serde(default = "yes")]
    pub scale_scores: bool,
    /// Biases of the q, k and v projections.
    pub qkv_bias: bool,
    /// Bias of the projection after the heads.
    pub attn_out_bias: bool,
    /// Biases of the feed-forward network.
    pub ff_bias: bool,
    /// The output layer's matrix.
    pub head: Head,
    /// The output layer's bias.
    pub head_bias: bool,
    /// Off only as a lesson's ablation.
    #[serde(default = "yes")]
    pub residual: bool,
    /// Probability of dropping an element of the embeddings and of each sub-layer's output while training.
    #[serde(default)]
    pub dropout: f64,
    /// How the first weights are drawn.
    #[serde(default = "default_init")]
    pub init: Init,
}

fn yes() -> bool {
    true
}

fn default_rotary_base() -> f64 {
    10_000.0
}

fn default_init() -> Init {
    Init::Gpt2
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// A size is zero.
    #[error("{}", rust_i18n::t!("config.zero", field = .0))]
    Zero(&'static str),
    /// One size must be a multiple of another.
    #[error("{}", rust_i18n::t!("config.multiple", a = .0, b = .1, a_value = .2, b_value = .3))]
    NotMultiple(&'static str, &'static str, usize, usize),
    /// `windows` has neither no entry nor one a layer.
    #[error("{}", rust_i18n::t!("config.windows", given = .0, layers = .1))]
    Windows(usize, usize),
    /// Rotary positions turn pairs, so the width of a head must be even.
    #[error("{}", rust_i18n::t!("config.rotary_odd", d_head = .0))]
    RotaryOdd(usize),
    /// Dropout outside 0 ≤ p < 1.
    #[error("{}", rust_i18n::t!("config.dropout", value = .0))]
    Dropout(f64),
}

impl DecoderConfig {
    /// Width of one head.
    pub fn d_head(&self) -> usize {
        self.d_model / self.n_heads
    }

    /// The factor on the scores: 1/√d_head or 1.
    pub fn score_scale(&self) -> f32 {
        if self.scale_scores { 1.0 / (self.d_head() as f32).sqrt() } else { 1.0 }
    }

    /// Radians a position by which each pair of a head's dimensions turns, `[d_head / 2]`.
    pub fn rotary_frequencies(&self) -> Vec<f64> {
        super::positional::rotary_frequencies(self.d_head(), self.rotary_base, self.rotary_scaling)
    }

    /// The local window of a layer, if it has one.
    pub fn window(&self, layer: usize) -> Option<usize> {
        self.windows.get(layer).copied().flatten()
    }

    /// Checks that the sizes fit together.
    ///
    /// # Errors
    /// The first mismatch found, as a sentence.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (name, value) in [
            ("vocabulary", self.vocabulary),
            ("context", self.context),
            ("d_model", self.d_model),
            ("n_layers", self.n_layers),
            ("n_heads", self.n_heads),
            ("n_kv_heads", self.n_kv_heads),
            ("d_ff", self.d_ff),
        ] {
            if value == 0 {
                return Err(ConfigError::Zero(name));
            }
        }
        if !self.d_model.is_multiple_of(self.n_heads) {
            return Err(ConfigError::NotMultiple("d_model", "n_heads", self.d_model, self.n_heads));
        }
        if !self.n_heads.is_multiple_of(self.n_kv_heads) {
            return Err(ConfigError::NotMultiple("n_heads", "n_kv_heads", self.n_heads, self.n_kv_heads));
        }
        if !self.windows.is_empty() && self.windows.len() != self.n_layers {
            return Err(ConfigError::Windows(self.windows.len(), self.n_layers));
        }
        if self.positions == Positions::Rotary && !self.d_head().is_multiple_of(2) {
            return Err(ConfigError::RotaryOdd(self.d_head()));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(ConfigError::Dropout(self.dropout));
        }
        Ok(())
    }
}
