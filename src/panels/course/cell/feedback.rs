//! What came of a run: the verdict, the mistake by its name, what was printed, and the example's results.

use egui::accesskit::{Live, Role};
use egui::{Align, Color32, Label, Layout, RichText, ScrollArea, Ui, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Awaited, CodeCell};
use crate::course::cells::{CellReport, Input, Shown, Verdict};
use crate::widgets::controls;
use crate::widgets::theme::{Theme, mono, size, space, strong, text};

/// So high is what was printed or computed at most, in points; what is longer is scrolled.
const MOST: f32 = 260.0;

impl CodeCell {
    /// All that is known of the last run.
    pub(super) fn report_ui(&self, ui: &mut Ui) {
        match &self.report {
            Awaited::Ended(sentence) => {
                line(ui, icons::ICON_INFO.codepoint, Theme::here(ui).ink_soft, sentence);
            }
            Awaited::Nothing | Awaited::Running(_, None) => {}
            Awaited::Running(_, Some(report)) | Awaited::There(report) => {
                // What is known of another text than the one above is paler, and says so.
                let changed = self.checked != self.source && !self.running();
                let stale = self.running() || changed;
                if changed {
                    controls::note(ui, t!("cells.stale"));
                }
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

/// A sign and a sentence, which a screen reader says by itself.
pub(super) fn line(ui: &mut Ui, glyph: &str, ink: Color32, sentence: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add(Label::new(controls::icon(glyph, size::TITLE).color(ink)).selectable(false)).accessible_name("");
        let words = RichText::new(sentence).font(text(size::BODY)).color(Theme::here(ui).ink);
        let label = ui.add(Label::new(words.line_height(Some(size::TITLE))).wrap().selectable(true));
        ui.ctx().accesskit_node_builder(label.id, |node| {
            node.set_role(Role::Status);
            node.set_live(Live::Polite);
            node.set_label(sentence);
        });
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
        ui.push_id("printed", |ui| code(ui, report.printed.trim_end()));
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
    for (i, shown) in example.iter().enumerate() {
        ui.push_id(i, |ui| {
            let arguments: Vec<_> =
                shown.arguments.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
            values_ui(ui, &arguments);
            let given = (shown.given.as_str(), shown.given_shape.as_deref());
            let expected = (shown.expected.as_str(), Some(&shown.expected_shape[..]));
            if !wrong || given == expected {
                ui.push_id("result", |ui| values_ui(ui, &[(shaped(&shown.call, given.1), given.0)]));
                return;
            }
            controls::note(ui, &shown.call);
            let both = [("cells.given", given), ("cells.expected", expected)];
            let both = both.map(|(name, (value, shape))| (shaped(&t!(name), shape), value));
            ui.push_id("result", |ui| values_ui(ui, &both));
        });
    }
}

/// A name with the shape of what it names: `k · [3, 2]`.
fn shaped(name: &str, shape: Option<&[usize]>) -> String {
    shape.map_or_else(|| name.to_owned(), |shape| format!("{name} · {shape:?}"))
}

/// A small title inside of what came of a run.
pub(super) fn title(ui: &mut Ui, words: &str) {
    let ink = Theme::here(ui).ink;
    let title = ui.add(Label::new(RichText::new(words).font(strong(size::BODY)).color(ink)));
    ui.ctx().accesskit_node_builder(title.id, |node| {
        node.set_role(Role::Heading);
        node.set_label(words);
    });
}

/// Values under their names, side by side as far as there is room.
fn values_ui(ui: &mut Ui, values: &[(String, &str)]) {
    let (room, ink) = (ui.available_width(), Theme::here(ui).ink);
    let width = |(name, value): &(String, &str)| {
        let name = ui.painter().layout_no_wrap(name.clone(), text(size::SMALL), ink).size().x;
        let value = ui.painter().layout_no_wrap((*value).to_owned(), mono(size::BODY), ink).size().x;
        name.max(value).ceil().min(room)
    };
    let widths: Vec<f32> = values.iter().map(width).collect();
    let mut from = 0;
    while from < values.len() {
        let (mut to, mut used) = (from + 1, widths[from]);
        while to < values.len() && used + space::XL + widths[to] <= room {
            used += space::XL + widths[to];
            to += 1;
        }
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            for (i, ((name, value), width)) in values.iter().zip(&widths).enumerate().take(to).skip(from) {
                ui.allocate_ui_with_layout(vec2(*width, 0.0), Layout::top_down(Align::Min), |ui| {
                    ui.set_width(*width);
                    ui.spacing_mut().item_spacing.y = 2.0;
                    controls::note(ui, name);
                    ui.push_id(i, |ui| code(ui, value));
                });
            }
        });
        from = to;
    }
}

/// Values as they are written, in their columns: what is wider or longer than there is room for is scrolled.
fn code(ui: &mut Ui, words: &str) {
    let ink = Theme::here(ui).ink;
    let extent = ui.painter().layout_no_wrap(words.to_owned(), mono(size::BODY), ink).size();
    let label = Label::new(RichText::new(words).font(mono(size::BODY)).color(ink)).selectable(true).extend();
    if extent.x > ui.available_width() + 1.0 || extent.y > MOST {
        ScrollArea::both().max_height(MOST).auto_shrink([false, true]).show(ui, |ui| ui.add(label));
    } else {
        ui.add(label);
    }
}
