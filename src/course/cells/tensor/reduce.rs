//! Along an axis: sums, means, extremes, softmax.

use std::sync::Arc;

use super::super::meter::Meter;
use super::super::problem::Problem;
use super::Tensor;

/// What becomes of the values along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// Their mean squared distance from the mean (divided by their number, as layer normalization does).
    Variance,
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

impl Fold {
    fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Variance => "var",
            Self::Max => "max",
            Self::Min => "min",
        }
    }

    fn of(self, values: impl Iterator<Item = f64> + Clone) -> f64 {
        let count = values.clone().count() as f64;
        match self {
            Self::Sum => values.sum(),
            Self::Mean => values.sum::<f64>() / count,
            Self::Variance => {
                let mean = values.clone().sum::<f64>() / count;
                values.map(|value| (value - mean).powi(2)).sum::<f64>() / count
            }
            Self::Max => values.fold(f64::NEG_INFINITY, f64::max),
            Self::Min => values.fold(f64::INFINITY, f64::min),
        }
    }
}

/// One number for all values along an axis, or for all values (`None`). `keep` leaves the axis with size 1.
///
/// # Errors
/// [`Problem::Axis`]; [`Problem::Empty`] if there is nothing to fold (a sum of nothing is 0); if there is no room for the
/// result, or no time.
pub fn reduce(fold: Fold, x: &Tensor, axis: Option<i64>, keep: bool, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    meter.work(x.values().len())?;
    let Some(axis) = axis else {
        refuse_nothing(fold, x.values().len())?;
        let shape = if keep { vec![1; x.shape().len()] } else { Vec::new() };
        return Tensor::new(&shape, &[fold.of(x.values().iter().copied())], meter);
    };
    let axis = x.axis(fold.name(), axis)?;
    let [_, size, inner] = x.around(axis);
    refuse_nothing(fold, size)?;
    let mut shape = x.shape().to_vec();
    if keep {
        shape[axis] = 1;
    } else {
        shape.remove(axis);
    }
    Tensor::fill_with(&shape, meter, |out| {
        for (place, out) in out.iter_mut().enumerate() {
            *out = fold.of(lane(x.values(), place, size, inner));
        }
        Ok(())
    })
}

fn refuse_nothing(fold: Fold, count: usize) -> Result<(), Problem> {
    if count == 0 && fold != Fold::Sum { Err(Problem::Empty(fold.name().to_owned())) } else { Ok(()) }
}

/// The values along an axis, for one place of all other axes.
fn lane(values: &[f64], place: usize, size: usize, inner: usize) -> impl Iterator<Item = f64> + Clone + '_ {
    let first = place / inner.max(1) * size * inner + place % inner.max(1);
    values.get(first..).unwrap_or_default().iter().step_by(inner.max(1)).take(size).copied()
}

/// Where along an axis the largest value stands; the first one of equals.
///
/// # Errors
/// As [`reduce`].
pub fn argmax(x: &Tensor, axis: i64, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    meter.work(x.values().len())?;
    let axis = x.axis("argmax", axis)?;
    let [_, size, inner] = x.around(axis);
    if size == 0 {
        return Err(Problem::Empty("argmax".to_owned()));
    }
    let mut shape = x.shape().to_vec();
    shape.remove(axis);
    Tensor::fill_with(&shape, meter, |out| {
        for (place, out) in out.iter_mut().enumerate() {
            let best = lane(x.values(), place, size, inner)
                .enumerate()
                .fold((0, f64::NEG_INFINITY), |best, (i, value)| if value > best.1 { (i, value) } else { best });
            *out = best.0 as f64;
        }
        Ok(())
    })
}

/// e^x over its sum along an axis, from the largest value down so that nothing overflows. Along an axis that is −∞
/// everywhere the result is no number, as in PyTorch.
///
/// # Errors
/// As [`reduce`].
pub fn softmax(x: &Tensor, axis: i64, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    along(x, "softmax", axis, meter, |value, largest, sum| (value - largest).exp() / sum)
}

/// The logarithm of [`softmax`].
///
/// # Errors
/// As [`reduce`].
pub fn log_softmax(x: &Tensor, axis: i64, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    along(x, "log_softmax", axis, meter, |value, largest, sum| value - largest - sum.ln())
}

/// Something of a value, the largest one along its axis, and the sum of e^(value − largest).
fn along(
    x: &Tensor,
    name: &str,
    axis: i64,
    meter: &Arc<Meter>,
    f: impl Fn(f64, f64, f64) -> f64,
) -> Result<Tensor, Problem> {
    meter.work(x.values().len())?;
    let [outer, size, inner] = x.around(x.axis(name, axis)?);
    Tensor::fill_with(x.shape(), meter, |out| {
        for place in 0..if size == 0 { 0 } else { outer * inner } {
            let values = lane(x.values(), place, size, inner);
            let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = values.clone().map(|value| (value - largest).exp()).sum();
            let first = place / inner * size * inner + place % inner;
            let places = out.get_mut(first..).unwrap_or_default().iter_mut().step_by(inner);
            places.zip(values).for_each(|(out, value)| *out = f(value, largest, sum));
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::tensor;
    use super::*;

    #[test]
    fn folds_by_hand() {
        let meter = Meter::unlimited();
        let x = tensor(&[2, 3]);
        assert_eq!(reduce(Fold::Sum, &x, Some(0), false, &meter).unwrap().values(), [3.0, 5.0, 7.0]);
        assert_eq!(reduce(Fold::Mean, &x, Some(-1), true, &meter).unwrap().shape(), [2, 1]);
        assert_eq!(reduce(Fold::Variance, &x, Some(1), false, &meter).unwrap().values(), [2.0 / 3.0; 2]);
        assert_eq!(reduce(Fold::Max, &x, None, false, &meter).unwrap().as_scalar(), Some(5.0));
        assert_eq!(reduce(Fold::Min, &x, Some(0), false, &meter).unwrap().values(), [0.0, 1.0, 2.0]);
        assert_eq!(argmax(&x, 1, &meter).unwrap().values(), [2.0, 2.0]);
        assert!(matches!(reduce(Fold::Sum, &x, Some(2), false, &meter), Err(Problem::Axis(..))));
        assert!(matches!(reduce(Fold::Mean, &tensor(&[0]), None, false, &meter), Err(Problem::Empty(_))));
    }

    #[test]
    fn softmax_sums_to_one_along_its_axis() {
        let meter = Meter::unlimited();
        let x = tensor(&[2, 3, 2]);
        for axis in -3..3 {
            let weights = softmax(&x, axis, &meter).unwrap();
            let sums = reduce(Fold::Sum, &weights, Some(axis), false, &meter).unwrap();
            assert!(sums.values().iter().all(|sum| (sum - 1.0).abs() < 1e-12), "{axis}");
            let logs = log_softmax(&x, axis, &meter).unwrap();
            assert!(logs.values().iter().zip(weights.values()).all(|(log, weight)| (log.exp() - weight).abs() < 1e-12));
        }
        let large = Tensor::new(&[2], &[1e6, 0.0], &meter).unwrap();
        assert_eq!(softmax(&large, 0, &meter).unwrap().values(), [1.0, 0.0]);
    }
}
