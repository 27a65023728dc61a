//! From one row of logits to one token, with every step in between to look at.
//!
//! Order and meaning of the steps are those of `transformers`; the table in [`super`] names its classes. [`stages`] does all
//! of them, [`Trace`] keeps what each one leaves, [`draw`] draws; all three are made of the same functions.
//!
//! The draw walks along the tokens in the order of their probability, the likeliest first, and takes the one in whose share
//! the drawn number falls ([`hit`]): so a small number always gives a likely token, and the mark on a cumulative curve shows
//! which. `transformers` leaves this to `torch.multinomial`, whose numbers are others for the same seed.

mod judge;
mod order;
mod softmax;
mod steps;
mod trace;

pub use judge::{Judged, judge, log_probabilities, log_probability_and_rank};
pub use order::{Interval, hit, intervals, pick, top};
pub use steps::{Cut, Place, Stages, penalize, stages, stages_at};
pub use trace::{StageSummary, Step, Trace};

use super::SamplingOptions;
use super::token::{ALTERNATIVES, Alternative};
use crate::nn::Rng;
use steps::likeliest;

/// A token that was drawn, and among what.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The token.
    pub id: u32,
    /// The probability with which it was drawn.
    pub share: f32,
    /// The number in `[0, 1)` that picked it; none for greedy decoding.
    pub number: Option<f64>,
    /// The likeliest tokens that could be drawn, the likeliest first, at most [`ALTERNATIVES`].
    pub candidates: Vec<Alternative>,
}

/// Draws the next token and says among what. Greedy decoding draws no random number.
pub fn draw(logits: &[f32], place: Place, options: &SamplingOptions, rng: &mut Rng) -> Drawn {
    if options.temperature > 0.0 {
        let number = rng.uniform_f64();
        let probabilities = stages_at(logits, place, options).probabilities;
        let id = pick(&probabilities, number);
        let alternative = |id: u32| {
            let probability = probabilities.get(id as usize).copied().unwrap_or(0.0);
            (probability > 0.0).then_some(Alternative { id, probability })
        };
        let candidates = top(&probabilities, ALTERNATIVES).into_iter().filter_map(alternative).collect();
        let share = probabilities.get(id as usize).copied().unwrap_or(0.0);
        return Drawn { id, share, number: Some(number), candidates };
    }
    let id = likeliest(logits, place, options.repetition_penalty);
    Drawn { id, share: 1.0, number: None, candidates: vec![Alternative { id, probability: 1.0 }] }
}

/// Draws the next token. Greedy decoding draws no random number.
pub fn sample(logits: &[f32], previous: &[u32], options: &SamplingOptions, rng: &mut Rng) -> u32 {
    let place = Place::after(previous);
    if options.temperature > 0.0 {
        pick(&stages_at(logits, place, options).probabilities, rng.uniform_f64())
    } else {
        likeliest(logits, place, options.repetition_penalty)
    }
}

/// Entropy −Σ p ln p in nats; its exponential is the number of equally likely tokens that would leave as much open.
pub fn entropy(probabilities: &[f32]) -> f32 {
    let sum: f64 = probabilities.iter().map(|&p| f64::from(p)).filter(|&p| p > 0.0).map(|p| p * p.ln()).sum();
    (0.0 - sum) as f32
}
