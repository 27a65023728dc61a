//! The signs of the course's levels: a seedling, a plant in a pot, a tree, each in its colour.

use egui::{Color32, Label, Response, RichText, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use super::controls::icon;
use super::theme::{Theme, size, text};
use crate::course::Level;

/// Sign and colour of a level.
pub fn sign(level: Level, theme: &Theme) -> (&'static str, Color32) {
    let [beginner, intermediate, advanced] = theme.levels;
    match level {
        Level::Beginner => (icons::ICON_PSYCHIATRY.codepoint, beginner),
        Level::Intermediate => (icons::ICON_POTTED_PLANT.codepoint, intermediate),
        Level::Advanced => (icons::ICON_PARK.codepoint, advanced),
    }
}

/// Its name for a person.
pub fn name(level: Level) -> String {
    t!(format!("course.level.{}", level.name())).into_owned()
}

/// Draws the sign with its word, or the sign alone with the word on hover.
pub fn level_ui(ui: &mut Ui, level: Level, with_word: bool) -> Response {
    let theme = Theme::here(ui);
    let (glyph, color) = sign(level, theme);
    let name = name(level);
    let response = ui
        .horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let word = Label::new(RichText::new(&name).font(text(size::BODY)).color(color)).selectable(false);
            let sign = Label::new(icon(glyph, size::TITLE).color(color)).selectable(false);
            match (with_word, ui.layout().prefer_right_to_left()) {
                (false, _) => ui.add(sign).accessible_name(&*name),
                (true, false) => ui.add(sign).accessible_name("") | ui.add(word),
                (true, true) => ui.add(word) | ui.add(sign).accessible_name(""),
            }
        })
        .inner;
    if with_word { response } else { response.on_hover_text(name) }
}
