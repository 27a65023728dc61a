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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_tokens_add_up() {
        let table: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let ids = [3, 0, 3];
        let mut rows = [0.0; 9];
        gather(&table, 3, &ids, &mut rows);
        assert_eq!(rows, [9.0, 10.0, 11.0, 0.0, 1.0, 2.0, 9.0, 10.0, 11.0]);
        let mut gradient = [0.0; 12];
        scatter_add(Simd::detect(), &mut gradient, 3, &ids, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        assert_eq!(gradient, [4.0, 5.0, 6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8.0, 10.0, 12.0]);
    }
}
