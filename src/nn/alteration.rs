//! What happens if a part of attention is done otherwise? Another mask, a mask at the wrong place, a head without effect:
//! for looking at what these parts are good for, on the model itself.

use burn::tensor::{Tensor, TensorData, activation};

use super::attention::attend;
use super::mask::MASKED;
use super::probe::{Probe, Site, offer};
use super::{B, Device};

/// A change to the attention of a forward pass; the default changes nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alteration {
    /// Which positions may look at which in every layer, `[time, time]` row-major, instead of the model's own mask.
    pub allowed: Option<Vec<bool>>,
    /// Whether weights are multiplied by 0 after the softmax instead of scores being filled before it. The rows then no
    /// longer sum to 1. Only with `allowed`.
    pub after_softmax: bool,
    /// Layer and head, from 0, whose output is replaced by zeros.
    pub ablated: Option<(usize, usize)>,
}

/// Queries, keys and values as [`attend`] takes them, with the factor of the scores and the model's own mask.
pub(super) struct Sublayer {
    pub query: Tensor<B, 4>,
    pub key: Tensor<B, 4>,
    pub value: Tensor<B, 4>,
    pub scale: f32,
    pub mask: Option<Tensor<B, 4>>,
}

impl Alteration {
    /// [`attend`], altered. Returns `[batch, heads, time, d_head]`.
    pub(super) fn attend(&self, parts: Sublayer, layer: usize, device: &Device, probe: &mut dyn Probe) -> Tensor<B, 4> {
        let [_, heads, time, _] = parts.query.dims();
        let keys = parts.key.dims()[2];
        let fits = |allowed: &&Vec<bool>| allowed.len() == time * keys;
        let context = match self.allowed.as_ref().filter(fits) {
            Some(allowed) if self.after_softmax => {
                let factors = allowed.iter().map(|&may| f32::from(u8::from(may))).collect();
                let factors = Tensor::from_data(TensorData::new(factors, [1, 1, time, keys]), device);
                multiplied(parts, factors, layer, probe)
            }
            Some(allowed) => {
                let added = allowed.iter().map(|&may| if may { 0.0 } else { MASKED }).collect();
                let mask = Tensor::from_data(TensorData::new(added, [1, 1, time, keys]), device);
                attend(parts.query, parts.key, parts.value, parts.scale, Some(mask), layer, probe)
            }
            None => attend(parts.query, parts.key, parts.value, parts.scale, parts.mask, layer, probe),
        };
        match self.ablated {
            Some((at, head)) if at == layer && head < heads => {
                let factors: Vec<f32> = (0..heads).map(|h| f32::from(u8::from(h != head))).collect();
                context * Tensor::from_data(TensorData::new(factors, [1, heads, 1, 1]), device)
            }
            _ => context,
        }
    }
}

/// Attention whose weights are multiplied by `factors` `[1, 1, time, keys]` after the softmax.
fn multiplied(parts: Sublayer, factors: Tensor<B, 4>, layer: usize, probe: &mut dyn Probe) -> Tensor<B, 4> {
    let [batch, heads, time, d_head] = parts.query.dims();
    let [_, kv_heads, keys, _] = parts.key.dims();
    let stacked = [batch, kv_heads, heads / kv_heads * time, d_head];
    let scores = parts.query.reshape(stacked).matmul(parts.key.swap_dims(2, 3)).reshape([batch, heads, time, keys]);
    let weights = activation::softmax(scores * parts.scale, 3) * factors;
    offer(probe, Site::Weights(layer), || weights.clone());
    let context = weights.reshape([batch, kv_heads, heads / kv_heads * time, keys]).matmul(parts.value);
    context.reshape([batch, heads, time, d_head])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Decoder, DecoderConfig, NoProbe, Recorder, Weights, cpu, host_values, mask};
    use crate::train::Preset;

    fn decoder() -> Decoder {
        let preset = Preset::Char.settings().model;
        let config = DecoderConfig { vocabulary: 30, n_layers: 2, ..preset };
        let mut weights = Weights::init(&config, 3).unwrap();
        weights.data.iter_mut().for_each(|weight| *weight *= 4.0);
        Decoder::from_weights(&weights, &cpu())
    }

    fn logits(decoder: &Decoder, ids: &[u32], alteration: &Alteration) -> Vec<f32> {
        host_values(decoder.forward_altered(decoder.ids(ids, 1), alteration, &mut NoProbe))
    }

    fn distance(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn the_models_own_mask_changes_nothing_and_a_hole_in_it_does() {
        let (decoder, ids) = (decoder(), [3, 1, 4, 1, 5]);
        let plain = host_values(decoder.forward(decoder.ids(&ids, 1), &mut NoProbe));
        let mut allowed = mask::matrix(decoder.config(), 0, ids.len());
        let altered = |allowed: &Vec<bool>| Alteration { allowed: Some(allowed.clone()), ..Alteration::default() };
        assert!(distance(&plain, &logits(&decoder, &ids, &altered(&allowed))) < 1e-5);
        // Row 0 may look at what comes after it: its own logits change.
        allowed[4] = true;
        let cheating = logits(&decoder, &ids, &altered(&allowed));
        assert!(distance(&plain[..30], &cheating[..30]) > 1e-3);
    }

    #[test]
    fn weights_multiplied_by_zero_no_longer_sum_to_one() {
        let (decoder, ids) = (decoder(), [3, 1, 4, 1]);
        let allowed = Some(mask::matrix(decoder.config(), 0, ids.len()));
        for after_softmax in [false, true] {
            let alteration = Alteration { allowed: allowed.clone(), after_softmax, ablated: None };
            let mut probe = Recorder::new(|site| site == Site::Weights(0));
            drop(decoder.forward_altered(decoder.ids(&ids, 1), &alteration, &mut probe));
            let weights = &probe.seen[&Site::Weights(0)].values;
            let first_row: f32 = weights[..4].iter().sum();
            assert_eq!((first_row - 1.0).abs() < 1e-5, !after_softmax, "{first_row}");
        }
    }

    #[test]
    fn an_ablated_head_matters_and_one_that_is_not_there_does_not() {
        let (decoder, ids) = (decoder(), [3, 1, 4, 1, 5]);
        let ablated = |at| Alteration { ablated: Some(at), ..Alteration::default() };
        let plain = logits(&decoder, &ids, &Alteration::default());
        assert!(distance(&plain, &logits(&decoder, &ids, &ablated((1, 2)))) > 1e-4);
        assert_eq!(distance(&plain, &logits(&decoder, &ids, &ablated((9, 0)))), 0.0);
    }
}
