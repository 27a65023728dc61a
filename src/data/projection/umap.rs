//! UMAP (McInnes, Healy & Melville 2018): a graph of neighbours, laid out by attraction along its edges and by repulsion
//! from points drawn at random. Fifteen neighbours, least distance 0.1, as umap-learn has them; the start is the PCA plane.

use std::collections::BTreeMap;

use super::neighbours::nearest;
use super::pca::pca;
use super::{Listen, Plane, Points, Rounds};
use crate::nn::Rng;

const NEIGHBOURS: usize = 15;
/// Rounds of the layout.
const ROUNDS: Rounds = Rounds { count: 500, every: 10 };
/// Points drawn at random for each step along an edge.
const NEGATIVES: usize = 5;
/// The curve 1 / (1 + a·d^(2b)) that is nearest to «1 up to 0.1, then e^(−d)».
const A: f32 = 1.576_943;
const B: f32 = 0.895_061;

/// An edge of the graph and its weight.
type Edge = (usize, usize, f32);

/// Projects three points or more; nothing where the listener ended it. The same seed gives the same plane.
pub(super) fn umap(points: Points<'_>, seed: u64, listen: Listen<'_>) -> Option<Plane> {
    let edges = graph(points);
    let mut rng = Rng::new(seed);
    let plane = start(points, &mut rng);
    let heaviest = edges.iter().map(|edge| edge.2).fold(f32::MIN_POSITIVE, f32::max);
    // An edge of weight w is walked along in w/heaviest of the rounds.
    let mut next: Vec<f32> = edges.iter().map(|edge| heaviest / edge.2).collect();
    let step = |plane: &mut Plane, round: usize| {
        let rate = 1.0 - ROUNDS.share(round);
        for (edge, next) in edges.iter().zip(&mut next) {
            if *next <= round as f32 {
                walk(plane, edge, rate, &mut rng);
                *next += heaviest / edge.2;
            }
        }
    };
    ROUNDS.run(plane, listen, step, Plane::clone)
}

/// The PCA plane, ten units wide, with a trace of chance.
fn start(points: Points<'_>, rng: &mut Rng) -> Plane {
    let plane = pca(points).plane(points);
    let widest = plane.iter().flatten().map(|x| x.abs()).fold(f32::MIN_POSITIVE, f32::max);
    plane.into_iter().map(|p| p.map(|x| x / widest * 10.0 + 1e-4 * rng.normal_f32())).collect()
}

/// The fuzzy union of everybody's neighbourhood.
fn graph(points: Points<'_>) -> Vec<Edge> {
    // umap-learn counts a point among its own neighbours.
    let near = nearest(points, NEIGHBOURS - 1);
    let mut weights: BTreeMap<(usize, usize), [f32; 2]> = BTreeMap::new();
    for (i, near) in near.iter().enumerate() {
        for (j, weight) in neighbourhood(near) {
            let (key, side) = if i < j { ((i, j), 0) } else { ((j, i), 1) };
            weights.entry(key).or_default()[side] = weight;
        }
    }
    let union = |(key, [a, b]): ((usize, usize), [f32; 2])| (key, a + b - a * b);
    let all = weights.into_iter().map(union);
    // Every edge in both directions, as each end moves the other.
    let both = all.flat_map(|((i, j), weight)| [(i, j, weight), (j, i, weight)]);
    let mut edges: Vec<Edge> = both.collect();
    let heaviest = edges.iter().map(|edge| edge.2).fold(0.0, f32::max);
    edges.retain(|edge| edge.2 > heaviest / ROUNDS.count as f32);
    edges
}

/// Weights of a point's neighbours: 1 for the nearest, and so fast falling that they add up to log₂ of their number.
fn neighbourhood(near: &[(usize, f32)]) -> Vec<(usize, f32)> {
    let least = near.iter().map(|(_, d)| *d).find(|d| *d > 0.0).unwrap_or(0.0);
    let goal = (NEIGHBOURS as f32).log2();
    let (mut low, mut high, mut sigma) = (0.0f32, f32::INFINITY, 1.0f32);
    let weight = |d: f32, sigma: f32| (-((d - least).max(0.0) / sigma)).exp();
    for _ in 0..64 {
        let sum: f32 = near.iter().map(|(_, d)| weight(*d, sigma)).sum();
        if (sum - goal).abs() < 1e-5 {
            break;
        }
        if sum > goal {
            high = sigma;
            sigma = (low + high) / 2.0;
        } else {
            low = sigma;
            sigma = if high.is_finite() { (low + high) / 2.0 } else { sigma * 2.0 };
        }
    }
    let mean = near.iter().map(|(_, d)| d).sum::<f32>() / near.len().max(1) as f32;
    let sigma = sigma.max(1e-3 * mean).max(f32::MIN_POSITIVE);
    near.iter().map(|(j, d)| (*j, weight(*d, sigma))).collect()
}

/// Draws both ends of an edge together and pushes the first away from points drawn at random.
fn walk(plane: &mut Plane, &(i, j, _): &Edge, rate: f32, rng: &mut Rng) {
    let squared = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
    let d2 = squared(plane[i], plane[j]);
    if d2 > 0.0 {
        let pull = -2.0 * A * B * d2.powf(B - 1.0) / (A * d2.powf(B) + 1.0);
        let step = steps(pull, plane[i], plane[j]).map(|step| step * rate);
        plane[i] = [plane[i][0] + step[0], plane[i][1] + step[1]];
        plane[j] = [plane[j][0] - step[0], plane[j][1] - step[1]];
    }
    for _ in 0..NEGATIVES {
        let other = rng.below(plane.len());
        if other == i {
            continue;
        }
        let d2 = squared(plane[i], plane[other]);
        let push = if d2 > 0.0 { 2.0 * B / ((0.001 + d2) * (A * d2.powf(B) + 1.0)) } else { 0.0 };
        // Points in the same place have no direction to be pushed into.
        let step = if push > 0.0 { steps(push, plane[i], plane[other]) } else { [4.0; 2] };
        plane[i] = [plane[i][0] + step[0] * rate, plane[i][1] + step[1] * rate];
    }
}

/// A force along the line from `b` to `a`, cut at 4 in each direction.
fn steps(force: f32, a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [(force * (a[0] - b[0])).clamp(-4.0, 4.0), (force * (a[1] - b[1])).clamp(-4.0, 4.0)]
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    #[test]
    fn a_neighbourhood_adds_up_and_its_nearest_has_all_weight() {
        let near: Vec<(usize, f32)> = (0..NEIGHBOURS - 1).map(|i| (i, 2.0 + 0.3 * i as f32)).collect();
        let weights = neighbourhood(&near);
        assert_eq!(weights[0].1, 1.0);
        let sum: f32 = weights.iter().map(|(_, w)| w).sum();
        assert!((sum - (NEIGHBOURS as f32).log2()).abs() < 1e-3, "{sum}");
    }

    #[test]
    fn the_curve_is_near_to_what_it_stands_for() {
        for d in [0.0f32, 0.5, 1.0, 2.0, 3.0] {
            let wanted = if d <= 0.1 { 1.0 } else { (-(d - 0.1)).exp() };
            let curve = 1.0 / (1.0 + A * d.powf(2.0 * B));
            assert!((curve - wanted).abs() < 0.09, "{d}: {curve} for {wanted}");
        }
    }

    #[test]
    fn two_heaps_stay_two_heaps_and_the_seed_decides() {
        let mut rng = Rng::new(3);
        let values: Vec<f32> =
            (0..120).flat_map(|i| [0; 5].map(|_| rng.normal_f32() + if i % 2 == 0 { 0.0 } else { 12.0 })).collect();
        let points = Points { width: 5, values: &values };
        let go = |seed| umap(points, seed, &mut |_, _| ControlFlow::Continue(())).unwrap();
        let plane = go(1);
        let flat: Vec<f32> = plane.iter().flatten().copied().collect();
        let near = nearest(Points { width: 2, values: &flat }, 5);
        let mixed =
            near.iter().enumerate().flat_map(|(i, near)| near.iter().filter(move |(j, _)| i % 2 != j % 2)).count();
        assert_eq!(mixed, 0);
        assert_eq!(plane, go(1));
        assert_ne!(plane, go(2));
        assert!(umap(points, 1, &mut |_, _| ControlFlow::Break(())).is_none());
    }
}
