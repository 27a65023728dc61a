//! What does the mask of a longer text look like? That of the model at hand, small, asked of the rule that the model itself
//! follows.

use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::nn::{DecoderConfig, mask};
use crate::widgets::controls;
use crate::widgets::theme::{Theme, space};

/// Tokens of the text.
const TOKENS: usize = 32;
/// Side of a cell, in points.
const CELL: f32 = 4.0;
/// Width of the picture with its words.
pub(super) const WIDTH: f32 = CELL * TOKENS as f32 + 32.0;

/// The mask of the first layer of a model, `[TOKENS, TOKENS]`.
pub(super) struct MaskShape(Vec<bool>);

impl MaskShape {
    /// The mask of a model.
    pub fn of(config: &DecoderConfig) -> Self {
        Self(mask::matrix(config, 0, TOKENS))
    }

    /// The picture, with its size above it.
    pub fn ui(&self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = space::XS;
        controls::note(ui, t!("chapters_attention.mask.shape", n = TOKENS));
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(CELL * TOKENS as f32), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, self.told()));
        if ui.is_rect_visible(rect) {
            self.paint(ui, rect);
        }
        if let Some(at) = response.hover_pos().filter(|at| rect.contains(*at)) {
            let place = ((at - rect.min) / CELL).min(Vec2::splat(TOKENS as f32 - 1.0));
            response.on_hover_text(self.cell(place.y as usize, place.x as usize));
        }
    }

    fn paint(&self, ui: &Ui, rect: Rect) {
        let theme = Theme::here(ui);
        let painter = ui.painter();
        painter.rect_filled(rect, 0.0, theme.margin);
        for (row, cells) in self.0.chunks(TOKENS).enumerate() {
            // What lies together is one bar.
            let mut from = 0;
            for run in cells.chunk_by(|a, b| a == b) {
                if run.first() == Some(&true) {
                    let corner = rect.min + vec2(from as f32, row as f32) * CELL;
                    painter.rect_filled(
                        Rect::from_min_size(corner, vec2(run.len() as f32, 1.0) * CELL),
                        0.0,
                        theme.series[0],
                    );
                }
                from += run.len();
            }
        }
        // Every eighth token, to count by.
        let fine = Stroke::new(1.0, theme.card.gamma_multiply(0.6));
        for step in (8..TOKENS).step_by(8) {
            let off = CELL * step as f32;
            painter.line_segment([pos2(rect.left() + off, rect.top()), pos2(rect.left() + off, rect.bottom())], fine);
            painter.line_segment([pos2(rect.left(), rect.top() + off), pos2(rect.right(), rect.top() + off)], fine);
        }
        painter.rect_stroke(rect, 0.0, Stroke::new(1.0, theme.line), StrokeKind::Outside);
    }

    /// A cell in words.
    fn cell(&self, row: usize, column: usize) -> String {
        let open = self.0.get(row * TOKENS + column).copied().unwrap_or(false);
        let key = if open { "chapters_attention.mask.shape_open" } else { "chapters_attention.mask.shape_closed" };
        t!(key, row = row + 1, column = column + 1).into_owned()
    }

    /// The picture in words: how many columns some of the rows may look at.
    pub fn told(&self) -> String {
        let rows = [0, TOKENS / 4 - 1, TOKENS / 2 - 1, TOKENS - 1];
        let count = |row: usize| self.0.iter().skip(row * TOKENS).take(TOKENS).filter(|open| **open).count();
        let all: Vec<String> = rows
            .map(|row| t!("chapters_attention.mask.shape_row", row = row + 1, count = count(row)).into_owned())
            .to_vec();
        t!("chapters_attention.mask.shape_told", n = TOKENS, rows = all.join(", ")).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Preset;

    #[test]
    fn the_picture_is_the_models_own_mask() {
        let config = Preset::Char.settings().model;
        let shape = MaskShape::of(&config);
        assert_eq!(shape.0.len(), TOKENS * TOKENS);
        assert_eq!(shape.0.iter().filter(|open| **open).count(), TOKENS * (TOKENS + 1) / 2);
        assert!(shape.0[9 * TOKENS + 9] && !shape.0[9 * TOKENS + 10]);
        let open = MaskShape::of(&DecoderConfig { causal: false, ..config });
        assert!(open.0.iter().all(|open| *open), "a model without a mask has none in the picture");
    }

    #[test]
    fn it_is_told_in_words() {
        rust_i18n::set_locale("en");
        let told = MaskShape::of(&Preset::Char.settings().model).told();
        assert!(told.contains("32 × 32") && told.contains("row 8: 8") && told.contains("row 32: 32"), "{told}");
    }
}
