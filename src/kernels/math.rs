//! Vectorized exponential, hyperbolic tangent and error function, with their largest errors.
//!
//! | function | largest error | where |
//! |---|---|---|
//! | `exp` | 2e-7 relative | −87 to 88; 0 below −104, infinite above 88.73 |
//! | `tanh` | 3e-7 absolute | everywhere |
//! | `erf` | 4e-7 absolute | everywhere |
//!
//! The unit tests measure them against f64 at every level. NaN stays NaN.

use super::simd::{Lanes, kernel, lanes};

/// eˣ: Cephes' polynomial of degree 6 on |r| ≤ ln 2 / 2 and a power of two.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn exp<S: Lanes>(x: S::V) -> S::V {
    // SAFETY: handed to the caller.
    unsafe {
        // The constant first: the second operand is returned where one is NaN.
        let x = S::max(S::splat(-110.0), S::min(S::splat(89.0), x));
        let n = S::round(S::mul(x, S::splat(std::f32::consts::LOG2_E)));
        let r = S::fnma(n, S::splat(0.693_359_4), x);
        let r = S::fnma(n, S::splat(-2.121_944_4e-4), r);
        let mut p = S::splat(1.987_569_1e-4);
        p = S::fma(p, r, S::splat(1.398_2e-3));
        p = S::fma(p, r, S::splat(8.333_452e-3));
        p = S::fma(p, r, S::splat(4.166_579_6e-2));
        p = S::fma(p, r, S::splat(1.666_666_5e-1));
        p = S::fma(p, r, S::splat(5e-1));
        let p = S::fma(S::mul(p, r), r, S::add(r, S::splat(1.0)));
        S::scale2(p, n)
    }
}

/// tanh x = 1 − 2/(1 + e²ˣ).
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn tanh<S: Lanes>(x: S::V) -> S::V {
    // SAFETY: handed to the caller.
    unsafe {
        let one = S::splat(1.0);
        let e = exp::<S>(S::add(x, x));
        S::sub(one, S::div(S::splat(2.0), S::add(one, e)))
    }
}

/// Logistic function 1/(1 + e⁻ˣ).
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn logistic<S: Lanes>(x: S::V) -> S::V {
    // SAFETY: handed to the caller.
    unsafe {
        let one = S::splat(1.0);
        S::div(one, S::add(one, exp::<S>(S::sub(S::splat(0.0), x))))
    }
}

/// erf x: the rational approximation of degree 13/10 that Eigen uses, on |x| ≤ 4.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn erf<S: Lanes>(x: S::V) -> S::V {
    const ABOVE: [f32; 7] = [
        -2.726_142_3e-10,
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_4e-5,
        -7.349_906_3e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ];
    const BELOW: [f32; 5] = [-1.456_607_2e-5, -2.133_740_5e-4, -1.682_827e-3, -7.373_329e-3, -1.426_473_9e-2];
    // SAFETY: handed to the caller.
    unsafe {
        let x = S::max(S::splat(-4.0), S::min(S::splat(4.0), x));
        let square = S::mul(x, x);
        let mut above = S::splat(ABOVE[0]);
        for &a in &ABOVE[1..] {
            above = S::fma(above, square, S::splat(a));
        }
        let mut below = S::splat(BELOW[0]);
        for &b in &BELOW[1..] {
            below = S::fma(below, square, S::splat(b));
        }
        S::div(S::mul(x, above), below)
    }
}

#[inline(always)]
unsafe fn exp_body<S: Lanes>(x: &mut [f32]) {
    let p = x.as_mut_ptr();
    lanes!(S, x.len(), i, c, {
        // SAFETY: `i + c` is at most the slice's length.
        unsafe { S::store(p.add(i), exp::<S>(S::load(p.add(i), c)), c) }
    });
}

#[inline(always)]
unsafe fn tanh_body<S: Lanes>(x: &mut [f32]) {
    let p = x.as_mut_ptr();
    lanes!(S, x.len(), i, c, {
        // SAFETY: `i + c` is at most the slice's length.
        unsafe { S::store(p.add(i), tanh::<S>(S::load(p.add(i), c)), c) }
    });
}

#[inline(always)]
unsafe fn erf_body<S: Lanes>(x: &mut [f32]) {
    let p = x.as_mut_ptr();
    lanes!(S, x.len(), i, c, {
        // SAFETY: `i + c` is at most the slice's length.
        unsafe { S::store(p.add(i), erf::<S>(S::load(p.add(i), c)), c) }
    });
}

kernel! {
    /// x ← eˣ, element by element.
    pub fn exp_in_place(x: &mut [f32]) = exp_body
}
kernel! {
    /// x ← tanh x, element by element.
    pub fn tanh_in_place(x: &mut [f32]) = tanh_body
}
kernel! {
    /// x ← erf x, element by element.
    pub fn erf_in_place(x: &mut [f32]) = erf_body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Simd;

    fn grid(from: f32, to: f32) -> Vec<f32> {
        (0..100_003).map(|i| from + (to - from) * (i as f32 / 100_002.0)).collect()
    }

    /// The error function by its series and continued fraction in f64 (DLMF 7.6.1, 7.9.1).
    fn erf64(x: f64) -> f64 {
        let a = x.abs();
        if a < 3.0 {
            let (mut term, mut sum, mut n) = (a, a, 0.0);
            while term.abs() > 1e-18 * sum.abs() {
                n += 1.0;
                term *= -a * a / n;
                sum += term / (2.0 * n + 1.0);
                if n > 200.0 {
                    break;
                }
            }
            (sum * 2.0 / std::f64::consts::PI.sqrt()).copysign(x)
        } else {
            let mut fraction = a;
            for k in (1..60).rev() {
                fraction = a + (k as f64 / 2.0) / fraction;
            }
            (1.0 - (-a * a).exp() / (fraction * std::f64::consts::PI.sqrt())).copysign(x)
        }
    }

    #[test]
    fn errors_stay_within_the_stated_bounds() {
        for simd in Simd::available() {
            let x = grid(-87.0, 88.0);
            let mut y = x.clone();
            exp_in_place(simd, &mut y);
            for (x, y) in x.iter().zip(&y) {
                let want = f64::from(*x).exp();
                assert!((f64::from(*y) - want).abs() <= 2e-7 * want, "{} exp({x}) = {y}", simd.name());
            }
            let x = grid(-12.0, 12.0);
            let (mut t, mut e) = (x.clone(), x.clone());
            tanh_in_place(simd, &mut t);
            erf_in_place(simd, &mut e);
            for ((x, t), e) in x.iter().zip(&t).zip(&e) {
                let x = f64::from(*x);
                assert!((f64::from(*t) - x.tanh()).abs() <= 3e-7, "{} tanh({x}) = {t}", simd.name());
                assert!((f64::from(*e) - erf64(x)).abs() <= 4e-7, "{} erf({x}) = {e}", simd.name());
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_are_those_of_the_standard_library() {
        for simd in Simd::available() {
            let inf = f32::INFINITY;
            let mut y = [f32::NAN, inf, -inf, 88.8, -105.0, 0.0, 1000.0, -1000.0, 0.0, -0.0];
            exp_in_place(simd, &mut y);
            assert!(y[0].is_nan());
            assert_eq!(y[1..], [inf, 0.0, inf, 0.0, 1.0, inf, 0.0, 1.0, 1.0], "{}", simd.name());
            let mut y = [f32::NAN, inf, -inf];
            tanh_in_place(simd, &mut y);
            assert!(y[0].is_nan() && y[1] == 1.0 && y[2] == -1.0);
            let mut y = [f32::NAN, inf, -inf];
            erf_in_place(simd, &mut y);
            assert!(y[0].is_nan() && (y[1] - 1.0).abs() < 4e-7 && (y[2] + 1.0).abs() < 4e-7);
        }
    }
}
