//! Who is near whom, and is it still so in the plane?

use rayon::prelude::*;

use super::{Plane, Points};

/// The `k` nearest others of every point by Euclidean distance, nearest first: place and distance.
pub fn nearest(points: Points<'_>, k: usize) -> Vec<Vec<(usize, f32)>> {
    (0..points.count())
        .into_par_iter()
        .map(|i| {
            let mut all = distances(points, i);
            let k = k.min(all.len());
            if k < all.len() {
                all.select_nth_unstable_by(k, by_distance);
                all.truncate(k);
            }
            all.sort_unstable_by(by_distance);
            all.iter().map(|(j, d)| (*j, d.sqrt())).collect()
        })
        .collect()
}

fn by_distance(a: &(usize, f32), b: &(usize, f32)) -> std::cmp::Ordering {
    a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))
}

/// Squared distances of one point to all others.
fn distances(points: Points<'_>, i: usize) -> Vec<(usize, f32)> {
    let own = points.row(i);
    let squared = |other: &[f32]| own.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    (0..points.count()).filter(|j| *j != i).map(|j| (j, squared(points.row(j)))).collect()
}

/// How far neighbours in the plane are neighbours in space, 0 to 1 (Venna & Kaski 2001), as scikit-learn computes it.
pub fn trustworthiness(points: Points<'_>, plane: &Plane, k: usize) -> f64 {
    let n = points.count();
    if n < 3 || k == 0 || 2 * n < 3 * k + 2 {
        return 1.0;
    }
    let flat: Vec<f32> = plane.iter().flatten().copied().collect();
    let near = nearest(Points { width: 2, values: &flat }, k);
    let penalty: usize = (0..n)
        .into_par_iter()
        .map(|i| {
            let mut order = distances(points, i);
            order.sort_unstable_by(by_distance);
            let mut rank = vec![0usize; n];
            order.iter().enumerate().for_each(|(place, (j, _))| rank[*j] = place + 1);
            near[i].iter().map(|(j, _)| rank[*j].saturating_sub(k)).sum::<usize>()
        })
        .sum();
    let (n, k) = (n as f64, k as f64);
    1.0 - penalty as f64 * 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_sorted_and_a_faithful_plane_is_trustworthy() {
        let values: Vec<f32> = (0..30).flat_map(|i| [i as f32, 0.0, (i * i) as f32 * 0.001]).collect();
        let points = Points { width: 3, values: &values };
        let near = nearest(points, 2);
        assert_eq!((near[0][0].0, near[0][1].0), (1, 2));
        let faithful: Plane = (0..30).map(|i| [i as f32, 0.0]).collect();
        assert_eq!(trustworthiness(points, &faithful, 3), 1.0);
        let shuffled: Plane = (0..30).map(|i| [((i * 7) % 30) as f32, 0.0]).collect();
        assert!(trustworthiness(points, &shuffled, 3) < 0.8);
    }
}
