//! What does the model itself say of a token, before any option?

use serde::Serialize;

use super::super::token::{ALTERNATIVES, Alternative};
use super::order::{or_impossible, top};
use super::softmax::Softmax;

/// What a model says of a token at its place (temperature 1, nothing cut off).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Judged {
    /// Natural logarithm of its probability.
    pub logprob: f32,
    /// Position among all tokens by probability, 0 the likeliest; among equals the lower id comes first.
    pub rank: usize,
    /// The [`ALTERNATIVES`] likeliest tokens at its place, the likeliest first.
    pub alternatives: Vec<Alternative>,
}

/// What the row of logits `[vocabulary]` says of a token.
pub fn judge(logits: &[f32], id: u32) -> Judged {
    let softmax = Softmax::of(logits);
    let (logprob, rank) = of_token(&softmax, logits, id);
    let probability = |id: u32| logits.get(id as usize).map_or(0.0, |&logit| softmax.probability(logit));
    let likeliest = top(logits, ALTERNATIVES).into_iter();
    Judged {
        logprob,
        rank,
        alternatives: likeliest.map(|id| Alternative { id, probability: probability(id) }).collect(),
    }
}

/// The same without alternatives: the natural logarithm of the token's probability (log-softmax), and its rank.
pub fn log_probability_and_rank(logits: &[f32], id: u32) -> (f32, usize) {
    of_token(&Softmax::of(logits), logits, id)
}

/// The natural logarithms of all probabilities: log-softmax of a row.
pub fn log_probabilities(logits: &[f32]) -> Vec<f32> {
    let softmax = Softmax::of(logits);
    logits.iter().map(|&logit| softmax.log_probability(logit)).collect()
}

fn of_token(softmax: &Softmax, logits: &[f32], id: u32) -> (f32, usize) {
    let Some(&own) = logits.get(id as usize) else { return (f32::NEG_INFINITY, logits.len()) };
    let own = or_impossible(own);
    // Two plain counts, which vectorize; NaN counts as −∞, which nothing is below.
    let above = logits.iter().filter(|&&x| x > own).count();
    let equal_before = logits.iter().take(id as usize).filter(|&&x| or_impossible(x) == own).count();
    (softmax.log_probability(own), above + equal_before)
}
