//! t-SNE (van der Maaten & Hinton 2008), with every pair computed: a few thousand points need no tree. Perplexity, early
//! exaggeration and momentum as scikit-learn has them; the start is the PCA plane, made small.

use rayon::prelude::*;

use super::neighbours::nearest;
use super::pca::pca;
use super::{Listen, Plane, Points, Rounds};

const PERPLEXITY: f32 = 30.0;
/// Rounds in which attraction is exaggerated, and rounds in all.
const EARLY: usize = 250;
const ROUNDS: Rounds = Rounds { count: 750, every: 10 };
const EXAGGERATION: f32 = 12.0;
/// The least learning rate: with it 750 rounds come as far as a thousand at scikit-learn's.
const RATE: f32 = 200.0;
/// Values that are summed side by side.
const LANES: usize = 8;

/// Attractions of a point: places and probabilities.
type Attraction = Vec<(usize, f32)>;

/// Projects three points or more; nothing where the listener ended it. There is no chance in it: the seed only turns a start in which
/// points coincide.
pub(super) fn tsne(points: Points<'_>, seed: u64, listen: Listen<'_>) -> Option<Plane> {
    let attractions = attractions(points);
    let rate = (points.count() as f32 / EXAGGERATION).max(RATE);
    let step = |state: &mut State, round: usize| {
        let (factor, momentum) = if round < EARLY { (EXAGGERATION, 0.5) } else { (1.0, 0.8) };
        state.step(&attractions, factor, momentum, rate);
    };
    ROUNDS.run(State::new(start(points, seed)), listen, step, State::plane)
}

/// The PCA plane with a deviation of 10⁻⁴ along its first axis, and a trace of chance.
fn start(points: Points<'_>, seed: u64) -> Plane {
    let mut rng = crate::nn::Rng::new(seed);
    let plane = pca(points).plane(points);
    let deviation = (plane.iter().map(|p| p[0] * p[0]).sum::<f32>() / plane.len().max(1) as f32).sqrt();
    let scale = 1e-4 / deviation.max(f32::MIN_POSITIVE);
    let mut little = || (rng.uniform_f32() - 0.5) * 2e-6;
    plane.into_iter().map(|[x, y]| [x * scale + little(), y * scale + little()]).collect()
}

/// Symmetric probabilities from Gaussians of equal perplexity over the nearest points.
fn attractions(points: Points<'_>) -> Vec<Attraction> {
    let n = points.count();
    let near = nearest(points, (3.0 * PERPLEXITY) as usize + 1);
    let perplexity = PERPLEXITY.min((n - 1) as f32 / 3.0).max(1.0);
    let one_sided: Vec<Attraction> = near.par_iter().map(|near| gaussian(near, perplexity.ln())).collect();
    let mut both: Vec<Attraction> = vec![Vec::new(); n];
    for (i, row) in one_sided.iter().enumerate() {
        for &(j, p) in row {
            let p = p / (2.0 * n as f32);
            both[i].push((j, p));
            both[j].push((i, p));
        }
    }
    both
}

/// Probabilities whose entropy is `goal` nats, by halving the interval of the precision.
fn gaussian(near: &[(usize, f32)], goal: f32) -> Attraction {
    let (mut low, mut high, mut beta) = (0.0f32, f32::INFINITY, 1.0f32);
    let least = near.first().map_or(0.0, |(_, d)| d * d);
    let mut row: Vec<f32> = Vec::new();
    for _ in 0..100 {
        row = near.iter().map(|(_, d)| (-beta * (d * d - least)).exp()).collect();
        let total: f32 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= total);
        let entropy = -row.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f32>();
        if (entropy - goal).abs() < 1e-5 {
            break;
        }
        if entropy > goal {
            low = beta;
            beta = if high.is_finite() { (low + high) / 2.0 } else { beta * 2.0 };
        } else {
            high = beta;
            beta = (low + high) / 2.0;
        }
    }
    near.iter().map(|(j, _)| *j).zip(row).collect()
}

/// Places, velocities and gains, by axis.
struct State {
    at: [Vec<f32>; 2],
    speed: Vec<[f32; 2]>,
    gain: Vec<[f32; 2]>,
}

impl State {
    fn new(plane: Plane) -> Self {
        let n = plane.len();
        let at = [0, 1].map(|axis| plane.iter().map(|p| p[axis]).collect());
        Self { at, speed: vec![[0.0; 2]; n], gain: vec![[1.0; 2]; n] }
    }

    fn plane(&self) -> Plane {
        self.at[0].iter().zip(&self.at[1]).map(|(x, y)| [*x, *y]).collect()
    }

    fn step(&mut self, attractions: &[Attraction], factor: f32, momentum: f32, rate: f32) {
        let (xs, ys) = (&self.at[0], &self.at[1]);
        // Every point's repulsion is summed by itself in a fixed order, so threads do not change the result.
        let repulsions: Vec<[f32; 3]> = (0..xs.len()).into_par_iter().map(|i| repulsion(xs, ys, i)).collect();
        let total: f64 = repulsions.iter().map(|r| f64::from(r[2])).sum();
        let normalizer = (1.0 / total.max(f64::MIN_POSITIVE)) as f32;
        for (i, attraction) in attractions.iter().enumerate() {
            let (x, y) = (self.at[0][i], self.at[1][i]);
            let mut pull = [0.0f32; 2];
            for &(j, p) in attraction {
                let (dx, dy) = (x - self.at[0][j], y - self.at[1][j]);
                let q = p / (1.0 + dx * dx + dy * dy);
                pull = [pull[0] + q * dx, pull[1] + q * dy];
            }
            for axis in 0..2 {
                let gradient = 4.0 * (factor * pull[axis] - normalizer * repulsions[i][axis]);
                let (speed, gain) = (&mut self.speed[i][axis], &mut self.gain[i][axis]);
                *gain = if (gradient > 0.0) == (*speed > 0.0) { (*gain * 0.8).max(0.01) } else { *gain + 0.2 };
                *speed = momentum * *speed - rate * *gain * gradient;
            }
        }
        for (i, speed) in self.speed.iter().enumerate() {
            self.at[0][i] += speed[0];
            self.at[1][i] += speed[1];
        }
    }
}

/// Σⱼ q²·(xᵢ − xⱼ) by axis, and Σⱼ q, with q = 1 / (1 + distance²); of the point itself nothing.
fn repulsion(xs: &[f32], ys: &[f32], i: usize) -> [f32; 3] {
    let (x, y) = (xs[i], ys[i]);
    let (mut fx, mut fy, mut sum) = ([0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES]);
    let ((a, rest_x), (b, rest_y)) = (xs.as_chunks::<LANES>(), ys.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            let (dx, dy) = (x - a[lane], y - b[lane]);
            let q = 1.0 / (1.0 + dx * dx + dy * dy);
            fx[lane] += q * q * dx;
            fy[lane] += q * q * dy;
            sum[lane] += q;
        }
    }
    let mut out = [fx.iter().sum::<f32>(), fy.iter().sum::<f32>(), sum.iter().sum::<f32>() - 1.0];
    for (a, b) in rest_x.iter().zip(rest_y) {
        let (dx, dy) = (x - a, y - b);
        let q = 1.0 / (1.0 + dx * dx + dy * dy);
        out = [out[0] + q * q * dx, out[1] + q * q * dy, out[2] + q];
    }
    out
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::nn::Rng;

    #[test]
    fn perplexity_is_met() {
        let near: Vec<(usize, f32)> = (0..90).map(|i| (i, 1.0 + 0.1 * i as f32)).collect();
        let row = gaussian(&near, 20f32.ln());
        let entropy: f32 = -row.iter().filter(|(_, p)| *p > 0.0).map(|(_, p)| p * p.ln()).sum::<f32>();
        assert!((entropy.exp() - 20.0).abs() < 0.05, "{}", entropy.exp());
    }

    #[test]
    fn two_heaps_stay_two_heaps() {
        let mut rng = Rng::new(3);
        let values: Vec<f32> =
            (0..120).flat_map(|i| [0; 5].map(|_| rng.normal_f32() + if i % 2 == 0 { 0.0 } else { 12.0 })).collect();
        let points = Points { width: 5, values: &values };
        let plane = tsne(points, 1, &mut |_, _| ControlFlow::Continue(())).unwrap();
        let flat: Vec<f32> = plane.iter().flatten().copied().collect();
        let near = nearest(Points { width: 2, values: &flat }, 5);
        let mixed =
            near.iter().enumerate().flat_map(|(i, near)| near.iter().filter(move |(j, _)| i % 2 != j % 2)).count();
        assert_eq!(mixed, 0);
        let again = tsne(points, 1, &mut |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!(plane, again, "the same seed, the same picture");
        assert!(tsne(points, 1, &mut |_, _| ControlFlow::Break(())).is_none());
    }
}
