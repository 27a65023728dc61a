//! Below the sheet: what can be done with the text, how it went, the seed, and how full the context is.

use egui::text::LayoutJob;
use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::answer::Answer;
use super::{Action, Playground};
use crate::generate::StopReason;
use crate::panels::Shared;
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::{controls, number};

/// Below this width the buttons are fewer.
const NARROW: f32 = 470.0;

impl Playground {
    /// What can be done with the text.
    pub(super) fn buttons_ui(&mut self, ui: &mut Ui, shared: &Shared) -> Option<Action> {
        let mut action = None;
        // Beside the microscope there is room for the most important only.
        let narrow = ui.available_width() < NARROW;
        ui.horizontal(|ui| {
            let running = self.running.is_some();
            if running {
                if controls::primary_button(ui, icons::ICON_STOP.codepoint, t!("playground.stop")).clicked() {
                    action = Some(Action::Stop);
                }
            } else {
                let button = controls::primary_button(ui, icons::ICON_PLAY_ARROW.codepoint, t!("playground.generate"));
                if button.on_hover_text(t!("playground.generate_hint")).clicked() {
                    action = Some(Action::Generate);
                }
            }
            let written = !self.answer.is_empty();
            let belongs = written && self.answer_belongs(shared);
            ui.add_enabled_ui(belongs && !running, |ui| {
                let glyph = icons::ICON_KEYBOARD_DOUBLE_ARROW_RIGHT.codepoint;
                let words = t!("playground.continue");
                let button = if narrow {
                    controls::icon_button(ui, glyph, words)
                } else {
                    controls::quiet_button(ui, glyph, words)
                };
                if button.on_hover_text(t!("playground.continue_hint")).clicked() {
                    action = Some(Action::Continue);
                }
            });
            let mut press = |ui: &mut Ui, enabled: bool, glyph: &str, name: std::borrow::Cow<'_, str>, then: Action| {
                ui.add_enabled_ui(enabled, |ui| {
                    if controls::icon_button(ui, glyph, name).clicked() {
                        action = Some(then);
                    }
                });
            };
            ui.spacing_mut().item_spacing.x = 2.0;
            let (back, forth) = self.threads.ways();
            press(ui, back && !running, icons::ICON_UNDO.codepoint, t!("playground.undo"), Action::Undo);
            press(ui, forth && !running, icons::ICON_REDO.codepoint, t!("playground.redo"), Action::Redo);
            press(ui, written, icons::ICON_REPLAY.codepoint, t!("playground.regenerate"), Action::Regenerate);
            press(ui, written, icons::ICON_EXPOSURE_PLUS_1.codepoint, t!("playground.next_seed"), Action::NextSeed);
            if !narrow {
                let all = Action::Edit(self.answer.tokens.len());
                press(ui, belongs && !running, icons::ICON_EDIT.codepoint, t!("playground.edit"), all);
                press(ui, written, icons::ICON_BACKSPACE.codepoint, t!("playground.clear"), Action::Clear);
                self.share_ui(ui, written);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| self.seed_ui(ui));
        });
        action
    }

    /// The seed, and whether a new one is drawn for every text.
    fn seed_ui(&mut self, ui: &mut Ui) {
        let random = &mut self.settings.random_seed;
        if controls::icon_toggle(ui, icons::ICON_CASINO.codepoint, t!("playground.random_seed"), *random).clicked() {
            *random = !*random;
        }
        let field = egui::DragValue::new(&mut self.settings.seed).speed(0.2);
        let field = ui.add(field).accessible_name(t!("playground.seed"));
        field.on_hover_text(t!("playground.seed_hint"));
        // In a narrow sheet its hint and its name for a screen reader have to do.
        if ui.available_width() > 60.0 {
            ui.add_space(space::XS);
            controls::note(ui, t!("playground.seed"));
        }
    }

    /// Copy, and the menu of files.
    fn share_ui(&mut self, ui: &mut Ui, written: bool) {
        if controls::icon_button(ui, icons::ICON_CONTENT_COPY.codepoint, t!("playground.copy")).clicked() {
            ui.ctx().copy_text([self.prompt.as_str(), &self.answer.text].concat());
        }
        let report = self.answer.report;
        ui.add_enabled_ui(written && report.is_some(), |ui| {
            let button = controls::icon_button(ui, icons::ICON_DOWNLOAD.codepoint, t!("playground.export"));
            egui::Popup::menu(&button).accessible_name(t!("playground.export")).show(|ui| {
                if let Some(entry) = report.and_then(|report| self.entry_now(report)) {
                    self.export_buttons_ui(ui, &entry);
                }
            });
        });
    }

    /// The context is full: what that means, and how to go on.
    pub(super) fn full_ui(&self, ui: &mut Ui) -> Option<Action> {
        let theme = Theme::here(ui);
        ui.horizontal(|ui| {
            ui.label(controls::icon(icons::ICON_INFO.codepoint, size::READ).color(theme.warn));
            let go_on = controls::quiet_button(ui, "", t!("playground.keep_half"));
            let words = egui::RichText::new(t!("playground.context_full")).font(theme::text(size::SMALL));
            ui.add(egui::Label::new(words).wrap());
            go_on.on_hover_text(t!("playground.keep_half_hint")).clicked().then_some(Action::Continue)
        })
        .inner
    }

    /// The seed, fixed or drawn anew.
    pub(super) fn seed_words(&self) -> String {
        let seed = self.settings.seed;
        if self.settings.random_seed {
            t!("playground.seed_is_random", seed = seed).into_owned()
        } else {
            t!("playground.seed_is", seed = seed).into_owned()
        }
    }

    /// Speed, end and the context's fullness.
    pub(super) fn report_ui(&self, ui: &mut Ui, shared: &Shared) {
        let theme = Theme::here(ui);
        let context = shared.model.as_ref().map_or(0, |model| model.config.context);
        let read = self.read.len().min(context);
        let share = read as f32 / context.max(1) as f32;
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::hover());
        let words =
            t!("playground.context", read = number::grouped(read as i64), context = number::grouped(context as i64));
        let painter = ui.painter();
        let font = theme::text(size::SMALL);
        let galley = painter.layout_no_wrap(words.to_string(), font.clone(), theme.ink_soft);
        // In a narrow sheet the words take the bar's room.
        let wide = if rect.width() < NARROW { 0.0 } else { 56.0 };
        let left = rect.right() - galley.size().x - space::S - wide;
        let bar = Rect::from_min_size(pos2(left, rect.center().y - 2.0), vec2(wide, 4.0));
        let color = if share >= 1.0 { theme.warn } else { theme.accent };
        if wide > 0.0 {
            painter.rect_filled(bar, 2.0, theme.line);
            painter.rect_filled(Rect::from_min_size(bar.min, vec2(bar.width() * share, 4.0)), 2.0, color);
        }
        let at = pos2(rect.right() - galley.size().x, rect.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, theme.ink_soft);
        let report = report_words(&self.answer, self.running.is_some());
        let room = (bar.left() - rect.left() - space::M).max(0.0);
        let fits =
            |words: &String| painter.layout_no_wrap(words.clone(), font.clone(), theme.ink_soft).size().x <= room;
        // As much of it as there is room for; all of it is told on hover.
        let shown = if fits(&report) { report.clone() } else { short_report(&self.answer, self.running.is_some()) };
        let mut job = LayoutJob::simple_singleline(shown, font.clone(), theme.ink_soft);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let galley = painter.layout_job(job);
        let corner = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect).min;
        painter.galley(corner, galley, theme.ink_soft);
        let spoken = format!("{report} {} {words}", self.seed_words());
        response.widget_info(|| WidgetInfo::labeled(Role::Status, true, spoken.trim()));
        let hint = format!("{report}\n{}", t!("playground.context_hint"));
        response.on_hover_text(hint.trim());
    }
}

/// Why an answer ended, and how long it is.
fn short_report(answer: &Answer, running: bool) -> String {
    let count = number::grouped(answer.tokens.len() as i64);
    match &answer.report {
        Some(report) if !running => {
            t!("playground.report_short", reason = reason(report.stop), count = count).into_owned()
        }
        _ => report_words(answer, running),
    }
}

fn reason(stop: StopReason) -> std::borrow::Cow<'static, str> {
    match stop {
        StopReason::MaxTokens => t!("playground.ended.length"),
        StopReason::EndOfText => t!("playground.ended.end_of_text"),
        StopReason::StopText => t!("playground.ended.stop_text"),
        StopReason::ContextFull => t!("playground.ended.context"),
        StopReason::Cancelled => t!("playground.ended.cancelled"),
    }
}

/// Why an answer ended, and how fast it came.
pub(super) fn report_words(answer: &Answer, running: bool) -> String {
    let count = number::grouped(answer.tokens.len() as i64);
    if running {
        return t!("playground.writing", count = count).into_owned();
    }
    let Some(report) = &answer.report else { return String::new() };
    let reason = reason(report.stop);
    if report.tokens_per_s <= 0.0 {
        return reason.into_owned();
    }
    let first = format!("{}\u{202F}ms", number::grouped((report.first_token_s * 1e3).round() as i64));
    let rate = number::rate(report.tokens_per_s);
    t!("playground.report", reason = reason, count = count, rate = rate, first = first).into_owned()
}
