//! Numbers to type.

use egui::{Key, Label, Margin, RichText, TextEdit, Ui};

use crate::course::exercise::NumberField;
use crate::course::lesson::plain;
use crate::course::{Answer, Attempt};
use crate::widgets::lesson::{Face, Reader, words_ui};
use crate::widgets::theme::{Theme, mono, size, space, text};

const WIDTH: f32 = 110.0;

/// Draws the fields and returns whether the answer was confirmed with Enter.
pub(super) fn fields_ui(ui: &mut Ui, fields: &[NumberField], attempt: &mut Attempt, reader: &mut Reader<'_>) -> bool {
    let mut typed = match &attempt.answer {
        Some(Answer::Numbers(typed)) => typed.clone(),
        _ => Vec::new(),
    };
    typed.resize(fields.len(), String::new());
    let (mut changed, mut confirmed) = (false, false);
    let theme = Theme::here(ui);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        for (field, value) in fields.iter().zip(&mut typed) {
            ui.horizontal(|ui| {
                let face = Face { size: size::READ, line: 28.0, bold: false, ink: theme.ink };
                ui.scope(|ui| {
                    ui.set_max_width(ui.available_width() - WIDTH - 80.0);
                    words_ui(ui, &field.label, face, reader);
                });
                let edit = TextEdit::singleline(value)
                    .desired_width(WIDTH)
                    .font(mono(size::READ))
                    .margin(Margin::symmetric(8, 4));
                let response = ui.add(edit).accessible_name(plain(&field.label));
                changed |= response.changed();
                confirmed |= response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                if !field.unit.is_empty() {
                    let words = RichText::new(&field.unit).font(text(size::BODY)).color(theme.ink_soft);
                    ui.add(Label::new(words).selectable(false));
                }
            });
        }
    });
    if changed {
        attempt.answer(Answer::Numbers(typed));
    }
    confirmed
}
