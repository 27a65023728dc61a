//! Other shapes, parts, and tensors put together.

use std::sync::Arc;

use super::super::meter::Meter;
use super::super::problem::Problem;
use super::elementwise::unary;
use super::{Tensor, count};

/// From, and up to but without; both may count from the end. `None` is the end itself.
pub type Range = (i64, Option<i64>);

/// The same values in another shape. One size may be −1: it becomes what is left.
///
/// # Errors
/// [`Problem::Reshape`] if the number of values differs.
pub fn reshape(x: &Tensor, sizes: &[i64]) -> Result<Tensor, Problem> {
    let refuse = || Problem::Reshape(x.shape().to_vec(), sizes.to_vec());
    let known: Vec<usize> = sizes.iter().filter_map(|&size| usize::try_from(size).ok()).collect();
    let product = count(&known).ok_or_else(refuse)?;
    let rest = match sizes.len() - known.len() {
        0 => 1,
        1 if sizes.contains(&-1) && product > 0 && x.values().len().is_multiple_of(product) => {
            x.values().len() / product
        }
        _ => return Err(refuse()),
    };
    let shape = sizes.iter().map(|&size| usize::try_from(size).unwrap_or(rest)).collect();
    x.with_shape(shape).ok_or_else(refuse)
}

/// A part along an axis.
///
/// # Errors
/// [`Problem::Axis`]; [`Problem::Index`] if the range reaches beyond the end; if there is no room, or no time.
pub fn slice(x: &Tensor, axis: i64, range: Range, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let axis = x.axis("slice", axis)?;
    let [_, size, inner] = x.around(axis);
    let end = bound(range.1.unwrap_or(size as i64), size)?;
    let begin = bound(range.0, size)?.min(end);
    let mut shape = x.shape().to_vec();
    shape[axis] = end - begin;
    Tensor::fill_with(&shape, meter, |out| {
        let parts =
            x.values().chunks_exact((size * inner).max(1)).filter_map(|part| part.get(begin * inner..end * inner));
        out.chunks_exact_mut(((end - begin) * inner).max(1))
            .zip(parts)
            .for_each(|(out, part)| out.copy_from_slice(part));
        Ok(())
    })
}

/// A place from 0 to `size` that may count from the end.
fn bound(place: i64, size: usize) -> Result<usize, Problem> {
    let from_start = if place < 0 { place.saturating_add(size as i64) } else { place };
    usize::try_from(from_start).ok().filter(|&place| place <= size).ok_or(Problem::Index(place, size))
}

/// Which entry of the first axis is meant by an index that may count from the end.
fn entry(index: i64, size: usize) -> Result<usize, Problem> {
    bound(index, size).ok().filter(|&place| place < size).ok_or(Problem::Index(index, size))
}

/// The entries of the first axis that `ids` (of any shape) name: `[ids…, rest…]`.
///
/// # Errors
/// [`Problem::Index`]; [`Problem::Axis`] for a plain number; if there is no room, or no time.
pub fn take(x: &Tensor, ids: &Tensor, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let [_, size, inner] = x.around(x.axis("take", 0)?);
    let rest = x.shape().get(1..).unwrap_or_default();
    Tensor::fill_with(&[ids.shape(), rest].concat(), meter, |out| {
        for (out, id) in out.chunks_exact_mut(inner.max(1)).zip(ids.values()) {
            let place = entry(*id as i64, size)?;
            out.copy_from_slice(&x.values()[place * inner..(place + 1) * inner]);
        }
        Ok(())
    })
}

/// Replaces an entry of the first axis.
///
/// # Errors
/// [`Problem::Index`]; [`Problem::Shapes`] if the value has not the entry's shape; if there is no room, or no time.
pub fn put(x: &mut Tensor, index: i64, value: &Tensor) -> Result<(), Problem> {
    let [_, size, inner] = x.around(x.axis("[]", 0)?);
    let place = entry(index, size)?;
    let rest = x.shape().get(1..).unwrap_or_default();
    if value.shape() != rest && !value.shape().is_empty() {
        return Err(Problem::Shapes("=".to_owned(), rest.to_vec(), value.shape().to_vec()));
    }
    let repeated = value.values().iter().copied().cycle();
    let places = x.values_mut()?.get_mut(place * inner..(place + 1) * inner).unwrap_or_default();
    places.iter_mut().zip(repeated).for_each(|(place, value)| *place = value);
    Ok(())
}

/// Tensors one behind the other along an axis.
///
/// # Errors
/// [`Problem::Shapes`] if another axis differs; [`Problem::Empty`] for no tensors; if there is no room, or no time.
pub fn concat(parts: &[Tensor], axis: i64, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let first = parts.first().ok_or_else(|| Problem::Empty("concat".to_owned()))?;
    let axis = first.axis("concat", axis)?;
    for part in parts {
        let fits = part.shape().len() == first.shape().len()
            && part.shape().iter().zip(first.shape()).enumerate().all(|(i, (a, b))| i == axis || a == b);
        if !fits {
            return Err(Problem::Shapes("concat".to_owned(), first.shape().to_vec(), part.shape().to_vec()));
        }
    }
    let [outer, _, inner] = first.around(axis);
    let mut shape = first.shape().to_vec();
    shape[axis] = parts.iter().map(|part| part.shape()[axis]).sum();
    Tensor::fill_with(&shape, meter, |out| {
        let mut rest = out;
        for row in 0..outer {
            for part in parts {
                let length = part.shape()[axis] * inner;
                let (here, after) = std::mem::take(&mut rest).split_at_mut(length);
                here.copy_from_slice(&part.values()[row * length..(row + 1) * length]);
                rest = after;
            }
        }
        Ok(())
    })
}

/// Tensors of one shape side by side along a new axis.
///
/// # Errors
/// As [`concat`].
pub fn stack(parts: &[Tensor], axis: i64, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let rank = parts.first().map_or(0, |part| part.shape().len()) as i64;
    let place = if axis < 0 { axis.saturating_add(rank + 1) } else { axis };
    if !(0..=rank).contains(&place) {
        return Err(Problem::Axis(
            "stack".to_owned(),
            axis,
            parts.first().map_or(Vec::new(), |part| part.shape.clone()),
        ));
    }
    let wider = parts.iter().map(|part| {
        let mut shape = part.shape().to_vec();
        shape.insert((place as usize).min(shape.len()), 1);
        part.with_shape(shape).unwrap_or_else(|| part.clone())
    });
    concat(&wider.collect::<Vec<_>>(), place, meter)
}

/// A row of zeros with a 1 at the id, for every id: `[ids…, count]`.
///
/// # Errors
/// [`Problem::Index`] for an id that is not below `count`; if there is no room, or no time.
pub fn one_hot(ids: &Tensor, count: usize, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    Tensor::fill_with(&[ids.shape(), &[count]].concat(), meter, |out| {
        for (row, id) in out.chunks_exact_mut(count.max(1)).zip(ids.values()) {
            row[entry(*id as i64, count)?] = 1.0;
        }
        Ok(())
    })
}

/// What lies on and below the diagonal of the last two axes (`lower`), or on and above it; zeros elsewhere.
///
/// # Errors
/// [`Problem::Axis`] with fewer than two axes; if there is no room, or no time.
pub fn triangle(x: &Tensor, lower: bool, meter: &Arc<Meter>) -> Result<Tensor, Problem> {
    let name = if lower { "tril" } else { "triu" };
    let columns = x.shape()[x.axis(name, -1)?].max(1);
    let rows = x.shape()[x.axis(name, -2)?].max(1);
    let mut cut = unary(x, meter, |value| value)?;
    for (place, value) in cut.values_mut()?.iter_mut().enumerate() {
        let (row, column) = (place / columns % rows, place % columns);
        if if lower { column > row } else { column < row } {
            *value = 0.0;
        }
    }
    Ok(cut)
}

#[cfg(test)]
mod tests {
    use super::super::testing::tensor;
    use super::*;

    #[test]
    fn shapes_change_only_if_nothing_is_lost() {
        let x = tensor(&[4, 6]);
        assert_eq!(reshape(&x, &[2, -1, 3]).unwrap().shape(), [2, 4, 3]);
        for wrong in [&[5, 5][..], &[-1, -1], &[-1, 7], &[-2, 12], &[i64::MAX, i64::MAX]] {
            assert!(matches!(reshape(&x, wrong), Err(Problem::Reshape(..))), "{wrong:?}");
        }
    }

    #[test]
    fn parts_and_entries() {
        let meter = Meter::unlimited();
        let x = tensor(&[2, 4]);
        assert_eq!(slice(&x, 1, (1, Some(3)), &meter).unwrap().values(), [1.0, 2.0, 5.0, 6.0]);
        assert_eq!(slice(&x, -1, (-1, None), &meter).unwrap().values(), [3.0, 7.0]);
        assert!(matches!(slice(&x, 1, (0, Some(5)), &meter), Err(Problem::Index(5, 4))));
        let ids = Tensor::new(&[3], &[1.0, 0.0, -1.0], &meter).unwrap();
        assert_eq!(take(&x, &ids, &meter).unwrap().values()[..5], [4.0, 5.0, 6.0, 7.0, 0.0]);
        let copy = x.clone();
        let mut changed = x;
        put(&mut changed, 1, &Tensor::scalar(9.0, &meter).unwrap()).unwrap();
        assert_eq!(changed.values(), [0.0, 1.0, 2.0, 3.0, 9.0, 9.0, 9.0, 9.0]);
        assert_eq!(copy, tensor(&[2, 4]));
    }

    #[test]
    fn tensors_put_together() {
        let meter = Meter::unlimited();
        let x = tensor(&[2, 2]);
        let wide = concat(&[x.clone(), tensor(&[2, 1])], 1, &meter).unwrap();
        assert_eq!((wide.shape(), wide.values()), (&[2, 3][..], &[0.0, 1.0, 0.0, 2.0, 3.0, 1.0][..]));
        assert_eq!(stack(&[x.clone(), x.clone()], 0, &meter).unwrap().shape(), [2, 2, 2]);
        assert_eq!(stack(&[x.clone(), x.clone()], -1, &meter).unwrap().values()[..4], [0.0, 0.0, 1.0, 1.0]);
        assert!(matches!(concat(&[x, tensor(&[3, 1])], 1, &meter), Err(Problem::Shapes(..))));
        assert!(matches!(concat(&[], 0, &meter), Err(Problem::Empty(_))));
        let ids = Tensor::new(&[2], &[2.0, 0.0], &meter).unwrap();
        assert_eq!(one_hot(&ids, 3, &meter).unwrap().values(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(triangle(&tensor(&[2, 2]), true, &meter).unwrap().values(), [0.0, 0.0, 2.0, 3.0]);
    }
}
