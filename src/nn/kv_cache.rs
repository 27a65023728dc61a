//! What need not be computed twice while generating: keys and values of the tokens so far, in buffers that are allocated
//! once and written in place by position.

use burn::tensor::Tensor;

use super::config::DecoderConfig;
use super::{B, Device};

/// One layer's buffers, `[1, kv_heads, capacity, d_head]`. Held as options so that a buffer can be taken out, written
/// while nobody else holds it, and put back.
#[derive(Clone)]
struct Layer {
    keys: Option<Tensor<B, 4>>,
    values: Option<Tensor<B, 4>>,
}

/// Keys and values of one sequence. A clone shares the buffers until one of the two is written.
#[derive(Clone)]
pub struct KvCache {
    layers: Vec<Layer>,
    shape: [usize; 4],
    device: Device,
    length: usize,
}

impl KvCache {
    /// Room for `capacity` tokens.
    pub fn new(config: &DecoderConfig, capacity: usize, device: &Device) -> Self {
        let layers = (0..config.n_layers).map(|_| Layer { keys: None, values: None }).collect();
        let shape = [1, config.n_kv_heads, capacity.max(1), config.d_head()];
        Self { layers, shape, device: device.clone(), length: 0 }
    }

    /// Tokens held.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no token is held.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The most tokens it can hold.
    pub fn capacity(&self) -> usize {
        self.shape[2]
    }

    /// Tokens that still fit.
    pub fn room(&self) -> usize {
        self.capacity() - self.length
    }

    /// Forgets every token; the buffers stay.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Keeps the first `length` tokens.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Writes keys and values `[1, kv_heads, new, d_head]` after those held and returns all of them,
    /// `[1, kv_heads, len + new, d_head]`. The length itself grows only with [`Self::advance`], after the last layer.
    pub(super) fn append(
        &mut self,
        layer: usize,
        keys: Tensor<B, 4>,
        values: Tensor<B, 4>,
    ) -> (Tensor<B, 4>, Tensor<B, 4>) {
        let (start, shape) = (self.length, self.shape);
        let layer = &mut self.layers[layer];
        let device = &self.device;
        (write(&mut layer.keys, keys, start, shape, device), write(&mut layer.values, values, start, shape, device))
    }

    /// Counts tokens whose keys and values stand in every layer.
    pub(super) fn advance(&mut self, tokens: usize) {
        self.length += tokens;
    }
}

fn write(
    slot: &mut Option<Tensor<B, 4>>,
    new: Tensor<B, 4>,
    start: usize,
    shape: [usize; 4],
    device: &Device,
) -> Tensor<B, 4> {
    let [_, heads, _, width] = shape;
    let end = start + new.dims()[2];
    let buffer = slot.take().unwrap_or_else(|| Tensor::zeros(shape, device));
    let buffer = buffer.slice_assign([0..1, 0..heads, start..end, 0..width], new);
    let view = buffer.clone().slice([0..1, 0..heads, 0..end, 0..width]);
    *slot = Some(buffer);
    view
}
