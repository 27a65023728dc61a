//! Choosing one of several: all in sight, or in a list that opens.

use egui::{Button, ComboBox, CornerRadius, Frame, Margin, Response, RichText, Stroke, Ui, Vec2, WidgetInfo};

use crate::widgets::theme::{RADIUS, Theme, size, strong, text};

/// A few choices side by side, all in sight; `name` says what is chosen. Returns whether another one was chosen.
pub fn segmented<T: PartialEq + Clone>(ui: &mut Ui, name: &str, value: &mut T, options: &[(T, String)]) -> bool {
    let theme = Theme::here(ui);
    let frame = Frame::new()
        .fill(theme.margin)
        .stroke(Stroke::new(1.0, theme.line))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::same(2));
    let group = frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(2.0);
        ui.horizontal(|ui| {
            let mut changed = false;
            for (option, label) in options {
                if segment(ui, *value == *option, label).clicked() && *value != *option {
                    *value = option.clone();
                    changed = true;
                }
            }
            changed
        })
        .inner
    });
    let enabled = ui.is_enabled();
    group.response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::RadioGroup, enabled, name));
    group.inner
}

fn segment(ui: &mut Ui, chosen: bool, label: &str) -> Response {
    let theme = Theme::here(ui);
    let font = if chosen { strong(size::BODY) } else { text(size::BODY) };
    let ink = if chosen { theme.accent } else { theme.ink_soft };
    let (fill, line) = if chosen { (theme.card, theme.line) } else { (theme.margin, theme.margin) };
    ui.add(
        Button::new(RichText::new(label).font(font).color(ink))
            .fill(fill)
            .stroke(Stroke::new(1.0, line))
            .corner_radius(CornerRadius::same(RADIUS - 2))
            .min_size(Vec2::new(0.0, 26.0))
            .selected(chosen),
    )
}

/// A list that opens; `name` is what a screen reader says, and the label beside it where there is one. Returns whether
/// another one was chosen.
pub fn chooser<T: PartialEq + Clone>(
    ui: &mut Ui,
    name: &str,
    width: f32,
    value: &mut T,
    options: &[(T, String)],
) -> bool {
    let shown = options.iter().find(|(option, _)| option == value).map_or("—", |(_, label)| label.as_str());
    let mut changed = false;
    let combo = ComboBox::from_id_salt(("chooser", name)).width(width).selected_text(shown).truncate();
    let opened = combo.show_ui(ui, |ui| {
        for (option, label) in options {
            if ui.selectable_label(option == value, label.as_str()).clicked() && option != value {
                *value = option.clone();
                changed = true;
            }
        }
    });
    super::buttons::named(opened.response, name);
    changed
}

/// Something that is on or off. Returns whether it was switched.
pub fn switch(ui: &mut Ui, on: &mut bool, label: impl Into<String>) -> bool {
    ui.checkbox(on, label.into()).changed()
}
