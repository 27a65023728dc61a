//! Saying a sentence again: how well every place is recalled from one vector and with attention, and one sentence with whom
//! each step looks at.

use std::sync::Arc;

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::{Pair, largest_terms, weights_ui};
use crate::chapters::{Readings, parts};
use crate::train::recall::{Recall, WORDS};
use crate::widgets::controls;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{self, Theme, size};

/// Both networks.
#[derive(Default)]
pub(super) struct Repetition {
    /// Without and with attention.
    found: [Option<Arc<Recall>>; 2],
    /// The output step that is looked at.
    step: usize,
}

impl Repetition {
    /// Takes what a network can do by now.
    pub fn take(&mut self, recall: Arc<Recall>) {
        let which = usize::from(recall.attention);
        self.found[which] = Some(recall);
    }

    /// Steps that the training of a network has made.
    pub fn step_of(&self, attention: bool) -> usize {
        self.found[usize::from(attention)].as_ref().map_or(0, |recall| recall.step)
    }

    /// The output step that is looked at, from 0.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The figure's numbers.
    pub fn read(&self, readings: &mut Readings) {
        let [one, all] = self.found.each_ref().map(|found| found.as_ref().map(|found| &found.right[..]));
        for (name, value) in [
            ("first_one", one.and_then(<[f32]>::first)),
            ("last_one", one.and_then(<[f32]>::last)),
            ("first_attention", all.and_then(<[f32]>::first)),
        ] {
            if let Some(value) = value {
                readings.insert(name, f64::from(*value));
            }
        }
    }

    /// Both networks in words.
    pub fn describe(&self) -> String {
        let [one, all] =
            self.found.each_ref().map(|found| found.as_ref().map_or_else(|| "—".to_owned(), |f| spoken(f)));
        t!("chapters_attention.seq2seq.describe", one = one, all = all).into_owned()
    }

    /// Bars and example.
    pub fn ui(&mut self, ui: &mut Ui) {
        if self.found.iter().all(Option::is_none) {
            parts::sentence(ui, t!("chapters_attention.seq2seq.start"));
            return;
        }
        let height = ((ui.available_height() - 400.0) / 2.0).clamp(64.0, 180.0);
        let titles = [t!("chapters_attention.seq2seq.one"), t!("chapters_attention.seq2seq.all")];
        for (i, (title, found)) in titles.iter().zip(&self.found).enumerate() {
            if let Some(found) = found {
                controls::note(ui, &**title);
                let color = Theme::here(ui).series[i];
                bars_ui(ui, height, color, title, found);
            }
        }
        controls::note(ui, t!("chapters_attention.seq2seq.axis"));
        self.example_ui(ui);
    }

    /// One sentence, and whom each output step looked at.
    fn example_ui(&mut self, ui: &mut Ui) {
        let Some(found) = self.found[1].clone() else { return };
        let Some(example) = found.examples.first() else { return };
        let words = words();
        let name = |word: &usize| words.get(*word).cloned().unwrap_or_default();
        let read: Vec<String> = example.read.iter().map(name).collect();
        let said: Vec<String> = example.said.iter().map(name).collect();
        controls::section_title(ui, t!("chapters_attention.seq2seq.example"));
        let n = read.len();
        let step = self.step.min(n.saturating_sub(1));
        let weights = example.weights.get(step * n..(step + 1) * n).unwrap_or_default();
        let word = said.get(step).map_or("", String::as_str);
        // Above the grid, which may be longer than there is room for.
        parts::numbers(ui, format!("c{} = {}  →  {word}", parts::subscript(step + 1), largest_terms(weights)));
        let pair = Pair { read: &read, said: &said, weights: &example.weights, step: self.step };
        let summary = t!("chapters_attention.seq2seq.grid");
        let clicked = weights_ui(ui, &pair, 58.0, &summary, |row, column, weight| {
            let word = read.get(column).map_or("", String::as_str);
            t!("chapters_attention.seq2seq.cell", step = row + 1, word = word, weight = percent(weight)).into_owned()
        });
        if let Some(row) = clicked {
            self.step = row;
            ui.ctx().request_repaint();
        }
    }
}

/// How often each place is recalled.
fn bars_ui(ui: &mut Ui, height: f32, color: egui::Color32, title: &str, found: &Recall) {
    let theme = Theme::here(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{title}: {}", spoken(found))));
    let width = rect.width() / found.right.len().max(1) as f32;
    let plot = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - 16.0));
    let painter = ui.painter();
    painter.hline(plot.x_range(), plot.top(), Stroke::new(1.0, theme.line.gamma_multiply(0.6)));
    let font = theme::text(size::SMALL);
    for (place, right) in found.right.iter().enumerate() {
        let left = plot.left() + place as f32 * width;
        let top = plot.bottom() - plot.height() * right;
        let bar = Rect::from_min_max(pos2(left + 2.0, top), pos2(left + width - 2.0, plot.bottom()));
        painter.rect_filled(bar, 2.0, color);
        let center = left + width / 2.0;
        let below = pos2(center, plot.bottom() + 1.0);
        painter.text(below, Align2::CENTER_TOP, place + 1, font.clone(), theme.ink_soft);
        if width > 30.0 {
            let words = format!("{:.0}", 100.0 * right);
            let (anchor, y, ink) = if *right > 0.3 {
                (Align2::CENTER_TOP, top + 2.0, theme.ink_on(color))
            } else {
                (Align2::CENTER_BOTTOM, top - 1.0, theme.ink)
            };
            painter.text(pos2(center, y), anchor, words, font.clone(), ink);
        }
    }
    // Guessing at random is right once in so many.
    let chance = plot.bottom() - plot.height() / WORDS as f32;
    painter.hline(plot.x_range(), chance, Stroke::new(1.0, theme.warn));
}

/// Words of the sentences, in the language of the interface.
fn words() -> Vec<String> {
    t!("chapters_attention.seq2seq.words").split_whitespace().map(str::to_owned).collect()
}

fn spoken(found: &Recall) -> String {
    found.right.iter().map(|right| percent(*right)).collect::<Vec<_>>().join(", ")
}
