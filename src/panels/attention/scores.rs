//! What kind of head is it? How much each head looks at the token before, at the first token, and how spread out it looks.

use crate::engine::AttentionCapture;

/// A head in three numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadScore {
    /// Mean weight on the token just before, over all rows but the first.
    pub previous_token: f32,
    /// Mean weight on the first token, over all rows but the first two (the second could hardly look elsewhere).
    pub first_token: f32,
    /// Mean entropy of the rows, in bits.
    pub entropy: f32,
}

/// The scores of every head, `[layers × heads]`.
pub fn scores(capture: &AttentionCapture) -> Vec<HeadScore> {
    let t = capture.tokens.len();
    capture.weights.chunks((t * t).max(1)).map(|weights| score(weights, t)).collect()
}

/// The scores of one head's weights, `[t, t]`.
pub fn score(weights: &[f32], t: usize) -> HeadScore {
    let rows = || weights.chunks(t.max(1)).enumerate();
    let mean = |sum: f32, from: usize| sum / t.saturating_sub(from).max(1) as f32;
    let previous: f32 = rows().skip(1).filter_map(|(i, row)| row.get(i - 1)).sum();
    let first: f32 = rows().skip(2).filter_map(|(_, row)| row.first()).sum();
    let entropy: f32 = rows().map(|(_, row)| entropy(row)).sum();
    HeadScore { previous_token: mean(previous, 1), first_token: mean(first, 2), entropy: mean(entropy, 0) }
}

/// −Σ w log₂ w.
fn entropy(row: &[f32]) -> f32 {
    0.0 - row.iter().filter(|w| **w > 0.0).map(|w| w * w.log2()).sum::<f32>()
}

/// Layer and head with the largest of some score.
pub fn best(scores: &[HeadScore], heads: usize, of: impl Fn(&HeadScore) -> f32) -> Option<(usize, usize)> {
    let place = (0..scores.len()).max_by(|a, b| of(&scores[*a]).total_cmp(&of(&scores[*b])))?;
    Some((place / heads.max(1), place % heads.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_told_apart() {
        let t = 4;
        let matrix = |rule: fn(usize, usize) -> f32| -> Vec<f32> { (0..t * t).map(|k| rule(k / t, k % t)).collect() };
        let previous = matrix(|i, j| f32::from(u8::from(j + 1 == i || (i == 0 && j == 0))));
        let first = matrix(|_, j| f32::from(u8::from(j == 0)));
        let even = matrix(|i, j| if j <= i { 1.0 / (i + 1) as f32 } else { 0.0 });
        let found = [&previous, &first, &even].map(|weights| score(weights, t));
        assert_eq!((found[0].previous_token, found[0].entropy), (1.0, 0.0));
        assert!((found[0].first_token, found[1].first_token) == (0.0, 1.0));
        assert!((found[1].previous_token - 1.0 / 3.0).abs() < 1e-6, "the second row looks at both");
        let expected = (0.0 + 1.0 + 3f32.log2() + 2.0) / 4.0;
        assert!((found[2].entropy - expected).abs() < 1e-6);
        assert_eq!(best(&found, 1, |score| score.entropy), Some((2, 0)));
        assert_eq!(best(&found, 3, |score| score.first_token), Some((0, 1)));
        assert_eq!(best(&[], 3, |score| score.first_token), None);
    }
}
