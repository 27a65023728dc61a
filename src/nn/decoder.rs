//! The transformer of the app as a Burn graph: the reference on every device, for every [`DecoderConfig`].

use std::sync::Arc;

use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData, module};

use super::alteration::{Alteration, Sublayer};
use super::attention::{Rotation, attend, join_heads, split_heads};
use super::config::{Activation, DecoderConfig, Head, NormPlace, Positions};
use super::feed_forward::activate;
use super::kv_cache::KvCache;
use super::layout::Layout;
use super::norm::normalize;
use super::parameter::{Gradients, Parameter};
use super::plan::{BlockPlan, Linear, Norm, Plan};
use super::probe::{NoProbe, Probe, Site, offer};
use super::substitute::{self, Substitute};
use super::weights::Weights;
use super::{B, Device, dropout, host_values, mask, positional};

/// A decoder whose parameters are on a device, in the order of its [`Layout`].
pub struct Decoder {
    config: Arc<DecoderConfig>,
    layout: Arc<Layout>,
    plan: Plan,
    parameters: Vec<Parameter>,
    device: Device,
}

/// What stays the same through one forward pass.
struct Pass<'a> {
    batch: usize,
    time: usize,
    /// One a layer; layers with the same window share a tensor.
    masks: Vec<Option<Tensor<B, 4>>>,
    rotation: Option<Rotation>,
    dropout_seed: Option<u64>,
    cache: Option<&'a mut KvCache>,
    substitute: Option<&'a mut dyn Substitute>,
    alteration: Option<&'a Alteration>,
    probe: &'a mut dyn Probe,
}

impl Decoder {
    /// Puts weights on a device. On an autodiff device the parameters require gradients.
    pub fn from_weights(weights: &Weights, device: &Device) -> Self {
        let parameters = weights
            .layout
            .parameters
            .iter()
            .map(|spec| Parameter::upload(&weights.data[spec.range.clone()], &spec.shape, device))
            .collect();
        Self {
            config: weights.config.clone(),
            layout: weights.layout.clone(),
            plan: Plan::new(&weights.config, &weights.layout),
            parameters,
            device: device.clone(),
        }
    }

    /// Reads the weights back to the host; waits for the device.
    pub fn to_weights(&self) -> Weights {
        let mut data = Vec::with_capacity(self.layout.len());
        for parameter in &self.parameters {
            data.extend(parameter.host_values());
        }
        Weights { config: self.config.clone(), layout: self.layout.clone(), data }
    }

    /// What model it is.
    pub fn config(&self) -> &Arc<DecoderConfig> {
        &self.config
    }

    /// Order, names and shapes of its parameters.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Where its parameters are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The parameters, in the order of the layout.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Replaces a parameter by a value on the plain device (without a tape), of the same shape; on an autodiff device it
    /// requires gradients again.
    pub fn set_parameter(&mut self, index: usize, value: Parameter) {
        self.parameters[index] = if B::ad_enabled(&self.device) { value.tracked() } else { value };
    }

    /// The gradients of all parameters on the plain device, in the order of the layout; `None` where the loss does not
    /// depend on a parameter.
    pub fn gradients(&self, gradients: &Gradients) -> Vec<Option<Parameter>> {
        self.parameters.iter().map(|parameter| parameter.gradient(gradients)).collect()
    }

    /// Token ids, row-major `[batch, time]`, as a tensor on this decoder's device.
    pub fn ids(&self, ids: &[u32], batch: usize) -> Tensor<B, 2, Int> {
        let values: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
        let time = values.len() / batch.max(1);
        Tensor::from_data(TensorData::new(values, [batch, time]), &self.device)
    }

    /// The stream `[batch, time, d_model]` that the output layer reads (after the final normalization, where there is
    /// one). Ids must be below the vocabulary, and `time` at most the context where positions are learned.
    pub fn hidden(&self, ids: Tensor<B, 2, Int>, probe: &mut dyn Probe) -> Tensor<B, 3> {
        let [batch, time] = ids.dims();
        self.stream(ids, None, None, None, None, probe).reshape([batch, time, self.config.d_model])
    }

    /// Logits `[batch, time, vocabulary]`: scores of the token after each position.
    pub fn forward(&self, ids: Tensor<B, 2, Int>, probe: &mut dyn Probe) -> Tensor<B, 3> {
        self.forward_train(ids, None, probe)
    }

    /// The same with dropout, whose elements are chosen by `dropout_seed`; `None` drops nothing.
    pub fn forward_train(
        &self,
        ids: Tensor<B, 2, Int>,
        dropout_seed: Option<u64>,
        probe: &mut dyn Probe,
    ) -> Tensor<B, 3> {
        let [batch, time] = ids.dims();
        let stream = self.stream(ids, dropout_seed, None, None, None, probe);
        let logits = self.output(stream).reshape([batch, time, self.config.vocabulary]);
        offer(probe, Site::Logits, || logits.clone());
        logits
    }

    /// Logits `[time, vocabulary]` of one text, with a part of attention computed by somebody else.
    pub fn forward_with(&self, ids: &[u32], substitute: &mut dyn Substitute) -> Tensor<B, 2> {
        self.output(self.stream(self.ids(ids, 1), None, None, Some(substitute), None, &mut NoProbe))
    }

    /// The same with attention altered; see [`Alteration`].
    pub fn forward_altered(
        &self,
        ids: Tensor<B, 2, Int>,
        alteration: &Alteration,
        probe: &mut dyn Probe,
    ) -> Tensor<B, 3> {
        let [batch, time] = ids.dims();
        let stream = self.stream(ids, None, None, None, Some(alteration), probe);
        self.output(stream).reshape([batch, time, self.config.vocabulary])
    }

    /// The output layer: `[rows, d_model]` to logits `[rows, vocabulary]`.
    pub fn output(&self, stream: Tensor<B, 2>) -> Tensor<B, 2> {
        let logits = match self.config.head {
            Head::Tied => stream.matmul(self.matrix(self.plan.embedding).transpose()),
            Head::Separate => stream.matmul(self.matrix(self.plan.head)),
        };
        self.add_bias(logits, self.plan.head_bias)
    }

    /// Appends tokens to the cache and returns the logits `[vocabulary]` after the last one. Gives the same as
    /// [`Self::forward`] on the whole sequence, for models that are causal.
    ///
    /// Empty for no ids. Ids must be below the vocabulary and fit into [`KvCache::room`].
    pub fn decode(&self, ids: &[u32], cache: &mut KvCache) -> Vec<f32> {
        if ids.is_empty() {
            return Vec::new();
        }
        let stream = self.decode_stream(ids, cache);
        host_values(self.output(stream.narrow(0, ids.len() - 1, 1)))
    }

    /// Appends tokens to the cache and returns the stream `[ids.len(), d_model]` that the output layer reads. There must be
    /// at least one.
    pub(super) fn decode_stream(&self, ids: &[u32], cache: &mut KvCache) -> Tensor<B, 2> {
        self.stream(self.ids(ids, 1), None, Some(cache), None, None, &mut NoProbe)
    }

    /// The residual stream `[batch·time, d_model]` as the output layer reads it.
    fn stream<'a>(
        &self,
        ids: Tensor<B, 2, Int>,
        dropout_seed: Option<u64>,
        cache: Option<&'a mut KvCache>,
        substitute: Option<&'a mut (dyn Substitute + 'a)>,
        alteration: Option<&'a Alteration>,
        probe: &'a mut (dyn Probe + 'a),
    ) -> Tensor<B, 2> {
        let config = &*self.config;
        let [batch, time] = ids.dims();
        let start = cache.as_ref().map_or(0, |cache| cache.len());
        let rotation = (config.positions == Positions::Rotary)
            .then(|| Rotation::new(start, time, &config.rotary_frequencies(), &self.device));
        let masks = self.masks(start, time);
        let mut pass = Pass { batch, time, masks, rotation, dropout_seed, cache, substitute, alteration, probe };

        let mut x = self.embed(ids, start, &mut pass);
        for (layer, block) in self.plan.blocks.iter().enumerate() {
            let f = |input, pass: &mut Pass| self.attention(input, layer, block, pass);
            x = self.sub_layer(x, &block.norm1, dropout::attention(layer), &mut pass, f);
            offer(pass.probe, Site::AfterAttention(layer), || self.unflatten(&x, batch, time));
            let f = |input, pass: &mut Pass| self.feed_forward(input, layer, block, pass);
            x = self.sub_layer(x, &block.norm2, dropout::feed_forward(layer), &mut pass, f);
            offer(pass.probe, Site::AfterFeedForward(layer), || self.unflatten(&x, batch, time));
        }
        if let Some(norm) = &self.plan.final_norm {
            x = self.normalize(x, norm);
            offer(pass.probe, Site::FinalNorm, || self.unflatten(&x, batch, time));
        }
        if let Some(cache) = pass.cache {
            cache.advance(time);
        }
        x
    }

    /// One mask a layer.
    fn masks(&self, start: usize, time: usize) -> Vec<Option<Tensor<B, 4>>> {
        let mut masks: Vec<Option<Tensor<B, 4>>> = Vec::with_capacity(self.config.n_layers);
        for layer in 0..self.config.n_layers {
            let same = (0..layer).find(|&earlier| self.config.window(earlier) == self.config.window(layer));
            let mask = match same {
                Some(earlier) => masks[earlier].clone(),
                None => mask::additive(&self.config, layer, start, time, &self.device),
            };
            masks.push(mask);
        }
        masks
    }

    fn embed(&self, ids: Tensor<B, 2, Int>, start: usize, pass: &mut Pass) -> Tensor<B, 2> {
        let (batch, time, d) = (pass.batch, pass.time, self.config.d_model);
        let mut x = module::embedding(self.matrix(self.plan.embedding), ids);
        offer(pass.probe, Site::Embeddings, || x.clone());
        match self.config.positions {
            Positions::None | Positions::Rotary => {}
            Positions::Learned => {
                let table = self.matrix(self.plan.positions).narrow(0, start, time);
                x = x + table.unsqueeze::<3>();
            }
            Positions::Sinusoidal => {
                let table = positional::table(start + time, d).split_off(start * d);
                x = x + Tensor::from_data(TensorData::new(table, [1, time, d]), &self.device);
            }
        }
        offer(pass.probe, Site::Positions, || x.clone());
        self.drop(x.reshape([batch * time, d]), dropout::EMBEDDINGS, pass)
    }

    /// `x + f(norm(x))` or `norm(x + f(x))`; without the residual connection `f(norm(x))` or `norm(f(x))`.
    fn sub_layer(
        &self,
        x: Tensor<B, 2>,
        norm: &Norm,
        stream: u64,
        pass: &mut Pass,
        f: impl Fn(Tensor<B, 2>, &mut Pass) -> Tensor<B, 2>,
    ) -> Tensor<B, 2> {
        let pre = self.config.norm_place == NormPlace::Pre;
        let input = if pre { self.normalize(x.clone(), norm) } else { x.clone() };
        let y = f(input, pass);
        let y = self.drop(y, stream, pass);
        let y = if self.config.residual { x + y } else { y };
        if pre { y } else { self.normalize(y, norm) }
    }

    fn attention(&self, x: Tensor<B, 2>, layer: usize, block: &BlockPlan, pass: &mut Pass) -> Tensor<B, 2> {
        let config = &*self.config;
        let qkv = self.linear(x, &block.qkv);
        let heads = [config.n_heads, config.n_kv_heads, config.d_head()];
        let substituted = pass.substitute.as_deref_mut().and_then(|other| substitute::split(other, &qkv, heads));
        let [mut query, mut key, mut value] =
            substituted.unwrap_or_else(|| split_heads(qkv, [pass.batch, pass.time], heads));
        if let Some(rotation) = &pass.rotation {
            query = rotation.turn(query);
            key = rotation.turn(key);
        }
        if let Some(cache) = pass.cache.as_deref_mut() {
            (key, value) = cache.append(layer, key, value);
        }
        offer(pass.probe, Site::Query(layer), || query.clone());
        offer(pass.probe, Site::Key(layer), || key.clone());
        offer(pass.probe, Site::Value(layer), || value.clone());
        let context = self.context([query, key, value], layer, pass);
        let joined = pass.substitute.as_deref_mut().and_then(|other| substitute::join(other, &context));
        self.linear(joined.unwrap_or_else(|| join_heads(context)), &block.out)
    }

    /// Each head's weighted sum of values, by the decoder's own means or a substitute's.
    fn context(&self, [query, key, value]: [Tensor<B, 4>; 3], layer: usize, pass: &mut Pass) -> Tensor<B, 4> {
        let mut mask = pass.masks[layer].clone();
        let scale = self.config.score_scale();
        if let Some(other) = pass.substitute.as_deref_mut() {
            let allowed = mask::matrix(&self.config, layer, pass.time);
            let context = substitute::attend(other, [&query, &key, &value], layer, scale, &allowed);
            if let Some(context) = context {
                return context;
            }
            mask = substitute::mask(other, layer, pass.time, &self.device).or(mask);
        }
        if let Some(alteration) = pass.alteration {
            let parts = Sublayer { query, key, value, scale, mask };
            return alteration.attend(parts, layer, &self.device, pass.probe);
        }
        attend(query, key, value, scale, mask, layer, pass.probe)
    }

    fn feed_forward(&self, x: Tensor<B, 2>, layer: usize, block: &BlockPlan, pass: &mut Pass) -> Tensor<B, 2> {
        let gate = (self.config.activation == Activation::SwiGlu)
            .then(|| block.gate.as_ref().map(|gate| self.linear(x.clone(), gate)))
            .flatten();
        let hidden = activate(self.config.activation, self.linear(x, &block.up), gate);
        let (batch, time, width) = (pass.batch, pass.time, self.config.d_ff);
        offer(pass.probe, Site::FeedForward(layer), || hidden.clone().reshape([batch, time, width]));
        self.linear(hidden, &block.down)
    }

    fn drop(&self, x: Tensor<B, 2>, stream: u64, pass: &Pass) -> Tensor<B, 2> {
        match pass.dropout_seed {
            Some(seed) if self.config.dropout > 0.0 => {
                let [rows, width] = x.dims();
                let factors = dropout::factors(seed, stream, rows * width, self.config.dropout);
                x * Tensor::from_data(TensorData::new(factors, [rows, width]), &self.device)
            }
            _ => x,
        }
    }

    fn normalize(&self, x: Tensor<B, 2>, norm: &Norm) -> Tensor<B, 2> {
        let bias = norm.bias.map(|bias| self.vector(bias));
        normalize(x, self.config.norm, self.config.norm_eps, self.vector(norm.gain), bias)
    }

    fn linear(&self, x: Tensor<B, 2>, linear: &Linear) -> Tensor<B, 2> {
        self.add_bias(x.matmul(self.matrix(linear.weight)), linear.bias)
    }

    fn add_bias(&self, x: Tensor<B, 2>, bias: Option<usize>) -> Tensor<B, 2> {
        match bias {
            Some(bias) => x + self.vector(bias).unsqueeze::<2>(),
            None => x,
        }
    }

    fn unflatten(&self, x: &Tensor<B, 2>, batch: usize, time: usize) -> Tensor<B, 3> {
        x.clone().reshape([batch, time, self.config.d_model])
    }

    fn matrix(&self, index: usize) -> Tensor<B, 2> {
        self.parameters[index].matrix()
    }

    fn vector(&self, index: usize) -> Tensor<B, 1> {
        self.parameters[index].vector()
    }
}
