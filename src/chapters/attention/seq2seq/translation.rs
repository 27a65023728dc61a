//! A small translation, step by step: what each word that is said looks at, its scores, weights, context and what is read of
//! it. A weight that is dragged takes its score with it, and everything behind follows, with the numbers of the network.

use std::sync::Arc;

use egui::{Label, Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Pair, largest_terms, weights_ui};
use crate::chapters::Readings;
use crate::chapters::parts::{self, read, subscript};
use crate::train::recall::{HELD_OUT, Reading, Readout, Recall, WIDTH, english, likeliest, softmax, spanish};
use crate::widgets::plane::number;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::{controls, share_bar};

/// A weight can be dragged to so little, and to all but so little: at the ends its score would be infinite.
const LEAST: f32 = 0.001;
/// Words that are shown of what is read of a context.
const BEST: usize = 3;
/// Height of a row of the step, and the widths of a word, of a score and of a weight, in points.
const ROW: f32 = 22.0;
const WORD: f32 = 72.0;
const SCORE: f32 = 48.0;
const WEIGHT: f32 = 40.0;

/// One word that is said, with its weights as they stand.
#[derive(Clone, Debug, PartialEq)]
struct Step {
    /// `[length]`.
    scores: Vec<f32>,
    /// Their softmax.
    weights: Vec<f32>,
    /// `[WIDTH]`.
    context: Vec<f32>,
    /// Probability of every word.
    shares: Vec<f32>,
}

impl Step {
    fn of(example: &Reading, readout: &Readout, scores: Vec<f32>) -> Self {
        let weights = softmax(&scores);
        let context = example.context(&weights);
        let shares = readout.read(&context);
        Self { scores, weights, context, shares }
    }

    fn said(&self) -> usize {
        likeliest(&self.shares)
    }
}

/// The score that gives one of the words this weight while all other scores stay as they are.
fn score_for(scores: &[f32], column: usize, weight: f32) -> f32 {
    let weight = weight.clamp(LEAST, 1.0 - LEAST);
    let others = || scores.iter().enumerate().filter(|(j, _)| *j != column).map(|(_, score)| *score);
    let largest = others().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = others().map(|score| (score - largest).exp()).sum();
    largest + sum.ln() + (weight / (1.0 - weight)).ln()
}

/// The network that translates, and one of its sentences.
#[derive(Default)]
pub(super) struct Translation {
    found: Option<Arc<Recall>>,
    example: usize,
    /// The word said that is looked at.
    step: usize,
    /// The sentence as its weights stand.
    steps: Vec<Step>,
}

impl Translation {
    /// Takes what the network can do by now.
    pub fn take(&mut self, recall: Arc<Recall>) {
        self.found = Some(recall);
        self.reset();
    }

    /// Steps that its training has made.
    pub fn trained(&self) -> usize {
        self.found.as_ref().map_or(0, |found| found.step)
    }

    /// The word said that is looked at, from 0.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The figure's numbers.
    pub fn read(&self, readings: &mut Readings) {
        if let Some(found) = &self.found {
            readings.insert("changed", self.changed() as f64);
            readings.insert("translated", f64::from(right(found)));
        }
    }

    /// The sentence in words, and how good the network is.
    pub fn describe(&self) -> String {
        let (Some(found), Some(example)) = (&self.found, self.example()) else {
            return t!("chapters_attention.seq2seq.start_translation").into_owned();
        };
        let read = named(&english(), &example.read).join(" ");
        let said = self.said().join(" ");
        let right = percent(right(found));
        t!("chapters_attention.seq2seq.describe_translation", read = read, said = said, right = right).into_owned()
    }

    /// Gives all weight of the first noun to the second one.
    pub fn demonstrate(&mut self) {
        self.step = 1;
        self.drag(1, 6, 0.8);
    }

    /// Brings the network's own weights back.
    fn reset(&mut self) {
        self.steps.clear();
        let Some(found) = self.found.clone() else { return };
        let (Some(example), Some(readout)) = (found.examples.get(self.example), &found.readout) else { return };
        let rows = example.scores.chunks(example.read.len().max(1));
        self.steps = rows.map(|scores| Step::of(example, readout, scores.to_vec())).collect();
        self.step = self.step.min(self.steps.len().saturating_sub(1));
    }

    /// Gives a read word this weight in one step; the others share what is left as they did.
    fn drag(&mut self, step: usize, column: usize, weight: f32) {
        let Some(found) = self.found.clone() else { return };
        let (Some(example), Some(readout)) = (found.examples.get(self.example), &found.readout) else { return };
        let Some(step) = self.steps.get_mut(step) else { return };
        let mut scores = step.scores.clone();
        let new = score_for(&scores, column, weight);
        if let Some(score) = scores.get_mut(column) {
            *score = new;
            *step = Step::of(example, readout, scores);
        }
    }

    fn example(&self) -> Option<&Reading> {
        self.found.as_ref()?.examples.get(self.example)
    }

    /// The words said, as the weights stand.
    fn said(&self) -> Vec<String> {
        let numbers: Vec<usize> = self.steps.iter().map(Step::said).collect();
        named(&spanish(), &numbers)
    }

    /// How many of them are other words than the network's own.
    fn changed(&self) -> usize {
        let own = self.example().map(|example| &example.said[..]).unwrap_or_default();
        self.steps.iter().zip(own).filter(|(step, own)| step.said() != **own).count()
    }

    /// Sentence, step and what comes of it; weights can be dragged where `movable`.
    pub fn ui(&mut self, ui: &mut Ui, movable: bool) {
        let Some(found) = self.found.clone() else {
            parts::sentence(ui, t!("chapters_attention.seq2seq.start_translation"));
            return;
        };
        let Some(example) = found.examples.get(self.example) else { return };
        let read = named(&english(), &example.read);
        self.grid_ui(ui, &read);
        let wish = self.buttons_ui(ui, &found);
        self.step_ui(ui, example, &read, movable);
        self.outcome_ui(ui);
        if let Some(example) = wish {
            self.example = example;
            self.reset();
        }
    }

    /// Every word said and the words that it looks at.
    fn grid_ui(&mut self, ui: &mut Ui, read: &[String]) {
        let said = self.said();
        let weights: Vec<f32> = self.steps.iter().flat_map(|step| step.weights.iter().copied()).collect();
        let pair = Pair { read, said: &said, weights: &weights, step: self.step };
        let summary = t!("chapters_attention.seq2seq.grid_translation");
        let clicked = weights_ui(ui, &pair, 64.0, &summary, |row, column, weight| {
            t!(
                "chapters_attention.seq2seq.cell_translation",
                step = row + 1,
                said = said.get(row).map_or("", String::as_str),
                word = read.get(column).map_or("", String::as_str),
                weight = percent(weight)
            )
            .into_owned()
        });
        self.step = clicked.unwrap_or(self.step);
    }

    /// Another sentence, or the same with the network's own weights: the one that is wished, by its place.
    fn buttons_ui(&self, ui: &mut Ui, found: &Recall) -> Option<usize> {
        let mut wish = None;
        ui.horizontal_wrapped(|ui| {
            let another = t!("chapters_attention.seq2seq.another");
            let glyph = icons::ICON_ARROW_FORWARD.codepoint;
            if found.examples.len() > 1 && controls::quiet_button(ui, glyph, another).clicked() {
                wish = Some((self.example + 1) % found.examples.len());
            }
            ui.add_enabled_ui(self.moved(), |ui| {
                let back = t!("chapters_attention.reset");
                if controls::quiet_button(ui, icons::ICON_UNDO.codepoint, back).clicked() {
                    wish = Some(self.example);
                }
            });
        });
        wish
    }

    /// Whether a weight is another one than the network's own.
    fn moved(&self) -> bool {
        let own = self.example().map(|example| &example.scores[..]).unwrap_or_default();
        self.steps.iter().flat_map(|step| &step.scores).zip(own).any(|(now, own)| now != own)
    }

    /// Score, softmax, weighted sum of the word that is looked at.
    fn step_ui(&mut self, ui: &mut Ui, example: &Reading, read: &[String], movable: bool) {
        let Some(step) = self.steps.get(self.step).cloned() else { return };
        let theme = Theme::here(ui);
        let said = named(&spanish(), &[step.said()]).concat();
        let title = t!("chapters_attention.seq2seq.step", step = self.step + 1, word = said);
        controls::section_title(ui, title);
        // Above the rows, so that it is in sight while one of them is dragged.
        self.result_ui(ui, example);
        let width = ui.available_width();
        let cell = if width < 480.0 { 3.0 } else { 4.0 };
        let bar = (width - WORD - SCORE - WEIGHT - cell * WIDTH as f32 - 5.0 * space::S).max(60.0);
        let small = |words: &str| RichText::new(words).font(theme::mono(size::SMALL)).color(theme.ink_soft);
        let mut dragged = None;
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing = vec2(space::S, 0.0);
            ui.horizontal(|ui| {
                for (width, words) in [(WORD, ""), (SCORE, "e"), (bar, "α = softmax(e)"), (WEIGHT, ""), (60.0, "h")] {
                    fixed(ui, width, small(words));
                }
            });
            ui.add_enabled_ui(movable, |ui| {
                for (j, (word, weight)) in read.iter().zip(&step.weights).enumerate() {
                    ui.horizontal(|ui| {
                        fixed(ui, WORD, RichText::new(word).font(theme::mono(size::BODY)).color(theme.ink));
                        fixed(ui, SCORE, small(&number(step.scores.get(j).copied().unwrap_or(0.0))));
                        let state = format!("h{}", subscript(j + 1));
                        let spoken = t!("chapters_attention.seq2seq.weight", word = word.as_str(), state = state);
                        if let Some(to) = share_bar::show(ui, vec2(bar, ROW), *weight, theme.series[0], &spoken) {
                            dragged = Some((j, to));
                        }
                        fixed(ui, WEIGHT, small(&format!("{weight:.2}")));
                        let values = example.states.get(j * WIDTH..(j + 1) * WIDTH).unwrap_or_default();
                        let spoken = t!("chapters_attention.seq2seq.state", state = state, word = word.as_str());
                        strip_ui(ui, cell, values, &spoken);
                    });
                }
            });
            ui.horizontal(|ui| {
                let name = format!("c{}", subscript(self.step + 1));
                let name = RichText::new(name).font(theme::mono(size::BODY)).color(theme.ink);
                // Its name stands beside its strip, where the weights end.
                fixed(ui, WORD + SCORE + bar + 2.0 * space::S, RichText::new(""));
                fixed(ui, WEIGHT, name);
                strip_ui(ui, cell, &step.context, &t!("chapters_attention.seq2seq.context"));
            });
        });
        if let Some((column, weight)) = dragged {
            let before = step.weights.get(column).copied().unwrap_or_default();
            self.drag(self.step, column, weight);
            // What was drawn above of it is of the weights before.
            if (weight.clamp(LEAST, 1.0 - LEAST) - before).abs() > 1e-4 {
                ui.ctx().request_repaint();
            }
        }
    }

    /// The context as a sum, and the word that is read of it.
    fn result_ui(&self, ui: &mut Ui, example: &Reading) {
        let Some(step) = self.steps.get(self.step) else { return };
        let words = spanish();
        let said = named(&words, &[step.said()]).concat();
        let sum = largest_terms(&step.weights);
        let mut line = format!("c{} = {sum}  →  {said}", subscript(self.step + 1));
        if let Some(own) = example.said.get(self.step).filter(|own| **own != step.said()) {
            let own = named(&words, &[*own]).concat();
            line = format!("{line} {}", t!("chapters_attention.seq2seq.before", word = own));
        }
        parts::numbers(ui, line);
    }

    /// The likeliest words of the context, and how good the network is.
    fn outcome_ui(&self, ui: &mut Ui) {
        let Some(step) = self.steps.get(self.step) else { return };
        let theme = Theme::here(ui);
        let words = spanish();
        let mut order: Vec<usize> = (0..step.shares.len()).collect();
        order.sort_by(|a, b| step.shares[*b].total_cmp(&step.shares[*a]));
        controls::note(ui, t!("chapters_attention.seq2seq.next_word"));
        for word in order.into_iter().take(BEST) {
            let name = RichText::new(words.get(word).copied().unwrap_or_default()).font(theme::mono(size::BODY));
            parts::named_bar(ui, name.color(theme.ink), step.shares[word], 1.0, theme.generated);
        }
        let found = self.found.as_ref().map_or(0.0, |found| right(found));
        parts::readings(
            ui,
            &[
                read(t!("chapters_attention.seq2seq.changed"), self.changed().to_string()),
                read(t!("chapters_attention.seq2seq.right", count = HELD_OUT), percent(found)),
            ],
        );
    }
}

/// Share of right words over all places.
fn right(found: &Recall) -> f32 {
    found.right.iter().sum::<f32>() / found.right.len().max(1) as f32
}

/// Words by their numbers.
fn named(words: &[&str], numbers: &[usize]) -> Vec<String> {
    numbers.iter().map(|number| words.get(*number).copied().unwrap_or_default().to_owned()).collect()
}

/// A text in a room of a given width.
fn fixed(ui: &mut Ui, width: f32, words: RichText) {
    ui.allocate_ui(vec2(width, ROW), |ui| {
        ui.set_min_width(width);
        ui.add(Label::new(words).truncate());
    });
}

/// Values from −1 to 1 side by side, as colours.
fn strip_ui(ui: &mut Ui, cell: f32, values: &[f32], spoken: &str) {
    let theme = Theme::here(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(cell * WIDTH as f32, ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, spoken));
    if !ui.is_rect_visible(rect) {
        return;
    }
    for (i, value) in values.iter().enumerate() {
        let corner = rect.min + vec2(i as f32 * cell, 3.0);
        let place = Rect::from_min_size(corner, vec2(cell, ROW - 6.0));
        ui.painter().rect_filled(place, 0.0, theme.diverging(*value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dragged_weight_is_met_and_the_others_keep_their_proportions() {
        let scores = [1.0, 2.0, -0.5, 0.0];
        let before = softmax(&scores);
        let mut moved = scores;
        moved[1] = score_for(&scores, 1, 0.3);
        let after = softmax(&moved);
        assert!((after[1] - 0.3).abs() < 1e-5, "{after:?}");
        for j in [2, 3] {
            assert!((after[j] / after[0] - before[j] / before[0]).abs() < 1e-5, "{before:?} {after:?}");
        }
        assert!((after.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn at_the_ends_scores_stay_finite() {
        for weight in [0.0, 1.0] {
            let score = score_for(&[0.0, 1.0], 0, weight);
            assert!(score.is_finite(), "{weight}: {score}");
        }
    }
}
