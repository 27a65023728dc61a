use super::*;
use crate::check::numbers;

/// x·w in double precision.
fn exact(x: &[f32], w: &[f32], rows: usize, inputs: usize, outputs: usize) -> Vec<f64> {
    let mut y = vec![0.0; rows * outputs];
    for row in 0..rows {
        for input in 0..inputs {
            for output in 0..outputs {
                let product = f64::from(x[row * inputs + input]) * f64::from(w[input * outputs + output]);
                y[row * outputs + output] += product;
            }
        }
    }
    y
}

const SHAPES: [(usize, usize, usize); 9] = [
    (1, 1, 1),
    (1, 5, 64),
    (1, 768, 130),
    (2, 17, 65),
    (3, 64, 63),
    (5, 33, 200),
    (6, 600, 64),
    (7, 1030, 70),
    (100, 96, 129),
];

#[test]
fn products_agree_with_the_matrix_as_it_is_stored() {
    for simd in Simd::available() {
        for storage in [Storage::F32, Storage::F16, Storage::Q8] {
            for (rows, inputs, outputs) in SHAPES {
                let (x, w) = (numbers(rows * inputs, 1), numbers(inputs * outputs, 2));
                let packed = Packed::new(Mat::new(&w, inputs, outputs), storage);
                let mut y = vec![f32::NAN; rows * outputs];
                packed.product(simd, &x, &mut y);
                let want = exact(&x, &packed.unpack(), rows, inputs, outputs);
                for (i, (y, want)) in y.iter().zip(&want).enumerate() {
                    let error = (f64::from(*y) - want).abs();
                    assert!(
                        error < 1e-5 * (inputs as f64).sqrt().max(4.0),
                        "{storage:?} {rows}×{inputs}×{outputs} at {i}: {y} {want}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_stored_is_as_close_as_its_bits_allow() {
    let (inputs, outputs) = (37, 90);
    let w = numbers(inputs * outputs, 3);
    let largest = |column: usize| (0..inputs).map(|i| w[i * outputs + column].abs()).fold(0.0f32, f32::max);
    for (storage, bits) in [(Storage::F32, 32), (Storage::F16, 16), (Storage::Q8, 8)] {
        let packed = Packed::new(Mat::new(&w, inputs, outputs), storage);
        let back = packed.unpack();
        for (i, (&value, &stored)) in w.iter().zip(&back).enumerate() {
            let allowed = match storage {
                Storage::F32 => 0.0,
                Storage::F16 => value.abs() / 2048.0 + 1e-7,
                Storage::Q8 => largest(i % outputs) / 254.0 + 1e-6,
            };
            assert!((value - stored).abs() <= allowed, "{bits} bits: {value} became {stored}");
        }
        // Two groups of 64 columns; 8 bits have a factor a column besides.
        let factors = if storage == Storage::Q8 { 128 * 4 } else { 0 };
        assert_eq!(packed.bytes(), inputs * 128 * bits / 8 + factors);
    }
}

#[test]
fn a_transpose_is_stored_as_its_columns() {
    let (vocabulary, d) = (70, 12);
    let table = numbers(vocabulary * d, 4);
    let packed = Packed::new(Mat::new(&table, vocabulary, d).t(), Storage::F32);
    assert_eq!(packed.shape(), (d, vocabulary));
    let mut row = vec![0.0; d];
    for id in [0, 63, 64, 69] {
        packed.column(id, &mut row);
        assert_eq!(row, table[id * d..(id + 1) * d]);
    }
}

#[test]
fn rows_are_the_same_alone_and_together() {
    let (rows, inputs, outputs) = (13, 1_100, 100);
    let (x, w) = (numbers(rows * inputs, 5), numbers(inputs * outputs, 6));
    for simd in Simd::available() {
        let packed = Packed::new(Mat::new(&w, inputs, outputs), Storage::F16);
        let mut together = vec![0.0; rows * outputs];
        packed.product(simd, &x, &mut together);
        for (x, together) in x.chunks(inputs).zip(together.chunks(outputs)) {
            let mut alone = vec![0.0; outputs];
            packed.product(simd, x, &mut alone);
            assert_eq!(alone, together, "{}", simd.name());
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (rows, inputs, outputs) = (110, 300, 500);
    let (x, w) = (numbers(rows * inputs, 7), numbers(inputs * outputs, 8));
    let packed = Packed::new(Mat::new(&w, inputs, outputs), Storage::Q8);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut y = vec![0.0; rows * outputs];
        pool.install(|| packed.product(Simd::detect(), &x, &mut y));
        y
    };
    let one = run(1);
    assert!(run(2) == one && run(3) == one);
}

#[test]
fn nan_and_infinity_are_not_hidden() {
    let mut w = numbers(6 * 70, 9);
    (w[3], w[70 + 5]) = (f32::NAN, f32::INFINITY);
    for storage in [Storage::F32, Storage::F16, Storage::Q8] {
        let packed = Packed::new(Mat::new(&w, 6, 70), storage);
        for simd in Simd::available() {
            let mut y = vec![0.0; 70];
            packed.product(simd, &[1.0; 6], &mut y);
            assert!(!y[3].is_finite() && !y[5].is_finite() && y[4].is_finite(), "{storage:?}");
        }
    }
}
