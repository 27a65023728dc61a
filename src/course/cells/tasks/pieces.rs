//! What the formulas of several tasks are made of.

use std::sync::Arc;

use super::super::language::Value;
use super::super::meter::Meter;
use super::super::problem::Problem;
use super::super::tensor::{self, Tensor};
use crate::nn::Rng;

/// What a formula gives.
pub(super) type Result<T = Tensor> = std::result::Result<T, Problem>;

/// The tensor at this place of the arguments.
pub(super) fn tensor_at(arguments: &[Value], place: usize) -> Result<&Tensor> {
    match arguments.get(place) {
        Some(Value::Tensor(tensor)) => Ok(tensor),
        _ => Err(Problem::Inside),
    }
}

/// The whole number at this place of the arguments.
pub(super) fn whole_at(arguments: &[Value], place: usize) -> Result<i64> {
    match arguments.get(place) {
        Some(Value::Whole(whole)) => Ok(*whole),
        _ => Err(Problem::Inside),
    }
}

/// q·kᵀ, `[n, n]`.
pub(super) fn scores(q: &Tensor, k: &Tensor, m: &Arc<Meter>) -> Result {
    tensor::matmul(q, &tensor::transpose(k, m)?, m)
}

/// Width of the last axis, as a number.
pub(super) fn width(x: &Tensor) -> f64 {
    x.shape().last().map_or(1.0, |&d| d as f64)
}

/// Every value times a factor.
pub(super) fn times(x: &Tensor, factor: f64, m: &Arc<Meter>) -> Result {
    tensor::unary(x, m, |x| x * factor)
}

/// `x` where the mask is not zero, `value` elsewhere.
pub(super) fn filled(mask: &Tensor, x: &Tensor, value: f64, m: &Arc<Meter>) -> Result {
    tensor::choose(mask, x, &Tensor::scalar(value, m)?, m)
}

/// Independent numbers of a standard normal distribution, to four digits.
pub(super) fn normal(rng: &mut Rng, shape: &[usize], m: &Arc<Meter>) -> Result {
    Tensor::fill_with(shape, m, |values| {
        values.iter_mut().for_each(|value| *value = (f64::from(rng.normal_f32()) * 1e4).round() / 1e4);
        Ok(())
    })
}
