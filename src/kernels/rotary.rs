//! Rotary positions (Su et al. 2021) in the half-split layout of Llama, forward and backward.

/// Cosines and sines of every position and pair.
#[derive(Clone, Debug)]
pub struct Rotary {
    /// `[time, d_head]`: for each position the cosines of all pairs, then their sines.
    table: Vec<f32>,
    d_head: usize,
}

impl Rotary {
    /// From cosines and sines `[time, d_head]` with equal halves.
    ///
    /// # Panics
    /// Where the tables differ in length.
    pub fn new(cosines: &[f32], sines: &[f32], d_head: usize) -> Self {
        assert_eq!(cosines.len(), sines.len());
        let half = d_head / 2;
        let rows = cosines.chunks_exact(d_head).zip(sines.chunks_exact(d_head));
        let table = rows.flat_map(|(cos, sin)| cos[..half].iter().chain(&sin[..half]).copied()).collect();
        Self { table, d_head }
    }

    /// Turns the first `heads` heads of each row of one sequence `[time, width]`; `back` turns the other way, which is
    /// also the gradient.
    ///
    /// # Panics
    /// Where a row is narrower than its heads.
    pub fn turn(&self, sequence: &mut [f32], width: usize, heads: usize, back: bool) {
        let half = self.d_head / 2;
        let sign = if back { -1.0 } else { 1.0 };
        for (row, angles) in sequence.chunks_exact_mut(width).zip(self.table.chunks_exact(self.d_head)) {
            let (cosines, sines) = angles.split_at(half);
            for head in row[..heads * self.d_head].chunks_exact_mut(self.d_head) {
                let (a, b) = head.split_at_mut(half);
                for (((a, b), cos), sin) in a.iter_mut().zip(b).zip(cosines).zip(sines) {
                    let (x, y, sin) = (*a, *b, sign * sin);
                    *a = x * cos - y * sin;
                    *b = y * cos + x * sin;
                }
            }
        }
    }
}
