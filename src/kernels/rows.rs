//! Element-wise passes over rows: biases, sums over columns, softmax.

use super::math::exp;
use super::simd::{Lanes, kernel, lanes};

#[inline(always)]
pub(crate) unsafe fn add_body<S: Lanes>(to: &mut [f32], from: &[f32]) {
    assert_eq!(to.len(), from.len());
    let (t, f) = (to.as_mut_ptr(), from.as_ptr());
    lanes!(S, to.len(), i, c, {
        // SAFETY: `i + c` is at most the length of both.
        unsafe { S::store(t.add(i), S::add(S::load(t.add(i), c), S::load(f.add(i), c)), c) }
    });
}

#[inline(always)]
unsafe fn sum_of_body<S: Lanes>(to: &mut [f32], a: &[f32], b: &[f32]) {
    assert!(to.len() == a.len() && to.len() == b.len());
    let (t, a, b) = (to.as_mut_ptr(), a.as_ptr(), b.as_ptr());
    lanes!(S, to.len(), i, c, {
        // SAFETY: `i + c` is at most the length of all three.
        unsafe { S::store(t.add(i), S::add(S::load(a.add(i), c), S::load(b.add(i), c)), c) }
    });
}

#[inline(always)]
unsafe fn multiply_body<S: Lanes>(to: &mut [f32], by: &[f32]) {
    assert_eq!(to.len(), by.len());
    let (t, f) = (to.as_mut_ptr(), by.as_ptr());
    lanes!(S, to.len(), i, c, {
        // SAFETY: `i + c` is at most the length of both.
        unsafe { S::store(t.add(i), S::mul(S::load(t.add(i), c), S::load(f.add(i), c)), c) }
    });
}

#[inline(always)]
unsafe fn scale_body<S: Lanes>(to: &mut [f32], factor: f32) {
    let t = to.as_mut_ptr();
    lanes!(S, to.len(), i, c, {
        // SAFETY: `i + c` is at most the slice's length.
        unsafe { S::store(t.add(i), S::mul(S::load(t.add(i), c), S::splat(factor)), c) }
    });
}

#[inline(always)]
unsafe fn add_bias_body<S: Lanes>(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        // SAFETY: handed to the caller.
        unsafe { add_body::<S>(row, bias) }
    }
}

#[inline(always)]
unsafe fn column_sums_body<S: Lanes>(sums: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sums.len()) {
        // SAFETY: handed to the caller.
        unsafe { add_body::<S>(sums, row) }
    }
}

/// e^(x − max) in place; the largest value and the sum.
#[inline(always)]
pub(crate) unsafe fn exp_row<S: Lanes>(row: &mut [f32], factor: f32) -> (f32, f32) {
    let (n, p) = (row.len(), row.as_mut_ptr());
    // SAFETY: offsets stay below the row's length.
    unsafe {
        let mut top = S::splat(f32::NEG_INFINITY);
        lanes!(S, n, i, c, {
            top = S::max(top, S::keep(S::load(p.add(i), c), c, f32::NEG_INFINITY));
        });
        let largest = S::largest(top) * factor;
        let (max, factor) = (S::splat(largest), S::splat(factor));
        let mut sums = S::splat(0.0);
        lanes!(S, n, i, c, {
            let e = exp::<S>(S::sub(S::mul(S::load(p.add(i), c), factor), max));
            S::store(p.add(i), e, c);
            sums = S::add(sums, S::keep(e, c, 0.0));
        });
        (largest, S::sum(sums))
    }
}

/// softmax(factor·x) in place, for a positive factor.
#[inline(always)]
pub(crate) unsafe fn softmax_row<S: Lanes>(row: &mut [f32], factor: f32) {
    // SAFETY: handed to the caller.
    unsafe {
        let (_, sum) = exp_row::<S>(row, factor);
        scale_body::<S>(row, 1.0 / sum);
    }
}

/// d ← factor·p·(d − Σ p·d): the gradient before a softmax from the one after it.
#[inline(always)]
pub(crate) unsafe fn softmax_backward_row<S: Lanes>(weights: &[f32], gradient: &mut [f32], factor: f32) {
    assert_eq!(weights.len(), gradient.len());
    let (n, w, g) = (weights.len(), weights.as_ptr(), gradient.as_mut_ptr());
    // SAFETY: offsets stay below the length of both rows.
    unsafe {
        let mut sums = S::splat(0.0);
        lanes!(S, n, i, c, {
            sums = S::fma(S::load(w.add(i), c), S::load(g.add(i), c), sums);
        });
        let (mean, factor) = (S::splat(S::sum(sums)), S::splat(factor));
        lanes!(S, n, i, c, {
            let d = S::mul(S::load(w.add(i), c), S::sub(S::load(g.add(i), c), mean));
            S::store(g.add(i), S::mul(d, factor), c);
        });
    }
}

#[inline(always)]
unsafe fn softmax_rows_body<S: Lanes>(rows: &mut [f32], columns: usize) {
    for row in rows.chunks_exact_mut(columns) {
        // SAFETY: handed to the caller.
        unsafe { softmax_row::<S>(row, 1.0) }
    }
}

kernel! {
    /// to ← to + from.
    pub fn add(to: &mut [f32], from: &[f32]) = add_body
}
kernel! {
    /// to ← a + b.
    pub fn sum_of(to: &mut [f32], a: &[f32], b: &[f32]) = sum_of_body
}
kernel! {
    /// to ← to ⊙ by.
    pub fn multiply(to: &mut [f32], by: &[f32]) = multiply_body
}
kernel! {
    /// to ← factor·to.
    pub fn scale(to: &mut [f32], factor: f32) = scale_body
}
kernel! {
    /// Adds `bias` to each of `rows` `[n, bias.len()]`.
    pub fn add_bias(rows: &mut [f32], bias: &[f32]) = add_bias_body
}
kernel! {
    /// Adds to `sums` the columns of `rows` `[n, sums.len()]`, row after row.
    pub fn column_sums(sums: &mut [f32], rows: &[f32]) = column_sums_body
}
kernel! {
    /// Softmax over each row of `rows` `[n, columns]`, in place.
    pub fn softmax_rows(rows: &mut [f32], columns: usize) = softmax_rows_body
}

/// Softmax of one row in plain arithmetic, for a few values that somebody looks at.
pub fn softmax(row: &[f32]) -> Vec<f32> {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = row.iter().map(|x| (x - largest).exp()).collect();
    let total: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Simd;

    #[test]
    fn softmax_rows_sum_to_one_at_every_level() {
        for simd in Simd::available() {
            for columns in [1, 3, 8, 16, 17, 65] {
                let mut rows: Vec<f32> = (0..columns * 3).map(|i| ((i * 37 % 11) as f32 - 5.0) * 20.0).collect();
                let before = rows.clone();
                softmax_rows(simd, &mut rows, columns);
                for (row, x) in rows.chunks(columns).zip(before.chunks(columns)) {
                    let max = x.iter().fold(f32::MIN, |a, &b| a.max(b));
                    let sum: f64 = x.iter().map(|x| f64::from(x - max).exp()).sum();
                    for (p, x) in row.iter().zip(x) {
                        assert!((f64::from(*p) - f64::from(x - max).exp() / sum).abs() < 1e-6);
                    }
                }
            }
            let mut row = [1.0, f32::NAN, 0.0];
            softmax_rows(simd, &mut row, 3);
            assert!(row.iter().all(|p| p.is_nan()), "NaN must travel at {}", simd.name());
        }
    }
}
