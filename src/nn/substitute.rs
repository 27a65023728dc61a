//! How is a part of attention computed by somebody else? A lesson puts a learner's function in the place of the decoder's
//! own, and compares what the model says.
//!
//! Values travel over the host and for a batch of one: this is for looking, not for speed. A pass without a substitute
//! asks one `Option` a layer.

use burn::tensor::{Tensor, TensorData};

use super::probe::Seen;
use super::{B, Device, host_values, mask};

/// Somebody who computes a part of attention in the decoder's place. Every answer may be `None`: then the decoder does it
/// itself. A value of another shape than asked counts as `None`.
pub trait Substitute {
    /// Rows `[time, heads·d_head]` in heads, `[heads, time, d_head]`: for queries, keys and values each.
    fn split(&mut self, rows: Seen, heads: usize) -> Option<Seen> {
        _ = (rows, heads);
        None
    }

    /// Heads `[heads, time, d_head]` side by side again, `[time, heads·d_head]`.
    fn join(&mut self, heads: Seen) -> Option<Seen> {
        _ = heads;
        None
    }

    /// Who may look at whom in a layer, `[time, time]`, row-major.
    fn allowed(&mut self, layer: usize, time: usize) -> Option<Vec<bool>> {
        _ = (layer, time);
        None
    }

    /// One head's weighted sum of values.
    fn attend(&mut self, head: &HeadInput<'_>) -> Option<Vec<f32>> {
        _ = head;
        None
    }
}

/// What one head of a layer attends with. Rows of `d_head` values each, as many as tokens.
pub struct HeadInput<'a> {
    /// Which layer.
    pub layer: usize,
    /// Which query head.
    pub head: usize,
    /// Width of a row.
    pub d_head: usize,
    /// Queries, turned where positions are rotary.
    pub query: &'a [f32],
    /// Keys, likewise.
    pub key: &'a [f32],
    /// Values.
    pub value: &'a [f32],
    /// The factor on the scores.
    pub scale: f32,
    /// Whether row i may look at column j, `[time, time]`.
    pub allowed: &'a [bool],
}

/// Queries, keys and values `[1, heads, time, d_head]` from the product `[time, (heads + 2·kv_heads)·d_head]`; what the
/// substitute leaves is `None`.
pub(super) fn split(
    substitute: &mut dyn Substitute,
    qkv: &Tensor<B, 2>,
    [heads, kv_heads, d_head]: [usize; 3],
) -> Option<[Tensor<B, 4>; 3]> {
    let time = qkv.dims()[0];
    let device = qkv.device();
    let mut first = 0;
    let mut one = |heads: usize| {
        let rows = qkv.clone().narrow(1, first, heads * d_head);
        first += heads * d_head;
        let rows = Seen { shape: vec![time, heads * d_head], values: host_values(rows) };
        let split = substitute.split(rows, heads)?;
        let fits = split.shape == [heads, time, d_head];
        fits.then(|| Tensor::from_data(TensorData::new(split.values, [1, heads, time, d_head]), &device))
    };
    Some([one(heads)?, one(kv_heads)?, one(kv_heads)?])
}

/// Heads `[1, heads, time, d_head]` side by side, `[time, heads·d_head]`.
pub(super) fn join(substitute: &mut dyn Substitute, context: &Tensor<B, 4>) -> Option<Tensor<B, 2>> {
    let [_, heads, time, d_head] = context.dims();
    let device = context.device();
    let seen = Seen { shape: vec![heads, time, d_head], values: host_values(context.clone()) };
    let joined = substitute.join(seen)?;
    let fits = joined.shape == [time, heads * d_head];
    fits.then(|| Tensor::from_data(TensorData::new(joined.values, [time, heads * d_head]), &device))
}

/// The substitute's mask as one to add to the scores, `[1, 1, time, time]`.
pub(super) fn mask(
    substitute: &mut dyn Substitute,
    layer: usize,
    time: usize,
    device: &Device,
) -> Option<Tensor<B, 4>> {
    let allowed = substitute.allowed(layer, time)?;
    let values: Vec<f32> = allowed.iter().map(|&may| if may { 0.0 } else { mask::MASKED }).collect();
    (values.len() == time * time).then(|| Tensor::from_data(TensorData::new(values, [1, 1, time, time]), device))
}

/// Every head's weighted sum of values, `[1, heads, time, d_head]`.
pub(super) fn attend(
    substitute: &mut dyn Substitute,
    [query, key, value]: [&Tensor<B, 4>; 3],
    layer: usize,
    scale: f32,
    allowed: &[bool],
) -> Option<Tensor<B, 4>> {
    let [_, heads, time, d_head] = query.dims();
    let kv_heads = key.dims()[1];
    let device = query.device();
    let [query, key, value] = [query, key, value].map(|tensor| host_values(tensor.clone()));
    let size = time * d_head;
    let mut context = Vec::with_capacity(heads * size);
    for head in 0..heads {
        let shared = head / (heads / kv_heads.max(1)).max(1);
        let input = HeadInput {
            layer,
            head,
            d_head,
            query: query.get(head * size..(head + 1) * size)?,
            key: key.get(shared * size..(shared + 1) * size)?,
            value: value.get(shared * size..(shared + 1) * size)?,
            scale,
            allowed,
        };
        context.extend(substitute.attend(&input).filter(|context| context.len() == size)?);
    }
    Some(Tensor::from_data(TensorData::new(context, [1, heads, time, d_head]), &device))
}
