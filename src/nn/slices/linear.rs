//! y = x·W + b on the rows of a group, and the gradients of x and W.

use super::super::plan::Linear;
use super::Model;
use rayon::prelude::*;

use crate::kernels::{Mat, MatMut, product, rows, transpose};

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
    pub(super) fn multiply_back(&self, turned: &Turned, linear: &Linear, dy: &[f32], dx: &mut [f32], accumulate: bool) {
        let (input, output) = self.sizes(linear);
        let n = dy.len() / output;
        let weight = Mat::new(&turned.matrices[linear.weight], output, input);
        product(self.simd, MatMut::new(dx, n, input), Mat::new(dy, n, output), weight, accumulate);
    }

    /// Inputs and outputs of a linear map.
    pub(super) fn sizes(&self, linear: &Linear) -> (usize, usize) {
        let shape = &self.layout.parameters[linear.weight].shape;
        (shape[0], shape[1])
    }
}

/// The transposes of the blocks' matrices, made once a step for the way back.
pub(super) struct Turned {
    /// By the parameter's index; empty where a parameter is not a block's matrix.
    matrices: Vec<Vec<f32>>,
}

impl Turned {
    pub fn new(model: &Model) -> Self {
        let mut matrices = vec![Vec::new(); model.layout.parameters.len()];
        for block in &model.plan.blocks {
            let linears = [Some(&block.qkv), Some(&block.out), block.gate.as_ref(), Some(&block.up), Some(&block.down)];
            for linear in linears.into_iter().flatten() {
                matrices[linear.weight] = vec![0.0; model.layout.parameters[linear.weight].range.len()];
            }
        }
        Self { matrices }
    }

    pub fn refresh(&mut self, model: &Model, weights: &[f32]) {
        self.matrices.par_iter_mut().enumerate().filter(|(_, to)| !to.is_empty()).for_each(|(index, to)| {
            let shape = &model.layout.parameters[index].shape;
            transpose(Mat::new(model.parameter(weights, index), shape[0], shape[1]), to);
        });
    }
}
