//! How wrong was the prediction? Cross-entropy with a padding mask, as a Burn graph.

use burn::tensor::{Int, Tensor, activation};

use super::B;

/// Mean negative logarithm of the probability of each target, in nats, over the rows whose mask is 1 (all if `None`).
///
/// `logits` `[rows, vocabulary]`, `targets` `[rows]`, `mask` `[rows]` of zeros and ones on the logits' device; the result
/// has one element. A mask without any 1 gives 0.
pub fn cross_entropy(logits: Tensor<B, 2>, targets: Tensor<B, 1, Int>, mask: Option<Tensor<B, 1>>) -> Tensor<B, 1> {
    let [rows, _] = logits.dims();
    let log_probabilities = activation::log_softmax(logits, 1);
    let chosen = log_probabilities.gather(1, targets.reshape([rows, 1])).reshape([rows]).neg();
    match mask {
        None => chosen.mean(),
        Some(mask) => {
            let count = mask.clone().sum().clamp_min(1.0);
            (chosen * mask).sum() / count
        }
    }
}
