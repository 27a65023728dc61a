//! What would a model score that only counts? Marks beside the loss curve, in nats a token.
//!
//! A model that knows nothing gives every token the same probability and scores ln V. One that knows how often each token
//! occurs scores the unigram entropy; one that also knows the token before scores the bigram entropy. Both are those of
//! the text itself (maximum likelihood, Shannon 1948), so on a small text the bigram's is lower than any model reaches on
//! text that it has not seen.

/// The loss of knowing nothing: ln V for a vocabulary of V.
pub fn uniform_loss(vocabulary: usize) -> f64 {
    (vocabulary.max(1) as f64).ln()
}

/// The entropy of a token, −Σ p ln p over how often each occurs; 0 for no tokens.
pub fn unigram_loss(tokens: &[u32]) -> f64 {
    let mut sorted = tokens.to_vec();
    sorted.sort_unstable();
    entropy_of_sorted(&sorted)
}

/// The entropy of a token when the one before is known, H(pair) − H(first); 0 for fewer than two tokens.
pub fn bigram_loss(tokens: &[u32]) -> f64 {
    let mut pairs: Vec<(u32, u32)> = tokens.iter().copied().zip(tokens.iter().copied().skip(1)).collect();
    pairs.sort_unstable();
    let firsts: Vec<u32> = pairs.iter().map(|pair| pair.0).collect();
    // The difference of two sums may end just below 0.
    (entropy_of_sorted(&pairs) - entropy_of_sorted(&firsts)).max(0.0)
}

/// The entropy of the values of a sorted list.
fn entropy_of_sorted<T: PartialEq>(sorted: &[T]) -> f64 {
    let all = sorted.len() as f64;
    sorted
        .chunk_by(|a, b| a == b)
        .map(|same| {
            let share = same.len() as f64 / all;
            -share * share.ln()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_by_hand() {
        // a b a b a c: p = 1/2, 1/3, 1/6.
        let tokens = [0, 1, 0, 1, 0, 2];
        let unigram = 0.5 * 2f64.ln() + 3f64.ln() / 3.0 + 6f64.ln() / 6.0;
        assert!((unigram_loss(&tokens) - unigram).abs() < 1e-12);
        // After a come b, b, c; after b comes a, twice.
        let after_a = (2.0 / 3.0) * 1.5f64.ln() + (1.0 / 3.0) * 3f64.ln();
        assert!((bigram_loss(&tokens) - 0.6 * after_a).abs() < 1e-12);
    }

    #[test]
    fn each_mark_is_below_the_one_before() {
        let tokens: Vec<u32> = (0..5_000u32).map(|i| (i * i + i / 7) % 11).collect();
        assert!(unigram_loss(&tokens) <= uniform_loss(11));
        assert!(bigram_loss(&tokens) < unigram_loss(&tokens));
    }

    #[test]
    fn nothing_has_no_entropy() {
        for tokens in [&[][..], &[5], &[7, 7, 7]] {
            assert_eq!((unigram_loss(tokens), bigram_loss(tokens)), (0.0, 0.0));
        }
        assert_eq!(uniform_loss(1), 0.0);
    }
}
