//! One run: text, model, optimizer, its place in the data, and its folder.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::batches::{self, Batch, Batches};
use super::checkpoint::{self, Checkpoint, State};
use super::stepper::{StepSettings, Stepper, Tally};
use super::text::{TokenText, fingerprint};
use super::{EndReason, MetricPoint, RunSummary, TrainError, TrainSpec, learning_rate, runs};
use crate::data::statistics::uniform_loss;
use crate::data::{self, CorpusRef, Home};
use crate::hub::Loaded;
use crate::nn::{Device, Rng, Weights};
use crate::text::Tokenizer;

/// Most batches of held-out text on which the loss is measured while training.
const HELD_OUT_BATCHES: usize = 20;

/// A loss of this many times ln V does not come back: with a learning rate of 10, Adam's steps stay finite for long while
/// the logits grow into the thousands.
const HOPELESS: f64 = 20.0;

/// Stream of the seed for dropout.
const DROPOUT_STREAM: u64 = 1 << 41;

/// On which device a run trains.
#[derive(Clone, Debug)]
pub struct On {
    /// For tensors.
    pub device: Device,
    /// `cpu`, `cuda:0`, …
    pub id: String,
}

/// A run in progress.
pub struct Trainer {
    summary: RunSummary,
    folder: PathBuf,
    on: On,
    tokenizer: Tokenizer,
    language: Option<String>,
    text: Vec<u32>,
    text_fingerprint: String,
    held_out: (usize, Vec<Batch>),
    batches: Batches,
    stepper: Stepper,
    step: u64,
    seconds: f64,
    /// Seconds that the steps since the last point took.
    lap: f64,
}

impl Trainer {
    /// Begins a run: reads the text, makes the tokenizer, draws the weights, and makes the run's folder.
    ///
    /// # Errors
    /// If the settings make no sense, the text cannot be used, or the folder cannot be written.
    pub fn begin(spec: TrainSpec, home: &Home, on: On) -> Result<Self, TrainError> {
        spec.settings.validate()?;
        let text = data::read(&spec.corpus, home)?;
        let tokens = TokenText::new(&text, &spec.settings)?;
        let mut spec = spec;
        spec.settings.model.vocabulary = tokens.tokenizer.vocabulary();
        let batches = Batches::new(&spec.settings, tokens.train.len())?;
        let weights = Weights::init(&spec.settings.model, spec.settings.seed)?;
        let (id, folder) = runs::create(spec.out.as_deref(), home)?;
        let summary = RunSummary {
            id,
            created: runs::now(),
            parameters: weights.len(),
            vocabulary: tokens.tokenizer.vocabulary(),
            tokens: tokens.train.len(),
            device: on.id.clone(),
            step: 0,
            loss: None,
            val_loss: None,
            ended: None,
            spec,
        };
        runs::write_summary(&folder, &summary)?;
        let stepper = Stepper::new(weights, None, &summary.spec.settings, &on.device, 0);
        Ok(Self::assemble(summary, folder, on, tokens, fingerprint(&text), batches, stepper))
    }

    /// Goes on with a run from its newest checkpoint that can be read; `steps` are those in all, where they change.
    ///
    /// # Errors
    /// If the folder holds no run or no such checkpoint, or its text is no longer the same.
    pub fn resume(folder: &Path, home: &Home, on: On, steps: Option<u64>) -> Result<Self, TrainError> {
        let mut summary = runs::read_summary(folder)?;
        let Checkpoint { model, moments, state } = checkpoint::read_newest(folder, &summary.id)?;
        let text = data::read(&summary.spec.corpus, home)?;
        let text_fingerprint = fingerprint(&text);
        if text_fingerprint != state.text {
            return Err(TrainError::OtherText(summary.id));
        }
        if let Some(steps) = steps {
            summary.spec.settings.steps = steps;
        }
        let settings = &summary.spec.settings;
        settings.validate()?;
        let tokens = TokenText::again(&text, settings, model.tokenizer)?;
        let mut batches = Batches::new(settings, tokens.train.len())?;
        batches.set_position(state.position);
        let mut stepper = Stepper::new(model.weights, Some(moments), settings, &on.device, state.step);
        stepper.set_tally(state.tally);
        let metrics = runs::rewind(folder, state.step)?;
        summary.ended = None;
        summary.device.clone_from(&on.id);
        summary.loss = metrics.last().map(|point| point.loss);
        summary.val_loss = metrics.iter().rev().find_map(|point| point.val_loss);
        runs::write_summary(folder, &summary)?;
        let mut trainer = Self::assemble(summary, folder.to_owned(), on, tokens, text_fingerprint, batches, stepper);
        trainer.step = state.step;
        trainer.seconds = state.seconds;
        Ok(trainer)
    }

    fn assemble(
        summary: RunSummary,
        folder: PathBuf,
        on: On,
        tokens: TokenText,
        text_fingerprint: String,
        batches: Batches,
        stepper: Stepper,
    ) -> Self {
        let settings = &summary.spec.settings;
        let held_out = batches::held_out(&tokens.held_out, settings.batch_size, settings.context, HELD_OUT_BATCHES);
        let language = match &summary.spec.corpus {
            CorpusRef::Named(name) => data::entry(name).ok().map(|entry| entry.language.to_owned()),
            CorpusRef::Path(_) => None,
        };
        Self {
            folder,
            on,
            tokenizer: tokens.tokenizer,
            language,
            text: tokens.train,
            text_fingerprint,
            held_out,
            batches,
            stepper,
            step: 0,
            seconds: 0.0,
            lap: 0.0,
            summary,
        }
    }

    /// What is trained, and how far it is.
    pub fn summary(&self) -> &RunSummary {
        &self.summary
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Steps made.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Steps in all.
    pub fn total_steps(&self) -> u64 {
        self.summary.spec.settings.steps
    }

    /// How text becomes tokens.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Whether it computes on something whose kernels are compiled at the first step.
    pub fn compiles_kernels(&self) -> bool {
        !matches!(self.on.device, Device::Flex(_))
    }

    /// A copy of the weights; waits for the device.
    pub fn weights(&self) -> Weights {
        self.stepper.weights()
    }

    /// The model as it is now.
    pub fn model(&self) -> Loaded {
        Loaded {
            name: self.summary.id.clone(),
            weights: self.weights(),
            tokenizer: self.tokenizer.clone(),
            step: Some(self.step),
            language: self.language.clone(),
        }
    }

    /// A text written by the model as it is now: the same chances at every step, so that what changes is the model.
    pub fn sample(&self) -> Option<String> {
        super::sample::write(&self.weights(), &self.tokenizer, self.summary.spec.settings.seed)
    }

    /// Makes one step.
    pub(super) fn make_step(&mut self) {
        let started = Instant::now();
        let settings = &self.summary.spec.settings;
        let batch = self.batches.next(&self.text);
        let lr = learning_rate(settings, self.step);
        let dropout_seed = Rng::from_parts(settings.seed ^ DROPOUT_STREAM, self.step).next_u64();
        self.stepper.step(&batch, settings, &StepSettings { lr, dropout_seed });
        self.step += 1;
        self.lap(started);
    }

    /// Whether the loss is no longer a finite number, or so large that nothing can be learned any more. Waits for the
    /// device where that is not the CPU.
    pub(super) fn diverged(&mut self) -> bool {
        let Tally { sum, grad_norm, steps } = self.stepper.tally();
        let hopeless = HOPELESS * uniform_loss(self.summary.vocabulary);
        let mean = sum / steps.max(1) as f64;
        steps > 0 && !(grad_norm.is_finite() && mean.is_finite() && mean <= hopeless.max(HOPELESS))
    }

    /// The point of the curve for the steps since the point before, with the held-out loss if it is due.
    pub(super) fn point(&mut self) -> MetricPoint {
        let waited = Instant::now();
        let Tally { sum, steps, grad_norm } = self.stepper.take_tally();
        self.lap(waited);
        let settings = &self.summary.spec.settings;
        let tokens = steps * (settings.batch_size * settings.context) as u64;
        let due =
            settings.eval_every > 0 && (self.step.is_multiple_of(settings.eval_every) || self.step == settings.steps);
        let lr = learning_rate(settings, self.step.saturating_sub(1));
        let lap = std::mem::take(&mut self.lap);
        let point = MetricPoint {
            step: self.step,
            loss: (sum / steps.max(1) as f64) as f32,
            val_loss: if due { self.held_out_loss() } else { None },
            lr,
            grad_norm,
            tokens_per_s: if lap > 0.0 { tokens as f64 / lap } else { 0.0 },
            seconds: self.seconds,
        };
        self.remember(&point);
        point
    }

    /// The loss of the untrained model on the first batch, so that the curve begins where learning does.
    pub(super) fn origin(&mut self) -> MetricPoint {
        let settings = self.summary.spec.settings.clone();
        let position = self.batches.position().clone();
        let batch = self.batches.next(&self.text);
        self.batches.set_position(position);
        MetricPoint {
            step: 0,
            loss: self.stepper.loss(&batch, settings.batch_size),
            val_loss: if settings.eval_every > 0 { self.held_out_loss() } else { None },
            lr: learning_rate(&settings, 0),
            grad_norm: 0.0,
            tokens_per_s: 0.0,
            seconds: 0.0,
        }
    }

    fn remember(&mut self, point: &MetricPoint) {
        self.summary.loss = Some(point.loss);
        self.summary.val_loss = point.val_loss.or(self.summary.val_loss);
    }

    /// Mean loss on the held-out text, on at most 20 batches of it.
    fn held_out_loss(&mut self) -> Option<f32> {
        let (rows, batches) = &self.held_out;
        if batches.is_empty() {
            return None;
        }
        let sum: f64 = batches.iter().map(|batch| f64::from(self.stepper.loss(batch, *rows))).sum();
        Some((sum / batches.len() as f64) as f32)
    }

    /// Writes a checkpoint and returns its folder.
    pub(super) fn checkpoint(&mut self) -> Result<PathBuf, TrainError> {
        let state = State {
            step: self.step,
            seconds: self.seconds,
            position: self.batches.position().clone(),
            tally: self.stepper.tally(),
            text: self.text_fingerprint.clone(),
        };
        let path = checkpoint::write(&self.folder, &self.model(), &self.stepper.moments(), &state)?;
        self.summary.step = self.step;
        runs::write_summary(&self.folder, &self.summary)?;
        Ok(path)
    }

    /// Notes why the run ended.
    pub(super) fn close(&mut self, reason: EndReason) -> Result<(), TrainError> {
        self.summary.ended = Some(reason);
        runs::write_summary(&self.folder, &self.summary)
    }

    fn lap(&mut self, started: Instant) {
        let seconds = started.elapsed().as_secs_f64();
        self.lap += seconds;
        self.seconds += seconds;
    }
}
