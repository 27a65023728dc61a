//! What came of a run: the verdict, the mistake by its name, what was printed, and the example's results.

use egui::{Color32, Label, RichText, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Awaited, CodeCell};
use crate::course::cells::{CellReport, Input, Shown, Verdict};
use crate::widgets::controls;
use crate::widgets::theme::{Theme, mono, size, space, strong, text};

impl CodeCell {
    /// All that is known of the last run.
    pub(super) fn report_ui(&self, ui: &mut Ui) {
        match &self.report {
            Awaited::Ended(sentence) => {
                line(ui, icons::ICON_INFO.codepoint, Theme::here(ui).ink_soft, sentence);
            }
            Awaited::Nothing | Awaited::Running(_, None) => {}
            Awaited::Running(_, Some(report)) | Awaited::There(report) => {
                // What is known of another text than the one above is paler.
                let stale = self.running() || self.checked != self.source;
                ui.scope(|ui| {
                    if stale {
                        ui.set_opacity(0.6);
                    }
                    verdict_ui(ui, report);
                });
            }
        }
    }
}

/// A sign and a sentence.
pub(super) fn line(ui: &mut Ui, glyph: &str, ink: Color32, sentence: &str) {
    ui.horizontal_top(|ui| {
        ui.add(Label::new(controls::icon(glyph, size::TITLE).color(ink)));
        let words = RichText::new(sentence).font(text(size::BODY)).color(Theme::here(ui).ink);
        ui.add(Label::new(words).wrap().selectable(true));
    });
}

fn verdict_ui(ui: &mut Ui, report: &CellReport) {
    let theme = Theme::here(ui);
    match &report.verdict {
        Verdict::Failed { error, input } => {
            line(ui, icons::ICON_ERROR.codepoint, theme.bad, &error.to_string());
            if let Some(Input::Hidden(arguments)) = input {
                let arguments: Vec<String> = arguments.iter().map(|(name, what)| format!("{name} {what}")).collect();
                controls::note(ui, t!("cells.failed_on_hidden", arguments = arguments.join(", ")));
            }
        }
        Verdict::Wrong(wrong) => {
            let title = format!("{} {}", t!("cells.wrong"), wrong.sentence());
            line(ui, icons::ICON_CLOSE.codepoint, theme.bad, &title);
            if let Some(sentence) = wrong.mistake_sentence() {
                line(ui, icons::ICON_LIGHTBULB.codepoint, theme.warn, &sentence);
            }
        }
        Verdict::Right { hidden, .. } => {
            line(ui, icons::ICON_CHECK_CIRCLE.codepoint, theme.good, &t!("cells.right", hidden = hidden));
        }
    }
    if !report.printed.is_empty() {
        title(ui, &t!("cells.output"));
        code(ui, report.printed.trim_end());
        if report.printed_cut {
            controls::note(ui, t!("cells.output_cut"));
        }
    }
    match &report.verdict {
        Verdict::Right { example, .. } => example_ui(ui, example, false),
        Verdict::Wrong(wrong) => example_ui(ui, &wrong.example, wrong.input == Input::Example),
        Verdict::Failed { .. } => {}
    }
}

/// The example's results; in front of what they should be where they are not that.
fn example_ui(ui: &mut Ui, example: &[Shown], wrong: bool) {
    if example.is_empty() {
        return;
    }
    title(ui, &t!("cells.example"));
    for shown in example {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            for (name, value) in &shown.arguments {
                named_code(ui, name, value);
            }
        });
        controls::note(ui, &shown.call);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            if !wrong || shown.given == shown.expected {
                code(ui, &shown.given);
                return;
            }
            for (name, text) in [("cells.given", &shown.given), ("cells.expected", &shown.expected)] {
                named_code(ui, &t!(name), text);
            }
        });
    }
}

/// A small title inside of what came of a run.
pub(super) fn title(ui: &mut Ui, words: &str) {
    let ink = Theme::here(ui).ink;
    ui.add(Label::new(RichText::new(words).font(strong(size::BODY)).color(ink)));
}

/// A value under its name.
fn named_code(ui: &mut Ui, name: &str, words: &str) {
    ui.vertical(|ui| {
        controls::note(ui, name);
        code(ui, words);
    });
}

fn code(ui: &mut Ui, words: &str) {
    let ink = Theme::here(ui).ink;
    ui.add(Label::new(RichText::new(words).font(mono(size::BODY)).color(ink)).selectable(true));
}
