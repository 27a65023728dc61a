//! How is a forward pass looked at? The decoder offers each intermediate value at a named site; a probe says which it
//! wants. Nothing is read from the device unless somebody wants it.

use std::collections::HashMap;

use burn::tensor::Tensor;

use super::B;

/// A place in the forward pass. Numbers are layers, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Site {
    /// Token embeddings, `[batch, time, d_model]`.
    Embeddings,
    /// What enters the first block: embeddings, with positions where they are added, `[batch, time, d_model]`.
    Positions,
    /// Queries as they enter the product (turned, where positions are rotary), `[batch, heads, time, d_head]`.
    Query(usize),
    /// Keys, likewise, `[batch, kv_heads, keys, d_head]`.
    Key(usize),
    /// Values, `[batch, kv_heads, keys, d_head]`.
    Value(usize),
    /// Raw products q·k, `[batch, heads, time, keys]`.
    Scores(usize),
    /// Scores times 1/√d_head (or 1), `[batch, heads, time, keys]`.
    Scaled(usize),
    /// Scaled scores after the mask was added, `[batch, heads, time, keys]`.
    Masked(usize),
    /// Attention weights; each row sums to 1, `[batch, heads, time, keys]`.
    Weights(usize),
    /// Each head's weighted sum of values, `[batch, heads, time, d_head]`.
    HeadOutputs(usize),
    /// The residual stream after the attention sub-layer, `[batch, time, d_model]`.
    AfterAttention(usize),
    /// The feed-forward network's hidden activations, `[batch, time, d_ff]`.
    FeedForward(usize),
    /// The residual stream after the block, `[batch, time, d_model]`.
    AfterFeedForward(usize),
    /// After the final normalization, where the model has one, `[batch, time, d_model]`.
    FinalNorm,
    /// Scores of the next token, `[batch, time, vocabulary]`.
    Logits,
}

/// A value that was looked at, on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Axes as [`Site`] says.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// Somebody who looks at a forward pass.
pub trait Probe {
    /// Whether the value at this site is to be read from the device.
    fn wants(&self, site: Site) -> bool;
    /// Takes a value that was wanted.
    fn see(&mut self, site: Site, value: Seen);
}

/// Wants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProbe;

impl Probe for NoProbe {
    fn wants(&self, _: Site) -> bool {
        false
    }

    fn see(&mut self, _: Site, _: Seen) {}
}

/// Keeps the values of the sites that a rule chooses.
pub struct Recorder<F: Fn(Site) -> bool> {
    rule: F,
    /// What was seen.
    pub seen: HashMap<Site, Seen>,
}

impl<F: Fn(Site) -> bool> Recorder<F> {
    /// Keeps the sites for which `rule` is true.
    pub fn new(rule: F) -> Self {
        Self { rule, seen: HashMap::new() }
    }
}

impl<F: Fn(Site) -> bool> Probe for Recorder<F> {
    fn wants(&self, site: Site) -> bool {
        (self.rule)(site)
    }

    fn see(&mut self, site: Site, value: Seen) {
        self.seen.insert(site, value);
    }
}

/// Offers a tensor that is made only if it is wanted.
pub(super) fn offer<const D: usize>(probe: &mut dyn Probe, site: Site, value: impl FnOnce() -> Tensor<B, D>) {
    if probe.wants(site) {
        let tensor = value();
        let shape = tensor.dims().to_vec();
        probe.see(site, Seen { shape, values: super::host_values(tensor) });
    }
}
