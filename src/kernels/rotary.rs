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

    /// Turns the first `heads` heads of each row of one sequence `[time, width]`, whose first row is the position `start`;
    /// `back` turns the other way, which is also the gradient.
    ///
    /// # Panics
    /// Where a row is narrower than its heads.
    pub fn turn(&self, start: usize, sequence: &mut [f32], width: usize, heads: usize, back: bool) {
        let half = self.d_head / 2;
        let sign = if back { -1.0 } else { 1.0 };
        for (row, angles) in sequence.chunks_exact_mut(width).zip(self.table.chunks_exact(self.d_head).skip(start)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::numbers;

    #[test]
    fn turns_pairs_by_their_angle_and_back() {
        let (time, d_head, width) = (3, 4, 11);
        let angle = |position: usize, i: usize| position as f32 * [1.0, 0.1][i % 2];
        let table =
            |f: fn(f32) -> f32| -> Vec<f32> { (0..time * d_head).map(|i| f(angle(i / d_head, i % d_head))).collect() };
        let rotary = Rotary::new(&table(f32::cos), &table(f32::sin), d_head);
        let before = numbers(time * width, 1);
        let mut x = before.clone();
        rotary.turn(0, &mut x, width, 2, false);
        for position in 0..time {
            for head in 0..2 {
                for i in 0..2 {
                    let at = position * width + head * d_head + i;
                    let (sin, cos) = angle(position, i).sin_cos();
                    assert!((x[at] - (before[at] * cos - before[at + 2] * sin)).abs() < 1e-6);
                    assert!((x[at + 2] - (before[at + 2] * cos + before[at] * sin)).abs() < 1e-6);
                }
            }
            assert_eq!(x[position * width + 8..][..3], before[position * width + 8..][..3]);
        }
        // A rotation's transpose is its inverse, so the way back undoes it.
        rotary.turn(0, &mut x, width, 2, true);
        assert!(x.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-6));
        // A part of the sequence alone.
        let mut all = before.clone();
        rotary.turn(0, &mut all, width, 2, false);
        rotary.turn(1, &mut x[width..], width, 2, false);
        assert!(x[width..].iter().zip(&all[width..]).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}
