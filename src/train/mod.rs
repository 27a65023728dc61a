//! Training: presets, batches, the step, checkpoints and runs.

pub mod batches;
mod checkpoint;
mod drive;
mod error;
mod presets;
pub mod recall;
pub mod runs;
mod sample;
mod schedule;
pub mod skip_gram;
pub mod stepper;
pub mod text;
mod trainer;

pub use drive::{Directive, Report, drive};
pub use error::TrainError;
pub use schedule::learning_rate;
pub use trainer::{On, Trainer};

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::CorpusRef;

/// A named set of defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The tutorial's model, to the letter.
    Tutorial,
    /// Character level: minutes on two CPU cores.
    Char,
    /// GPT-2 architecture on a BPE of its own.
    Nano,
    /// RMS norm, rotary positions, SwiGLU.
    MiniLlama,
}

/// What to train. Everything that a preset leaves open has a value here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSpec {
    /// Where the defaults come from.
    pub preset: Preset,
    /// The text.
    pub corpus: CorpusRef,
    /// Settings of the run.
    pub settings: TrainSettings,
    /// The run's folder; `None` puts it under the data directory.
    pub out: Option<PathBuf>,
}

/// How text becomes tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenizerKind {
    /// Split on white space; one id a different word.
    Words,
    /// One id a Unicode character.
    Characters,
    /// Byte-level BPE trained on the corpus, with this many pieces.
    Bpe(usize),
}

/// Which optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// Adam (Kingma & Ba 2015).
    Adam,
    /// Adam with decoupled weight decay on matrices (Loshchilov & Hutter 2019).
    AdamW,
}

/// In which order windows of the text become batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataOrder {
    /// The tutorial's: windows of context + 1 without overlap, cycled through a shuffle buffer of ten batches.
    ShuffleBuffer,
    /// Windows at positions drawn uniformly (nanoGPT).
    RandomWindows,
}

/// All numbers of a training run; every one can be set by `--set key=value` with its field name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainSettings {
    /// The model, with the vocabulary left 0 until the tokenizer is known.
    pub model: crate::nn::DecoderConfig,
    /// How text becomes tokens.
    pub tokenizer: TokenizerKind,
    /// In which order the text is read.
    pub data_order: DataOrder,
    /// Sequences a step.
    pub batch_size: usize,
    /// Tokens a sequence; at most `model.context`.
    pub context: usize,
    /// Steps in all.
    pub steps: u64,
    /// Which optimizer.
    pub optimizer: OptimizerKind,
    /// Peak learning rate.
    pub lr: f64,
    /// Steps of linear warm-up; 0 for none.
    pub warmup: u64,
    /// Learning rate at the end of the cosine, as a share of `lr`; 1 keeps it constant.
    pub lr_final: f64,
    /// First Adam coefficient.
    pub beta1: f64,
    /// Second Adam coefficient.
    pub beta2: f64,
    /// Adam's ε.
    pub eps: f64,
    /// Decoupled weight decay on matrices.
    pub weight_decay: f64,
    /// Largest global norm of the gradient; 0 is off.
    pub clip: f64,
    /// Share of the text, at its end, that is never trained on; 0 for none.
    pub held_out: f64,
    /// A metrics line every so many steps.
    pub log_every: u64,
    /// The held-out loss every so many steps; 0 is never.
    pub eval_every: u64,
    /// A text sample every so many steps; 0 is never.
    pub sample_every: u64,
    /// A checkpoint every so many steps; 0 is only at the end.
    pub checkpoint_every: u64,
    /// Seed of weights, data order, dropout and samples.
    pub seed: u64,
}

/// One point of the curve: the mean since the point before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// Steps made.
    pub step: u64,
    /// Mean training loss of the steps since the point before, nats a token.
    pub loss: f32,
    /// Held-out loss at this step, where it was measured.
    pub val_loss: Option<f32>,
    /// Learning rate of this step.
    pub lr: f64,
    /// Global norm of this step's gradient, before clipping.
    pub grad_norm: f32,
    /// Tokens a second since the point before.
    pub tokens_per_s: f64,
    /// Seconds of training since the run began.
    pub seconds: f64,
}

/// Why a training job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All steps were made.
    Finished,
    /// The person stopped it.
    Stopped,
    /// The loss was no longer a finite number.
    Diverged,
}

/// A run as the list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its folder's name.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// What was trained.
    pub spec: TrainSpec,
    /// Number of trained values.
    pub parameters: usize,
    /// Number of different tokens.
    pub vocabulary: usize,
    /// Tokens in the training text.
    pub tokens: usize,
    /// Device id it was trained on.
    pub device: String,
    /// Steps made so far, by the last checkpoint.
    pub step: u64,
    /// Last training loss.
    pub loss: Option<f32>,
    /// Last held-out loss.
    pub val_loss: Option<f32>,
    /// Why it ended, if it did.
    pub ended: Option<EndReason>,
}
