//! The learner's function inside a model: whether the model still says the same, and what it says instead.

use egui::{Align, Label, Layout, RichText, Ui, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::feedback::{line, title};
use super::{Awaited, CodeCell, waiting_ui};
use crate::course::cells::Verdict;
use crate::engine::lesson::cell::{Comparison, InModelReport, SAME};
use crate::panels::{Shared, model_label};
use crate::widgets::controls;
use crate::widgets::probability_bars::percent;
use crate::widgets::theme::{Theme, mono, size, space, strong, text};

/// Least width of one of the two models that are compared, in points.
const SIDE: f32 = 150.0;

impl CodeCell {
    /// The button, once there is a function that runs, and what came of it.
    pub(super) fn model_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        let runs = self.report.value().is_some_and(|report| !matches!(report.verdict, Verdict::Failed { .. }));
        if !runs || self.running() {
            return;
        }
        if self.inside.job().is_some() {
            waiting_ui(ui, t!("cells.model.running"), shared.motion);
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
    controls::note(ui, t!("cells.model.text", text = words.trim()));
    // Side by side as far as there is room for both.
    let room = ui.available_width();
    let width = if room < 2.0 * SIDE + space::XL { room } else { (room - space::XL) / 2.0 };
    ui.spacing_mut().item_spacing.y = space::XS;
    let sides = ["cells.model.before", "cells.model.after"].into_iter().zip(comparison.losses).zip(&comparison.next);
    let draw = |ui: &mut Ui| {
        for ((name, loss), next) in sides {
            ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                side_ui(ui, &t!(name), loss, next);
            });
        }
    };
    if width < room {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            draw(ui);
        });
    } else {
        draw(ui);
    }
}

/// What the model says: how it is called, its loss, and the tokens that it takes for likeliest.
fn side_ui(ui: &mut Ui, name: &str, loss: f32, next: &[(String, f32)]) {
    ui.spacing_mut().item_spacing.y = space::XS;
    ui.spacing_mut().interact_size.y = 0.0;
    let ink = Theme::here(ui).ink;
    ui.add(Label::new(RichText::new(name).font(strong(size::SMALL)).color(ink)).wrap());
    soft(ui, &t!("cells.model.loss"));
    value(ui, &format!("{loss:.3}"));
    soft(ui, &t!("cells.model.next"));
    for (piece, share) in next {
        ui.horizontal(|ui| {
            value(ui, &visible(piece));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| value(ui, &percent(*share)));
        });
    }
}

/// A token whose white space can be seen.
fn visible(piece: &str) -> String {
    piece.replace(' ', "␣").replace('\n', "⏎")
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
