//! The weights of a decoder on the host: one flat buffer in the order of [`Layout`], and how it is first filled.

use std::sync::Arc;

use rayon::prelude::*;

use super::config::{ConfigError, DecoderConfig, Init};
use super::layout::{Layout, ParameterSpec, Role};
use super::rng::Rng;

/// Standard deviation of a standard normal that is cut at ±2; Haiku and JAX divide by it, so that the drawn values have
/// the variance that was asked for.
const TRUNCATED_STD: f32 = 0.879_625_7;

/// All weights of a decoder, in the order of its layout.
#[derive(Clone, Debug)]
pub struct Weights {
    /// What model they belong to.
    pub config: Arc<DecoderConfig>,
    /// Where each parameter lies in `data`.
    pub layout: Arc<Layout>,
    /// The values, `layout.len()` of them.
    pub data: Vec<f32>,
}

impl Weights {
    /// First weights for a configuration, by its [`Init`]. They are drawn on the CPU, one stream of the seed for each
    /// parameter, so every device starts from the same values.
    ///
    /// # Errors
    /// If the sizes of the configuration do not fit together.
    pub fn init(config: &DecoderConfig, seed: u64) -> Result<Self, ConfigError> {
        let mut weights = Self::zeros(config)?;
        let layout = weights.layout.clone();
        weights.split_mut().into_par_iter().enumerate().for_each(|(index, values)| {
            fill(values, &layout.parameters[index], config, &mut Rng::from_parts(seed, index as u64));
        });
        Ok(weights)
    }

    /// All zeros, as a place to read a file into.
    ///
    /// # Errors
    /// If the sizes of the configuration do not fit together.
    pub fn zeros(config: &DecoderConfig) -> Result<Self, ConfigError> {
        let mut weights = Self::empty(config)?;
        weights.data = vec![0.0; weights.layout.len()];
        Ok(weights)
    }

    /// No values at all yet, for a caller who brings `layout.len()` of them.
    ///
    /// # Errors
    /// If the sizes of the configuration do not fit together.
    pub fn empty(config: &DecoderConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let layout = Arc::new(Layout::new(config));
        Ok(Self { config: Arc::new(config.clone()), layout, data: Vec::new() })
    }

    /// Zeros for the same configuration: gradients, or an optimizer's moments.
    pub fn zeros_like(&self) -> Self {
        Self { config: self.config.clone(), layout: self.layout.clone(), data: vec![0.0; self.data.len()] }
    }

    /// The values of the parameter at this place of the layout.
    pub fn parameter(&self, index: usize) -> &[f32] {
        &self.data[self.layout.parameters[index].range.clone()]
    }

    /// The same, to write to.
    pub fn parameter_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.data[self.layout.parameters[index].range.clone()]
    }

    /// The values of a parameter by its name.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.layout.find(name).map(|(index, _)| self.parameter(index))
    }

    /// Number of trained values.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// One mutable slice a parameter, in order.
    fn split_mut(&mut self) -> Vec<&mut [f32]> {
        let mut rest = self.data.as_mut_slice();
        let mut parts = Vec::with_capacity(self.layout.parameters.len());
        for parameter in &self.layout.parameters {
            let (head, tail) = rest.split_at_mut(parameter.range.len());
            parts.push(head);
            rest = tail;
        }
        parts
    }
}

/// Draws one parameter.
fn fill(values: &mut [f32], parameter: &ParameterSpec, config: &DecoderConfig, rng: &mut Rng) {
    match (parameter.role, config.init) {
        (Role::Bias, _) => values.fill(0.0),
        (Role::NormGain, _) => values.fill(1.0),
        (role, Init::Gpt2) => {
            let into_stream = matches!(role, Role::AttentionOut | Role::FeedForwardOut);
            let std = if into_stream { 0.02 / ((2 * config.n_layers) as f32).sqrt() } else { 0.02 };
            values.fill_with(|| std * rng.normal_f32());
        }
        (Role::Embedding | Role::PositionTable, Init::Tutorial) => {
            let std = 1.0 / (config.d_model as f32).sqrt();
            values.fill_with(|| std * rng.normal_f32());
        }
        (role, Init::Tutorial) => {
            let scale = match role {
                Role::AttentionIn | Role::AttentionOut => 0.5,
                Role::FeedForwardIn | Role::FeedForwardOut => 0.25,
                _ => 1.0,
            };
            let fan_in = parameter.shape[0] as f32;
            let std = (scale / fan_in).sqrt() / TRUNCATED_STD;
            values.fill_with(|| std * rng.truncated_normal_f32());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Activation, Head, NormKind, NormPlace, Positions, RotaryScaling};

    fn tutorial() -> DecoderConfig {
        DecoderConfig {
            vocabulary: 25_670,
            context: 64,
            d_model: 128,
            n_layers: 1,
            n_heads: 4,
            n_kv_heads: 4,
            d_ff: 256,
            positions: Positions::Sinusoidal,
            rotary_base: 10_000.0,
            rotary_scaling: RotaryScaling::None,
            norm: NormKind::LayerNorm,
            norm_place: NormPlace::Post,
            norm_eps: 1e-6,
            final_norm: false,
            activation: Activation::Gelu,
            causal: true,
            windows: Vec::new(),
            scale_scores: true,
            qkv_bias: true,
            attn_out_bias: true,
            ff_bias: true,
            head: Head::Separate,
            head_bias: true,
            residual: true,
            dropout: 0.0,
            init: Init::Tutorial,
        }
    }

    fn variance(values: &[f32]) -> f64 {
        let n = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n
    }

    #[test]
    fn the_tutorials_model_has_its_parameters_and_variances() {
        let weights = Weights::init(&tutorial(), 1).unwrap();
        assert_eq!(weights.len(), 6_729_670);
        let relative = |name: &str, expected: f64| {
            let found = variance(weights.get(name).unwrap());
            assert!((found / expected - 1.0).abs() < 0.03, "{name}: {found} instead of {expected}");
        };
        relative("embed.weight", 1.0 / 128.0);
        relative("blocks.0.attn.qkv.weight", 0.5 / 128.0);
        relative("blocks.0.attn.out.weight", 0.5 / 128.0);
        relative("blocks.0.ff.up.weight", 0.25 / 128.0);
        relative("blocks.0.ff.down.weight", 0.25 / 256.0);
        relative("head.weight", 1.0 / 128.0);
        assert!(weights.get("blocks.0.norm1.weight").unwrap().iter().all(|&v| v == 1.0));
        assert!(weights.get("head.bias").unwrap().iter().all(|&v| v == 0.0));
        let largest = weights.get("head.weight").unwrap().iter().fold(0f32, |m, v| m.max(v.abs()));
        assert!(largest <= 2.0 / 128f32.sqrt() / TRUNCATED_STD + 1e-6, "{largest} is beyond two sigma");
        assert!(weights.get("positions.weight").is_none());
    }

    #[test]
    fn gpt2_narrows_the_projections_into_the_stream() {
        let config = DecoderConfig { init: Init::Gpt2, n_layers: 8, vocabulary: 500, ..tutorial() };
        let weights = Weights::init(&config, 1).unwrap();
        let std = |name: &str| variance(weights.get(name).unwrap()).sqrt();
        assert!((std("blocks.3.attn.qkv.weight") - 0.02).abs() < 5e-4);
        assert!((std("blocks.3.attn.out.weight") - 0.005).abs() < 2e-4);
        assert!((std("blocks.3.ff.down.weight") - 0.005).abs() < 2e-4);
    }

    #[test]
    fn a_seed_means_its_weights() {
        let config = DecoderConfig { vocabulary: 50, ..tutorial() };
        let draw = |seed| Weights::init(&config, seed).unwrap().data;
        assert_eq!(draw(4), draw(4));
        assert_ne!(draw(4), draw(5));
        assert!(Weights::init(&DecoderConfig { n_heads: 3, ..config.clone() }, 1).is_err());
    }
}
