//! One row of logits under the microscope: every step of sampling, the cumulative curve, and the number that is drawn.
//!
//! The pipeline runs when the row or an option changes. The number that is drawn only looks up a place on the curve, so it
//! can be dragged whatever the size of the vocabulary.

use std::sync::Arc;

use super::answer::Logits;
use super::outlook::{Row, label};
use crate::generate::SamplingOptions;
use crate::generate::sampling::{Interval, Place, Step, Trace};

/// So many tokens are kept for drawing, whatever the vocabulary.
pub const ROWS: usize = 40;
/// The cumulative curve is reduced to at most about so many points.
const POINTS: usize = 512;
/// From so many tokens on, equal ratios of places are equally far apart on the curve's horizontal axis.
const MANY: usize = 48;

/// The steps that have a column of their own, in their order.
pub const STEPS: [Step; 4] = [Step::Temperature, Step::TopK, Step::TopP, Step::MinP];

/// One token in all columns.
#[derive(Clone, Debug, PartialEq)]
pub struct LensRow {
    /// Its id.
    pub id: u32,
    /// Its text, ready to be shown.
    pub label: String,
    /// What the model gave it.
    pub logit: f32,
    /// After the repetition penalty, divided by the temperature.
    pub scaled: f32,
    /// Its share among all tokens before anything is cut off.
    pub share: f32,
    /// The step that takes it out.
    pub gone_at: Option<Step>,
    /// The probability with which it is drawn.
    pub probability: f32,
}

/// What is left after a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Left {
    /// How many tokens can still be drawn.
    pub tokens: usize,
    /// Entropy of what would be drawn from if this were the last step, in nats.
    pub entropy: f32,
}

/// What is drawn of a row; see [`Lens`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// The likeliest tokens, the likeliest first.
    pub rows: Vec<LensRow>,
    /// What is left after each of the [`STEPS`].
    pub left: [Left; 4],
    /// Whether the temperature is so low that the likeliest token is simply taken.
    pub greedy: bool,
    /// Every token that can be drawn with its part of the cumulative curve, the likeliest first.
    intervals: Vec<Interval>,
    /// The curve reduced for drawing: place on the horizontal axis from 0 to 1, cumulative probability.
    pub curve: Vec<[f32; 2]>,
}

/// The microscope.
#[derive(Default)]
pub struct Lens {
    columns: Columns,
    /// The row in sight, the options with which it was computed, and all that came of it.
    computed: Option<(Row, SamplingOptions, Trace)>,
    runs: u64,
    /// The number that the person chose instead of the generator's.
    pub mark: Option<f64>,
}

impl Lens {
    /// Runs the pipeline if the row of logits or an option is another one than last time; `row` says what belongs to it.
    pub fn update(&mut self, logits: &Logits, options: &SamplingOptions, row: impl FnOnce() -> Row) {
        let same_row = self.computed.as_ref().is_some_and(|(row, ..)| Arc::ptr_eq(&row.logits, logits));
        let row = match self.computed.take() {
            Some((row, before, trace)) if same_row && before == *options => {
                self.computed = Some((row, before, trace));
                return;
            }
            Some((row, ..)) if same_row => row,
            _ => {
                self.mark = None;
                row()
            }
        };
        let trace = Trace::new(&row.logits, Place::after(&row.previous), options);
        self.columns = columns(&row, &trace, options);
        self.computed = Some((row, *options, trace));
        self.runs += 1;
    }

    /// What to draw, once there is a row.
    pub fn columns(&self) -> Option<&Columns> {
        self.computed.is_some().then_some(&self.columns)
    }

    /// Forgets the row.
    pub fn clear(&mut self) {
        (self.computed, self.mark) = (None, None);
    }

    /// How often the pipeline ran.
    #[cfg(test)]
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// A token in all columns, also one that is not among the likeliest.
    pub fn row_of(&self, id: u32) -> Option<LensRow> {
        self.computed.as_ref().map(|(row, _, trace)| lens_row(row, trace, id))
    }
}

impl Columns {
    /// How many tokens can be drawn.
    pub fn drawable(&self) -> usize {
        self.intervals.len()
    }

    /// The token at which the curve passes a number in `[0, 1)`, with its part of it.
    pub fn pick(&self, number: f64) -> Option<Interval> {
        let place = self.intervals.partition_point(|interval| interval.to <= number);
        self.intervals.get(place).or(self.intervals.last()).copied()
    }

    /// The parts of the likeliest tokens.
    pub fn likeliest(&self, count: usize) -> &[Interval] {
        self.intervals.get(..count.min(self.intervals.len())).unwrap_or_default()
    }

    /// Where the middle of a place's step is on the horizontal axis, from 0 to 1.
    pub fn across(&self, place: usize) -> f32 {
        (across(place, self.drawable()) + across(place + 1, self.drawable())) / 2.0
    }
}

/// Where a place begins on a horizontal axis of so many, from 0 to 1.
fn across(place: usize, count: usize) -> f32 {
    let (place, count) = (place as f32, count.max(1) as f32);
    if count < MANY as f32 { place / count } else { place.ln_1p() / count.ln_1p() }
}

fn lens_row(row: &Row, trace: &Trace, id: u32) -> LensRow {
    LensRow {
        id,
        label: label(&row.pieces, id),
        logit: row.logits.get(id as usize).copied().unwrap_or(f32::NAN),
        scaled: trace.logit(Step::Temperature, id),
        share: trace.probability(Step::Temperature, id),
        gone_at: trace.cut.get(id as usize).and_then(|cut| cut.step()),
        probability: trace.probability(Step::MinP, id),
    }
}

fn columns(row: &Row, trace: &Trace, options: &SamplingOptions) -> Columns {
    let rows = trace.likeliest(Step::Temperature, ROWS);
    let rows = rows.into_iter().map(|id| lens_row(row, trace, id)).collect();
    let left = STEPS.map(|step| {
        let summary = trace.summary(step);
        Left { tokens: summary.kept, entropy: summary.entropy }
    });
    let intervals = trace.curve(trace.summary(Step::MinP).kept);
    let curve = curve(&intervals);
    Columns { rows, left, greedy: options.temperature <= 0.0, intervals, curve }
}

/// A staircase where it has few steps, a line where it has many; points in even distances on the axis.
fn curve(intervals: &[Interval]) -> Vec<[f32; 2]> {
    let count = intervals.len();
    let mut points = vec![[0.0, 0.0]];
    let mut last = 0.0;
    for interval in intervals {
        let (from, to) = (across(interval.place, count), across(interval.place + 1, count));
        if to - from > 1.0 / POINTS as f32 {
            points.extend([[from, interval.to as f32], [to, interval.to as f32]]);
            last = to;
        } else if to - last > 1.0 / POINTS as f32 {
            points.push([to, interval.to as f32]);
            last = to;
        }
    }
    points.push([1.0, 1.0]);
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::sampling;

    fn row(logits: Vec<f32>) -> Row {
        let pieces = (0..logits.len()).map(|i| format!("t{i}")).collect();
        Row { logits: Arc::new(logits), previous: vec![], drawn: None, pieces: Arc::new(pieces) }
    }

    const PLAIN: SamplingOptions = SamplingOptions::PLAIN;

    fn show(lens: &mut Lens, row: &Row, options: &SamplingOptions) {
        lens.update(&row.logits, options, || row.clone());
    }

    fn lens(logits: Vec<f32>, options: &SamplingOptions) -> Lens {
        let mut lens = Lens::default();
        show(&mut lens, &row(logits), options);
        lens
    }

    #[test]
    fn every_column_shows_what_its_step_took_out() {
        let options = SamplingOptions { top_k: 3, top_p: 0.9, min_p: 0.25, ..PLAIN };
        // Shares 0.5, 0.3, 0.1, 0.06, 0.04.
        let logits = [0.5f32, 0.3, 0.1, 0.06, 0.04].map(f32::ln).to_vec();
        let lens = lens(logits, &options);
        let columns = lens.columns().unwrap();
        let gone: Vec<_> = columns.rows.iter().map(|row| row.gone_at).collect();
        // Top-k takes two; the third is needed to reach 0.9 and falls to min-p.
        assert_eq!(gone, [None, None, Some(Step::MinP), Some(Step::TopK), Some(Step::TopK)]);
        assert_eq!(columns.left.map(|left| left.tokens), [5, 3, 3, 2]);
        assert!(columns.left.windows(2).all(|pair| pair[1].entropy <= pair[0].entropy + 1e-6));
        let two: f32 = -(0.625f32 * 0.625f32.ln() + 0.375 * 0.375f32.ln());
        assert!((columns.left[3].entropy - two).abs() < 1e-5);
        assert!((columns.rows[0].share - 0.5).abs() < 1e-6 && (columns.rows[0].probability - 0.625).abs() < 1e-6);
    }

    #[test]
    fn the_mark_picks_what_sampling_would_pick() {
        let logits: Vec<f32> = (0..500).map(|i| ((i * 7919) % 100) as f32 / 20.0).collect();
        let options = SamplingOptions { temperature: 0.8, top_p: 0.95, ..PLAIN };
        let probabilities = sampling::stages(&logits, &[], &options).probabilities;
        let lens = lens(logits, &options);
        let columns = lens.columns().unwrap();
        for number in [0.0, 0.1, 0.25, 0.5, 0.731, 0.999_999] {
            let pick = columns.pick(number).unwrap();
            assert_eq!(pick.id, sampling::pick(&probabilities, number), "{number}");
            assert!(pick.from <= number && number <= pick.to);
        }
    }

    #[test]
    fn a_large_vocabulary_is_drawn_with_few_points_and_its_mark_costs_no_run() {
        let logits: Vec<f32> = (0..50_257).map(|i| ((i * 7919) % 1000) as f32 / 100.0).collect();
        let (mut lens, row) = (Lens::default(), row(logits));
        show(&mut lens, &row, &PLAIN);
        let columns = lens.columns().unwrap();
        assert!(columns.curve.len() <= 2 * POINTS && columns.rows.len() == ROWS);
        assert!(columns.curve.windows(2).all(|pair| pair[0][0] <= pair[1][0] && pair[0][1] <= pair[1][1] + 1e-6));
        let places: Vec<usize> = (0..100).map(|i| columns.pick(f64::from(i) / 100.0).unwrap().place).collect();
        assert!(places.windows(2).all(|pair| pair[0] <= pair[1]) && places[0] < places[99]);
        show(&mut lens, &row, &PLAIN);
        assert_eq!(lens.runs(), 1, "nothing changed");
    }

    #[test]
    fn cold_sampling_leaves_one_token_and_a_new_row_lets_go_of_the_mark() {
        let cold = SamplingOptions { temperature: 0.0, ..PLAIN };
        let (mut lens, first) = (Lens::default(), row(vec![1.0, 3.0, 2.0]));
        show(&mut lens, &first, &cold);
        lens.mark = Some(0.9);
        assert_eq!(lens.columns().unwrap().pick(0.9).unwrap().id, 1);
        assert_eq!(lens.columns().unwrap().drawable(), 1);
        show(&mut lens, &first, &PLAIN);
        assert_eq!(lens.mark, Some(0.9), "an option moves under the mark");
        show(&mut lens, &row(vec![5.0, 3.0, 2.0]), &PLAIN);
        assert_eq!(lens.mark, None);
        assert_eq!(lens.row_of(2).unwrap().label, "t2");
    }
}
