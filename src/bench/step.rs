//! One full training step: forward, loss, backward, Adam. On the CPU over plain slices, on a GPU the graph, as `telar
//! train` makes it.

use std::time::Instant;

use cpu_time::ProcessTime;

use super::BenchError;
use crate::engine::guard::guard;
use crate::nn::{Device, Rng, Weights};
use crate::train::batches::Batch;
use crate::train::stepper::{StepSettings, Stepper};
use crate::train::{OptimizerKind, Preset, TrainSettings};

/// The preset whose step a work's name asks for.
pub(super) fn preset(work: &str) -> Option<Preset> {
    [Preset::Tutorial, Preset::Nano, Preset::Char]
        .into_iter()
        .find(|preset| work.strip_prefix("train/") == Some(preset.name()))
}

/// Seconds of each step on one batch of random tokens, and the cores that were busy meanwhile (seconds of processor time
/// in a second), where the system tells.
pub(super) fn measure(
    preset: Preset,
    device: &Device,
    warm_up: usize,
    samples: usize,
) -> Result<(Vec<f64>, Option<f64>), BenchError> {
    let settings = settings(preset);
    let weights = Weights::init(&settings.model, settings.seed)?;
    let mut rng = Rng::new(settings.seed);
    let batch = batch(&settings, &mut rng);
    let numbers = StepSettings { lr: settings.lr, dropout_seed: 0 };
    let steps = || {
        let mut stepper = Stepper::new(weights, None, &settings, device, 0);
        let mut step = || {
            let start = Instant::now();
            stepper.step(&batch, &settings, &numbers);
            // Waits for a GPU, as reading the loss does on the other side.
            stepper.tally();
            start.elapsed().as_secs_f64()
        };
        for _ in 0..warm_up {
            step();
        }
        let begin = ProcessTime::try_now().ok();
        let samples: Vec<f64> = (0..samples).map(|_| step()).collect();
        let cpu = begin.and_then(|begin| begin.try_elapsed().ok());
        let busy = cpu.map(|cpu| cpu.as_secs_f64() / samples.iter().sum::<f64>());
        (samples, busy)
    };
    guard(steps).map_err(BenchError::Failed)
}

/// The preset's shapes with what both sides have: plain Adam, no dropout, no clipping, and a vocabulary of the size that
/// the preset's corpus gives it.
fn settings(preset: Preset) -> TrainSettings {
    let mut settings = preset.settings();
    settings.model.vocabulary = match preset {
        Preset::Tutorial => 25_670,
        Preset::Char => 65,
        Preset::Nano | Preset::MiniLlama => 512,
    };
    settings.model.dropout = 0.0;
    TrainSettings { optimizer: OptimizerKind::Adam, weight_decay: 0.0, clip: 0.0, lr: 1e-3, ..settings }
}

fn batch(settings: &TrainSettings, rng: &mut Rng) -> Batch {
    let mut ids = || {
        let tokens = settings.batch_size * settings.context;
        (0..tokens).map(|_| rng.below(settings.model.vocabulary) as u32).collect()
    };
    Batch { ids: ids(), targets: ids() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::WORKS;
    use crate::nn::Layout;

    #[test]
    fn the_shapes_are_those_of_the_other_side() {
        let parameters = |work| Layout::new(&settings(preset(work).unwrap()).model).len();
        assert_eq!(parameters("train/tutorial"), 6_729_670);
        let gpt = |vocabulary: usize, time: usize, d: usize, layers: usize| {
            // Embeddings and positions; each block's two norms, q/k/v, output and feed-forward network; the last norm.
            (vocabulary + time) * d
                + layers * (4 * d + (d + 1) * 3 * d + (d + 1) * d + (d + 1) * 4 * d + (4 * d + 1) * d)
                + 2 * d
        };
        assert_eq!(parameters("train/nano"), gpt(512, 128, 256, 6));
        assert_eq!(parameters("train/char"), gpt(65, 64, 128, 4));
        let steps = WORKS.iter().filter(|work| work.starts_with("train/"));
        assert!(steps.map(|work| preset(work)).all(|preset| preset.is_some()) && preset("char").is_none());
    }
}
