//! Matrices as strided views of slices, and their product.

use std::marker::PhantomData;
use std::ops::Range;

use super::simd::{Lanes, Level, Portable, Simd, lanes};

/// A view of a matrix for reading; both strides are free, so a transpose costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

/// A view of a row-major matrix for writing.
#[derive(Debug)]
pub struct MatMut<'a> {
    data: *mut f32,
    rows: usize,
    columns: usize,
    row_stride: usize,
    memory: PhantomData<&'a mut [f32]>,
}

// SAFETY: a view stands for an exclusive borrow of its elements, like `&mut [f32]`.
unsafe impl Send for MatMut<'_> {}

/// Elements from the first to one behind the last.
fn extent(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> usize {
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * row_stride + (columns - 1) * column_stride + 1 }
}

impl<'a> Mat<'a> {
    /// Rows of `columns` elements, `row_stride` apart.
    ///
    /// # Panics
    /// Where the slice is too short.
    pub fn strided(data: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(extent(rows, columns, row_stride, 1) <= data.len(), "a view reaches beyond its slice");
        Self { data, rows, columns, row_stride, column_stride: 1 }
    }

    /// A dense matrix `[rows, columns]`.
    ///
    /// # Panics
    /// Where the slice is too short.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// The transpose of the same memory.
    pub fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Its only row, where there is one and it is dense.
    pub fn single_row(&self) -> Option<&'a [f32]> {
        (self.rows == 1 && self.column_stride == 1).then(|| &self.data[..self.columns])
    }

    /// Some columns of a row, where they lie side by side.
    ///
    /// # Panics
    /// If they are outside the slice.
    pub fn dense_row(&self, row: usize, columns: Range<usize>) -> Option<&'a [f32]> {
        let start = row * self.row_stride;
        (self.column_stride == 1).then(|| &self.data[start + columns.start..start + columns.end])
    }

    /// One element.
    ///
    /// # Panics
    /// If it is outside the slice.
    pub fn at(&self, row: usize, column: usize) -> f32 {
        self.data[row * self.row_stride + column * self.column_stride]
    }
}

impl<'a> MatMut<'a> {
    /// Rows of `columns` elements, `row_stride` apart.
    ///
    /// # Panics
    /// Where the slice is too short.
    pub fn strided(data: &'a mut [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(extent(rows, columns, row_stride, 1) <= data.len(), "a view reaches beyond its slice");
        assert!(columns <= row_stride || rows <= 1, "rows of a view overlap");
        Self { data: data.as_mut_ptr(), rows, columns, row_stride, memory: PhantomData }
    }

    /// A dense matrix `[rows, columns]`.
    ///
    /// # Panics
    /// Where the slice is too short.
    pub fn new(data: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// Some of its rows.
    ///
    /// # Panics
    /// If they are not all there.
    pub fn rows(&mut self, rows: Range<usize>) -> MatMut<'_> {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows outside the matrix");
        // SAFETY: the first element lies inside the view (or is one behind its last row, where there are none).
        MatMut { data: unsafe { self.data.add(rows.start * self.row_stride) }, rows: rows.len(), ..*self }
    }

    /// Its only row, where there is one.
    pub fn single_row(&mut self) -> Option<&mut [f32]> {
        // SAFETY: the view stands for an exclusive borrow of this row's elements.
        (self.rows == 1).then(|| unsafe { std::slice::from_raw_parts_mut(self.data, self.columns) })
    }

    /// The same matrix in pieces of `width` columns (the last may be narrower), which may be written at the same time.
    ///
    /// # Panics
    /// If `width` is 0.
    pub fn split_columns(self, width: usize) -> Vec<MatMut<'a>> {
        (0..self.columns)
            .step_by(width)
            .map(|at| MatMut {
                // SAFETY: column `at` of the first row lies inside the view (or is one behind an empty one).
                data: unsafe { self.data.add(if self.rows == 0 { 0 } else { at }) },
                columns: width.min(self.columns - at),
                ..self
            })
            .collect()
    }
}

/// `to ← a·b`, or `to ← to + a·b` with `accumulate`, on the calling thread.
///
/// The crate `gemm` does the work, except at the lowest level of x86-64, for which it has only scalar code.
///
/// # Panics
/// Where the shapes do not fit.
pub fn product(simd: Simd, to: MatMut, a: Mat, b: Mat, accumulate: bool) {
    assert_eq!((to.rows, to.columns, a.columns), (a.rows, b.columns, b.rows), "shapes of a product");
    if cfg!(target_arch = "x86_64") && simd.level() == Level::Baseline {
        return plain(to, a, b, accumulate);
    }
    // SAFETY: every view was checked against its slice when it was made, and `to` is borrowed for writing, so it
    // overlaps with neither operand.
    unsafe {
        gemm::gemm(
            to.rows,
            to.columns,
            a.columns,
            to.data,
            1,
            to.row_stride as isize,
            accumulate,
            a.data.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Side of the squares in which [`transpose`] moves elements.
const SQUARE: usize = 16;

/// `to` `[columns, rows]` ← `from`ᵀ, for a matrix that several products will read along its columns: packing it anew in
/// each of them costs up to half of their time.
///
/// # Panics
/// Where the lengths do not fit.
pub fn transpose(from: Mat, to: &mut [f32]) {
    let Mat { data, rows, columns, row_stride, column_stride } = from;
    assert_eq!(to.len(), rows * columns, "length of a transpose");
    for row in (0..rows).step_by(SQUARE) {
        let height = SQUARE.min(rows - row);
        for column in (0..columns).step_by(SQUARE) {
            let width = SQUARE.min(columns - column);
            let mut square = [[0.0; SQUARE]; SQUARE];
            for (i, line) in square.iter_mut().enumerate().take(height) {
                let at = (row + i) * row_stride + column * column_stride;
                if column_stride == 1 && width == SQUARE {
                    line.copy_from_slice(&data[at..at + SQUARE]);
                } else {
                    (0..width).for_each(|j| line[j] = data[at + j * column_stride]);
                }
            }
            for (j, at) in (0..width).map(|j| (j, (column + j) * rows + row)) {
                let line: [f32; SQUARE] = std::array::from_fn(|i| square[i][j]);
                to[at..at + height].copy_from_slice(&line[..height]);
            }
        }
    }
}

/// Rows of the result that are kept in registers at a time by [`plain`].
const TILE_ROWS: usize = 4;
/// Columns of the result, and terms of each sum, of the panel of `b` that [`plain`] copies to have it dense.
const PANEL: (usize, usize) = (64, 128);

/// The product in portable vectors.
fn plain(to: MatMut, a: Mat, b: Mat, accumulate: bool) {
    let (width, depth) = PANEL;
    let mut panel = [0.0f32; PANEL.0 * PANEL.1];
    for first in (0..to.columns).step_by(width) {
        let columns = width.min(to.columns - first);
        for from in (0..a.columns.max(1)).step_by(depth) {
            let terms = depth.min(a.columns - from);
            for term in 0..terms {
                for column in 0..columns {
                    let at = (from + term) * b.row_stride + (first + column) * b.column_stride;
                    panel[term * columns + column] = b.data[at];
                }
            }
            let add = accumulate || from > 0;
            for row in (0..to.rows).step_by(TILE_ROWS) {
                let rows = row..(row + TILE_ROWS).min(to.rows);
                // SAFETY: rows and columns lie inside `to`, terms inside `a`; the portable level needs nothing.
                unsafe { tile::<Portable>(&to, &a, &panel, rows, first..first + columns, from..from + terms, add) }
            }
        }
    }
}

/// Up to [`TILE_ROWS`] rows of the result from a dense panel of `b`.
#[inline(always)]
unsafe fn tile<S: Lanes>(
    to: &MatMut,
    a: &Mat,
    panel: &[f32],
    rows: Range<usize>,
    columns: Range<usize>,
    terms: Range<usize>,
    add: bool,
) {
    let width = columns.len();
    let last = rows.len() - 1;
    lanes!(S, width, i, c, {
        // SAFETY: `i + c` is at most the width of the panel and of the tile; rows beyond the last repeat it.
        unsafe {
            let place = |row: usize| to.data.add((rows.start + row) * to.row_stride + columns.start + i);
            let mut sums = [S::splat(0.0); TILE_ROWS];
            if add {
                for (row, sum) in sums.iter_mut().enumerate() {
                    *sum = S::load(place(row.min(last)), c);
                }
            }
            for (term, k) in terms.clone().enumerate() {
                let b = S::load(panel.as_ptr().add(term * width + i), c);
                for (row, sum) in sums.iter_mut().enumerate() {
                    let at = (rows.start + row.min(last)) * a.row_stride + k * a.column_stride;
                    *sum = S::fma(S::splat(a.data[at]), b, *sum);
                }
            }
            for (row, sum) in sums.iter().enumerate().take(rows.len()) {
                S::store(place(row), *sum, c);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / 8_388_608.0 - 1.0
            })
            .collect()
    }

    #[test]
    fn products_of_all_layouts_agree_with_the_definition() {
        Simd::available().into_iter().for_each(agree_with_the_definition);
    }

    fn agree_with_the_definition(simd: Simd) {
        for (m, n, k) in [(3, 5, 0), (1, 1, 1), (5, 7, 3), (64, 33, 17), (130, 65, 300), (1, 100, 48), (100, 1, 48)] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            for (ta, tb, accumulate) in
                [(false, false, false), (true, false, true), (false, true, false), (true, true, true)]
            {
                let a_view = if ta { Mat::new(&a, k, m).t() } else { Mat::new(&a, m, k) };
                let b_view = if tb { Mat::new(&b, n, k).t() } else { Mat::new(&b, k, n) };
                let start = numbers(m * (n + 2), 3);
                let mut to = start.clone();
                product(simd, MatMut::strided(&mut to, m, n, n + 2), a_view, b_view, accumulate);
                for i in 0..m {
                    for j in 0..n + 2 {
                        let at = i * (n + 2) + j;
                        let mut want = f64::from(start[at]);
                        if j < n {
                            if !accumulate {
                                want = 0.0;
                            }
                            for l in 0..k {
                                let x = if ta { a[l * m + i] } else { a[i * k + l] };
                                let y = if tb { b[j * k + l] } else { b[l * n + j] };
                                want += f64::from(x) * f64::from(y);
                            }
                        }
                        assert!((f64::from(to[at]) - want).abs() < 1e-4, "{m}×{n}×{k} at {i},{j}: {} {want}", to[at]);
                    }
                }
            }
        }
    }

    #[test]
    fn a_transpose_holds_every_element() {
        for (rows, columns) in [(1, 1), (16, 16), (5, 40), (33, 17), (64, 3)] {
            let from: Vec<f32> = (0..rows * (columns + 2)).map(|i| i as f32).collect();
            let mut to = vec![f32::NAN; rows * columns];
            transpose(Mat::strided(&from, rows, columns, columns + 2), &mut to);
            for i in 0..rows {
                for j in 0..columns {
                    assert_eq!(to[j * rows + i], from[i * (columns + 2) + j]);
                }
            }
            let mut back = vec![f32::NAN; rows * columns];
            transpose(Mat::strided(&from, rows, columns, columns + 2).t(), &mut back);
            assert!((0..rows * columns).all(|i| back[i] == from[i / columns * (columns + 2) + i % columns]));
        }
    }

    #[test]
    fn nan_and_infinity_travel_through_a_product() {
        let a = [f32::NAN, 0.0, 1.0, f32::INFINITY];
        let b = [1.0, 0.0, 2.0, 1.0];
        for simd in Simd::available() {
            let mut to = [0.0; 4];
            product(simd, MatMut::new(&mut to, 2, 2), Mat::new(&a, 2, 2), Mat::new(&b, 2, 2), false);
            assert!(to[0].is_nan() && to[1].is_nan() && to[2] == f32::INFINITY && to[3] == f32::INFINITY);
        }
    }
}
