//! Code cells: a small language with tensors, in which a learner writes a part of a model; what they wrote is run within
//! limits and compared with a reference on inputs that they have not seen.

mod check;
mod compare;
mod in_model;
mod language;
pub mod lexer;
mod meter;
mod problem;
mod report;
pub mod tasks;
pub mod tensor;
#[cfg(test)]
mod tests;

pub use check::check;
pub use in_model::{InModel, Trial, try_in_model};
pub use language::{FUNCTIONS, KEYWORDS, Output, Printed, Program, Value};
pub use meter::{Limits, Meter, Wanted};
pub use problem::{CellError, Kind, Problem};
pub use report::{CellReport, Fault, Input, Shown, Verdict, Wrong};
