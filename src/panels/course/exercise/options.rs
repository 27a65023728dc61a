//! Options to choose from, one below the other.

use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::course::lesson::plain;
use crate::course::{Answer, Attempt, Words};
use crate::widgets::lesson::{Face, Reader, lay, paint};
use crate::widgets::theme::{RADIUS, Theme, size, space};

/// Room for the circle before an option.
const CIRCLE: f32 = 34.0;
const PADDING: f32 = 9.0;

/// Draws the options. Where a `truth` is given they are a prediction: once it is revealed, nothing can be changed and the
/// true one is marked.
pub(super) fn options_ui(
    ui: &mut Ui,
    id: &str,
    options: &[Words],
    truth: Option<usize>,
    attempt: &mut Attempt,
    reader: &mut Reader<'_>,
) {
    let chosen = match attempt.answer {
        Some(Answer::Option(i)) => Some(i),
        _ => None,
    };
    let revealed = truth.filter(|_| attempt.verdict.is_some());
    let judged = attempt.verdict.as_ref().filter(|_| truth.is_none()).map(|verdict| verdict.right);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        for (i, words) in options.iter().enumerate() {
            let mark = match (chosen == Some(i), revealed) {
                (_, Some(truth)) if truth == i => Mark::Right,
                (true, Some(_)) => Mark::Chosen,
                (true, None) => match judged {
                    Some(true) => Mark::Right,
                    Some(false) => Mark::Wrong,
                    None => Mark::Chosen,
                },
                _ => Mark::None,
            };
            if option_ui(ui, (id, i), words, chosen == Some(i), mark, revealed.is_none(), reader) {
                attempt.answer(Answer::Option(i));
            }
        }
    });
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    None,
    Chosen,
    Right,
    Wrong,
}

/// Draws one option and returns whether it was chosen.
fn option_ui(
    ui: &mut Ui,
    salt: (&str, usize),
    words: &Words,
    chosen: bool,
    mark: Mark,
    open: bool,
    reader: &mut Reader<'_>,
) -> bool {
    let theme = Theme::here(ui);
    let face = Face { size: size::READ, line: 22.0, bold: false, ink: theme.ink };
    let laid = lay(ui, words, face, ui.available_width() - CIRCLE - space::M, reader);
    let height = laid.size().y + 2.0 * PADDING;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let sense = if open { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with(("option", salt)), sense);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, open, chosen, plain(words)));
    if ui.is_rect_visible(rect) {
        let lively = open && (response.hovered() || response.has_focus());
        let line = match mark {
            Mark::None => theme.line,
            Mark::Chosen => theme.accent,
            Mark::Right => theme.good,
            Mark::Wrong => theme.warn,
        };
        let fill = if lively || mark == Mark::Chosen { theme.accent_soft } else { theme.card };
        let width = if mark == Mark::None { 1.0 } else { 1.5 };
        ui.painter().rect(rect, RADIUS, fill, Stroke::new(width, line), StrokeKind::Inside);
        if response.has_focus() {
            ui.painter().rect_stroke(rect.expand(2.0), RADIUS, Stroke::new(1.5, theme.ink), StrokeKind::Outside);
        }
        let center = pos2(rect.left() + CIRCLE / 2.0 + 2.0, rect.top() + PADDING + 11.0);
        mark_ui(ui, center, mark, theme);
        paint(ui, &laid, Rect::from_min_size(rect.min + vec2(CIRCLE, PADDING), laid.size()).min);
    }
    let response = if open { response.on_hover_cursor(egui::CursorIcon::PointingHand) } else { response };
    response.clicked()
}

/// The circle before an option: empty, filled, or with a tick or a cross in it, so that colour is not all that tells them
/// apart.
fn mark_ui(ui: &Ui, center: egui::Pos2, mark: Mark, theme: &Theme) {
    let painter = ui.painter();
    match mark {
        Mark::None => _ = painter.circle_stroke(center, 7.0, Stroke::new(1.5, theme.ink_soft)),
        Mark::Chosen => {
            painter.circle_stroke(center, 7.0, Stroke::new(1.5, theme.accent));
            painter.circle_filled(center, 4.0, theme.accent);
        }
        Mark::Right => {
            let stroke = Stroke::new(2.0, theme.good);
            painter.line_segment([center + vec2(-6.0, 0.0), center + vec2(-2.0, 4.5)], stroke);
            painter.line_segment([center + vec2(-2.0, 4.5), center + vec2(6.0, -5.0)], stroke);
        }
        Mark::Wrong => {
            let stroke = Stroke::new(2.0, theme.warn);
            painter.line_segment([center + vec2(-5.0, -5.0), center + vec2(5.0, 5.0)], stroke);
            painter.line_segment([center + vec2(-5.0, 5.0), center + vec2(5.0, -5.0)], stroke);
        }
    }
}
