//! The non-linearities of the feed-forward network, forward and backward.
//!
//! The way forward leaves the slope where the input was, so the way back is one multiplication.

use super::math::{erf, exp, logistic, tanh};
use super::rows;
use super::simd::{Lanes, Simd, kernel, lanes};

/// Which non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// max(0, x)
    Relu,
    /// x·Φ(x)
    Gelu,
    /// GELU by tanh.
    GeluTanh,
}

/// (value, slope) of x·Φ(x).
#[inline(always)]
unsafe fn gelu<S: Lanes>(x: S::V) -> (S::V, S::V) {
    // SAFETY: handed to the caller.
    unsafe {
        let z = S::mul(x, S::splat(std::f32::consts::FRAC_1_SQRT_2));
        let (erf, bell) = (erf::<S>(z), exp::<S>(S::fnma(z, z, S::splat(0.0))));
        let half = S::splat(0.5);
        let share = S::fma(erf, half, half);
        // φ(x) = e^(−x²/2)/√(2π)
        let density = S::mul(bell, S::splat(0.398_942_3));
        (S::mul(x, share), S::fma(x, density, share))
    }
}

/// (value, slope) of ½x(1 + tanh(√(2/π)(x + 0.044715x³))).
#[inline(always)]
unsafe fn gelu_tanh<S: Lanes>(x: S::V) -> (S::V, S::V) {
    // SAFETY: handed to the caller.
    unsafe {
        let (half, one) = (S::splat(0.5), S::splat(1.0));
        let (root, cubic) = (S::splat(0.797_884_6), S::splat(0.044_715));
        let square = S::mul(x, x);
        let inner = S::mul(S::mul(x, root), S::fma(square, cubic, one));
        let t = tanh::<S>(inner);
        let share = S::fma(t, half, half);
        let d_inner = S::mul(root, S::fma(square, S::splat(3.0 * 0.044_715), one));
        let slope = S::fma(S::mul(S::mul(half, x), S::fnma(t, t, one)), d_inner, share);
        (S::mul(x, share), slope)
    }
}

/// (value, slope) of max(0, x); NaN stays NaN.
#[inline(always)]
unsafe fn relu<S: Lanes>(x: S::V) -> (S::V, S::V) {
    // SAFETY: handed to the caller.
    unsafe {
        let zero = S::splat(0.0);
        (S::max(zero, x), S::where_positive(x, S::splat(1.0), zero))
    }
}

macro_rules! body {
    ($name:ident, $f:ident) => {
        #[inline(always)]
        unsafe fn $name<S: Lanes>(x: &mut [f32], y: &mut [f32], bias: Option<&[f32]>, width: usize) {
            assert!(x.len() == y.len() && bias.is_none_or(|b| b.len() == width));
            for (x, y) in x.chunks_exact_mut(width).zip(y.chunks_exact_mut(width)) {
                let (x, y) = (x.as_mut_ptr(), y.as_mut_ptr());
                // SAFETY: offsets stay below `width`, the length of both rows and of the bias.
                unsafe {
                    lanes!(S, width, i, c, {
                        let mut v = S::load(x.add(i), c);
                        if let Some(bias) = bias {
                            v = S::add(v, S::load(bias.as_ptr().add(i), c));
                        }
                        let (value, slope) = $f::<S>(v);
                        S::store(y.add(i), value, c);
                        S::store(x.add(i), slope, c);
                    });
                }
            }
        }
    };
}
body!(relu_body, relu);
body!(gelu_body, gelu);
body!(gelu_tanh_body, gelu_tanh);

kernel! { fn relu_rows(x: &mut [f32], y: &mut [f32], bias: Option<&[f32]>, width: usize) = relu_body }
kernel! { fn gelu_rows(x: &mut [f32], y: &mut [f32], bias: Option<&[f32]>, width: usize) = gelu_body }
kernel! { fn gelu_tanh_rows(x: &mut [f32], y: &mut [f32], bias: Option<&[f32]>, width: usize) = gelu_tanh_body }

/// y ← f(x + bias) and x ← f′(x + bias), for rows `[n, width]`.
pub fn forward(simd: Simd, kind: Kind, x: &mut [f32], y: &mut [f32], bias: Option<&[f32]>, width: usize) {
    match kind {
        Kind::Relu => relu_rows(simd, x, y, bias, width),
        Kind::Gelu => gelu_rows(simd, x, y, bias, width),
        Kind::GeluTanh => gelu_tanh_rows(simd, x, y, bias, width),
    }
}

/// dx ← dy ⊙ f′(x), in place of dy, with the slopes that [`forward`] left.
pub fn backward(simd: Simd, slopes: &[f32], gradient: &mut [f32]) {
    rows::multiply(simd, gradient, slopes);
}

#[inline(always)]
unsafe fn swiglu_body<S: Lanes>(gate: &mut [f32], up: &mut [f32], y: &mut [f32]) {
    assert!(gate.len() == up.len() && gate.len() == y.len());
    let (n, g, u, y) = (gate.len(), gate.as_mut_ptr(), up.as_mut_ptr(), y.as_mut_ptr());
    // SAFETY: offsets stay below the common length.
    unsafe {
        lanes!(S, n, i, c, {
            let (x, v) = (S::load(g.add(i), c), S::load(u.add(i), c));
            let s = logistic::<S>(x);
            let silu = S::mul(x, s);
            // d silu/dx = s + x·s·(1 − s)
            let slope = S::fma(silu, S::sub(S::splat(1.0), s), s);
            S::store(y.add(i), S::mul(silu, v), c);
            S::store(g.add(i), S::mul(slope, v), c);
            S::store(u.add(i), silu, c);
        });
    }
}

#[inline(always)]
unsafe fn swiglu_backward_body<S: Lanes>(slopes: &[f32], silu: &[f32], gradient: &mut [f32], d_up: &mut [f32]) {
    assert!(slopes.len() == silu.len() && slopes.len() == gradient.len() && slopes.len() == d_up.len());
    let (n, s, v, g, u) = (slopes.len(), slopes.as_ptr(), silu.as_ptr(), gradient.as_mut_ptr(), d_up.as_mut_ptr());
    // SAFETY: offsets stay below the common length.
    unsafe {
        lanes!(S, n, i, c, {
            let d = S::load(g.add(i), c);
            S::store(u.add(i), S::mul(d, S::load(v.add(i), c)), c);
            S::store(g.add(i), S::mul(d, S::load(s.add(i), c)), c);
        });
    }
}

kernel! {
    /// y ← silu(gate) ⊙ up; leaves ∂y/∂gate in `gate` and ∂y/∂up in `up`.
    pub fn swiglu(gate: &mut [f32], up: &mut [f32], y: &mut [f32]) = swiglu_body
}
kernel! {
    /// From dy in `gradient` to the gate's gradient in its place and the other's in `d_up`.
    pub fn swiglu_backward(slopes: &[f32], silu: &[f32], gradient: &mut [f32], d_up: &mut [f32]) = swiglu_backward_body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{assert_close, dot, numbers, slopes};

    /// ½·erfc(−x/√2) by adding up its density, in f64.
    fn normal_share(x: f64) -> f64 {
        let steps = 2_000;
        let h = x / f64::from(steps);
        let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let inner: f64 = (0..steps).map(|i| (f64::from(i) + 0.5) * h).map(density).sum();
        0.5 + inner * h
    }

    fn reference(kind: Kind, x: f64) -> f64 {
        match kind {
            Kind::Relu => x.max(0.0),
            Kind::Gelu => x * normal_share(x),
            Kind::GeluTanh => {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
                0.5 * x * (1.0 + inner.tanh())
            }
        }
    }

    #[test]
    fn values_and_slopes_are_those_of_the_definition() {
        for simd in Simd::available() {
            for kind in [Kind::Relu, Kind::Gelu, Kind::GeluTanh] {
                let bias = numbers(7, 5);
                let x: Vec<f32> = numbers(28, 6).iter().map(|x| x * 5.0).collect();
                let (mut slope, mut y, dy) = (x.clone(), vec![0.0; 28], numbers(28, 7));
                forward(simd, kind, &mut slope, &mut y, Some(&bias), 7);
                let values = |x: &[f64]| -> Vec<f64> {
                    x.iter().enumerate().map(|(i, x)| reference(kind, x + f64::from(bias[i % 7]))).collect()
                };
                let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
                assert_close("y", &y, &values(&wide), 1e-6);
                let mut dx = dy.clone();
                backward(simd, &slope, &mut dx);
                assert_close("dx", &dx, &slopes(&x, |x| dot(&values(x), &dy)), 1e-5);
            }
        }
    }

    #[test]
    fn swiglu_and_both_its_gradients_are_the_definition() {
        for simd in Simd::available() {
            let (gate, up, dy) = (numbers(19, 1), numbers(19, 2), numbers(19, 3));
            let (mut g, mut u, mut y) = (gate.clone(), up.clone(), vec![0.0; 19]);
            swiglu(simd, &mut g, &mut u, &mut y);
            let of = |gate: &[f64], up: &[f64]| -> Vec<f64> {
                gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect()
            };
            let wide = |x: &[f32]| -> Vec<f64> { x.iter().map(|&x| f64::from(x)).collect() };
            assert_close("y", &y, &of(&wide(&gate), &wide(&up)), 1e-6);
            let (mut d_gate, mut d_up) = (dy.clone(), vec![0.0; 19]);
            swiglu_backward(simd, &g, &u, &mut d_gate, &mut d_up);
            assert_close("d gate", &d_gate, &slopes(&gate, |gate| dot(&of(gate, &wide(&up)), &dy)), 1e-5);
            assert_close("d up", &d_up, &slopes(&up, |up| dot(&of(&wide(&gate), up), &dy)), 1e-5);
        }
    }

    #[test]
    fn not_a_number_stays_one() {
        for simd in Simd::available() {
            for kind in [Kind::Relu, Kind::Gelu, Kind::GeluTanh] {
                let mut y = [0.0];
                forward(simd, kind, &mut [f32::NAN], &mut y, None, 1);
                assert!(y[0].is_nan(), "{kind:?} at {}", simd.name());
            }
        }
    }
}
