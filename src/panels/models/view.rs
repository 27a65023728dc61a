//! Draws the page: a title with what is used, and the table.

use egui::{Align, Key, Layout, Rect, ScrollArea, Ui, UiBuilder, Vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::row_view::{Columns, heads_ui, row_ui, sentence};
use super::rows::Row;
use super::{Act, Models};
use crate::panels::Shared;
use crate::widgets::controls::{
    hairline, icon_button, note, page_title, quiet_button, section_title, text_field_hinted,
};
use crate::widgets::number;
use crate::widgets::theme::{Theme, space};

/// Widest that the page's content becomes, in points.
const COLUMN: f32 = 1240.0;
/// Width of the field for a search.
const FIELD: f32 = 300.0;
/// Height of its line.
const LINE: f32 = 34.0;

impl Models {
    pub(super) fn page_ui(&mut self, ui: &mut Ui, shared: &Shared, acts: &mut Vec<Act>) {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let page = ui.available_rect_before_wrap();
            let width = (page.width() - 2.0 * space::XL).min(COLUMN);
            let corner = egui::pos2(page.center().x - width / 2.0, page.top() + space::XL);
            let column = Rect::from_min_size(corner, Vec2::new(width, 0.0));
            ui.scope_builder(UiBuilder::new().max_rect(column).layout(Layout::top_down(Align::Min)), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                title_ui(ui, shared, acts);
                ui.add_space(space::M);
                let columns = Columns::of(width);
                heads_ui(ui, &columns);
                self.sections_ui(ui, &columns, shared, acts);
                self.search_ui(ui, &columns, shared, acts);
                ui.add_space(space::XL);
            });
        });
    }

    fn sections_ui(&self, ui: &mut Ui, columns: &Columns, shared: &Shared, acts: &mut Vec<Act>) {
        let rows = &self.rows;
        self.section_ui(ui, &t!("models.shipped"), &rows.shipped, columns, shared, acts);
        self.section_ui(ui, &t!("models.downloaded"), &rows.downloaded, columns, shared, acts);
        self.section_ui(ui, &t!("models.catalogue"), &rows.catalogue, columns, shared, acts);
        self.section_ui(ui, &t!("models.runs"), &rows.runs, columns, shared, acts);
        if rows.more_runs > 0 {
            ui.add_space(space::S);
            let words = t!("models.more_runs", count = number::grouped(rows.more_runs as i64));
            if quiet_button(ui, icons::ICON_HISTORY.codepoint, words).clicked() {
                acts.push(Act::ShowTraining);
            }
        }
        self.section_ui(ui, &t!("models.folders"), &rows.folders, columns, shared, acts);
    }

    fn section_ui(
        &self,
        ui: &mut Ui,
        title: &str,
        rows: &[Row],
        columns: &Columns,
        shared: &Shared,
        acts: &mut Vec<Act>,
    ) {
        if rows.is_empty() {
            return;
        }
        ui.add_space(space::L);
        section_title(ui, title);
        ui.add_space(space::XS);
        self.rows_ui(ui, title, rows, columns, shared, acts);
    }

    fn rows_ui(&self, ui: &mut Ui, group: &str, rows: &[Row], columns: &Columns, shared: &Shared, acts: &mut Vec<Act>) {
        for (i, row) in rows.iter().enumerate() {
            hairline(ui);
            ui.push_id((group, i), |ui| row_ui(ui, row, columns, &self.desk, self.doomed.as_deref(), shared, acts));
        }
    }

    fn search_ui(&mut self, ui: &mut Ui, columns: &Columns, shared: &Shared, acts: &mut Vec<Act>) {
        ui.add_space(space::XL);
        section_title(ui, t!("models.search_title"));
        ui.add_space(space::XS);
        note(ui, t!("models.search_note"));
        ui.add_space(space::S);
        let line = Vec2::new(ui.available_width(), LINE);
        ui.allocate_ui_with_layout(line, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_height(LINE);
            let (name, hint) = (t!("models.search_field"), t!("models.search_hint"));
            let field = text_field_hinted(ui, &name, &hint, FIELD, &mut self.words);
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if let Some(job) = self.desk.searching() {
                if icon_button(ui, icons::ICON_CLOSE.codepoint, t!("models.search_cancel")).clicked() {
                    acts.push(Act::Cancel(job));
                }
                note(ui, t!("models.searching"));
            } else {
                let button = quiet_button(ui, icons::ICON_SEARCH.codepoint, t!("models.search"));
                if entered || button.clicked() {
                    acts.push(Act::Search);
                }
            }
        });
        if let Some(failure) = &self.desk.search_failure {
            ui.add_space(space::S);
            sentence(ui, Theme::here(ui).bad, failure);
        }
        let Some(found) = &self.desk.found else { return };
        ui.add_space(space::S);
        if found.is_empty() {
            note(ui, t!("models.nothing_found"));
        }
        self.rows_ui(ui, "found", &self.rows.found, columns, shared, acts);
    }
}

/// The title, what all of it takes, and the way to a folder of one's own.
fn title_ui(ui: &mut Ui, shared: &Shared, acts: &mut Vec<Act>) {
    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
        if quiet_button(ui, icons::ICON_FOLDER_OPEN.codepoint, t!("app.model.folder")).clicked() {
            acts.push(Act::PickFolder);
        }
        if quiet_button(ui, icons::ICON_DRAFT.codepoint, t!("models.file")).clicked() {
            acts.push(Act::PickFile);
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            page_title(ui, t!("app.page.models"), t!("models.what"));
            ui.add_space(space::XS);
            note(ui, used(shared));
        });
    });
}

/// Space on the disk and free memory, in a sentence.
fn used(shared: &Shared) -> String {
    let Some(library) = &shared.library else { return t!("models.listing").into_owned() };
    let space = t!("models.space", bytes = number::bytes(library.space));
    let memory = library.memory.map(|bytes| t!("models.memory_free", bytes = number::bytes(bytes)));
    let offline = library.offline.then(|| t!("models.offline"));
    [Some(space), memory, offline].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
