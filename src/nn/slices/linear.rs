//! y = x·W + b on the rows of a group, and the gradients of x and W.

use std::ops::Deref;

use rayon::prelude::*;

use super::super::plan::Linear;
use super::Model;
use crate::kernels::{Mat, MatMut, Packed, Storage, packed, product, rows, transpose};

impl Model {
    /// y ← x·W, without the bias; or y ← y + x·W.
    pub(super) fn multiply(&self, weights: &Weights, linear: &Linear, x: &[f32], y: &mut [f32], accumulate: bool) {
        if let Some(Some(panels)) = weights.laid.forward.get(linear.weight) {
            return panels.product_here(self.simd, x, y, accumulate);
        }
        let (input, output) = self.sizes(linear);
        let n = x.len() / input;
        let weight = Mat::new(self.parameter(weights, linear.weight), input, output);
        product(self.simd, MatMut::new(y, n, output), Mat::new(x, n, input), weight, accumulate);
    }

    /// y ← x·W + b.
    pub(super) fn linear(&self, weights: &Weights, linear: &Linear, x: &[f32], y: &mut [f32]) {
        self.multiply(weights, linear, x, y, false);
        if let Some(bias) = linear.bias {
            rows::add_bias(self.simd, y, self.parameter(weights, bias));
        }
    }

    /// dx ← dy·Wᵀ, or dx ← dx + dy·Wᵀ.
    pub(super) fn multiply_back(&self, laid: &Laid, linear: &Linear, dy: &[f32], dx: &mut [f32], accumulate: bool) {
        match &laid.back[linear.weight] {
            Back::None => {}
            Back::Panels(panels) => panels.product_here(self.simd, dy, dx, accumulate),
            Back::Turned(turned) => {
                let (input, output) = self.sizes(linear);
                let n = dy.len() / output;
                let weight = Mat::new(turned, output, input);
                product(self.simd, MatMut::new(dx, n, input), Mat::new(dy, n, output), weight, accumulate);
            }
        }
    }

    /// Inputs and outputs of a linear map.
    pub(super) fn sizes(&self, linear: &Linear) -> (usize, usize) {
        let shape = &self.layout.parameters[linear.weight].shape;
        (shape[0], shape[1])
    }
}

/// A step's weights, flat and laid out for products.
pub(super) struct Weights<'a> {
    pub flat: &'a [f32],
    pub laid: &'a Laid,
}

impl Deref for Weights<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.flat
    }
}

/// The blocks' matrices as products read them, laid out once a step instead of once a product.
pub(super) struct Laid {
    /// By the parameter's index: W in panels, where that pays.
    forward: Vec<Option<Packed>>,
    /// By the parameter's index: Wᵀ.
    back: Vec<Back>,
}

/// Wᵀ of one matrix.
enum Back {
    /// Not a matrix of a block.
    None,
    Panels(Packed),
    Turned(Vec<f32>),
}

impl Laid {
    pub fn new(model: &Model) -> Self {
        let count = model.layout.parameters.len();
        let mut laid = Self { forward: vec![None; count], back: (0..count).map(|_| Back::None).collect() };
        for block in &model.plan.blocks {
            let linears = [Some(&block.qkv), Some(&block.out), block.gate.as_ref(), Some(&block.up), Some(&block.down)];
            for linear in linears.into_iter().flatten() {
                let (input, output) = model.sizes(linear);
                let nothing = vec![0.0; input * output];
                laid.back[linear.weight] = if packed::pays(model.simd) {
                    let matrix = Mat::new(&nothing, input, output);
                    laid.forward[linear.weight] = Some(Packed::new(matrix, Storage::F32));
                    Back::Panels(Packed::new(matrix.t(), Storage::F32))
                } else {
                    Back::Turned(nothing)
                };
            }
        }
        laid
    }

    /// Before the way forward.
    pub fn refresh_forward(&mut self, model: &Model, weights: &[f32]) {
        self.forward.par_iter_mut().enumerate().for_each(|(index, panels)| {
            if let Some(panels) = panels {
                panels.refill(matrix(model, weights, index));
            }
        });
    }

    /// Before the way back.
    pub fn refresh_back(&mut self, model: &Model, weights: &[f32]) {
        self.back.par_iter_mut().enumerate().for_each(|(index, back)| match back {
            Back::None => {}
            Back::Panels(panels) => panels.refill(matrix(model, weights, index).t()),
            Back::Turned(turned) => transpose(matrix(model, weights, index), turned),
        });
    }
}

fn matrix<'a>(model: &Model, weights: &'a [f32], index: usize) -> Mat<'a> {
    let shape = &model.layout.parameters[index].shape;
    Mat::new(model.parameter(weights, index), shape[0], shape[1])
}
