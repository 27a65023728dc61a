//! One parameter of a decoder on a device: a matrix or a vector.

use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};

use super::{B, Device, host_values};

/// What a backward pass returns.
pub type Gradients = <B as AutodiffBackend>::Gradients;

/// A trained tensor, or something of its shape (a gradient, a moment).
#[derive(Clone, Debug)]
pub enum Parameter {
    /// Two axes, `[in, out]`; embedding tables are `[rows, d_model]`.
    Matrix(Tensor<B, 2>),
    /// One axis.
    Vector(Tensor<B, 1>),
}

impl Parameter {
    /// Puts host values of one or two axes on a device; on an autodiff device they require gradients.
    pub fn upload(values: &[f32], shape: &[usize], device: &Device) -> Self {
        let track = B::ad_enabled(device);
        match *shape {
            [rows, columns] => {
                let tensor = Tensor::from_data(TensorData::new(values.to_vec(), [rows, columns]), device);
                Self::Matrix(if track { tensor.require_grad() } else { tensor })
            }
            _ => {
                let tensor = Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device);
                Self::Vector(if track { tensor.require_grad() } else { tensor })
            }
        }
    }

    /// Its values on the host; waits for the device.
    pub fn host_values(&self) -> Vec<f32> {
        match self {
            Self::Matrix(tensor) => host_values(tensor.clone()),
            Self::Vector(tensor) => host_values(tensor.clone()),
        }
    }

    /// The value without its tape, on the plain device.
    pub fn inner(&self) -> Self {
        match self {
            Self::Matrix(tensor) => Self::Matrix(tensor.clone().inner()),
            Self::Vector(tensor) => Self::Vector(tensor.clone().inner()),
        }
    }

    /// A value of the plain device as a leaf that requires gradients.
    pub(super) fn tracked(self) -> Self {
        match self {
            Self::Matrix(tensor) => Self::Matrix(Tensor::from_inner(tensor).require_grad()),
            Self::Vector(tensor) => Self::Vector(Tensor::from_inner(tensor).require_grad()),
        }
    }

    /// Its gradient on the plain device, if the loss depends on it.
    pub(super) fn gradient(&self, gradients: &Gradients) -> Option<Self> {
        match self {
            Self::Matrix(tensor) => tensor.grad(gradients).map(Self::Matrix),
            Self::Vector(tensor) => tensor.grad(gradients).map(Self::Vector),
        }
    }

    /// The matrix. The decoder's plan follows the layout, so a vector never stands in a matrix's place; one row of it is
    /// what it would mean.
    pub(super) fn matrix(&self) -> Tensor<B, 2> {
        match self {
            Self::Matrix(tensor) => tensor.clone(),
            Self::Vector(tensor) => tensor.clone().unsqueeze::<2>(),
        }
    }

    /// The vector, or a matrix's elements in a row.
    pub(super) fn vector(&self) -> Tensor<B, 1> {
        match self {
            Self::Matrix(tensor) => tensor.clone().flatten(0, 1),
            Self::Vector(tensor) => tensor.clone(),
        }
    }
}
