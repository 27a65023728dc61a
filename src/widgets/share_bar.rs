//! A share of 1 as a bar that is taken by its end.

use egui::{
    Color32, EventFilter, Key, Modifiers, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, accesskit, pos2, vec2,
};

use super::theme::Theme;

/// How far the keyboard moves it.
const STEP: f32 = 0.05;
/// Radius of the handle, in points; the bar ends so far from the edges of its room.
const HANDLE: f32 = 5.0;

/// Draws into a room of this size; returns where it was moved to, 0 to 1, by the pointer, the arrow keys or a screen
/// reader. `spoken` is its name, which stays the same while it moves.
pub fn show(ui: &mut Ui, room: Vec2, share: f32, color: Color32, spoken: &str) -> Option<f32> {
    let (rect, response) = ui.allocate_exact_size(room, Sense::click_and_drag());
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Slider, enabled, spoken);
        info.value = Some(f64::from((share * 100.0).round()) / 100.0);
        info
    });
    let rail = Rect::from_center_size(rect.center(), vec2(rect.width() - 2.0 * HANDLE, 10.0));
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    let mut moved = None;
    if enabled && (response.dragged() || response.clicked()) {
        moved = response.interact_pointer_pos().map(|at| (at.x - rail.left()) / rail.width().max(1.0));
    }
    let by = if response.has_focus() { keys(ui, response.id) } else { 0.0 };
    let asked = |action| ui.input(|input| input.num_accesskit_action_requests(response.id, action)) as f32;
    let by = by + STEP * (asked(accesskit::Action::Increment) - asked(accesskit::Action::Decrement));
    if enabled && by != 0.0 {
        moved = Some(share + by);
    }
    if ui.is_rect_visible(rect) {
        paint(ui, rail, share.clamp(0.0, 1.0), color, response.hovered() || response.dragged() || response.has_focus());
    }
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
    }
    moved.map(|share| share.clamp(0.0, 1.0))
}

/// How far the arrow keys move what has the keyboard.
fn keys(ui: &Ui, id: egui::Id) -> f32 {
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let count = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as f32;
    STEP * (count(Key::ArrowRight) - count(Key::ArrowLeft))
}

fn paint(ui: &Ui, rail: Rect, share: f32, color: Color32, lit: bool) {
    let theme = Theme::here(ui);
    let painter = ui.painter();
    let end = pos2(rail.left() + rail.width() * share, rail.center().y);
    painter.rect_filled(rail, 3.0, theme.line.gamma_multiply(0.45));
    painter.rect_filled(Rect::from_min_max(rail.min, pos2(end.x, rail.bottom())), 3.0, color);
    if lit {
        painter.circle_filled(end, HANDLE + 4.0, color.gamma_multiply(0.25));
    }
    painter.circle(end, HANDLE, theme.card, Stroke::new(2.0, color));
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::super::theme;
    use super::*;

    #[test]
    fn it_is_moved_by_the_pointer_and_by_the_keyboard() {
        let draw = |ui: &mut Ui, share: &mut f32| {
            if let Some(moved) = show(ui, vec2(210.0, 20.0), *share, Color32::BLUE, "a share") {
                *share = moved;
            }
        };
        let mut harness = Harness::builder().with_context_setup(theme::install).build_ui_state(draw, 0.25);
        harness.run();
        let rect = harness.get_by_label("a share").rect();
        harness.drag_at(pos2(rect.left() + HANDLE + 50.0, rect.center().y));
        harness.run();
        harness.hover_at(pos2(rect.left() + HANDLE + 150.0, rect.center().y));
        harness.run();
        assert!((*harness.state() - 0.75).abs() < 1e-3, "{}", harness.state());
        harness.hover_at(pos2(rect.right() + 90.0, rect.center().y));
        harness.run();
        harness.drop_at(pos2(rect.right() + 90.0, rect.center().y));
        harness.run();
        assert_eq!(*harness.state(), 1.0, "no further than its end");
        harness.key_press(Key::ArrowLeft);
        harness.run();
        harness.key_press(Key::ArrowLeft);
        harness.run();
        assert!((*harness.state() - 0.9).abs() < 1e-6, "it has kept the keyboard: {}", harness.state());
    }
}
