//! `attention(q, k, v, mask)`: scaled by 1/√d and masked, where true says «may look» (sections 2.6 to 2.8).

use std::sync::Arc;

use super::pieces::{Result, filled, normal, scores, tensor_at, times, width};
use super::{Arguments, Function, Mistake, ModelPart, Task};
use crate::course::cells::language::Value;
use crate::course::cells::meter::Meter;
use crate::course::cells::tensor::{self, Tensor};
use crate::nn::Rng;

pub(super) static TASK: Task = Task {
    name: "masked_attention",
    functions: &[Function {
        name: "attention",
        parameters: &["q", "k", "v", "mask"],
        reference,
        mistakes: &[
            Mistake { key: "no_transpose", formula: no_transpose },
            Mistake { key: "softmax_wrong_axis", formula: softmax_over_queries },
            Mistake { key: "no_scale", formula: no_scale },
            Mistake { key: "scale_without_root", formula: scale_without_root },
            Mistake { key: "scale_upwards", formula: scale_upwards },
            Mistake { key: "mask_added", formula: mask_added },
            Mistake { key: "mask_filled_with_zero", formula: mask_filled_with_zero },
            Mistake { key: "mask_after_softmax", formula: mask_after_softmax },
            Mistake { key: "mask_inverted", formula: mask_inverted },
            Mistake { key: "mask_inverted", formula: mask_inverted_finite },
            Mistake { key: "mask_ignored", formula: mask_ignored },
            Mistake { key: "keys_as_values", formula: keys_as_values },
            Mistake { key: "scale_after_softmax", formula: scale_after_softmax },
            Mistake { key: "weights_returned", formula: weights },
            Mistake { key: "no_softmax", formula: no_softmax },
            Mistake { key: "weights_transposed", formula: weights_transposed },
        ],
    }],
    example,
    hidden: &[&[4, 4, 0], &[5, 3, 0], &[3, 8, 1], &[6, 4, 2]],
    inputs,
    part: ModelPart::Attention,
};

/// Three tokens of width 3, so that a transposition forgotten shows as another value and not as a shape.
fn example(m: &Arc<Meter>) -> Result<Vec<Arguments>> {
    let tensor = |values: [f64; 9]| Ok(Value::Tensor(Tensor::new(&[3, 3], &values, m)?));
    Ok(vec![vec![
        tensor([1.0, 0.0, 2.0, 0.0, 1.0, -1.0, 1.5, 0.5, 0.0])?,
        tensor([0.5, 1.0, 0.0, 2.0, -1.0, 1.0, 0.0, 0.5, 1.5])?,
        tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0])?,
        tensor([1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0])?,
    ]])
}

/// Sizes: rows, width, kind of mask (0 causal, 1 padded keys, 2 any). Every row may look at itself or at the first.
fn inputs(rng: &mut Rng, sizes: &[usize], m: &Arc<Meter>) -> Result<Vec<Arguments>> {
    let [n, d, kind] = [0, 1, 2].map(|place| sizes.get(place).copied().unwrap_or(1));
    let mut arguments = Vec::new();
    for _ in 0..3 {
        arguments.push(Value::Tensor(normal(rng, &[n, d], m)?));
    }
    let mask = Tensor::fill_with(&[n, n], m, |cells| {
        for (cell, may) in cells.iter_mut().enumerate() {
            let (query, key) = (cell / n, cell % n);
            let allowed = match kind {
                0 => key <= query,
                1 => key + 1 < n || key == 0,
                _ => key == query || rng.uniform_f64() < 0.5,
            };
            *may = f64::from(u8::from(allowed));
        }
        Ok(())
    })?;
    arguments.push(Value::Tensor(mask));
    Ok(vec![arguments])
}

fn raw(arguments: &[Value], m: &Arc<Meter>) -> Result {
    scores(tensor_at(arguments, 0)?, tensor_at(arguments, 1)?, m)
}

fn scaled(arguments: &[Value], m: &Arc<Meter>) -> Result {
    times(&raw(arguments, m)?, 1.0 / width(tensor_at(arguments, 1)?).sqrt(), m)
}

fn masked(scores: &Tensor, arguments: &[Value], m: &Arc<Meter>) -> Result {
    filled(tensor_at(arguments, 3)?, scores, f64::NEG_INFINITY, m)
}

fn values_by(weights: &Tensor, arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::matmul(weights, tensor_at(arguments, 2)?, m)
}

/// The rest of the right way, from scores of any kind.
fn from_scores(scores: &Tensor, arguments: &[Value], m: &Arc<Meter>) -> Result {
    values_by(&tensor::softmax(&masked(scores, arguments, m)?, -1, m)?, arguments, m)
}

fn weights(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::softmax(&masked(&scaled(arguments, m)?, arguments, m)?, -1, m)
}

fn reference(arguments: &[Value], m: &Arc<Meter>) -> Result {
    values_by(&weights(arguments, m)?, arguments, m)
}

fn no_transpose(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (q, k) = (tensor_at(arguments, 0)?, tensor_at(arguments, 1)?);
    from_scores(&times(&tensor::matmul(q, k, m)?, 1.0 / width(k).sqrt(), m)?, arguments, m)
}

fn softmax_over_queries(arguments: &[Value], m: &Arc<Meter>) -> Result {
    values_by(&tensor::softmax(&masked(&scaled(arguments, m)?, arguments, m)?, 0, m)?, arguments, m)
}

fn no_scale(arguments: &[Value], m: &Arc<Meter>) -> Result {
    from_scores(&raw(arguments, m)?, arguments, m)
}

fn scale_without_root(arguments: &[Value], m: &Arc<Meter>) -> Result {
    from_scores(&times(&raw(arguments, m)?, 1.0 / width(tensor_at(arguments, 1)?), m)?, arguments, m)
}

fn scale_upwards(arguments: &[Value], m: &Arc<Meter>) -> Result {
    from_scores(&times(&raw(arguments, m)?, width(tensor_at(arguments, 1)?).sqrt(), m)?, arguments, m)
}

fn mask_added(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let sum = tensor::binary("+", &scaled(arguments, m)?, tensor_at(arguments, 3)?, m, |score, mask| score + mask)?;
    values_by(&tensor::softmax(&sum, -1, m)?, arguments, m)
}

fn mask_filled_with_zero(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let cut = filled(tensor_at(arguments, 3)?, &scaled(arguments, m)?, 0.0, m)?;
    values_by(&tensor::softmax(&cut, -1, m)?, arguments, m)
}

fn mask_after_softmax(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let weights = tensor::softmax(&scaled(arguments, m)?, -1, m)?;
    values_by(&filled(tensor_at(arguments, 3)?, &weights, 0.0, m)?, arguments, m)
}

fn inverted(arguments: &[Value], value: f64, m: &Arc<Meter>) -> Result {
    let blocked = tensor::unary(tensor_at(arguments, 3)?, m, |may| f64::from(u8::from(may == 0.0)))?;
    let scores = filled(&blocked, &scaled(arguments, m)?, value, m)?;
    values_by(&tensor::softmax(&scores, -1, m)?, arguments, m)
}

fn mask_inverted(arguments: &[Value], m: &Arc<Meter>) -> Result {
    inverted(arguments, f64::NEG_INFINITY, m)
}

/// With a large number in the place of −∞ a row without anything to look at becomes a plain mean.
fn mask_inverted_finite(arguments: &[Value], m: &Arc<Meter>) -> Result {
    inverted(arguments, -1e9, m)
}

fn mask_ignored(arguments: &[Value], m: &Arc<Meter>) -> Result {
    values_by(&tensor::softmax(&scaled(arguments, m)?, -1, m)?, arguments, m)
}

fn keys_as_values(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::matmul(&weights(arguments, m)?, tensor_at(arguments, 1)?, m)
}

fn scale_after_softmax(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let weights = tensor::softmax(&masked(&raw(arguments, m)?, arguments, m)?, -1, m)?;
    times(&values_by(&weights, arguments, m)?, 1.0 / width(tensor_at(arguments, 1)?).sqrt(), m)
}

fn no_softmax(arguments: &[Value], m: &Arc<Meter>) -> Result {
    values_by(&filled(tensor_at(arguments, 3)?, &scaled(arguments, m)?, 0.0, m)?, arguments, m)
}

fn weights_transposed(arguments: &[Value], m: &Arc<Meter>) -> Result {
    values_by(&tensor::transpose(&weights(arguments, m)?, m)?, arguments, m)
}
