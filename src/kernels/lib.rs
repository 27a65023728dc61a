//! The CPU's fast paths on plain slices: what a decoder computes, forward and backward, without any tensor type.
//!
//! The kernels know nothing but slices. The level of vector instructions is chosen at run time and handed to every
//! kernel as a [`Simd`] value, so a test can run the same work at each level. Unsafe code lives here and nowhere else,
//! each piece with its reason. Every split of work is by fixed sizes, so results do not depend on the number of threads.

pub mod activation;
pub mod adam;
pub mod attention;
pub mod cached;
#[cfg(test)]
pub(crate) mod check;
pub mod embedding;
pub mod heap;
pub mod math;
pub mod matrix;
pub mod norm;
pub mod output;
pub mod packed;
pub mod rotary;
pub mod rows;
pub mod simd;
pub mod threads;

pub use adam::{AdamStep, adam, global_norm, scale};
pub use matrix::{Mat, MatMut, product, transpose};
pub use packed::{Packed, Storage};
pub use simd::Simd;
