//! Draws the curves of chosen dimensions, and how alike two positions are by their distance.

use egui::{Align, Button, CornerRadius, Layout, RichText, Sides, Stroke, Ui, vec2};
use egui_material_icons::icons::ICON_CLOSE;
use rust_i18n::t;

use super::Positions;
use super::dimensions::MOST;
use super::matrix_view::wavelength;
use crate::widgets::controls::{icon, note, section_title, segmented};
use crate::widgets::line_chart::{Figure, Line};
use crate::widgets::number;
use crate::widgets::scale::Extent;
use crate::widgets::theme::{self, RADIUS, Theme, size, space};

/// Height of a section's title and of the row under a chart, in points.
const AROUND: f32 = 34.0;
/// So many positions are drawn at first where there are more: enough to see short and long waves apart.
const NEAR: usize = 100;

impl Positions {
    pub(super) fn charts_ui(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = space::XS;
        let height = (ui.available_height() - space::M) / 2.0;
        self.curves_title_ui(ui);
        self.curves_ui(ui, (height - 2.0 * AROUND).max(100.0));
        self.chips_ui(ui);
        ui.add_space(space::M);
        section_title(ui, t!("positions.dots"));
        let left = ui.available_height() - AROUND;
        self.dots_ui(ui, left.max(100.0));
        note(ui, t!("positions.dots_note"));
    }

    /// What is drawn below, and over how many positions: of many, the first show the waves, all of them run into one area.
    fn curves_title_ui(&mut self, ui: &mut Ui) {
        if self.size.length <= NEAR {
            section_title(ui, t!("positions.curves"));
            return;
        }
        Sides::new().shrink_left().show(
            ui,
            |ui| section_title(ui, t!("positions.curves")),
            |ui| {
                ui.spacing_mut().button_padding.x = space::S;
                let up_to = |length: usize| format!("0–{}", number::grouped(length as i64 - 1));
                let ranges = [(false, up_to(NEAR)), (true, up_to(self.size.length))];
                segmented(ui, &t!("positions.drawn"), &mut self.all_drawn, &ranges);
            },
        );
    }

    fn curves_ui(&mut self, ui: &mut Ui, height: f32) {
        let theme = Theme::here(ui);
        let area = vec2(ui.available_width(), height);
        let Some(((_, dimensions), matrix)) = self.desk.curves.got() else {
            ui.allocate_space(area);
            return;
        };
        let names: Vec<String> = dimensions.iter().map(|dimension| number::grouped(*dimension as i64)).collect();
        // A dimension that was removed meanwhile is no longer drawn; one that was added comes with the next answer.
        let color_of =
            |dimension: usize| self.dimensions.iter().find(|(_, chosen)| *chosen == dimension).map(|(color, _)| color);
        let drawn = if self.all_drawn { usize::MAX } else { NEAR };
        let lines: Vec<Line<'_>> = dimensions
            .iter()
            .zip(&names)
            .zip(matrix.values.chunks(matrix.columns.max(1)))
            .filter_map(|((dimension, name), values)| {
                let values = values.get(..drawn).unwrap_or(values);
                Some(Line { name, color: theme.series[color_of(*dimension)?], values })
            })
            .collect();
        let summary = match lines.len() {
            0 => t!("positions.no_curves").into_owned(),
            _ => t!("positions.curves_summary", dimensions = names.join(", ")).into_owned(),
        };
        let figure = Figure {
            lines: &lines,
            // Colours and removals change what is drawn as well.
            version: self.desk.curves.version * (MOST as u64 + 1) + lines.len() as u64,
            x_title: &t!("positions.position"),
            y_title: &t!("positions.value"),
            y: (-1.0, 1.0),
            marked: self.hovered,
            heading: &|at| t!("positions.at_position", position = number::grouped(at as i64)).into_owned(),
            decimals: 3,
            summary: &summary,
        };
        self.curves.show(ui, area, &figure);
    }

    /// The chosen dimensions, each to be removed by a click.
    fn chips_ui(&mut self, ui: &mut Ui) {
        let theme = Theme::here(ui);
        let mut removed = None;
        ui.allocate_ui_with_layout(
            vec2(ui.available_width(), AROUND - space::XS),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.spacing_mut().item_spacing.x = space::XS;
                ui.spacing_mut().button_padding = vec2(6.0, 2.0);
                for (color, dimension) in self.dimensions.iter() {
                    let name = number::grouped(dimension as i64);
                    let text = RichText::new(&name).font(theme::text(size::SMALL)).color(theme.series[color]);
                    let cross = icon(ICON_CLOSE.codepoint, size::SMALL).color(theme.ink_soft);
                    let chip = Button::new((text, cross))
                        .fill(theme.card)
                        .stroke(Stroke::new(1.0, theme.line))
                        .corner_radius(CornerRadius::same(RADIUS))
                        .gap(4.0);
                    let pair = dimension / 2 * 2;
                    let about = t!("positions.wave", dimension = name, length = wavelength(pair, self.size.d_model));
                    let label = t!("positions.remove", dimension = name);
                    if ui.add(chip).accessible_name(label).on_hover_text(about).clicked() {
                        removed = Some(dimension);
                    }
                }
                if self.dimensions.list().is_empty() {
                    note(ui, t!("positions.no_curves"));
                }
            },
        );
        if let Some(dimension) = removed {
            self.dimensions.remove(dimension);
        }
    }

    fn dots_ui(&mut self, ui: &mut Ui, height: f32) {
        let theme = Theme::here(ui);
        let area = vec2(ui.available_width(), height);
        let Some((size, dots)) = self.desk.dots.got() else {
            ui.allocate_space(area);
            return;
        };
        let mut extent = Extent::default();
        let (low, high) = dots.iter().fold((0.0f32, 0.0f32), |(low, high), dot| (low.min(*dot), high.max(*dot)));
        extent.include(f64::from(low), f64::from(high));
        let summary =
            t!("positions.dots_summary", length = number::grouped(size.length as i64), most = format!("{high:.1}"));
        let figure = Figure {
            lines: &[Line { name: "p·q", color: theme.series[0], values: dots }],
            version: self.desk.dots.version,
            x_title: &t!("positions.distance"),
            y_title: &t!("positions.dot"),
            y: extent.get().unwrap_or((0.0, 1.0)),
            marked: None,
            heading: &|at| t!("positions.at_distance", distance = number::grouped(at as i64)).into_owned(),
            decimals: 2,
            summary: &summary,
        };
        self.dots.show(ui, area, &figure);
    }
}
