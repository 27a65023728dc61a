//! Which vector instructions a kernel may use, and the few operations on vectors that the kernels are written with.
//!
//! A kernel is one generic function over [`Lanes`]; the macro [`kernel!`](crate::simd) compiles it once for
//! every level and picks one at run time. On aarch64 the portable level is compiled to NEON by the compiler itself.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

use half::f16;

pub(crate) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

/// A level of vector instructions that this processor has.
///
/// Only this module makes values, and only after asking the processor, so holding one proves that its instructions exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Simd {
    /// What every processor of the architecture has: SSE2 on x86-64, NEON on aarch64.
    pub fn baseline() -> Self {
        Self(Level::Baseline)
    }

    /// All levels that this processor has, the slowest first.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut levels = vec![Self::baseline()];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 =
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
            if avx2 {
                levels.push(Self(Level::Avx2));
            }
            if avx2 && is_x86_feature_detected!("avx512f") {
                levels.push(Self(Level::Avx512));
            }
        }
        levels
    }

    /// The fastest level, unless the environment variable `TELAR_SIMD` names a lower one (`baseline` or `avx2`).
    pub fn detect() -> Self {
        static CHOSEN: OnceLock<Simd> = OnceLock::new();
        *CHOSEN.get_or_init(|| {
            let levels = Self::available();
            let wanted = std::env::var("TELAR_SIMD").unwrap_or_default();
            levels.iter().copied().find(|level| level.name() == wanted).unwrap_or(levels[levels.len() - 1])
        })
    }

    /// `baseline`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }

    pub(crate) fn level(self) -> Level {
        self.0
    }
}

/// A vector of `LANES` single-precision numbers.
///
/// # Safety
/// Every function may be called only where the level's instructions exist; pointers must be valid for `count` elements
/// (at most `LANES`).
pub(crate) trait Lanes: Copy {
    /// The vector.
    type V: Copy;
    /// Numbers in a vector.
    const LANES: usize;

    unsafe fn splat(x: f32) -> Self::V;
    /// The first `count` numbers at `from`; the other lanes are 0.
    unsafe fn load(from: *const f32, count: usize) -> Self::V;
    /// `LANES` numbers in half precision.
    unsafe fn load_f16(from: *const f16) -> Self::V;
    /// `LANES` whole numbers.
    unsafe fn load_i8(from: *const i8) -> Self::V;
    /// Writes the first `count` lanes.
    unsafe fn store(to: *mut f32, v: Self::V, count: usize);
    /// `v` with the lanes from `count` on replaced by `fill`.
    unsafe fn keep(v: Self::V, count: usize, fill: f32) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    /// a·b + c, in one rounding where the level has it.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c − a·b
    unsafe fn fnma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger; `b` if either is NaN.
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    /// The smaller; `b` if either is NaN.
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sqrt(a: Self::V) -> Self::V;
    /// To the nearest integer, ties to even.
    unsafe fn round(a: Self::V) -> Self::V;
    /// a·2ⁿ for an integral `n` between −252 and 254.
    unsafe fn scale2(a: Self::V, n: Self::V) -> Self::V;
    /// `yes` where a > 0, else `no` (also for NaN).
    unsafe fn where_positive(a: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// The sum of the lanes.
    unsafe fn sum(a: Self::V) -> f32;
    /// The largest lane.
    unsafe fn largest(a: Self::V) -> f32;
}

/// Runs a block over `0..n` in whole vectors and once more for the rest: `i` is the offset, `c` the number of lanes.
macro_rules! lanes {
    ($S:ident, $n:expr, $i:ident, $c:ident, $body:block) => {{
        let n = $n;
        let mut $i = 0usize;
        while $i + $S::LANES <= n {
            let $c = $S::LANES;
            $body
            $i += $S::LANES;
        }
        if $i < n {
            let $c = n - $i;
            $body
        }
    }};
}
pub(crate) use lanes;

/// Makes a safe function that runs a generic kernel (`unsafe fn body<S: Lanes>(…)`) at the level of its first argument.
macro_rules! kernel {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$meta])*
        $vis fn $name(simd: $crate::simd::Simd, $($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,f16c")]
            fn avx2($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: this function is compiled with the level's features.
                unsafe { $body::<$crate::simd::Avx2>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma,f16c")]
            fn avx512($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: this function is compiled with the level's features.
                unsafe { $body::<$crate::simd::Avx512>($($arg),*) }
            }
            match simd.level() {
                // SAFETY: the portable level needs nothing.
                $crate::simd::Level::Baseline => unsafe {
                    $body::<$crate::simd::Portable>($($arg),*)
                },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a `Simd` of this level exists only where the processor has it.
                $crate::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a `Simd` of this level exists only where the processor has it.
                $crate::simd::Level::Avx512 => unsafe { avx512($($arg),*) },
            }
        }
    };
}
pub(crate) use kernel;
