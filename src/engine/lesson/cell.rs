//! A code cell: run alone against its task, and inside a model.

use std::sync::Arc;
use std::time::Duration;

use super::super::error::EngineError;
use super::super::job::Job;
use super::{LessonResult, Lessons};
use crate::course::cells::{self, CellError, Limits, Trial, tasks};
use crate::generate::prompt_ids;
use crate::hub::{self, ModelRef};
use crate::nn::{Decoder, cpu};
use crate::text::Tokenizer;

/// Tokens of a text that are run through a model; of a longer one the first so many.
const MOST_TOKENS: usize = 48;

/// A learner's function is called hundreds of times in a model, so it may take longer than alone.
const TIME_IN_MODEL: Duration = Duration::from_secs(20);

/// So many next tokens are told.
const NEXT: usize = 5;

/// The largest difference between logits that counts as none: what rounding to 32 bits leaves.
pub const SAME: f32 = 1e-3;

/// What a model says with the learner's function inside, and without.
#[derive(Clone, Debug)]
pub struct InModelReport {
    /// Which model.
    pub model: ModelRef,
    /// The text as the model reads it, piece by piece.
    pub tokens: Vec<String>,
    /// What it says, or what stopped the learner's function.
    pub outcome: Result<Comparison, CellError>,
}

/// Without and with the learner's function, in this order.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// How often the function was called.
    pub calls: usize,
    /// The largest difference between two logits; infinite where one is no number.
    pub difference: f32,
    /// Mean loss on the text, in nats a token.
    pub losses: [f32; 2],
    /// The likeliest next tokens and their probabilities.
    pub next: [Vec<(String, f32)>; 2],
}

impl Comparison {
    /// Whether the model says the same.
    pub fn same(&self) -> bool {
        self.difference < SAME
    }
}

/// Runs a cell against its task; nothing for a task that does not exist.
pub(super) fn run(job: &Job, task: &str, source: &str) -> Option<LessonResult> {
    let Some(task) = tasks::find(task) else {
        tracing::error!("a lesson asks for the task «{task}», which does not exist");
        return None;
    };
    let asked = job.clone();
    let report = cells::check(task, source, &Limits::default(), Arc::new(move || asked.wanted()));
    job.wanted().then(|| LessonResult::Cell(Arc::new(report)))
}

/// Puts the learner's function in the place of a part of a model, on the CPU.
pub(super) fn run_in_model(
    lessons: &Lessons,
    job: &Job,
    task: &str,
    source: &str,
    model: &ModelRef,
    text: &str,
) -> Result<Option<LessonResult>, EngineError> {
    let Some(task) = tasks::find(task) else { return Ok(None) };
    let loaded = hub::load(model, &lessons.common.home)?;
    let config = &loaded.weights.config;
    let mut ids = prompt_ids(config, &loaded.tokenizer, text)?;
    ids.truncate(MOST_TOKENS);
    let decoder = Decoder::from_weights(&loaded.weights, &cpu());
    let limits = Limits { time: TIME_IN_MODEL, ..Limits::default() };
    let asked = job.clone();
    let trial = cells::try_in_model(task, source, &limits, Arc::new(move || asked.wanted()), &decoder, &ids);
    let outcome = trial.map(|trial| compare(&trial, &ids, config.vocabulary, &loaded.tokenizer));
    let pieces = loaded.tokenizer.pieces();
    let tokens = ids.iter().map(|&id| pieces.get(id as usize).cloned().unwrap_or_default()).collect();
    let report = InModelReport { model: model.clone(), tokens, outcome };
    Ok(job.wanted().then(|| LessonResult::CellInModel(Arc::new(report))))
}

fn compare(trial: &Trial, ids: &[u32], vocabulary: usize, tokenizer: &Tokenizer) -> Comparison {
    let difference = trial.before.iter().zip(&trial.after).map(|(a, b)| (a - b).abs());
    // A maximum that forgets what is no number would call a broken model sound.
    let difference = difference.fold(0.0f32, |most, d| if d.is_nan() { f32::INFINITY } else { most.max(d) });
    let both = [&trial.before, &trial.after];
    let pieces = tokenizer.pieces();
    Comparison {
        calls: trial.calls,
        difference,
        losses: both.map(|logits| loss(logits, ids, vocabulary)),
        next: both.map(|logits| next(logits, vocabulary, &pieces)),
    }
}

/// Mean −ln p of every token after the first.
fn loss(logits: &[f32], ids: &[u32], vocabulary: usize) -> f32 {
    let targets = ids.iter().skip(1);
    let rows = logits.chunks_exact(vocabulary.max(1)).zip(targets);
    let (mut sum, mut count) = (0.0f64, 0.0f64);
    for (row, &target) in rows {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = row.iter().map(|logit| f64::from(logit - largest).exp()).sum();
        let chosen = row.get(target as usize).copied().unwrap_or(f32::NAN);
        sum += total.ln() - f64::from(chosen - largest);
        count += 1.0;
    }
    (sum / count) as f32
}

/// The likeliest tokens after the last one.
fn next(logits: &[f32], vocabulary: usize, pieces: &[String]) -> Vec<(String, f32)> {
    let Some(row) = logits.chunks_exact(vocabulary.max(1)).next_back() else { return Vec::new() };
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = row.iter().map(|logit| (logit - largest).exp()).sum();
    let mut order: Vec<(usize, f32)> = row.iter().map(|logit| (logit - largest).exp() / total).enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order.truncate(NEXT);
    order.into_iter().map(|(id, share)| (pieces.get(id).cloned().unwrap_or_default(), share)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_not_the_same() {
        let pieces: Vec<String> = ["a", "b"].map(str::to_owned).into();
        assert_eq!(next(&[0.0, 0.0, 1.0, 3.0], 2, &pieces)[0].0, "b");
        let flat = loss(&[0.0; 6], &[1, 0, 1], 2);
        assert!((flat - 2f32.ln()).abs() < 1e-6, "{flat}");
        let difference =
            [1.0f32, f32::NAN].iter().fold(0.0f32, |m, d| if d.is_nan() { f32::INFINITY } else { m.max(*d) });
        assert!(difference.is_infinite());
    }
}
