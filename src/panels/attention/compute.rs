//! From a capture to what is drawn: one matrix for the large picture, one sheet of thumbnails. Pure functions, run on a
//! thread of their own because they grow with the square of the text.

use std::sync::Arc;

use crate::engine::AttentionCapture;
use crate::widgets::heatmap::Scale;
use crate::widgets::scale::nice_ceil;

/// Whose attention is looked at. Layers and heads count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// One head.
    Head(usize, usize),
    /// The mean over the heads of a layer.
    Layer(usize),
    /// The mean over all heads of all layers.
    All,
}

impl Choice {
    /// The same, inside a model of so many layers and heads.
    pub fn within(self, layers: usize, heads: usize) -> Self {
        let (last_layer, last_head) = (layers.saturating_sub(1), heads.saturating_sub(1));
        match self {
            Self::Head(layer, head) => Self::Head(layer.min(last_layer), head.min(last_head)),
            Self::Layer(layer) => Self::Layer(layer.min(last_layer)),
            Self::All => Self::All,
        }
    }

    /// The layer that it is in, if it is in one.
    pub fn layer(self) -> Option<usize> {
        match self {
            Self::Head(layer, _) | Self::Layer(layer) => Some(layer),
            Self::All => None,
        }
    }
}

/// How several heads become one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// Their mean.
    #[default]
    Mean,
    /// The largest of them, cell by cell.
    Maximum,
}

/// What is to be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// Whose attention.
    pub choice: Choice,
    /// At which step.
    pub stage: Stage,
    /// How the heads of a layer, or all of them, become one.
    pub over: Over,
    /// Weights below this are left out; only at the last step.
    pub least: f32,
}

/// A step on the way from scores to weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The products q·k.
    Scores,
    /// Those, times the model's factor.
    Scaled,
    /// Those, without what may not be looked at.
    Masked,
    /// The weights.
    #[default]
    Softmax,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Scores, Self::Scaled, Self::Masked, Self::Softmax];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scores => "scores",
            Self::Scaled => "scaled",
            Self::Masked => "masked",
            Self::Softmax => "softmax",
        }
    }

    fn hides_masked(self) -> bool {
        matches!(self, Self::Masked | Self::Softmax)
    }
}

/// What the large picture shows.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The capture from which it comes.
    pub capture: Arc<AttentionCapture>,
    /// Whose attention.
    pub choice: Choice,
    /// At which step.
    pub stage: Stage,
    /// How several heads became one.
    pub over: Over,
    /// `[t, t]`, row-major: row i looks at column j.
    pub values: Vec<f32>,
    /// `[t, t]`: what may not be looked at and so has no value here.
    pub blank: Vec<bool>,
    /// Its colours.
    pub scale: Scale,
}

impl Picture {
    /// In the lower half, the largest value beside the diagonal and the first column, which most heads favour.
    pub fn telling_cell(&self) -> Option<(usize, usize)> {
        let t = self.capture.tokens.len();
        let cells = (t / 2..t).flat_map(|row| (1..row).map(move |column| (row, column)));
        cells.max_by(|a, b| self.values[a.0 * t + a.1].total_cmp(&self.values[b.0 * t + b.1]))
    }
}

/// The matrix of a choice at a stage.
pub fn picture(capture: &Arc<AttentionCapture>, wish: Wish) -> Picture {
    let Wish { choice, stage, over, least } = wish;
    let choice = choice.within(capture.layers, capture.heads);
    let t = capture.tokens.len();
    let source = if stage == Stage::Softmax { &capture.weights } else { &capture.scores };
    let mut values = combined(source, t * t, &places(capture, choice), over);
    if matches!(stage, Stage::Scaled | Stage::Masked) {
        values.iter_mut().for_each(|value| *value *= capture.scale);
    }
    let mut blank = if stage.hides_masked() { blank(capture, choice) } else { vec![false; t * t] };
    let scale = match stage {
        Stage::Softmax => {
            let high = brightest(&values, t);
            Scale::Root { high, clipped: values.iter().any(|&weight| weight > high) }
        }
        _ => {
            let shown = values.iter().zip(&blank).filter(|(_, blank)| !**blank).map(|(value, _)| *value);
            Scale::diverging_for(&shown.collect::<Vec<_>>())
        }
    };
    if stage == Stage::Softmax && least > 0.0 {
        blank.iter_mut().zip(&values).for_each(|(blank, weight)| *blank |= *weight < least);
    }
    Picture { capture: capture.clone(), choice, stage, over, values, blank, scale }
}

/// Which of the `[layers × heads]` matrices a choice is made of.
fn places(capture: &AttentionCapture, choice: Choice) -> Vec<usize> {
    let heads = capture.heads;
    match choice {
        Choice::Head(layer, head) => vec![layer * heads + head],
        Choice::Layer(layer) => (layer * heads..(layer + 1) * heads).collect(),
        Choice::All => (0..capture.layers * heads).collect(),
    }
}

/// One matrix of `size` values out of some.
fn combined(source: &[f32], size: usize, places: &[usize], over: Over) -> Vec<f32> {
    let matrix = |place: usize| source.get(place * size..(place + 1) * size).unwrap_or_default();
    let Some((&first, rest)) = places.split_first() else { return vec![0.0; size] };
    let mut out = matrix(first).to_vec();
    out.resize(size, 0.0);
    for &place in rest {
        let pairs = out.iter_mut().zip(matrix(place));
        match over {
            Over::Mean => pairs.for_each(|(sum, value)| *sum += value),
            Over::Maximum => pairs.for_each(|(largest, value)| *largest = largest.max(*value)),
        }
    }
    if over == Over::Mean && !rest.is_empty() {
        let share = 1.0 / places.len() as f32;
        out.iter_mut().for_each(|sum| *sum *= share);
    }
    out
}

/// What nobody of a choice may look at.
fn blank(capture: &AttentionCapture, choice: Choice) -> Vec<bool> {
    let t = capture.tokens.len();
    let mut blank = vec![true; t * t];
    let layers = match choice.layer() {
        Some(layer) => layer..layer + 1,
        None => 0..capture.layers,
    };
    for allowed in layers.filter_map(|layer| capture.allowed.get(layer)) {
        blank.iter_mut().zip(allowed).for_each(|(blank, allowed)| *blank &= !allowed);
    }
    blank
}

/// The weight of full colour: the largest one, but for the first quarter of the rows, whose tokens have so few to look at
/// that their weights are large whatever the head does.
fn brightest(weights: &[f32], t: usize) -> f32 {
    let rest = weights.get(t.div_ceil(4) * t..).filter(|rest| !rest.is_empty()).unwrap_or(weights);
    let largest = rest.iter().copied().filter(|w| w.is_finite()).fold(0.0f32, f32::max);
    nice_ceil(f64::from(largest)).clamp(0.01, 1.0) as f32
}

/// Small pictures of all heads side by side, a row a layer; behind each layer's heads their mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Thumbnails {
    /// Pixels a side of one.
    pub side: usize,
    /// Layers.
    pub layers: usize,
    /// Heads, without the mean.
    pub heads: usize,
    /// `[layers × side, (heads + 1) × side]`: place on the colour bar.
    pub shares: Vec<f32>,
}

/// Most pixels a side of a thumbnail.
const LARGEST_SIDE: usize = 48;

impl Thumbnails {
    /// Pixels of a row of the whole sheet.
    pub fn columns(&self) -> usize {
        (self.heads + 1) * self.side
    }

    /// Rows of pixels of the whole sheet.
    pub fn rows(&self) -> usize {
        self.layers * self.side
    }
}

/// The thumbnails of a capture.
pub fn thumbnails(capture: &AttentionCapture) -> Thumbnails {
    let t = capture.tokens.len();
    let (layers, heads) = (capture.layers, capture.heads);
    let side = t.clamp(1, LARGEST_SIDE);
    let mut sheet = Thumbnails { side, layers, heads, shares: vec![0.0; layers * side * (heads + 1) * side] };
    let columns = sheet.columns();
    for layer in 0..layers {
        for head in 0..=heads {
            let choice = if head < heads { Choice::Head(layer, head) } else { Choice::Layer(layer) };
            let values = combined(&capture.weights, t * t, &places(capture, choice), Over::Mean);
            let scale = Scale::Root { high: brightest(&values, t), clipped: false };
            let small = pooled(&values, t, side);
            for (y, row) in small.chunks(side).enumerate() {
                let start = (layer * side + y) * columns + head * side;
                let target = sheet.shares.get_mut(start..start + side).unwrap_or_default();
                target.iter_mut().zip(row).for_each(|(share, value)| *share = scale.share(*value));
            }
        }
    }
    sheet
}

/// A `[t, t]` matrix as `[side, side]`. Each pixel takes the largest of its values, so that a fine diagonal is not lost.
fn pooled(values: &[f32], t: usize, side: usize) -> Vec<f32> {
    let mut out = vec![0.0f32; side * side];
    for (i, row) in values.chunks(t.max(1)).enumerate() {
        let y = i * side / t;
        for (j, &value) in row.iter().enumerate() {
            if let Some(pixel) = out.get_mut(y * side + j * side / t) {
                *pixel = pixel.max(value);
            }
        }
    }
    out
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::ModelRef;

    /// A capture whose values tell where they come from; causal, but for the last layer, which looks one back at most.
    pub fn capture(layers: usize, heads: usize, tokens: &[&str]) -> Arc<AttentionCapture> {
        let t = tokens.len();
        let (mut scores, mut weights, mut allowed) = (Vec::new(), Vec::new(), Vec::new());
        for layer in 0..layers {
            let narrow = layer + 1 == layers && layers > 1;
            let may = |i: usize, j: usize| j <= i && (!narrow || i - j <= 1);
            allowed.push((0..t * t).map(|k| may(k / t, k % t)).collect::<Vec<_>>());
            for head in 0..heads {
                for i in 0..t {
                    let row: Vec<f32> = (0..t).map(|j| (layer + 2 * head) as f32 + i as f32 * 0.5 - j as f32).collect();
                    let total: f32 = (0..t).filter(|&j| may(i, j)).map(|j| (row[j] * 0.5).exp()).sum();
                    let weight = |j: usize| if may(i, j) { (row[j] * 0.5).exp() / total } else { 0.0 };
                    weights.extend((0..t).map(weight));
                    scores.extend(row);
                }
            }
        }
        Arc::new(AttentionCapture {
            model: ModelRef::Builtin("shakespeare".to_owned()),
            tokens: tokens.iter().map(|&token| token.to_owned()).collect(),
            truncated: false,
            layers,
            heads,
            scores,
            weights,
            scale: 0.5,
            allowed,
            d_head: 4,
        })
    }

    /// The plain picture of a choice at a stage.
    pub fn wish(choice: Choice, stage: Stage) -> Wish {
        Wish { choice, stage, over: Over::Mean, least: 0.0 }
    }

    #[test]
    fn the_maximum_keeps_what_one_head_sees_and_small_weights_can_be_left_out() {
        let capture = capture(1, 3, &["a", "b", "c"]);
        let over = |over| picture(&capture, Wish { over, ..wish(Choice::Layer(0), Stage::Scores) }).values[0];
        assert_eq!((over(Over::Mean), over(Over::Maximum)), (2.0, 4.0));
        let all = picture(&capture, wish(Choice::Head(0, 0), Stage::Softmax));
        let least = all.values[7];
        let some = picture(&capture, Wish { least, ..wish(Choice::Head(0, 0), Stage::Softmax) });
        let shown = |picture: &Picture| picture.blank.iter().filter(|blank| !**blank).count();
        assert_eq!(shown(&all), 6);
        assert!(shown(&some) < 6 && !some.blank[7], "the weight itself is not below itself");
        let scores = picture(&capture, Wish { least: 9.0, ..wish(Choice::Head(0, 0), Stage::Scores) });
        assert_eq!(shown(&scores), 9, "only weights are left out");
    }

    #[test]
    fn stages_lead_from_scores_to_weights() {
        let capture = capture(2, 2, &["a", "b", "c"]);
        let picture = |capture: &Arc<AttentionCapture>, choice, stage| picture(capture, wish(choice, stage));
        let at = |stage, i: usize, j: usize| picture(&capture, Choice::Head(0, 1), stage).values[i * 3 + j];
        assert_eq!(at(Stage::Scores, 2, 1), 2.0 + 1.0 - 1.0);
        assert_eq!(at(Stage::Scaled, 2, 1), 1.0);
        let masked = picture(&capture, Choice::Head(0, 1), Stage::Masked);
        assert_eq!(masked.blank, [false, true, true, false, false, true, false, false, false]);
        let weights = picture(&capture, Choice::Head(0, 1), Stage::Softmax);
        for row in weights.values.chunks(3) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        // The weights are the softmax of what is not masked.
        let row = [masked.values[3], masked.values[4]];
        let share = row[0].exp() / (row[0].exp() + row[1].exp());
        assert!((weights.values[3] - share).abs() < 1e-6);
        assert!(picture(&capture, Choice::Head(0, 1), Stage::Scores).blank.iter().all(|blank| !blank));
    }

    #[test]
    fn means_are_over_the_layer_or_over_everything() {
        let capture = capture(2, 3, &["a", "b"]);
        let score = |choice| picture(&capture, wish(choice, Stage::Scores)).values[0];
        assert_eq!(score(Choice::Head(1, 2)), 5.0);
        assert_eq!(score(Choice::Layer(0)), (0.0 + 2.0 + 4.0) / 3.0);
        assert_eq!(score(Choice::All), (0.0 + 2.0 + 4.0 + 1.0 + 3.0 + 5.0) / 6.0);
        let out_of_range = picture(&capture, wish(Choice::Head(9, 9), Stage::Scores));
        assert_eq!(out_of_range.choice, Choice::Head(1, 2));
    }

    #[test]
    fn the_telling_cell_is_neither_on_the_diagonal_nor_in_the_first_column() {
        let picture = picture(&capture(1, 1, &["a", "b", "c", "d"]), wish(Choice::Head(0, 0), Stage::Softmax));
        assert_eq!(picture.telling_cell(), Some((2, 1)), "later rows share their weight among more");
        let one = super::picture(&capture(1, 1, &["a"]), wish(Choice::Head(0, 0), Stage::Softmax));
        assert_eq!(one.telling_cell(), None);
    }

    #[test]
    fn only_what_no_layer_may_see_is_blank_in_the_mean_of_all() {
        let capture = capture(2, 1, &["a", "b", "c"]);
        let narrow = picture(&capture, wish(Choice::Layer(1), Stage::Softmax));
        assert!(narrow.blank[2 * 3]);
        let all = picture(&capture, wish(Choice::All, Stage::Softmax));
        assert!(!all.blank[2 * 3] && all.blank[1]);
    }

    #[test]
    fn thumbnails_keep_their_place_and_fine_lines() {
        let small = capture(2, 3, &["a", "b", "c"]);
        let sheet = thumbnails(&small);
        assert_eq!((sheet.side, sheet.rows(), sheet.columns()), (3, 6, 12));
        // Layer 0, head 2, row 1, column 0.
        let weight = small.weights[2 * 9 + 3];
        assert!((sheet.shares[12 + 2 * 3] - weight.sqrt()).abs() < 1e-6, "the scale of this head reaches to 1");
        let line: Vec<f32> = (0..100 * 100).map(|k| f32::from(u8::from(k / 100 == k % 100))).collect();
        let pooled = pooled(&line, 100, 48);
        assert!((0..48).all(|i| pooled[i * 48 + i] == 1.0));
    }
}
