//! What does «to attend» mean? A picture in patches: a click on one lights up those that are like it, by the dot product of
//! features made of their own pixels. To try: another patch; other sizes; a picture of one's own.

use std::sync::Arc;

use egui::{
    Color32, ColorImage, EventFilter, Key, Mesh, Modifiers, Rect, Role, Sense, Stroke, StrokeKind, TextureHandle,
    TextureOptions, Ui, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::chapters::parts::{self, Asked, lit, only, read};
use crate::chapters::{Figure, FigureEntry, Parameters, Stage};
use crate::engine::lesson::{Patches as Found, PictureSource};
use crate::engine::{Event, JobId, LessonRequest, LessonResult};
use crate::panels::dialog::{Answer, FileDialog};
use crate::panels::{Intent, Shared, Tone};
use crate::widgets::controls;
use crate::widgets::heatmap::value_text;
use crate::widgets::theme::{Theme, space};

pub(super) const ENTRY: FigureEntry = FigureEntry {
    name: "patches",
    make: |parameters| Box::new(Patches::new(parameters)),
    parameters: &["size", "row", "column"],
    readings: &["patch", "patches", "row", "column", "hovered"],
};

/// Sides of a patch to choose from, in pixels.
const SIZES: [usize; 4] = [8, 16, 32, 64];
/// A patch at least so alike is counted as lit.
const ALIKE: f32 = 0.5;

struct Patches {
    source: PictureSource,
    size: usize,
    /// Where on the picture was clicked, as shares of its width and height: stays when the size of patches changes.
    at: [f32; 2],
    asked: Asked<(PictureSource, usize)>,
    found: Option<Arc<Found>>,
    texture: Option<TextureHandle>,
    dialog: Option<FileDialog>,
    hovered: Option<usize>,
}

impl Patches {
    fn new(parameters: &Parameters) -> Self {
        let size = parts::number_of(parameters, "size", 8..=64, 16);
        let size = SIZES.into_iter().find(|known| *known == size).unwrap_or(16);
        Self {
            source: PictureSource::Shipped,
            size,
            // The right ear of the cat that ships.
            at: [0.69, 0.2],
            asked: Asked::default(),
            found: None,
            texture: None,
            dialog: None,
            hovered: None,
        }
    }

    /// The patch that was clicked.
    fn chosen(&self, found: &Found) -> usize {
        let place = |share: f32, count: usize| ((share * count as f32) as usize).min(count.saturating_sub(1));
        place(self.at[1], found.rows) * found.columns + place(self.at[0], found.columns)
    }

    fn choose(&mut self, found: &Found, row: usize, column: usize) {
        self.at = [(column as f32 + 0.5) / found.columns as f32, (row as f32 + 0.5) / found.rows as f32];
    }

    /// Pictures from the dialog, and those that are dropped on the window.
    fn take_picture(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        if let Some(dialog) = &self.dialog {
            match dialog.answer() {
                Answer::Waiting => {}
                Answer::Chosen(path) => (self.source, self.dialog) = (PictureSource::File(path), None),
                Answer::Cancelled => self.dialog = None,
                Answer::Unavailable => {
                    self.dialog = None;
                    shared.ask(Intent::Notify(Tone::Failed, t!("chapters_attention.patches.no_dialog").into_owned()));
                }
            }
        }
        let dropped = ctx.input(|i| i.raw.dropped_files.first().map(|file| file.path().to_owned()));
        if let Some(path) = dropped {
            self.source = PictureSource::File(path);
        }
    }

    fn prepare(&mut self, ctx: &egui::Context) {
        if let (None, Some(found)) = (&self.texture, &self.found) {
            let image = ColorImage::from_rgb(found.size, &found.pixels);
            self.texture = Some(ctx.load_texture("patches", image, TextureOptions::LINEAR));
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui) {
        let options = SIZES.map(|size| (size, format!("{size} px")));
        ui.horizontal_wrapped(|ui| {
            controls::segmented(ui, &t!("chapters_attention.patches.size"), &mut self.size, &options);
            let open = t!("chapters_attention.patches.open");
            if controls::quiet_button(ui, icons::ICON_FOLDER_OPEN.codepoint, &*open).clicked() {
                let kind = t!("chapters_attention.patches.kind");
                self.dialog = Some(FileDialog::pick_file(ui.ctx(), &open, (&kind, &["png", "jpg", "jpeg"])));
            }
            if self.source != PictureSource::Shipped
                && controls::quiet_button(ui, "", t!("chapters_attention.patches.shipped")).clicked()
            {
                self.source = PictureSource::Shipped;
            }
        });
    }

    /// The picture with its heat; the chosen patch stands out while the text points at its vector.
    fn picture_ui(&mut self, ui: &mut Ui, found: &Found, stands_out: bool) {
        let [width, height] = found.size.map(|pixels| pixels as f32);
        let room = vec2(ui.available_width(), (ui.available_height() - 120.0).max(180.0));
        let scale = (room.x / width).min(room.y / height);
        let (rect, response) = ui.allocate_exact_size(vec2(width, height) * scale, Sense::click());
        let chosen = self.chosen(found);
        let spoken = told(found, chosen);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
        let cell = vec2(rect.width() / found.columns as f32, rect.height() / found.rows as f32);
        let at = response.hover_pos().filter(|at| rect.contains(*at)).map(|at| {
            let place = (at - rect.min) / cell;
            [(place.y as usize).min(found.rows - 1), (place.x as usize).min(found.columns - 1)]
        });
        self.hovered = at.map(|[row, column]| row * found.columns + column);
        if response.clicked() {
            response.request_focus();
            if let Some([row, column]) = at {
                self.choose(found, row, column);
            }
        }
        if response.has_focus() {
            self.keys(ui, response.id, found);
        }
        if ui.is_rect_visible(rect) {
            self.paint(ui, found, rect, self.chosen(found), stands_out || response.has_focus());
        }
    }

    fn keys(&mut self, ui: &Ui, id: egui::Id, found: &Found) {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let count = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as isize;
        let down = count(Key::ArrowDown) - count(Key::ArrowUp);
        let right = count(Key::ArrowRight) - count(Key::ArrowLeft);
        if down != 0 || right != 0 {
            let chosen = self.chosen(found);
            let row = (chosen / found.columns).saturating_add_signed(down).min(found.rows - 1);
            let column = (chosen % found.columns).saturating_add_signed(right).min(found.columns - 1);
            self.choose(found, row, column);
        }
    }

    fn paint(&self, ui: &Ui, found: &Found, rect: Rect, chosen: usize, stands_out: bool) {
        let theme = Theme::here(ui);
        let painter = ui.painter_at(rect.expand(2.0));
        if let Some(texture) = &self.texture {
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(texture.id(), rect, uv, Color32::WHITE);
        }
        let cell = vec2(rect.width() / found.columns as f32, rect.height() / found.rows as f32);
        let place = |i: usize| {
            let corner = vec2((i % found.columns) as f32 * cell.x, (i / found.columns) as f32 * cell.y);
            Rect::from_min_size(rect.min + corner, cell)
        };
        // What is unlike lies in the dark; what is alike keeps its light and takes the accent.
        let mut veil = Mesh::default();
        for (i, likeness) in row(found, chosen).iter().enumerate() {
            let light = likeness.max(0.0).powf(1.5);
            veil.add_colored_rect(place(i), Color32::from_black_alpha((190.0 * (1.0 - light)) as u8));
            let glow = theme.series[1].gamma_multiply(0.35 * ((likeness - ALIKE) / (1.0 - ALIKE)).clamp(0.0, 1.0));
            veil.add_colored_rect(place(i), glow);
        }
        painter.add(veil);
        let fine = Stroke::new(0.5, Color32::from_white_alpha(60));
        for column in 1..found.columns {
            painter.vline(rect.left() + column as f32 * cell.x, rect.y_range(), fine);
        }
        for row in 1..found.rows {
            painter.hline(rect.x_range(), rect.top() + row as f32 * cell.y, fine);
        }
        if let Some(hovered) = self.hovered {
            painter.rect_stroke(place(hovered), 0.0, Stroke::new(1.5, Color32::WHITE), StrokeKind::Inside);
        }
        let width = if stands_out { 5.0 } else { 3.0 };
        painter.rect_stroke(place(chosen), 0.0, Stroke::new(width, theme.series[1]), StrokeKind::Outside);
    }
}

/// How alike every patch is to one.
fn row(found: &Found, patch: usize) -> &[f32] {
    let n = found.columns * found.rows;
    found.likeness.get(patch * n..(patch + 1) * n).unwrap_or_default()
}

/// A patch in words: where it is and how many are like it.
fn told(found: &Found, patch: usize) -> String {
    let alike = row(found, patch).iter().filter(|likeness| **likeness >= ALIKE).count().saturating_sub(1);
    let (line, column) = (patch / found.columns + 1, patch % found.columns + 1);
    t!(
        "chapters_attention.patches.told",
        rows = found.rows,
        columns = found.columns,
        row = line,
        column = column,
        alike = alike
    )
    .into_owned()
}

impl Figure for Patches {
    fn on_event(&mut self, event: &Event, _: &mut Shared) {
        if let Some(LessonResult::Patches(found)) = self.asked.answer(event, only) {
            self.found = Some(found.clone());
            self.texture = None;
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        self.take_picture(ctx, shared);
        let key = (self.source.clone(), self.size);
        self.asked.ask(shared, key, |(source, size)| LessonRequest::Patches(source.clone(), *size));
        self.prepare(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Shared, stage: &mut Stage) {
        parts::body(ui, "patches", |ui| {
            if let Some(problem) = self.asked.problem() {
                parts::problem(ui, problem);
            }
            match self.found.clone() {
                Some(found) => {
                    let stands_out = lit(stage, &["x"]);
                    parts::symbol(ui, stage, &["s"], |ui, _| self.picture_ui(ui, &found, stands_out));
                    let chosen = self.chosen(&found);
                    let mut reads =
                        vec![read(t!("chapters_attention.patches.count"), (found.columns * found.rows).to_string())];
                    if let Some(likeness) = self.hovered.and_then(|at| row(&found, chosen).get(at)) {
                        reads.push(read(t!("chapters_attention.patches.likeness"), value_text(*likeness)));
                        stage.readings.insert("hovered", f64::from(*likeness));
                    }
                    stage.readings.insert("row", (chosen / found.columns) as f64 + 1.0);
                    stage.readings.insert("column", (chosen % found.columns) as f64 + 1.0);
                    stage.readings.insert("patches", (found.columns * found.rows) as f64);
                    parts::readings(ui, &reads);
                }
                None if self.asked.problem().is_some() => {}
                None => parts::symbol(ui, stage, &["s", "x"], |ui, _| {
                    controls::note(ui, t!("chapters_attention.computing"));
                }),
            }
            self.controls_ui(ui);
            ui.add_space(space::XS);
            controls::note(ui, t!("chapters_attention.patches.note"));
        });
        stage.readings.insert("patch", self.size as f64);
    }

    fn describe(&self) -> String {
        let Some(found) = &self.found else { return t!("chapters_attention.computing").into_owned() };
        told(found, self.chosen(found))
    }

    fn demonstrate(&mut self, _: &mut Shared) {
        self.at = [0.69, 0.2];
    }

    fn settled(&self) -> bool {
        self.asked.settled()
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::chapters::testing::{asked, page, reading, tell};

    /// Four patches of which the first and the last are alike.
    fn found() -> LessonResult {
        let likeness = vec![1.0, -0.2, 0.1, 0.9, -0.2, 1.0, 0.3, 0.0, 0.1, 0.3, 1.0, 0.2, 0.9, 0.0, 0.2, 1.0];
        let pixels = vec![120; 32 * 32 * 3];
        LessonResult::Patches(Arc::new(Found { size: [32, 32], pixels, patch: 16, columns: 2, rows: 2, likeness }))
    }

    #[test]
    fn a_click_chooses_a_patch_and_arrows_move_it() {
        let mut page = page("patches", &[]);
        let (job, request) = asked(&page).pop().expect("it asks");
        assert!(matches!(request, LessonRequest::Patches(PictureSource::Shipped, 16)));
        tell(&mut page, job, found());
        let picture = page.get_by_label_contains("2 by 2 patches").rect();
        page.hover_at(picture.min + picture.size() * 0.25);
        page.run();
        page.drag_at(picture.min + picture.size() * 0.25);
        page.drop_at(picture.min + picture.size() * 0.25);
        page.run();
        assert_eq!((reading(&page, "row"), reading(&page, "column")), (1.0, 1.0));
        assert!(page.query_by_label_contains("alike: 1").is_some());
        assert_eq!(page.state().stage.symbol.as_deref(), Some("s"), "the heat under the pointer");
        page.key_press(Key::ArrowRight);
        page.run();
        assert_eq!((reading(&page, "row"), reading(&page, "column")), (1.0, 2.0));
        page.get_by_label("32 px").click();
        page.run();
        assert!(matches!(asked(&page)[..], [(_, LessonRequest::Patches(_, 32))]));
    }
}
