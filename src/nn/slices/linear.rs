//! y = x·W + b on the rows of a group, and the gradients of x and W.

use super::super::plan::Linear;
use super::Model;
use crate::kernels::{Mat, MatMut, product, rows};

impl Model {
    /// y ← x·W, without the bias; or y ← y + x·W.
    pub(super) fn multiply(&self, weights: &[f32], linear: &Linear, x: &[f32], y: &mut [f32], accumulate: bool) {
        let (input, output) = self.sizes(linear);
        let n = x.len() / input;
        let weight = Mat::new(self.parameter(weights, linear.weight), input, output);
        product(self.simd, MatMut::new(y, n, output), Mat::new(x, n, input), weight, accumulate);
    }

    /// y ← x·W + b.
    pub(super) fn linear(&self, weights: &[f32], linear: &Linear, x: &[f32], y: &mut [f32]) {
        self.multiply(weights, linear, x, y, false);
        if let Some(bias) = linear.bias {
            rows::add_bias(self.simd, y, self.parameter(weights, bias));
        }
    }

    /// dx ← dy·Wᵀ, or dx ← dx + dy·Wᵀ.
    pub(super) fn multiply_back(&self, weights: &[f32], linear: &Linear, dy: &[f32], dx: &mut [f32], accumulate: bool) {
        let (input, output) = self.sizes(linear);
        let n = dy.len() / output;
        let weight = Mat::new(self.parameter(weights, linear.weight), input, output);
        product(self.simd, MatMut::new(dx, n, input), Mat::new(dy, n, output), weight.t(), accumulate);
    }

    /// Inputs and outputs of a linear map.
    pub(super) fn sizes(&self, linear: &Linear) -> (usize, usize) {
        let shape = &self.layout.parameters[linear.weight].shape;
        (shape[0], shape[1])
    }
}
