//! How fast does this machine multiply matrices? One device after the other, each for about a second.

use std::time::{Duration, Instant};

use burn::tensor::{Distribution, Tensor};

use super::super::devices;
use super::super::error::EngineError;
use super::super::event::Event;
use super::super::job::Job;
use super::LessonResult;
use crate::kernels::Simd;
use crate::kernels::matrix::{Mat, MatMut, product};
use crate::nn::{B, Device, Rng, host_values};

/// A device is measured this long.
const LONG: Duration = Duration::from_millis(900);

/// A measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Speed {
    /// `cpu`, `cuda:0`, …
    pub device: String,
    /// Cores in use, on the CPU.
    pub cores: Option<usize>,
    /// Products that were made.
    pub products: usize,
    /// Billions of multiplications and additions a second.
    pub gflops: f64,
    /// Whether this is the last word on it.
    pub done: bool,
}

/// Multiplies two `n × n` matrices again and again: on the CPU on one core and on all, then on every other device.
pub(super) fn measure(job: &Job, n: usize) -> Result<Option<LessonResult>, EngineError> {
    let n = n.clamp(16, 4096);
    let all = devices::cores();
    let mut counts = vec![1];
    if all > 1 {
        counts.push(all);
    }
    for cores in counts {
        on_cpu(job, n, cores);
    }
    for info in devices::probe().devices.iter().filter(|info| info.id != "cpu") {
        match devices::resolve(&info.id) {
            Ok(chosen) => on_device(job, n, &info.id, &chosen.device),
            Err(error) => tracing::warn!("{} is not measured: {error}", info.id),
        }
    }
    Ok(job.wanted().then_some(LessonResult::Speed(None)))
}

/// Repeats `once` for a while and tells how fast it is; `once` makes some products.
fn repeat(job: &Job, n: usize, device: &str, cores: Option<usize>, mut once: impl FnMut() -> usize) {
    // Kernels are compiled and caches filled before the clock runs.
    once();
    let begin = Instant::now();
    let mut products = 0;
    let mut told = begin;
    while begin.elapsed() < LONG && job.wanted() {
        products += once();
        let done = begin.elapsed() >= LONG;
        if done || told.elapsed() > Duration::from_millis(100) {
            told = Instant::now();
            let gflops = products as f64 * 2.0 * (n as f64).powi(3) / begin.elapsed().as_secs_f64() / 1e9;
            let speed = Speed { device: device.to_owned(), cores, products, gflops, done };
            job.send(Event::Lesson(job.id, LessonResult::Speed(Some(speed))));
        }
    }
}

fn on_cpu(job: &Job, n: usize, cores: usize) {
    let mut rng = Rng::new(1);
    let mut draw = || -> Vec<f32> { (0..n * n).map(|_| rng.uniform_f32()).collect() };
    let (a, b, mut c) = (draw(), draw(), vec![0.0; n * n]);
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(cores).build() {
        Ok(pool) => pool,
        Err(error) => {
            tracing::warn!("no threads to measure: {error}");
            return;
        }
    };
    let simd = Simd::detect();
    repeat(job, n, "cpu", Some(cores), || {
        pool.install(|| product(simd, MatMut::new(&mut c, n, n), Mat::new(&a, n, n), Mat::new(&b, n, n), false));
        1
    });
}

fn on_device(job: &Job, n: usize, id: &str, device: &Device) {
    let random = || Tensor::<B, 2>::random([n, n], Distribution::Uniform(0.0, 1.0), device);
    let (a, b) = (random(), random());
    repeat(job, n, id, None, || {
        const TOGETHER: usize = 8;
        let mut last = a.clone().matmul(b.clone());
        for _ in 1..TOGETHER {
            last = a.clone().matmul(b.clone()) + last.narrow(0, 0, 1) * 0.0;
        }
        // Reading one number waits for all of them.
        drop(host_values(last.narrow(0, 0, 1).narrow(1, 0, 1)));
        TOGETHER
    });
}
