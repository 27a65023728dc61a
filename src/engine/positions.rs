//! Pieces of the sinusoidal positional encoding, only as large as can be shown.
//!
//! A matrix of 10 000 × 10 000 has a hundred million cells and a screen a million pixels, so only the cells in view are
//! computed, and of those only as many as were asked for.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::command::PositionsRequest;
use super::event::Matrix;
use crate::nn::positional;

/// The largest length and width that a request may name.
pub const LARGEST: usize = 10_000;

/// Distances that are computed from one exact start, see [`dots`].
const BLOCK: usize = 64;

/// The cells of a request; `None` if `go_on` said stop.
///
/// Sizes beyond [`LARGEST`] and views beyond the matrix are cut to what there is.
pub fn matrix(request: &PositionsRequest, go_on: impl Fn() -> ControlFlow<()> + Sync) -> Option<Matrix> {
    let d_model = request.d_model.clamp(1, LARGEST);
    let rows = shown(request.rows, request.length.clamp(1, LARGEST), request.max_cells.0);
    let columns = shown(request.columns, d_model, request.max_cells.1);
    let waves: Vec<(f64, bool)> = columns
        .iter()
        .map(|&column| (positional::frequency(column / 2 * 2, d_model, positional::BASE), column % 2 == 0))
        .collect();
    let mut values = vec![0.0f32; rows.len() * columns.len()];
    values.par_chunks_mut(columns.len().max(1)).zip(&rows).try_for_each(|(cells, &row)| {
        if go_on().is_break() {
            return None;
        }
        for (cell, &(frequency, even)) in cells.iter_mut().zip(&waves) {
            let angle = row as f64 * frequency;
            *cell = if even { angle.sin() } else { angle.cos() } as f32;
        }
        Some(())
    })?;
    Some(Matrix { rows: rows.len(), columns: columns.len(), values })
}

/// Which of `range` (cut to `0..end`) are shown when there is room for `most`: all, or evenly spaced ones, each in the
/// middle of those that it stands for.
pub fn shown(range: (usize, usize), end: usize, most: usize) -> Vec<usize> {
    let first = range.0.min(end);
    let count = range.1.min(end).saturating_sub(first);
    if count <= most {
        return (first..first + count).collect();
    }
    (0..most).map(|i| first + (2 * i + 1) * count / (2 * most)).collect()
}

/// The curves of some dimensions over all positions, one row each.
pub fn curves(length: usize, d_model: usize, dimensions: &[usize]) -> Matrix {
    let (length, d_model) = (length.clamp(1, LARGEST), d_model.clamp(1, LARGEST));
    let values = dimensions
        .par_iter()
        .flat_map_iter(|&dimension| (0..length).map(move |p| positional::sinusoidal(p, dimension, d_model)))
        .collect();
    Matrix { rows: dimensions.len(), columns: length, values }
}

/// The dot product of two positions by their distance 0, 1, …, length − 1; `None` if `go_on` said stop.
///
/// A pair of dimensions contributes sin(a)·sin(b) + cos(a)·cos(b) = cos(a − b), so the product depends on the distance
/// k alone: Σᵢ cos(k·ωᵢ). With an odd width the last dimension has no partner and is left out (at position 0, against
/// which the product can also be read, it is 0).
///
/// From one distance to the next by cos((k+1)ω) = 2·cos(ω)·cos(kω) − cos((k−1)ω), started afresh every 64 distances so
/// that rounding stays below what is shown.
pub fn dots(length: usize, d_model: usize, go_on: impl Fn() -> ControlFlow<()> + Sync) -> Option<Vec<f32>> {
    let (length, d_model) = (length.clamp(1, LARGEST), d_model.clamp(1, LARGEST));
    let frequencies: Vec<f64> =
        (0..d_model / 2).map(|i| positional::frequency(2 * i, d_model, positional::BASE)).collect();
    let double_cosines: Vec<f64> = frequencies.iter().map(|w| 2.0 * w.cos()).collect();
    let mut products = vec![0.0f32; length];
    products.par_chunks_mut(BLOCK).enumerate().try_for_each(|(block, products)| {
        if go_on().is_break() {
            return None;
        }
        let start = (block * BLOCK) as f64;
        let mut current: Vec<f64> = frequencies.iter().map(|w| (start * w).cos()).collect();
        let mut before: Vec<f64> = frequencies.iter().map(|w| ((start - 1.0) * w).cos()).collect();
        for product in products {
            *product = sum_and_step(&mut current, &mut before, &double_cosines) as f32;
        }
        Some(())
    })?;
    Some(products)
}

/// The sum of `current`, and one step of the recurrence for every frequency. Eight sums side by side, so that the
/// processor can keep them in one register.
fn sum_and_step(current: &mut [f64], before: &mut [f64], double_cosines: &[f64]) -> f64 {
    let mut sums = [0.0f64; 8];
    for ((now, before), factors) in current.chunks_mut(8).zip(before.chunks_mut(8)).zip(double_cosines.chunks(8)) {
        for (((sum, now), before), factor) in sums.iter_mut().zip(now).zip(before).zip(factors) {
            *sum += *now;
            let next = factor * *now - *before;
            *before = *now;
            *now = next;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go_on() -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn a_small_matrix_is_shown_whole_and_equals_the_formula() {
        let request = PositionsRequest { length: 7, d_model: 5, rows: (0, 7), columns: (0, 5), max_cells: (100, 100) };
        let matrix = matrix(&request, go_on).unwrap();
        assert_eq!((matrix.rows, matrix.columns), (7, 5));
        assert_eq!(matrix.values, positional::table(7, 5));
    }

    #[test]
    fn a_large_matrix_is_thinned_to_its_own_cells() {
        let request = PositionsRequest {
            length: 10_000,
            d_model: 10_000,
            rows: (100, 9_900),
            columns: (3, 10_000),
            max_cells: (11, 13),
        };
        let matrix = matrix(&request, go_on).unwrap();
        let rows = shown(request.rows, 10_000, 11);
        let columns = shown(request.columns, 10_000, 13);
        assert_eq!((matrix.rows, matrix.columns), (11, 13));
        for (i, &row) in rows.iter().enumerate() {
            for (j, &column) in columns.iter().enumerate() {
                assert_eq!(matrix.values[i * 13 + j], positional::sinusoidal(row, column, 10_000));
            }
        }
    }

    #[test]
    fn shown_cells_are_in_range_increasing_and_centred() {
        assert_eq!(shown((0, 10), 10, 20), (0..10).collect::<Vec<_>>());
        assert_eq!(shown((0, 10), 10, 5), [1, 3, 5, 7, 9]);
        assert_eq!(shown((0, 10), 10, 1), [5]);
        assert_eq!(shown((8, 50), 10, 5), [8, 9]);
        assert!(shown((9, 3), 10, 5).is_empty());
        assert!(shown((0, 10), 10, 0).is_empty());
        let many = shown((0, 10_000), 10_000, 777);
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]) && many[776] < 10_000);
    }

    #[test]
    fn dots_equal_the_products_of_the_rows() {
        for (length, d) in [(200, 16), (130, 128), (70, 2), (5, 1)] {
            let table = positional::table(length, d);
            let found = dots(length, d, go_on).unwrap();
            for (k, found) in found.iter().enumerate() {
                // Position 0 against position k; its unpaired sine is 0.
                let expected: f64 = (0..d).map(|i| f64::from(table[i]) * f64::from(table[k * d + i])).sum();
                assert!((f64::from(*found) - expected).abs() < 1e-5 * d as f64, "{length} {d} {k}");
            }
        }
    }

    #[test]
    fn the_recurrence_stays_exact_at_the_far_end() {
        let found = dots(LARGEST, 1_000, go_on).unwrap();
        let k = LARGEST - 1;
        let expected: f64 = (0..500).map(|i| (k as f64 * 10_000f64.powf(-(2.0 * f64::from(i)) / 1_000.0)).cos()).sum();
        assert!((f64::from(found[k]) - expected).abs() < 1e-4, "{} {expected}", found[k]);
    }

    #[test]
    fn work_that_is_not_wanted_ends() {
        let stop = || ControlFlow::Break(());
        assert_eq!(dots(1_000, 1_000, stop), None);
        let request = PositionsRequest { length: 9, d_model: 9, rows: (0, 9), columns: (0, 9), max_cells: (9, 9) };
        assert_eq!(matrix(&request, stop), None);
    }
}
