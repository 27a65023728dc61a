//! A learner's function inside a real model: it computes that part of every layer and head, and the model's answer shows
//! whether it is the same.

use std::sync::Arc;

use super::language::{Output, Program, Value};
use super::meter::{Limits, Meter, Wanted};
use super::problem::{CellError, Problem};
use super::tasks::{ModelPart, Task};
use super::tensor::{self, Tensor};
use crate::nn::{Decoder, HeadInput, NoProbe, Seen, Substitute, host_values};

/// What a model says without and with the learner's function.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Logits `[time, vocabulary]` of the model as it is.
    pub before: Vec<f32>,
    /// The same with the learner's function inside.
    pub after: Vec<f32>,
    /// How often the function was called.
    pub calls: usize,
}

/// Runs a text through a model, once as it is and once with the learner's function in the place of that part.
///
/// # Errors
/// What cannot be read, or what went wrong inside the model, with its line.
pub fn try_in_model(
    task: &Task,
    source: &str,
    limits: &Limits,
    wanted: Wanted,
    decoder: &Decoder,
    ids: &[u32],
) -> Result<Trial, CellError> {
    let program = Program::begin(source, limits, wanted).0?;
    for function in task.functions {
        if !program.has(function.name, function.parameters.len()) {
            return Err(CellError { line: None, problem: Problem::MissingFunction(function.signature()) });
        }
    }
    let before = host_values(decoder.forward(decoder.ids(ids, 1), &mut NoProbe));
    let mut inside = InModel { part: task.part, program, own: Meter::unlimited(), calls: 0, error: None };
    let after = host_values(decoder.forward_with(ids, &mut inside));
    match inside.error {
        Some(error) => Err(error),
        None => Ok(Trial { before, after, calls: inside.calls }),
    }
}

/// The learner's functions as a substitute. After the first thing that goes wrong nothing is asked of them any more.
pub struct InModel {
    part: ModelPart,
    program: Program,
    own: Arc<Meter>,
    calls: usize,
    error: Option<CellError>,
}

impl InModel {
    /// Calls a function, whose result must have this shape.
    fn call(&mut self, function: &str, arguments: Result<Vec<Value>, Problem>, shape: &[usize]) -> Option<Tensor> {
        if self.error.is_some() {
            return None;
        }
        let called = arguments
            .map_err(|problem| CellError { line: None, problem })
            .and_then(|arguments| self.program.call(function, &arguments))
            .and_then(|output| fitting(output, function, shape).map_err(|problem| CellError { line: None, problem }));
        self.calls += 1;
        called.map_err(|error| self.error = Some(error)).ok()
    }

    fn tensor(&self, shape: &[usize], values: &[f32]) -> Result<Tensor, Problem> {
        Tensor::fill_with(shape, &self.own, |places| {
            places.iter_mut().zip(values).for_each(|(place, value)| *place = f64::from(*value));
            Ok(())
        })
    }

    /// Scaled and masked attention with its own scale: queries are stretched so that the model's comes out.
    fn attention(&mut self, head: &HeadInput<'_>, time: usize) -> Option<Vec<f32>> {
        let stretch = head.scale * (head.d_head as f32).sqrt();
        let query: Vec<f32> = head.query.iter().map(|value| value * stretch).collect();
        let mask: Vec<f32> = head.allowed.iter().map(|&may| f32::from(u8::from(may))).collect();
        let arguments =
            [&query, head.key, head.value].into_iter().map(|values| self.tensor(&[time, head.d_head], values));
        let arguments = arguments.chain([self.tensor(&[time, time], &mask)]).map(|tensor| tensor.map(Value::Tensor));
        let arguments = arguments.collect();
        self.call("attention", arguments, &[time, head.d_head]).map(|context| narrow(&context))
    }

    /// Plain attention whose values are its keys, row by row. It serves a model that scales, masks and has values of its
    /// own: queries are scaled before, a row is given only the keys that it may look at, and the values ride along behind
    /// the keys, where zeros in the query keep them out of the scores.
    fn dot_product(&mut self, head: &HeadInput<'_>, time: usize) -> Option<Vec<f32>> {
        let d = head.d_head;
        let mut context = Vec::with_capacity(time * d);
        for (row, allowed) in head.allowed.chunks_exact(time).enumerate() {
            let seen: Vec<usize> = (0..time).filter(|&key| allowed[key]).collect();
            let mut query = Vec::with_capacity(seen.len() * 2 * d);
            let mut key = Vec::with_capacity(seen.len() * 2 * d);
            for &place in &seen {
                query.extend(head.query[row * d..(row + 1) * d].iter().map(|value| value * head.scale));
                query.extend(std::iter::repeat_n(0.0, d));
                key.extend_from_slice(&head.key[place * d..(place + 1) * d]);
                key.extend_from_slice(&head.value[place * d..(place + 1) * d]);
            }
            let shape = [seen.len(), 2 * d];
            let arguments = [query, key].iter().map(|values| self.tensor(&shape, values).map(Value::Tensor)).collect();
            let rows = self.call("attention", arguments, &shape)?;
            context.extend(rows.values().iter().skip(d).take(d).map(|&value| value as f32));
        }
        Some(context)
    }
}

impl Substitute for InModel {
    fn split(&mut self, rows: Seen, heads: usize) -> Option<Seen> {
        let &[time, width] = rows.shape.as_slice() else { return None };
        if self.part != ModelPart::Heads {
            return None;
        }
        let shape = [heads, time, width / heads.max(1)];
        let arguments =
            self.tensor(&rows.shape, &rows.values).map(|x| vec![Value::Tensor(x), Value::Whole(heads as i64)]);
        self.call("split", arguments, &shape).map(|x| Seen { shape: shape.to_vec(), values: narrow(&x) })
    }

    fn join(&mut self, heads: Seen) -> Option<Seen> {
        let &[count, time, width] = heads.shape.as_slice() else { return None };
        if self.part != ModelPart::Heads {
            return None;
        }
        let shape = [time, count * width];
        let arguments = self.tensor(&heads.shape, &heads.values).map(|x| vec![Value::Tensor(x)]);
        self.call("join", arguments, &shape).map(|x| Seen { shape: shape.to_vec(), values: narrow(&x) })
    }

    fn allowed(&mut self, _: usize, time: usize) -> Option<Vec<bool>> {
        if self.part != ModelPart::Mask {
            return None;
        }
        let mask = self.call("mask", Ok(vec![Value::Whole(time as i64)]), &[time, time])?;
        Some(mask.values().iter().map(|&may| may != 0.0).collect())
    }

    fn attend(&mut self, head: &HeadInput<'_>) -> Option<Vec<f32>> {
        let time = head.query.len() / head.d_head.max(1);
        match self.part {
            ModelPart::DotProduct => self.dot_product(head, time),
            ModelPart::Attention => self.attention(head, time),
            ModelPart::Mask | ModelPart::Heads => None,
        }
    }
}

/// The output as a tensor of a shape.
fn fitting(output: Output, function: &str, shape: &[usize]) -> Result<Tensor, Problem> {
    match output {
        Output::Tensor(tensor) if tensor.shape() == shape => Ok(tensor),
        // A single row or number may have lost its axes on the way through the language.
        Output::Tensor(tensor) if tensor.shape().is_empty() && tensor::count(shape) == Some(1) => {
            tensor::reshape(&tensor, &shape.iter().map(|&size| size as i64).collect::<Vec<_>>())
        }
        Output::Tensor(tensor) => {
            Err(Problem::ResultShape(function.to_owned(), tensor.shape().to_vec(), shape.to_vec()))
        }
        Output::Other(kind) => Err(Problem::WrongKind(function.to_owned(), kind)),
    }
}

fn narrow(tensor: &Tensor) -> Vec<f32> {
    tensor.values().iter().map(|&value| value as f32).collect()
}
