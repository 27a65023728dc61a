//! Normalization of rows: layer norm and RMS norm.

use burn::tensor::Tensor;

use super::B;
use super::config::NormKind;

/// Normalizes each row of `x` `[rows, d]`: (x − μ)/√(σ² + ε)·γ + β, or x/√(mean(x²) + ε)·γ.
pub fn normalize(
    x: Tensor<B, 2>,
    kind: NormKind,
    eps: f64,
    gain: Tensor<B, 1>,
    bias: Option<Tensor<B, 1>>,
) -> Tensor<B, 2> {
    let centred = match kind {
        NormKind::LayerNorm => {
            let mean = x.clone().mean_dim(1);
            x - mean
        }
        NormKind::RmsNorm => x,
    };
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    let scaled = centred / (variance + eps).sqrt() * gain.unsqueeze::<2>();
    match bias {
        Some(bias) => scaled + bias.unsqueeze::<2>(),
        None => scaled,
    }
}
