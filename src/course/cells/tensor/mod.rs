//! The tensors of code cells: plain numbers in row-major order with a shape, metered by the run that they belong to.
//!
//! They are meant for a few thousand values that a person can look at, computed in 64 bits so that a comparison with a
//! reference measures the formula and not the rounding. Models compute with their own (`nn`, `kernels`).

mod elementwise;
mod format;
mod product;
mod reduce;
mod shape;

use std::sync::Arc;

use super::meter::{Buffer, Meter};
use super::problem::Problem;

pub use elementwise::{binary, choose, unary};
pub use product::{matmul, permute, swap_axes, transpose};
pub use reduce::{Fold, argmax, log_softmax, reduce, softmax};
pub use shape::{Range, concat, one_hot, put, reshape, slice, stack, take, triangle};

/// Numbers with a shape. A copy is cheap; values are copied when one of two copies changes.
#[derive(Clone, Debug)]
pub struct Tensor {
    shape: Vec<usize>,
    buffer: Arc<Buffer>,
}

impl Tensor {
    /// A tensor of zeros.
    ///
    /// # Errors
    /// If there is no room for it, or no time.
    pub fn zeros(shape: &[usize], meter: &Arc<Meter>) -> Result<Self, Problem> {
        Self::fill_with(shape, meter, |_| Ok(()))
    }

    /// A tensor whose values `fill` writes over zeros.
    ///
    /// # Errors
    /// If there is no room for it, or no time, or as `fill`.
    pub fn fill_with(
        shape: &[usize],
        meter: &Arc<Meter>,
        fill: impl FnOnce(&mut [f64]) -> Result<(), Problem>,
    ) -> Result<Self, Problem> {
        let limit = meter.limits().tensor_bytes;
        let count = count(shape).ok_or(Problem::OutOfMemory { bytes: u64::MAX, limit })?;
        let mut buffer = Buffer::zeros(count, meter)?;
        fill(&mut buffer.values)?;
        Ok(Self { shape: shape.to_vec(), buffer: Arc::new(buffer) })
    }

    /// A tensor of given values; as many as the shape has places, the rest stays zero.
    ///
    /// # Errors
    /// If there is no room for it, or no time.
    pub fn new(shape: &[usize], values: &[f64], meter: &Arc<Meter>) -> Result<Self, Problem> {
        Self::fill_with(shape, meter, |places| {
            places.iter_mut().zip(values).for_each(|(place, value)| *place = *value);
            Ok(())
        })
    }

    /// One number, with the shape `[]`.
    ///
    /// # Errors
    /// If there is no room for it, or no time.
    pub fn scalar(value: f64, meter: &Arc<Meter>) -> Result<Self, Problem> {
        Self::new(&[], &[value], meter)
    }

    /// Its sizes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its values, row-major.
    pub fn values(&self) -> &[f64] {
        &self.buffer.values
    }

    /// The number, if it has the shape `[]`.
    pub fn as_scalar(&self) -> Option<f64> {
        if self.shape.is_empty() { self.values().first().copied() } else { None }
    }

    /// The same values in another shape of the same size; `None` if it is not.
    fn with_shape(&self, shape: Vec<usize>) -> Option<Self> {
        (count(&shape) == Some(self.values().len())).then(|| Self { shape, buffer: self.buffer.clone() })
    }

    /// Its values to change, which no copy sees.
    fn values_mut(&mut self) -> Result<&mut [f64], Problem> {
        if Arc::get_mut(&mut self.buffer).is_none() {
            self.buffer = Arc::new(self.buffer.copy()?);
        }
        Ok(Arc::get_mut(&mut self.buffer).map_or(&mut [], |buffer| &mut buffer.values))
    }

    /// Which axis is meant by a number that may count from the end.
    fn axis(&self, operation: &str, axis: i64) -> Result<usize, Problem> {
        let rank = self.shape.len() as i64;
        let place = if axis < 0 { axis.saturating_add(rank) } else { axis };
        if (0..rank).contains(&place) {
            return Ok(place as usize);
        }
        Err(Problem::Axis(operation.to_owned(), axis, self.shape.clone()))
    }

    /// Product of the sizes before an axis, its size, product of those after it.
    fn around(&self, axis: usize) -> [usize; 3] {
        let (before, rest) = self.shape.split_at(axis.min(self.shape.len()));
        let (size, after) = rest.split_first().map_or((1, &[][..]), |(size, after)| (*size, after));
        [before.iter().product(), size, after.iter().product()]
    }
}

impl PartialEq for Tensor {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.values() == other.values()
    }
}

/// How many values a shape has; `None` if it cannot be counted.
pub fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size))
}

/// The index of a place in row-major order.
pub fn index_of(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in index.iter_mut().zip(shape).rev() {
        *i = place % size.max(1);
        place /= size.max(1);
    }
    index
}

#[cfg(test)]
mod testing {
    use super::*;

    /// A tensor of a shape with the values 0, 1, 2, …
    pub(super) fn tensor(shape: &[usize]) -> Tensor {
        let values: Vec<f64> = (0..shape.iter().product()).map(|i: usize| i as f64).collect();
        Tensor::new(shape, &values, &Meter::unlimited()).unwrap()
    }
}
