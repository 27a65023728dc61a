//! Why is a score divided by √d? Random queries and keys, their scores with and without the factor, and what the softmax
//! makes of them.

use crate::kernels::rows::softmax;
use crate::nn::Rng;

/// Queries that are drawn.
const QUERIES: usize = 256;
/// Keys of each query.
pub const SPREAD_KEYS: usize = 16;

/// What the softmax over [`SPREAD_KEYS`] keys makes of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Softened {
    /// The scores.
    pub scores: Vec<f32>,
    /// Their standard deviation.
    pub deviation: f32,
    /// Mean entropy of the weights in bits; log₂ of the number of keys at most.
    pub entropy: f32,
    /// Mean of the largest weight.
    pub largest: f32,
    /// Mean size of the softmax's derivative: the Frobenius norm of ∂weights/∂scores.
    pub gradient: f32,
}

/// Scores of vectors of one width.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The width.
    pub d: usize,
    /// q·k.
    pub raw: Softened,
    /// q·k ÷ √d.
    pub scaled: Softened,
}

/// Queries and keys whose values are standard normal, of width `d` (1 to 4096).
pub(super) fn spread(d: usize, seed: u64) -> Spread {
    let d = d.clamp(1, 4096);
    let mut rng = Rng::from_parts(seed, d as u64);
    let mut draw = |count: usize| -> Vec<f32> { (0..count).map(|_| rng.normal_f32()).collect() };
    let keys = draw(SPREAD_KEYS * d);
    let queries = draw(QUERIES * d);
    let dot = |q: &[f32], k: &[f32]| q.iter().zip(k).map(|(q, k)| q * k).sum::<f32>();
    let raw: Vec<f32> = queries.chunks(d).flat_map(|query| keys.chunks(d).map(move |key| dot(query, key))).collect();
    let factor = 1.0 / (d as f32).sqrt();
    let scaled = raw.iter().map(|score| score * factor).collect();
    Spread { d, raw: soften(raw), scaled: soften(scaled) }
}

fn soften(scores: Vec<f32>) -> Softened {
    let n = scores.len() as f32;
    let mean = scores.iter().sum::<f32>() / n;
    let deviation = (scores.iter().map(|score| (score - mean).powi(2)).sum::<f32>() / n).sqrt();
    let (mut entropy, mut largest, mut gradient) = (0.0, 0.0, 0.0);
    for row in scores.chunks(SPREAD_KEYS) {
        let weights = softmax(row);
        entropy -= weights.iter().filter(|w| **w > 0.0).map(|w| w * w.log2()).sum::<f32>();
        largest += weights.iter().copied().fold(0.0, f32::max);
        gradient += jacobian_norm(&weights);
    }
    let rows = scores.len().div_ceil(SPREAD_KEYS) as f32;
    Softened { deviation, entropy: entropy / rows, largest: largest / rows, gradient: gradient / rows, scores }
}

/// ‖diag(w) − w·wᵀ‖.
fn jacobian_norm(weights: &[f32]) -> f32 {
    let squares: f32 = weights.iter().map(|w| w * w).sum();
    let cubes: f32 = weights.iter().map(|w| w * w * w).sum();
    (squares - 2.0 * cubes + squares * squares).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_a_score_is_the_root_of_the_width() {
        for d in [4, 64, 256] {
            let spread = spread(d, 2);
            let expected = (d as f32).sqrt();
            assert!((spread.raw.deviation / expected - 1.0).abs() < 0.12, "{d}: {}", spread.raw.deviation);
            assert!((spread.scaled.deviation - 1.0).abs() < 0.12, "{d}: {}", spread.scaled.deviation);
        }
    }

    #[test]
    fn without_the_factor_weights_harden_and_their_gradient_fades() {
        let spread = spread(512, 1);
        assert!(spread.raw.entropy < 0.6 && spread.scaled.entropy > 2.5);
        assert!(spread.raw.largest > 0.85 && spread.scaled.largest < 0.5);
        assert!(spread.raw.gradient < 0.6 * spread.scaled.gradient, "{spread:?}");
    }

    #[test]
    fn the_norm_of_the_derivative_is_that_of_the_matrix() {
        let w = [0.5f32, 0.3, 0.2];
        let mut sum = 0.0;
        for (i, a) in w.iter().enumerate() {
            for (j, b) in w.iter().enumerate() {
                sum += (if i == j { *a } else { 0.0 } - a * b).powi(2);
            }
        }
        assert!((jacobian_norm(&w) - sum.sqrt()).abs() < 1e-6);
    }
}
