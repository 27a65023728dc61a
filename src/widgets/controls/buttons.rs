//! Buttons: one primary a page, quiet ones beside it, and icons that say their name on hover.

use egui::{Atoms, Button, Color32, FontFamily, IntoAtoms, Response, RichText, Stroke, Ui, Vec2, WidgetText};

use crate::widgets::indexed::indexed;
use crate::widgets::theme::{Theme, size, strong, text};

/// Side of a square button that holds an icon alone, in points.
const ICON_BUTTON: f32 = 30.0;

/// A sign of `egui_material_icons` (`ICON_….codepoint`) in a size.
pub fn icon(glyph: &str, size: f32) -> RichText {
    RichText::new(glyph).font(egui::FontId::new(size, FontFamily::Name(egui_material_icons::FONT_FAMILY.into())))
}

/// The one thing to do here. An empty `glyph` leaves the sign out.
pub fn primary_button(ui: &mut Ui, glyph: &str, label: impl Into<String>) -> Response {
    let theme = Theme::here(ui);
    let lively = theme.accent.lerp_to_gamma(theme.ink, 0.18);
    let mut paint = Paint { fill: theme.accent, hovered: lively, line: Color32::TRANSPARENT, ink: theme.on_accent };
    if !ui.is_enabled() {
        // Faded, the ink on the accent could not be read.
        paint = Paint { fill: theme.card, hovered: theme.card, line: theme.line, ink: theme.ink };
    }
    button(ui, glyph, &label.into(), &paint, true)
}

/// Anything else that can be done here. An empty `glyph` leaves the sign out.
pub fn quiet_button(ui: &mut Ui, glyph: &str, label: impl Into<String>) -> Response {
    let theme = Theme::here(ui);
    let paint = Paint { fill: theme.card, hovered: theme.accent_soft, line: theme.line, ink: theme.ink };
    button(ui, glyph, &label.into(), &paint, false)
}

/// A sign alone; `name` is shown on hover and read by a screen reader.
pub fn icon_button(ui: &mut Ui, glyph: &str, name: impl Into<String>) -> Response {
    icon_toggle(ui, glyph, name, false)
}

/// A sign alone that can be on.
pub fn icon_toggle(ui: &mut Ui, glyph: &str, name: impl Into<String>, on: bool) -> Response {
    let theme = Theme::here(ui);
    let name = name.into();
    let fill = if on { theme.accent_soft } else { Color32::TRANSPARENT };
    let ink = if on { theme.accent } else { theme.ink_soft };
    let paint = Paint { fill, hovered: theme.accent_soft, line: Color32::TRANSPARENT, ink };
    let response = painted(ui, &paint, |ui| {
        ui.spacing_mut().button_padding = Vec2::ZERO;
        ui.add(Button::new(icon(glyph, size::TITLE)).min_size(Vec2::splat(ICON_BUTTON)))
    });
    // Set anew on every draw: the button itself only knows its glyph.
    named(response, name.clone()).on_hover_text(name)
}

struct Paint {
    fill: Color32,
    hovered: Color32,
    line: Color32,
    ink: Color32,
}

fn button(ui: &mut Ui, glyph: &str, label: &str, paint: &Paint, bold: bool) -> Response {
    let font = if bold { strong(size::BODY) } else { text(size::BODY) };
    let words: WidgetText = if label.contains('_') {
        indexed(label, &font, paint.ink).into()
    } else {
        RichText::new(label).font(font).into()
    };
    let atoms: Atoms<'_> =
        if glyph.is_empty() { words.into_atoms() } else { (icon(glyph, size::READ + 2.0), words).into_atoms() };
    let response = painted(ui, paint, |ui| {
        ui.add(Button::new(atoms).gap(6.0).min_size(Vec2::new(0.0, ICON_BUTTON)).wrap_mode(egui::TextWrapMode::Extend))
    });
    named(response, label)
}

/// Gives a control its name, whatever signs are drawn on it.
pub(super) fn named(response: Response, name: impl Into<String>) -> Response {
    response.accessible_name(name)
}

/// Draws with these colours in every state of a button. Not in a scope: a row that wraps would never break before one.
fn painted(ui: &mut Ui, paint: &Paint, add: impl FnOnce(&mut Ui) -> Response) -> Response {
    let before = ui.style().clone();
    let focus = Theme::here(ui).ink;
    let states = &mut ui.visuals_mut().widgets;
    for (state, fill, line) in [
        (&mut states.noninteractive, paint.fill, Stroke::new(1.0, paint.line)),
        (&mut states.inactive, paint.fill, Stroke::new(1.0, paint.line)),
        (&mut states.hovered, paint.hovered, Stroke::new(1.0, paint.line)),
        // Also the state of the button that has the keyboard.
        (&mut states.active, paint.hovered, Stroke::new(1.5, focus)),
    ] {
        state.weak_bg_fill = fill;
        state.bg_fill = fill;
        state.bg_stroke = line;
        state.fg_stroke = Stroke::new(1.0, paint.ink);
    }
    let response = add(ui);
    ui.set_style(before);
    response
}
