//! Vectors as plain arrays: what the compiler makes of them is SSE2 on x86-64 and NEON on aarch64.

use half::f16;

use super::Lanes;

/// Eight lanes in an array.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

const N: usize = 8;

#[inline(always)]
fn map(a: [f32; N], f: impl Fn(f32) -> f32) -> [f32; N] {
    std::array::from_fn(|i| f(a[i]))
}

#[inline(always)]
fn zip(a: [f32; N], b: [f32; N], f: impl Fn(f32, f32) -> f32) -> [f32; N] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

/// Adding and taking away 1.5·2²³ rounds to the nearest integer, for |x| < 2²².
const ROUND: f32 = 12_582_912.0;

#[inline(always)]
fn power_of_two(n: f32) -> f32 {
    f32::from_bits(((n as i32 + 127) as u32) << 23)
}

impl Lanes for Portable {
    type V = [f32; N];
    const LANES: usize = N;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::V {
        [x; N]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32, count: usize) -> Self::V {
        if count == N {
            // SAFETY: the caller promises `count` readable elements; arrays of f32 need no more alignment than f32.
            unsafe { from.cast::<[f32; N]>().read_unaligned() }
        } else {
            let mut v = [0.0; N];
            // SAFETY: as above.
            v[..count].copy_from_slice(unsafe { std::slice::from_raw_parts(from, count) });
            v
        }
    }

    #[inline(always)]
    unsafe fn load_f16(from: *const f16) -> Self::V {
        // SAFETY: the caller promises `LANES` readable elements; arrays of f16 need no more alignment than f16.
        unsafe { from.cast::<[f16; N]>().read_unaligned() }.map(f16::to_f32)
    }

    #[inline(always)]
    unsafe fn load_i8(from: *const i8) -> Self::V {
        // SAFETY: as above.
        unsafe { from.cast::<[i8; N]>().read_unaligned() }.map(f32::from)
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, v: Self::V, count: usize) {
        if count == N {
            // SAFETY: the caller promises `count` writable elements.
            unsafe { to.cast::<[f32; N]>().write_unaligned(v) }
        } else {
            // SAFETY: as above.
            unsafe { std::slice::from_raw_parts_mut(to, count) }.copy_from_slice(&v[..count]);
        }
    }

    #[inline(always)]
    unsafe fn keep(v: Self::V, count: usize, fill: f32) -> Self::V {
        if count == N { v } else { std::array::from_fn(|i| if i < count { v[i] } else { fill }) }
    }

    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // Without the instruction, `mul_add` would be a slow call.
        if cfg!(target_arch = "aarch64") {
            std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
        } else {
            std::array::from_fn(|i| a[i] * b[i] + c[i])
        }
    }

    #[inline(always)]
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        if cfg!(target_arch = "aarch64") {
            std::array::from_fn(|i| (-a[i]).mul_add(b[i], c[i]))
        } else {
            std::array::from_fn(|i| c[i] - a[i] * b[i])
        }
    }

    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
        zip(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    unsafe fn sqrt(a: Self::V) -> Self::V {
        map(a, f32::sqrt)
    }

    #[inline(always)]
    unsafe fn round(a: Self::V) -> Self::V {
        map(a, |a| (a + ROUND) - ROUND)
    }

    #[inline(always)]
    unsafe fn scale2(a: Self::V, n: Self::V) -> Self::V {
        zip(a, n, |a, n| {
            let half = (n * 0.5 + ROUND) - ROUND;
            a * power_of_two(half) * power_of_two(n - half)
        })
    }

    #[inline(always)]
    unsafe fn where_positive(a: Self::V, yes: Self::V, no: Self::V) -> Self::V {
        std::array::from_fn(|i| if a[i] > 0.0 { yes[i] } else { no[i] })
    }

    #[inline(always)]
    unsafe fn sum(a: Self::V) -> f32 {
        ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
    }

    #[inline(always)]
    unsafe fn largest(a: Self::V) -> f32 {
        a.iter().fold(f32::NEG_INFINITY, |m, &x| if x > m { x } else { m })
    }
}
