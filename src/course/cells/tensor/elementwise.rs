//! Value by value, with broadcasting: shapes are aligned at their last axes, and an axis of size 1 is repeated.

use std::sync::Arc;

use super::super::meter::Meter;
use super::super::problem::Problem;
use super::Tensor;

/// A function of every value.
///
/// # Errors
/// If there is no room for the result, or no time.
pub fn unary(x: &Tensor, meter: &Arc<Meter>, f: impl Fn(f64) -> f64) -> Result<Tensor, Problem> {
    Tensor::fill_with(x.shape(), meter, |out| {
        out.iter_mut().zip(x.values()).for_each(|(out, value)| *out = f(*value));
        Ok(())
    })
}

/// A function of every pair of values.
///
/// # Errors
/// [`Problem::Shapes`] if the shapes do not broadcast; if there is no room for the result, or no time.
pub fn binary(
    operation: &str,
    a: &Tensor,
    b: &Tensor,
    meter: &Arc<Meter>,
    f: impl Fn(f64, f64) -> f64,
) -> Result<Tensor, Problem> {
    let shape = common(operation, a.shape(), b.shape())?;
    let (left, right) = (a.values(), b.values());
    Tensor::fill_with(&shape, meter, |out| {
        let places = places(a.shape(), &shape).zip(places(b.shape(), &shape));
        for (out, (i, j)) in out.iter_mut().zip(places) {
            if let (Some(x), Some(y)) = (left.get(i), right.get(j)) {
                *out = f(*x, *y);
            }
        }
        Ok(())
    })
}

/// `a` where the condition is not zero, `b` elsewhere.
///
/// # Errors
/// As [`binary`].
pub fn choose(condition: &Tensor, a: &Tensor, b: &Tensor, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let shape = common("where", a.shape(), b.shape())?;
    let shape = common("where", condition.shape(), &shape)?;
    Tensor::fill_with(&shape, meter, |out| {
        let sides = places(a.shape(), &shape).zip(places(b.shape(), &shape));
        for (out, (i, (j, k))) in out.iter_mut().zip(places(condition.shape(), &shape).zip(sides)) {
            let chosen = if condition.values().get(i).is_some_and(|value| *value != 0.0) {
                a.values().get(j)
            } else {
                b.values().get(k)
            };
            *out = chosen.copied().unwrap_or_default();
        }
        Ok(())
    })
}

/// The shape that both broadcast to.
pub(super) fn common(operation: &str, a: &[usize], b: &[usize]) -> Result<Vec<usize>, Problem> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
    (0..rank)
        .map(|axis| match (size(a, axis), size(b, axis)) {
            (x, y) if x == y || y == 1 => Some(x),
            (1, y) => Some(y),
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(|| Problem::Shapes(operation.to_owned(), a.to_vec(), b.to_vec()))
}

/// Where the values of a tensor are that is broadcast to a shape, one place for every value of the result.
pub(super) fn places(from: &[usize], to: &[usize]) -> impl Iterator<Item = usize> {
    let mut strides = vec![0; to.len()];
    let mut stride = 1;
    for (axis, &size) in from.iter().enumerate().rev() {
        strides[axis + to.len() - from.len()] = if size == 1 { 0 } else { stride };
        stride *= size;
    }
    walk(to.to_vec(), strides)
}

/// Counts through a shape in row-major order and gives the place in another order of memory.
pub(super) fn walk(shape: Vec<usize>, strides: Vec<usize>) -> impl Iterator<Item = usize> {
    let mut index = vec![0; shape.len()];
    let mut place = 0usize;
    std::iter::repeat_with(move || {
        let here = place;
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            place += strides[axis];
            if index[axis] < shape[axis] {
                break;
            }
            place -= strides[axis] * shape[axis];
            index[axis] = 0;
        }
        here
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::tensor;
    use super::*;

    #[test]
    fn shapes_broadcast_from_the_last_axis() {
        let meter = Meter::unlimited();
        let sum = binary("+", &tensor(&[2, 3]), &tensor(&[3]), &meter, |a, b| a + b).unwrap();
        assert_eq!((sum.shape(), sum.values()), (&[2, 3][..], &[0.0, 2.0, 4.0, 3.0, 5.0, 7.0][..]));
        let sum = binary("+", &tensor(&[2, 1]), &tensor(&[3]), &meter, |a, b| 10.0 * a + b).unwrap();
        assert_eq!(sum.values(), [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
        let sum = binary("+", &tensor(&[4, 1, 2]), &tensor(&[3, 1]), &meter, |a, _| a).unwrap();
        assert_eq!(sum.shape(), [4, 3, 2]);
        assert_eq!(sum.values()[..8], [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 2.0, 3.0]);
        let refused = binary("+", &tensor(&[2, 3]), &tensor(&[2]), &meter, |a, _| a);
        assert_eq!(refused.unwrap_err(), Problem::Shapes("+".into(), vec![2, 3], vec![2]));
    }

    #[test]
    fn where_takes_one_side_or_the_other() {
        let meter = Meter::unlimited();
        let condition = Tensor::new(&[2, 1], &[1.0, 0.0], &meter).unwrap();
        let chosen = choose(&condition, &tensor(&[2, 2]), &Tensor::scalar(-9.0, &meter).unwrap(), &meter).unwrap();
        assert_eq!(chosen.values(), [0.0, 1.0, -9.0, -9.0]);
    }
}
