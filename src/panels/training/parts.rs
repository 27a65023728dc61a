//! Small pieces that only this page needs.

use egui::{
    Align2, Color32, DragValue, FontId, Label, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    emath::Numeric, pos2, vec2,
};

use crate::widgets::controls::labelled;
use crate::widgets::theme::{self, RADIUS, Theme, size, space};

/// Height of a row that can be chosen, in points.
const ROW: f32 = 28.0;
/// Width of the column of names in the form.
const NAMES: f32 = 164.0;
/// Width of a field for a number.
const FIELD: f32 = 132.0;
/// Most room between two figures that stand beside each other.
const GAP: f32 = 40.0;

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

/// A number as it is shown in a field: without thousands apart, and no digits that say nothing.
fn plain(value: f64) -> String {
    let number = if value != 0.0 && value.abs() < 1e-4 { format!("{value:e}") } else { format!("{value}") };
    number.replace('-', "−")
}

/// A number as people type it: with a decimal point or comma, with a hyphen or a minus, with or without spaces.
fn typed_number(typed: &str) -> Option<f64> {
    let plain = |c| match c {
        ',' => '.',
        '−' => '-',
        other => other,
    };
    let clean: String = typed.chars().filter(|c| !c.is_whitespace()).map(plain).collect();
    clean.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Figures side by side: the number large, what it is below it.
pub(super) fn readouts(ui: &mut Ui, figures: &[(String, String)]) {
    let theme = Theme::here(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 42.0), Sense::hover());
    let (font, widths) = fitting(ui.painter(), figures, rect.width());
    let taken: f32 = widths.iter().sum();
    // Free room stands between the figures; a few figures do not drift apart.
    let gaps = figures.len().saturating_sub(1).max(1) as f32;
    let gap = ((rect.width() - taken) / gaps).clamp(space::S, GAP);
    let mut left = rect.left();
    for (i, ((value, name), width)) in figures.iter().zip(widths).enumerate() {
        let corner = pos2(left, rect.top());
        left += width + gap;
        let cell = egui::Rect::from_min_size(corner, vec2(width, rect.height()));
        let response = ui.interact(cell, ui.scope_id().with(("readout", i)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {value}")));
        let painter = ui.painter_at(cell.expand(1.0));
        painter.text(corner + vec2(0.0, 23.0), Align2::LEFT_BOTTOM, value, font.clone(), theme.ink);
        painter.text(corner + vec2(0.0, 26.0), Align2::LEFT_TOP, name, theme::text(size::SMALL), theme.ink_soft);
    }
}

/// The largest type in which all values fit beside each other in a width, the same for all, and the columns' widths in it.
fn fitting(painter: &egui::Painter, figures: &[(String, String)], room: f32) -> (FontId, Vec<f32>) {
    let wide = |text: String, font: FontId| painter.layout_no_wrap(text, font, Color32::PLACEHOLDER).size().x;
    let widths = |points: f32| -> Vec<f32> {
        let column = |(value, name): &(String, String)| {
            // As wide as the widest digits, in steps: a value that changes does not shift its neighbours.
            let value: String = value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            let widest = wide(value, theme::strong(points)).max(wide(name.clone(), theme::text(size::SMALL)));
            (widest / 4.0).ceil() * 4.0
        };
        figures.iter().map(column).collect()
    };
    let least = figures.len().saturating_sub(1) as f32 * space::M;
    let tried = [size::TITLE, size::READ, size::BODY].into_iter().map(|points| (points, widths(points)));
    let found = tried.into_iter().find(|(_, widths)| widths.iter().sum::<f32>() + least <= room);
    let (points, widths) = found.unwrap_or_else(|| (size::SMALL, widths(size::SMALL)));
    (theme::strong(points), widths)
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
        assert_eq!((typed_number("1e-3"), typed_number("1e−3")), (Some(0.001), Some(0.001)));
        assert_eq!(typed_number("5 000"), Some(5_000.0));
        assert_eq!(typed_number("many"), None);
        assert_eq!((plain(0.002), plain(1e-8), plain(5_000.0)), ("0.002".into(), "1e−8".into(), "5000".into()));
    }
}
