//! Which positions may look at which? Causal and local masks, as a rule and as numbers to add to the scores.

use burn::tensor::{Tensor, TensorData};

use super::config::DecoderConfig;
use super::{B, Device};

/// What is added to the score of a pair that may not look at each other. Finite, so that compilers that assume finite
/// arithmetic cannot spoil it, and far enough down that its softmax is exactly 0.
pub const MASKED: f32 = -1e9;

/// Whether position `query` may look at position `key` in this layer. A local window of `w` reaches `w − 1` positions
/// away: back in a causal model, to both sides in one that is not.
pub fn allowed(config: &DecoderConfig, layer: usize, query: usize, key: usize) -> bool {
    (!config.causal || key <= query) && config.window(layer).is_none_or(|window| query.abs_diff(key) < window)
}

/// The rule as a matrix `[time, time]`, row-major: row i may look at column j.
pub fn matrix(config: &DecoderConfig, layer: usize, time: usize) -> Vec<bool> {
    (0..time * time).map(|cell| allowed(config, layer, cell / time, cell % time)).collect()
}

/// The mask for queries at positions `start..start + time` over keys `0..start + time`, as a tensor
/// `[1, 1, time, start + time]` to add to the scores; nothing where every pair is allowed.
pub fn additive(
    config: &DecoderConfig,
    layer: usize,
    start: usize,
    time: usize,
    device: &Device,
) -> Option<Tensor<B, 4>> {
    let keys = start + time;
    let mut any = false;
    let mut values = vec![0.0f32; time * keys];
    for (row, scores) in values.chunks_exact_mut(keys).enumerate() {
        for (key, value) in scores.iter_mut().enumerate() {
            if !allowed(config, layer, start + row, key) {
                *value = MASKED;
                any = true;
            }
        }
    }
    any.then(|| Tensor::from_data(TensorData::new(values, [1, 1, time, keys]), device))
}
