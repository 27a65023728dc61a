//! The curves of one run and the way in which they are looked at.

use rust_i18n::t;

use crate::widgets::axes::Scale;
use crate::widgets::decimate::{Axis, Cached, Key, Series};
use crate::widgets::number;
use crate::widgets::scale::{Extent, grown, nice_ceil, nice_floor};

/// Weight of the past in the smoothed curve at first.
pub(super) const SMOOTHING: f32 = 0.6;

/// How curves are looked at; the same for every run.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct View {
    /// What runs along the horizontal axis.
    pub axis: Axis,
    /// Whether equal ratios of the loss are equally far apart.
    pub log: bool,
    /// Weight of the past in the smoothed curve, 0 to 0.99.
    pub smoothing: f32,
}

impl Default for View {
    fn default() -> Self {
        Self { axis: Axis::Step, log: false, smoothing: SMOOTHING }
    }
}

/// The loss of one run, in nats a token, as it grows.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// Training loss: each point the mean since the point before.
    pub(super) train: Series,
    /// Held-out loss, where it was measured.
    pub(super) held_out: Series,
    /// ln V, the loss of knowing nothing.
    pub(super) uniform: Option<f64>,
    /// The last step, once it is known.
    total: Option<u64>,
    y: Extent,
    caches: Caches,
}

#[derive(Clone, Debug, Default)]
struct Caches {
    raw: Cached,
    smooth: Cached,
    held_out: Cached,
}

/// The three lines, reduced to what can be seen; points are abscissa and loss.
pub(super) struct Lines<'a> {
    pub raw: &'a [[f64; 2]],
    pub smooth: &'a [[f64; 2]],
    pub held_out: &'a [[f64; 2]],
    /// Whether the first two hold two points a column of pixels, the smallest and the largest value in it.
    pub dense: bool,
}

impl Curves {
    /// Appends a point: the step, seconds of training since the run began, the training loss and, where it was measured
    /// at this step, the held-out loss. Points that were there for this or a later step are replaced.
    pub fn push(&mut self, step: u64, seconds: f64, loss: f32, held_out: Option<f32>) {
        self.rewind(step.saturating_sub(1));
        self.train.push(step, seconds, loss);
        if let Some(held_out) = held_out {
            self.held_out.push(step, seconds, held_out);
        }
        for value in [Some(loss), held_out].into_iter().flatten() {
            self.y.include(f64::from(value), f64::from(value));
        }
    }

    /// Forgets every point after `step`.
    pub fn rewind(&mut self, step: u64) {
        self.train.rewind(step);
        self.held_out.rewind(step);
    }

    /// Marks the loss of a model that knows nothing: ln of the number of different tokens.
    pub fn mark_uniform(&mut self, vocabulary: usize) {
        if vocabulary > 1 {
            let loss = (vocabulary as f64).ln();
            self.uniform = Some(loss);
            self.y.include(loss, loss);
        }
    }

    /// Says at which step the run will end, so that the axis ends there too.
    pub fn ends_at(&mut self, step: u64) {
        self.total = Some(step);
    }

    /// Whether nothing was measured yet.
    pub fn is_empty(&self) -> bool {
        self.train.is_empty()
    }

    /// Step and training loss of the last point.
    pub fn last(&self) -> Option<(u64, f32)> {
        Some((*self.train.x(Axis::Step).last()? as u64, *self.train.values().last()?))
    }

    /// What a screen reader says: the last step, its loss, and the last held-out loss.
    pub fn summary(&self) -> String {
        let Some((step, loss)) = self.last() else { return t!("loss_plot.empty").into_owned() };
        let (step, loss) = (number::grouped(step as i64), format!("{loss:.3}"));
        match self.held_out.values().last() {
            Some(held) => t!("loss_plot.summary_held_out", step = step, loss = loss, held = format!("{held:.3}")),
            None => t!("loss_plot.summary", step = step, loss = loss),
        }
        .into_owned()
    }

    /// The ends of both axes for what is there.
    pub(super) fn extents(&self, view: &View) -> (Scale, Scale) {
        let reached = self.train.x(view.axis).last().copied().unwrap_or(0.0);
        let x = match view.axis {
            Axis::Step if self.train.is_empty() => {
                Scale::linear(0.0, self.total.map_or(10.0, |total| total.max(1) as f64))
            }
            Axis::Step => Scale::linear(0.0, grown(reached.max(10.0), self.total.map(|total| total as f64))),
            Axis::Seconds => {
                let to = grown(reached.max(10.0), None);
                Scale { unit: time_unit(to), ..Scale::linear(0.0, to) }
            }
        };
        let (low, high) = match self.y.get() {
            // Before the first point the mark alone would have no room around it.
            Some((_, high)) if self.train.is_empty() => (0.0, high),
            Some(extent) => extent,
            None => (0.0, 5.0),
        };
        if view.log {
            // The smallest loss above 0 decides: a logarithm has no place for the rounded 0 of a linear axis.
            let bounds = [self.train.bounds(), self.held_out.bounds()].into_iter().flatten();
            let least = bounds.map(|(low, _)| f64::from(low)).fold(self.uniform.unwrap_or(high), f64::min);
            let from = nice_floor(if self.train.is_empty() { 1.0 } else { least.max(1e-4) });
            return (x, Scale::log(from, nice_ceil(high).max(2.0 * from)));
        }
        (x, Scale::linear(low, high))
    }

    /// The three lines for the part of the horizontal axis in view and so many columns of pixels.
    pub(super) fn lines(&mut self, view: &View, in_view: (f64, f64), columns: usize) -> Lines<'_> {
        self.train.smooth(view.smoothing);
        let key = |series: &Series, smoothing| Key {
            version: series.version(),
            axis: view.axis,
            smoothing,
            view: in_view,
            columns,
        };
        let (train, held_out) = (&self.train, &self.held_out);
        Lines {
            raw: self.caches.raw.points(train, key(train, None)),
            smooth: self.caches.smooth.points(train, key(train, Some(view.smoothing))),
            held_out: self.caches.held_out.points(held_out, key(held_out, None)),
            dense: train.is_dense(view.axis, in_view, columns),
        }
    }
}

/// Seconds that one written number of a time axis of this length stands for: seconds, minutes or hours.
pub(super) fn time_unit(seconds: f64) -> f64 {
    match seconds {
        s if s <= 240.0 => 1.0,
        s if s <= 4.0 * 3600.0 => 60.0,
        _ => 3600.0,
    }
}
