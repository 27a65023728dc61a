//! Choosing one of several: all in sight, or in a list that opens.

use egui::{Button, ComboBox, CornerRadius, Frame, Margin, Response, RichText, Stroke, Ui, Vec2, WidgetInfo};

use crate::widgets::theme::{RADIUS, Theme, size, strong, text};

/// Height of choices side by side, in points.
pub(super) const SEGMENTED_HEIGHT: f32 = 32.0;

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
        ui.spacing_mut().interact_size.y = SEGMENTED_HEIGHT - 6.0;
        ui.spacing_mut().button_padding.y = 4.0;
        ui.horizontal(|ui| {
            let mut changed = false;
            // From left to right also where what is around it stands at the right.
            let from_right = ui.layout().prefer_right_to_left();
            for i in 0..options.len() {
                let (option, label) = &options[if from_right { options.len() - 1 - i } else { i }];
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
            .min_size(Vec2::new(0.0, SEGMENTED_HEIGHT - 6.0))
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
    marked(ui, |ui| ui.checkbox(on, label.into())).changed()
}

/// A few choices one below the other, each with room for a longer name. Returns whether another one was chosen.
pub fn radio_list<T: PartialEq + Clone>(ui: &mut Ui, value: &mut T, options: &[(T, String)]) -> bool {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let mut changed = false;
        for (option, label) in options {
            let mine = value == option;
            if marked(ui, |ui| ui.radio(mine, label.as_str())).clicked() && !mine {
                *value = option.clone();
                changed = true;
            }
        }
        changed
    })
    .inner
}

/// Draws a box or circle to mark so that its outline is seen on every ground.
fn marked(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.scope(|ui| {
        let theme = Theme::here(ui);
        let states = &mut ui.visuals_mut().widgets;
        for (state, fill, line) in [
            (&mut states.inactive, theme.card, theme.ink_soft),
            (&mut states.hovered, theme.accent_soft, theme.accent),
            (&mut states.active, theme.accent_soft, theme.accent),
        ] {
            state.bg_fill = fill;
            state.bg_stroke = Stroke::new(1.0, line);
            state.fg_stroke = Stroke::new(2.0, theme.accent);
        }
        // The words beside the mark keep the colour of text.
        ui.visuals_mut().override_text_color = Some(theme.ink);
        ui.spacing_mut().icon_spacing = 6.0;
        add(ui)
    })
    .inner
}
