//! What is known of one run: its curve, its texts, its figures. The same for the run in training and for one opened.

use crate::engine::TrainEvent;
use crate::train::{EndReason, MetricPoint, RunSummary, TrainSpec};
use crate::widgets::loss_plot::Curves;

/// Weight of the newest point in the rate that tells the time left: steady, and still quick to notice a change.
const RATE_WEIGHT: f64 = 0.25;

/// What a run says of itself once it has begun.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    pub device: String,
    pub parameters: usize,
    pub vocabulary: usize,
    pub tokens: usize,
}

/// One run as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Its id, once it has a folder.
    pub run: Option<String>,
    /// What was asked for.
    pub spec: TrainSpec,
    pub facts: Option<Facts>,
    pub curves: Curves,
    /// The newest point.
    pub last: Option<MetricPoint>,
    /// Texts written by the model with their steps, oldest first.
    pub samples: Vec<(u64, String)>,
    pub ended: Option<EndReason>,
    /// Last step of the run, as far as is known.
    pub total: u64,
    /// Steps made, which may be more than the newest point says.
    pub step: u64,
    /// Tokens a second of late.
    rate: Option<f64>,
}

impl Record {
    /// A run that is about to begin.
    pub fn new(spec: TrainSpec) -> Self {
        let total = spec.settings.steps;
        let mut curves = Curves::default();
        curves.ends_at(total);
        Self {
            run: None,
            spec,
            facts: None,
            curves,
            last: None,
            samples: Vec::new(),
            ended: None,
            total,
            step: 0,
            rate: None,
        }
    }

    /// A run read from disk.
    pub fn opened(summary: &RunSummary, points: &[MetricPoint], samples: &[(u64, String)]) -> Self {
        let mut record = Self::new(summary.spec.clone());
        record.describe(summary);
        record.ended = summary.ended;
        for point in points {
            record.add(point);
        }
        record.samples = samples.to_vec();
        record.step = summary.step;
        record
    }

    /// The same run going on to another last step.
    pub fn going_on(mut self, total: u64) -> Self {
        self.total = total;
        self.curves.ends_at(total);
        self.ended = None;
        self.rate = None;
        self
    }

    fn describe(&mut self, summary: &RunSummary) {
        self.run = Some(summary.id.clone());
        self.curves.mark_uniform(summary.vocabulary);
        self.facts = Some(Facts {
            device: summary.device.clone(),
            parameters: summary.parameters,
            vocabulary: summary.vocabulary,
            tokens: summary.tokens,
        });
    }

    /// Takes in what the training job says of the run.
    pub fn on_event(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Started { run, device, parameters, vocabulary, tokens, total_steps, summary } => {
                self.run = Some(run.clone());
                self.spec = summary.spec.clone();
                self.facts = Some(Facts {
                    device: device.clone(),
                    parameters: *parameters,
                    vocabulary: *vocabulary,
                    tokens: *tokens,
                });
                self.curves.mark_uniform(*vocabulary);
                self.total = *total_steps;
                self.curves.ends_at(*total_steps);
                // A run that goes on begins at its checkpoint; what came after that is made again.
                self.step = summary.step;
                self.samples.retain(|(step, _)| *step <= summary.step);
                self.curves.rewind(summary.step);
            }
            TrainEvent::Metrics(points) => points.iter().for_each(|point| self.add(point)),
            TrainEvent::Sample { step, text } => self.samples.push((*step, text.clone())),
            TrainEvent::Paused(step) => self.step = self.step.max(*step),
            TrainEvent::Ended { step, reason, .. } => {
                self.step = *step;
                self.ended = Some(*reason);
            }
            _ => {}
        }
    }

    fn add(&mut self, point: &MetricPoint) {
        self.curves.push(point.step, point.seconds, point.loss, point.val_loss);
        if point.tokens_per_s.is_finite() && point.tokens_per_s > 0.0 {
            let before = self.rate.unwrap_or(point.tokens_per_s);
            self.rate = Some(before + RATE_WEIGHT * (point.tokens_per_s - before));
        }
        self.step = self.step.max(point.step);
        self.last = Some(*point);
    }

    /// Tokens a second of late.
    pub fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// Seconds to the last step at the rate of late.
    pub fn seconds_left(&self) -> Option<f64> {
        let settings = &self.spec.settings;
        let tokens_a_step = (settings.batch_size * settings.context) as f64;
        Some(self.total.saturating_sub(self.step) as f64 * tokens_a_step / self.rate?)
    }
}
