//! What must hold for every decoder, whatever its configuration: cached decoding is the full pass, attention is a
//! distribution over what may be seen, and gradients reach every parameter.

use burn::tensor::{Int, Tensor, TensorData};
use proptest::prelude::*;
use telar::nn::{
    Activation, B, Decoder, DecoderConfig, Device, Head, Init, KvCache, NoProbe, NormKind, NormPlace, Positions,
    Recorder, RotaryScaling, Site, Weights, cpu, loss, mask,
};

fn base() -> DecoderConfig {
    DecoderConfig {
        vocabulary: 11,
        context: 16,
        d_model: 8,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: 4,
        d_ff: 12,
        positions: Positions::Sinusoidal,
        rotary_base: 10_000.0,
        rotary_scaling: RotaryScaling::None,
        norm: NormKind::LayerNorm,
        norm_place: NormPlace::Pre,
        norm_eps: 1e-5,
        final_norm: true,
        activation: Activation::Gelu,
        causal: true,
        windows: Vec::new(),
        scale_scores: true,
        qkv_bias: true,
        attn_out_bias: true,
        ff_bias: true,
        head: Head::Separate,
        head_bias: true,
        residual: true,
        dropout: 0.0,
        init: Init::Tutorial,
    }
}

fn configurations() -> impl Strategy<Value = DecoderConfig> {
    let positions = prop_oneof![
        Just(Positions::None),
        Just(Positions::Sinusoidal),
        Just(Positions::Learned),
        Just(Positions::Rotary)
    ];
    let norm = prop_oneof![Just(NormKind::LayerNorm), Just(NormKind::RmsNorm)];
    let place = prop_oneof![Just(NormPlace::Pre), Just(NormPlace::Post)];
    let activation = prop_oneof![
        Just(Activation::Relu),
        Just(Activation::Gelu),
        Just(Activation::GeluTanh),
        Just(Activation::SwiGlu)
    ];
    let windows = prop_oneof![Just(vec![]), Just(vec![Some(3), None]), Just(vec![Some(1), Some(2)])];
    let kv_heads = prop_oneof![Just(1usize), Just(2), Just(4)];
    let flags = proptest::array::uniform7(any::<bool>());
    (positions, norm, place, activation, windows, kv_heads, flags).prop_map(
        |(positions, norm, norm_place, activation, windows, n_kv_heads, flags)| {
            let [final_norm, scale_scores, qkv_bias, attn_out_bias, ff_bias, tied, residual] = flags;
            DecoderConfig {
                positions,
                norm,
                norm_place,
                activation,
                windows,
                n_kv_heads,
                final_norm,
                scale_scores,
                qkv_bias,
                attn_out_bias,
                ff_bias,
                head: if tied { Head::Tied } else { Head::Separate },
                residual,
                ..base()
            }
        },
    )
}

/// Weights with every value away from its special start (biases not 0, gains not 1).
fn weights(config: &DecoderConfig, seed: u64) -> Weights {
    let mut weights = Weights::init(config, seed).unwrap();
    let mut rng = telar::nn::Rng::from_parts(seed, 999);
    for value in &mut weights.data {
        *value += 0.2 * rng.normal_f32();
    }
    weights
}

const IDS: [u32; 7] = [3, 10, 0, 3, 7, 5, 1];

fn close(a: &[f32], b: &[f32], tolerance: f32) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * (1.0 + b.abs()))
}

fn logits(decoder: &Decoder, ids: &[u32]) -> Vec<f32> {
    telar::nn::host_values(decoder.forward(decoder.ids(ids, 1), &mut NoProbe))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn cached_decoding_is_the_full_pass(config in configurations(), split in 1usize..7) {
        let decoder = Decoder::from_weights(&weights(&config, 1), &cpu());
        let full = logits(&decoder, &IDS);
        let v = config.vocabulary;
        let mut cache = KvCache::new(&config, 9, &cpu());
        let after_prompt = decoder.decode(&IDS[..split], &mut cache);
        prop_assert!(close(&after_prompt, &full[(split - 1) * v..split * v], 1e-4));
        for (i, id) in IDS.iter().enumerate().skip(split) {
            let next = decoder.decode(&[*id], &mut cache);
            prop_assert!(close(&next, &full[i * v..(i + 1) * v], 1e-4), "token {i} of {config:?}");
        }
        prop_assert_eq!((cache.len(), cache.room()), (7, 2));
        // Taking tokens back and giving them again changes nothing.
        cache.truncate(4);
        let again = decoder.decode(&IDS[4..], &mut cache);
        prop_assert!(close(&again, &full[6 * v..], 1e-4));
    }

    #[test]
    fn attention_is_a_distribution_over_what_may_be_seen(config in configurations(), causal in any::<bool>()) {
        let config = DecoderConfig { causal, ..config };
        let decoder = Decoder::from_weights(&weights(&config, 2), &cpu());
        let mut recorder = Recorder::new(|site| matches!(site, Site::Weights(_)));
        decoder.forward(decoder.ids(&IDS, 1), &mut recorder);
        prop_assert_eq!(recorder.seen.len(), config.n_layers);
        for layer in 0..config.n_layers {
            let seen = &recorder.seen[&Site::Weights(layer)];
            prop_assert_eq!(&seen.shape, &vec![1, 4, 7, 7]);
            for (row, weights) in seen.values.chunks(7).enumerate() {
                let query = row % 7;
                prop_assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                for (key, &weight) in weights.iter().enumerate() {
                    if mask::allowed(&config, layer, query, key) {
                        prop_assert!(weight > 0.0);
                    } else {
                        prop_assert_eq!(weight, 0.0);
                    }
                }
            }
        }
    }

    #[test]
    fn later_tokens_change_nothing_before_them(config in configurations()) {
        let decoder = Decoder::from_weights(&weights(&config, 3), &cpu());
        let mut other = IDS;
        other[6] = 9;
        let (a, b) = (logits(&decoder, &IDS), logits(&decoder, &other));
        let before = 6 * config.vocabulary;
        prop_assert!(close(&a[..before], &b[..before], 1e-6));
        prop_assert!(!close(&a[before..], &b[before..], 1e-6));
    }

    #[test]
    fn without_positions_and_mask_outputs_follow_their_inputs(config in configurations(), shift in 1usize..7) {
        let config = DecoderConfig { positions: Positions::None, causal: false, windows: vec![], ..config };
        let decoder = Decoder::from_weights(&weights(&config, 4), &cpu());
        let mut turned = IDS;
        turned.rotate_left(shift);
        let mut expected = logits(&decoder, &IDS);
        expected.rotate_left(shift * config.vocabulary);
        prop_assert!(close(&logits(&decoder, &turned), &expected, 1e-4));
    }

    #[test]
    fn a_batch_is_its_sequences(config in configurations()) {
        let decoder = Decoder::from_weights(&weights(&config, 5), &cpu());
        let second = [1, 1, 2, 3, 5, 8, 0];
        let both: Vec<u32> = IDS.iter().chain(&second).copied().collect();
        let batch = telar::nn::host_values(decoder.forward(decoder.ids(&both, 2), &mut NoProbe));
        let apart = [logits(&decoder, &IDS), logits(&decoder, &second)].concat();
        prop_assert!(close(&batch, &apart, 1e-5));
    }
}

/// The directional derivative of the loss along the gradient is the gradient's squared length; every parameter takes part.
#[test]
fn gradients_agree_with_finite_differences() {
    for config in [
        base(),
        DecoderConfig {
            positions: Positions::Rotary,
            norm: NormKind::RmsNorm,
            norm_place: NormPlace::Post,
            activation: Activation::SwiGlu,
            n_kv_heads: 2,
            head: Head::Tied,
            windows: vec![Some(2), None],
            dropout: 0.25,
            ..base()
        },
    ] {
        let weights = weights(&config, 6);
        let device = Device::autodiff(cpu());
        let decoder = Decoder::from_weights(&weights, &device);
        let loss = loss_of(&decoder);
        let gradients = decoder.gradients(&loss.backward());
        let gradient: Vec<f32> = gradients.iter().flat_map(|g| g.as_ref().unwrap().host_values()).collect();
        assert_eq!(gradient.len(), weights.len());
        for (spec, g) in weights.layout.parameters.iter().zip(&gradients) {
            assert!(g.as_ref().unwrap().host_values().iter().any(|&v| v != 0.0), "{} has no gradient", spec.name);
        }
        let squared: f64 = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
        let step = 1e-2 / squared.sqrt();
        let at = |sign: f64| {
            let mut moved = weights.clone();
            for (w, &g) in moved.data.iter_mut().zip(&gradient) {
                *w += (sign * step * f64::from(g)) as f32;
            }
            f64::from(telar::nn::host_values(loss_of(&Decoder::from_weights(&moved, &cpu())))[0])
        };
        let slope = (at(1.0) - at(-1.0)) / (2.0 * step);
        assert!((slope / squared - 1.0).abs() < 0.01, "{slope} against {squared}");
    }
}

fn loss_of(decoder: &Decoder) -> Tensor<B, 1> {
    let logits = decoder.forward_train(decoder.ids(&IDS[..6], 1), Some(77), &mut NoProbe);
    let targets: Vec<i32> = IDS[1..].iter().map(|&id| id as i32).collect();
    let targets = Tensor::<B, 1, Int>::from_data(TensorData::new(targets, [6]), decoder.device());
    loss::cross_entropy(logits.reshape([6, decoder.config().vocabulary]), targets, None)
}

#[test]
fn weights_survive_the_device_and_parameters_can_be_replaced() {
    let weights = weights(&base(), 7);
    let device = Device::autodiff(cpu());
    let mut decoder = Decoder::from_weights(&weights, &device);
    assert_eq!(decoder.to_weights().data, weights.data);
    let replacement = decoder.parameters()[0].inner();
    let telar::nn::Parameter::Matrix(matrix) = replacement else { panic!("the embedding is a matrix") };
    decoder.set_parameter(0, telar::nn::Parameter::Matrix(matrix * 2.0));
    assert_eq!(decoder.to_weights().data[5], weights.data[5] * 2.0);
    let gradients = decoder.gradients(&loss_of(&decoder).backward());
    assert!(gradients[0].is_some(), "a replaced parameter still requires its gradient");
}

#[test]
fn dropout_is_off_without_a_seed_and_repeats_with_one() {
    let config = DecoderConfig { dropout: 0.5, ..base() };
    let decoder = Decoder::from_weights(&weights(&config, 8), &cpu());
    let plain = Decoder::from_weights(&Weights { config: base().into(), ..weights(&config, 8) }, &cpu());
    assert_eq!(logits(&decoder, &IDS), logits(&plain, &IDS));
    let drop = |seed| telar::nn::host_values(decoder.forward_train(decoder.ids(&IDS, 1), Some(seed), &mut NoProbe));
    assert_eq!(drop(1), drop(1));
    assert_ne!(drop(1), drop(2));
    assert_ne!(drop(1), logits(&decoder, &IDS));
}
