//! A code cell: run alone against its task, and inside a model.

use std::sync::Arc;

use super::super::error::EngineError;
use super::super::job::Job;
use super::{LessonResult, Lessons};
use crate::course::cells::{self, CellError, Limits};
use crate::hub::ModelRef;

/// What a model says with the learner's function inside, and without.
#[derive(Clone, Debug)]
pub struct InModelReport {
    /// Which model.
    pub model: ModelRef,
    /// What stopped the learner's function, if something did; then the rest says nothing.
    pub error: Option<CellError>,
    /// How often the function was called.
    pub calls: usize,
    /// The largest difference between two logits.
    pub difference: f32,
    /// Mean loss on the text in nats a token, without and with the learner's function.
    pub losses: [f32; 2],
    /// The likeliest next tokens and their probabilities, without and with.
    pub next: [Vec<(String, f32)>; 2],
    /// The text as the model reads it.
    pub tokens: Vec<String>,
}

impl InModelReport {
    /// Whether the model says the same.
    pub fn same(&self) -> bool {
        self.error.is_none() && self.difference < 1e-3
    }
}

/// Runs a cell against its task.
pub(super) fn run(job: &Job, task: &str, source: &str) -> Option<LessonResult> {
    let asked = job.clone();
    let report = cells::check(task, source, &Limits::default(), Arc::new(move || asked.wanted()))?;
    job.wanted().then(|| LessonResult::Cell(Arc::new(report)))
}

/// Puts the learner's function in the place of a part of a model.
pub(super) fn run_in_model(
    lessons: &mut Lessons,
    job: &Job,
    task: &str,
    source: &str,
    model: &ModelRef,
    text: &str,
) -> Result<Option<LessonResult>, EngineError> {
    _ = (lessons, job, task, source, model, text);
    Ok(None)
}
