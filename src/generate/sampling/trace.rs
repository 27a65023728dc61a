//! One row of logits under the microscope: what every step leaves of it, made by the functions that draw.

use super::super::SamplingOptions;
use super::order::{self, Interval, or_impossible, top};
use super::softmax::Softmax;
use super::steps::{Cut, Place, Worked, work};

/// The steps from logits to probabilities, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The model's own logits.
    Logits,
    /// Tokens of the text are made less likely.
    RepetitionPenalty,
    /// Tokens that would end the text too early go.
    LeastLength,
    /// ÷ temperature; at 0 all but the likeliest go.
    Temperature,
    /// All but the k likeliest go.
    TopK,
    /// All but the smallest set that reaches p go.
    TopP,
    /// What is too unlikely beside the likeliest goes.
    MinP,
}

impl Step {
    /// All of them, in the order in which they act.
    pub const ALL: [Self; 7] = [
        Self::Logits,
        Self::RepetitionPenalty,
        Self::LeastLength,
        Self::Temperature,
        Self::TopK,
        Self::TopP,
        Self::MinP,
    ];
}

impl Cut {
    /// The step that takes such a token out; none for one that is kept.
    pub fn step(self) -> Option<Step> {
        Some(match self {
            Self::Kept => return None,
            Self::Impossible => Step::Logits,
            Self::TooEarly => Step::LeastLength,
            Self::Greedy => Step::Temperature,
            Self::TopK => Step::TopK,
            Self::TopP => Step::TopP,
            Self::MinP => Step::MinP,
        })
    }
}

/// What is left after a step, in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageSummary {
    /// Which step.
    pub step: Step,
    /// Tokens that can be drawn after it.
    pub kept: usize,
    /// Entropy −Σ p ln p of what is left, in nats.
    pub entropy: f32,
    /// The share of what was left before that this step has taken out, from 0 to 1.
    pub lost: f32,
    /// Whether the options turn this step on.
    pub on: bool,
}

/// What every step makes of one row. Building one takes a fraction of a millisecond for 50 257 tokens, so that it can be
/// made anew at every frame while a slider is dragged; asking it about a single token costs nothing.
#[derive(Clone, Debug)]
pub struct Trace {
    /// After the whole pipeline: what the draw is made from, `[vocabulary]`.
    pub probabilities: Vec<f32>,
    /// Which step took each token out, `[vocabulary]`.
    pub cut: Vec<Cut>,
    logits: Vec<f32>,
    penalized: Vec<f32>,
    scaled: Vec<f32>,
    /// One a step: softmax of what is left after it.
    softmax: [Softmax; 7],
    summaries: [StageSummary; 7],
}

impl Trace {
    /// Follows a row `[vocabulary]` through all steps.
    pub fn new(logits: &[f32], place: Place, options: &SamplingOptions) -> Self {
        let Worked { penalized, scaled, largest, mut weights, cut } = work(logits, place, options);
        let logits: Vec<f32> = logits.iter().map(|&x| or_impossible(x)).collect();
        let before = Before::of(&logits, &penalized, &cut);
        let parts = Parts::of(&scaled, &weights, &cut, largest);
        let (softmax, kept) = parts.stages(before, largest);
        let total = softmax[Step::MinP as usize].total;
        for (weight, cut) in weights.iter_mut().zip(&cut) {
            *weight = if *cut == Cut::Kept { (f64::from(*weight) / total) as f32 } else { 0.0 };
        }
        let summaries = summaries(&softmax, &kept, place, options);
        Self { probabilities: weights, cut, logits, penalized, scaled, softmax, summaries }
    }

    /// Tokens in the vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.logits.len()
    }

    /// What is left after each step, in the order of [`Step::ALL`].
    pub fn summaries(&self) -> &[StageSummary] {
        &self.summaries
    }

    /// What is left after a step.
    pub fn summary(&self, step: Step) -> &StageSummary {
        &self.summaries[step as usize]
    }

    /// Whether a token can still be drawn after a step.
    pub fn kept(&self, step: Step, id: u32) -> bool {
        self.cut.get(id as usize).is_some_and(|cut| cut.step().is_none_or(|by| by > step))
    }

    /// A token's logit after a step; −∞ once it is out.
    pub fn logit(&self, step: Step, id: u32) -> f32 {
        let row = match step {
            Step::Logits => &self.logits,
            Step::RepetitionPenalty | Step::LeastLength => &self.penalized,
            _ => &self.scaled,
        };
        let logit = row.get(id as usize).copied().unwrap_or(f32::NEG_INFINITY);
        if self.kept(step, id) { logit } else { f32::NEG_INFINITY }
    }

    /// A token's probability if the draw were made after this step; 0 once it is out.
    pub fn probability(&self, step: Step, id: u32) -> f32 {
        match step {
            Step::MinP => self.probabilities.get(id as usize).copied().unwrap_or(0.0),
            _ if self.kept(step, id) => self.softmax[step as usize].probability(self.logit(step, id)),
            _ => 0.0,
        }
    }

    /// The whole row `[vocabulary]` after a step, as the processor of `transformers` leaves it: −∞ for what is out.
    pub fn row(&self, step: Step) -> Vec<f32> {
        (0..self.vocabulary() as u32).map(|id| self.logit(step, id)).collect()
    }

    /// The `n` likeliest tokens after a step, those that are out last.
    pub fn likeliest(&self, step: Step, n: usize) -> Vec<u32> {
        match step {
            Step::Logits => top(&self.logits, n),
            Step::RepetitionPenalty | Step::LeastLength => top(&self.penalized, n),
            // Whoever is kept by a cut is likelier than whoever is not.
            _ => top(&self.scaled, n),
        }
    }

    /// The interval on the cumulative curve that a drawn number in `[0, 1)` falls in: what [`super::draw`] does.
    pub fn hit(&self, u: f64) -> Option<Interval> {
        order::hit(&self.probabilities, u)
    }

    /// The cumulative curve of the `most` likeliest tokens that can be drawn, the likeliest first.
    pub fn curve(&self, most: usize) -> Vec<Interval> {
        order::intervals(&self.probabilities, most)
    }
}

/// The three rows before anything is divided, and how many tokens each has.
struct Before {
    softmax: [Softmax; 3],
    kept: [usize; 3],
}

impl Before {
    fn of(logits: &[f32], penalized: &[f32], cut: &[Cut]) -> Self {
        let model = Softmax::of(logits);
        let after_penalty = if logits == penalized { model } else { Softmax::of(penalized) };
        let mut allowed = after_penalty;
        let forbidden = cut.iter().zip(penalized).filter(|(cut, x)| **cut == Cut::TooEarly && **x > f32::NEG_INFINITY);
        let mut count = 0;
        for (_, &x) in forbidden {
            let share = f64::from(after_penalty.probability(x));
            allowed.total -= share * after_penalty.total;
            let depth = if after_penalty.largest.is_finite() { f64::from(x - after_penalty.largest) } else { 0.0 };
            allowed.moment -= depth * share * after_penalty.total;
            count += 1;
        }
        // Where the likeliest one goes, little may be left, and differences of large numbers say nothing of it.
        if count > 0 && allowed.total < 1e-3 * after_penalty.total {
            let rest = |(x, cut): (&f32, &Cut)| if *cut == Cut::TooEarly { f32::NEG_INFINITY } else { *x };
            allowed = Softmax::of(&penalized.iter().zip(cut).map(rest).collect::<Vec<_>>());
        }
        let possible = |row: &[f32]| row.iter().filter(|&&x| x > f32::NEG_INFINITY).count();
        let kept = [possible(logits), possible(penalized)];
        Self { softmax: [model, after_penalty, allowed], kept: [kept[0], kept[1], kept[1] - count] }
    }
}

/// What was taken out by each step from the temperature on, and what is kept, as sums.
struct Parts {
    /// Tokens, weight and moment of what Greedy, TopK, TopP and MinP took, and of what is kept.
    sums: [(usize, f64, f64); 5],
}

impl Parts {
    fn of(scaled: &[f32], weights: &[f32], cut: &[Cut], largest: f32) -> Self {
        let mut sums = [(0, 0.0, 0.0); 5];
        for ((cut, &w), &x) in cut.iter().zip(weights).zip(scaled) {
            let part = match cut {
                Cut::Impossible | Cut::TooEarly => continue,
                Cut::Greedy => 0,
                Cut::TopK => 1,
                Cut::TopP => 2,
                Cut::MinP => 3,
                Cut::Kept => 4,
            };
            let w = f64::from(w);
            let depth = if w > 0.0 && largest.is_finite() { f64::from(x - largest) } else { 0.0 };
            let (count, total, moment) = &mut sums[part];
            *count += 1;
            *total += w;
            *moment += depth * w;
        }
        Self { sums }
    }

    /// Softmax and count of what is left after every step.
    fn stages(&self, before: Before, largest: f32) -> ([Softmax; 7], [usize; 7]) {
        // After the temperature everything but what Greedy took is left, after top-k what it took is missing too, …
        let left = [1, 2, 3, 4].map(|from| {
            let rest = self.sums.iter().skip(from);
            rest.fold((0, 0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1, sum.2 + part.2))
        });
        let [model, penalized, allowed] = before.softmax;
        let [t, k, p, m] = left.map(|(_, total, moment)| Softmax { largest, total, moment });
        let [a, b, c] = before.kept;
        ([model, penalized, allowed, t, k, p, m], [a, b, c, left[0].0, left[1].0, left[2].0, left[3].0])
    }
}

fn summaries(softmax: &[Softmax; 7], kept: &[usize; 7], place: Place, options: &SamplingOptions) -> [StageSummary; 7] {
    let mut last = Step::Logits;
    Step::ALL.map(|step| {
        let (now, before) = (&softmax[step as usize], &softmax[last as usize]);
        // Penalty and temperature change the row instead of taking something out of it.
        let cuts = matches!(step, Step::LeastLength | Step::TopK | Step::TopP | Step::MinP);
        let lost = if cuts && before.total > 0.0 { (1.0 - now.total / before.total).clamp(0.0, 1.0) } else { 0.0 };
        last = step;
        StageSummary {
            step,
            kept: kept[step as usize],
            entropy: now.entropy(),
            lost: lost as f32,
            on: is_on(step, place, options),
        }
    })
}

/// Whether the options let a step do anything.
fn is_on(step: Step, place: Place, options: &SamplingOptions) -> bool {
    match step {
        Step::Logits => true,
        Step::RepetitionPenalty => options.repetition_penalty > 0.0 && options.repetition_penalty != 1.0,
        Step::LeastLength => !place.forbidden.is_empty(),
        Step::Temperature => options.temperature != 1.0,
        Step::TopK => options.top_k > 0,
        Step::TopP => options.top_p < 1.0,
        Step::MinP => options.min_p > 0.0,
    }
}
