//! Attention: who looks at whom, and what they take from it.

use burn::tensor::{Tensor, TensorData, activation};

use super::probe::{Probe, Site, offer};
use super::{B, Device, positional};

/// Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1), with grouped keys and values (Ainslie et al. 2023).
///
/// `query` `[batch, heads, time, d_head]`, `key` and `value` `[batch, kv_heads, keys, d_head]`, `mask` something that can
/// be added to `[batch, heads, time, keys]`; query head `h` reads key/value head `h / (heads / kv_heads)`. Returns each
/// head's weighted sum of values, `[batch, heads, time, d_head]`. The stages are offered to `probe` as layer `layer`.
pub fn attend(
    query: Tensor<B, 4>,
    key: Tensor<B, 4>,
    value: Tensor<B, 4>,
    scale: f32,
    mask: Option<Tensor<B, 4>>,
    layer: usize,
    probe: &mut dyn Probe,
) -> Tensor<B, 4> {
    let [batch, heads, time, d_head] = query.dims();
    let [_, kv_heads, keys, _] = key.dims();
    // Query heads that share keys are stacked along time, so that keys and values need not be repeated.
    let stacked = [batch, kv_heads, heads / kv_heads * time, d_head];
    let scores = query.reshape(stacked).matmul(key.swap_dims(2, 3)).reshape([batch, heads, time, keys]);
    offer(probe, Site::Scores(layer), || scores.clone());
    let scaled = if scale == 1.0 { scores } else { scores * scale };
    offer(probe, Site::Scaled(layer), || scaled.clone());
    let masked = match mask {
        Some(mask) => scaled + mask,
        None => scaled,
    };
    offer(probe, Site::Masked(layer), || masked.clone());
    let weights = activation::softmax(masked, 3);
    offer(probe, Site::Weights(layer), || weights.clone());
    let context = weights.reshape([batch, kv_heads, heads / kv_heads * time, keys]).matmul(value);
    let context = context.reshape([batch, heads, time, d_head]);
    offer(probe, Site::HeadOutputs(layer), || context.clone());
    context
}

/// Cuts the product `[batch·time, (heads + 2·kv_heads)·d_head]` into queries, keys and values
/// `[batch, heads, time, d_head]`.
pub(super) fn split_heads(
    qkv: Tensor<B, 2>,
    [batch, time]: [usize; 2],
    [heads, kv_heads, d_head]: [usize; 3],
) -> [Tensor<B, 4>; 3] {
    let all = qkv.reshape([batch, time, heads + 2 * kv_heads, d_head]);
    [(0, heads), (heads, kv_heads), (heads + kv_heads, kv_heads)]
        .map(|(first, count)| all.clone().narrow(2, first, count).swap_dims(1, 2))
}

/// Puts heads `[batch, heads, time, d_head]` side by side again: `[batch·time, heads·d_head]`.
pub(super) fn join_heads(context: Tensor<B, 4>) -> Tensor<B, 2> {
    let [batch, heads, time, d_head] = context.dims();
    context.swap_dims(1, 2).reshape([batch * time, heads * d_head])
}

/// Cosines and sines of the positions of one pass, `[1, 1, time, d_head]` each.
#[derive(Clone)]
pub(super) struct Rotation {
    cosines: Tensor<B, 4>,
    sines: Tensor<B, 4>,
}

impl Rotation {
    /// For positions `start..start + time`.
    pub(super) fn new(start: usize, time: usize, frequencies: &[f64], device: &Device) -> Self {
        let d_head = 2 * frequencies.len();
        let (cosines, sines) = positional::rotary(start, time, frequencies);
        let tensor = |values| Tensor::from_data(TensorData::new(values, [1, 1, time, d_head]), device);
        Self { cosines: tensor(cosines), sines: tensor(sines) }
    }

    /// Turns `x` `[batch, heads, time, d_head]`: x·cos + rotate_half(x)·sin.
    pub(super) fn turn(&self, x: Tensor<B, 4>) -> Tensor<B, 4> {
        let half = x.dims()[3] / 2;
        let first = x.clone().narrow(3, 0, half);
        let second = x.clone().narrow(3, half, half);
        let turned = Tensor::cat(vec![second.neg(), first], 3);
        x * self.cosines.clone() + turned * self.sines.clone()
    }
}
