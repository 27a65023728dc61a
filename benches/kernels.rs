//! How fast is each kernel by itself? One thread, the shapes of `train/nano`; and the sampling pipeline on a row of GPT-2's
//! vocabulary: `cargo bench --bench kernels`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use telar::generate::SamplingOptions;
use telar::generate::sampling::{Place, Trace, draw, judge, top};
use telar::kernels::{AdamStep, Mat, MatMut, Packed, Simd, Storage, activation, adam, attention, norm, product, rows};
use telar::nn::Rng;

const ROWS: usize = 128;
const D: usize = 256;

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect()
}

fn kernels(criterion: &mut Criterion) {
    let simd = Simd::detect();
    let mut group = criterion.benchmark_group(format!("kernels/{}", simd.name()));
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    let (x, weight, mut y) = (numbers(ROWS * 4 * D), numbers(D * 4 * D), vec![0.0; ROWS * 4 * D]);

    group.throughput(Throughput::Elements((2 * ROWS * D * 4 * D) as u64));
    group.bench_function("product 128 × 256 × 1024", |b| {
        b.iter(|| {
            product(simd, MatMut::new(&mut y, ROWS, 4 * D), Mat::new(&x, ROWS, D), Mat::new(&weight, D, 4 * D), false)
        });
    });

    for storage in [Storage::F32, Storage::F16, Storage::Q8] {
        let packed = Packed::new(Mat::new(&weight, D, 4 * D), storage);
        group.bench_function(format!("the same from panels, {storage:?}"), |b| {
            b.iter(|| packed.product(simd, black_box(&x[..ROWS * D]), &mut y));
        });
    }

    group.throughput(Throughput::Elements((ROWS * 4 * D) as u64));
    for kind in [activation::Kind::Relu, activation::Kind::Gelu, activation::Kind::GeluTanh] {
        let mut input = x.clone();
        group.bench_function(format!("{kind:?}"), |b| {
            b.iter(|| activation::forward(simd, kind, black_box(&mut input), &mut y, None, 4 * D));
        });
    }
    group.bench_function("softmax of rows of 128", |b| b.iter(|| rows::softmax_rows(simd, black_box(&mut y), ROWS)));

    let (gain, bias) = (numbers(D), numbers(D));
    let layer = norm::Norm { gain: &gain, bias: Some(&bias), eps: 1e-5 };
    let (x, y, mut stats) = (&x[..ROWS * D], &mut y[..ROWS * D], vec![0.0; 2 * ROWS]);
    group.throughput(Throughput::Elements((ROWS * D) as u64));
    group.bench_function("layer norm", |b| b.iter(|| norm::forward(simd, layer, x, y, &mut stats)));
    let (mut d_gain, mut d_bias) = (vec![0.0; D], vec![0.0; D]);
    group.bench_function("layer norm, way back", |b| {
        b.iter(|| norm::backward(simd, layer, x, &stats, x, y, false, &mut d_gain, Some(&mut d_bias)));
    });

    let shape =
        attention::Shape { time: ROWS, heads: 8, kv_heads: 8, d_head: D / 8, causal: true, window: None, scale: 0.18 };
    let qkv = numbers(ROWS * shape.width());
    let (mut weights, mut d_qkv) = (vec![0.0; shape.weights()], vec![0.0; qkv.len()]);
    let mut scratch = vec![0.0; attention::BLOCK * ROWS];
    group.bench_function("attention", |b| b.iter(|| attention::forward(simd, &shape, &qkv, &mut weights, y)));
    group.bench_function("attention, way back", |b| {
        b.iter(|| attention::backward(simd, &shape, &qkv, &weights, x, &mut d_qkv, &mut scratch));
    });

    let n = 1 << 16;
    let (mut p, g, mut m, mut v) = (numbers(n), numbers(n), vec![0.0; n], vec![0.0; n]);
    let step =
        AdamStep { lr: 1e-3, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.0, time: 5, gradient_scale: 1.0 };
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function("Adam", |b| b.iter(|| adam(&mut p, &g, &mut m, &mut v, &[], &step)));
    group.finish();
}

/// A microscope that follows a dragged slider has 16.7 ms a frame for a trace, a hit and a curve.
fn sampling(criterion: &mut Criterion) {
    let mut rng = Rng::new(4);
    let logits: Vec<f32> = (0..50_257).map(|_| 2.5 * rng.normal_f32()).collect();
    let mut group = criterion.benchmark_group("sampling, 50 257 tokens");
    group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    let place = Place::after(&[1, 2, 3]);
    let hot = SamplingOptions { temperature: 1.3, min_p: 0.02, ..SamplingOptions::PLAIN };
    let all = SamplingOptions { temperature: 0.8, top_k: 400, top_p: 0.9, min_p: 0.02, repetition_penalty: 1.2 };
    let ways =
        [("plain", SamplingOptions::PLAIN), ("tutorial", SamplingOptions::default()), ("wild", hot), ("all", all)];
    for (name, options) in ways {
        group.bench_function(format!("trace, hit and curve, {name}"), |b| {
            b.iter(|| {
                let trace = Trace::new(black_box(&logits), place, &options);
                (trace.hit(0.7), trace.curve(64).len())
            });
        });
        group.bench_function(format!("draw, {name}"), |b| {
            b.iter(|| draw(black_box(&logits), place, &options, &mut rng))
        });
    }
    group.bench_function("log-probability, rank, ten alternatives", |b| b.iter(|| judge(black_box(&logits), 7)));
    group.bench_function("the ten largest", |b| b.iter(|| top(black_box(&logits), 10)));
    group.finish();
}

criterion_group!(benches, kernels, sampling);
criterion_main!(benches);
