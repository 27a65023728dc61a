//! Small pieces that only this page needs.

use egui::{
    Align2, Color32, DragValue, Label, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    emath::Numeric, vec2,
};

use crate::widgets::controls::labelled;
use crate::widgets::theme::{self, RADIUS, Theme, size, space};

/// Height of a row that can be chosen, in points.
const ROW: f32 = 30.0;
/// Width of the column of names in the form.
const NAMES: f32 = 164.0;
/// Width of a field for a number.
const FIELD: f32 = 132.0;

/// One of several rows of which one is chosen: its name, and something small on the right.
pub(super) fn choice_row(ui: &mut Ui, chosen: bool, name: &str, detail: &str) -> Response {
    let theme = Theme::here(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, enabled, chosen, name));
    let lit = response.hovered() || response.has_focus();
    let painter = ui.painter();
    if chosen || lit {
        painter.rect_filled(rect, RADIUS, if chosen { theme.accent_soft } else { theme.margin });
    }
    if response.has_focus() {
        painter.rect_stroke(rect, RADIUS, Stroke::new(1.5, theme.accent), StrokeKind::Inside);
    }
    let (ink, font) =
        if chosen { (theme.accent, theme::strong(size::BODY)) } else { (theme.ink, theme::text(size::BODY)) };
    painter.text(rect.left_center() + vec2(space::S, 0.0), Align2::LEFT_CENTER, name, font, ink);
    let detail_ink = if chosen { theme.ink } else { theme.ink_soft };
    let right = rect.right_center() - vec2(space::S, 0.0);
    painter.text(right, Align2::RIGHT_CENTER, detail, theme::text(size::SMALL), detail_ink);
    response
}

/// A row of the form: what the number is, and the number, which can be dragged or typed.
pub(super) fn number_row<N: Numeric>(
    ui: &mut Ui,
    name: &str,
    hint: &str,
    value: &mut N,
    range: std::ops::RangeInclusive<N>,
) -> bool {
    let speed =
        if N::INTEGRAL { (value.to_f64().abs() / 100.0).max(0.1) } else { (value.to_f64().abs() / 100.0).max(1e-5) };
    let field = DragValue::new(value).range(range).speed(speed).custom_parser(typed_number).max_decimals(8);
    let field = field.custom_formatter(|value, _| plain(value)).update_while_editing(false).min_size(vec2(FIELD, 0.0));
    let response = labelled(ui, name, NAMES, |ui| ui.add(field).accessible_name(name));
    let changed = response.changed();
    if !hint.is_empty() {
        response.on_hover_text(hint);
    }
    changed
}

/// A number as it is typed: without thousands apart, and no digits that say nothing.
fn plain(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 { format!("{value:e}") } else { format!("{value}") }
}

/// A number as people type it: with a decimal point or comma, with or without spaces.
fn typed_number(typed: &str) -> Option<f64> {
    let clean: String = typed.chars().filter(|c| !c.is_whitespace()).map(|c| if c == ',' { '.' } else { c }).collect();
    clean.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Figures side by side: the number large, what it is below it.
pub(super) fn readouts(ui: &mut Ui, figures: &[(String, String)]) {
    let theme = Theme::here(ui);
    let columns = figures.len().max(1) as f32;
    let width = (ui.available_width() / columns).floor();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 42.0), Sense::hover());
    for (i, (value, name)) in figures.iter().enumerate() {
        let corner = rect.min + vec2(i as f32 * width, 0.0);
        let cell = egui::Rect::from_min_size(corner, vec2(width - space::S, rect.height()));
        let response = ui.interact(cell, ui.scope_id().with(("readout", i)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {value}")));
        let painter = ui.painter_at(cell.expand(1.0));
        let font = fitting(&painter, value, cell.width());
        painter.text(corner + vec2(0.0, 23.0), Align2::LEFT_BOTTOM, value, font, theme.ink);
        painter.text(corner + vec2(0.0, 26.0), Align2::LEFT_TOP, name, theme::text(size::SMALL), theme.ink_soft);
    }
}

/// The largest type in which a text fits into a width.
fn fitting(painter: &egui::Painter, text: &str, width: f32) -> egui::FontId {
    let sizes = [size::TITLE, size::READ, size::BODY];
    let fits = |points: &f32| {
        painter.layout_no_wrap(text.to_owned(), theme::strong(*points), Color32::PLACEHOLDER).size().x <= width
    };
    theme::strong(sizes.into_iter().find(fits).unwrap_or(size::SMALL))
}

/// A sentence that something went wrong or deserves a look, with a bar in its colour beside it.
pub(super) fn sentence(ui: &mut Ui, color: Color32, words: &str) -> Response {
    let before = ui.cursor().min;
    let shown = ui.horizontal(|ui| {
        ui.add_space(space::S);
        ui.add(Label::new(RichText::new(words).font(theme::text(size::BODY)).color(color)).wrap())
    });
    let rect = shown.response.rect;
    ui.painter().vline(before.x + 1.0, rect.y_range(), Stroke::new(2.0, color));
    shown.inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_typed_as_people_do() {
        assert_eq!(typed_number("0,001"), Some(0.001));
        assert_eq!(typed_number("1e-3"), Some(0.001));
        assert_eq!(typed_number("5 000"), Some(5_000.0));
        assert_eq!(typed_number("many"), None);
        assert_eq!((plain(0.002), plain(1e-8), plain(5_000.0)), ("0.002".into(), "1e-8".into(), "5000".into()));
    }
}
