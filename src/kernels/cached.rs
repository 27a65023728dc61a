//! Attention of new rows on everything that was read before: keys and values lie in buffers of their own, written in place
//! by position.

use std::ops::Range;

use rayon::prelude::*;

use super::attention::{BLOCK, Shape};
use super::matrix::{Mat, MatMut, product};
use super::rows::softmax_row;
use super::simd::{Lanes, Simd, kernel, lanes};

/// Multiply-adds below which the heads are worked off on one thread.
const SMALL: usize = 1 << 16;

/// Keys and values of one layer, each `[kv_heads, capacity, d_head]`.
#[derive(Clone, Debug)]
pub struct Past {
    keys: Vec<f32>,
    values: Vec<f32>,
    capacity: usize,
}

impl Past {
    /// Room for `capacity` positions.
    pub fn new(kv_heads: usize, capacity: usize, d_head: usize) -> Self {
        let length = kv_heads * capacity * d_head;
        Self { keys: vec![0.0; length], values: vec![0.0; length], capacity }
    }

    /// Keeps the keys and values of `rows`, `[n, width]` with queries, keys and values side by side, as the positions from
    /// `start` on.
    ///
    /// # Panics
    /// Where there is no room for them.
    pub fn append(&mut self, shape: &Shape, start: usize, rows: &[f32]) {
        let (d, width) = (shape.d_head, shape.width());
        for (position, row) in (start..).zip(rows.chunks_exact(width)) {
            assert!(position < self.capacity, "no room for another position");
            for kv_head in 0..shape.kv_heads {
                let (key, value) = ((shape.heads + kv_head) * d, (shape.heads + shape.kv_heads + kv_head) * d);
                let to = (kv_head * self.capacity + position) * d;
                self.keys[to..to + d].copy_from_slice(&row[key..key + d]);
                self.values[to..to + d].copy_from_slice(&row[value..value + d]);
            }
        }
    }

    /// Takes over the keys and values of some positions of another text, `d` numbers a head.
    ///
    /// # Panics
    /// Where one of them has no such positions.
    pub fn copy(&mut self, from: &Self, kv_heads: usize, d: usize, positions: Range<usize>) {
        for kv_head in 0..kv_heads {
            let there = (kv_head * from.capacity + positions.start) * d..(kv_head * from.capacity + positions.end) * d;
            let here = (kv_head * self.capacity + positions.start) * d..(kv_head * self.capacity + positions.end) * d;
            self.keys[here.clone()].copy_from_slice(&from.keys[there.clone()]);
            self.values[here].copy_from_slice(&from.values[there]);
        }
    }

    /// The heads' outputs `[n, heads·d_head]` for the queries in `rows` `[n, width]`, which are the positions from `start`
    /// on and have been appended. `shape.time` is the number of positions in all.
    ///
    /// # Panics
    /// Where a length does not fit.
    pub fn attend(&self, simd: Simd, shape: &Shape, start: usize, rows: &[f32], out: &mut [f32]) {
        let (n, d, width) = (rows.len() / shape.width(), shape.d_head, shape.width());
        assert!(start + n <= shape.time && shape.time <= self.capacity, "positions that were not appended");
        let heads = MatMut::new(out, n, shape.heads * d).split_columns(d);
        let task = |(head, mut out): (usize, MatMut)| {
            let kv_head = head / (shape.heads / shape.kv_heads);
            let place = kv_head * self.capacity * d..(kv_head * self.capacity + shape.time) * d;
            let (keys, values) = (&self.keys[place.clone()], &self.values[place]);
            for first in (0..n).step_by(BLOCK) {
                let block = first..n.min(first + BLOCK);
                let queries = Mat::strided(&rows[first * width + head * d..], block.len(), d, width);
                head_block(simd, shape, start + first, queries, keys, values, out.rows(block));
            }
        };
        if n * shape.heads * shape.time * d < SMALL {
            heads.into_iter().enumerate().for_each(task);
        } else {
            heads.into_par_iter().enumerate().for_each(task);
        }
    }
}

/// A block of one head's queries, the positions from `first` on.
fn head_block(simd: Simd, shape: &Shape, first: usize, queries: Mat, keys: &[f32], values: &[f32], mut out: MatMut) {
    let (d, n) = (shape.d_head, queries.shape().0);
    // Everything that any of them sees.
    let from = shape.seen(first).start;
    let seen = from..shape.seen(first + n - 1).end;
    let (keys, values) = (&keys[seen.start * d..seen.end * d], &values[seen.start * d..seen.end * d]);
    let count = seen.len();
    let mut scores = vec![0.0; n * count];
    if let (Some(query), Some(out)) = (queries.single_row(), out.single_row()) {
        dots(simd, query, keys, &mut scores);
        softmax(simd, &mut scores, shape.scale);
        weighted_sum(simd, &scores, values, out);
        return;
    }
    product(simd, MatMut::new(&mut scores, n, count), queries, Mat::new(keys, count, d).t(), false);
    for (row, scores) in scores.chunks_exact_mut(count).enumerate() {
        let seen = shape.seen(first + row);
        let (start, end) = (seen.start - from, seen.end - from);
        scores[..start].fill(0.0);
        scores[end..].fill(0.0);
        softmax(simd, &mut scores[start..end], shape.scale);
    }
    product(simd, out, Mat::new(&scores, n, count), Mat::new(values, count, d), false);
}

#[inline(always)]
unsafe fn dots_body<S: Lanes>(query: &[f32], keys: &[f32], to: &mut [f32]) {
    let d = query.len();
    assert_eq!(keys.len(), to.len() * d);
    for (key, to) in keys.chunks_exact(d).zip(to) {
        let (q, k) = (query.as_ptr(), key.as_ptr());
        // SAFETY: `i + c` is at most `d`, the length of both.
        unsafe {
            let mut sums = S::splat(0.0);
            lanes!(S, d, i, c, {
                sums = S::fma(S::load(q.add(i), c), S::load(k.add(i), c), sums);
            });
            *to = S::sum(sums);
        }
    }
}

#[inline(always)]
unsafe fn weighted_sum_body<S: Lanes>(weights: &[f32], values: &[f32], to: &mut [f32]) {
    let d = to.len();
    assert_eq!(values.len(), weights.len() * d);
    let (v, t) = (values.as_ptr(), to.as_mut_ptr());
    lanes!(S, d, i, c, {
        // SAFETY: `i + c` is at most `d`, the length of every row of the values.
        unsafe {
            let mut sum = S::splat(0.0);
            for (row, &weight) in weights.iter().enumerate() {
                sum = S::fma(S::splat(weight), S::load(v.add(row * d + i), c), sum);
            }
            S::store(t.add(i), sum, c);
        }
    });
}

#[inline(always)]
unsafe fn softmax_body<S: Lanes>(row: &mut [f32], factor: f32) {
    // SAFETY: handed to the caller.
    unsafe { softmax_row::<S>(row, factor) }
}

kernel! {
    /// Products of one query `[d]` with keys `[n, d]`.
    fn dots(query: &[f32], keys: &[f32], to: &mut [f32]) = dots_body
}
kernel! {
    /// Σ weights\[n\] · values\[n, d\].
    fn weighted_sum(weights: &[f32], values: &[f32], to: &mut [f32]) = weighted_sum_body
}
kernel! {
    fn softmax(row: &mut [f32], factor: f32) = softmax_body
}
