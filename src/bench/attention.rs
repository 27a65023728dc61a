//! Seconds of one pass in which the attention of all layers and heads is kept, as the viewer asks for it.

use std::time::Instant;

use super::BenchError;
use crate::data::Home;
use crate::engine::guard::guard;
use crate::engine::runner::Runner;
use crate::hub::{self, BUILTIN, ModelRef};
use crate::kernels::Storage;
use crate::nn::{DecoderConfig, Device, Rng, Weights};

/// Tokens of the text that a model of GPT-2's shape looks at, and one of a shipped model's.
const TOKENS: (usize, usize) = (256, 512);

/// The shape and the number of tokens that a name stands for.
pub(super) fn parse(work: &str) -> Option<Result<(DecoderConfig, usize), BenchError>> {
    match work {
        "attention/capture" => Some(Ok((super::decode::gpt2(768, 12, 12), TOKENS.0))),
        "attention/shipped" => Some(largest_shipped().map(|config| (config, TOKENS.1))),
        _ => None,
    }
}

/// The shape of the largest shipped model, for a text longer than it was trained on.
fn largest_shipped() -> Result<DecoderConfig, BenchError> {
    let home = Home::at(".");
    let load = |name: &str| hub::load(&ModelRef::Builtin(name.to_owned()), &home).map(|loaded| loaded.weights);
    let mut largest = load(BUILTIN[0])?;
    for name in &BUILTIN[1..] {
        let weights = load(name)?;
        if weights.len() > largest.len() {
            largest = weights;
        }
    }
    Ok(DecoderConfig { context: TOKENS.1, ..DecoderConfig::clone(&largest.config) })
}

/// Measures so many passes after one that fills the caches.
pub(super) fn measure(
    config: &DecoderConfig,
    tokens: usize,
    device: &Device,
    storage: Storage,
    samples: usize,
) -> Result<Vec<f64>, BenchError> {
    let weights = Weights::init(config, 1)?;
    let run = || {
        let runner = Runner::new(&weights, device, storage);
        let mut rng = Rng::new(1);
        let ids: Vec<u32> = (0..tokens).map(|_| rng.below(config.vocabulary) as u32).collect();
        let pass = || {
            let start = Instant::now();
            runner.attention(&ids);
            start.elapsed().as_secs_f64()
        };
        pass();
        (0..samples).map(|_| pass()).collect()
    };
    guard(run).map_err(BenchError::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipped_models_shape_reads_the_longer_text() {
        let (config, tokens) = parse("attention/shipped").unwrap().unwrap();
        assert!(config.context >= tokens && tokens == 512);
        assert!(parse("attention/gigantic").is_none());
        let small = DecoderConfig { n_layers: 1, ..config };
        let samples = measure(&small, 9, &crate::nn::cpu(), Storage::F32, 2).unwrap();
        assert!(samples.len() == 2 && samples.iter().all(|&seconds| seconds > 0.0));
    }
}
