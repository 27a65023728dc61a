//! Every step on one row of logits, as a function of its own.
//!
//! What is out of range does no harm: a logit that is NaN is taken for −∞ and never drawn; a row without any logit above −∞
//! gives every token the same probability.

use super::super::SamplingOptions;
use super::order::{first_largest, key, maximum, nucleus, or_impossible, sum};
use super::softmax::weights;

/// Which step took a token out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// None: it can be drawn.
    Kept,
    /// Its logit was −∞ or NaN from the start.
    Impossible,
    /// It would end the text before its least length.
    TooEarly,
    /// The temperature is 0 and it is not the likeliest.
    Greedy,
    /// It is not among the k likeliest.
    TopK,
    /// The likelier ones reach the share p without it.
    TopP,
    /// It is too unlikely beside the likeliest.
    MinP,
}

/// What happens to one row of logits, step by step. All are `[vocabulary]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stages {
    /// Logits after the repetition penalty.
    pub penalized: Vec<f32>,
    /// Those, divided by the temperature; undivided where it is 0. Tokens that may not be drawn yet are −∞.
    pub scaled: Vec<f32>,
    /// Which step took each token out.
    pub cut: Vec<Cut>,
    /// Whether a token can still be drawn; at least one can.
    pub kept: Vec<bool>,
    /// Softmax of `scaled` over the kept ones, 0 for the others.
    pub probabilities: Vec<f32>,
}

/// What a row is to the text that it continues.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The tokens of the text so far, prompt and answer, which the repetition penalty looks at.
    pub previous: &'a [u32],
    /// Tokens that may not come yet, because they would end the text before its least length.
    pub forbidden: &'a [u32],
}

impl<'a> Place<'a> {
    /// After these tokens, with every token allowed.
    pub fn after(previous: &'a [u32]) -> Self {
        Self { previous, forbidden: &[] }
    }
}

/// All steps from `logits` `[vocabulary]` to probabilities, with every token allowed.
pub fn stages(logits: &[f32], previous: &[u32], options: &SamplingOptions) -> Stages {
    stages_at(logits, Place::after(previous), options)
}

/// All steps from `logits` `[vocabulary]` to probabilities.
pub fn stages_at(logits: &[f32], place: Place, options: &SamplingOptions) -> Stages {
    let Worked { penalized, scaled, mut weights, cut, .. } = work(logits, place, options);
    let kept: Vec<bool> = cut.iter().map(|&cut| cut == Cut::Kept).collect();
    weights.iter_mut().zip(&kept).for_each(|(weight, &kept)| *weight = if kept { *weight } else { 0.0 });
    let total = sum(&weights);
    weights.iter_mut().for_each(|weight| *weight = (f64::from(*weight) / total) as f32);
    Stages { penalized, scaled, cut, kept, probabilities: weights }
}

/// All steps, before probabilities are made of the weights.
pub(super) struct Worked {
    pub penalized: Vec<f32>,
    pub scaled: Vec<f32>,
    /// The largest of `scaled`.
    pub largest: f32,
    /// e^(scaled − largest), whether kept or not; at least one kept one is above 0.
    pub weights: Vec<f32>,
    pub cut: Vec<Cut>,
}

pub(super) fn work(logits: &[f32], place: Place, options: &SamplingOptions) -> Worked {
    let penalized = penalize(logits, place.previous, options.repetition_penalty);
    let mut cut: Vec<Cut> = penalized.iter().map(impossible).collect();
    forbid(&mut cut, place.forbidden);
    let mut allowed = penalized.clone();
    allowed.iter_mut().zip(&cut).filter(|(_, cut)| **cut != Cut::Kept).for_each(|(x, _)| *x = f32::NEG_INFINITY);
    let largest = maximum(&allowed);
    if largest == f32::NEG_INFINITY {
        // Nothing is left of the row, so nothing speaks for any token.
        let n = allowed.len();
        return Worked { penalized, scaled: allowed, largest, weights: vec![1.0; n], cut: vec![Cut::Kept; n] };
    }
    if is_greedy(largest, options.temperature) {
        return greedy(penalized, allowed, largest, cut);
    }
    let scaled = divide(allowed, options.temperature);
    let largest = maximum(&scaled);
    let weights = weights(&scaled, largest);
    // A logit so low that dividing it made it −∞.
    let sunk = cut.iter_mut().zip(&scaled).filter(|(cut, x)| **cut == Cut::Kept && **x == f32::NEG_INFINITY);
    sunk.for_each(|(cut, _)| *cut = Cut::Impossible);
    top_k(&mut cut, &scaled, options.top_k);
    top_p(&mut cut, &scaled, &weights, options.top_p);
    min_p(&mut cut, &weights, options.min_p);
    Worked { penalized, scaled, largest, weights, cut }
}

/// Divides positive and multiplies negative logits of tokens already in the text; each once, however often it occurs.
pub fn penalize(logits: &[f32], previous: &[u32], penalty: f32) -> Vec<f32> {
    let mut penalized: Vec<f32> = logits.iter().map(|&x| or_impossible(x)).collect();
    if penalty > 0.0 && penalty != 1.0 {
        for &id in previous {
            if let (Some(x), Some(&before)) = (penalized.get_mut(id as usize), logits.get(id as usize)) {
                *x = or_impossible(if before < 0.0 { before * penalty } else { before / penalty });
            }
        }
    }
    penalized
}

/// The first choice of a row, as greedy decoding makes it.
pub(super) fn likeliest(logits: &[f32], place: Place, penalty: f32) -> u32 {
    let mut row = penalize(logits, place.previous, penalty);
    for &id in place.forbidden {
        if let Some(x) = row.get_mut(id as usize) {
            *x = f32::NEG_INFINITY;
        }
    }
    first_largest(&row).unwrap_or(0) as u32
}

fn impossible(x: &f32) -> Cut {
    if *x == f32::NEG_INFINITY { Cut::Impossible } else { Cut::Kept }
}

/// Takes out what may not come yet.
fn forbid(cut: &mut [Cut], forbidden: &[u32]) {
    for &id in forbidden {
        if let Some(cut) = cut.get_mut(id as usize) {
            *cut = Cut::TooEarly;
        }
    }
}

/// Whether only the likeliest is taken: also where it is so cold that the largest logit would no longer be a number.
fn is_greedy(largest: f32, temperature: f32) -> bool {
    let cold = temperature.is_nan() || temperature <= 0.0;
    cold || (largest.is_finite() && !(largest / temperature).is_finite())
}

/// ÷ temperature.
fn divide(mut row: Vec<f32>, temperature: f32) -> Vec<f32> {
    if temperature != 1.0 {
        row.iter_mut().for_each(|x| *x = or_impossible(*x / temperature));
    }
    row
}

fn greedy(penalized: Vec<f32>, allowed: Vec<f32>, largest: f32, mut cut: Vec<Cut>) -> Worked {
    let best = first_largest(&allowed);
    let open = cut.iter_mut().enumerate().filter(|(id, cut)| **cut == Cut::Kept && Some(*id) != best);
    open.for_each(|(_, cut)| *cut = Cut::Greedy);
    let weights = weights(&allowed, largest);
    Worked { penalized, scaled: allowed, largest, weights, cut }
}

/// Keys of those that are left; among equals the higher id counts as the larger, as in the ascending sort of the reference.
fn keys_of_kept(cut: &[Cut], scaled: &[f32]) -> Vec<u64> {
    let kept = cut.iter().zip(scaled).zip(0..).filter(|((cut, _), _)| **cut == Cut::Kept);
    kept.map(|((_, &x), id)| key(x, id)).collect()
}

/// Cuts what is smaller than the k-th largest; its equals stay.
fn top_k(cut: &mut [Cut], scaled: &[f32], k: usize) {
    if k == 0 || k >= cut.len() {
        return;
    }
    let mut keys = keys_of_kept(cut, scaled);
    if k >= keys.len() {
        return;
    }
    let (_, &mut last, _) = keys.select_nth_unstable_by(k - 1, |a, b| b.cmp(a));
    let least = scaled.get(last as u32 as usize).copied().unwrap_or(f32::NEG_INFINITY);
    for (cut, &x) in cut.iter_mut().zip(scaled) {
        if *cut == Cut::Kept && x < least {
            *cut = Cut::TopK;
        }
    }
}

/// Keeps the smallest set of the likeliest whose share reaches p, at least one.
fn top_p(cut: &mut [Cut], scaled: &[f32], weights: &[f32], p: f32) {
    if p.is_nan() || p >= 1.0 {
        return;
    }
    let p = f64::from(p.max(0.0));
    let kept = cut.iter().zip(weights).filter(|(cut, _)| **cut == Cut::Kept);
    let (count, total) = kept.fold((0, 0.0), |(count, sum), (_, &weight)| (count + 1, sum + f64::from(weight)));
    // Whatever lies below the mean of what may be missing is missing: all of it together weighs less. Half of that
    // bound leaves room for rounding.
    let floor = 0.5 * (1.0 - p) * total / f64::from(count.max(1));
    let open = cut.iter().zip(weights).zip(scaled).zip(0..);
    let open = open.filter(|(((cut, weight), _), _)| **cut == Cut::Kept && f64::from(**weight) >= floor);
    let mut keys: Vec<u64> = open.map(|((_, &x), id)| key(x, id)).collect();
    let of = |key: u64| weights.get(key as u32 as usize).map_or(0.0, |&weight| f64::from(weight));
    let (kept, _) = nucleus(&mut keys, of, |sum| sum >= p * total);
    // Where nothing is needed, the selection has still brought the largest to the front.
    let Some(&least) = keys.get(kept.saturating_sub(1)) else { return };
    for ((cut, &x), id) in cut.iter_mut().zip(scaled).zip(0..) {
        if *cut == Cut::Kept && key(x, id) < least {
            *cut = Cut::TopP;
        }
    }
}

/// Cuts what has less than the share p of the largest probability. The largest has the weight 1.
fn min_p(cut: &mut [Cut], weights: &[f32], p: f32) {
    if p > 0.0 {
        for (cut, &weight) in cut.iter_mut().zip(weights) {
            if *cut == Cut::Kept && weight < p.min(1.0) {
                *cut = Cut::MinP;
            }
        }
    }
}
