//! Does the decoder compute what PyTorch computes? Logits, masked loss and the gradients of all parameters for every
//! choice of a configuration, against fixtures that `tests/fixtures/decoder/make.py` writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use burn::tensor::{Int, Tensor, TensorData};
use safetensors::SafeTensors;
use telar::nn::attention::attend;
use telar::nn::{
    B, Decoder, DecoderConfig, Device, KvCache, NoProbe, Positions, Recorder, Site, Weights, cpu, host_values, loss,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/decoder")
}

/// One fixture file.
struct Fixture {
    name: String,
    bytes: Vec<u8>,
}

impl Fixture {
    fn open(name: &str) -> Self {
        let path = folder().join(format!("{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name: name.to_owned(), bytes }
    }

    fn four_bytes<T>(&self, name: &str, convert: fn([u8; 4]) -> T) -> (Vec<usize>, Vec<T>) {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let view = tensors.tensor(name).unwrap_or_else(|error| panic!("{}: {name}: {error}", self.name));
        (view.shape().to_vec(), view.data().chunks_exact(4).map(|b| convert([b[0], b[1], b[2], b[3]])).collect())
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        self.four_bytes(name, f32::from_le_bytes).1
    }

    fn ids(&self, name: &str) -> Vec<u32> {
        self.four_bytes(name, u32::from_le_bytes).1
    }

    fn config(&self) -> DecoderConfig {
        let (_, metadata) = SafeTensors::read_metadata(&self.bytes).unwrap();
        serde_json::from_str(&metadata.metadata().as_ref().unwrap()["config"]).unwrap()
    }

    /// The weights; fails if the names or shapes differ from our layout.
    fn weights(&self) -> Weights {
        let mut weights = Weights::zeros(&self.config()).unwrap();
        let names: BTreeSet<String> = SafeTensors::deserialize(&self.bytes)
            .unwrap()
            .names()
            .iter()
            .filter_map(|name| name.strip_prefix("weights.").map(str::to_owned))
            .collect();
        let ours: BTreeSet<String> = weights.layout.parameters.iter().map(|p| p.name.clone()).collect();
        assert_eq!(names, ours, "{}", self.name);
        for index in 0..ours.len() {
            let spec = weights.layout.parameters[index].clone();
            let (shape, values) = self.four_bytes(&format!("weights.{}", spec.name), f32::from_le_bytes);
            assert_eq!(shape, spec.shape, "{}: {}", self.name, spec.name);
            weights.parameter_mut(index).copy_from_slice(&values);
        }
        weights
    }
}

/// Fails unless |found − expected| ≤ 1e-4·(1 + |expected|) everywhere.
fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: length");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= 1e-4 * (1.0 + e.abs()), "{what}: element {i} is {f}, expected {e}");
    }
}

fn int_row(ids: &[u32], device: &Device) -> Tensor<B, 1, Int> {
    let values: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
    Tensor::from_data(TensorData::new(values, [ids.len()]), device)
}

fn row(values: Vec<f32>, device: &Device) -> Tensor<B, 1> {
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), device)
}

/// Every fixture that holds a model.
fn models() -> Vec<Fixture> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".safetensors").map(str::to_owned)
        })
        .filter(|name| !["cross_entropy", "worked_example"].contains(&name.as_str()))
        .collect();
    names.sort();
    assert!(names.len() >= 33, "fixtures are missing: {names:?}");
    names.iter().map(|name| Fixture::open(name)).collect()
}

#[test]
fn logits_loss_and_gradients_are_pytorchs_for_every_configuration() {
    for fixture in models() {
        let name = &fixture.name;
        let decoder = Decoder::from_weights(&fixture.weights(), &Device::autodiff(cpu()));
        let ids = fixture.ids("ids");
        let logits = decoder.forward(decoder.ids(&ids, 2), &mut NoProbe);
        assert_close(&host_values(logits.clone()), &fixture.floats("logits"), &format!("{name}: logits"));

        let device = decoder.device();
        let logits = logits.reshape([ids.len(), decoder.config().vocabulary]);
        let mask = row(fixture.floats("mask"), device);
        let loss = loss::cross_entropy(logits, int_row(&fixture.ids("targets"), device), Some(mask));
        assert_close(&host_values(loss.clone()), &fixture.floats("loss"), &format!("{name}: loss"));

        let gradients = decoder.gradients(&loss.backward());
        for (spec, gradient) in decoder.layout().parameters.iter().zip(gradients) {
            let expected = fixture.floats(&format!("gradients.{}", spec.name));
            let found = gradient.map_or_else(|| vec![0.0; expected.len()], |g| g.host_values());
            assert_close(&found, &expected, &format!("{name}: gradient of {}", spec.name));
        }
    }
}

#[test]
fn cached_decoding_gives_pytorchs_logits() {
    for fixture in models() {
        let config = fixture.config();
        if !config.causal {
            continue;
        }
        let decoder = Decoder::from_weights(&fixture.weights(), &cpu());
        let (ids, logits) = (fixture.ids("ids"), fixture.floats("logits"));
        let mut cache = KvCache::new(&config, config.context, &cpu());
        for (sequence, expected) in ids.chunks(7).zip(logits.chunks(7 * config.vocabulary)) {
            cache.clear();
            decoder.decode(&sequence[..3], &mut cache);
            for (i, &id) in sequence.iter().enumerate().skip(3) {
                let expected = &expected[i * config.vocabulary..(i + 1) * config.vocabulary];
                let found = decoder.decode(&[id], &mut cache);
                assert_close(&found, expected, &format!("{}: cached, token {i}", fixture.name));
            }
        }
    }
}

#[test]
fn rows_of_attention_sum_to_one_and_the_future_is_exactly_zero() {
    for fixture in models() {
        let config = fixture.config();
        let decoder = Decoder::from_weights(&fixture.weights(), &cpu());
        let mut recorder = Recorder::new(|site| matches!(site, Site::Weights(_)));
        decoder.forward(decoder.ids(&fixture.ids("ids"), 2), &mut recorder);
        for layer in 0..config.n_layers {
            let seen = &recorder.seen[&Site::Weights(layer)];
            assert_eq!(seen.shape, [2, config.n_heads, 7, 7]);
            for (index, weights) in seen.values.chunks(7).enumerate() {
                assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                let future = if config.causal { &weights[index % 7 + 1..] } else { &[] };
                assert!(future.iter().all(|&w| w == 0.0), "{}: {weights:?}", fixture.name);
            }
        }
    }
}

/// The same values wherever a probe looks, and none where it does not.
#[test]
fn a_probe_sees_every_site_it_wants_and_changes_nothing() {
    let fixture = Fixture::open("gpt2");
    let decoder = Decoder::from_weights(&fixture.weights(), &cpu());
    let mut recorder = Recorder::new(|_| true);
    let ids = fixture.ids("ids");
    let logits = host_values(decoder.forward(decoder.ids(&ids, 2), &mut recorder));
    assert_close(&logits, &fixture.floats("logits"), "logits under a probe");
    assert_eq!(recorder.seen.len(), 4 + 2 * 11);
    assert_eq!(recorder.seen[&Site::Logits].values, logits);
    assert_eq!(recorder.seen[&Site::FeedForward(1)].shape, [2, 7, 48]);
    assert_eq!(recorder.seen[&Site::Query(0)].shape, [2, 2, 7, 6]);
    // Scores, scaled and masked scores and weights belong together.
    let (scores, scaled) = (&recorder.seen[&Site::Scores(1)].values, &recorder.seen[&Site::Scaled(1)].values);
    let expected: Vec<f32> = scores.iter().map(|s| s / 6f32.sqrt()).collect();
    assert_close(scaled, &expected, "scaled scores");
    let masked = &recorder.seen[&Site::Masked(1)].values;
    let weights = &recorder.seen[&Site::Weights(1)].values;
    for (masked, weights) in masked.chunks(7).zip(weights.chunks(7)) {
        let sum: f32 = masked.iter().map(|s| s.exp()).sum();
        let expected: Vec<f32> = masked.iter().map(|s| s.exp() / sum).collect();
        assert_close(weights, &expected, "softmax of the masked scores");
    }
}

#[test]
fn the_worked_example_of_dot_product_attention() {
    let fixture = Fixture::open("worked_example");
    let x = Tensor::<B, 4>::from_data(TensorData::new(fixture.floats("x"), [1, 1, 2, 2]), &cpu());
    for (name, scale) in [("plain", 1.0), ("scaled", 0.5f32.sqrt())] {
        let mut recorder = Recorder::new(|site| site == Site::Weights(0));
        let context = host_values(attend(x.clone(), x.clone(), x.clone(), scale, None, 0, &mut recorder));
        let weights = &recorder.seen[&Site::Weights(0)].values;
        for (found, part) in [(weights, "weights"), (&context, "context")] {
            for (f, e) in found.iter().zip(fixture.floats(&format!("{name}.{part}"))) {
                assert!((f - e).abs() <= 1e-7 + 1e-5 * e.abs(), "{name} {part}: {f} instead of {e}");
            }
        }
        if name == "plain" {
            // As the course prints them, to seven places.
            let printed = [0.9567678, 0.0432322, 0.0012103, 0.9987897, 0.1114412, 0.9529026, -1.5571996, -1.5321486];
            for (f, e) in weights.iter().chain(&context).zip(printed) {
                assert!((f - e).abs() <= 3e-7, "{f} instead of {e}");
            }
        }
    }
}

#[test]
fn cross_entropy_leaves_padding_out() {
    let fixture = Fixture::open("cross_entropy");
    let device = Device::autodiff(cpu());
    let logits =
        || Tensor::<B, 2>::from_data(TensorData::new(fixture.floats("logits"), [15, 7]), &device).require_grad();
    let targets = int_row(&fixture.ids("targets"), &device);
    let leaf = logits();
    let masked = loss::cross_entropy(leaf.clone(), targets.clone(), Some(row(fixture.floats("mask"), &device)));
    assert_close(&host_values(masked.clone()), &fixture.floats("loss"), "masked loss");
    let gradient = leaf.grad(&masked.backward()).unwrap();
    assert_close(&host_values(gradient), &fixture.floats("gradient"), "gradient of the masked loss");
    let plain = loss::cross_entropy(logits(), targets.clone(), None);
    assert_close(&host_values(plain), &fixture.floats("unmasked"), "loss without a mask");
    let nothing = loss::cross_entropy(logits(), targets, Some(row(vec![0.0; 15], &device)));
    assert_eq!(host_values(nothing), [0.0]);
}

/// «I am happy» and «Am I happy»: without positions and mask a model cannot tell them apart; with either it can.
#[test]
fn without_positions_and_mask_outputs_are_permuted_with_their_inputs() {
    let fixture = Fixture::open("full");
    let run = |config: DecoderConfig, ids: &[u32]| {
        let weights = Weights { config: config.into(), ..fixture.weights() };
        let decoder = Decoder::from_weights(&weights, &cpu());
        host_values(decoder.forward(decoder.ids(ids, 1), &mut NoProbe))
    };
    let swapped = |mut logits: Vec<f32>| {
        let (a, b) = logits.split_at_mut(13);
        a.swap_with_slice(&mut b[..13]);
        logits
    };
    let config = fixture.config();
    let (one, other) = (run(config.clone(), &[4, 9, 2]), run(config.clone(), &[9, 4, 2]));
    assert_close(&swapped(other), &one, "swapped words");
    let far = |config: DecoderConfig| {
        let (one, other) = (run(config.clone(), &[4, 9, 2]), swapped(run(config, &[9, 4, 2])));
        one.iter().zip(&other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    assert!(far(DecoderConfig { positions: Positions::Sinusoidal, ..config.clone() }) > 1e-2);
    assert!(far(DecoderConfig { causal: true, ..config }) > 1e-2);
}
