//! The product of a few rows with one panel: weights pass through the registers once for up to six rows.

use std::marker::PhantomData;
use std::ops::Range;

use half::f16;

use super::PANEL;
use crate::kernels::simd::{Lanes, kernel};

/// Inputs after which a product of several rows begins again with its first row, so that this part of a panel is still in
/// the cache.
const DEPTH: usize = 512;

/// Most rows that are kept in registers.
const TILE: usize = 6;

/// One panel `[inputs, PANEL]`.
#[derive(Clone, Copy)]
pub(super) struct Panel<'a, E> {
    pub weights: &'a [E],
    /// One factor a column, or none at all.
    pub scales: &'a [f32],
    pub inputs: usize,
}

/// A row-major matrix that several tasks write to, each its own part.
pub(super) struct Output<'a> {
    data: *mut f32,
    rows: usize,
    columns: usize,
    memory: PhantomData<&'a mut [f32]>,
}

// SAFETY: stands for an exclusive borrow; whoever takes parts promises that they do not overlap.
unsafe impl Sync for Output<'_> {}

impl<'a> Output<'a> {
    pub fn new(data: &'a mut [f32], columns: usize) -> Self {
        Self { rows: data.len() / columns.max(1), data: data.as_mut_ptr(), columns, memory: PhantomData }
    }

    /// Some rows and columns.
    ///
    /// # Safety
    /// Nobody else may use them meanwhile.
    ///
    /// # Panics
    /// If they are not all inside.
    pub unsafe fn part(&self, rows: Range<usize>, columns: Range<usize>) -> Part<'a> {
        assert!(rows.start <= rows.end && rows.end <= self.rows && columns.end <= self.columns, "outside the matrix");
        assert!(columns.len() <= PANEL, "wider than a panel");
        Part {
            // SAFETY: the first element lies inside (or one behind the last, where there are no rows).
            data: unsafe { self.data.add(rows.start * self.columns + columns.start) },
            rows: rows.len(),
            columns: columns.len(),
            stride: self.columns,
            memory: PhantomData,
        }
    }
}

/// Rows of up to [`PANEL`] columns.
pub(super) struct Part<'a> {
    data: *mut f32,
    rows: usize,
    columns: usize,
    stride: usize,
    memory: PhantomData<&'a mut [f32]>,
}

/// How a weight is stored.
pub(super) trait Element: Copy {
    /// A whole vector of weights.
    ///
    /// # Safety
    /// The level's instructions exist, and `S::LANES` elements can be read.
    unsafe fn load<S: Lanes>(from: *const Self) -> S::V;
}

impl Element for f32 {
    #[inline(always)]
    unsafe fn load<S: Lanes>(from: *const Self) -> S::V {
        // SAFETY: handed to the caller.
        unsafe { S::load(from, S::LANES) }
    }
}

impl Element for f16 {
    #[inline(always)]
    unsafe fn load<S: Lanes>(from: *const Self) -> S::V {
        // SAFETY: handed to the caller.
        unsafe { S::load_f16(from) }
    }
}

impl Element for i8 {
    #[inline(always)]
    unsafe fn load<S: Lanes>(from: *const Self) -> S::V {
        // SAFETY: handed to the caller.
        unsafe { S::load_i8(from) }
    }
}

#[inline(always)]
unsafe fn panel_body<S: Lanes, E: Element>(panel: Panel<E>, x: &[f32], y: &mut Part) {
    let inputs = panel.inputs;
    assert!(panel.weights.len() == inputs * PANEL && x.len() == y.rows * inputs, "shapes of a panel");
    assert!(panel.scales.is_empty() || panel.scales.len() == PANEL, "one factor a column");
    // Also for one row, so that a row's bits are the same alone and among others.
    for first in (0..inputs.max(1)).step_by(DEPTH) {
        let terms = first..inputs.min(first + DEPTH);
        let mut row = 0;
        while row < y.rows {
            let count = TILE.min(y.rows - row);
            // SAFETY: `count` rows from `row` on exist in `x` and `y`, and all terms in `x` and the panel.
            unsafe {
                match count {
                    1 => tile::<S, E, 1>(&panel, x, terms.clone(), row, y),
                    2 => tile::<S, E, 2>(&panel, x, terms.clone(), row, y),
                    3 => tile::<S, E, 3>(&panel, x, terms.clone(), row, y),
                    4 => tile::<S, E, 4>(&panel, x, terms.clone(), row, y),
                    5 => tile::<S, E, 5>(&panel, x, terms.clone(), row, y),
                    _ => tile::<S, E, TILE>(&panel, x, terms.clone(), row, y),
                }
            }
            row += count;
        }
    }
}

/// As many columns at a time as the registers of the level hold sums for.
#[inline(always)]
unsafe fn tile<S: Lanes, E: Element, const R: usize>(
    panel: &Panel<E>,
    x: &[f32],
    terms: Range<usize>,
    row: usize,
    y: &mut Part,
) {
    // SAFETY: handed to the caller.
    unsafe {
        match (S::LANES, R) {
            (16, _) => strip::<S, E, R, 4>(panel, x, terms, row, y),
            (_, 1) => strip::<S, E, R, 4>(panel, x, terms, row, y),
            _ => strip::<S, E, R, 2>(panel, x, terms, row, y),
        }
    }
}

/// `R` rows, `G` vectors of columns at a time.
#[inline(always)]
unsafe fn strip<S: Lanes, E: Element, const R: usize, const G: usize>(
    panel: &Panel<E>,
    x: &[f32],
    terms: Range<usize>,
    row: usize,
    y: &mut Part,
) {
    let (inputs, scaled, add) = (panel.inputs, !panel.scales.is_empty(), terms.start > 0);
    let weights = panel.weights.as_ptr();
    let mut column = 0;
    while column < y.columns {
        // SAFETY: columns stay below PANEL, because G vectors divide it; rows and terms are promised by the caller; only
        // columns of `y` that exist are read and written.
        unsafe {
            let mut sums = [[S::splat(0.0); G]; R];
            for term in terms.clone() {
                let line = weights.add(term * PANEL + column);
                let mut w = [S::splat(0.0); G];
                for (g, w) in w.iter_mut().enumerate() {
                    *w = E::load::<S>(line.add(g * S::LANES));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let a = S::splat(*x.as_ptr().add((row + r) * inputs + term));
                    for (sum, w) in sums.iter_mut().zip(&w) {
                        *sum = S::fma(a, *w, *sum);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                for (g, sum) in sums.iter().enumerate() {
                    let at = column + g * S::LANES;
                    let count = y.columns.saturating_sub(at).min(S::LANES);
                    if count == 0 {
                        continue;
                    }
                    let to = y.data.add((row + r) * y.stride + at);
                    let mut sum = *sum;
                    if scaled {
                        sum = S::mul(sum, S::load(panel.scales.as_ptr().add(at), S::LANES));
                    }
                    if add {
                        sum = S::add(S::load(to, count), sum);
                    }
                    S::store(to, sum, count);
                }
            }
        }
        column += G * S::LANES;
    }
}

#[inline(always)]
unsafe fn f32_body<S: Lanes>(panel: Panel<f32>, x: &[f32], y: &mut Part) {
    // SAFETY: handed to the caller.
    unsafe { panel_body::<S, f32>(panel, x, y) }
}

#[inline(always)]
unsafe fn f16_body<S: Lanes>(panel: Panel<f16>, x: &[f32], y: &mut Part) {
    // SAFETY: handed to the caller.
    unsafe { panel_body::<S, f16>(panel, x, y) }
}

#[inline(always)]
unsafe fn i8_body<S: Lanes>(panel: Panel<i8>, x: &[f32], y: &mut Part) {
    // SAFETY: handed to the caller.
    unsafe { panel_body::<S, i8>(panel, x, y) }
}

kernel! {
    /// y ← x · panel.
    pub(super) fn panel_f32(panel: Panel<f32>, x: &[f32], y: &mut Part) = f32_body
}
kernel! {
    /// y ← x · panel, with weights in half precision.
    pub(super) fn panel_f16(panel: Panel<f16>, x: &[f32], y: &mut Part) = f16_body
}
kernel! {
    /// y ← (x · codes) ⊙ factors.
    pub(super) fn panel_i8(panel: Panel<i8>, x: &[f32], y: &mut Part) = i8_body
}
