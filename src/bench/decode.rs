//! Reading and writing with models of GPT-2's shapes, weights as they were drawn: tokens a second while continuing a text,
//! and seconds until a prompt has been read.

use std::time::Instant;

use super::BenchError;
use crate::engine::guard::guard;
use crate::generate::SamplingOptions;
use crate::generate::sampling::sample;
use crate::kernels::{Storage, heap};
use crate::nn::{Decoder, DecoderConfig, Device, LanguageModel, Rng, SliceReader, Weights};
use crate::train::Preset;

/// Tokens of the prompt that is continued, and of the text in the end.
const CONTINUED: (usize, usize) = (64, 192);

/// Tokens of the prompt that is only read.
const PROMPT: usize = 512;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Tokens a second, from 64 tokens to 192, sampling included.
    Decode,
    /// Seconds to the logits after a prompt of 512 tokens.
    Prefill,
}

/// The shape and the work that a name stands for.
pub(super) fn parse(work: &str) -> Option<(Work, DecoderConfig)> {
    let (work, model) = work.split_once('/')?;
    let work = match work {
        "decode" => Work::Decode,
        "prefill" => Work::Prefill,
        _ => return None,
    };
    let (d_model, n_layers, n_heads) = match model {
        "gpt2" => (768, 12, 12),
        "gpt2-medium" => (1024, 24, 16),
        _ => return None,
    };
    Some((work, gpt2(d_model, n_layers, n_heads)))
}

/// GPT-2 (Radford et al. 2019).
pub(super) fn gpt2(d_model: usize, n_layers: usize, n_heads: usize) -> DecoderConfig {
    // The preset `nano` is GPT-2 in small.
    DecoderConfig {
        vocabulary: 50_257,
        context: 1024,
        d_model,
        n_layers,
        n_heads,
        n_kv_heads: n_heads,
        d_ff: 4 * d_model,
        dropout: 0.0,
        ..Preset::Nano.settings().model
    }
}

/// What was measured: the samples, the bytes that the weights take, and the most that the process had in memory while it
/// wrote.
pub(super) struct Measured {
    pub samples: Vec<f64>,
    pub weight_bytes: Option<u64>,
    pub resident_bytes: Option<u64>,
}

/// Measures so many runs.
pub(super) fn measure(
    work: Work,
    config: &DecoderConfig,
    device: &Device,
    storage: Storage,
    samples: usize,
) -> Result<Measured, BenchError> {
    let weights = Weights::init(config, 1)?;
    let run = move || {
        if matches!(device, Device::Flex(_)) {
            let reader = SliceReader::new(&weights, storage);
            drop(weights);
            heap::give_back();
            let weight_bytes = Some(reader.bytes() as u64);
            Measured { weight_bytes, ..measure_model(work, &reader, samples) }
        } else {
            let decoder = Decoder::from_weights(&weights, device);
            drop(weights);
            measure_model(work, &decoder, samples)
        }
    };
    guard(run).map_err(BenchError::Failed)
}

fn measure_model(work: Work, model: &dyn LanguageModel, samples: usize) -> Measured {
    let run = || match work {
        Work::Decode => decode(model),
        Work::Prefill => prefill(model),
    };
    run();
    let samples = (0..samples).map(|_| run()).collect();
    Measured { samples, weight_bytes: None, resident_bytes: super::resident_bytes() }
}

fn decode(model: &dyn LanguageModel) -> f64 {
    let (prompt, length) = CONTINUED;
    let mut rng = Rng::new(1);
    let mut ids = tokens(prompt, model.config().vocabulary, &mut rng);
    let mut text = model.begin(length);
    let mut logits = text.read(&ids);
    let options = SamplingOptions::default();
    let start = Instant::now();
    while ids.len() < length {
        ids.push(sample(&logits, &ids, &options, &mut rng));
        logits = text.read(&ids[ids.len() - 1..]);
    }
    let seconds = start.elapsed().as_secs_f64();
    drop(text);
    // As the engine does after each text: the keys and values are not held twice when the next one begins.
    heap::give_back();
    (length - prompt) as f64 / seconds
}

fn prefill(model: &dyn LanguageModel) -> f64 {
    let ids = tokens(PROMPT, model.config().vocabulary, &mut Rng::new(1));
    let start = Instant::now();
    model.begin(PROMPT).read(&ids);
    start.elapsed().as_secs_f64()
}

fn tokens(count: usize, vocabulary: usize, rng: &mut Rng) -> Vec<u32> {
    (0..count).map(|_| rng.below(vocabulary) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::WORKS;
    use crate::nn::Layout;

    #[test]
    fn the_shapes_are_gpt_2s() {
        let parameters = |work| Layout::new(&parse(work).unwrap().1).len();
        assert_eq!(parameters("decode/gpt2"), 124_439_808);
        assert_eq!(parameters("decode/gpt2-medium"), 354_823_168);
        assert_eq!(parse("prefill/gpt2").unwrap().0, Work::Prefill);
        assert!(["decode", "decode/gpt3", "train/gpt2"].iter().all(|work| parse(work).is_none()));
        assert!(WORKS.iter().filter(|work| work.contains("gpt2")).all(|work| parse(work).is_some()));
    }

    #[test]
    fn a_small_model_is_measured() {
        let config = DecoderConfig { vocabulary: 300, ..gpt2(48, 2, 4) };
        for (work, storage) in [(Work::Decode, Storage::Q8), (Work::Prefill, Storage::F16)] {
            let measured = measure(work, &config, &crate::nn::cpu(), storage, 2).unwrap();
            assert!(measured.samples.len() == 2 && measured.samples.iter().all(|&sample| sample > 0.0));
            assert!(measured.weight_bytes.unwrap() < 4 * Layout::new(&config).len() as u64);
        }
    }
}
