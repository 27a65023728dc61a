//! What might come next: one row of logits through the sampling pipeline, again only when the row or an option changed.

use std::sync::Arc;

use rust_i18n::t;

use super::answer::Written;
use crate::generate::SamplingOptions;
use crate::generate::sampling::{self, Cut};
use crate::widgets::probability_bars::Bar;
use crate::widgets::token_chips::visible;

/// So many bars are kept for drawing, whatever the vocabulary.
pub const BARS: usize = 24;

/// A row of logits as it came from the engine.
#[derive(Clone, Debug)]
pub struct Row {
    /// `[vocabulary]`.
    pub logits: Arc<Vec<f32>>,
    /// Tokens before it, which the repetition penalty looks at.
    pub previous: Vec<u32>,
    /// The token that was drawn from it, if one was.
    pub drawn: Option<u32>,
    /// The texts of all ids.
    pub pieces: Arc<Vec<String>>,
}

/// What is drawn of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// The likeliest tokens, the likeliest first.
    pub bars: Vec<Bar>,
    /// Their ids.
    pub ids: Vec<u32>,
    /// Tokens in the vocabulary.
    pub vocabulary: usize,
    /// Tokens that can still be drawn.
    pub left: usize,
    /// Entropy of what is drawn from, in nats.
    pub entropy: f32,
}

/// The row that is looked at, and its distribution.
#[derive(Default)]
pub struct Outlook {
    row: Option<Row>,
    version: u64,
    drawn_for: Option<(u64, SamplingOptions, &'static str)>,
    distribution: Distribution,
    row_is_new: bool,
}

impl Outlook {
    /// Another row.
    pub fn set(&mut self, row: Row) {
        self.row = Some(row);
        self.version += 1;
    }

    /// The row.
    pub fn row(&self) -> Option<&Row> {
        self.row.as_ref()
    }

    /// The vocabulary of the row.
    pub fn pieces(&self) -> Option<&Arc<Vec<String>>> {
        self.row.as_ref().map(|row| &row.pieces)
    }

    /// Forgets the row.
    pub fn clear(&mut self) {
        *self = Self { version: self.version + 1, ..Self::default() };
    }

    /// Runs the pipeline if the row, the options or the language are others than last time.
    pub fn update(&mut self, options: &SamplingOptions, language: &'static str) {
        let Some(row) = &self.row else { return };
        let key = (self.version, *options, language);
        if self.drawn_for == Some(key) {
            return;
        }
        self.row_is_new = self.drawn_for.is_none_or(|(version, ..)| version != self.version);
        self.distribution = distribution(row, options);
        self.drawn_for = Some(key);
    }

    /// What to draw, once there is a row.
    pub fn distribution(&self) -> Option<&Distribution> {
        self.drawn_for.is_some().then_some(&self.distribution)
    }

    /// Whether the last change was another row (bars may grow into it) and not an option (bars follow the hand).
    pub fn row_is_new(&self) -> bool {
        self.row_is_new
    }
}

/// The pipeline on one row, and what is kept of it for drawing.
pub fn distribution(row: &Row, options: &SamplingOptions) -> Distribution {
    let stages = sampling::stages(&row.logits, &row.previous, options);
    let before = Softmax::of(&stages.scaled);
    let model = Softmax::of(&row.logits);
    let ids = sampling::top(&stages.scaled, BARS);
    let bars = ids.iter().map(|&id| {
        let at = id as usize;
        Bar {
            key: u64::from(id),
            label: label(&row.pieces, id),
            share: stages.probabilities.get(at).copied().unwrap_or(0.0),
            before: stages.scaled.get(at).map_or(0.0, |&x| before.probability(x)),
            model: row.logits.get(at).map(|&x| model.probability(x)),
            cut: stages.cut.get(at).map_or_else(String::new, |&cut| cut_name(cut)),
            drawn: row.drawn == Some(id),
        }
    });
    Distribution {
        bars: bars.collect(),
        vocabulary: row.logits.len(),
        left: stages.kept.iter().filter(|&&kept| kept).count(),
        entropy: sampling::entropy(&stages.probabilities),
        ids,
    }
}

/// The likeliest tokens at the place of one that was written, under the model itself.
pub fn of_written(token: &Written, pieces: &[String]) -> (Vec<Bar>, Vec<u32>) {
    let bars = token.alternatives.iter().map(|alternative| Bar {
        key: u64::from(alternative.id),
        label: label(pieces, alternative.id),
        share: alternative.probability,
        before: alternative.probability,
        model: None,
        cut: String::new(),
        drawn: alternative.id == token.id,
    });
    (bars.collect(), token.alternatives.iter().map(|alternative| alternative.id).collect())
}

/// A token's text with its white space made visible.
pub fn label(pieces: &[String], id: u32) -> String {
    pieces.get(id as usize).map_or_else(|| format!("#{id}"), |piece| visible(piece))
}

/// Which step cut a token off, in a word.
fn cut_name(cut: Cut) -> String {
    match cut {
        Cut::Kept => String::new(),
        Cut::Impossible => t!("playground.cut.impossible").into_owned(),
        Cut::TooEarly => t!("playground.cut.too_early").into_owned(),
        Cut::Greedy => t!("playground.cut.greedy").into_owned(),
        Cut::TopK => t!("playground.top_k").into_owned(),
        Cut::TopP => t!("playground.top_p").into_owned(),
        Cut::MinP => t!("playground.min_p").into_owned(),
    }
}

/// Softmax of a row, one value at a time.
struct Softmax {
    largest: f32,
    total: f64,
}

impl Softmax {
    fn of(row: &[f32]) -> Self {
        let largest = row.iter().copied().filter(|x| !x.is_nan()).fold(f32::NEG_INFINITY, f32::max);
        let total = row.iter().filter(|x| !x.is_nan()).map(|&x| f64::from((x - largest).exp())).sum();
        Self { largest, total }
    }

    fn probability(&self, x: f32) -> f32 {
        let p = f64::from((x - self.largest).exp()) / self.total;
        if p.is_finite() { p as f32 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(logits: Vec<f32>) -> Row {
        let pieces = (0..logits.len()).map(|i| format!("t{i}")).collect();
        Row { logits: Arc::new(logits), previous: vec![], drawn: None, pieces: Arc::new(pieces) }
    }

    const PLAIN: SamplingOptions = SamplingOptions::PLAIN;

    #[test]
    fn the_temperature_changes_the_bars_but_not_what_the_model_says() {
        let row = row(vec![2.0, 1.0, 0.0]);
        let warm = distribution(&row, &PLAIN);
        let cold = distribution(&row, &SamplingOptions { temperature: 0.5, ..PLAIN });
        let e = std::f32::consts::E;
        let expected = e * e / (e * e + e + 1.0);
        assert!((warm.bars[0].share - expected).abs() < 1e-6);
        assert!(cold.bars[0].share > warm.bars[0].share + 0.1);
        assert!(cold.entropy < warm.entropy);
        assert_eq!(cold.bars[0].model, warm.bars[0].model);
        assert_eq!(warm.ids, [0, 1, 2]);
    }

    #[test]
    fn what_was_cut_says_which_step_did_it() {
        let row = row(vec![3.0, 2.0, 1.0, 0.0]);
        let names = |options: &SamplingOptions| {
            let found = distribution(&row, options);
            (found.left, found.bars.iter().map(|bar| bar.cut.clone()).collect::<Vec<_>>())
        };
        let (left, cut) = names(&SamplingOptions { top_k: 2, ..PLAIN });
        let top_k = t!("playground.top_k").into_owned();
        assert_eq!((left, cut), (2, vec![String::new(), String::new(), top_k.clone(), top_k]));
        let (left, cut) = names(&SamplingOptions { temperature: 0.0, ..PLAIN });
        assert_eq!((left, &cut[1]), (1, &t!("playground.cut.greedy").into_owned()));
        let found = distribution(&row, &SamplingOptions { top_k: 2, ..PLAIN });
        assert_eq!(found.bars[2].share, 0.0);
        assert!(found.bars[2].before > 0.05, "it is still told how likely it was");
    }

    #[test]
    fn the_pipeline_runs_only_for_another_row_or_option() {
        let mut outlook = Outlook::default();
        assert!(outlook.distribution().is_none());
        outlook.set(row(vec![1.0, 0.0]));
        outlook.update(&PLAIN, "en");
        assert!(outlook.row_is_new());
        let first = outlook.drawn_for;
        outlook.update(&PLAIN, "en");
        assert_eq!(outlook.drawn_for, first);
        outlook.update(&SamplingOptions { temperature: 0.3, ..PLAIN }, "en");
        assert!(!outlook.row_is_new(), "bars follow the hand");
        outlook.clear();
        assert!(outlook.distribution().is_none());
    }

    #[test]
    fn a_large_vocabulary_keeps_only_what_is_drawn() {
        let logits = (0..50_257).map(|i| ((i * 7919) % 1000) as f32 / 100.0).collect();
        let found = distribution(&row(logits), &PLAIN);
        assert_eq!(found.bars.len(), BARS);
        assert_eq!(found.vocabulary, 50_257);
        assert!(found.bars.windows(2).all(|pair| pair[0].share >= pair[1].share));
    }
}
