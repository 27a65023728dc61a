//! For tests: numbers, and gradients by central differences in f64.

/// `n` numbers between −1 and 1.
pub fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

/// The gradient of `f` at `x`.
pub fn slopes(x: &[f32], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
    let h = 1e-5;
    (0..x.len())
        .map(|i| {
            let kept = x[i];
            x[i] = kept + h;
            let above = f(&x);
            x[i] = kept - h;
            let below = f(&x);
            x[i] = kept;
            (above - below) / (2.0 * h)
        })
        .collect()
}

/// Every element within `tolerance` of the largest one wanted (and at least of 1).
pub fn assert_close(what: &str, found: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let scale = wanted.iter().fold(1.0f64, |m, w| m.max(w.abs()));
    for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((f64::from(*found) - wanted).abs() <= tolerance * scale, "{what}, element {i}: {found} for {wanted}");
    }
}

/// Σ aᵢ·bᵢ, a scalar whose gradient with respect to `a` is `b`.
pub fn dot(a: &[f64], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, &b)| a * f64::from(b)).sum()
}
