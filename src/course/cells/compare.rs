//! Is an output right, and if not, how far off is it and which mistake gives exactly this?

use std::sync::Arc;

use super::language::Value;
use super::meter::Meter;
use super::report::Fault;
use super::tasks::Function;
use super::tensor::{self, Tensor, index_of};

/// How far a right output may be from the reference: |given − expected| ≤ `ABSOLUTE` + `RELATIVE`·|expected|.
const RELATIVE: f64 = 1e-5;
/// See [`RELATIVE`].
const ABSOLUTE: f64 = 1e-8;

/// What is wrong with an output; nothing if it is right.
pub(super) fn fault(given: &Tensor, expected: &Tensor) -> Option<Fault> {
    if given.shape() != expected.shape() {
        return Some(Fault::Shape { given: given.shape().to_vec(), expected: expected.shape().to_vec() });
    }
    if let Some(place) = given.values().iter().position(|value| !value.is_finite()) {
        let value = given.values().get(place).copied().unwrap_or(f64::NAN);
        return Some(Fault::NotFinite { index: index_of(place, given.shape()), value });
    }
    let pairs = || given.values().iter().zip(expected.values());
    let off = pairs().filter(|(a, b)| !near(**a, **b)).count();
    if off == 0 {
        return None;
    }
    let distance = |(_, (a, b)): &(usize, (&f64, &f64))| (**a - **b).abs();
    let (place, (a, b)) = pairs().enumerate().max_by(|x, y| distance(x).total_cmp(&distance(y)))?;
    let index = index_of(place, given.shape());
    Some(Fault::Values { index, given: *a, expected: *b, off, of: given.values().len() })
}

fn near(given: f64, expected: f64) -> bool {
    // An infinite expectation would allow any distance.
    expected.is_finite() && (given - expected).abs() <= ABSOLUTE + RELATIVE * expected.abs()
}

/// Whether two tensors say the same, what is no number included.
fn same(a: &Tensor, b: &Tensor) -> bool {
    let equal = |(a, b): (&f64, &f64)| near(*a, *b) || a == b || (a.is_nan() && b.is_nan());
    a.shape() == b.shape() && a.values().iter().zip(b.values()).all(equal)
}

/// The usual mistake that gives exactly this output, by its key.
pub(super) fn mistake(
    function: &Function,
    arguments: &[Value],
    given: &Tensor,
    expected: &Tensor,
    meter: &Arc<Meter>,
) -> Option<&'static str> {
    let named = function.mistakes.iter().find(|mistake| {
        (mistake.formula)(arguments, meter).is_ok_and(|wrong| same(&wrong, given) && !same(&wrong, expected))
    });
    if let Some(mistake) = named {
        return Some(mistake.key);
    }
    if tensor::transpose(expected, meter).is_ok_and(|turned| same(&turned, given)) {
        return Some("result_transposed");
    }
    let echoed = |argument: &Value| matches!(argument, Value::Tensor(argument) if same(argument, given));
    arguments.iter().any(echoed).then_some("argument_returned")
}

/// Whether an output on other inputs is the one of the example, to the last digit.
pub(super) fn is_constant(given: &Tensor, on_example: &Tensor) -> bool {
    given == on_example
}
