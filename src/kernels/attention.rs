//! The core of attention for one sequence: softmax(q·kᵀ)·v over all heads, forward and backward.
//!
//! Queries, keys and values are read in place, as strided views of one buffer `[time, (heads + 2·kv_heads)·d_head]`.
//! Rows are worked off in blocks, and a block's products reach only as far as any of its rows may see.

use std::ops::Range;

use super::matrix::{Mat, MatMut, product};
use super::rows::{softmax_backward_row, softmax_row};
use super::simd::{Lanes, Simd, kernel};

/// Rows of scores in a block.
pub const BLOCK: usize = 32;

/// Sizes and visibility of one attention layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Length of the sequence.
    pub time: usize,
    /// Query heads.
    pub heads: usize,
    /// Key/value heads, a divisor of `heads`.
    pub kv_heads: usize,
    /// Width of a head.
    pub d_head: usize,
    /// Whether a position sees only itself and earlier ones.
    pub causal: bool,
    /// A window of `w` reaches `w − 1` positions away: back where causal, to both sides where not.
    pub window: Option<usize>,
    /// Factor on the scores.
    pub scale: f32,
}

impl Shape {
    /// Elements in a row of queries, keys and values.
    pub fn width(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.d_head
    }

    /// Elements of the weights of a sequence, `[heads, time, time]`.
    pub fn weights(&self) -> usize {
        self.heads * self.time * self.time
    }

    /// Which columns a row sees.
    fn seen(&self, row: usize) -> Range<usize> {
        let first = self.window.map_or(0, |w| (row + 1).saturating_sub(w));
        let last = self.window.map_or(self.time, |w| self.time.min(row + w));
        first..if self.causal { row + 1 } else { last }
    }

    /// Blocks of rows, each with the columns that any of its rows sees.
    fn blocks(self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        (0..self.time).step_by(BLOCK).map(move |first| {
            let rows = first..(first + BLOCK).min(self.time);
            (rows.clone(), self.seen(first).start..self.seen(rows.end - 1).end)
        })
    }

    fn queries(&self, head: usize) -> usize {
        head * self.d_head
    }

    fn keys(&self, head: usize) -> usize {
        (self.heads + head / (self.heads / self.kv_heads)) * self.d_head
    }

    fn values(&self, head: usize) -> usize {
        self.keys(head) + self.kv_heads * self.d_head
    }
}

#[inline(always)]
unsafe fn softmax_block_body<S: Lanes>(shape: &Shape, scores: &mut [f32], rows: Range<usize>, columns: Range<usize>) {
    for (row, scores) in rows.zip(scores.chunks_mut(shape.time)) {
        let seen = shape.seen(row);
        scores[columns.start..seen.start].fill(0.0);
        scores[seen.end..columns.end].fill(0.0);
        // SAFETY: handed to the caller.
        unsafe { softmax_row::<S>(&mut scores[seen], shape.scale) }
    }
}

#[inline(always)]
unsafe fn softmax_block_backward_body<S: Lanes>(
    shape: &Shape,
    weights: &[f32],
    gradient: &mut [f32],
    columns: Range<usize>,
) {
    let width = columns.len();
    for (weights, gradient) in weights.chunks(shape.time).zip(gradient.chunks_exact_mut(width)) {
        // Weights are 0 where a row does not see, and so is the gradient of the score there.
        // SAFETY: handed to the caller.
        unsafe { softmax_backward_row::<S>(&weights[columns.clone()], gradient, shape.scale) }
    }
}

kernel! {
    fn softmax_block(shape: &Shape, scores: &mut [f32], rows: Range<usize>, columns: Range<usize>) = softmax_block_body
}
kernel! {
    fn softmax_block_backward(shape: &Shape, weights: &[f32], gradient: &mut [f32], columns: Range<usize>)
        = softmax_block_backward_body
}

/// Weights `[heads, time, time]` (only the blocks on and below the diagonal are written where causal) and the heads'
/// outputs `[time, heads·d_head]` from `qkv` `[time, width]`.
///
/// # Panics
/// Where a buffer is too short.
pub fn forward(simd: Simd, shape: &Shape, qkv: &[f32], weights: &mut [f32], out: &mut [f32]) {
    let (time, d, stride, out_stride) = (shape.time, shape.d_head, shape.width(), shape.heads * shape.d_head);
    for head in 0..shape.heads {
        let (q, k, v) = (&qkv[shape.queries(head)..], &qkv[shape.keys(head)..], &qkv[shape.values(head)..]);
        let weights = &mut weights[head * time * time..][..time * time];
        for (rows, columns) in shape.blocks() {
            let (m, n) = (rows.len(), columns.len());
            let block = &mut weights[rows.start * time..rows.end * time];
            let q = Mat::strided(&q[rows.start * stride..], m, d, stride);
            let k = Mat::strided(&k[columns.start * stride..], n, d, stride);
            product(MatMut::strided(&mut block[columns.start..], m, n, time), q, k.t(), false);
            softmax_block(simd, shape, block, rows.clone(), columns.clone());
            let p = Mat::strided(&block[columns.start..], m, n, time);
            let v = Mat::strided(&v[columns.start * stride..], n, d, stride);
            let out = &mut out[rows.start * out_stride + head * d..];
            product(MatMut::strided(out, m, d, out_stride), p, v, false);
        }
    }
}

/// The gradient of `qkv` from that of the heads' outputs; `scratch` holds `BLOCK·time` elements.
///
/// # Panics
/// Where a buffer is too short.
pub fn backward(
    simd: Simd,
    shape: &Shape,
    qkv: &[f32],
    weights: &[f32],
    d_out: &[f32],
    d_qkv: &mut [f32],
    scratch: &mut [f32],
) {
    let (time, d, stride, out_stride) = (shape.time, shape.d_head, shape.width(), shape.heads * shape.d_head);
    d_qkv.fill(0.0);
    for head in 0..shape.heads {
        let (q, k, v) = (shape.queries(head), shape.keys(head), shape.values(head));
        let weights = &weights[head * time * time..][..time * time];
        for (rows, columns) in shape.blocks() {
            let (m, n) = (rows.len(), columns.len());
            let (row, column) = (rows.start * stride, columns.start * stride);
            let block = &weights[rows.start * time..rows.end * time];
            let p = Mat::strided(&block[columns.start..], m, n, time);
            let d_heads = Mat::strided(&d_out[rows.start * out_stride + head * d..], m, d, out_stride);
            // dv += pᵀ·do, dp = do·vᵀ, ds from dp, dq = ds·k, dk += dsᵀ·q
            product(MatMut::strided(&mut d_qkv[column + v..], n, d, stride), p.t(), d_heads, true);
            let ds = &mut scratch[..m * n];
            let v = Mat::strided(&qkv[column + v..], n, d, stride);
            product(MatMut::new(ds, m, n), d_heads, v.t(), false);
            softmax_block_backward(simd, shape, block, ds, columns.clone());
            let ds = Mat::new(ds, m, n);
            let key = Mat::strided(&qkv[column + k..], n, d, stride);
            product(MatMut::strided(&mut d_qkv[row + q..], m, d, stride), ds, key, false);
            let query = Mat::strided(&qkv[row + q..], m, d, stride);
            product(MatMut::strided(&mut d_qkv[column + k..], n, d, stride), ds.t(), query, true);
        }
    }
}
