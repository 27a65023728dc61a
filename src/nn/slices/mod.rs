//! The decoder's training step on plain slices: the same function as the Burn graph, for the CPU.
//!
//! Every sequence goes through all blocks on its own, so the way forward is one parallel loop over groups of sequences;
//! the way back is one such loop a block, followed by the products that make the gradients of the block's matrices.
//! All activations are allocated once. Splits depend on the configuration and never on the number of threads.

mod backward;
mod buffers;
mod forward;
mod linear;

use std::sync::Arc;

use super::config::{Activation, DecoderConfig, Head, NormKind, Positions};
use super::layout::Layout;
use super::plan::Plan;
use super::{dropout, positional};
use crate::kernels::activation::Kind;
use crate::kernels::attention::Shape;
use crate::kernels::output::{self, Layer};
use crate::kernels::rotary::Rotary;
use crate::kernels::{Simd, norm};
use buffers::{Gradient, Stored};
use linear::Turned;

/// A decoder with room for the activations of one batch `[batch, time]`; the weights stay with the caller.
pub struct SliceDecoder {
    model: Model,
    stored: Stored,
    gradient: Gradient,
    turned: Turned,
    output: output::Buffers,
}

/// What does not change from step to step.
struct Model {
    config: DecoderConfig,
    layout: Layout,
    plan: Plan,
    simd: Simd,
    batch: usize,
    time: usize,
    /// Sequences that one task takes through the blocks.
    group: usize,
    shapes: Vec<Shape>,
    rotary: Option<Rotary>,
    /// Sinusoidal positions `[time, d_model]`, or empty.
    sinusoids: Vec<f32>,
}

/// Rows that a task should at least have.
const GROUP_ROWS: usize = 64;

impl SliceDecoder {
    /// Whether this path computes the configuration; where it does not, the Burn graph does.
    pub fn supports(config: &DecoderConfig) -> bool {
        config.validate().is_ok() && !config.windows.contains(&Some(0))
    }

    /// Allocates for batches of `batch` sequences of `time` tokens.
    ///
    /// # Panics
    /// Where the configuration is not supported, a size is 0 or `time` exceeds a learned table of positions.
    pub fn new(config: &DecoderConfig, batch: usize, time: usize) -> Self {
        Self::with_simd(config, batch, time, Simd::detect())
    }

    /// The same at a given level of vector instructions.
    ///
    /// # Panics
    /// As [`SliceDecoder::new`].
    pub fn with_simd(config: &DecoderConfig, batch: usize, time: usize, simd: Simd) -> Self {
        assert!(Self::supports(config), "a configuration that the slices do not serve");
        assert!(batch > 0 && time > 0, "an empty batch");
        assert!(config.positions != Positions::Learned || time <= config.context, "longer than the table of positions");
        let model = Model::new(config, batch, time, simd);
        let (stored, gradient, turned) = (Stored::new(&model), Gradient::new(&model), Turned::new(&model));
        let output = output::Buffers::new(model.rows(), config.d_model, config.vocabulary);
        Self { model, stored, gradient, turned, output }
    }

    /// Sequences in a batch and tokens in a sequence.
    pub fn shape(&self) -> [usize; 2] {
        [self.model.batch, self.model.time]
    }

    /// Mean cross-entropy in nats over the positions whose mask is 1 (all of them if `None`); `grads` receives its
    /// gradient in the order of [`Layout`] and is overwritten. `ids`, `targets` and `mask` are `[batch, time]`.
    ///
    /// With `dropout_seed`, the configuration's dropout is on, with the same masks as in the graph.
    ///
    /// # Panics
    /// Where a length does not fit or a token is outside the vocabulary.
    pub fn loss_and_gradients(
        &mut self,
        weights: &[f32],
        ids: &[u32],
        targets: &[u32],
        mask: Option<&[f32]>,
        dropout_seed: Option<u64>,
        grads: &mut [f32],
    ) -> f32 {
        assert_eq!(grads.len(), self.model.layout.len(), "length of the gradients");
        self.run(weights, ids, targets, mask, dropout_seed, Some(grads))
    }

    /// The loss alone, without dropout.
    ///
    /// # Panics
    /// As [`SliceDecoder::loss_and_gradients`].
    pub fn loss(&mut self, weights: &[f32], ids: &[u32], targets: &[u32], mask: Option<&[f32]>) -> f32 {
        self.run(weights, ids, targets, mask, None, None)
    }

    fn run(
        &mut self,
        weights: &[f32],
        ids: &[u32],
        targets: &[u32],
        mask: Option<&[f32]>,
        dropout_seed: Option<u64>,
        grads: Option<&mut [f32]>,
    ) -> f32 {
        let Self { model, stored, gradient, turned, output } = self;
        let rows = model.rows();
        assert_eq!(weights.len(), model.layout.len(), "length of the weights");
        assert!(
            ids.len() == rows && targets.len() == rows && mask.is_none_or(|m| m.len() == rows),
            "size of the batch"
        );
        let share = share(mask, rows);
        let kept = model.dropout(dropout_seed);
        forward::run(model, weights, ids, &kept, stored);
        let layer = model.output_layer(weights);
        let Some(grads) = grads else {
            return output::loss(model.simd, &layer, stored.hidden(), targets, &share, output, None) as f32;
        };
        let mut parts = model.carve(grads);
        let head = if layer.tied { model.plan.embedding } else { model.plan.head };
        let loss = {
            let bias = model.plan.head_bias.map(|index| std::mem::take(&mut parts[index]));
            let to = output::Gradients { weight: &mut *parts[head], bias, rows: &mut gradient.stream };
            output::loss(model.simd, &layer, stored.hidden(), targets, &share, output, Some(to))
        };
        backward::run(model, weights, ids, &kept, stored, gradient, turned, &mut parts);
        loss as f32
    }
}

/// The kernel of a configuration's non-linearity; nothing for SwiGLU, which has two inputs.
pub(super) fn plain_activation(config: &DecoderConfig) -> Option<Kind> {
    match config.activation {
        Activation::Relu => Some(Kind::Relu),
        Activation::Gelu => Some(Kind::Gelu),
        Activation::GeluTanh => Some(Kind::GeluTanh),
        Activation::SwiGlu => None,
    }
}

/// Weight of each row in the mean: mask / max(Σ mask, 1).
fn share(mask: Option<&[f32]>, rows: usize) -> Vec<f32> {
    match mask {
        None => vec![1.0 / rows as f32; rows],
        Some(mask) => {
            let count = mask.iter().map(|&m| f64::from(m)).sum::<f64>().max(1.0);
            mask.iter().map(|&m| (f64::from(m) / count) as f32).collect()
        }
    }
}

impl Model {
    fn new(config: &DecoderConfig, batch: usize, time: usize, simd: Simd) -> Self {
        let layout = Layout::new(config);
        let plan = Plan::new(config, &layout);
        let d_head = config.d_head();
        let shapes = (0..config.n_layers)
            .map(|layer| Shape {
                time,
                heads: config.n_heads,
                kv_heads: config.n_kv_heads,
                d_head,
                causal: config.causal,
                window: config.window(layer),
                scale: config.score_scale(),
            })
            .collect();
        let rotary = (config.positions == Positions::Rotary).then(|| {
            let (cosines, sines) = positional::rotary(0, time, &config.rotary_frequencies());
            Rotary::new(&cosines, &sines, d_head)
        });
        let sinusoids = match config.positions {
            Positions::Sinusoidal => positional::table(time, config.d_model),
            _ => Vec::new(),
        };
        let group = GROUP_ROWS.div_ceil(time).min(batch);
        Self { config: config.clone(), layout, plan, simd, batch, time, group, shapes, rotary, sinusoids }
    }

    /// Rows of every activation: batch·time.
    fn rows(&self) -> usize {
        self.batch * self.time
    }

    /// Rows of a group (the last one may have fewer).
    fn group_rows(&self) -> usize {
        self.group * self.time
    }

    fn groups(&self) -> usize {
        self.batch.div_ceil(self.group)
    }

    /// The values of a parameter.
    fn parameter<'a>(&self, weights: &'a [f32], index: usize) -> &'a [f32] {
        &weights[self.layout.parameters[index].range.clone()]
    }

    /// The gradients cut into parameters.
    fn carve<'a>(&self, mut grads: &'a mut [f32]) -> Vec<&'a mut [f32]> {
        self.layout
            .parameters
            .iter()
            .map(|parameter| {
                let (part, rest) = std::mem::take(&mut grads).split_at_mut(parameter.range.len());
                grads = rest;
                part
            })
            .collect()
    }

    fn norm<'a>(&self, weights: &'a [f32], norm: &super::plan::Norm) -> norm::Norm<'a> {
        norm::Norm {
            gain: self.parameter(weights, norm.gain),
            bias: norm.bias.map(|index| self.parameter(weights, index)),
            eps: self.config.norm_eps as f32,
        }
    }

    fn output_layer<'a>(&self, weights: &'a [f32]) -> Layer<'a> {
        let tied = self.config.head == Head::Tied;
        Layer {
            weight: self.parameter(weights, if tied { self.plan.embedding } else { self.plan.head }),
            tied,
            bias: self.plan.head_bias.map(|index| self.parameter(weights, index)),
            vocabulary: self.config.vocabulary,
            d: self.config.d_model,
        }
    }

    /// The plain non-linearity; nothing for SwiGLU, which has two inputs.
    fn activation(&self) -> Option<Kind> {
        plain_activation(&self.config)
    }

    /// Factors of the dropout for every place of the model, by its stream number; none where it is off.
    fn dropout(&self, seed: Option<u64>) -> Kept {
        use rayon::prelude::*;
        let p = self.config.dropout;
        let Some(seed) = seed.filter(|_| p > 0.0) else { return Kept::default() };
        let length = self.rows() * self.config.d_model;
        let places = 1 + 2 * self.config.n_layers as u64;
        let factors = (0..places).into_par_iter().map(|place| dropout::factors(seed, place, length, p)).collect();
        Kept { factors: Arc::new(factors) }
    }

    fn has_norm_bias(&self) -> bool {
        self.config.norm == NormKind::LayerNorm
    }
}

/// Factors of a step's dropout.
#[derive(Clone, Default)]
struct Kept {
    factors: Arc<Vec<Vec<f32>>>,
}

impl Kept {
    /// The factors of one place for the rows from `first` on; `None` where dropout is off.
    fn at(&self, place: u64, first: usize, length: usize) -> Option<&[f32]> {
        self.factors.get(place as usize).map(|factors| &factors[first..first + length])
    }
}
