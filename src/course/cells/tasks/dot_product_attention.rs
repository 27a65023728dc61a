//! `attention(q, k)`: dot products, softmax, weighted mean of the keys, which serve as values too (section 2.4).

use std::sync::Arc;

use super::pieces::{Result, normal, scores, tensor_at, times, width};
use super::{Arguments, Function, Mistake, ModelPart, Task};
use crate::course::cells::language::Value;
use crate::course::cells::meter::Meter;
use crate::course::cells::tensor::{self, Tensor};
use crate::nn::Rng;

pub(super) static TASK: Task = Task {
    name: "dot_product_attention",
    functions: &[Function {
        name: "attention",
        parameters: &["q", "k"],
        reference,
        mistakes: &[
            Mistake { key: "no_transpose", formula: no_transpose },
            Mistake { key: "no_transpose", formula: bare_product },
            Mistake { key: "query_transposed", formula: query_transposed },
            Mistake { key: "softmax_wrong_axis", formula: softmax_over_queries },
            Mistake { key: "no_softmax", formula: no_softmax },
            Mistake { key: "not_normalized", formula: not_normalized },
            Mistake { key: "scaled_too_early", formula: scaled },
            Mistake { key: "queries_as_values", formula: queries_as_values },
            Mistake { key: "weights_returned", formula: weights },
            Mistake { key: "scores_returned", formula: bare_scores },
            Mistake { key: "weights_transposed", formula: weights_transposed },
            Mistake { key: "softmax_last", formula: softmax_last },
        ],
    }],
    example,
    hidden: &[&[3, 3], &[5, 4], &[4, 7], &[1, 6]],
    inputs,
    part: ModelPart::DotProduct,
};

/// The tutorial's example: both inputs the same.
const EXAMPLE: [f64; 4] = [0.186_935_47, 1.065_333_5, -1.559_313_2, -1.535_296_3];

fn example(m: &Arc<Meter>) -> Result<Vec<Arguments>> {
    let x = Tensor::new(&[2, 2], &EXAMPLE, m)?;
    Ok(vec![vec![Value::Tensor(x.clone()), Value::Tensor(x)]])
}

/// Sizes: rows, width.
fn inputs(rng: &mut Rng, shape: &[usize], m: &Arc<Meter>) -> Result<Vec<Arguments>> {
    let q = normal(rng, shape, m)?;
    Ok(vec![vec![Value::Tensor(q), Value::Tensor(normal(rng, shape, m)?)]])
}

fn both(arguments: &[Value]) -> Result<(&Tensor, &Tensor)> {
    Ok((tensor_at(arguments, 0)?, tensor_at(arguments, 1)?))
}

fn weights(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::softmax(&bare_scores(arguments, m)?, -1, m)
}

fn reference(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::matmul(&weights(arguments, m)?, tensor_at(arguments, 1)?, m)
}

fn bare_scores(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (q, k) = both(arguments)?;
    scores(q, k, m)
}

/// The weighted mean of the keys by weights of any scores.
fn by(scores: &Tensor, arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::matmul(&tensor::softmax(scores, -1, m)?, tensor_at(arguments, 1)?, m)
}

fn no_transpose(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (q, k) = both(arguments)?;
    by(&tensor::matmul(q, k, m)?, arguments, m)
}

/// The same, and nothing done with it yet.
fn bare_product(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (q, k) = both(arguments)?;
    tensor::matmul(q, k, m)
}

fn query_transposed(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (q, k) = both(arguments)?;
    by(&tensor::matmul(&tensor::transpose(q, m)?, k, m)?, arguments, m)
}

fn softmax_over_queries(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let weights = tensor::softmax(&bare_scores(arguments, m)?, 0, m)?;
    tensor::matmul(&weights, tensor_at(arguments, 1)?, m)
}

fn no_softmax(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::matmul(&bare_scores(arguments, m)?, tensor_at(arguments, 1)?, m)
}

fn not_normalized(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let raised = tensor::unary(&bare_scores(arguments, m)?, m, f64::exp)?;
    tensor::matmul(&raised, tensor_at(arguments, 1)?, m)
}

fn scaled(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (q, k) = both(arguments)?;
    by(&times(&scores(q, k, m)?, 1.0 / width(k).sqrt(), m)?, arguments, m)
}

fn queries_as_values(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::matmul(&weights(arguments, m)?, tensor_at(arguments, 0)?, m)
}

fn weights_transposed(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::matmul(&tensor::transpose(&weights(arguments, m)?, m)?, tensor_at(arguments, 1)?, m)
}

fn softmax_last(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::softmax(&no_softmax(arguments, m)?, -1, m)
}
