//! Matrix products, and the order of axes.

use std::sync::Arc;

use super::super::meter::Meter;
use super::super::problem::Problem;
use super::elementwise::{common, places, walk};
use super::{Tensor, count};

/// `a` `[…, m, k]` times `b` `[…, k, n]` gives `[…, m, n]`; the axes in front broadcast. One axis alone is a row on the
/// left and a column on the right.
///
/// # Errors
/// [`Problem::MatmulShapes`] if they do not fit; if there is no room for the result, or no time.
pub fn matmul(a: &Tensor, b: &Tensor, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let refuse = || Problem::MatmulShapes(a.shape().to_vec(), b.shape().to_vec());
    if a.shape().is_empty() || b.shape().is_empty() {
        return Err(refuse());
    }
    let (row, column) = (a.shape().len() == 1, b.shape().len() == 1);
    let left = if row { [&[1], a.shape()].concat() } else { a.shape().to_vec() };
    let right = if column { [b.shape(), &[1]].concat() } else { b.shape().to_vec() };
    let (left_batch, left_matrix) = left.split_at(left.len() - 2);
    let (right_batch, right_matrix) = right.split_at(right.len() - 2);
    let ([m, k], [inner, n]) = (size(left_matrix), size(right_matrix));
    if k != inner {
        return Err(refuse());
    }
    let batch = common("matmul", left_batch, right_batch).map_err(|_| refuse())?;
    let matrices = count(&batch).unwrap_or(usize::MAX);
    let product = Tensor::fill_with(&[&batch[..], &[m, n]].concat(), meter, |out| {
        let pairs = places(left_batch, &batch).zip(places(right_batch, &batch)).take(matrices);
        for (out, (i, j)) in out.chunks_exact_mut((m * n).max(1)).zip(pairs) {
            let (Some(x), Some(y)) = (part(a.values(), i, m * k), part(b.values(), j, k * n)) else { continue };
            multiply(x, y, out, k, n, meter)?;
        }
        Ok(())
    })?;
    let shape = match (row, column) {
        (false, false) => return Ok(product),
        (true, false) => [&batch[..], &[n]].concat(),
        (false, true) => [&batch[..], &[m]].concat(),
        (true, true) => batch,
    };
    Ok(product.with_shape(shape).unwrap_or(product))
}

fn size(matrix: &[usize]) -> [usize; 2] {
    [matrix.first().copied().unwrap_or(1), matrix.last().copied().unwrap_or(1)]
}

fn part(values: &[f64], which: usize, length: usize) -> Option<&[f64]> {
    values.get(which * length..(which + 1) * length)
}

/// One matrix `[m, k]` times one `[k, n]`, row by row; asks for time after every row.
fn multiply(a: &[f64], b: &[f64], out: &mut [f64], k: usize, n: usize, meter: &Meter) -> Result<(), Problem> {
    if k == 0 || n == 0 {
        return Ok(());
    }
    for (row, out) in a.chunks_exact(k).zip(out.chunks_exact_mut(n)) {
        for (factor, b) in row.iter().zip(b.chunks_exact(n)) {
            meter.work(n)?;
            out.iter_mut().zip(b).for_each(|(out, b)| *out += factor * b);
        }
    }
    Ok(())
}

/// The axes in another order: axis `i` of the result is axis `order[i]`, which may count from the end.
///
/// # Errors
/// [`Problem::Permute`] if that is no order of all axes; if there is no room for the result, or no time.
pub fn permute(x: &Tensor, order: &[i64], meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let refuse = || Problem::Permute(x.shape().to_vec(), order.to_vec());
    let rank = x.shape().len();
    let axes: Vec<usize> =
        order.iter().map(|&axis| x.axis("permute", axis)).collect::<Result<_, _>>().map_err(|_| refuse())?;
    if axes.len() != rank || (0..rank).any(|axis| !axes.contains(&axis)) {
        return Err(refuse());
    }
    let mut strides = vec![1; rank];
    for axis in (1..rank).rev() {
        strides[axis - 1] = strides[axis] * x.shape()[axis];
    }
    let shape: Vec<usize> = axes.iter().map(|&axis| x.shape()[axis]).collect();
    let strides = axes.iter().map(|&axis| strides[axis]).collect();
    Tensor::fill_with(&shape, meter, |out| {
        for (out, place) in out.iter_mut().zip(walk(shape.clone(), strides)) {
            *out = x.values().get(place).copied().unwrap_or_default();
        }
        Ok(())
    })
}

/// Two axes exchanged.
///
/// # Errors
/// As [`permute`], [`Problem::Axis`] for an axis that is not there.
pub fn swap_axes(x: &Tensor, first: i64, second: i64, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let (first, second) = (x.axis("transpose", first)?, x.axis("transpose", second)?);
    let mut order: Vec<i64> = (0..x.shape().len() as i64).collect();
    order.swap(first, second);
    permute(x, &order, meter)
}

/// The last two axes exchanged; one axis alone stays.
///
/// # Errors
/// If there is no room for the result, or no time.
pub fn transpose(x: &Tensor, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    if x.shape().len() < 2 { Ok(x.clone()) } else { swap_axes(x, -2, -1, meter) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::tensor;
    use super::*;

    #[test]
    fn products_by_hand() {
        let meter = Meter::unlimited();
        let product = matmul(&tensor(&[2, 3]), &tensor(&[3, 2]), &meter).unwrap();
        assert_eq!((product.shape(), product.values()), (&[2, 2][..], &[10.0, 13.0, 28.0, 40.0][..]));
        let batched = matmul(&tensor(&[2, 2, 3]), &tensor(&[3, 1]), &meter).unwrap();
        assert_eq!((batched.shape(), batched.values()), (&[2, 2, 1][..], &[5.0, 14.0, 23.0, 32.0][..]));
        let dot = matmul(&tensor(&[3]), &tensor(&[3]), &meter).unwrap();
        assert_eq!(dot.as_scalar(), Some(5.0));
        assert_eq!(matmul(&tensor(&[3]), &tensor(&[3, 2]), &meter).unwrap().shape(), [2]);
        assert_eq!(matmul(&tensor(&[2, 3]), &tensor(&[3]), &meter).unwrap().values(), [5.0, 14.0]);
        let refused = matmul(&tensor(&[2, 3]), &tensor(&[2, 3]), &meter);
        assert_eq!(refused.unwrap_err(), Problem::MatmulShapes(vec![2, 3], vec![2, 3]));
        assert!(matmul(&tensor(&[0, 3]), &tensor(&[3, 0]), &meter).unwrap().values().is_empty());
    }

    #[test]
    fn axes_change_places() {
        let meter = Meter::unlimited();
        let x = tensor(&[2, 3]);
        assert_eq!(transpose(&x, &meter).unwrap().values(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        let x = tensor(&[2, 3, 4]);
        let turned = permute(&x, &[2, 0, 1], &meter).unwrap();
        assert_eq!(turned.shape(), [4, 2, 3]);
        assert_eq!(turned.values()[..4], [0.0, 4.0, 8.0, 12.0]);
        assert_eq!(permute(&turned, &[1, 2, 0], &meter).unwrap(), x);
        assert!(matches!(permute(&x, &[0, 0, 1], &meter), Err(Problem::Permute(..))));
        assert!(matches!(permute(&x, &[0, 1], &meter), Err(Problem::Permute(..))));
    }
}
