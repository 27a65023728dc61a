//! Layer norm and RMS norm over rows, forward and backward.

use super::simd::{Lanes, kernel, lanes};

/// γ and, for a layer norm, β; without β it is an RMS norm.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// γ `[width]`.
    pub gain: &'a [f32],
    /// β `[width]`; `None` makes it an RMS norm.
    pub bias: Option<&'a [f32]>,
    /// Under the root.
    pub eps: f32,
}

/// `stats` holds mean and 1/σ of each row, for the way back.
#[inline(always)]
unsafe fn forward_body<S: Lanes>(norm: Norm, x: &[f32], y: &mut [f32], stats: &mut [f32]) {
    let width = norm.gain.len();
    assert!(x.len() == y.len() && x.len() * 2 == stats.len() * width && norm.bias.is_none_or(|b| b.len() == width));
    let gain = norm.gain.as_ptr();
    for ((x, y), stats) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)).zip(stats.chunks_exact_mut(2)) {
        let (x, y) = (x.as_ptr(), y.as_mut_ptr());
        // SAFETY: offsets stay below `width`, the length of both rows, of γ and of β.
        unsafe {
            let mean = if norm.bias.is_some() {
                let mut sums = S::splat(0.0);
                lanes!(S, width, i, c, {
                    sums = S::add(sums, S::load(x.add(i), c));
                });
                S::sum(sums) / width as f32
            } else {
                0.0
            };
            let m = S::splat(mean);
            let mut squares = S::splat(0.0);
            lanes!(S, width, i, c, {
                let d = S::keep(S::sub(S::load(x.add(i), c), m), c, 0.0);
                squares = S::fma(d, d, squares);
            });
            let inverse = 1.0 / (S::sum(squares) / width as f32 + norm.eps).sqrt();
            stats[0] = mean;
            stats[1] = inverse;
            let r = S::splat(inverse);
            match norm.bias {
                Some(bias) => {
                    let bias = bias.as_ptr();
                    lanes!(S, width, i, c, {
                        let hat = S::mul(S::sub(S::load(x.add(i), c), m), r);
                        S::store(y.add(i), S::fma(hat, S::load(gain.add(i), c), S::load(bias.add(i), c)), c);
                    });
                }
                None => lanes!(S, width, i, c, {
                    let hat = S::mul(S::load(x.add(i), c), r);
                    S::store(y.add(i), S::mul(hat, S::load(gain.add(i), c)), c);
                }),
            }
        }
    }
}

/// From dy to dx (added to `dx` with `accumulate`), dγ and dβ (always added).
#[inline(always)]
unsafe fn backward_body<S: Lanes>(
    norm: Norm,
    x: &[f32],
    stats: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    accumulate: bool,
    d_gain: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    let width = norm.gain.len();
    assert!(x.len() == dy.len() && x.len() == dx.len() && x.len() * 2 == stats.len() * width);
    assert!(d_gain.len() == width && d_bias.as_ref().is_none_or(|b| b.len() == width));
    let centred = norm.bias.is_some();
    let (gain, d_gain) = (norm.gain.as_ptr(), d_gain.as_mut_ptr());
    let d_bias = d_bias.map(|b| b.as_mut_ptr());
    let rows = x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width));
    for (((x, dy), dx), stats) in rows.zip(stats.chunks_exact(2)) {
        let (x, dy, dx) = (x.as_ptr(), dy.as_ptr(), dx.as_mut_ptr());
        // SAFETY: offsets stay below `width`, the length of all rows and vectors here.
        unsafe {
            let (m, r) = (S::splat(stats[0]), S::splat(stats[1]));
            let (mut sum, mut along) = (S::splat(0.0), S::splat(0.0));
            lanes!(S, width, i, c, {
                let g = S::load(dy.add(i), c);
                // Lanes beyond the row hold g = 0, so they add nothing.
                let hat = S::mul(S::sub(S::load(x.add(i), c), m), r);
                let gg = S::mul(g, S::load(gain.add(i), c));
                sum = S::add(sum, gg);
                along = S::fma(gg, hat, along);
                S::store(d_gain.add(i), S::fma(g, hat, S::load(d_gain.add(i), c)), c);
                if let Some(d_bias) = d_bias {
                    S::store(d_bias.add(i), S::add(g, S::load(d_bias.add(i), c)), c);
                }
            });
            let mean = if centred { S::sum(sum) / width as f32 } else { 0.0 };
            let (mean, along) = (S::splat(mean), S::splat(S::sum(along) / width as f32));
            lanes!(S, width, i, c, {
                let hat = S::mul(S::sub(S::load(x.add(i), c), m), r);
                let gg = S::mul(S::load(dy.add(i), c), S::load(gain.add(i), c));
                let d = S::mul(S::fnma(hat, along, S::sub(gg, mean)), r);
                let d = if accumulate { S::add(d, S::load(dx.add(i), c)) } else { d };
                S::store(dx.add(i), d, c);
            });
        }
    }
}

kernel! {
    /// y ← norm(x), row by row; `stats` `[rows, 2]` receives mean and 1/σ of each row for [`backward`].
    pub fn forward(norm: Norm, x: &[f32], y: &mut [f32], stats: &mut [f32]) = forward_body
}
kernel! {
    /// The gradient of x from that of y: written to `dx`, or added with `accumulate`; those of γ and β are added.
    pub fn backward(
        norm: Norm, x: &[f32], stats: &[f32], dy: &[f32], dx: &mut [f32], accumulate: bool, d_gain: &mut [f32],
        d_bias: Option<&mut [f32]>,
    ) = backward_body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Simd;
    use crate::check::{assert_close, dot, numbers, slopes};

    const EPS: f64 = 1e-5;

    fn reference(x: &[f64], gain: &[f64], bias: Option<&[f64]>) -> Vec<f64> {
        let width = gain.len();
        let mut y = Vec::new();
        for row in x.chunks(width) {
            let mean = if bias.is_some() { row.iter().sum::<f64>() / width as f64 } else { 0.0 };
            let square = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
            let deviation = (square + EPS).sqrt();
            y.extend((0..width).map(|i| (row[i] - mean) / deviation * gain[i] + bias.map_or(0.0, |b| b[i])));
        }
        y
    }

    fn wide(x: &[f32]) -> Vec<f64> {
        x.iter().map(|&x| f64::from(x)).collect()
    }

    #[test]
    fn both_norms_and_their_gradients_are_the_definition() {
        for simd in Simd::available() {
            for (width, layer) in [(5, true), (8, false), (33, true), (33, false)] {
                let (x, dy) = (numbers(3 * width, 1), numbers(3 * width, 2));
                let (gain, bias) = (numbers(width, 3), numbers(width, 4));
                let norm = Norm { gain: &gain, bias: layer.then_some(&bias[..]), eps: EPS as f32 };
                let (mut y, mut stats) = (vec![0.0; x.len()], vec![0.0; 6]);
                forward(simd, norm, &x, &mut y, &mut stats);
                let (wide_x, wide_gain, wide_bias) = (wide(&x), wide(&gain), wide(&bias));
                let of = |x: &[f64], g: &[f64], b: &[f64]| reference(x, g, layer.then_some(b));
                assert_close("y", &y, &of(&wide_x, &wide_gain, &wide_bias), 1e-5);
                let (mut dx, mut d_gain, mut d_bias) = (vec![1.0; x.len()], vec![0.0; width], vec![0.0; width]);
                backward(simd, norm, &x, &stats, &dy, &mut dx, true, &mut d_gain, layer.then_some(&mut d_bias[..]));
                dx.iter_mut().for_each(|d| *d -= 1.0);
                assert_close("dx", &dx, &slopes(&x, |x| dot(&of(x, &wide_gain, &wide_bias), &dy)), 1e-5);
                assert_close("dγ", &d_gain, &slopes(&gain, |g| dot(&of(&wide_x, g, &wide_bias), &dy)), 1e-5);
                assert_close("dβ", &d_bias, &slopes(&bias, |b| dot(&of(&wide_x, &wide_gain, b), &dy)), 1e-5);
            }
        }
    }
}
