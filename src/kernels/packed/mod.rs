//! Matrices laid out for reading: every weight is read once, in order, whatever the number of rows that it serves.
//!
//! The columns of a matrix `[in, out]` are stored in panels of [`PANEL`]: all inputs of the first panel, then all of the
//! second, and so on, so that an input's weights fill one line of the cache. A token's pass through a model reads each panel from its first byte to its last, which is what
//! memory does best; many rows at once (a prompt) read a panel again from the cache. Weights may be kept in 32, 16 or 8
//! bits; they become single precision in registers.

mod panel;

use std::ops::Range;

use half::f16;
use rayon::prelude::*;

use super::matrix::Mat;
use super::simd::Simd;
use panel::{Panels, panels_f16, panels_f32, panels_i8};

/// Columns of a panel.
pub const PANEL: usize = 16;

/// Panels that one task works off.
const GROUP: usize = 4;

/// Rows that a task takes through a panel; a multiple of the rows that are kept in registers.
const ROWS: usize = 96;

/// Multiply-adds below which a product is not worth waking other threads.
const SMALL: usize = 1 << 17;

/// How each weight is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// As it is: 32 bits.
    #[default]
    F32,
    /// IEEE half precision: 16 bits.
    F16,
    /// 8 bits: −127 to 127 times a factor of the column, its largest weight through 127.
    Q8,
}

/// The panels, in the storage's elements; the last panel is filled up with zeros.
#[derive(Clone, Debug)]
enum Data {
    F32(Vec<f32>),
    F16(Vec<f16>),
    Q8 { codes: Vec<i8>, scales: Vec<f32> },
}

/// A matrix `[in, out]` for reading.
#[derive(Clone, Debug)]
pub struct Packed {
    data: Data,
    inputs: usize,
    outputs: usize,
}

impl Packed {
    /// Copies a matrix `[in, out]`, given in any layout.
    pub fn new(from: Mat, storage: Storage) -> Self {
        let (inputs, outputs) = from.shape();
        let panels = outputs.div_ceil(PANEL * GROUP) * GROUP;
        let length = panels * inputs * PANEL;
        // At least one element, so that the pieces of an empty matrix have a size.
        let piece = (inputs * PANEL).max(1);
        let columns = |panel: usize| outputs.min(panel * PANEL)..outputs.min((panel + 1) * PANEL);
        let data = match storage {
            Storage::F32 => {
                let mut values = vec![0.0; length];
                let fill = |(panel, to): (usize, &mut [f32])| pack(from, columns(panel), to, |_, value| value);
                values.par_chunks_mut(piece).enumerate().for_each(fill);
                Data::F32(values)
            }
            Storage::F16 => {
                let mut values = vec![f16::ZERO; length];
                let fill =
                    |(panel, to): (usize, &mut [f16])| pack(from, columns(panel), to, |_, value| f16::from_f32(value));
                values.par_chunks_mut(piece).enumerate().for_each(fill);
                Data::F16(values)
            }
            Storage::Q8 => {
                let mut codes = vec![0i8; length];
                let mut scales = vec![1.0f32; panels * PANEL];
                let pieces = codes.par_chunks_mut(piece).zip(scales.par_chunks_mut(PANEL)).enumerate();
                pieces.for_each(|(panel, (to, scales))| quantize(from, columns(panel), to, scales));
                Data::Q8 { codes, scales }
            }
        };
        Self { data, inputs, outputs }
    }

    /// Inputs and outputs.
    pub fn shape(&self) -> (usize, usize) {
        (self.inputs, self.outputs)
    }

    /// Bytes that the weights take.
    pub fn bytes(&self) -> usize {
        match &self.data {
            Data::F32(values) => values.len() * 4,
            Data::F16(values) => values.len() * 2,
            Data::Q8 { codes, scales } => codes.len() + scales.len() * 4,
        }
    }

    /// All inputs' weights of one output, `[in]`: a row of an embedding that is stored by its transpose.
    ///
    /// # Panics
    /// If there is no such column, or the length does not fit.
    pub fn column(&self, column: usize, to: &mut [f32]) {
        assert!(column < self.outputs && to.len() == self.inputs, "a column outside the matrix");
        let first = column / PANEL * self.inputs * PANEL + column % PANEL;
        for (input, to) in to.iter_mut().enumerate() {
            let at = first + input * PANEL;
            *to = match &self.data {
                Data::F32(values) => values[at],
                Data::F16(values) => values[at].to_f32(),
                Data::Q8 { codes, scales } => f32::from(codes[at]) * scales[column],
            };
        }
    }

    /// The matrix as it is read, dense `[in, out]`.
    pub fn unpack(&self) -> Vec<f32> {
        let mut dense = vec![0.0; self.inputs * self.outputs];
        let mut column = vec![0.0; self.inputs];
        for output in 0..self.outputs {
            self.column(output, &mut column);
            for (input, value) in column.iter().enumerate() {
                dense[input * self.outputs + output] = *value;
            }
        }
        dense
    }

    /// `y` `[rows, out]` ← `x` `[rows, in]` · this, on all threads. The bits do not depend on their number.
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn product(&self, simd: Simd, x: &[f32], y: &mut [f32]) {
        let rows = self.rows(x, y);
        let tasks = self.tasks(rows);
        let to = panel::Output::new(y, self.outputs);
        // SAFETY: every task has another block of rows and columns of `y`.
        let task = |index: usize| unsafe { self.task(simd, x, rows, index, &to) };
        if rows * self.inputs * self.outputs < SMALL {
            (0..tasks).for_each(task);
        } else {
            (0..tasks).into_par_iter().for_each(task);
        }
    }

    fn rows(&self, x: &[f32], y: &[f32]) -> usize {
        let rows = x.len().checked_div(self.inputs).unwrap_or(y.len() / self.outputs.max(1));
        assert!(x.len() == rows * self.inputs && y.len() == rows * self.outputs, "shapes of a product");
        rows
    }

    fn tasks(&self, rows: usize) -> usize {
        self.outputs.div_ceil(PANEL * GROUP) * rows.div_ceil(ROWS)
    }

    /// Some rows of a group of panels.
    ///
    /// # Safety
    /// Nobody else may use this task's rows and columns of the output meanwhile.
    unsafe fn task(&self, simd: Simd, x: &[f32], rows: usize, index: usize, to: &panel::Output) {
        let (inputs, width, groups) = (self.inputs, PANEL * GROUP, self.outputs.div_ceil(PANEL * GROUP));
        let (block, group) = (index / groups, index % groups);
        let rows = block * ROWS..rows.min((block + 1) * ROWS);
        let columns = group * width..self.outputs.min((group + 1) * width);
        let place = group * width * inputs..(group + 1) * width * inputs;
        let x = &x[rows.start * inputs..rows.end * inputs];
        // SAFETY: handed to the caller.
        let mut y = unsafe { to.part(rows, columns.clone()) };
        match &self.data {
            Data::F32(values) => {
                panels_f32(simd, Panels { weights: &values[place], scales: &[], inputs }, x, &mut y);
            }
            Data::F16(values) => {
                panels_f16(simd, Panels { weights: &values[place], scales: &[], inputs }, x, &mut y);
            }
            Data::Q8 { codes, scales } => {
                let scales = &scales[group * width..(group + 1) * width];
                panels_i8(simd, Panels { weights: &codes[place], scales, inputs }, x, &mut y);
            }
        }
    }
}

/// Writes some columns as a panel; the function gets the column's place in the panel.
fn pack<T>(from: Mat, columns: Range<usize>, to: &mut [T], convert: impl Fn(usize, f32) -> T) {
    for (input, line) in to.chunks_exact_mut(PANEL).enumerate() {
        match from.dense_row(input, columns.clone()) {
            Some(values) => {
                line.iter_mut().zip(values).enumerate().for_each(|(i, (to, &value))| *to = convert(i, value))
            }
            None => columns.clone().enumerate().for_each(|(i, column)| line[i] = convert(i, from.at(input, column))),
        }
    }
}

/// The same in 8 bits. A weight that is no number cannot be expressed by a code, so it makes its column's factor NaN: what
/// the model then says is visibly no number either.
fn quantize(from: Mat, columns: Range<usize>, to: &mut [i8], scales: &mut [f32]) {
    let (inputs, _) = from.shape();
    for (scale, column) in scales.iter_mut().zip(columns.clone()) {
        let largest = (0..inputs).map(|input| from.at(input, column).abs());
        let largest = largest
            .fold(0.0f32, |most, value| if value.is_nan() || most.is_nan() { f32::NAN } else { most.max(value) });
        *scale = match largest {
            0.0 => 1.0,
            finite if finite.is_finite() => finite / 127.0,
            _ => f32::NAN,
        };
    }
    pack(from, columns, to, |place, value| (value / scales[place]).round().clamp(-127.0, 127.0) as i8);
}

#[cfg(test)]
mod tests;
