//! Answers side by side: what differs stands above each, how it went below.

use egui::text::{LayoutJob, TextFormat};
use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::compare::Mode;
use super::{Action, Playground};
use crate::panels::{Shared, model_label};
use crate::widgets::controls;
use crate::widgets::theme::{self, Theme, size, space};

/// Height of the prompt above the answers.
const PROMPT: f32 = 76.0;
/// Height of what differs, above an answer.
const HEAD: f32 = 56.0;
/// Height of the words below an answer.
const FOOT: f32 = 52.0;

/// The name of an answer: a number would read as its temperature.
fn letter(place: usize) -> &'static str {
    ["A", "B", "C"].get(place).copied().unwrap_or_default()
}

impl Playground {
    /// The whole view.
    pub(super) fn compare_ui(&mut self, ui: &mut Ui, shared: &mut Shared) -> Option<Action> {
        let width = ui.available_width();
        let (prompt, _) = ui.allocate_exact_size(vec2(width, PROMPT), Sense::hover());
        self.prompt_card_ui(ui, prompt);
        ui.horizontal(|ui| {
            if self.compare.writing().is_some() {
                if controls::primary_button(ui, icons::ICON_STOP.codepoint, t!("playground.stop")).clicked() {
                    self.compare.stop(shared);
                }
            } else if controls::primary_button(ui, icons::ICON_PLAY_ARROW.codepoint, t!("compare.write_all")).clicked()
            {
                self.write_all(shared);
            }
            let options = [
                (Mode::Temperatures, t!("compare.temperatures").into_owned()),
                (Mode::Models, t!("compare.models").into_owned()),
            ];
            let mut mode = self.compare.mode;
            if controls::segmented(ui, &t!("compare.what_differs"), &mut mode, &options) {
                self.compare.stop(shared);
                self.compare.mode = mode;
            }
            controls::note(ui, self.seed_words());
        });
        ui.add_space(space::XS);
        let room = ui.available_rect_before_wrap();
        let count = self.compare.lanes().len();
        let each = (room.width() - (count - 1) as f32 * space::L) / count as f32;
        let mut action = None;
        for lane in 0..count {
            let left = room.left() + lane as f32 * (each + space::L);
            let rect = Rect::from_min_size(pos2(left, room.top()), vec2(each, room.height()));
            let asked = super::inside(ui, &format!("lane {lane}"), rect, |ui| self.lane_ui(ui, lane, shared));
            action = action.or(asked);
        }
        action
    }

    /// Begins all answers, with the page's seed.
    pub(super) fn write_all(&mut self, shared: &mut Shared) {
        self.stop(shared);
        if self.settings.random_seed {
            self.settings.draw_seed();
        }
        self.compare.start(&self.prompt, &self.settings.manner, self.settings.seed, shared);
    }

    /// An answer becomes a thread of the sheet.
    pub(super) fn take_over(&mut self, lane: usize, shared: &mut Shared) {
        let Some(answer) = self.compare.lanes().get(lane).map(|lane| lane.answer.clone()) else { return };
        if !answer.belongs_to(&self.prompt, &shared.model_ref) {
            return;
        }
        self.add_thread(answer, shared);
        self.view = super::View::Write;
    }

    fn prompt_card_ui(&mut self, ui: &mut Ui, rect: Rect) {
        let theme = Theme::here(ui);
        let line = Stroke::new(1.0, theme.line);
        ui.painter().rect(rect, theme::RADIUS, theme.card, line, StrokeKind::Inside);
        super::on_sheet(ui, "compared prompt", rect.shrink2(vec2(space::L, space::M)), |ui| {
            egui::ScrollArea::vertical().id_salt("compared prompt").auto_shrink(false).show(ui, |ui| {
                let edit = egui::TextEdit::multiline(&mut self.prompt)
                    .font(theme::mono(size::READ))
                    .text_color(theme.prompt)
                    .hint_text(t!("playground.prompt_hint").into_owned())
                    .frame(egui::Frame::NONE)
                    .margin(egui::Margin::ZERO)
                    .desired_rows(2)
                    .desired_width(f32::INFINITY);
                ui.add(edit).accessible_name(t!("playground.prompt"));
            });
        });
    }

    fn lane_ui(&mut self, ui: &mut Ui, place: usize, shared: &Shared) -> Option<Action> {
        let room = ui.available_rect_before_wrap();
        let head = Rect::from_min_size(room.min, vec2(room.width(), HEAD));
        super::inside(ui, "head", head, |ui| self.lane_head_ui(ui, place, shared));
        let paper = Rect::from_min_max(pos2(room.left(), head.bottom() + space::XS), room.max - vec2(0.0, FOOT));
        let theme = Theme::here(ui);
        ui.painter().rect(paper, theme::RADIUS, theme.card, Stroke::new(1.0, theme.line), StrokeKind::Inside);
        let lane = self.compare.lanes().get(place)?;
        super::on_sheet(ui, "paper", paper.shrink2(vec2(space::L, space::M)), |ui| {
            egui::ScrollArea::vertical().id_salt("text").auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
                if let Some(problem) = &lane.problem {
                    ui.add(egui::Label::new(egui::RichText::new(problem).color(theme.bad)).wrap());
                    return;
                }
                let mut job = LayoutJob::default();
                job.wrap.max_width = ui.available_width();
                let format = |color| TextFormat::simple(theme::mono(size::BODY), color);
                if let Some((prompt, _)) = lane.answer.of.as_ref().filter(|_| !lane.answer.is_empty()) {
                    job.append(prompt, 0.0, format(theme.prompt));
                }
                job.append(&lane.answer.text, 0.0, format(theme.generated));
                let label = ui.add(egui::Label::new(job).wrap().selectable(true));
                let spoken = t!("compare.lane_is", name = letter(place), text = lane.answer.text.as_str());
                label.widget_info(|| WidgetInfo::labeled(Role::Paragraph, true, spoken.as_ref()));
            });
        });
        let foot = Rect::from_min_max(pos2(room.left(), paper.bottom() + space::XS), room.max);
        super::inside(ui, "foot", foot, |ui| self.lane_foot_ui(ui, place, shared))
    }

    fn lane_head_ui(&mut self, ui: &mut Ui, place: usize, shared: &Shared) {
        if self.compare.mode == Mode::Temperatures {
            if let Some(lane) = self.compare.lanes_mut().get_mut(place) {
                let name = t!("compare.temperature_of", name = letter(place));
                controls::value_slider(&mut lane.temperature, 0.0..=2.0, name).decimals(2).show(ui);
            }
        } else if place == 0 {
            ui.label(t!("compare.the_model").into_owned());
            ui.label(egui::RichText::new(model_label(&shared.model_ref)).font(theme::strong(size::BODY)));
        } else {
            ui.label(t!("compare.second").into_owned());
            let offered: Vec<_> =
                shared.models().into_iter().map(|model| (Some(model.clone()), model_label(&model))).collect();
            let mut second = self.compare.second.clone().or_else(|| {
                offered.iter().filter_map(|(model, _)| model.clone()).find(|model| *model != shared.model_ref)
            });
            controls::chooser(ui, &t!("compare.second"), 240.0, &mut second, &offered);
            self.compare.second = second;
        }
    }

    fn lane_foot_ui(&self, ui: &mut Ui, place: usize, shared: &Shared) -> Option<Action> {
        let lane = self.compare.lanes().get(place)?;
        let mut action = None;
        let middle = egui::Layout::left_to_right(egui::Align::Center);
        ui.allocate_ui_with_layout(ui.available_size(), middle, |ui| {
            let usable = !lane.answer.is_empty()
                && lane.answer.report.is_some()
                && lane.answer.belongs_to(&self.prompt, &shared.model_ref);
            ui.add_enabled_ui(usable, |ui| {
                if controls::icon_button(ui, icons::ICON_EDIT_NOTE.codepoint, t!("compare.take_over")).clicked() {
                    action = Some(Action::TakeOver(place));
                }
            });
            let running = self.compare.writing() == Some(place);
            let words = super::sheet_bar::report_words(&lane.answer, running);
            ui.add(
                egui::Label::new(
                    egui::RichText::new(words).font(theme::text(size::SMALL)).color(Theme::here(ui).ink_soft),
                )
                .wrap(),
            );
        });
        action
    }
}
