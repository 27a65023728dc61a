//! The way forward: each group of sequences through all blocks.

use rayon::prelude::*;

use super::super::config::Positions;
use super::super::dropout;
use super::super::plan::BlockPlan;
use super::buffers::{LayerPart, Stored, next};
use super::{Kept, Model};
use crate::kernels::{activation, attention, embedding, norm, rows};

/// One group's buffers.
struct Group<'a> {
    /// Index of its first row.
    first: usize,
    ids: &'a [u32],
    embedded: &'a mut [f32],
    layers: Vec<LayerPart<'a>>,
    normed: &'a mut [f32],
    final_stats: &'a mut [f32],
}

/// Fills `stored` from the tokens.
pub(super) fn run(model: &Model, weights: &[f32], ids: &[u32], kept: &Kept, stored: &mut Stored) {
    let (rows, d) = (model.group_rows(), model.config.d_model);
    let mut embedded = stored.embedded.chunks_mut(rows * d);
    let mut normed = stored.normed.chunks_mut(rows * d);
    let mut final_stats = stored.final_stats.chunks_mut(rows * 2);
    let mut groups: Vec<Group> = ids
        .chunks(rows)
        .enumerate()
        .map(|(group, ids)| Group {
            first: group * rows,
            ids,
            embedded: next(&mut embedded),
            layers: Vec::with_capacity(model.config.n_layers),
            normed: next(&mut normed),
            final_stats: next(&mut final_stats),
        })
        .collect();
    for (index, layer) in stored.layers.iter_mut().enumerate() {
        for (group, part) in groups.iter_mut().zip(layer.parts(model, index)) {
            group.layers.push(part);
        }
    }
    groups.par_iter_mut().for_each(|group| model.forward_group(weights, kept, group));
}

impl Model {
    fn forward_group(&self, weights: &[f32], kept: &Kept, group: &mut Group) {
        self.embed(weights, kept, group);
        let mut x: &[f32] = group.embedded;
        for (index, (block, part)) in self.plan.blocks.iter().zip(&mut group.layers).enumerate() {
            self.attention(weights, index, block, x, part);
            let kept_here = kept.at(dropout::attention(index), group.first * self.config.d_model, x.len());
            let (near, middle) = (&mut *part.near_attention, &mut *part.middle);
            self.close(weights, &block.norm1, x, kept_here, near, middle, part.stats1);
            self.feed_forward(weights, block, part);
            let kept_here = kept.at(dropout::feed_forward(index), group.first * self.config.d_model, x.len());
            let (near, out) = (&mut *part.near_ff, &mut *part.out);
            self.close(weights, &block.norm2, part.middle, kept_here, near, out, part.stats2);
            x = part.out;
        }
        if let Some(plan) = &self.plan.final_norm {
            norm::forward(self.simd, self.norm(weights, plan), x, group.normed, group.final_stats);
        }
    }

    fn embed(&self, weights: &[f32], kept: &Kept, group: &mut Group) {
        let d = self.config.d_model;
        let x = &mut *group.embedded;
        embedding::gather(self.parameter(weights, self.plan.embedding), d, group.ids, x);
        let table = match self.config.positions {
            Positions::None | Positions::Rotary => None,
            Positions::Sinusoidal => Some(&self.sinusoids[..]),
            Positions::Learned => Some(&self.parameter(weights, self.plan.positions)[..self.time * d]),
        };
        if let Some(table) = table {
            x.chunks_exact_mut(self.time * d).for_each(|sequence| rows::add(self.simd, sequence, table));
        }
        if let Some(factors) = kept.at(dropout::EMBEDDINGS, group.first * d, x.len()) {
            rows::multiply(self.simd, x, factors);
        }
    }

    /// Writes the sub-layer's output where [`Model::close`] finds it: in `middle` (pre) or `near_attention` (post).
    fn attention(&self, weights: &[f32], index: usize, block: &BlockPlan, x: &[f32], part: &mut LayerPart) {
        let input = if self.pre() {
            norm::forward(self.simd, self.norm(weights, &block.norm1), x, part.near_attention, part.stats1);
            &*part.near_attention
        } else {
            x
        };
        self.linear(weights, &block.qkv, input, part.qkv);
        let shape = &self.shapes[index];
        let qkv = part.qkv.chunks_exact_mut(self.time * shape.width());
        let rest = part.weights.chunks_exact_mut(shape.weights());
        let heads = part.heads.chunks_exact_mut(self.time * self.config.d_model);
        for ((qkv, weights), heads) in qkv.zip(rest).zip(heads) {
            if let Some(rotary) = &self.rotary {
                rotary.turn(0, qkv, shape.width(), shape.heads + shape.kv_heads, false);
            }
            attention::forward(self.simd, shape, qkv, weights, heads);
        }
        let to = if self.pre() { &mut *part.middle } else { &mut *part.near_attention };
        self.linear(weights, &block.out, part.heads, to);
    }

    /// As [`Model::attention`], with `out` and `near_ff`.
    fn feed_forward(&self, weights: &[f32], block: &BlockPlan, part: &mut LayerPart) {
        let input = if self.pre() {
            norm::forward(self.simd, self.norm(weights, &block.norm2), part.middle, part.near_ff, part.stats2);
            &*part.near_ff
        } else {
            &*part.middle
        };
        match (self.activation(), &block.gate) {
            (None, Some(gate)) => {
                self.linear(weights, gate, input, part.gate);
                self.linear(weights, &block.up, input, part.up);
                activation::swiglu(self.simd, part.gate, part.up, part.hidden);
            }
            (kind, _) => {
                self.multiply(weights, &block.up, input, part.up, false);
                let bias = block.up.bias.map(|index| self.parameter(weights, index));
                let kind = kind.unwrap_or(activation::Kind::Relu);
                activation::forward(self.simd, kind, part.up, part.hidden, bias, self.config.d_ff);
            }
        }
        let to = if self.pre() { &mut *part.out } else { &mut *part.near_ff };
        self.linear(weights, &block.down, part.hidden, to);
    }

    /// Dropout, the residual and (post) the norm behind a sub-layer with input `x`.
    fn close(
        &self,
        weights: &[f32],
        plan: &super::super::plan::Norm,
        x: &[f32],
        kept: Option<&[f32]>,
        near: &mut [f32],
        out: &mut [f32],
        stats: &mut [f32],
    ) {
        let sum = if self.pre() { &mut *out } else { &mut *near };
        if let Some(factors) = kept {
            rows::multiply(self.simd, sum, factors);
        }
        if self.config.residual {
            rows::add(self.simd, sum, x);
        }
        if !self.pre() {
            norm::forward(self.simd, self.norm(weights, plan), near, out, stats);
        }
    }
}
