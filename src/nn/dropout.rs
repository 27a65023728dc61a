//! Which elements are dropped while training? Drawn on the host, so that every device and every implementation of a step
//! drops the same ones for the same seed.

use super::rng::Rng;

/// Stream of the dropout after the embeddings.
pub const EMBEDDINGS: u64 = 0;

/// Stream of the dropout of a layer's attention output.
pub fn attention(layer: usize) -> u64 {
    1 + 2 * layer as u64
}

/// Stream of the dropout of a layer's feed-forward output.
pub fn feed_forward(layer: usize) -> u64 {
    2 + 2 * layer as u64
}

/// `length` factors for one place in one step: 0 with probability `p`, else 1/(1 − p) (Srivastava et al. 2014, scaled so
/// that nothing changes when it is off).
pub fn factors(seed: u64, stream: u64, length: usize, p: f64) -> Vec<f32> {
    let mut rng = Rng::from_parts(seed, stream);
    let keep = (1.0 / (1.0 - p)) as f32;
    let p = p as f32;
    (0..length).map(|_| if rng.uniform_f32() < p { 0.0 } else { keep }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_mean_and_drops_its_share() {
        let f = factors(1, attention(0), 100_000, 0.2);
        let mean = f.iter().map(|&v| f64::from(v)).sum::<f64>() / f.len() as f64;
        let dropped = f.iter().filter(|&&v| v == 0.0).count() as f64 / f.len() as f64;
        assert!((mean - 1.0).abs() < 0.01 && (dropped - 0.2).abs() < 0.01, "{mean} {dropped}");
        assert_ne!(f[..50], factors(1, feed_forward(0), 50, 0.2));
        assert_eq!(f[..50], factors(1, attention(0), 50, 0.2));
    }
}
