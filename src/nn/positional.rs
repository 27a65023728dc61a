//! How does a place in the sequence become numbers? Sinusoidal and rotary encodings as pure functions.

use super::config::RotaryScaling;

/// The base of the sinusoidal encoding's wavelengths.
pub const BASE: f64 = 10_000.0;

/// One value of the sinusoidal encoding (Vaswani et al. 2017, section 3.5):
/// P[p, 2i] = sin(p / 10000^(2i/d)), P[p, 2i+1] = cos(p / 10000^(2i/d)).
///
/// Computed in 64 bits, so that it also holds for positions in the tens of thousands.
pub fn sinusoidal(position: usize, dimension: usize, d_model: usize) -> f32 {
    let pair = dimension / 2 * 2;
    let angle = position as f64 * frequency(pair, d_model, BASE);
    if dimension.is_multiple_of(2) { angle.sin() as f32 } else { angle.cos() as f32 }
}

/// The whole sinusoidal matrix `[length, d_model]`, row-major.
pub fn table(length: usize, d_model: usize) -> Vec<f32> {
    let frequencies: Vec<f64> = (0..d_model).step_by(2).map(|pair| frequency(pair, d_model, BASE)).collect();
    let mut values = Vec::with_capacity(length * d_model);
    for position in 0..length {
        for dimension in 0..d_model {
            let angle = position as f64 * frequencies[dimension / 2];
            values.push(if dimension % 2 == 0 { angle.sin() as f32 } else { angle.cos() as f32 });
        }
    }
    values
}

/// Cosines and sines `[length, d_head]` of the rotary encoding (Su et al. 2021) in the half-split layout: dimensions `i`
/// and `i + d_head/2` turn together by the position times a frequency, so both halves of a row are equal.
pub fn rotary(start: usize, length: usize, frequencies: &[f64]) -> (Vec<f32>, Vec<f32>) {
    let d_head = 2 * frequencies.len();
    let mut cosines = Vec::with_capacity(length * d_head);
    let mut sines = Vec::with_capacity(length * d_head);
    for position in start..start + length {
        for frequency in frequencies.iter().chain(frequencies) {
            let angle = position as f64 * frequency;
            cosines.push(angle.cos() as f32);
            sines.push(angle.sin() as f32);
        }
    }
    (cosines, sines)
}

/// The frequencies of [`rotary`], one a pair: 1 / base^(2i/d_head), stretched.
pub fn rotary_frequencies(d_head: usize, base: f64, scaling: RotaryScaling) -> Vec<f64> {
    let stretched = |frequency: f64| match scaling {
        RotaryScaling::None => frequency,
        RotaryScaling::Linear { factor } => frequency / factor,
        RotaryScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } => {
            let waves = original_context * frequency / (2.0 * std::f64::consts::PI);
            let share = ((waves - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
            (1.0 - share) * frequency / factor + share * frequency
        }
    };
    (0..d_head / 2).map(|pair| stretched(frequency(2 * pair, d_head, base))).collect()
}

/// Radians a position: 1 / base^(dimension/width).
pub fn frequency(dimension: usize, width: usize, base: f64) -> f64 {
    base.powf(-(dimension as f64) / width as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_rows_by_hand() {
        let t = table(2, 4);
        assert_eq!(&t[..4], &[0.0, 1.0, 0.0, 1.0]);
        let expected = [1f64.sin(), 1f64.cos(), 0.01f64.sin(), 0.01f64.cos()];
        for (found, expected) in t[4..].iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-7);
        }
    }

    #[test]
    fn the_table_is_the_function() {
        let (length, d) = (9, 7);
        let t = table(length, d);
        for p in 0..length {
            for i in 0..d {
                assert_eq!(t[p * d + i], sinusoidal(p, i, d));
            }
        }
    }

    #[test]
    fn rotary_rows_have_equal_halves_and_start_where_told() {
        let (cos, sin) = rotary(3, 2, &rotary_frequencies(6, 10_000.0, RotaryScaling::None));
        assert_eq!(cos[0..3], cos[3..6]);
        assert!((f64::from(sin[0]) - 3f64.sin()).abs() < 1e-7);
        let from_zero = rotary(0, 5, &rotary_frequencies(6, 10_000.0, RotaryScaling::None));
        assert_eq!(cos, from_zero.0[18..]);
        assert_eq!(sin, from_zero.1[18..]);
    }

    #[test]
    fn stretched_frequencies_keep_what_is_fast() {
        let plain = rotary_frequencies(64, 500_000.0, RotaryScaling::None);
        let linear = rotary_frequencies(64, 500_000.0, RotaryScaling::Linear { factor: 4.0 });
        assert!(plain.iter().zip(&linear).all(|(a, b)| (a / 4.0 - b).abs() < 1e-15));
        let scaling = RotaryScaling::Llama3 {
            factor: 32.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context: 8192.0,
        };
        let llama3 = rotary_frequencies(64, 500_000.0, scaling);
        assert_eq!(llama3[0], plain[0], "a short wave stays");
        assert!((llama3[31] - plain[31] / 32.0).abs() < 1e-15, "a long one is stretched");
        assert!(llama3.windows(2).all(|pair| pair[0] > pair[1]), "and their order too");
    }
}
