//! One row of logits under the microscope: every step of sampling, the cumulative curve, and the number that is drawn.
//!
//! The pipeline runs when the row or an option changes. The number that is drawn only looks up a place on the curve, so it
//! can be dragged whatever the size of the vocabulary.

use std::sync::Arc;

use super::answer::Logits;
use super::outlook::{Row, label};
use crate::generate::SamplingOptions;
use crate::generate::sampling::{self, Cut, Stages};

/// So many tokens are kept for drawing, whatever the vocabulary.
pub const ROWS: usize = 40;
/// The cumulative curve is reduced to at most so many points.
const POINTS: usize = 1024;

/// The steps after which tokens are counted: the temperature, then one filter after the other.
pub const STEPS: usize = 4;

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
    /// The first of the [`STEPS`] that takes it out; [`STEPS`] where none does.
    pub gone_at: usize,
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
    /// What is left after each step.
    pub left: [Left; STEPS],
    /// Whether the temperature is so low that the likeliest token is simply taken.
    pub greedy: bool,
    /// Tokens that can be drawn, in the order of their ids, in which the curve counts them.
    ids: Vec<u32>,
    /// The cumulative probability up to and with each of them.
    reached: Vec<f64>,
    /// The curve reduced for drawing: share of the tokens that can be drawn, cumulative probability.
    pub curve: Vec<[f32; 2]>,
}

/// The microscope.
#[derive(Default)]
pub struct Lens {
    columns: Columns,
    /// The row in sight, the options with which it was computed, and all that came of it.
    computed: Option<(Row, SamplingOptions, Stages)>,
    runs: u64,
    /// The number that the person chose instead of the generator's.
    pub mark: Option<f64>,
}

impl Lens {
    /// Runs the pipeline if the row of logits or an option is another one than last time; `row` says what belongs to it.
    pub fn update(&mut self, logits: &Logits, options: &SamplingOptions, row: impl FnOnce() -> Row) {
        let same_row = self.computed.as_ref().is_some_and(|(row, ..)| Arc::ptr_eq(&row.logits, logits));
        let row = match self.computed.take() {
            Some((row, before, stages)) if same_row && before == *options => {
                self.computed = Some((row, before, stages));
                return;
            }
            Some((row, ..)) if same_row => row,
            _ => {
                self.mark = None;
                row()
            }
        };
        let stages = sampling::stages(&row.logits, &row.previous, options);
        self.columns = columns(&row, &stages, options);
        self.computed = Some((row, *options, stages));
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
        let (row, _, stages) = self.computed.as_ref()?;
        let largest = stages.scaled.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = stages.scaled.iter().map(|&x| weight(x, largest)).sum();
        Some(lens_row(row, stages, id, largest, total))
    }
}

impl Columns {
    /// How many tokens can be drawn.
    pub fn drawable(&self) -> usize {
        self.ids.len()
    }

    /// The token at which the curve passes a number in `[0, 1)`, its place among those that can be drawn, and the
    /// cumulative probability before and with it.
    pub fn pick(&self, number: f64) -> Option<Pick> {
        let total = *self.reached.last()?;
        let mark = number.clamp(0.0, 1.0) * total;
        let place = self.reached.partition_point(|&reached| reached <= mark).min(self.ids.len() - 1);
        let before = place.checked_sub(1).and_then(|at| self.reached.get(at)).copied().unwrap_or(0.0);
        Some(Pick { id: *self.ids.get(place)?, place, from: before / total, to: *self.reached.get(place)? / total })
    }

    /// The tokens with the widest steps of the curve: place, id and step.
    pub fn widest(&self, count: usize) -> Vec<(usize, u32)> {
        let likely = self.rows.iter().filter(|row| row.gone_at == STEPS).take(count);
        likely.filter_map(|row| Some((self.ids.binary_search(&row.id).ok()?, row.id))).collect()
    }
}

/// What a drawn number picks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick {
    /// The token.
    pub id: u32,
    /// Its place among those that can be drawn.
    pub place: usize,
    /// Cumulative probability before it.
    pub from: f64,
    /// Cumulative probability with it.
    pub to: f64,
}

/// The first step that takes a token out.
fn gone_at(cut: Cut) -> usize {
    match cut {
        Cut::Impossible | Cut::Greedy => 0,
        Cut::TopK => 1,
        Cut::TopP => 2,
        Cut::MinP => 3,
        Cut::Kept => STEPS,
    }
}

fn weight(x: f32, largest: f32) -> f64 {
    if x == f32::NEG_INFINITY { 0.0 } else { f64::from((x - largest).exp()) }
}

fn lens_row(row: &Row, stages: &Stages, id: u32, largest: f32, total: f64) -> LensRow {
    let at = id as usize;
    let scaled = stages.scaled.get(at).copied().unwrap_or(f32::NEG_INFINITY);
    LensRow {
        id,
        label: label(&row.pieces, id),
        logit: row.logits.get(at).copied().unwrap_or(f32::NAN),
        scaled,
        share: (weight(scaled, largest) / total) as f32,
        gone_at: stages.cut.get(at).map_or(0, |&cut| gone_at(cut)),
        probability: stages.probabilities.get(at).copied().unwrap_or(0.0),
    }
}

fn columns(row: &Row, stages: &Stages, options: &SamplingOptions) -> Columns {
    let largest = stages.scaled.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (left, total) = left(stages, largest);
    let rows = sampling::top(&stages.scaled, ROWS);
    let rows = rows.into_iter().map(|id| lens_row(row, stages, id, largest, total)).collect();
    let (mut ids, mut reached, mut sum) = (Vec::new(), Vec::new(), 0.0);
    for (&p, id) in stages.probabilities.iter().zip(0..) {
        if p > 0.0 {
            sum += f64::from(p);
            ids.push(id);
            reached.push(sum);
        }
    }
    let curve = curve(&reached);
    Columns { rows, left, greedy: options.temperature <= 0.0, ids, reached, curve }
}

/// Counts and entropies after each step, from one pass over the vocabulary; and the sum of all weights.
fn left(stages: &Stages, largest: f32) -> ([Left; STEPS], f64) {
    // Of every step that takes tokens out: how many, their weight Σw and Σw·(x − largest).
    let mut gone = [(0usize, 0f64, 0f64); STEPS + 1];
    for (&x, &cut) in stages.scaled.iter().zip(&stages.cut) {
        let w = weight(x, largest);
        let slot = &mut gone[gone_at(cut)];
        slot.0 += 1;
        slot.1 += w;
        slot.2 += if w > 0.0 { w * f64::from(x - largest) } else { 0.0 };
    }
    let total: f64 = gone.iter().map(|slot| slot.1).sum();
    let left = std::array::from_fn(|step| {
        let kept = &gone[step + 1..];
        let (sum, moment) = kept.iter().fold((0.0, 0.0), |(w, m), slot| (w + slot.1, m + slot.2));
        let entropy = if sum > 0.0 { (sum.ln() - moment / sum).max(0.0) } else { 0.0 };
        Left { tokens: kept.iter().map(|slot| slot.0).sum(), entropy: entropy as f32 }
    });
    (left, total)
}

/// A staircase of at most [`POINTS`] points: after every so many tokens, where it has got to.
fn curve(reached: &[f64]) -> Vec<[f32; 2]> {
    let Some(&total) = reached.last() else { return Vec::new() };
    let count = reached.len();
    let mut points = vec![[0.0, 0.0]];
    let share = |place: usize| place as f32 / count as f32;
    if 2 * count <= POINTS {
        let mut before = 0.0;
        for (place, &sum) in reached.iter().enumerate() {
            // A token's step rises in the middle of its width.
            let middle = (share(place) + share(place + 1)) / 2.0;
            points.extend([[middle, before], [middle, (sum / total) as f32]]);
            before = (sum / total) as f32;
        }
    } else {
        let apart = count.div_ceil(POINTS - 2);
        let places = (apart..count).step_by(apart);
        points.extend(places.map(|place| [share(place), (reached[place - 1] / total) as f32]));
    }
    points.push([1.0, 1.0]);
    points
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn row(logits: Vec<f32>) -> Row {
        let pieces = (0..logits.len()).map(|i| format!("t{i}")).collect();
        Row { logits: Arc::new(logits), previous: vec![], drawn: None, pieces: Arc::new(pieces) }
    }

    const PLAIN: SamplingOptions =
        SamplingOptions { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 };

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
        let gone: Vec<usize> = columns.rows.iter().map(|row| row.gone_at).collect();
        assert_eq!(gone, [STEPS, STEPS, 3, 1, 1], "top-k takes two; the third reaches 0.9 and falls to min-p");
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
        assert!(columns.curve.len() <= POINTS && columns.rows.len() == ROWS);
        assert!(columns.curve.windows(2).all(|pair| pair[0][0] <= pair[1][0] && pair[0][1] <= pair[1][1]));
        let picks: Vec<u32> = (0..100).map(|i| columns.pick(f64::from(i) / 100.0).unwrap().id).collect();
        assert!(picks.windows(2).all(|pair| pair[0] <= pair[1]) && picks[0] < picks[99]);
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
