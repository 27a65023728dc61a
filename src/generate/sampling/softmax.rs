//! Softmax of a row, and what one number says of how open it leaves the choice.

use super::order::{maximum, or_impossible, sum};
use crate::kernels::math::exp_in_place;
use crate::kernels::simd::Simd;

/// What it takes to say of any logit of a row how likely its token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Softmax {
    /// The largest logit.
    pub largest: f32,
    /// Σ e^(x − largest).
    pub total: f64,
    /// Σ (x − largest) · e^(x − largest).
    pub moment: f64,
}

impl Softmax {
    /// Of a row, in which NaN counts as −∞.
    pub fn of(row: &[f32]) -> Self {
        let largest = maximum(row);
        let weights = weights(row, largest);
        Self { largest, total: sum(&weights), moment: moment(row, &weights, largest) }
    }

    /// The natural logarithm of a logit's probability.
    pub fn log_probability(&self, logit: f32) -> f32 {
        let logit = or_impossible(logit);
        if self.largest.is_infinite() {
            // Where logits are +∞, those share everything; where none is above −∞, all do.
            return if logit == self.largest { -(self.total.ln() as f32) } else { f32::NEG_INFINITY };
        }
        (f64::from(logit) - f64::from(self.largest) - self.total.ln()) as f32
    }

    /// A logit's probability.
    pub fn probability(&self, logit: f32) -> f32 {
        self.log_probability(logit).exp()
    }

    /// Entropy −Σ p ln p in nats, without a logarithm for each token: ln Σ w − Σ w·(x − largest) / Σ w.
    pub fn entropy(&self) -> f32 {
        if self.total > 0.0 { (self.total.ln() - self.moment / self.total).max(0.0) as f32 } else { 0.0 }
    }
}

/// e^(x − largest) of every logit. Where logits are +∞, those share everything; where none is above −∞, all do.
pub(super) fn weights(row: &[f32], largest: f32) -> Vec<f32> {
    if largest.is_infinite() {
        return row.iter().map(|&x| f32::from(u8::from(or_impossible(x) == largest))).collect();
    }
    let mut weights: Vec<f32> = row.iter().map(|&x| or_impossible(x) - largest).collect();
    exp_in_place(Simd::detect(), &mut weights);
    weights
}

/// Σ (x − largest) · w, where w is 0 for what does not count.
pub(super) fn moment(row: &[f32], weights: &[f32], largest: f32) -> f64 {
    if largest.is_infinite() {
        return 0.0;
    }
    let term = |(&x, &w): (&f32, &f32)| if w > 0.0 { f64::from(x - largest) * f64::from(w) } else { 0.0 };
    row.iter().zip(weights).map(term).sum()
}
