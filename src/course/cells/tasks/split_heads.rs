//! `split(x, n_heads)` and `join(x)`: from `[time, d_model]` to `[n_heads, time, d_head]` and back (section 2.10).

use std::sync::Arc;

use super::pieces::{Result, normal, tensor_at, whole_at};
use super::{Arguments, Function, Mistake, ModelPart, Task};
use crate::course::cells::language::Value;
use crate::course::cells::meter::Meter;
use crate::course::cells::problem::Problem;
use crate::course::cells::tensor::{self, Tensor};
use crate::nn::Rng;

pub(super) static TASK: Task = Task {
    name: "split_heads",
    functions: &[
        Function {
            name: "split",
            parameters: &["x", "n_heads"],
            reference: split,
            mistakes: &[
                Mistake { key: "split_rows", formula: split_rows },
                Mistake { key: "heads_not_first", formula: heads_not_first },
                Mistake { key: "heads_interleaved", formula: heads_interleaved },
                Mistake { key: "time_last", formula: time_last },
                Mistake { key: "sizes_exchanged", formula: sizes_exchanged },
            ],
        },
        Function {
            name: "join",
            parameters: &["x"],
            reference: join,
            mistakes: &[
                Mistake { key: "joined_rows", formula: joined_rows },
                Mistake { key: "heads_interleaved", formula: join_interleaved },
                Mistake { key: "joined_under_each_other", formula: joined_under_each_other },
                Mistake { key: "not_joined", formula: not_joined },
            ],
        },
    ],
    example,
    hidden: &[&[3, 6, 2], &[5, 12, 3], &[4, 8, 4], &[6, 5, 1], &[2, 6, 6]],
    inputs,
    part: ModelPart::Heads,
};

/// Three tokens of width 4 in two heads, counted so that every value tells where it came from.
fn example(m: &Arc<Meter>) -> Result<Vec<Arguments>> {
    let values: Vec<f64> = (0..12).map(f64::from).collect();
    with_join(Tensor::new(&[3, 4], &values, m)?, 2, m)
}

/// Sizes: tokens, width, heads.
fn inputs(rng: &mut Rng, sizes: &[usize], m: &Arc<Meter>) -> Result<Vec<Arguments>> {
    let [time, width, heads] = [0, 1, 2].map(|place| sizes.get(place).copied().unwrap_or(1));
    with_join(normal(rng, &[time, width], m)?, heads as i64, m)
}

/// What both functions are given: `join` what a right `split` gives.
fn with_join(x: Tensor, heads: i64, m: &Arc<Meter>) -> Result<Vec<Arguments>> {
    let arguments = vec![Value::Tensor(x), Value::Whole(heads)];
    let parts = split(&arguments, m)?;
    Ok(vec![arguments, vec![Value::Tensor(parts)]])
}

/// `x`, and time, heads and width of a head.
fn parts(arguments: &[Value]) -> Result<(&Tensor, [i64; 3])> {
    let (x, heads) = (tensor_at(arguments, 0)?, whole_at(arguments, 1)?);
    let &[time, width] = x.shape() else { return Err(Problem::Inside) };
    Ok((x, [time as i64, heads, (width as i64).checked_div(heads).unwrap_or(0)]))
}

fn split(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (x, [time, heads, width]) = parts(arguments)?;
    tensor::permute(&tensor::reshape(x, &[time, heads, width])?, &[1, 0, 2], m)
}

fn split_rows(arguments: &[Value], _: &Arc<Meter>) -> Result {
    let (x, [time, heads, width]) = parts(arguments)?;
    tensor::reshape(x, &[heads, time, width])
}

fn heads_not_first(arguments: &[Value], _: &Arc<Meter>) -> Result {
    let (x, [time, heads, width]) = parts(arguments)?;
    tensor::reshape(x, &[time, heads, width])
}

fn heads_interleaved(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (x, [time, heads, width]) = parts(arguments)?;
    tensor::permute(&tensor::reshape(x, &[time, width, heads])?, &[2, 0, 1], m)
}

fn time_last(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (x, [time, heads, width]) = parts(arguments)?;
    tensor::permute(&tensor::reshape(x, &[time, heads, width])?, &[1, 2, 0], m)
}

fn sizes_exchanged(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (x, [time, heads, width]) = parts(arguments)?;
    tensor::permute(&tensor::reshape(x, &[time, width, heads])?, &[1, 0, 2], m)
}

/// `x`, and heads, time and width of a head.
fn heads(arguments: &[Value]) -> Result<(&Tensor, [i64; 3])> {
    let x = tensor_at(arguments, 0)?;
    let &[heads, time, width] = x.shape() else { return Err(Problem::Inside) };
    Ok((x, [heads as i64, time as i64, width as i64]))
}

fn join(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (_, [heads, time, width]) = heads(arguments)?;
    tensor::reshape(&not_joined(arguments, m)?, &[time, heads * width])
}

fn not_joined(arguments: &[Value], m: &Arc<Meter>) -> Result {
    tensor::permute(tensor_at(arguments, 0)?, &[1, 0, 2], m)
}

fn joined_rows(arguments: &[Value], _: &Arc<Meter>) -> Result {
    let (x, [heads, time, width]) = heads(arguments)?;
    tensor::reshape(x, &[time, heads * width])
}

fn join_interleaved(arguments: &[Value], m: &Arc<Meter>) -> Result {
    let (x, [heads, time, width]) = heads(arguments)?;
    tensor::reshape(&tensor::permute(x, &[1, 2, 0], m)?, &[time, heads * width])
}

fn joined_under_each_other(arguments: &[Value], _: &Arc<Meter>) -> Result {
    let (x, [heads, time, width]) = heads(arguments)?;
    tensor::reshape(x, &[heads * time, width])
}
