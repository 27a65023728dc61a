//! A model with a part of its attention altered: another mask, a head without effect.

use std::sync::Arc;

use super::super::error::EngineError;
use super::super::inference::cache::Model;
use super::super::job::Job;
use super::{LessonResult, Lessons, Part};
use crate::generate::sampling::{log_probability_and_rank, top};
use crate::hub::ModelRef;
use crate::nn::{Alteration, Recorder, Seen, Site, host_values};

/// At most so many tokens of a text are read to see what a head is good for.
const MOST: usize = 256;

/// A model with another mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Masked {
    /// The tokens, `t` of them.
    pub tokens: Vec<String>,
    /// The weights of the first layer, mean over its heads, `[t, t]` row-major.
    pub weights: Vec<f32>,
    /// −ln p of each token but the first, in nats.
    pub losses: Vec<f32>,
    /// After each position, the token that the model thinks likeliest, and its probability.
    pub guesses: Vec<(String, f32)>,
}

impl Masked {
    /// Mean over the tokens that have a loss, in nats a token.
    pub fn loss(&self) -> f32 {
        self.losses.iter().sum::<f32>() / self.losses.len().max(1) as f32
    }
}

/// A model with and without a head.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ablated {
    /// Layer and head, from 0.
    pub head: (usize, usize),
    /// Mean loss of the text with everything, in nats a token.
    pub before: f32,
    /// The same without the head.
    pub after: f32,
}

fn pieces(model: &Model, ids: &[u32]) -> Vec<String> {
    ids.iter().map(|&id| model.vocabulary.pieces.get(id as usize).cloned().unwrap_or_default()).collect()
}

/// The logits of a text, `[t, vocabulary]`, and what a probe has seen.
fn run(model: &Model, ids: &[u32], alteration: &Alteration, site: Option<Site>) -> (Vec<f32>, Option<Seen>) {
    model.runner.look(|decoder| {
        let mut probe = Recorder::new(|at| Some(at) == site);
        let logits = host_values(decoder.forward_altered(decoder.ids(ids, 1), alteration, &mut probe));
        (logits, site.and_then(|site| probe.seen.remove(&site)))
    })
}

/// −ln p of every id but the first.
fn losses(logits: &[f32], ids: &[u32], vocabulary: usize) -> Vec<f32> {
    let rows = logits.chunks(vocabulary.max(1)).zip(ids.iter().skip(1));
    rows.map(|(row, &id)| -log_probability_and_rank(row, id).0).collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// The first `tokens` tokens of a text under a mask.
pub(super) fn masked(
    lessons: &mut Lessons,
    job: &Job,
    model: &ModelRef,
    text: &str,
    tokens: usize,
    allowed: Vec<bool>,
    after_softmax: bool,
) -> Result<Option<LessonResult>, EngineError> {
    let (model, ids) = lessons.open(job, model, text, Part::First(tokens))?;
    let config = model.runner.model().config();
    let t = ids.len();
    // A text of fewer tokens has the upper left part of the mask.
    let cut = (0..t * t).map(|k| allowed.get(k / t * tokens + k % t).copied().unwrap_or(false)).collect();
    let alteration = Alteration { allowed: Some(cut), after_softmax, ablated: None };
    let (logits, seen) = run(&model, &ids, &alteration, Some(Site::Weights(0)));
    let mut weights = vec![0.0f32; t * t];
    for head in seen.map(|seen| seen.values).unwrap_or_default().chunks(t * t) {
        weights.iter_mut().zip(head).for_each(|(sum, value)| *sum += value / config.n_heads as f32);
    }
    let guess = |row: &[f32]| {
        let id = top(row, 1).first().copied().unwrap_or(0);
        let piece = model.vocabulary.pieces.get(id as usize).cloned().unwrap_or_default();
        (piece, log_probability_and_rank(row, id).0.exp())
    };
    Ok(Some(LessonResult::Masked(Arc::new(Masked {
        tokens: pieces(&model, &ids),
        weights,
        losses: losses(&logits, &ids, config.vocabulary),
        guesses: logits.chunks(config.vocabulary.max(1)).map(guess).collect(),
    }))))
}

/// The loss of a text with and without a head.
pub(super) fn ablated(
    lessons: &mut Lessons,
    job: &Job,
    model: &ModelRef,
    text: &str,
    head: (usize, usize),
) -> Result<Option<LessonResult>, EngineError> {
    let (model, ids) = lessons.open(job, model, text, Part::First(MOST))?;
    let config = model.runner.model().config();
    let loss = |ablated| {
        let alteration = Alteration { ablated, ..Alteration::default() };
        mean(&losses(&run(&model, &ids, &alteration, None).0, &ids, config.vocabulary))
    };
    Ok(Some(LessonResult::Ablated(Ablated { head, before: loss(None), after: loss(Some(head)) })))
}
