//! Code cells: a small language with tensors, in which a learner writes a part of a model; what they wrote is run within
//! limits and compared with a reference on inputs that they have not seen.

mod meter;
mod problem;
mod report;

pub use meter::{Limits, Meter, Wanted};
pub use problem::{CellError, Kind, Problem};
pub use report::{CellReport, Fault, Input, Shown, Verdict, Wrong};

/// Runs a cell and compares it with its task; `None` for a task that does not exist.
pub fn check(task: &str, source: &str, limits: &Limits, wanted: Wanted) -> Option<CellReport> {
    _ = (task, source, Meter::new(*limits, wanted));
    None
}
