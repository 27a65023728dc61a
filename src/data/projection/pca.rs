//! The plane of most variance: eigenvectors of the covariance, by Jacobi's rotations.

use super::{Plane, Points};

/// Principal components.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// Mean of the points, `[width]`.
    pub mean: Vec<f64>,
    /// The first two axes, `[2][width]`.
    pub axes: [Vec<f64>; 2],
    /// Which share of the variance each of them keeps.
    pub share: [f64; 2],
}

impl Pca {
    /// The points in the plane.
    pub fn plane(&self, points: Points<'_>) -> Plane {
        let along = |row: &[f32], axis: &[f64]| -> f32 {
            row.iter().zip(&self.mean).zip(axis).map(|((x, mean), a)| (f64::from(*x) - mean) * a).sum::<f64>() as f32
        };
        let row = |at: usize| [along(points.row(at), &self.axes[0]), along(points.row(at), &self.axes[1])];
        (0..points.count()).map(row).collect()
    }
}

/// The first two principal components of some points.
pub fn pca(points: Points<'_>) -> Pca {
    let (n, width) = (points.count().max(1), points.width);
    let mut mean = vec![0.0f64; width];
    for row in points.values.chunks_exact(width.max(1)) {
        mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x) / n as f64);
    }
    let mut covariance = vec![0.0f64; width * width];
    let mut centred = vec![0.0f64; width];
    for row in points.values.chunks_exact(width.max(1)) {
        centred.iter_mut().zip(row).zip(&mean).for_each(|((c, x), mean)| *c = f64::from(*x) - mean);
        for (line, a) in covariance.chunks_exact_mut(width.max(1)).zip(&centred) {
            line.iter_mut().zip(&centred).for_each(|(sum, b)| *sum += a * b);
        }
    }
    let (values, vectors) = eigen(covariance, width);
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let total: f64 = values.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let axis = |k: usize| -> (Vec<f64>, f64) {
        let Some(&at) = order.get(k) else { return (vec![0.0; width], 0.0) };
        let axis: Vec<f64> = (0..width).map(|row| vectors[row * width + at]).collect();
        // Of both signs the one whose largest value is positive, so that the same points give the same picture.
        let largest = axis.iter().copied().fold(0.0f64, |m, x| if x.abs() > m.abs() { x } else { m });
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        (axis.into_iter().map(|x| x * sign).collect(), values[at] / total)
    };
    let ((first, a), (second, b)) = (axis(0), axis(1));
    Pca { mean, axes: [first, second], share: [a, b] }
}

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix `[n, n]`.
fn eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    for _ in 0..60 {
        let off: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * n + j].powi(2)).sum();
        let whole: f64 = a.iter().map(|x| x * x).sum();
        if off <= 1e-24 * whole.max(f64::MIN_POSITIVE) {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut v, n, p, q);
            }
        }
    }
    ((0..n).map(|i| a[i * n + i]).collect(), v)
}

/// Turns the matrix so that the value at (p, q) becomes 0.
fn rotate(a: &mut [f64], v: &mut [f64], n: usize, p: usize, q: usize) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..n {
        let (kp, kq) = (a[k * n + p], a[k * n + q]);
        (a[k * n + p], a[k * n + q]) = (c * kp - s * kq, s * kp + c * kq);
    }
    for k in 0..n {
        let (pk, qk) = (a[p * n + k], a[q * n + k]);
        (a[p * n + k], a[q * n + k]) = (c * pk - s * qk, s * pk + c * qk);
    }
    for k in 0..n {
        let (kp, kq) = (v[k * n + p], v[k * n + q]);
        (v[k * n + p], v[k * n + q]) = (c * kp - s * kq, s * kp + c * kq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_space_is_found_and_keeps_everything() {
        let values: Vec<f32> = (0..20).flat_map(|i| [i as f32, 2.0 * i as f32, -2.0 * i as f32]).collect();
        let found = pca(Points { width: 3, values: &values });
        assert!((found.share[0] - 1.0).abs() < 1e-9 && found.share[1].abs() < 1e-9);
        let expected = [1.0 / 3.0, 2.0 / 3.0, -2.0 / 3.0];
        let sign = found.axes[0][0].signum();
        assert!(found.axes[0].iter().zip(expected).all(|(a, b)| (a * sign - b).abs() < 1e-9), "{found:?}");
        let plane = found.plane(Points { width: 3, values: &values });
        assert!((plane[19][0] - plane[0][0]).abs() - 57.0 < 1e-3);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(pca(Points { width: 3, values: &[] }).plane(Points { width: 3, values: &[] }).is_empty());
    }
}
