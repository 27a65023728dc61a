//! Configurations of a decoder, drawn over all fields, for tests that compare paths. Each of them uses a part of this.
#![allow(dead_code)]

use proptest::prelude::*;
use telar::nn::{
    Activation, DecoderConfig, Head, Init, NormKind, NormPlace, Positions, Rng, Role, RotaryScaling, Weights,
};

/// One drawn case.
#[derive(Clone, Debug)]
pub struct Case {
    pub config: DecoderConfig,
    pub batch: usize,
    pub time: usize,
    pub masked: bool,
    pub seed: u64,
}

fn positions() -> impl Strategy<Value = Positions> {
    prop_oneof![Just(Positions::None), Just(Positions::Sinusoidal), Just(Positions::Learned), Just(Positions::Rotary)]
}

fn activation() -> impl Strategy<Value = Activation> {
    prop_oneof![Just(Activation::Relu), Just(Activation::Gelu), Just(Activation::GeluTanh), Just(Activation::SwiGlu)]
}

fn flags() -> impl Strategy<Value = [bool; 12]> {
    proptest::array::uniform12(any::<bool>())
}

pub fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1usize..4, 1usize..4, 1usize..4, 7usize..14, 3usize..20, 1usize..300);
    let choices =
        (positions(), activation(), flags(), proptest::option::of(1usize..6), prop_oneof![Just(0.0), Just(0.3)]);
    (sizes, choices, 1usize..5, 1usize..50, any::<u32>()).prop_map(|(sizes, choices, batch, time, seed)| {
        let (n_layers, kv_heads, repeat, d_head, d_ff, vocabulary) = sizes;
        let (positions, activation, flags, window, dropout) = choices;
        let n_heads = kv_heads * repeat;
        let d_head = if positions == Positions::Rotary { d_head / 2 * 2 } else { d_head };
        let config = DecoderConfig {
            vocabulary: vocabulary + 1,
            context: time + 2,
            d_model: n_heads * d_head,
            n_layers,
            n_heads,
            n_kv_heads: kv_heads,
            d_ff,
            positions,
            rotary_base: 10_000.0,
            rotary_scaling: RotaryScaling::None,
            norm: if flags[0] { NormKind::LayerNorm } else { NormKind::RmsNorm },
            norm_place: if flags[1] { NormPlace::Pre } else { NormPlace::Post },
            norm_eps: 1e-5,
            final_norm: flags[2],
            activation,
            causal: flags[3],
            windows: (0..n_layers).map(|layer| window.filter(|_| layer % 2 == 0)).collect(),
            scale_scores: flags[4],
            qkv_bias: flags[5],
            attn_out_bias: flags[6],
            ff_bias: flags[7],
            head: if flags[8] { Head::Tied } else { Head::Separate },
            head_bias: flags[9],
            residual: flags[10],
            dropout,
            init: Init::Gpt2,
        };
        Case { config, batch, time, masked: flags[11], seed: u64::from(seed) }
    })
}

/// Weights with which every part of a model matters.
pub fn draw_weights(config: &DecoderConfig, rng: &mut Rng) -> Weights {
    let mut weights = Weights::zeros(config).unwrap();
    let layout = weights.layout.clone();
    for parameter in &layout.parameters {
        let gain = parameter.role == Role::NormGain;
        let deviation = match parameter.role {
            Role::Embedding => 1.0,
            Role::Bias => 0.2,
            _ => 0.8 / (parameter.shape[0] as f32).sqrt(),
        };
        for value in &mut weights.data[parameter.range.clone()] {
            *value = if gain { 1.0 + 0.2 * rng.normal_f32() } else { deviation * rng.normal_f32() };
        }
    }
    weights
}
