//! Where does chance come from? One seeded generator for weights, data order, dropout and samples, the same on every
//! platform and for every device.
//!
//! xoshiro256++ (Blackman & Vigna 2019), its state filled by SplitMix64 as its authors advise.

use serde::{Deserialize, Serialize};

/// A seeded generator. Its state is plain, so that it can be compared and stored in a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rng {
    state: [u64; 4],
}

/// One step of SplitMix64: advances `state` and returns a well-mixed value.
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Self {
        let mut mixer = seed;
        Self { state: std::array::from_fn(|_| splitmix64(&mut mixer)) }
    }

    /// One of many independent generators of a seed, chosen by `stream`: one for each parameter, one for each epoch.
    pub fn from_parts(seed: u64, stream: u64) -> Self {
        let mut mixer = stream.wrapping_add(0x2545_F491_4F6C_DD1D);
        let salt = splitmix64(&mut mixer);
        Self::new(seed ^ salt)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in `[0, 1)`, with 24 bits.
    pub fn uniform_f32(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// Uniform in `[0, 1)`, with 53 bits.
    pub fn uniform_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `0..n`, without bias (Lemire 2019). 0 for `n == 0`.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        if n == 0 {
            return 0;
        }
        // Values below this threshold would make the first few results more likely; they are drawn again.
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            if product as u64 >= threshold {
                return (product >> 64) as usize;
            }
        }
    }

    /// Standard normal (Marsaglia's polar method; the pair's second value is not kept, so that the state stays four
    /// words).
    pub fn normal_f32(&mut self) -> f32 {
        loop {
            let x = 2.0 * self.uniform_f64() - 1.0;
            let y = 2.0 * self.uniform_f64() - 1.0;
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                return (x * (-2.0 * s.ln() / s).sqrt()) as f32;
            }
        }
    }

    /// Standard normal cut at ±2: values beyond are drawn again.
    pub fn truncated_normal_f32(&mut self) -> f32 {
        loop {
            let value = self.normal_f32();
            if value.abs() <= 2.0 {
                return value;
            }
        }
    }

    /// Shuffles in place (Fisher & Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference implementation's first values for the state 1, 2, 3, 4.
    #[test]
    fn matches_the_reference_implementation() {
        let mut rng = Rng { state: [1, 2, 3, 4] };
        let expected = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!(expected.map(|_| rng.next_u64()), expected);
        // SplitMix64's published first value for the seed 1234567.
        assert_eq!(splitmix64(&mut 1_234_567), 6_457_827_717_110_365_317);
    }

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |mut rng: Rng| [rng.next_u64(), rng.next_u64()];
        assert_eq!(draw(Rng::from_parts(1, 2)), draw(Rng::from_parts(1, 2)));
        assert_ne!(draw(Rng::from_parts(1, 2)), draw(Rng::from_parts(2, 1)));
        assert_ne!(draw(Rng::from_parts(1, 0)), draw(Rng::new(1)));
    }

    #[test]
    fn moments_of_the_distributions() {
        let mut rng = Rng::new(7);
        let n = 200_000;
        let moments = |values: Vec<f64>| {
            let mean = values.iter().sum::<f64>() / n as f64;
            (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64)
        };
        let (mean, variance) = moments((0..n).map(|_| f64::from(rng.uniform_f32())).collect());
        assert!((mean - 0.5).abs() < 0.005 && (variance - 1.0 / 12.0).abs() < 0.002, "{mean} {variance}");
        let (mean, variance) = moments((0..n).map(|_| f64::from(rng.normal_f32())).collect());
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let (mean, variance) = moments((0..n).map(|_| f64::from(rng.truncated_normal_f32())).collect());
        assert!(mean.abs() < 0.01 && (variance - 0.773_741).abs() < 0.01, "{mean} {variance}");
    }

    #[test]
    fn below_is_even() {
        let mut rng = Rng::new(3);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[rng.below(7)] += 1;
        }
        // χ² with 6 degrees of freedom: 22.5 is passed once in a thousand.
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 22.5, "{counts:?}");
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn shuffle_keeps_the_elements() {
        let mut items: Vec<u32> = (0..100).collect();
        Rng::new(5).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
