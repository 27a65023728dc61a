//! The product of some rows with a group of panels: sums stay in registers, and a part of a panel in the nearest cache while
//! all rows pass by.

use std::marker::PhantomData;
use std::ops::Range;

use half::f16;

use super::{GROUP, PANEL};
use crate::simd::{Lanes, kernel};

/// Inputs of a panel that all rows pass by before the next ones: 24 KB in single precision.
const DEPTH: usize = 384;

/// Panels `[GROUP, inputs, PANEL]`.
#[derive(Clone, Copy)]
pub(super) struct Panels<'a, E> {
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
        assert!(columns.len() <= PANEL * GROUP, "wider than a group of panels");
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

/// Rows of up to `PANEL · GROUP` columns.
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
unsafe fn panels_body<S: Lanes, E: Element>(panels: Panels<E>, x: &[f32], y: &mut Part) {
    let inputs = panels.inputs;
    assert!(panels.weights.len() == inputs * PANEL * GROUP && x.len() == y.rows * inputs, "shapes of the panels");
    assert!(panels.scales.is_empty() || panels.scales.len() == PANEL * GROUP, "one factor a column");
    // Also for one row, so that a row's bits are the same alone and among others.
    for first in (0..inputs.max(1)).step_by(DEPTH) {
        let terms = first..inputs.min(first + DEPTH);
        let mut panel = 0;
        while panel * PANEL < y.columns {
            // SAFETY: these panels exist, because they divide the group evenly; see below for the rest.
            unsafe {
                if y.rows < 6 {
                    // All panels of the group: four streams of memory, and enough sums to hide the time of an addition.
                    tall::<S, E, GROUP>(&panels, x, terms.clone(), panel, y);
                    panel += GROUP;
                } else if S::LANES == PANEL {
                    tall::<S, E, 2>(&panels, x, terms.clone(), panel, y);
                    panel += 2;
                } else {
                    tall::<S, E, 1>(&panels, x, terms.clone(), panel, y);
                    panel += 1;
                }
            }
        }
    }
}

/// All rows by `P` panels, in tiles that the registers hold sums for.
#[inline(always)]
unsafe fn tall<S: Lanes, E: Element, const P: usize>(
    panels: &Panels<E>,
    x: &[f32],
    terms: Range<usize>,
    panel: usize,
    y: &mut Part,
) {
    let mut row = 0;
    while row < y.rows {
        let left = y.rows - row;
        // SAFETY: the tile's rows exist in `x` and `y`, the panels in the group, the terms in both.
        unsafe {
            let mut tile = |rows: usize| {
                match rows {
                    1 => tile::<S, E, 1, P>(panels, x, terms.clone(), row, panel, y),
                    2 => tile::<S, E, 2, P>(panels, x, terms.clone(), row, panel, y),
                    3 => tile::<S, E, 3, P>(panels, x, terms.clone(), row, panel, y),
                    6 => tile::<S, E, 6, P>(panels, x, terms.clone(), row, panel, y),
                    _ => tile::<S, E, 12, P>(panels, x, terms.clone(), row, panel, y),
                }
                rows
            };
            row += match left {
                12.. if S::LANES == PANEL && P == 2 => tile(12),
                6.. if P < GROUP => tile(6),
                3.. => tile(3),
                left => tile(left),
            };
        }
    }
}

/// `R` rows by `P` panels.
#[inline(always)]
unsafe fn tile<S: Lanes, E: Element, const R: usize, const P: usize>(
    panels: &Panels<E>,
    x: &[f32],
    terms: Range<usize>,
    row: usize,
    panel: usize,
    y: &mut Part,
) {
    /// Vectors of a panel in the narrowest level, of which `PANEL / S::LANES` are used.
    const MOST: usize = 2;
    let (inputs, scaled, add) = (panels.inputs, !panels.scales.is_empty(), terms.start > 0);
    let vectors = PANEL / S::LANES;
    // SAFETY: rows, panels and terms are promised by the caller; only columns of `y` that exist are read and written.
    unsafe {
        let weights = panels.weights.as_ptr().add(panel * inputs * PANEL);
        let x = x.as_ptr().add(row * inputs);
        let mut sums = [[[S::splat(0.0); MOST]; P]; R];
        for term in terms {
            let mut w = [[S::splat(0.0); MOST]; P];
            for (p, w) in w.iter_mut().enumerate() {
                let line = weights.add((p * inputs + term) * PANEL);
                for (v, w) in w.iter_mut().enumerate().take(vectors) {
                    *w = E::load::<S>(line.add(v * S::LANES));
                }
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let a = S::splat(*x.add(r * inputs + term));
                for (sums, w) in sums.iter_mut().zip(&w) {
                    for (sum, w) in sums.iter_mut().zip(w).take(vectors) {
                        *sum = S::fma(a, *w, *sum);
                    }
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (p, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate().take(vectors) {
                    let at = (panel + p) * PANEL + v * S::LANES;
                    let count = y.columns.saturating_sub(at).min(S::LANES);
                    if count == 0 {
                        continue;
                    }
                    let to = y.data.add((row + r) * y.stride + at);
                    let mut sum = *sum;
                    if scaled {
                        sum = S::mul(sum, S::load(panels.scales.as_ptr().add(at), S::LANES));
                    }
                    if add {
                        sum = S::add(S::load(to, count), sum);
                    }
                    S::store(to, sum, count);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn f32_body<S: Lanes>(panels: Panels<f32>, x: &[f32], y: &mut Part) {
    // SAFETY: handed to the caller.
    unsafe { panels_body::<S, f32>(panels, x, y) }
}

#[inline(always)]
unsafe fn f16_body<S: Lanes>(panels: Panels<f16>, x: &[f32], y: &mut Part) {
    // SAFETY: handed to the caller.
    unsafe { panels_body::<S, f16>(panels, x, y) }
}

#[inline(always)]
unsafe fn i8_body<S: Lanes>(panels: Panels<i8>, x: &[f32], y: &mut Part) {
    // SAFETY: handed to the caller.
    unsafe { panels_body::<S, i8>(panels, x, y) }
}

kernel! {
    /// y ← x · panels.
    pub(super) fn panels_f32(panels: Panels<f32>, x: &[f32], y: &mut Part) = f32_body
}
kernel! {
    /// y ← x · panels, with weights in half precision.
    pub(super) fn panels_f16(panels: Panels<f16>, x: &[f32], y: &mut Part) = f16_body
}
kernel! {
    /// y ← (x · codes) ⊙ factors.
    pub(super) fn panels_i8(panels: Panels<i8>, x: &[f32], y: &mut Part) = i8_body
}
