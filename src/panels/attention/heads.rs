//! The left column: the text, and every head of the model as a thumbnail.

use egui::{Align2, Color32, Mesh, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::Attention;
use super::compute::{Choice, Over, Picture, Thumbnails};
use crate::panels::Shared;
use crate::widgets::heatmap::{Cells, Scale, Texture};
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::{controls, number};

/// Room left of the thumbnails for the layers' numbers, and above them for the heads'.
const NUMBERS: f32 = 20.0;
/// Between two thumbnails, and before the means.
const GAP: f32 = 3.0;
/// Room for the chosen head in numbers.
const DETAIL: f32 = 240.0;
/// Largest side of a thumbnail.
const LARGEST: f32 = 96.0;

/// Makes the texture of all thumbnails, if they are new.
pub(super) fn prepare(atlas: &mut Texture, ctx: &egui::Context, sheet: &Thumbnails, version: u64) {
    let scale = Scale::Sequential { low: 0.0, high: 1.0 };
    let (rows, columns) = (sheet.rows(), sheet.columns());
    atlas.update(ctx, &Cells { rows, columns, values: &sheet.shares, blank: None, version, scale });
}

impl Attention {
    /// Text, thumbnails, means.
    pub(super) fn heads_ui(&mut self, ui: &mut Ui, shared: &Shared) {
        controls::section_title(ui, t!("attention.text"));
        // A long text scrolls instead of pushing the heads away.
        let area = egui::ScrollArea::vertical().id_salt("text").max_height(ui.available_height() * 0.25);
        let typed = area.show(ui, |ui| controls::text_area(ui, &t!("attention.text_field"), 3, &mut self.text));
        if typed.inner.changed() {
            self.begun = true;
            self.problem = None;
        }
        self.text_notes(ui, shared);
        ui.add_space(space::M);
        controls::section_title(ui, t!("attention.heads"));
        if self.thumbnails.is_some() {
            self.grid_ui(ui);
            ui.add_space(space::XS);
            let mut all = self.choice == Choice::All;
            if controls::switch(ui, &mut all, t!("attention.mean_of_all")) {
                self.choice = if all { Choice::All } else { Choice::Head(0, 0) };
            }
            controls::note(ui, t!("attention.keys"));
            ui.add_space(space::XS);
            let area = egui::ScrollArea::vertical().id_salt("detail").auto_shrink(false);
            area.show(ui, |ui| self.detail_ui(ui, shared));
        } else {
            controls::note(ui, t!("attention.heads_to_come"));
        }
    }

    /// How long the text is, whether all of it is looked at, or what is wrong with it.
    fn text_notes(&self, ui: &mut Ui, shared: &Shared) {
        let theme = Theme::here(ui);
        if let Some(problem) = &self.problem {
            ui.horizontal_top(|ui| {
                ui.label(controls::icon(icons::ICON_ERROR.codepoint, size::TITLE).color(theme.bad));
                ui.add(egui::Label::new(egui::RichText::new(problem).color(theme.bad)).wrap());
            });
            return;
        }
        let Some(capture) = &self.capture else { return };
        let count = number::grouped(capture.tokens.len() as i64);
        if capture.truncated {
            let context = shared.model.as_ref().map_or(capture.tokens.len(), |model| model.config.context);
            let words = t!("attention.truncated", count = count, context = number::grouped(context as i64));
            ui.add(egui::Label::new(egui::RichText::new(words).color(theme.warn)).wrap());
        } else {
            controls::note(ui, t!("attention.tokens", count = count));
        }
    }

    /// A row a layer, a column a head, and the layer's mean behind them.
    fn grid_ui(&mut self, ui: &mut Ui) {
        let Some((sheet, _)) = &self.thumbnails else { return };
        let (layers, heads) = (sheet.layers, sheet.heads);
        let columns = heads as f32 + 1.0;
        let wide = (ui.available_width() - NUMBERS - space::S - columns * GAP) / columns;
        // Below the thumbnails stand the switch, the note on keys and the chosen head in numbers.
        let high = (ui.available_height() - NUMBERS - 90.0 - DETAIL) / layers as f32 - GAP;
        let side = wide.min(high.max(10.0)).clamp(6.0, LARGEST).floor();
        let area = vec2(NUMBERS + space::S + columns * (side + GAP), NUMBERS + layers as f32 * (side + GAP));
        let (rect, outer) = ui.allocate_exact_size(area, Sense::hover());
        let place = |layer: usize, column: usize| {
            let apart = if column == heads { space::S } else { 0.0 };
            let x = NUMBERS + column as f32 * (side + GAP) + apart;
            Rect::from_min_size(rect.min + vec2(x, NUMBERS + layer as f32 * (side + GAP)), vec2(side, side))
        };
        numbers(ui, layers, heads, side, &place);
        self.thumbnails_ui(ui, place);
        let mut chosen = None;
        for layer in 0..layers {
            for column in 0..=heads {
                let choice = if column < heads { Choice::Head(layer, column) } else { Choice::Layer(layer) };
                let at = place(layer, column);
                let response = ui.interact(at, outer.id.with((layer, column)), Sense::click());
                let on = self.choice == choice;
                response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, name(choice)));
                if response.clicked() {
                    chosen = Some(choice);
                }
                if ui.is_rect_visible(at) {
                    edge(ui, at, on, response.hovered() || response.has_focus());
                }
                response.on_hover_text(name(choice));
            }
        }
        self.choice = chosen.unwrap_or(self.choice);
    }

    /// All pictures at once: one of them alone, between edges, would be a draw call of its own.
    fn thumbnails_ui(&self, ui: &Ui, place: impl Fn(usize, usize) -> Rect) {
        let (Some((sheet, _)), Some(texture)) = (&self.thumbnails, self.atlas.id()) else { return };
        let size = vec2(1.0 / (sheet.heads + 1) as f32, 1.0 / sheet.layers.max(1) as f32);
        let mut mesh = Mesh::with_texture(texture);
        for layer in 0..sheet.layers {
            for column in 0..=sheet.heads {
                let uv = Rect::from_min_size(pos2(column as f32 * size.x, layer as f32 * size.y), size);
                mesh.add_rect_with_uv(place(layer, column), uv, Color32::WHITE);
            }
        }
        ui.painter().add(mesh);
    }
}

/// The edge of a thumbnail: whether it is the chosen one, and whether it is pointed at.
fn edge(ui: &Ui, at: Rect, on: bool, lit: bool) {
    let theme = Theme::here(ui);
    let edge = match (on, lit) {
        (true, _) => Stroke::new(2.5, theme.accent),
        (_, true) => Stroke::new(1.5, theme.ink),
        _ => Stroke::new(1.0, theme.line),
    };
    ui.painter().rect_stroke(at, 1.0, edge, StrokeKind::Outside);
}

/// What a choice is called.
pub(super) fn name(choice: Choice) -> String {
    match choice {
        Choice::Head(layer, head) => t!("attention.head", layer = layer + 1, head = head + 1),
        Choice::Layer(layer) => t!("attention.mean_of_layer", layer = layer + 1),
        Choice::All => t!("attention.mean_of_all"),
    }
    .into_owned()
}

/// What a picture is called: like its choice, but for what became of several heads.
pub(super) fn title(picture: &Picture) -> String {
    match (picture.over, picture.choice) {
        (Over::Maximum, Choice::Layer(layer)) => t!("attention.max_of_layer", layer = layer + 1).into_owned(),
        (Over::Maximum, Choice::All) => t!("attention.max_of_all").into_owned(),
        (_, choice) => name(choice),
    }
}

/// Numbers of layers and heads at the grid's edges, as many as there is room for.
fn numbers(ui: &Ui, layers: usize, heads: usize, side: f32, place: &impl Fn(usize, usize) -> Rect) {
    let theme = Theme::here(ui);
    let painter = ui.painter();
    let (font, ink) = (theme::text(size::SMALL), theme.ink_soft);
    let every = (16.0 / (side + GAP)).ceil().max(1.0) as usize;
    for head in (0..heads).step_by(every) {
        let top = place(0, head).center_top() - vec2(0.0, 3.0);
        painter.text(top, Align2::CENTER_BOTTOM, (head + 1).to_string(), font.clone(), ink);
    }
    let mean = place(0, heads);
    let at = pos2(mean.center().x.min(ui.max_rect().right() - 14.0), mean.top() - 3.0);
    painter.text(at, Align2::CENTER_BOTTOM, t!("attention.mean_sign"), font.clone(), ink);
    for layer in (0..layers).step_by(every) {
        let left = place(layer, 0).left_center() - vec2(5.0, 0.0);
        painter.text(left, Align2::RIGHT_CENTER, (layer + 1).to_string(), font.clone(), ink);
    }
}
