//! The way back: block by block from the last, each group of sequences on its own, then the block's matrices.

use rayon::prelude::*;

use super::super::config::{Head, Positions};
use super::super::dropout;
use super::super::plan::{BlockPlan, Linear, Norm};
use super::buffers::{Gradient, GradientPart, Layer, Stored, VectorParts};
use super::linear::Turned;
use super::{Kept, Model};
use crate::kernels::{Mat, MatMut, activation, attention, embedding, norm, product, rows};

/// Rows of a matrix's gradient that one task makes.
const MATRIX_ROWS: usize = 64;

/// From the gradient of the last hidden rows (in `gradient.stream`) to those of all parameters below the output layer.
pub(super) fn run(
    model: &Model,
    weights: &[f32],
    ids: &[u32],
    kept: &Kept,
    stored: &Stored,
    gradient: &mut Gradient,
    turned: &mut Turned,
    parts: &mut [&mut [f32]],
) {
    turned.refresh(model, weights);
    let turned = &*turned;
    final_norm(model, weights, stored, gradient, parts);
    for (index, block) in model.plan.blocks.iter().enumerate().rev() {
        let layer = &stored.layers[index];
        let x = if index == 0 { &stored.embedded } else { &stored.layers[index - 1].out };
        let vectors = model.vectors().total();
        gradient.parts(model).par_iter_mut().enumerate().for_each(|(group, part)| {
            part.vectors[..vectors].fill(0.0);
            let at = At { model, weights, turned, kept, index, block, layer, x, first: group * model.group_rows() };
            at.run(part);
        });
        add_vectors(model, block, gradient, parts);
        matrices(model, block, layer, x, gradient, parts);
    }
    embeddings(model, ids, kept, gradient, parts);
}

fn final_norm(model: &Model, weights: &[f32], stored: &Stored, gradient: &mut Gradient, parts: &mut [&mut [f32]]) {
    let Some(plan) = &model.plan.final_norm else { return };
    let norm = model.norm(weights, plan);
    let (rows, d) = (model.group_rows(), model.config.d_model);
    let stride = model.vectors().total().max(2 * d);
    let x = stored.last().par_chunks(rows * d).zip(stored.final_stats.par_chunks(rows * 2));
    let room = gradient.down.par_chunks_mut(rows * d).zip(gradient.vectors.par_chunks_mut(stride));
    gradient.stream.par_chunks_mut(rows * d).zip(x).zip(room).for_each(|((dy, (x, stats)), (dx, sums))| {
        let (gain, bias) = sums[..2 * d].split_at_mut(d);
        gain.fill(0.0);
        bias.fill(0.0);
        norm::backward(model.simd, norm, x, stats, dy, dx, false, gain, norm.bias.map(|_| bias));
        dy.copy_from_slice(dx);
    });
    parts[plan.gain].fill(0.0);
    if let Some(bias) = plan.bias {
        parts[bias].fill(0.0);
    }
    for sums in gradient.vectors.chunks(stride).take(model.groups()) {
        rows::add(model.simd, parts[plan.gain], &sums[..d]);
        if let Some(bias) = plan.bias {
            rows::add(model.simd, parts[bias], &sums[d..2 * d]);
        }
    }
}

/// One group at one block.
struct At<'a> {
    model: &'a Model,
    weights: &'a [f32],
    turned: &'a Turned,
    kept: &'a Kept,
    index: usize,
    block: &'a BlockPlan,
    layer: &'a Layer,
    /// What entered the block, for all rows.
    x: &'a [f32],
    /// The group's first row.
    first: usize,
}

impl<'a> At<'a> {
    /// The group's rows of an activation that is `width` wide.
    fn rows(&self, of: &'a [f32], width: usize) -> &'a [f32] {
        let rows = self.model.group_rows().min(self.model.rows() - self.first);
        &of[self.first * width..][..rows * width]
    }

    fn run(&self, part: &mut GradientPart) {
        let (model, d) = (self.model, self.model.config.d_model);
        let mut vectors = model.vectors().split(part.vectors);
        let (room, scores) = part.scratch.split_at_mut(model.group_rows() * d);
        let room = &mut room[..part.stream.len()];

        let middle = self.rows(&self.layer.middle, d);
        let stats = self.rows(&self.layer.stats2, 2);
        let near = self.rows(&self.layer.near_ff, d);
        let norm2 = &self.block.norm2;
        self.open(
            dropout::feed_forward(self.index),
            norm2,
            near,
            stats,
            part.stream,
            part.down,
            room,
            &mut vectors.norm2,
        );
        self.hidden(part.down, part.up, part.gate);
        self.sums(&mut vectors, part.down, part.up, part.gate);
        let inputs = [Some((&self.block.up, &*part.up)), self.block.gate.as_ref().map(|gate| (gate, &*part.gate))];
        self.enter(inputs, norm2, middle, stats, part.stream, room, &mut vectors.norm2);

        let x = self.rows(self.x, d);
        let stats = self.rows(&self.layer.stats1, 2);
        let near = self.rows(&self.layer.near_attention, d);
        let norm1 = &self.block.norm1;
        let place = dropout::attention(self.index);
        self.open(place, norm1, near, stats, part.stream, part.attention, room, &mut vectors.norm1);
        if self.block.out.bias.is_some() {
            rows::column_sums(model.simd, vectors.out, part.attention);
        }
        model.multiply_back(self.turned, &self.block.out, part.attention, room, false);
        self.attention(room, part.qkv, scores);
        if self.block.qkv.bias.is_some() {
            rows::column_sums(model.simd, vectors.qkv, part.qkv);
        }
        self.enter([Some((&self.block.qkv, &*part.qkv)), None], norm1, x, stats, part.stream, room, &mut vectors.norm1);
    }

    /// From the gradient of what a sub-layer left in the stream to that of the sub-layer's own output in `own`.
    ///
    /// `stream` keeps what goes on along the residual.
    fn open(
        &self,
        place: u64,
        plan: &Norm,
        sum: &[f32],
        stats: &[f32],
        stream: &mut [f32],
        own: &mut [f32],
        room: &mut [f32],
        vectors: &mut [&mut [f32]; 2],
    ) {
        let model = self.model;
        if !model.pre() {
            let norm = model.norm(self.weights, plan);
            let [gain, bias] = vectors;
            norm::backward(model.simd, norm, sum, stats, stream, room, false, gain, norm.bias.map(|_| &mut **bias));
            stream.copy_from_slice(room);
        }
        own.copy_from_slice(stream);
        if let Some(factors) = self.kept.at(place, self.first * model.config.d_model, own.len()) {
            rows::multiply(model.simd, own, factors);
        }
    }

    /// From the gradients of the sub-layer's linear inputs to that of the stream that entered it.
    fn enter(
        &self,
        inputs: [Option<(&Linear, &[f32])>; 2],
        plan: &Norm,
        x: &[f32],
        stats: &[f32],
        stream: &mut [f32],
        room: &mut [f32],
        vectors: &mut [&mut [f32]; 2],
    ) {
        let (model, residual) = (self.model, self.model.config.residual);
        let to = if model.pre() { &mut *room } else { &mut *stream };
        let mut accumulate = !model.pre() && residual;
        for (linear, dy) in inputs.into_iter().flatten() {
            model.multiply_back(self.turned, linear, dy, to, accumulate);
            accumulate = true;
        }
        if model.pre() {
            let norm = model.norm(self.weights, plan);
            let [gain, bias] = vectors;
            norm::backward(model.simd, norm, x, stats, room, stream, residual, gain, norm.bias.map(|_| &mut **bias));
        }
    }

    /// Through the feed-forward network's output matrix and non-linearity.
    fn hidden(&self, down: &[f32], up: &mut [f32], gate: &mut [f32]) {
        let (model, d_ff) = (self.model, self.model.config.d_ff);
        let slopes = self.rows(&self.layer.up, d_ff);
        if self.block.gate.is_some() {
            model.multiply_back(self.turned, &self.block.down, down, gate, false);
            activation::swiglu_backward(model.simd, self.rows(&self.layer.gate, d_ff), slopes, gate, up);
        } else {
            model.multiply_back(self.turned, &self.block.down, down, up, false);
            activation::backward(model.simd, slopes, up);
        }
    }

    /// Gradients of the feed-forward network's biases.
    fn sums(&self, vectors: &mut VectorParts, down: &[f32], up: &[f32], gate: &[f32]) {
        if self.block.down.bias.is_some() {
            let simd = self.model.simd;
            rows::column_sums(simd, vectors.down, down);
            rows::column_sums(simd, vectors.up, up);
            if self.block.gate.is_some() {
                rows::column_sums(simd, vectors.gate, gate);
            }
        }
    }

    fn attention(&self, d_heads: &[f32], d_qkv: &mut [f32], scores: &mut [f32]) {
        let (model, shape) = (self.model, &self.model.shapes[self.index]);
        let (time, d, width) = (model.time, model.config.d_model, shape.width());
        let sequences = self.first / time;
        for (i, (d_heads, d_qkv)) in
            d_heads.chunks_exact(time * d).zip(d_qkv.chunks_exact_mut(time * width)).enumerate()
        {
            let at = sequences + i;
            let qkv = &self.layer.qkv[at * time * width..][..time * width];
            let weights = &self.layer.weights[at * shape.weights()..][..shape.weights()];
            attention::backward(model.simd, shape, qkv, weights, d_heads, d_qkv, scores);
            if let Some(rotary) = &model.rotary {
                rotary.turn(0, d_qkv, width, shape.heads + shape.kv_heads, true);
            }
        }
    }
}

/// Adds the groups' sums of a block's vectors, in the order of the groups.
fn add_vectors(model: &Model, block: &BlockPlan, gradient: &mut Gradient, parts: &mut [&mut [f32]]) {
    let vectors = model.vectors();
    let (first, rest) = gradient.vectors.split_at_mut(vectors.total());
    for group in rest.chunks(vectors.total()).take(model.groups() - 1) {
        rows::add(model.simd, first, group);
    }
    let sums = vectors.split(first);
    let mut put = |index: Option<usize>, from: &[f32]| {
        if let Some(index) = index {
            parts[index].copy_from_slice(from);
        }
    };
    put(Some(block.norm1.gain), sums.norm1[0]);
    put(block.norm1.bias, sums.norm1[1]);
    put(block.qkv.bias, sums.qkv);
    put(block.out.bias, sums.out);
    put(Some(block.norm2.gain), sums.norm2[0]);
    put(block.norm2.bias, sums.norm2[1]);
    put(block.gate.as_ref().and_then(|gate| gate.bias), sums.gate);
    put(block.up.bias, sums.up);
    put(block.down.bias, sums.down);
}

/// Gradients of a block's matrices, xᵀ·dy over all rows.
fn matrices(model: &Model, block: &BlockPlan, layer: &Layer, x: &[f32], gradient: &Gradient, parts: &mut [&mut [f32]]) {
    let (attention_in, ff_in) =
        if model.pre() { (&layer.near_attention[..], &layer.near_ff[..]) } else { (x, &layer.middle[..]) };
    let mut pairs = vec![
        (&block.qkv, attention_in, &gradient.qkv),
        (&block.out, &layer.heads[..], &gradient.attention),
        (&block.up, ff_in, &gradient.up),
        (&block.down, &layer.hidden[..], &gradient.down),
    ];
    if let Some(gate) = &block.gate {
        pairs.push((gate, ff_in, &gradient.gate));
    }
    let rows = model.rows();
    let mut tasks = Vec::new();
    for (linear, x, dy) in pairs {
        let (input, output) = model.sizes(linear);
        let to = std::mem::take(&mut parts[linear.weight]);
        for (piece, to) in to.chunks_mut(MATRIX_ROWS * output).enumerate() {
            let (first, count) = (piece * MATRIX_ROWS, to.len() / output);
            let x = Mat::strided(&x[first..], rows, count, input);
            tasks.push((MatMut::new(to, count, output), x.t(), Mat::new(dy, rows, output)));
        }
    }
    tasks.into_par_iter().for_each(|(to, x, dy)| product(model.simd, to, x, dy, false));
}

fn embeddings(model: &Model, ids: &[u32], kept: &Kept, gradient: &mut Gradient, parts: &mut [&mut [f32]]) {
    let d = model.config.d_model;
    if let Some(factors) = kept.at(dropout::EMBEDDINGS, 0, gradient.stream.len()) {
        rows::multiply(model.simd, &mut gradient.stream, factors);
    }
    if model.config.positions == Positions::Learned {
        let table = &mut *parts[model.plan.positions];
        table.fill(0.0);
        for sequence in gradient.stream.chunks_exact(model.time * d) {
            rows::add(model.simd, &mut table[..model.time * d], sequence);
        }
    }
    let table = &mut *parts[model.plan.embedding];
    if model.config.head == Head::Separate {
        table.par_chunks_mut(1 << 16).for_each(|part| part.fill(0.0));
    }
    embedding::scatter_add(model.simd, table, d, ids, &gradient.stream);
}
