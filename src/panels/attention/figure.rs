//! The right column: the chosen attention, large, its stages below it, and a row of it as tokens.

use egui::{Rect, ScrollArea, Sense, Ui, pos2};
use egui_material_icons::icons;
use rust_i18n::t;

use super::compute::{Picture, Stage};
use super::export::{self, Kind};
use super::{Attention, SeenAs, Shown, heads};
use crate::panels::Shared;
use crate::widgets::controls;
use crate::widgets::heatmap::{Axis, Cell, Cells, Figure, value_text};
use crate::widgets::theme::{Theme, space};
use crate::widgets::token_chips::{self, Chip};

/// Height of stages and row below the figure.
const BELOW: f32 = 190.0;

/// The width that the figure fills when it is as high as the page: cells, labels of usual length, colour bar.
pub(super) fn width_for(height: f32) -> f32 {
    const TITLE: f32 = 40.0;
    const LABELS: f32 = 90.0;
    let side = height - TITLE - BELOW - LABELS;
    side + LABELS + 80.0
}

/// The words of a figure in the person's language, kept apart so that a figure can borrow them.
pub(super) struct Words {
    rows: String,
    columns: String,
    value: String,
    summary: String,
    hint: String,
}

impl Words {
    pub(super) fn new(picture: &Picture) -> Self {
        let stage = picture.stage.name();
        Self {
            rows: t!("attention.rows").into_owned(),
            columns: t!("attention.columns").into_owned(),
            value: t!(format!("attention.value.{stage}")).into_owned(),
            summary: t!(
                "attention.summary",
                name = heads::title(picture),
                stage = t!(format!("attention.stage.{stage}")),
                count = picture.capture.tokens.len()
            )
            .into_owned(),
            hint: t!("attention.hint").into_owned(),
        }
    }

    /// What is drawn on the screen and exported.
    pub(super) fn figure<'a>(
        &'a self,
        picture: &'a Picture,
        labels: &'a [String],
        version: u64,
        describe: Option<&'a dyn Fn(&Cell) -> String>,
    ) -> Figure<'a> {
        let t = labels.len();
        Figure {
            cells: Cells {
                rows: t,
                columns: t,
                values: &picture.values,
                blank: Some(&picture.blank),
                version,
                scale: picture.scale,
            },
            rows: Axis::texts(&self.rows, labels),
            columns: Axis::texts(&self.columns, labels),
            value: &self.value,
            summary: &self.summary,
            hint: &self.hint,
            zoom: true,
            square: true,
            describe,
        }
    }
}

impl Attention {
    /// Title, heatmap, stages, row.
    pub(super) fn figure_ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        if self.text.is_empty() {
            let glyph = icons::ICON_GRID_ON.codepoint;
            if controls::empty_state(ui, glyph, t!("attention.empty"), t!("attention.take_example")) {
                self.take_example(shared);
            }
            return;
        }
        let Some(shown) = self.shown.take() else {
            let words = if self.problem.is_some() { t!("attention.unreadable") } else { t!("attention.computing") };
            controls::note(ui, words);
            return;
        };
        let kind = self.title_ui(ui, &shown);
        if let Some(kind) = kind {
            self.saving = Some(export::ask(ui.ctx(), kind, &shown.picture, &shown.labels, shared));
        }
        let room = ui.available_rect_before_wrap();
        let figure = Rect::from_min_max(room.min, pos2(room.right(), (room.bottom() - BELOW).max(room.top() + 200.0)));
        let row = super::inside(ui, "heatmap", figure, |ui| match self.seen_as {
            SeenAs::Matrix => self.heatmap_ui(ui, &shown),
            SeenAs::Lines => self.lines.show(ui, &shown),
        });
        ui.allocate_rect(figure, Sense::hover());
        self.stages_ui(ui);
        self.filter_ui(ui);
        self.row_ui(ui, &shown, row);
        self.shown = Some(shown);
    }

    /// What is seen, and its way into a file.
    fn title_ui(&mut self, ui: &mut Ui, shown: &Shown) -> Option<Kind> {
        let mut kind = None;
        let lines = self.seen_as == SeenAs::Lines;
        ui.horizontal(|ui| {
            controls::section_title(ui, heads::title(&shown.picture));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                for (glyph, name, this) in [
                    (icons::ICON_TABLE_VIEW, t!("attention.export_csv"), Kind::Csv),
                    (icons::ICON_SHAPE_LINE, t!("attention.export_svg"), Kind::Svg { lines }),
                    (icons::ICON_IMAGE, t!("attention.export_png"), Kind::Png),
                ] {
                    if controls::icon_button(ui, glyph.codepoint, name).clicked() {
                        kind = Some(this);
                    }
                }
                let options = [
                    (SeenAs::Matrix, t!("attention.as_matrix").into_owned()),
                    (SeenAs::Lines, t!("attention.as_lines").into_owned()),
                ];
                controls::segmented(ui, &t!("attention.seen_as"), &mut self.seen_as, &options);
            });
        });
        kind
    }

    /// Draws the heatmap and says which row is pointed at or pinned.
    fn heatmap_ui(&mut self, ui: &mut Ui, shown: &Shown) -> Option<usize> {
        let words = Words::new(&shown.picture);
        let describe = |cell: &Cell| {
            let token = |at: usize| shown.labels.get(at).map_or("", String::as_str);
            let value = cell.value.map_or_else(|| t!("attention.masked").into_owned(), value_text);
            t!("attention.cell", from = token(cell.row), to = token(cell.column), value = value).into_owned()
        };
        let figure = words.figure(&shown.picture, &shown.labels, shown.version, Some(&describe));
        let drawn = self.heatmap.show(ui, ui.available_size(), &figure);
        drawn.response.context_menu(|ui| {
            ui.label(t!("attention.menu"));
            if ui.button(t!("attention.show_all")).clicked() {
                self.heatmap.reset_view();
                ui.close();
            }
        });
        drawn.pinned.or(drawn.hovered).map(|cell| cell.row)
    }

    /// From scores to weights.
    fn stages_ui(&mut self, ui: &mut Ui) {
        let stages = Stage::ALL.map(|stage| (stage, t!(format!("attention.stage.{}", stage.name())).into_owned()));
        controls::segmented(ui, &t!("attention.stages"), &mut self.stage, &stages);
        let scale = self.capture.as_ref().map_or(1.0, |capture| capture.scale);
        let words = t!(format!("attention.about.{}", self.stage.name()), scale = format!("{scale:.3}"));
        controls::note(ui, words);
    }

    /// Small weights can be left out.
    fn filter_ui(&mut self, ui: &mut Ui) {
        if self.stage == Stage::Softmax {
            controls::value_slider(&mut self.least, 0.0..=0.5, t!("attention.least"))
                .default(0.0)
                .decimals(2)
                .width(320.0)
                .show(ui);
        }
    }

    /// The row's tokens, each on the colour of its weight.
    fn row_ui(&mut self, ui: &mut Ui, shown: &Shown, row: Option<usize>) {
        ui.add_space(space::XS);
        let Some(row) = row.filter(|&row| row < shown.labels.len()) else {
            controls::note(ui, t!("attention.no_row"));
            return;
        };
        controls::note(ui, t!("attention.row", token = shown.labels[row].as_str(), place = row + 1));
        let key = (shown.version, row, Theme::here(ui).dark);
        if self.chips.as_ref().is_none_or(|(made_for, _)| *made_for != key) {
            self.chips = Some((key, chips(shown, row, Theme::here(ui))));
        }
        let Some((_, chips)) = &self.chips else { return };
        let chosen = self.heatmap.pin().filter(|pin| pin.0 == row).map(|pin| pin.1);
        let area = ScrollArea::vertical().id_salt("row").max_height(ui.available_height().max(30.0)).auto_shrink(false);
        let touched = area.show(ui, |ui| token_chips::show(ui, chips, chosen)).inner;
        if let Some(column) = touched.clicked {
            self.heatmap.set_pin(Some((row, column)));
        }
    }
}

fn chips(shown: &Shown, row: usize, theme: &Theme) -> Vec<Chip> {
    let (picture, t) = (&shown.picture, shown.labels.len());
    let chip = |(column, label): (usize, &String)| {
        let at = row * t + column;
        let hidden = picture.blank.get(at).copied().unwrap_or(true);
        let value = picture.values.get(at).copied().filter(|_| !hidden);
        Chip {
            text: label.clone(),
            fill: value.map(|value| picture.scale.color(theme, value)),
            spoken: format!("{label}, {}", value.map_or_else(|| t!("attention.masked").into_owned(), value_text)),
        }
    };
    // What comes after the last token that may be seen is only noise here.
    let last = (0..t).rev().find(|column| !picture.blank.get(row * t + column).copied().unwrap_or(true));
    shown.labels.iter().enumerate().take(last.map_or(0, |last| last + 1)).map(chip).collect()
}
