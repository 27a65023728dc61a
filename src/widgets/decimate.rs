//! How does a curve of 100 000 points stay cheap to draw? It is smoothed as it grows and reduced to what one column of
//! pixels can show, and both are kept until the data changes.

use std::ops::Range;

/// Which quantity runs along the horizontal axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Training steps.
    #[default]
    Step,
    /// Seconds of training.
    Seconds,
}

/// A growing curve: a value at a step and at a time. Points come in order; what is not finite is left out, because it
/// has no place on an axis.
#[derive(Clone, Debug, Default)]
pub struct Series {
    steps: Vec<f64>,
    seconds: Vec<f64>,
    values: Vec<f32>,
    smoothed: Vec<f32>,
    weight: f32,
    accumulated: f64,
    mass: f64,
    bounds: Option<(f32, f32)>,
    version: u64,
}

impl Series {
    /// Appends one point.
    pub fn push(&mut self, step: u64, seconds: f64, value: f32) {
        if !value.is_finite() || !seconds.is_finite() {
            return;
        }
        self.steps.push(step as f64);
        self.seconds.push(seconds);
        self.values.push(value);
        let (low, high) = self.bounds.unwrap_or((value, value));
        self.bounds = Some((low.min(value), high.max(value)));
        self.version += 1;
    }

    /// Forgets every point after `step`: a run goes on from a checkpoint, and what came after it is made again.
    pub fn rewind(&mut self, step: u64) {
        let keep = self.steps.partition_point(|&at| at <= step as f64);
        if keep == self.steps.len() {
            return;
        }
        self.steps.truncate(keep);
        self.seconds.truncate(keep);
        self.values.truncate(keep);
        self.smoothed.clear();
        (self.accumulated, self.mass) = (0.0, 0.0);
        self.bounds = self.values.iter().fold(None, |bounds: Option<(f32, f32)>, &value| {
            let (low, high) = bounds.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        self.version += 1;
    }

    /// Smallest and largest value.
    pub fn bounds(&self) -> Option<(f32, f32)> {
        self.bounds
    }

    /// The abscissae along `axis`, one a point.
    pub fn x(&self, axis: Axis) -> &[f64] {
        match axis {
            Axis::Step => &self.steps,
            Axis::Seconds => &self.seconds,
        }
    }

    /// The values as they were measured.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The smoothed values, one a point, as of the last [`Series::smooth`].
    pub fn smoothed(&self) -> &[f32] {
        &self.smoothed
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing was measured yet.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Changes whenever a point is added; caches compare it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Brings the smoothed values up to date: an exponential moving average with this weight on the past (0 is none,
    /// TensorBoard's slider), divided by the weight gathered so far so that its beginning is not pulled towards 0.
    /// Only new points cost anything while the weight stays the same.
    pub fn smooth(&mut self, weight: f32) {
        let weight = weight.clamp(0.0, 0.999);
        if weight != self.weight {
            self.weight = weight;
            self.smoothed.clear();
            (self.accumulated, self.mass) = (0.0, 0.0);
        }
        let keep = f64::from(weight);
        for &value in &self.values[self.smoothed.len()..] {
            self.accumulated = keep * self.accumulated + (1.0 - keep) * f64::from(value);
            self.mass = keep * self.mass + (1.0 - keep);
            self.smoothed.push((self.accumulated / self.mass) as f32);
        }
    }

    /// Whether [`min_max`] leaves two points a column of this part of the curve, rather than all there are.
    pub fn is_dense(&self, axis: Axis, view: (f64, f64), columns: usize) -> bool {
        in_view(self.x(axis), view).len() > 2 * columns.max(1)
    }

    /// Index of the point nearest to `x` along `axis`.
    pub fn nearest(&self, axis: Axis, x: f64) -> Option<usize> {
        let xs = self.x(axis);
        let after = xs.partition_point(|&candidate| candidate < x);
        match (after.checked_sub(1), xs.get(after)) {
            (None, None) => None,
            (None, Some(_)) => Some(after),
            (Some(before), None) => Some(before),
            (Some(before), Some(&right)) => Some(if x - xs[before] <= right - x { before } else { after }),
        }
    }
}

/// Reduces a curve to at most two points a column: the smallest and the largest value inside it, in the order in which
/// they occur, so that no spike is lost. Columns divide `from..=to`; points outside are dropped except one neighbour at
/// each side, which lets the line run to the edge.
pub fn min_max(xs: &[f64], ys: &[f32], (from, to): (f64, f64), columns: usize) -> Vec<[f64; 2]> {
    let n = xs.len().min(ys.len());
    let Range { start, end } = in_view(&xs[..n], (from, to));
    if start >= end {
        return Vec::new();
    }
    let columns = columns.max(1);
    if end - start <= 2 * columns {
        return (start..end).map(|i| [xs[i], f64::from(ys[i])]).collect();
    }
    let width = ((to - from) / columns as f64).max(f64::MIN_POSITIVE);
    let mut out = Vec::with_capacity(2 * columns + 4);
    let mut i = start;
    while i < end {
        let column = ((xs[i] - from) / width).floor();
        let (mut low, mut high) = (i, i);
        while i < end && ((xs[i] - from) / width).floor() == column {
            if ys[i] < ys[low] {
                low = i;
            }
            if ys[i] > ys[high] {
                high = i;
            }
            i += 1;
        }
        for k in if low <= high { [low, high] } else { [high, low] } {
            out.push([xs[k], f64::from(ys[k])]);
        }
    }
    out
}

/// Points inside `from..=to` and one neighbour at each side.
fn in_view(xs: &[f64], (from, to): (f64, f64)) -> Range<usize> {
    let start = xs.partition_point(|&x| x < from).saturating_sub(1);
    start..(xs.partition_point(|&x| x <= to) + 1).min(xs.len())
}

/// What [`min_max`] returned last, and for which data and view.
#[derive(Clone, Debug, Default)]
pub struct Cached {
    key: Option<Key>,
    points: Vec<[f64; 2]>,
}

/// Everything that decides the outcome of a reduction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    /// [`Series::version`].
    pub version: u64,
    /// Along which axis.
    pub axis: Axis,
    /// Weight of the smoothing; `None` for the raw values.
    pub smoothing: Option<f32>,
    /// Part of the axis in view.
    pub view: (f64, f64),
    /// Columns of pixels.
    pub columns: usize,
}

impl Cached {
    /// The reduced curve of `series` for `key`, computed only when the key differs from the last one.
    pub fn points(&mut self, series: &Series, key: Key) -> &[[f64; 2]] {
        if self.key != Some(key) {
            let ys = if key.smoothing.is_some() { series.smoothed() } else { series.values() };
            self.points = min_max(series.x(key.axis), ys, key.view, key.columns);
            self.key = Some(key);
        }
        &self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f32]) -> Series {
        let mut series = Series::default();
        for (i, &value) in values.iter().enumerate() {
            series.push(i as u64 + 1, i as f64 * 0.5, value);
        }
        series
    }

    #[test]
    fn smoothing_follows_the_debiased_average() {
        let mut s = series(&[4.0, 2.0, 2.0]);
        s.smooth(0.5);
        // (4)/(1), (2 + 0.5·4)/(1.5), (2 + 0.5·2 + 0.25·4)/(1.75)
        let expected = [4.0, 4.0 / 1.5, 4.0 / 1.75];
        for (got, want) in s.smoothed().iter().zip(expected) {
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
    }

    #[test]
    fn smoothing_as_it_grows_equals_smoothing_at_once() {
        let values: Vec<f32> = (0..500).map(|i| (i as f32 * 0.37).sin() + 3.0).collect();
        let mut whole = series(&values);
        whole.smooth(0.9);
        let mut growing = Series::default();
        for (i, &value) in values.iter().enumerate() {
            growing.push(i as u64 + 1, i as f64, value);
            growing.smooth(0.9);
        }
        assert_eq!(whole.smoothed(), growing.smoothed());
        growing.smooth(0.0);
        assert_eq!(growing.smoothed(), &values[..]);
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let mut s = series(&[1.0, f32::NAN, f32::INFINITY, 2.0]);
        assert_eq!(s.values(), &[1.0, 2.0]);
        assert_eq!(s.bounds(), Some((1.0, 2.0)));
        s.smooth(0.6);
        assert!(s.smoothed().iter().all(|v| v.is_finite()));
    }

    #[test]
    fn what_is_made_again_replaces_what_was() {
        let mut s = series(&[4.0, 3.0, 9.0, 1.0]);
        s.smooth(0.5);
        let version = s.version();
        s.rewind(2);
        assert_eq!((s.values(), s.bounds()), (&[4.0, 3.0][..], Some((3.0, 4.0))));
        assert!(s.version() > version, "caches must notice");
        s.push(3, 1.0, 2.0);
        s.smooth(0.5);
        let mut straight = series(&[4.0, 3.0, 2.0]);
        straight.smooth(0.5);
        assert_eq!(s.smoothed(), straight.smoothed());
        let version = s.version();
        s.rewind(3);
        assert_eq!(s.version(), version, "nothing to forget");
    }

    #[test]
    fn reduction_keeps_every_spike() {
        let mut values = vec![1.0f32; 100_000];
        values[31_415] = 9.0;
        values[77_777] = -3.0;
        let s = series(&values);
        let points = min_max(s.x(Axis::Step), s.values(), (1.0, 100_000.0), 800);
        assert!(points.len() <= 2 * 802, "{}", points.len());
        assert!(s.is_dense(Axis::Step, (1.0, 100_000.0), 800) && !s.is_dense(Axis::Step, (1.0, 1_000.0), 800));
        assert!(points.chunks(2).all(|pair| pair.len() == 2), "two points a column");
        assert!(points.contains(&[31_416.0, 9.0]));
        assert!(points.contains(&[77_778.0, -3.0]));
        assert!(points.windows(2).all(|pair| pair[0][0] <= pair[1][0]), "in order along the axis");
    }

    #[test]
    fn a_short_curve_is_left_as_it_is() {
        let s = series(&[3.0, 2.0, 1.0]);
        assert_eq!(min_max(s.x(Axis::Step), s.values(), (0.0, 10.0), 100), [[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]);
        assert!(min_max(&[], &[], (0.0, 1.0), 10).is_empty());
    }

    #[test]
    fn a_cache_is_renewed_only_when_its_key_changes() {
        let mut s = series(&[3.0, 2.0]);
        let mut cache = Cached::default();
        let key =
            |s: &Series| Key { version: s.version(), axis: Axis::Step, smoothing: None, view: (0.0, 4.0), columns: 10 };
        assert_eq!(cache.points(&s, key(&s)).len(), 2);
        let first = key(&s);
        s.push(3, 1.0, 1.0);
        assert_eq!(cache.points(&s, first).len(), 2, "the old key still answers from the cache");
        assert_eq!(cache.points(&s, key(&s)).len(), 3);
    }

    #[test]
    fn nearest_point_along_either_axis() {
        let s = series(&[3.0, 2.0, 1.0]);
        assert_eq!(s.nearest(Axis::Step, -5.0), Some(0));
        assert_eq!(s.nearest(Axis::Step, 2.4), Some(1));
        assert_eq!(s.nearest(Axis::Seconds, 0.9), Some(2));
        assert_eq!(Series::default().nearest(Axis::Step, 1.0), None);
    }
}
