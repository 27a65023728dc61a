//! One flat pass of Adam or AdamW over all parameters, and the global norm of the gradients.

use std::ops::Range;

use rayon::prelude::*;

use super::simd::{Lanes, Simd, kernel, lanes};

/// Elements that one task takes; fixed, so that sums are added in the same order on any number of threads.
const CHUNK: usize = 1 << 16;

/// The numbers of one step of Adam (Kingma & Ba 2015), with decoupled weight decay (Loshchilov & Hutter 2019).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate of this step.
    pub lr: f32,
    /// Decay of the mean of gradients.
    pub beta1: f32,
    /// Decay of the mean of their squares.
    pub beta2: f32,
    /// Added to the root.
    pub eps: f32,
    /// Decoupled weight decay; 0 is plain Adam.
    pub weight_decay: f32,
    /// 1 at the first step.
    pub time: u64,
    /// Factor on every gradient, 1 unless the gradients are clipped: see [`AdamStep::clipped`].
    pub gradient_scale: f32,
}

impl AdamStep {
    /// The same step with gradients whose global norm is cut to `max_norm` (Pascanu et al. 2013).
    pub fn clipped(self, norm: f32, max_norm: f32) -> Self {
        // Written so that a norm that is not a number makes the scale one too, and the loss tells.
        let gradient_scale = if norm <= max_norm { 1.0 } else { max_norm / norm };
        Self { gradient_scale, ..self }
    }

    fn factors(&self) -> Factors {
        let power = |beta: f32| 1.0 - f64::from(beta).powi(self.time.min(i32::MAX as u64) as i32);
        Factors {
            beta1: self.beta1,
            one_minus_beta1: 1.0 - self.beta1,
            beta2: self.beta2,
            one_minus_beta2: 1.0 - self.beta2,
            eps: self.eps,
            first: (1.0 / power(self.beta1)) as f32,
            second: (1.0 / power(self.beta2)) as f32,
            lr: self.lr,
            keep: 1.0 - self.lr * self.weight_decay,
            scale: self.gradient_scale,
        }
    }
}

#[derive(Clone, Copy)]
struct Factors {
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    eps: f32,
    /// 1/(1 − β₁ᵗ)
    first: f32,
    /// 1/(1 − β₂ᵗ)
    second: f32,
    lr: f32,
    /// 1 − lr·decay
    keep: f32,
    scale: f32,
}

#[inline(always)]
unsafe fn adam_body<S: Lanes>(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], f: &Factors, keep: f32) {
    assert!(p.len() == g.len() && p.len() == m.len() && p.len() == v.len());
    let n = p.len();
    let (p, g, m, v) = (p.as_mut_ptr(), g.as_ptr(), m.as_mut_ptr(), v.as_mut_ptr());
    // SAFETY: offsets stay below the common length.
    unsafe {
        let (b1, c1) = (S::splat(f.beta1), S::splat(f.one_minus_beta1));
        let (b2, c2) = (S::splat(f.beta2), S::splat(f.one_minus_beta2));
        let (first, second) = (S::splat(f.first), S::splat(f.second));
        let (lr, eps, keep, scale) = (S::splat(f.lr), S::splat(f.eps), S::splat(keep), S::splat(f.scale));
        lanes!(S, n, i, c, {
            let gradient = S::mul(S::load(g.add(i), c), scale);
            let mean = S::fma(b1, S::load(m.add(i), c), S::mul(c1, gradient));
            let square = S::fma(b2, S::load(v.add(i), c), S::mul(c2, S::mul(gradient, gradient)));
            S::store(m.add(i), mean, c);
            S::store(v.add(i), square, c);
            let root = S::add(S::sqrt(S::mul(square, second)), eps);
            let step = S::div(S::mul(S::mul(mean, first), lr), root);
            S::store(p.add(i), S::sub(S::mul(S::load(p.add(i), c), keep), step), c);
        });
    }
}

kernel! {
    fn adam_chunk(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], f: &Factors, keep: f32) = adam_body
}

/// One step over flat buffers of equal length, in place; weight decay only inside the `decayed` ranges (ascending).
///
/// # Panics
/// Where the lengths differ.
pub fn adam(
    params: &mut [f32],
    grads: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    decayed: &[Range<usize>],
    step: &AdamStep,
) {
    assert!(params.len() == grads.len() && params.len() == m.len() && params.len() == v.len(), "lengths of a step");
    let simd = Simd::detect();
    let factors = step.factors();
    params
        .par_chunks_mut(CHUNK)
        .zip(grads.par_chunks(CHUNK))
        .zip(m.par_chunks_mut(CHUNK).zip(v.par_chunks_mut(CHUNK)))
        .enumerate()
        .for_each(|(chunk, ((p, g), (m, v)))| {
            let (first, end) = (chunk * CHUNK, chunk * CHUNK + p.len());
            let mut at = first;
            let mut run = |to: usize, keep: f32| {
                let part = at - first..to - first;
                adam_chunk(
                    simd,
                    &mut p[part.clone()],
                    &g[part.clone()],
                    &mut m[part.clone()],
                    &mut v[part],
                    &factors,
                    keep,
                );
                at = to;
            };
            if factors.keep != 1.0 {
                for range in decayed.iter().filter(|r| r.start < end && r.end > first) {
                    run(range.start.max(first), 1.0);
                    run(range.end.min(end), factors.keep);
                }
            }
            run(end, 1.0);
        });
}

/// √Σ g², added up in f64 in a fixed order.
pub fn global_norm(grads: &[f32]) -> f32 {
    let parts: Vec<f64> = grads
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut lanes = [0.0f64; 8];
            let whole = chunk.chunks_exact(8);
            let rest: f64 = whole.remainder().iter().map(|&g| f64::from(g) * f64::from(g)).sum();
            for eight in whole {
                for (lane, &g) in lanes.iter_mut().zip(eight) {
                    *lane += f64::from(g) * f64::from(g);
                }
            }
            lanes.iter().sum::<f64>() + rest
        })
        .collect();
    parts.iter().sum::<f64>().sqrt() as f32
}

/// grads ← factor·grads.
pub fn scale(grads: &mut [f32], factor: f32) {
    let simd = Simd::detect();
    grads.par_chunks_mut(CHUNK).for_each(|chunk| super::rows::scale(simd, chunk, factor));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's algorithm on one number, in f64.
    fn reference(p: &mut f64, g: f64, m: &mut f64, v: &mut f64, step: &AdamStep, decay: bool) {
        let (b1, b2) = (f64::from(step.beta1), f64::from(step.beta2));
        let g = g * f64::from(step.gradient_scale);
        *m = b1 * *m + (1.0 - b1) * g;
        *v = b2 * *v + (1.0 - b2) * g * g;
        let t = step.time as i32;
        let update = (*m / (1.0 - b1.powi(t))) / ((*v / (1.0 - b2.powi(t))).sqrt() + f64::from(step.eps));
        if decay {
            *p -= f64::from(step.lr) * f64::from(step.weight_decay) * *p;
        }
        *p -= f64::from(step.lr) * update;
    }

    #[test]
    fn agrees_with_the_paper_on_one_number_after_another() {
        let n = CHUNK + 4_321;
        let decayed = [10..500, 700..CHUNK + 100];
        let value = |i: usize, k: usize| ((i * 7 + k * 13) % 101) as f32 / 50.0 - 1.0;
        let mut p: Vec<f32> = (0..n).map(|i| value(i, 0)).collect();
        let (mut m, mut v) = (vec![0.0; n], vec![0.0; n]);
        let mut want: Vec<(f64, f64, f64)> = p.iter().map(|&p| (f64::from(p), 0.0, 0.0)).collect();
        for time in 1..=20 {
            let g: Vec<f32> = (0..n).map(|i| value(i, time as usize) * 0.01).collect();
            let step =
                AdamStep { lr: 3e-3, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.1, time, gradient_scale: 1.0 };
            let step = step.clipped(global_norm(&g), 0.5);
            adam(&mut p, &g, &mut m, &mut v, &decayed, &step);
            for (i, want) in want.iter_mut().enumerate() {
                let decay = decayed.iter().any(|r| r.contains(&i));
                reference(&mut want.0, f64::from(g[i]), &mut want.1, &mut want.2, &step, decay);
            }
        }
        for (i, (p, want)) in p.iter().zip(&want).enumerate() {
            assert!((f64::from(*p) - want.0).abs() < 2e-6, "{i}: {p} {}", want.0);
        }
    }

    #[test]
    fn the_norm_is_that_of_the_whole_and_clipping_cuts_to_it() {
        let mut g: Vec<f32> = (0..200_001).map(|i| (i % 7) as f32 - 3.0).collect();
        let want = g.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        let norm = global_norm(&g);
        assert!((f64::from(norm) / want - 1.0).abs() < 1e-6);
        scale(&mut g, 2.0 / norm);
        assert!((global_norm(&g) - 2.0).abs() < 1e-5);
        g[3] = f32::NAN;
        assert!(global_norm(&g).is_nan());
    }
}
