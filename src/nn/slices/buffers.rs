//! What the way forward keeps for the way back, and the room that the way back works in; all allocated once.

use std::slice::ChunksMut;

use super::super::config::{Activation, NormPlace};
use super::Model;
use crate::kernels::attention;

/// All activations of a batch.
pub(super) struct Stored {
    /// The stream that enters the first block `[rows, d]`.
    pub embedded: Vec<f32>,
    pub layers: Vec<Layer>,
    /// After the final norm `[rows, d]`; empty without one.
    pub normed: Vec<f32>,
    pub final_stats: Vec<f32>,
}

/// The activations of one block.
pub(super) struct Layer {
    /// Pre: the normalized input of attention. Post: the sum before the first norm. `[rows, d]`
    pub near_attention: Vec<f32>,
    /// Queries, keys and values, turned by their position where rotary.
    pub qkv: Vec<f32>,
    /// Attention weights `[batch, heads, time, time]`.
    pub weights: Vec<f32>,
    /// The heads' outputs `[rows, d]`.
    pub heads: Vec<f32>,
    /// The stream between the sub-layers `[rows, d]`.
    pub middle: Vec<f32>,
    /// As `near_attention`, for the feed-forward network.
    pub near_ff: Vec<f32>,
    /// ∂hidden/∂(up-projection) `[rows, d_ff]`.
    pub up: Vec<f32>,
    /// ∂hidden/∂(gate) `[rows, d_ff]`; SwiGLU only.
    pub gate: Vec<f32>,
    /// After the non-linearity `[rows, d_ff]`.
    pub hidden: Vec<f32>,
    /// The stream that leaves the block `[rows, d]`.
    pub out: Vec<f32>,
    /// Mean and 1/σ of each row, for both norms.
    pub stats1: Vec<f32>,
    pub stats2: Vec<f32>,
}

/// One group's part of a [`Layer`], for writing.
pub(super) struct LayerPart<'a> {
    pub near_attention: &'a mut [f32],
    pub qkv: &'a mut [f32],
    pub weights: &'a mut [f32],
    pub heads: &'a mut [f32],
    pub middle: &'a mut [f32],
    pub near_ff: &'a mut [f32],
    pub up: &'a mut [f32],
    pub gate: &'a mut [f32],
    pub hidden: &'a mut [f32],
    pub out: &'a mut [f32],
    pub stats1: &'a mut [f32],
    pub stats2: &'a mut [f32],
}

impl Stored {
    pub fn new(model: &Model) -> Self {
        let (rows, d) = (model.rows(), model.config.d_model);
        let (normed, stats) = if model.config.final_norm { (rows * d, rows * 2) } else { (0, 0) };
        Self {
            embedded: vec![0.0; rows * d],
            layers: (0..model.config.n_layers).map(|layer| Layer::new(model, layer)).collect(),
            normed: vec![0.0; normed],
            final_stats: vec![0.0; stats],
        }
    }

    /// What enters the output layer `[rows, d]`.
    pub fn hidden(&self) -> &[f32] {
        if self.normed.is_empty() { self.last() } else { &self.normed }
    }

    /// What leaves the last block.
    pub fn last(&self) -> &[f32] {
        self.layers.last().map_or(&self.embedded, |layer| &layer.out)
    }
}

impl Layer {
    fn new(model: &Model, layer: usize) -> Self {
        let (rows, config, shape) = (model.rows(), &model.config, &model.shapes[layer]);
        let gate = if config.activation == Activation::SwiGlu { config.d_ff } else { 0 };
        let of = |width: usize| vec![0.0; rows * width];
        Self {
            near_attention: of(config.d_model),
            qkv: of(shape.width()),
            weights: vec![0.0; model.batch * shape.weights()],
            heads: of(config.d_model),
            middle: of(config.d_model),
            near_ff: of(config.d_model),
            up: of(config.d_ff),
            gate: of(gate),
            hidden: of(config.d_ff),
            out: of(config.d_model),
            stats1: of(2),
            stats2: of(2),
        }
    }

    /// The parts of all groups, in order.
    pub fn parts<'a>(&'a mut self, model: &Model, layer: usize) -> Vec<LayerPart<'a>> {
        let (rows, d) = (model.group_rows(), model.config.d_model);
        let shape = &model.shapes[layer];
        let mut near_attention = self.near_attention.chunks_mut(rows * d);
        let mut qkv = self.qkv.chunks_mut(rows * shape.width());
        let mut weights = self.weights.chunks_mut(model.group * shape.weights());
        let mut heads = self.heads.chunks_mut(rows * d);
        let mut middle = self.middle.chunks_mut(rows * d);
        let mut near_ff = self.near_ff.chunks_mut(rows * d);
        let mut up = self.up.chunks_mut(rows * model.config.d_ff);
        let mut gate = self.gate.chunks_mut(rows * model.config.d_ff);
        let mut hidden = self.hidden.chunks_mut(rows * model.config.d_ff);
        let mut out = self.out.chunks_mut(rows * d);
        let mut stats1 = self.stats1.chunks_mut(rows * 2);
        let mut stats2 = self.stats2.chunks_mut(rows * 2);
        (0..model.groups())
            .map(|_| LayerPart {
                near_attention: next(&mut near_attention),
                qkv: next(&mut qkv),
                weights: next(&mut weights),
                heads: next(&mut heads),
                middle: next(&mut middle),
                near_ff: next(&mut near_ff),
                up: next(&mut up),
                gate: next(&mut gate),
                hidden: next(&mut hidden),
                out: next(&mut out),
                stats1: next(&mut stats1),
                stats2: next(&mut stats2),
            })
            .collect()
    }
}

/// The next chunk; an empty one from a buffer that this configuration does not have.
pub(super) fn next<'a>(chunks: &mut ChunksMut<'a, f32>) -> &'a mut [f32] {
    chunks.next().unwrap_or_default()
}

/// The room of the way back; one block at a time.
pub(super) struct Gradient {
    /// Of the stream `[rows, d]`; goes from block to block.
    pub stream: Vec<f32>,
    /// Of the feed-forward network's output `[rows, d]`.
    pub down: Vec<f32>,
    /// Of the up-projection and of the gate `[rows, d_ff]`.
    pub up: Vec<f32>,
    pub gate: Vec<f32>,
    /// Of attention's output `[rows, d]`.
    pub attention: Vec<f32>,
    /// Of queries, keys and values.
    pub qkv: Vec<f32>,
    /// Room for each group: `[group rows, d]` and a block of scores.
    pub scratch: Vec<f32>,
    /// Each group's sums for the vectors of a block (norms and biases).
    pub vectors: Vec<f32>,
}

/// One group's part of a [`Gradient`].
pub(super) struct GradientPart<'a> {
    pub stream: &'a mut [f32],
    pub down: &'a mut [f32],
    pub up: &'a mut [f32],
    pub gate: &'a mut [f32],
    pub attention: &'a mut [f32],
    pub qkv: &'a mut [f32],
    pub scratch: &'a mut [f32],
    pub vectors: &'a mut [f32],
}

impl Gradient {
    pub fn new(model: &Model) -> Self {
        let (rows, config) = (model.rows(), &model.config);
        let gate = if config.activation == Activation::SwiGlu { config.d_ff } else { 0 };
        let of = |width: usize| vec![0.0; rows * width];
        Self {
            stream: of(config.d_model),
            down: of(config.d_model),
            up: of(config.d_ff),
            gate: of(gate),
            attention: of(config.d_model),
            qkv: of(model.shapes[0].width()),
            scratch: vec![0.0; model.groups() * Self::scratch_of(model)],
            // The final norm's sums stand here too.
            vectors: vec![0.0; model.groups() * model.vectors().total().max(2 * config.d_model)],
        }
    }

    fn scratch_of(model: &Model) -> usize {
        model.group_rows() * model.config.d_model + attention::BLOCK * model.time
    }

    pub fn parts<'a>(&'a mut self, model: &Model) -> Vec<GradientPart<'a>> {
        let (rows, d, hidden) = (model.group_rows(), model.config.d_model, model.config.d_ff);
        let mut stream = self.stream.chunks_mut(rows * d);
        let mut down = self.down.chunks_mut(rows * d);
        let mut up = self.up.chunks_mut(rows * hidden);
        let mut gate = self.gate.chunks_mut(rows * hidden);
        let mut attention = self.attention.chunks_mut(rows * d);
        let mut qkv = self.qkv.chunks_mut(rows * model.shapes[0].width());
        let mut scratch = self.scratch.chunks_mut(Self::scratch_of(model));
        let mut vectors = self.vectors.chunks_mut(model.vectors().total());
        (0..model.groups())
            .map(|_| GradientPart {
                stream: next(&mut stream),
                down: next(&mut down),
                up: next(&mut up),
                gate: next(&mut gate),
                attention: next(&mut attention),
                qkv: next(&mut qkv),
                scratch: next(&mut scratch),
                vectors: next(&mut vectors),
            })
            .collect()
    }
}

/// Lengths of a block's vectors, in the order of the layout; 0 where a configuration lacks one.
#[derive(Clone, Copy)]
pub(super) struct Vectors {
    pub norm1: [usize; 2],
    pub qkv: usize,
    pub out: usize,
    pub norm2: [usize; 2],
    pub gate: usize,
    pub up: usize,
    pub down: usize,
}

/// A block's vectors, one after the other.
pub(super) struct VectorParts<'a> {
    pub norm1: [&'a mut [f32]; 2],
    pub qkv: &'a mut [f32],
    pub out: &'a mut [f32],
    pub norm2: [&'a mut [f32]; 2],
    pub gate: &'a mut [f32],
    pub up: &'a mut [f32],
    pub down: &'a mut [f32],
}

impl Vectors {
    pub fn total(&self) -> usize {
        let norms = self.norm1.iter().sum::<usize>() + self.norm2.iter().sum::<usize>();
        // At least 1, so that there is a chunk for each group.
        (norms + self.qkv + self.out + self.gate + self.up + self.down).max(1)
    }

    pub fn split<'a>(&self, mut all: &'a mut [f32]) -> VectorParts<'a> {
        let mut take = |length: usize| {
            let (part, rest) = std::mem::take(&mut all).split_at_mut(length);
            all = rest;
            part
        };
        VectorParts {
            norm1: self.norm1.map(&mut take),
            qkv: take(self.qkv),
            out: take(self.out),
            norm2: self.norm2.map(&mut take),
            gate: take(self.gate),
            up: take(self.up),
            down: take(self.down),
        }
    }
}

impl Model {
    pub(super) fn vectors(&self) -> Vectors {
        let config = &self.config;
        let norm = [config.d_model, if self.has_norm_bias() { config.d_model } else { 0 }];
        let ff = if config.ff_bias { config.d_ff } else { 0 };
        Vectors {
            norm1: norm,
            qkv: if config.qkv_bias { self.shapes[0].width() } else { 0 },
            out: if config.attn_out_bias { config.d_model } else { 0 },
            norm2: norm,
            gate: if config.activation == Activation::SwiGlu { ff } else { 0 },
            up: ff,
            down: if config.ff_bias { config.d_model } else { 0 },
        }
    }

    pub(super) fn pre(&self) -> bool {
        self.config.norm_place == NormPlace::Pre
    }
}
