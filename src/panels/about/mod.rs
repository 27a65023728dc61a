//! What is this program, on what does it compute, where are its files, and what has happened?

mod log_tail;

use std::path::Path;

use egui::{Align, Label, Layout, Rect, RichText, ScrollArea, Ui, UiBuilder, Vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Panel, PanelId, Shared, device_label, preferences_ui};
use crate::engine::log;
use crate::widgets::controls::{card, icon_button, labelled, note, page_title, section_title};
use crate::widgets::theme::{Theme, mono, size, space, text};
use crate::widgets::{mark, number};
use log_tail::LogTail;

/// Widest that the page's content becomes, in points.
const COLUMN: f32 = 1080.0;
/// From this width on, settings and device stand beside each other.
const TWO_COLUMNS: f32 = 760.0;
const LABEL: f32 = 96.0;
/// Least height of the log's box, in points.
const LOG: f32 = 200.0;

/// The page.
#[derive(Default)]
pub struct About {
    log: LogTail,
    /// Whether it was drawn since the last `logic`.
    seen: bool,
}

impl Panel for About {
    fn id(&self) -> PanelId {
        PanelId::About
    }

    fn icon(&self) -> &'static str {
        icons::ICON_INFO.codepoint
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        if std::mem::take(&mut self.seen) {
            let now = ctx.input(|input| input.time);
            self.log.refresh(&log::path(&shared.home.logs()), now);
            ctx.request_repaint_after(std::time::Duration::from_secs_f64(log_tail::EVERY + 0.05));
        }
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.seen = true;
        let height = ui.available_height();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let page = ui.available_rect_before_wrap();
            let width = (page.width() - 2.0 * space::XL).min(COLUMN);
            let corner = egui::pos2(page.center().x - width / 2.0, page.top() + space::XL);
            let column = Rect::from_min_size(corner, Vec2::new(width, 0.0));
            ui.scope_builder(UiBuilder::new().max_rect(column).layout(Layout::top_down(Align::Min)), |ui| {
                title_ui(ui);
                ui.add_space(space::L);
                if width >= TWO_COLUMNS {
                    two_columns(ui, shared);
                } else {
                    settings_ui(ui, shared);
                    ui.add_space(space::L);
                    devices_ui(ui, shared);
                    ui.add_space(space::L);
                    files_ui(ui, &shared.home.root);
                }
                ui.add_space(space::XL);
                self.log_ui(ui, page.top() + height);
                ui.add_space(space::XL);
            });
        });
    }
}

impl About {
    /// The entries, the newest on top, in a box that reaches to the page's end at `bottom`.
    fn log_ui(&self, ui: &mut Ui, bottom: f32) {
        ui.horizontal(|ui| {
            section_title(ui, t!("about.log"));
            let copy = icon_button(ui, icons::ICON_CONTENT_COPY.codepoint, t!("about.copy_log"));
            if copy.clicked() {
                ui.ctx().copy_text(self.log.text.clone());
            }
        });
        if self.log.text.is_empty() {
            note(ui, t!("about.log_empty"));
            return;
        }
        let ink = Theme::here(ui).ink_soft;
        card(ui, |ui| {
            ui.set_width(ui.available_width());
            let height = (bottom - ui.cursor().top() - space::L - space::XL).max(LOG);
            let area = ScrollArea::vertical().id_salt("log").max_height(height).min_scrolled_height(height);
            area.show(ui, |ui| {
                for entry in self.log.entries().into_iter().rev() {
                    let words = RichText::new(entry).font(mono(size::SMALL)).color(ink);
                    ui.add(Label::new(words).wrap().selectable(true));
                }
            });
        });
    }
}

/// Settings on the left, device and files on the right.
fn two_columns(ui: &mut Ui, shared: &mut Shared) {
    let room = ui.available_rect_before_wrap();
    let width = (room.width() - space::L) / 2.0;
    let column = |left: f32| {
        let rect = Rect::from_min_size(egui::pos2(left, room.top()), Vec2::new(width, 0.0));
        UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Min))
    };
    ui.scope_builder(column(room.left()), |ui| settings_ui(ui, shared));
    let left = ui.cursor().top();
    let right = ui.scope_builder(column(room.left() + width + space::L), |ui| {
        devices_ui(ui, shared);
        ui.add_space(space::L);
        files_ui(ui, &shared.home.root);
    });
    // The longer one of both says where the page goes on.
    ui.add_space((left - right.response.rect.bottom()).max(0.0));
}

fn title_ui(ui: &mut Ui) {
    let theme = Theme::here(ui);
    ui.horizontal(|ui| {
        let (square, _) = ui.allocate_exact_size(Vec2::splat(56.0), egui::Sense::hover());
        mark::draw(ui.painter(), square, theme.ink_soft, theme.accent);
        ui.add_space(space::M);
        ui.vertical(|ui| {
            page_title(ui, format!("Telar {}", env!("CARGO_PKG_VERSION")), t!("about.what"));
            note(ui, t!("about.licence", licence = env!("CARGO_PKG_LICENSE")));
        });
    });
}

fn settings_ui(ui: &mut Ui, shared: &mut Shared) {
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        section_title(ui, t!("app.settings.title"));
        ui.add_space(space::S);
        preferences_ui(ui, shared);
    });
}

fn devices_ui(ui: &mut Ui, shared: &Shared) {
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        section_title(ui, t!("about.devices"));
        ui.add_space(space::S);
        let Some(found) = &shared.devices else {
            note(ui, t!("app.device.looking"));
            return;
        };
        for device in &found.devices {
            let name = match device.id.as_str() {
                "cpu" => format!("{}\n{}", device_label(device), device.name),
                _ => device_label(device),
            };
            let memory = device.memory_bytes.map_or(String::new(), |bytes| format!(" · {}", number::bytes(bytes)));
            let in_use = shared.device.as_deref() == Some(&device.id);
            let state = if in_use { t!("about.in_use") } else { t!("about.ready") };
            labelled(ui, state, LABEL, |ui| value(ui, &format!("{name}{memory}")));
        }
        for sentence in &found.notes {
            ui.add_space(space::XS);
            note(ui, sentence.as_str());
        }
    });
}

fn files_ui(ui: &mut Ui, root: &Path) {
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        section_title(ui, t!("about.files"));
        ui.add_space(space::S);
        ui.horizontal(|ui| {
            let path = root.display().to_string();
            let copy = icon_button(ui, icons::ICON_CONTENT_COPY.codepoint, t!("about.copy_path"));
            if copy.clicked() {
                ui.ctx().copy_text(path.clone());
            }
            let words = RichText::new(path).font(mono(size::SMALL)).color(Theme::here(ui).ink);
            ui.add(Label::new(words).truncate().selectable(true));
        });
        note(ui, t!("about.files_about"));
    });
}

fn value(ui: &mut Ui, words: &str) {
    ui.add(Label::new(RichText::new(words).font(text(size::BODY)).color(Theme::here(ui).ink)).wrap());
}
