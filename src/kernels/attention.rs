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
    pub(super) fn seen(&self, row: usize) -> Range<usize> {
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
            product(simd, MatMut::strided(&mut block[columns.start..], m, n, time), q, k.t(), false);
            softmax_block(simd, shape, block, rows.clone(), columns.clone());
            let p = Mat::strided(&block[columns.start..], m, n, time);
            let v = Mat::strided(&v[columns.start * stride..], n, d, stride);
            let out = &mut out[rows.start * out_stride + head * d..];
            product(simd, MatMut::strided(out, m, d, out_stride), p, v, false);
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
            product(simd, MatMut::strided(&mut d_qkv[column + v..], n, d, stride), p.t(), d_heads, true);
            let ds = &mut scratch[..m * n];
            let v = Mat::strided(&qkv[column + v..], n, d, stride);
            product(simd, MatMut::new(ds, m, n), d_heads, v.t(), false);
            softmax_block_backward(simd, shape, block, ds, columns.clone());
            let ds = Mat::new(ds, m, n);
            let key = Mat::strided(&qkv[column + k..], n, d, stride);
            product(simd, MatMut::strided(&mut d_qkv[row + q..], m, d, stride), ds, key, false);
            let query = Mat::strided(&qkv[row + q..], m, d, stride);
            product(simd, MatMut::strided(&mut d_qkv[column + k..], n, d, stride), ds.t(), query, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{assert_close, dot, numbers, slopes};

    fn shape(time: usize, heads: usize, kv_heads: usize, causal: bool, window: Option<usize>) -> Shape {
        Shape { time, heads, kv_heads, d_head: 3, causal, window, scale: 0.7 }
    }

    /// The definition, element by element: weights `[heads, time, time]` and outputs.
    fn reference(shape: &Shape, qkv: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (time, d, stride) = (shape.time, shape.d_head, shape.width());
        let mut weights = vec![0.0; shape.weights()];
        let mut out = vec![0.0; time * shape.heads * d];
        for head in 0..shape.heads {
            let shared = head / (shape.heads / shape.kv_heads);
            let (q, k) = (head * d, (shape.heads + shared) * d);
            let v = (shape.heads + shape.kv_heads + shared) * d;
            for i in 0..time {
                let sees = |j: usize| (!shape.causal || j <= i) && shape.window.is_none_or(|w| i.abs_diff(j) < w);
                let score = |j: usize| {
                    let dot: f64 = (0..d).map(|c| qkv[i * stride + q + c] * qkv[j * stride + k + c]).sum();
                    (dot * f64::from(shape.scale)).exp()
                };
                let sum: f64 = (0..time).filter(|&j| sees(j)).map(score).sum();
                for j in (0..time).filter(|&j| sees(j)) {
                    let weight = score(j) / sum;
                    weights[(head * time + i) * time + j] = weight;
                    for c in 0..d {
                        out[(i * shape.heads + head) * d + c] += weight * qkv[j * stride + v + c];
                    }
                }
            }
        }
        (weights, out)
    }

    #[test]
    fn weights_outputs_and_gradients_are_the_definition() {
        let shapes = [
            shape(1, 1, 1, true, None),
            shape(5, 2, 1, false, None),
            shape(BLOCK + 5, 2, 2, true, None),
            shape(2 * BLOCK + 1, 1, 1, true, Some(4)),
            shape(BLOCK + 3, 1, 1, false, Some(3)),
        ];
        for simd in Simd::available() {
            for shape in &shapes {
                let qkv = numbers(shape.time * shape.width(), 8);
                let wide: Vec<f64> = qkv.iter().map(|&x| f64::from(x)).collect();
                let mut weights = vec![0.0; shape.weights()];
                let mut out = vec![0.0; shape.time * shape.heads * shape.d_head];
                forward(simd, shape, &qkv, &mut weights, &mut out);
                let (want_weights, want_out) = reference(shape, &wide);
                assert_close("weights", &weights, &want_weights, 1e-6);
                assert_close("outputs", &out, &want_out, 1e-6);
                let future = |i: usize| i % shape.time > i / shape.time % shape.time;
                assert!(!shape.causal || (0..weights.len()).filter(|&i| future(i)).all(|i| weights[i] == 0.0));

                let d_out = numbers(out.len(), 9);
                let (mut d_qkv, mut scratch) = (vec![f32::NAN; qkv.len()], vec![0.0; BLOCK * shape.time]);
                backward(simd, shape, &qkv, &weights, &d_out, &mut d_qkv, &mut scratch);
                let want = slopes(&qkv, |qkv| dot(&reference(shape, qkv).1, &d_out));
                assert_close("gradient", &d_qkv, &want, 2e-6);
            }
        }
    }
}
