//! The training step on slices against the Burn graph: values, gradients, threads, levels of vector instructions.

mod drawn;

use drawn::{Case, cases, draw_weights};
use proptest::prelude::*;
use telar::kernels::{AdamStep, Simd, adam};
use telar::nn::{
    Activation, Decoder, DecoderConfig, Device, Head, Init, NoProbe, NormKind, NormPlace, Positions, Rng,
    RotaryScaling, SliceDecoder, Weights, cpu, loss,
};

struct Batch {
    weights: Weights,
    ids: Vec<u32>,
    targets: Vec<u32>,
    mask: Option<Vec<f32>>,
    dropout_seed: Option<u64>,
}

fn batch(case: &Case) -> Batch {
    let mut rng = Rng::new(case.seed);
    let weights = draw_weights(&case.config, &mut rng);
    let rows = case.batch * case.time;
    let mut tokens = || (0..rows).map(|_| rng.below(case.config.vocabulary) as u32).collect::<Vec<_>>();
    let (ids, targets) = (tokens(), tokens());
    let mask = case.masked.then(|| (0..rows).map(|i| if i % 3 == 1 { 0.0 } else { 1.0 }).collect());
    Batch { weights, ids, targets, mask, dropout_seed: (case.config.dropout > 0.0).then_some(case.seed) }
}

/// Loss and gradients by the Burn graph and its autodiff.
fn graph(case: &Case, batch: &Batch) -> (f32, Vec<f32>) {
    use burn::tensor::{Int, Tensor, TensorData};
    let device = Device::autodiff(cpu());
    let decoder = Decoder::from_weights(&batch.weights, &device);
    let rows = case.batch * case.time;
    let logits = decoder.forward_train(decoder.ids(&batch.ids, case.batch), batch.dropout_seed, &mut NoProbe);
    let logits = logits.reshape([rows, case.config.vocabulary]);
    let targets: Vec<i32> = batch.targets.iter().map(|&t| t as i32).collect();
    let targets = Tensor::<telar::nn::B, 1, Int>::from_data(TensorData::new(targets, [rows]), &device);
    let mask = batch.mask.clone().map(|mask| Tensor::from_data(TensorData::new(mask, [rows]), &device));
    let loss = loss::cross_entropy(logits, targets, mask);
    let value = telar::nn::host_values(loss.clone())[0];
    let gradients = loss.backward();
    let mut flat = Vec::new();
    for (gradient, parameter) in decoder.gradients(&gradients).into_iter().zip(&batch.weights.layout.parameters) {
        match gradient {
            Some(gradient) => flat.extend(gradient.host_values()),
            None => flat.extend(std::iter::repeat_n(0.0, parameter.range.len())),
        }
    }
    (value, flat)
}

fn slices(case: &Case, batch: &Batch, simd: Simd) -> (f32, Vec<f32>) {
    let mut decoder = SliceDecoder::with_simd(&case.config, case.batch, case.time, simd);
    let mut grads = vec![f32::NAN; batch.weights.len()];
    let mask = batch.mask.as_deref();
    let loss = decoder.loss_and_gradients(
        &batch.weights.data,
        &batch.ids,
        &batch.targets,
        mask,
        batch.dropout_seed,
        &mut grads,
    );
    (loss, grads)
}

/// The parameter whose gradients differ most, relative to its norm and a floor from the whole: its name and by how much.
fn furthest(batch: &Batch, found: &[f32], wanted: &[f32]) -> (String, f64) {
    let norm = |values: &[f32]| values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    let whole = norm(wanted);
    let differences = batch.weights.layout.parameters.iter().map(|parameter| {
        let (found, wanted) = (&found[parameter.range.clone()], &wanted[parameter.range.clone()]);
        let difference: Vec<f32> = found.iter().zip(wanted).map(|(a, b)| a - b).collect();
        (parameter.name.clone(), norm(&difference) / norm(wanted).max(whole * 0.1).max(1e-6))
    });
    differences.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

fn compare(case: &Case, batch: &Batch, found: &[f32], wanted: &[f32], tolerance: f64) -> Result<(), TestCaseError> {
    let (name, difference) = furthest(batch, found, wanted);
    prop_assert!(difference <= tolerance, "{name}: {difference} > {tolerance} in {case:?}");
    Ok(())
}

/// How far the gradients move when every weight moves by a few units in its last places: the least difference that two
/// correct ways of rounding can be asked for. Without the residual it may be large. Where a ReLU stands almost at 0 the
/// gradient has a step there, which one draw may miss and several do not.
fn sensitivity(case: &Case, batch: &Batch, wanted: &[f32]) -> f64 {
    let mut rng = Rng::new(case.seed ^ 1);
    let draws = (0..8).map(|draw| {
        let units = if draw % 2 == 0 { 4.0 } else { 16.0 };
        let mut data = batch.weights.data.clone();
        data.iter_mut().for_each(|value| *value *= 1.0 + units * f32::EPSILON * rng.normal_f32());
        let moved = Batch {
            weights: Weights { data, ..batch.weights.clone() },
            ids: batch.ids.clone(),
            targets: batch.targets.clone(),
            mask: batch.mask.clone(),
            dropout_seed: batch.dropout_seed,
        };
        furthest(batch, &graph(case, &moved).1, wanted).1
    });
    draws.fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn loss_and_gradients_are_those_of_the_graph(case in cases()) {
        let batch = batch(&case);
        let (want_loss, want) = graph(&case, &batch);
        let (loss, grads) = slices(&case, &batch, Simd::detect());
        prop_assert!((loss - want_loss).abs() <= 1e-4 * want_loss.abs().max(1e-2), "{loss} {want_loss} {case:?}");
        if furthest(&batch, &grads, &want).1 > 1e-4 {
            // Only a case that amplifies rounding itself, in the graph alone, may differ, and no more than that.
            compare(&case, &batch, &grads, &want, 4.0 * sensitivity(&case, &batch, &want))?;
        }
    }

    #[test]
    fn all_levels_of_vector_instructions_agree(mut case in cases()) {
        // Without the residual a norm may divide by almost nothing, and any rounding is amplified.
        case.config.residual = true;
        let batch = batch(&case);
        let (want_loss, want) = slices(&case, &batch, Simd::baseline());
        for simd in Simd::available() {
            let (loss, grads) = slices(&case, &batch, simd);
            prop_assert!((loss - want_loss).abs() <= 1e-5 * want_loss.abs().max(1.0), "{} {loss} {want_loss}", simd.name());
            compare(&case, &batch, &grads, &want, 1e-5)?;
        }
    }
}

/// A drawn case that once failed: small changes of its weights move its gradients as far as the two paths differ.
#[test]
fn a_case_that_amplifies_rounding_is_told_from_a_wrong_gradient() {
    let config = DecoderConfig {
        vocabulary: 151,
        context: 7,
        d_model: 48,
        n_heads: 6,
        n_kv_heads: 3,
        d_ff: 9,
        positions: Positions::Sinusoidal,
        norm: NormKind::RmsNorm,
        activation: Activation::Relu,
        windows: vec![Some(3), None],
        attn_out_bias: false,
        ff_bias: false,
        head_bias: true,
        residual: false,
        dropout: 0.3,
        ..nano()
    };
    let case = Case { config, batch: 3, time: 5, masked: false, seed: 152_172_730 };
    let (batch, want, sensitivity) = told_apart(&case);
    // A gradient that is wrong by one part in a hundred is found all the same.
    let wrong: Vec<f32> = want.iter().map(|value| value * 1.01).collect();
    assert!(furthest(&batch, &wrong, &want).1 > 4.0 * sensitivity);
}

/// Another one: a single unit of a ReLU stands so near to 0 that the two paths put it on different sides.
#[test]
fn a_relu_at_its_corner_is_no_wrong_gradient() {
    let config = DecoderConfig {
        vocabulary: 204,
        context: 47,
        d_model: 54,
        n_layers: 3,
        n_heads: 6,
        n_kv_heads: 2,
        d_ff: 13,
        positions: Positions::None,
        norm: NormKind::RmsNorm,
        norm_place: NormPlace::Post,
        activation: Activation::Relu,
        windows: vec![None, None, None],
        attn_out_bias: false,
        ff_bias: false,
        head_bias: true,
        residual: false,
        dropout: 0.0,
        ..nano()
    };
    told_apart(&Case { config, batch: 3, time: 45, masked: false, seed: 1_067_039_083 });
}

/// A case whose two gradients differ, and no further than rounding moves them: batch, gradients of the graph, sensitivity.
fn told_apart(case: &Case) -> (Batch, Vec<f32>, f64) {
    let batch = batch(case);
    let (_, want) = graph(case, &batch);
    let (_, grads) = slices(case, &batch, Simd::detect());
    let difference = furthest(&batch, &grads, &want).1;
    let sensitivity = sensitivity(case, &batch, &want);
    println!("difference {difference:.2e}, sensitivity {sensitivity:.2e}");
    assert!(sensitivity > 2e-5 && difference <= 4.0 * sensitivity, "{difference} {sensitivity}");
    (batch, want, sensitivity)
}

fn nano() -> DecoderConfig {
    DecoderConfig {
        vocabulary: 301,
        context: 48,
        d_model: 96,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: 2,
        d_ff: 200,
        positions: Positions::Rotary,
        rotary_base: 10_000.0,
        rotary_scaling: RotaryScaling::None,
        norm: NormKind::LayerNorm,
        norm_place: NormPlace::Pre,
        norm_eps: 1e-5,
        final_norm: true,
        activation: Activation::Gelu,
        causal: true,
        windows: vec![],
        scale_scores: true,
        qkv_bias: true,
        attn_out_bias: true,
        ff_bias: true,
        head: Head::Tied,
        head_bias: false,
        residual: true,
        dropout: 0.1,
        init: Init::Gpt2,
    }
}

/// `steps` steps of Adam on one batch: every loss and the last weights.
fn train(threads: usize, steps: u64) -> (Vec<f32>, Vec<f32>) {
    let case = Case { config: nano(), batch: 14, time: 45, masked: false, seed: 5 };
    let data = batch(&case);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut weights = Weights::init(&case.config, 3).unwrap().data;
        let (mut m, mut v) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
        let mut grads = vec![0.0; weights.len()];
        let mut decoder = SliceDecoder::new(&case.config, case.batch, case.time);
        let losses = (1..=steps)
            .map(|time| {
                let loss = decoder.loss_and_gradients(&weights, &data.ids, &data.targets, None, Some(time), &mut grads);
                let step = AdamStep {
                    lr: 1e-3,
                    beta1: 0.9,
                    beta2: 0.99,
                    eps: 1e-8,
                    weight_decay: 0.0,
                    time,
                    gradient_scale: 1.0,
                };
                let step = step.clipped(telar::kernels::global_norm(&grads), 1.0);
                adam(&mut weights, &grads, &mut m, &mut v, &[], &step);
                loss
            })
            .collect();
        (losses, weights)
    })
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    let (losses, weights) = train(1, 200);
    assert!(losses[199] < losses[0] - 2.0, "{losses:?}");
    for threads in [2, 3] {
        let (other_losses, other_weights) = train(threads, 200);
        assert!(losses == other_losses && weights == other_weights, "{threads} threads differ");
    }
}

#[test]
fn what_is_not_finite_is_not_hidden() {
    let case = Case { config: nano(), batch: 2, time: 9, masked: false, seed: 1 };
    for (name, value) in [
        ("embed.weight", f32::NAN),
        ("blocks.0.ff.up.weight", f32::NAN),
        ("blocks.1.attn.qkv.weight", f32::INFINITY),
        ("blocks.1.ff.down.bias", f32::NAN),
        ("norm.weight", f32::INFINITY),
    ] {
        let mut data = batch(&case);
        let range = data.weights.layout.find(name).unwrap().1.range.clone();
        data.weights.data[range].fill(value);
        for simd in Simd::available() {
            let (loss, grads) = slices(&case, &data, simd);
            assert!(!loss.is_finite(), "{name} = {value}: {loss} at {}", simd.name());
            assert!(grads.iter().any(|g| !g.is_finite()));
        }
    }
}

#[test]
fn the_loss_alone_is_the_same_number() {
    let case = Case { config: DecoderConfig { dropout: 0.0, ..nano() }, batch: 3, time: 17, masked: true, seed: 9 };
    let data = batch(&case);
    let (loss, _) = slices(&case, &data, Simd::detect());
    let mut decoder = SliceDecoder::new(&case.config, case.batch, case.time);
    let alone = decoder.loss(&data.weights.data, &data.ids, &data.targets, data.mask.as_deref());
    assert_eq!(loss, alone);
}

/// One vector of parameters as a module of Burn.
#[derive(burn::module::Module, Debug)]
struct Vector<B: burn::tensor::backend::Backend> {
    values: burn::module::Param<burn::tensor::Tensor<B, 1>>,
}

#[test]
fn adam_with_decay_is_the_one_of_burn() {
    use burn::module::Param;
    use burn::optim::{AdamWConfig, GradientsParams, Optimizer};
    use burn::tensor::{Tensor, TensorData};
    let device = Device::autodiff(cpu());
    let mut rng = Rng::new(4);
    let mut values: Vec<f32> = (0..1_000).map(|_| rng.normal_f32()).collect();
    let tensor = |values: &[f32]| -> Tensor<telar::nn::B, 1> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &device)
    };
    let mut module = Vector { values: Param::from_tensor(tensor(&values)) };
    let config = AdamWConfig::new().with_beta_1(0.9).with_beta_2(0.99).with_epsilon(1e-8).with_weight_decay(0.1);
    let mut optimizer = config.init();
    let (mut m, mut v) = (vec![0.0; values.len()], vec![0.0; values.len()]);
    for time in 1..=10 {
        let grads: Vec<f32> = (0..values.len()).map(|_| rng.normal_f32()).collect();
        let loss = (module.values.val() * tensor(&grads)).sum();
        let gradients = GradientsParams::from_grads(loss.backward(), &module);
        module = optimizer.step(0.02, module, gradients);
        let step =
            AdamStep { lr: 0.02, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.1, time, gradient_scale: 1.0 };
        let halves = [0..500, 500..values.len()];
        adam(&mut values, &grads, &mut m, &mut v, &halves, &step);
    }
    let wanted = telar::nn::host_values(module.values.val());
    for (found, wanted) in values.iter().zip(wanted) {
        assert!((found - wanted).abs() <= 1e-5 * wanted.abs().max(0.1), "{found} {wanted}");
    }
}
