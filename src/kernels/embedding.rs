//! Rows of a table by number, and their gradient back into it.

use super::rows;
use super::simd::Simd;

/// `to[i] ← table[ids[i]]` for rows of `width` elements.
///
/// # Panics
/// If a number is outside the table.
pub fn gather(table: &[f32], width: usize, ids: &[u32], to: &mut [f32]) {
    for (to, &id) in to.chunks_exact_mut(width).zip(ids) {
        to.copy_from_slice(&table[id as usize * width..][..width]);
    }
}

/// `table[ids[i]] += from[i]`, in the order of the rows.
///
/// # Panics
/// If a number is outside the table.
pub fn scatter_add(simd: Simd, table: &mut [f32], width: usize, ids: &[u32], from: &[f32]) {
    for (from, &id) in from.chunks_exact(width).zip(ids) {
        rows::add(simd, &mut table[id as usize * width..][..width], from);
    }
}
