//! The non-linearities of the feed-forward network.

use burn::tensor::{Tensor, activation};

use super::B;
use super::config::Activation;

/// The hidden activations `[rows, d_ff]` from the widened stream; `gate` is the second product that SwiGLU needs and the
/// others do not have.
pub fn activate(kind: Activation, up: Tensor<B, 2>, gate: Option<Tensor<B, 2>>) -> Tensor<B, 2> {
    match (kind, gate) {
        (Activation::Relu, _) => activation::relu(up),
        (Activation::Gelu, _) => activation::gelu(up),
        (Activation::GeluTanh, _) => gelu_tanh(up),
        (Activation::SwiGlu, Some(gate)) => activation::silu(gate) * up,
        (Activation::SwiGlu, None) => activation::silu(up),
    }
}

/// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
fn gelu_tanh(x: Tensor<B, 2>) -> Tensor<B, 2> {
    let cubed = x.clone() * x.clone() * x.clone();
    let inner = (x.clone() + cubed * 0.044_715) * (2.0 / std::f64::consts::PI).sqrt();
    x * 0.5 * (inner.tanh() + 1.0)
}
