//! Draws the matrix with the controls of its size, and says which part of it is wanted.

use std::f64::consts::TAU;
use std::sync::Arc;

use egui::{Shape, Sides, Stroke, Ui, pos2, vec2};
use egui_material_icons::icons::{ICON_FIT_SCREEN, ICON_IMAGE, ICON_TABLE_CHART};
use rust_i18n::t;

use super::desk::Size;
use super::{LIMITS, PRESETS, Positions};
use crate::engine::{Matrix, PositionsRequest};
use crate::nn::positional;
use crate::panels::export::Export;
use crate::widgets::controls::{icon_button, segmented, value_slider};
use crate::widgets::heatmap::{Axis, Cell, Cells, Figure, Scale, Shown, export, value_text};
use crate::widgets::number;
use crate::widgets::theme::{self, Theme, space};

/// Room under the matrix for its controls, in points.
const CONTROLS: f32 = 116.0;

impl Positions {
    pub(super) fn matrix_ui(&mut self, ui: &mut Ui) {
        let area = vec2(ui.available_width(), (ui.available_height() - CONTROLS).max(160.0));
        let shown = self.heatmap_ui(ui, area);
        self.after(ui, &shown);
        self.controls_ui(ui);
    }

    fn heatmap_ui(&mut self, ui: &mut Ui, area: egui::Vec2) -> Shown {
        // Until something has come, empty axes of the right size.
        let (request, matrix) = self.desk.matrix.got().cloned().unwrap_or_else(|| {
            let Size { length, d_model } = self.size;
            let nothing = PositionsRequest { length, d_model, rows: (0, 0), columns: (0, 0), max_cells: (0, 0) };
            (nothing, Arc::new(Matrix { rows: 0, columns: 0, values: Vec::new() }))
        });
        let words = Words::of(&request);
        let describe = |cell: &Cell| describe(cell, request.d_model);
        let mut figure = words.figure(&request, &matrix, self.desk.matrix.version);
        figure.describe = Some(&describe);
        self.heatmap.show(ui, area, &figure)
    }

    /// What follows from what the person did: the part that is wanted, the curves of clicked columns, their marks.
    fn after(&mut self, ui: &Ui, shown: &Shown) {
        let got = self.desk.matrix.got().map(|(request, _)| Size { length: request.length, d_model: request.d_model });
        let pixels = shown.plot.size() * ui.pixels_per_point();
        let whole = ((0, self.size.length), (0, self.size.d_model));
        // A part of the old matrix means nothing in a new one.
        let (rows, columns) =
            if got == Some(self.size) { (shown.view.whole_rows(), shown.view.whole_columns()) } else { whole };
        self.wanted = Some(PositionsRequest {
            length: self.size.length,
            d_model: self.size.d_model,
            rows: (rows.0, rows.1.min(self.size.length)),
            columns: (columns.0, columns.1.min(self.size.d_model)),
            max_cells: (pixels.y.max(1.0) as usize, pixels.x.max(1.0) as usize),
        });
        self.hovered = shown.hovered.map(|cell| cell.row_at);
        if shown.response.clicked() {
            match (shown.hovered, self.heatmap.pin()) {
                // A click pins a cell or, on the pinned one, releases it; the curve comes and goes with that.
                (Some(_), Some((_, column))) => self.dimensions.add(column),
                (Some(cell), None) => self.dimensions.remove(cell.column_at),
                // Enter on the pinned cell.
                (None, Some((_, column))) if self.dimensions.contains(column) => self.dimensions.remove(column),
                (None, Some((_, column))) => self.dimensions.add(column),
                (None, None) => {}
            }
        }
        if got == Some(self.size) {
            self.marks(ui, shown);
        }
    }

    /// A small mark over each column that has a curve, in its colour.
    fn marks(&self, ui: &Ui, shown: &Shown) {
        let theme = Theme::here(ui);
        let top = shown.plot.top();
        for (color, dimension) in self.dimensions.iter() {
            let x = shown.view.center_of(shown.plot, 0, dimension).x;
            if shown.plot.x_range().contains(x) {
                let corners = vec![pos2(x, top), pos2(x - 5.0, top - 7.0), pos2(x + 5.0, top - 7.0)];
                ui.painter().add(Shape::convex_polygon(corners, theme.series[color], Stroke::new(1.0, theme.paper)));
            }
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui) {
        ui.add_space(space::S);
        let mut size = self.size;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::XL;
            let width = (ui.available_width() - space::XL) / 2.0;
            value_slider(&mut size.length, LIMITS, t!("positions.length"))
                .logarithmic()
                .default(super::FIRST.length)
                .hint(t!("positions.length_hint"))
                .width(width)
                .show(ui);
            value_slider(&mut size.d_model, LIMITS, t!("positions.width"))
                .logarithmic()
                .default(super::FIRST.d_model)
                .hint(t!("positions.width_hint"))
                .width(width)
                .show(ui);
        });
        Sides::new().show(
            ui,
            |ui| {
                let grouped = |value: usize| number::grouped(value as i64);
                let presets =
                    PRESETS.map(|preset| (preset, format!("{} × {}", grouped(preset.length), grouped(preset.d_model))));
                segmented(ui, &t!("positions.presets"), &mut size, &presets);
            },
            |ui| {
                if icon_button(ui, ICON_IMAGE.codepoint, t!("positions.export_png")).clicked() {
                    self.export_png(ui);
                }
                if icon_button(ui, ICON_TABLE_CHART.codepoint, t!("positions.export_csv")).clicked() {
                    self.export_csv(ui);
                }
                if icon_button(ui, ICON_FIT_SCREEN.codepoint, t!("positions.whole")).clicked() {
                    self.heatmap.reset_view();
                }
            },
        );
        self.resize(size);
        if let Some(error) = &self.desk.error {
            ui.colored_label(Theme::here(ui).bad, error);
        }
    }

    fn export_csv(&mut self, ui: &Ui) {
        let Some((request, matrix)) = self.desk.matrix.got().cloned() else { return };
        let words = Words::of(&request);
        let build = move || Some(export::csv(&words.figure(&request, &matrix, 0)).into_bytes());
        let (title, name) = (t!("positions.export_csv"), file_name(&request, "csv"));
        self.export = Some(Export::ask(ui.ctx(), &title, &name, ("CSV", &["csv"]), build));
    }

    fn export_png(&mut self, ui: &Ui) {
        let Some((request, matrix)) = self.desk.matrix.got().cloned() else { return };
        let words = Words::of(&request);
        let build = move || {
            let picture = export::png(&words.figure(&request, &matrix, 0), &theme::PAPER, &words.summary);
            picture.inspect_err(|error| tracing::warn!("a picture cannot be encoded: {error}")).ok()
        };
        let (title, name) = (t!("positions.export_png"), file_name(&request, "png"));
        self.export = Some(Export::ask(ui.ctx(), &title, &name, ("PNG", &["png"]), build));
    }
}

fn file_name(request: &PositionsRequest, ending: &str) -> String {
    format!("positions-{}x{}.{ending}", request.length, request.d_model)
}

/// What stands around the matrix, in the language of the moment.
struct Words {
    position: String,
    dimension: String,
    value: String,
    summary: String,
    hint: String,
}

impl Words {
    fn of(request: &PositionsRequest) -> Self {
        let grouped = |value: usize| number::grouped(value as i64);
        let (length, d_model) = (grouped(request.length), grouped(request.d_model));
        Self {
            position: t!("positions.position").into_owned(),
            dimension: t!("positions.dimension").into_owned(),
            value: t!("positions.value").into_owned(),
            summary: t!("positions.summary", length = length, d_model = d_model).into_owned(),
            hint: t!("positions.hint").into_owned(),
        }
    }

    /// The matrix as the heatmap takes it.
    fn figure<'a>(&'a self, request: &PositionsRequest, matrix: &'a Matrix, version: u64) -> Figure<'a> {
        Figure {
            cells: Cells {
                rows: matrix.rows,
                columns: matrix.columns,
                values: &matrix.values,
                blank: None,
                version,
                scale: Scale::Diverging { limit: 1.0 },
            },
            rows: Axis::part(&self.position, request.length, request.rows),
            columns: Axis::part(&self.dimension, request.d_model, request.columns),
            value: &self.value,
            summary: &self.summary,
            hint: &self.hint,
            zoom: true,
            square: false,
            describe: None,
        }
    }
}

/// A cell as the formula that it comes from, with the wave's length in positions.
fn describe(cell: &Cell, d_model: usize) -> String {
    let (position, dimension) = (cell.row_at, cell.column_at);
    let pair = dimension / 2 * 2;
    let wave = if dimension.is_multiple_of(2) { "sin" } else { "cos" };
    t!(
        "positions.cell",
        position = number::grouped(position as i64),
        dimension = number::grouped(dimension as i64),
        wave = wave,
        pair = number::grouped(pair as i64),
        d_model = number::grouped(d_model as i64),
        value = cell.value.map_or_else(|| "—".to_owned(), value_text),
        length = wavelength(pair, d_model)
    )
    .into_owned()
}

/// Positions after which a pair of dimensions repeats.
pub(super) fn wavelength(pair: usize, d_model: usize) -> String {
    let length = TAU / positional::frequency(pair, d_model, positional::BASE);
    if length < 1_000.0 { format!("{length:.1}") } else { number::grouped(length.round() as i64) }
}
