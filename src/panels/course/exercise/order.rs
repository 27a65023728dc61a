//! Steps to bring into their order: dragged by the pointer, or moved by their buttons and the arrow keys.

use egui::{
    CursorIcon, Id, Key, LayerId, Modifiers, Order, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::course::exercise::is_permutation;
use crate::course::{Answer, Attempt, Exercise, Words};
use crate::widgets::controls::{icon, icon_button};
use crate::widgets::lesson::{Face, Laid, Reader, lay, paint};
use crate::widgets::theme::{RADIUS, Theme, size, space};

/// Room for the handle before an item, and for the buttons behind it.
const HANDLE: f32 = 32.0;
const BUTTONS: f32 = 70.0;
const PADDING: f32 = 8.0;
const GAP: f32 = 6.0;

/// Draws the items in the person's order.
pub(super) fn items_ui(
    ui: &mut Ui,
    exercise: &Exercise,
    items: &[Words],
    attempt: &mut Attempt,
    reader: &mut Reader<'_>,
) {
    let order = match &attempt.answer {
        Some(Answer::Order(order)) if is_permutation(order, items.len()) => order.clone(),
        _ => exercise.shuffled(),
    };
    let theme = Theme::here(ui);
    let face = Face { size: size::READ, line: 22.0, bold: false, ink: theme.ink };
    let width = ui.available_width() - HANDLE - BUTTONS;
    let laid: Vec<Laid> =
        order.iter().filter_map(|&item| items.get(item)).map(|words| lay(ui, words, face, width, reader)).collect();
    let mut rows = Vec::with_capacity(laid.len());
    let mut top = ui.cursor().top();
    for laid in &laid {
        let height = (laid.size().y + 2.0 * PADDING).max(40.0);
        rows.push(Rect::from_min_size(pos2(ui.cursor().left(), top), vec2(ui.available_width(), height)));
        top += height + GAP;
    }
    let height = top - ui.cursor().top() - GAP;
    ui.allocate_exact_size(vec2(ui.available_width(), height.max(0.0)), Sense::hover());
    let mut wish = None;
    for (place, (row, laid)) in rows.iter().zip(&laid).enumerate() {
        // An item keeps its identity wherever it stands, so that the keyboard stays with it.
        let item = order.get(place).copied().unwrap_or(place);
        let id = ui.scope_id().with((&exercise.id, "item", item));
        if let Some(to) = item_ui(ui, id, *row, laid, place, &rows) {
            wish = Some((place, to));
        }
    }
    if let Some((from, to)) = wish
        && from < order.len()
        && to < order.len()
    {
        let mut order = order;
        let item = order.remove(from);
        order.insert(to, item);
        attempt.answer(Answer::Order(order));
    }
}

/// Draws one item; returns the place that it is to move to.
fn item_ui(ui: &mut Ui, id: Id, row: Rect, laid: &Laid, place: usize, rows: &[Rect]) -> Option<usize> {
    let response = ui.interact(row, id, Sense::click_and_drag());
    let name = t!("course_page.order_item", place = place + 1, count = rows.len(), words = laid.spoken.clone());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &*name));
    let last = rows.len().saturating_sub(1);
    let mut to = None;
    if response.has_focus() {
        ui.memory_mut(|memory| {
            let filter = egui::EventFilter { vertical_arrows: true, ..Default::default() };
            memory.set_focus_lock_filter(id, filter);
        });
        ui.input_mut(|input| {
            if input.consume_key(Modifiers::NONE, Key::ArrowUp) {
                to = place.checked_sub(1);
            } else if input.consume_key(Modifiers::NONE, Key::ArrowDown) {
                to = Some(place + 1).filter(|to| *to <= last);
            }
        });
    }
    if response.dragged()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        paint_dragged(ui, id, row, laid, pointer.y);
        to = target(pointer.y, place, rows);
    } else {
        paint_row(ui, row, laid, &response);
    }
    // From the bottom of the row up, so that both stand in the middle of its height.
    let buttons = Rect::from_min_max(pos2(row.right() - BUTTONS, row.top()), row.max - vec2(space::XS, 0.0));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(buttons).layout(layout).id_salt(id), |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let moves = [
            (
                icons::ICON_ARROW_DOWNWARD,
                t!("course_page.move_down", words = laid.spoken.clone()),
                place < last,
                place + 1,
            ),
            (
                icons::ICON_ARROW_UPWARD,
                t!("course_page.move_up", words = laid.spoken.clone()),
                place > 0,
                place.wrapping_sub(1),
            ),
        ];
        for (glyph, name, possible, target) in moves {
            ui.add_enabled_ui(possible, |ui| {
                if icon_button(ui, glyph.codepoint, name).clicked() {
                    to = Some(target);
                }
            });
        }
    });
    response.on_hover_cursor(CursorIcon::Grab);
    to
}

/// Where an item that is dragged to a height belongs: past the middle of a neighbour it takes its place.
fn target(y: f32, place: usize, rows: &[Rect]) -> Option<usize> {
    let above = rows.iter().take(place).position(|row| y < row.center().y);
    let below = rows.iter().enumerate().skip(place + 1).rev().find(|(_, row)| y > row.center().y);
    above.or(below.map(|(to, _)| to))
}

fn paint_row(ui: &Ui, row: Rect, laid: &Laid, response: &Response) {
    let theme = Theme::here(ui);
    if !ui.is_rect_visible(row) {
        return;
    }
    let lively = response.hovered() || response.has_focus();
    let (fill, line) = if lively { (theme.accent_soft, theme.accent) } else { (theme.card, theme.line) };
    ui.painter().rect(row, RADIUS, fill, Stroke::new(1.0, line), StrokeKind::Inside);
    if response.has_focus() {
        ui.painter().rect_stroke(row.expand(2.0), RADIUS, Stroke::new(1.5, theme.ink), StrokeKind::Outside);
    }
    paint_inside(ui, row, laid);
}

fn paint_inside(ui: &Ui, row: Rect, laid: &Laid) {
    let theme = Theme::here(ui);
    let family = egui::FontFamily::Name(egui_material_icons::FONT_FAMILY.into());
    let font = egui::FontId::new(size::TITLE, family);
    let at = pos2(row.left() + HANDLE / 2.0, row.center().y);
    let handle = icon(icons::ICON_DRAG_INDICATOR.codepoint, size::TITLE);
    ui.painter().text(at, egui::Align2::CENTER_CENTER, handle.text(), font, theme.ink_soft);
    paint(ui, laid, pos2(row.left() + HANDLE, row.center().y - laid.size().y / 2.0));
}

/// The item under the pointer, above everything else of the page.
fn paint_dragged(ui: &mut Ui, id: Id, row: Rect, laid: &Laid, y: f32) {
    let theme = Theme::here(ui);
    ui.painter().rect_stroke(row, RADIUS, Stroke::new(1.0, theme.line), StrokeKind::Inside);
    let lifted = row.translate(vec2(0.0, y - row.center().y));
    let layer = LayerId::new(Order::Tooltip, id.with("lifted"));
    ui.scope_builder(UiBuilder::new().layer_id(layer).max_rect(lifted), |ui| {
        let stroke = Stroke::new(1.5, theme.accent);
        ui.painter().rect(lifted, RADIUS, theme.accent_soft, stroke, StrokeKind::Inside);
        paint_inside(ui, lifted, laid);
    });
    ui.set_cursor_icon(CursorIcon::Grabbing);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_moves_past_the_middle_of_its_neighbour() {
        let row = |i: usize| Rect::from_min_size(pos2(0.0, 50.0 * i as f32), vec2(100.0, 40.0));
        let rows: Vec<Rect> = (0..4).map(row).collect();
        assert_eq!(target(70.0, 1, &rows), None, "where it is");
        assert_eq!(target(115.0, 1, &rows), None, "not yet past the middle");
        assert_eq!(target(121.0, 1, &rows), Some(2));
        assert_eq!(target(999.0, 1, &rows), Some(3));
        assert_eq!(target(19.0, 1, &rows), Some(0));
        assert_eq!(target(-50.0, 3, &rows), Some(0));
    }
}
