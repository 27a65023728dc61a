//! The learner's function inside a model: whether the model still says the same, and what it says instead.

use egui::{Grid, Label, RichText, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use super::feedback::{line, title};
use super::{Awaited, CodeCell};
use crate::course::cells::Verdict;
use crate::engine::lesson::cell::{Comparison, InModelReport, SAME};
use crate::panels::{Shared, model_label};
use crate::widgets::controls;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{Theme, mono, size, space, text};

impl CodeCell {
    /// The button, once there is a function that runs, and what came of it.
    pub(super) fn model_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let runs = self.report.value().is_some_and(|report| !matches!(report.verdict, Verdict::Failed { .. }));
        if !runs || self.running() {
            return;
        }
        if self.inside.job().is_some() {
            ui.horizontal(|ui| {
                ui.add(egui::Spinner::new().color(Theme::here(ui).accent));
                controls::note(ui, t!("cells.model.running"));
            });
        } else if self.checked == self.source {
            let button = controls::quiet_button(ui, icons::ICON_MEMORY.codepoint, t!("cells.model.run"));
            if button.on_hover_text(t!("cells.model.hint")).clicked() {
                self.run_in_model(shared);
            }
        }
        match &self.inside {
            Awaited::Ended(sentence) => line(ui, icons::ICON_INFO.codepoint, Theme::here(ui).ink_soft, sentence),
            Awaited::There(report) => report_ui(ui, report),
            _ => {}
        }
    }
}

fn report_ui(ui: &mut Ui, report: &InModelReport) {
    let theme = Theme::here(ui);
    match &report.outcome {
        Err(error) => {
            line(ui, icons::ICON_ERROR.codepoint, theme.bad, &format!("{} {error}", t!("cells.model.failed")));
        }
        Ok(comparison) => {
            let (glyph, ink, key) = if comparison.same() {
                (icons::ICON_CHECK_CIRCLE.codepoint, theme.good, "cells.model.same")
            } else if comparison.difference.is_finite() {
                (icons::ICON_CLOSE.codepoint, theme.bad, "cells.model.different")
            } else {
                (icons::ICON_CLOSE.codepoint, theme.bad, "cells.model.no_number")
            };
            // What is the same is told by the limit that it stays below.
            let difference = if comparison.same() { SAME } else { comparison.difference };
            let difference = short(difference);
            line(ui, glyph, ink, &t!(key, difference = difference, calls = comparison.calls));
            comparison_ui(ui, report, comparison);
        }
    }
}

fn comparison_ui(ui: &mut Ui, report: &InModelReport, comparison: &Comparison) {
    title(ui, &model_label(&report.model));
    let words: String = report.tokens.concat();
    controls::note(ui, format!("{}: «{}»", t!("cells.model.text"), words.trim()));
    Grid::new("in model").num_columns(3).spacing([space::XL, space::XS]).show(ui, |ui| {
        ui.label("");
        soft(ui, &t!("cells.model.before"));
        soft(ui, &t!("cells.model.after"));
        ui.end_row();
        soft(ui, &t!("cells.model.loss"));
        for loss in comparison.losses {
            value(ui, &format!("{loss:.3}"));
        }
        ui.end_row();
        let rows = comparison.next[0].len().max(comparison.next[1].len());
        for row in 0..rows {
            soft(ui, &if row == 0 { t!("cells.model.next").into_owned() } else { String::new() });
            for next in &comparison.next {
                let words = next.get(row).map(|(piece, share)| format!("{} {}", visible(piece), percent(*share)));
                value(ui, &words.unwrap_or_default());
            }
            ui.end_row();
        }
    });
}

/// A token whose white space can be seen.
fn visible(piece: &str) -> String {
    format!("{:<10}", piece.replace(' ', "␣").replace('\n', "⏎"))
}

fn short(value: f32) -> String {
    if value < 0.01 { format!("{value:.0e}") } else { format!("{value:.2}") }
}

fn soft(ui: &mut Ui, words: &str) {
    let ink = Theme::here(ui).ink_soft;
    ui.add(Label::new(RichText::new(words).font(text(size::SMALL)).color(ink)));
}

fn value(ui: &mut Ui, words: &str) {
    let ink = Theme::here(ui).ink;
    ui.add(Label::new(RichText::new(words).font(mono(size::BODY)).color(ink)));
}
