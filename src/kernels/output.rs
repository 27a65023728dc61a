//! The output layer together with its loss: logits never stand whole in memory.
//!
//! Rows are taken in blocks, the vocabulary in chunks. A first pass over the chunks makes e^(logit − largest) and the
//! sums; a second makes the gradient of the logits from them, chunk by chunk, and carries it at once into the layer's
//! matrix and bias and into the rows.

use rayon::prelude::*;

use super::matrix::{Mat, MatMut, product, transpose};
use super::rows::{self, exp_row};
use super::simd::{Lanes, Simd, kernel};

/// Rows in a block.
const ROWS: usize = 512;
/// Rows whose logits are made before they are exponentiated, while they are in the cache.
const STRIP: usize = 64;

/// The layer's weights.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// `[d, vocabulary]`, or `[vocabulary, d]` where tied to the embedding.
    pub weight: &'a [f32],
    /// Whether the matrix is the embedding table.
    pub tied: bool,
    /// `[vocabulary]`
    pub bias: Option<&'a [f32]>,
    /// Number of tokens.
    pub vocabulary: usize,
    /// Width of a row.
    pub d: usize,
}

/// Where the gradients go; all are overwritten.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// As [`Layer::weight`].
    pub weight: &'a mut [f32],
    /// As [`Layer::bias`].
    pub bias: Option<&'a mut [f32]>,
    /// `[rows, d]`
    pub rows: &'a mut [f32],
}

/// Room for one block, allocated once.
#[derive(Clone, Debug)]
pub struct Buffers {
    chunks: Vec<Chunk>,
}

/// One chunk of the vocabulary.
#[derive(Clone, Debug)]
struct Chunk {
    first: usize,
    width: usize,
    /// `[ROWS, width]`: first logits, then e^(logit − largest), then their gradient.
    tile: Vec<f32>,
    /// Largest logit and sum of exponentials of each row.
    tops: Vec<(f32, f32)>,
    /// The chunk's part of the rows' gradient, `[ROWS, d]`.
    d_rows: Vec<f32>,
    /// The target's logit, where it lies in this chunk.
    target: Vec<f32>,
    /// The chunk of the layer's matrix as `[d, width]` where it is tied and as `[width, d]` where not.
    turned: Vec<f32>,
}

impl Buffers {
    /// For blocks of at most `rows` rows.
    pub fn new(rows: usize, d: usize, vocabulary: usize) -> Self {
        let rows = rows.min(ROWS);
        let wanted = (vocabulary / 16).clamp(128, 1024);
        let count = vocabulary.div_ceil(wanted);
        let width = vocabulary.div_ceil(count).next_multiple_of(16);
        let chunks = (0..vocabulary)
            .step_by(width)
            .map(|first| {
                let width = width.min(vocabulary - first);
                Chunk {
                    first,
                    width,
                    tile: vec![0.0; rows * width],
                    tops: vec![(0.0, 0.0); rows],
                    d_rows: vec![0.0; rows * d],
                    target: vec![0.0; rows],
                    turned: vec![0.0; width * d],
                }
            })
            .collect();
        Self { chunks }
    }
}

#[inline(always)]
unsafe fn exp_strip_body<S: Lanes>(
    tile: &mut [f32],
    width: usize,
    bias: Option<&[f32]>,
    tops: &mut [(f32, f32)],
    targets: &[u32],
    first: usize,
    target: &mut [f32],
) {
    for (((row, top), &wanted), logit) in tile.chunks_exact_mut(width).zip(tops).zip(targets).zip(target) {
        // SAFETY: handed to the caller.
        unsafe {
            if let Some(bias) = bias {
                rows::add_body::<S>(row, bias);
            }
            if let Some(&x) = (wanted as usize).checked_sub(first).and_then(|i| row.get(i)) {
                *logit = x;
            }
            *top = exp_row::<S>(row, 1.0);
        }
    }
}

kernel! {
    /// Bias, target's logit and exponentials of a strip of logits.
    fn exp_strip(tile: &mut [f32], width: usize, bias: Option<&[f32]>, tops: &mut [(f32, f32)], targets: &[u32],
        first: usize, target: &mut [f32]) = exp_strip_body
}

impl Chunk {
    /// The chunk's part of the layer's matrix, as it lies in memory.
    fn weight<'a>(&self, layer: &Layer<'a>) -> Mat<'a> {
        if layer.tied {
            Mat::new(&layer.weight[self.first * layer.d..], self.width, layer.d)
        } else {
            Mat::strided(&layer.weight[self.first..], layer.d, self.width, layer.vocabulary)
        }
    }

    /// Logits of a block of rows, exponentiated.
    fn forward(&mut self, simd: Simd, layer: &Layer, hidden: &[f32], targets: &[u32]) {
        let d = layer.d;
        let weight = if layer.tied { Mat::new(&self.turned, d, self.width) } else { self.weight(layer) };
        let bias = layer.bias.map(|b| &b[self.first..][..self.width]);
        for (strip, targets) in targets.chunks(STRIP).enumerate() {
            let (at, rows) = (strip * STRIP, targets.len());
            let tile = &mut self.tile[at * self.width..][..rows * self.width];
            product(simd, MatMut::new(tile, rows, self.width), Mat::new(&hidden[at * d..], rows, d), weight, false);
            let (tops, target) = (&mut self.tops[at..][..rows], &mut self.target[at..][..rows]);
            exp_strip(simd, tile, self.width, bias, tops, targets, self.first, target);
        }
    }

    /// From the exponentials to gradients: of the layer (added to with `accumulate`) and of the rows.
    fn backward(
        &mut self,
        simd: Simd,
        layer: &Layer,
        block: &Block,
        d_weight: MatMut,
        d_bias: Option<&mut [f32]>,
        accumulate: bool,
    ) {
        let (d, width, rows) = (layer.d, self.width, block.targets.len());
        let tile = &mut self.tile[..rows * width];
        for (i, row) in tile.chunks_exact_mut(width).enumerate() {
            let factor = block.share[i] * (self.tops[i].0 - block.log_sum[i]).exp();
            rows::scale(simd, row, factor);
            if let Some(x) = (block.targets[i] as usize).checked_sub(self.first).and_then(|t| row.get_mut(t)) {
                *x -= block.share[i];
            }
        }
        if let Some(d_bias) = d_bias {
            if !accumulate {
                d_bias.fill(0.0);
            }
            rows::column_sums(simd, d_bias, tile);
        }
        let gradient = Mat::new(tile, rows, width);
        let hidden = Mat::new(block.hidden, rows, d);
        if layer.tied {
            product(simd, d_weight, gradient.t(), hidden, accumulate);
        } else {
            product(simd, d_weight, hidden.t(), gradient, accumulate);
        }
        let weight = if layer.tied {
            Mat::new(&layer.weight[self.first * d..], width, d)
        } else {
            Mat::new(&self.turned, width, d)
        };
        product(simd, MatMut::new(&mut self.d_rows[..rows * d], rows, d), gradient, weight, false);
    }
}

/// What the second pass over a block needs.
struct Block<'a> {
    hidden: &'a [f32],
    targets: &'a [u32],
    /// Weight of each row's loss in the mean.
    share: &'a [f32],
    log_sum: Vec<f32>,
}

/// Σ shareᵣ·(−log softmax(hiddenᵣ·W + b)[targetᵣ]), summed in f64 in the order of the rows, and with `gradients` its
/// gradients. `hidden` is `[rows, d]`.
///
/// # Panics
/// Where the lengths do not fit.
pub fn loss(
    simd: Simd,
    layer: &Layer,
    hidden: &[f32],
    targets: &[u32],
    share: &[f32],
    buffers: &mut Buffers,
    mut gradients: Option<Gradients>,
) -> f64 {
    let d = layer.d;
    assert!(hidden.len() == targets.len() * d && share.len() == targets.len(), "rows of a loss");
    let mut total = 0.0f64;
    let turned = layer.tied || gradients.is_some();
    buffers.chunks.par_iter_mut().filter(|_| turned).for_each(|chunk| {
        let weight = chunk.weight(layer);
        transpose(weight, &mut chunk.turned);
    });
    for (index, targets) in targets.chunks(ROWS).enumerate() {
        let at = index * ROWS;
        let rows = targets.len();
        let hidden = &hidden[at * d..][..rows * d];
        let share = &share[at..][..rows];
        buffers.chunks.par_iter_mut().for_each(|chunk| chunk.forward(simd, layer, hidden, targets));
        let log_sum: Vec<f32> = (0..rows).map(|row| log_sum(&buffers.chunks, row)).collect();
        for (row, &target) in targets.iter().enumerate() {
            if share[row] != 0.0 {
                let width = buffers.chunks[0].width;
                let logit = buffers.chunks[target as usize / width].target[row];
                total += f64::from(share[row]) * (f64::from(log_sum[row]) - f64::from(logit));
            }
        }
        if let Some(gradients) = &mut gradients {
            let block = Block { hidden, targets, share, log_sum };
            backward(simd, layer, &block, buffers, gradients, index > 0, at);
        }
    }
    total
}

/// log Σ e^logit of a row over all chunks, in their order.
fn log_sum(chunks: &[Chunk], row: usize) -> f32 {
    let largest = chunks.iter().map(|c| c.tops[row].0).fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = chunks.iter().map(|c| c.tops[row].1 * (c.tops[row].0 - largest).exp()).sum();
    largest + sum.ln()
}

fn backward(
    simd: Simd,
    layer: &Layer,
    block: &Block,
    buffers: &mut Buffers,
    gradients: &mut Gradients,
    accumulate: bool,
    at: usize,
) {
    let (d, rows, width) = (layer.d, block.targets.len(), buffers.chunks[0].width);
    let d_weights: Vec<MatMut> = if layer.tied {
        gradients.weight.chunks_mut(width * d).map(|part| MatMut::new(part, part.len() / d, d)).collect()
    } else {
        MatMut::new(gradients.weight, d, layer.vocabulary).split_columns(width)
    };
    let d_biases: Vec<Option<&mut [f32]>> = match &mut gradients.bias {
        Some(bias) => bias.chunks_mut(width).map(Some).collect(),
        None => buffers.chunks.iter().map(|_| None).collect(),
    };
    buffers
        .chunks
        .par_iter_mut()
        .zip(d_weights)
        .zip(d_biases)
        .for_each(|((chunk, d_weight), d_bias)| chunk.backward(simd, layer, block, d_weight, d_bias, accumulate));
    let chunks = &buffers.chunks;
    let d_rows = &mut gradients.rows[at * d..][..rows * d];
    d_rows.par_chunks_mut(STRIP * d).enumerate().for_each(|(strip, d_rows)| {
        let from = strip * STRIP * d;
        d_rows.copy_from_slice(&chunks[0].d_rows[from..][..d_rows.len()]);
        for chunk in &chunks[1..] {
            rows::add(simd, d_rows, &chunk.d_rows[from..][..d_rows.len()]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{assert_close, numbers, slopes};

    struct Case {
        rows: usize,
        d: usize,
        vocabulary: usize,
        tied: bool,
        bias: bool,
    }

    fn reference(case: &Case, hidden: &[f64], weight: &[f64], bias: &[f64], targets: &[u32], share: &[f32]) -> f64 {
        let mut total = 0.0;
        for row in 0..case.rows {
            let logit = |token: usize| {
                let dot: f64 = (0..case.d)
                    .map(|i| {
                        let at = if case.tied { token * case.d + i } else { i * case.vocabulary + token };
                        hidden[row * case.d + i] * weight[at]
                    })
                    .sum();
                dot + if case.bias { bias[token] } else { 0.0 }
            };
            let sum: f64 = (0..case.vocabulary).map(|token| logit(token).exp()).sum();
            total += f64::from(share[row]) * (sum.ln() - logit(targets[row] as usize));
        }
        total
    }

    fn check(simd: Simd, case: &Case, differences: bool) {
        let (hidden, bias) = (numbers(case.rows * case.d, 1), numbers(case.vocabulary, 3));
        let weight = numbers(case.vocabulary * case.d, 2);
        let targets: Vec<u32> = (0..case.rows).map(|i| ((i * 7919) % case.vocabulary) as u32).collect();
        let share: Vec<f32> = (0..case.rows).map(|i| (i % 3) as f32 / case.rows as f32).collect();
        let wide = |x: &[f32]| -> Vec<f64> { x.iter().map(|&x| f64::from(x)).collect() };
        let (h, w, b) = (wide(&hidden), wide(&weight), wide(&bias));

        let layer = Layer {
            weight: &weight,
            tied: case.tied,
            bias: case.bias.then_some(&bias[..]),
            vocabulary: case.vocabulary,
            d: case.d,
        };
        let mut d_weight = vec![f32::NAN; weight.len()];
        let (mut d_bias, mut d_rows) = (vec![f32::NAN; bias.len()], vec![f32::NAN; hidden.len()]);
        let to = Gradients { weight: &mut d_weight, bias: case.bias.then_some(&mut d_bias[..]), rows: &mut d_rows };
        let mut buffers = Buffers::new(case.rows, case.d, case.vocabulary);
        let found = loss(simd, &layer, &hidden, &targets, &share, &mut buffers, Some(to));
        let want = reference(case, &h, &w, &b, &targets, &share);
        assert!((found - want).abs() < 1e-5 * want, "{found} {want}");
        if differences {
            let of = |h: &[f64], w: &[f64], b: &[f64]| reference(case, h, w, b, &targets, &share);
            assert_close("d rows", &d_rows, &slopes(&hidden, |h| of(h, &w, &b)), 1e-6);
            assert_close("d weight", &d_weight, &slopes(&weight, |w| of(&h, w, &b)), 1e-6);
            if case.bias {
                assert_close("d bias", &d_bias, &slopes(&bias, |b| of(&h, &w, b)), 1e-6);
            }
        }
    }

    #[test]
    fn the_loss_and_its_gradients_are_the_definition() {
        for simd in Simd::available() {
            for (tied, bias) in [(false, true), (true, false)] {
                check(simd, &Case { rows: 3, d: 3, vocabulary: 141, tied, bias }, true);
                // More than one block of rows, and more than one chunk of the vocabulary.
                check(simd, &Case { rows: ROWS + 3, d: 2, vocabulary: 300, tied, bias }, false);
            }
        }
    }

    #[test]
    fn blocks_of_rows_add_up_to_the_same_gradient() {
        let (rows, d, vocabulary) = (2 * ROWS + 70, 5, 331);
        let (hidden, weight) = (numbers(rows * d, 1), numbers(vocabulary * d, 2));
        let targets: Vec<u32> = (0..rows).map(|i| ((i * 31) % vocabulary) as u32).collect();
        let share = vec![1.0 / rows as f32; rows];
        let simd = Simd::detect();
        let run = |range: std::ops::Range<usize>| {
            let layer = Layer { weight: &weight, tied: false, bias: None, vocabulary, d };
            let (mut d_weight, mut d_rows) = (vec![0.0; weight.len()], vec![0.0; range.len() * d]);
            let to = Gradients { weight: &mut d_weight, bias: None, rows: &mut d_rows };
            let mut buffers = Buffers::new(range.len(), d, vocabulary);
            let hidden = &hidden[range.start * d..range.end * d];
            let value = loss(simd, &layer, hidden, &targets[range.clone()], &share[range], &mut buffers, Some(to));
            (value, d_weight, d_rows)
        };
        let whole = run(0..rows);
        let parts = [run(0..100), run(100..ROWS + 9), run(ROWS + 9..rows)];
        assert!((whole.0 - parts.iter().map(|p| p.0).sum::<f64>()).abs() < 1e-6);
        let sum: Vec<f64> = (0..weight.len()).map(|i| parts.iter().map(|p| f64::from(p.1[i])).sum()).collect();
        assert!(sum.iter().zip(&whole.1).all(|(a, b)| (a - f64::from(*b)).abs() < 1e-7));
        let d_rows: Vec<f32> = parts.iter().flat_map(|p| p.2.clone()).collect();
        assert!(d_rows.iter().zip(&whole.2).all(|(a, b)| (a - b).abs() < 1e-8));
    }
}
