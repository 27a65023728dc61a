//! How are weights stored, and what numbers are they?
//!
//! Plain formats are 32 or 16 bits a weight. The formats of GGUF's blocks keep small integers with a scale for every 32
//! weights, or for every 16 or 32 of a «super-block» of 256 (the K formats); the layouts are those of ggml's `block_*`
//! structures, the arithmetic that of its `dequantize_row_*` in the same order, so the numbers are the same.

use std::fmt;

use half::{bf16, f16};
use rayon::prelude::*;

/// How a tensor's values are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// 32 bits.
    F32,
    /// IEEE half.
    F16,
    /// The upper half of 32 bits.
    BF16,
    /// ggml's 4, 5 and 8 bits in blocks of 32.
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    /// ggml's 2 to 6 bits in super-blocks of 256.
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
    /// One that is not read: its name, and bytes a value where they are known.
    Other(String, Option<usize>),
}

/// Weights of a super-block.
const SUPER: usize = 256;

impl Format {
    /// Values in a block and the block's bytes. A plain format has blocks of one; `None` for one that is not known.
    pub fn block(&self) -> Option<(usize, usize)> {
        Some(match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::BF16 => (1, 2),
            Self::Q4_0 => (32, 18),
            Self::Q4_1 => (32, 20),
            Self::Q5_0 => (32, 22),
            Self::Q5_1 => (32, 24),
            Self::Q8_0 => (32, 34),
            Self::Q2K => (SUPER, 84),
            Self::Q3K => (SUPER, 110),
            Self::Q4K => (SUPER, 144),
            Self::Q5K => (SUPER, 176),
            Self::Q6K => (SUPER, 210),
            Self::Other(_, bytes) => (1, (*bytes)?),
        })
    }

    /// Bytes of so many values; `None` where they do not fill blocks, are too many, or the format is not known.
    pub fn bytes(&self, values: usize) -> Option<usize> {
        let (each, bytes) = self.block()?;
        if values.is_multiple_of(each) { (values / each).checked_mul(bytes) } else { None }
    }

    /// The values of whole blocks; `None` for a format that is not read.
    pub fn values(&self, bytes: &[u8]) -> Option<Vec<f32>> {
        let decode: fn(&[u8], &mut [f32]) = match self {
            Self::F32 => |b, to| to[0] = f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
            Self::F16 => |b, to| to[0] = half(b),
            Self::BF16 => |b, to| to[0] = bf16::from_le_bytes([b[0], b[1]]).to_f32(),
            Self::Q4_0 => q4_0,
            Self::Q4_1 => q4_1,
            Self::Q5_0 => q5_0,
            Self::Q5_1 => q5_1,
            Self::Q8_0 => q8_0,
            Self::Q2K => q2_k,
            Self::Q3K => q3_k,
            Self::Q4K => q4_k,
            Self::Q5K => q5_k,
            Self::Q6K => q6_k,
            Self::Other(..) => return None,
        };
        let (each, size) = self.block()?;
        let mut values = vec![0.0; bytes.len() / size * each];
        // Some thousands of values a task.
        let blocks = (1 << 14) / each;
        values.par_chunks_mut(blocks * each).zip(bytes.par_chunks(blocks * size)).for_each(|(to, from)| {
            to.chunks_exact_mut(each).zip(from.chunks_exact(size)).for_each(|(to, block)| decode(block, to));
        });
        Some(values)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Other(name, _) => f.write_str(name),
            plain => write!(f, "{plain:?}"),
        }
    }
}

/// The IEEE half in the first two bytes.
fn half(bytes: &[u8]) -> f32 {
    f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()
}

/// The lower and the upper four bits of sixteen bytes: weights 0 to 15 and 16 to 31.
fn nibbles(bytes: &[u8], to: &mut [f32], value: impl Fn(usize, u8) -> f32) {
    for (i, &byte) in bytes.iter().enumerate() {
        to[i] = value(i, byte & 15);
        to[i + 16] = value(i + 16, byte >> 4);
    }
}

fn q4_0(b: &[u8], to: &mut [f32]) {
    let d = half(b);
    nibbles(&b[2..], to, |_, q| d * (f32::from(q) - 8.0));
}

fn q4_1(b: &[u8], to: &mut [f32]) {
    let (d, m) = (half(b), half(&b[2..]));
    nibbles(&b[4..], to, |_, q| d * f32::from(q) + m);
}

/// The fifth bit of weight `i`, in its place.
fn fifth(bits: &[u8], i: usize) -> u8 {
    (bits[i / 8] >> (i % 8) & 1) << 4
}

fn q5_0(b: &[u8], to: &mut [f32]) {
    let (d, high) = (half(b), &b[2..6]);
    nibbles(&b[6..], to, |i, q| d * (f32::from(q | fifth(high, i)) - 16.0));
}

fn q5_1(b: &[u8], to: &mut [f32]) {
    let (d, m, high) = (half(b), half(&b[2..]), &b[4..8]);
    nibbles(&b[8..], to, |i, q| d * f32::from(q | fifth(high, i)) + m);
}

fn q8_0(b: &[u8], to: &mut [f32]) {
    let d = half(b);
    to.iter_mut().zip(&b[2..]).for_each(|(to, &q)| *to = f32::from(q as i8) * d);
}

/// Sixteen groups of sixteen: scales and minima of four bits, weights of two bits, `d`, `dmin`.
fn q2_k(b: &[u8], to: &mut [f32]) {
    let (scales, q, d, dmin) = (&b[..16], &b[16..80], half(&b[80..]), half(&b[82..]));
    for (i, to) in to.iter_mut().enumerate() {
        let scale = scales[i / 16];
        // Of each 32 bytes, the lowest two bits are the first 32 weights, and so on.
        let (part, shift) = (i / 128 * 32 + i % 32, i % 128 / 32 * 2);
        let weight = q[part] >> shift & 3;
        *to = d * f32::from(scale & 15) * f32::from(weight) - dmin * f32::from(scale >> 4);
    }
}

/// Sixteen groups of sixteen: one high bit a weight, two low ones, scales of six bits, `d`.
fn q3_k(b: &[u8], to: &mut [f32]) {
    let (high, q, packed, d) = (&b[..32], &b[32..96], &b[96..108], half(&b[108..]));
    let scale = |group: usize| {
        let low = packed[group % 8] >> (group / 8 * 4) & 15;
        let top = packed[8 + group % 4] >> (group / 4 * 2) & 3;
        f32::from((low | top << 4) as i8 - 32)
    };
    for (i, to) in to.iter_mut().enumerate() {
        let (part, shift) = (i / 128 * 32 + i % 32, i % 128 / 32 * 2);
        let low = (q[part] >> shift & 3) as i8;
        // The high bit says that nothing is taken away.
        let away = if high[i % 32] >> (i / 32) & 1 == 1 { 0 } else { 4 };
        *to = d * scale(i / 16) * f32::from(low - away);
    }
}

/// Scale and minimum of group `j` of eight: six bits each, packed in twelve bytes.
fn scale_and_minimum(packed: &[u8], j: usize) -> (f32, f32) {
    let (scale, minimum) = if j < 4 {
        (packed[j] & 63, packed[j + 4] & 63)
    } else {
        (packed[j + 4] & 15 | packed[j - 4] >> 6 << 4, packed[j + 4] >> 4 | packed[j] >> 6 << 4)
    };
    (f32::from(scale), f32::from(minimum))
}

/// Eight groups of 32: `d`, `dmin`, scales and minima, weights of four bits.
fn q4_k(b: &[u8], to: &mut [f32]) {
    let (d, dmin, packed, q) = (half(b), half(&b[2..]), &b[4..16], &b[16..]);
    for (group, to) in to.chunks_exact_mut(32).enumerate() {
        let (scale, minimum) = scale_and_minimum(packed, group);
        let (scale, minimum) = (d * scale, dmin * minimum);
        for (i, to) in to.iter_mut().enumerate() {
            let weight = q[group / 2 * 32 + i] >> (group % 2 * 4) & 15;
            *to = scale * f32::from(weight) - minimum;
        }
    }
}

/// As [`q4_k`], with a fifth bit: bit `group` of byte `i` belongs to weight `i` of the group.
fn q5_k(b: &[u8], to: &mut [f32]) {
    let (d, dmin, packed, high, q) = (half(b), half(&b[2..]), &b[4..16], &b[16..48], &b[48..]);
    for (group, to) in to.chunks_exact_mut(32).enumerate() {
        let (scale, minimum) = scale_and_minimum(packed, group);
        let (scale, minimum) = (d * scale, dmin * minimum);
        for (i, to) in to.iter_mut().enumerate() {
            let low = q[group / 2 * 32 + i] >> (group % 2 * 4) & 15;
            *to = scale * f32::from(low | (high[i] >> group & 1) << 4) - minimum;
        }
    }
}

/// Sixteen groups of sixteen: four low bits a weight, two high ones, scales of eight bits, `d`.
fn q6_k(b: &[u8], to: &mut [f32]) {
    let (low, high, scales, d) = (&b[..128], &b[128..192], &b[192..208], half(&b[208..]));
    for (i, to) in to.iter_mut().enumerate() {
        let (side, rest) = (i / 128, i % 128);
        let four = low[side * 64 + rest % 64] >> (rest / 64 * 4) & 15;
        let two = high[side * 32 + rest % 32] >> (rest / 32 * 2) & 3;
        let weight = (four | two << 4) as i8 - 32;
        *to = d * f32::from(scales[i / 16] as i8) * f32::from(weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_counted_whole() {
        assert_eq!(Format::Q4_1.bytes(64), Some(40));
        assert_eq!(Format::Q4_1.bytes(65), None);
        assert_eq!(Format::F32.bytes(usize::MAX), None);
        assert_eq!(Format::Other("IQ1_S".into(), None).bytes(256), None);
    }

    #[test]
    fn four_bits_are_the_lower_half_first() {
        let mut block = f16::from_f32(0.5).to_le_bytes().to_vec();
        block.extend((0..16).map(|i| i | (15 - i) << 4));
        let values = Format::Q4_0.values(&block).unwrap();
        assert_eq!((values[0], values[15], values[16], values[31]), (-4.0, 3.5, 3.5, -4.0));
        assert_eq!(Format::BF16.values(&[0x80, 0x3F, 0, 0xC0]).unwrap(), [1.0, -2.0]);
        assert_eq!(Format::Other("F64".into(), Some(8)).values(&[0; 8]), None);
    }
}
