//! Earlier texts: a list, the newest on top, and the one that is looked at.

use std::time::{SystemTime, UNIX_EPOCH};

use egui::text::{LayoutJob, TextFormat};
use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::settings::Strategy;
use super::{Action, Playground, View, export};
use crate::engine::history::Entry;
use crate::panels::export::Export;
use crate::panels::{Shared, model_label};
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::{controls, number};

/// Height of a line of the list.
const LINE: f32 = 52.0;

impl Playground {
    /// The whole view.
    pub(super) fn history_ui(&mut self, ui: &mut Ui, shared: &mut Shared) -> Option<Action> {
        if self.past.history.entries.is_empty() {
            if controls::empty_state(ui, icons::ICON_HISTORY.codepoint, t!("history.empty"), t!("playground.generate"))
            {
                self.view = View::Write;
                return Some(Action::Generate);
            }
            return None;
        }
        let room = ui.available_rect_before_wrap();
        let width = (room.width() * 0.36).clamp(240.0, 460.0);
        let left = Rect::from_min_size(room.min, vec2(width, room.height()));
        let right = Rect::from_min_max(pos2(left.right() + space::XL, room.top()), room.max);
        super::inside(ui, "list", left, |ui| self.list_ui(ui));
        super::inside(ui, "entry", right, |ui| self.entry_ui(ui, shared))
    }

    fn list_ui(&mut self, ui: &mut Ui) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let count = self.past.history.entries.len();
        ui.spacing_mut().item_spacing.y = 2.0;
        egui::ScrollArea::vertical().id_salt("history").auto_shrink(false).show_rows(ui, LINE, count, |ui, rows| {
            for place in rows {
                let Some(entry) = self.past.history.entries.get(place) else { continue };
                if line(ui, entry, self.past.selected == place, now).clicked() {
                    self.past.selected = place;
                }
            }
        });
    }

    fn entry_ui(&mut self, ui: &mut Ui, shared: &mut Shared) -> Option<Action> {
        let entry = self.past.entry()?.clone();
        let theme = Theme::here(ui);
        controls::section_title(ui, model_label(&entry.model));
        controls::note(ui, manner_words(&entry));
        let mut action = None;
        let room = ui.available_rect_before_wrap();
        let paper = Rect::from_min_max(room.min, room.max - vec2(0.0, 44.0));
        ui.painter().rect(paper, theme::RADIUS, theme.card, Stroke::new(1.0, theme.line), StrokeKind::Inside);
        super::on_sheet(ui, "kept text", paper.shrink2(vec2(space::L, space::M)), |ui| {
            egui::ScrollArea::vertical().id_salt("kept text").auto_shrink(false).show(ui, |ui| {
                let mut job = LayoutJob::default();
                job.wrap.max_width = ui.available_width();
                job.append(&entry.prompt, 0.0, TextFormat::simple(theme::mono(size::READ), theme.prompt));
                job.append(&entry.text, 0.0, TextFormat::simple(theme::mono(size::READ), theme.generated));
                ui.add(egui::Label::new(job).wrap().selectable(true));
            });
        });
        ui.allocate_rect(paper, Sense::hover());
        ui.horizontal(|ui| {
            if controls::primary_button(ui, icons::ICON_EDIT_NOTE.codepoint, t!("history.take_up")).clicked() {
                action = Some(Action::TakeUp(self.past.selected));
            }
            if controls::icon_button(ui, icons::ICON_CONTENT_COPY.codepoint, t!("playground.copy")).clicked() {
                ui.ctx().copy_text([entry.prompt.as_str(), &entry.text].concat());
            }
            self.export_buttons_ui(ui, &entry);
            ui.add_space(space::M);
            if controls::icon_button(ui, icons::ICON_DELETE.codepoint, t!("history.delete")).clicked() {
                let place = self.past.selected;
                self.past.change(shared, |history| {
                    if place < history.entries.len() {
                        history.entries.remove(place);
                    }
                });
            }
        });
        action
    }

    /// Markdown and JSON.
    pub(super) fn export_buttons_ui(&mut self, ui: &mut Ui, entry: &Entry) {
        let ctx = ui.ctx().clone();
        if controls::quiet_button(ui, icons::ICON_DOWNLOAD.codepoint, "Markdown")
            .on_hover_text(t!("history.export_markdown"))
            .clicked()
        {
            let entry = entry.clone();
            let build = move || Some(export::markdown(&entry).into_bytes());
            let title = t!("history.export_markdown");
            self.export = Some(Export::ask(&ctx, &title, "telar.md", ("Markdown", &["md"]), build));
        }
        if controls::quiet_button(ui, icons::ICON_DOWNLOAD.codepoint, "JSON")
            .on_hover_text(t!("history.export_json"))
            .clicked()
        {
            let entry = entry.clone();
            let build = move || export::json(&entry);
            let title = t!("history.export_json");
            self.export = Some(Export::ask(&ctx, &title, "telar.json", ("JSON", &["json"]), build));
        }
    }
}

/// One text of the list: its beginning, when and by which model.
fn line(ui: &mut Ui, entry: &Entry, chosen: bool, now: u64) -> egui::Response {
    let theme = Theme::here(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE - 2.0), Sense::click());
    let level = |text: &str| text.replace('\n', "↵ ").chars().take(60).collect::<String>();
    let beginning = level(&entry.prompt);
    let about = about_words(entry, now);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, format!("{beginning} · {about}")));
    let lit = chosen || response.hovered() || response.has_focus();
    if lit {
        ui.painter().rect_filled(rect, theme::RADIUS, theme.accent_soft);
    }
    let inner = rect.shrink2(vec2(space::S, 6.0));
    let mut job = LayoutJob::default();
    job.append(&beginning, 0.0, TextFormat::simple(theme::mono(size::BODY), theme.prompt));
    job.append(&level(&entry.text), 0.0, TextFormat::simple(theme::mono(size::BODY), theme.generated));
    job.wrap = egui::text::TextWrapping::truncate_at_width(inner.width());
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(inner.min, galley, theme.ink);
    let mut job = LayoutJob::simple_singleline(about, theme::text(size::SMALL), theme.ink_soft);
    job.wrap = egui::text::TextWrapping::truncate_at_width(inner.width());
    let galley = ui.painter().layout_job(job);
    let corner = pos2(inner.left(), inner.bottom() - galley.size().y);
    ui.painter().galley(corner, galley, theme.ink_soft);
    response
}

/// When, by which model and how: what tells two texts with the same beginning apart.
fn about_words(entry: &Entry, now: u64) -> String {
    let mut parts = vec![number::ago(entry.unix, now), model_label(&entry.model)];
    if let Some(seed) = entry.seed {
        parts.push(t!("playground.seed_is", seed = seed).into_owned());
        parts.push(format!("T = {:.2}", entry.sampling.temperature));
    }
    parts.push(t!("history.count", count = number::grouped(entry.tokens.len() as i64)).into_owned());
    parts.join(" · ")
}

/// How it was written, in one line.
fn manner_words(entry: &Entry) -> String {
    let strategy = t!(format!("playground.strategies.{}", entry.strategy));
    let (count, rate) = (number::grouped(entry.tokens.len() as i64), number::rate(entry.tokens_per_s));
    if let Some(beams) = entry.beams {
        return t!("history.manner_beams", strategy = strategy, beams = beams, count = count, rate = rate).into_owned();
    }
    if entry.strategy != Strategy::Sampling.name() {
        return t!("history.manner_plain", strategy = strategy, count = count, rate = rate).into_owned();
    }
    let seed = entry.seed.map_or_else(|| "—".to_owned(), |seed| seed.to_string());
    let sampling = &entry.sampling;
    t!(
        "history.manner",
        strategy = strategy,
        temperature = format!("{:.2}", sampling.temperature),
        top_p = format!("{:.2}", sampling.top_p),
        seed = seed,
        count = count,
        rate = rate
    )
    .into_owned()
}
