//! What a code cell can be asked for: one file a task, with its reference, its inputs and the usual mistakes.
//!
//! A new task is one file and one line in [`all`]; a lesson names it by `task = "…"`.

mod causal_mask;
mod dot_product_attention;
mod masked_attention;
mod pieces;
mod split_heads;

use std::sync::Arc;

use super::language::Value;
use super::meter::Meter;
use super::problem::{Problem, shape};
use super::tensor::Tensor;
use crate::nn::Rng;

/// What one function is called with.
pub type Arguments = Vec<Value>;

/// A formula on a function's arguments.
pub type Formula = fn(&[Value], &Arc<Meter>) -> Result<Tensor, Problem>;

/// A wrong formula that people write.
pub struct Mistake {
    /// Its sentence in the locales, `cells.mistake.KEY`.
    pub key: &'static str,
    /// What they compute instead. It may fail where it does not apply.
    pub formula: Formula,
}

/// A function that the learner writes.
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The names of its parameters.
    pub parameters: &'static [&'static str],
    /// What it should compute.
    pub reference: Formula,
    /// What people compute instead, the surest first.
    pub mistakes: &'static [Mistake],
}

/// Which part of a model a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelPart {
    /// `attention(q, k)`, unscaled and with the keys as values.
    DotProduct,
    /// `attention(q, k, v, mask)`, scaled and masked.
    Attention,
    /// `mask(n)`.
    Mask,
    /// `split(x, n_heads)` and `join(x)`.
    Heads,
}

/// Draws the arguments of every function for such sizes.
pub type Draw = fn(&mut Rng, &[usize], &Arc<Meter>) -> Result<Vec<Arguments>, Problem>;

/// Something to write.
pub struct Task {
    /// As lessons write it.
    pub name: &'static str,
    /// What to write, each function on its own.
    pub functions: &'static [Function],
    /// The arguments of every function on the example that the learner sees.
    pub example: fn(&Arc<Meter>) -> Result<Vec<Arguments>, Problem>,
    /// Sizes of the hidden inputs, in the task's own order.
    pub hidden: &'static [&'static [usize]],
    /// Draws the arguments of every function for such sizes.
    pub inputs: Draw,
    /// What it replaces in a model.
    pub part: ModelPart,
}

impl Task {
    /// The arguments of every function for a hidden input: always the same for the same seed.
    ///
    /// # Errors
    /// If there is no room for them.
    pub fn draw(&self, seed: u64, sizes: &[usize], meter: &Arc<Meter>) -> Result<Vec<Arguments>, Problem> {
        (self.inputs)(&mut Rng::from_parts(0x0007_e1a4, seed), sizes, meter)
    }
}

impl Function {
    /// `attention(q, k)`
    pub fn signature(&self) -> String {
        format!("{}({})", self.name, self.parameters.join(", "))
    }

    /// Each argument's name, and all of it.
    pub(super) fn write(&self, arguments: &[Value]) -> Vec<(String, String)> {
        let what = |value: &Value| match value {
            Value::Tensor(tensor) => tensor.to_string(),
            Value::Whole(whole) => whole.to_string(),
        };
        self.parameters.iter().zip(arguments).map(|(name, value)| ((*name).to_owned(), what(value))).collect()
    }

    /// Each argument's name, and its shape or value.
    pub(super) fn describe(&self, arguments: &[Value]) -> Vec<(String, String)> {
        let what = |value: &Value| match value {
            Value::Tensor(tensor) => shape(tensor.shape()),
            Value::Whole(whole) => format!("= {whole}"),
        };
        self.parameters.iter().zip(arguments).map(|(name, value)| ((*name).to_owned(), what(value))).collect()
    }
}

static ALL: [&Task; 4] =
    [&dot_product_attention::TASK, &masked_attention::TASK, &causal_mask::TASK, &split_heads::TASK];

/// Every task.
pub fn all() -> &'static [&'static Task] {
    &ALL
}

/// The task of a name.
pub fn find(name: &str) -> Option<&'static Task> {
    all().iter().copied().find(|task| task.name == name)
}
