//! `mask(n)`: row i may look at column j if j is not later (section 2.8).

use std::sync::Arc;

use super::pieces::{Result, whole_at};
use super::{Arguments, Function, Mistake, ModelPart, Task};
use crate::course::cells::language::Value;
use crate::course::cells::meter::Meter;
use crate::course::cells::problem::Problem;
use crate::course::cells::tensor::Tensor;
use crate::nn::Rng;

pub(super) static TASK: Task = Task {
    name: "causal_mask",
    functions: &[Function {
        name: "mask",
        parameters: &["n"],
        reference,
        mistakes: &[
            Mistake { key: "looks_ahead", formula: looks_ahead },
            Mistake { key: "not_itself", formula: not_itself },
            Mistake { key: "blocked_marked", formula: blocked_marked },
            Mistake { key: "to_be_added", formula: to_be_added },
            Mistake { key: "to_be_added", formula: to_be_added_finite },
            Mistake { key: "everything_allowed", formula: everything_allowed },
            Mistake { key: "only_itself", formula: only_itself },
            Mistake { key: "rows_are_shares", formula: rows_are_shares },
        ],
    }],
    example,
    hidden: &[&[1], &[3], &[7], &[12]],
    inputs,
    part: ModelPart::Mask,
};

fn example(_: &Arc<Meter>) -> Result<Vec<Arguments>> {
    Ok(vec![vec![Value::Whole(4)]])
}

fn inputs(_: &mut Rng, sizes: &[usize], _: &Arc<Meter>) -> Result<Vec<Arguments>> {
    Ok(vec![vec![Value::Whole(sizes.first().map_or(1, |&n| n as i64))]])
}

/// A square of what `cell` says of row and column.
fn square(arguments: &[Value], m: &Arc<Meter>, cell: fn(usize, usize) -> f64) -> Result {
    let n = whole_at(arguments, 0)?;
    let n = usize::try_from(n).map_err(|_| Problem::Size(n.to_string()))?;
    Tensor::fill_with(&[n, n], m, |cells| {
        cells.iter_mut().enumerate().for_each(|(place, value)| *value = cell(place / n, place % n));
        Ok(())
    })
}

fn is(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

fn reference(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |row, column| is(column <= row))
}

fn looks_ahead(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |row, column| is(column >= row))
}

fn not_itself(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |row, column| is(column < row))
}

fn blocked_marked(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |row, column| is(column > row))
}

fn to_be_added(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |row, column| if column <= row { 0.0 } else { f64::NEG_INFINITY })
}

fn to_be_added_finite(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |row, column| if column <= row { 0.0 } else { -1e9 })
}

fn everything_allowed(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |_, _| 1.0)
}

fn only_itself(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |row, column| is(column == row))
}

fn rows_are_shares(arguments: &[Value], m: &Arc<Meter>) -> Result {
    square(arguments, m, |row, column| is(column <= row) / (row + 1) as f64)
}
