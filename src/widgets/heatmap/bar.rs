//! The colour bar: which colour is which value, with a mark at the value that is pointed at.

use std::sync::Arc;

use egui::{Align2, Color32, Galley, Mesh, Painter, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::{Figure, Scale};
use crate::widgets::scale;
use crate::widgets::theme::{self, Theme, size, space};

/// Room right of the picture.
pub(super) const WIDTH: f32 = 72.0;
/// Width of the coloured part.
pub(super) const THICK: f32 = 12.0;
/// Steps of colour.
const STEPS: usize = 32;

/// The bar's left edge.
pub(super) fn left(plot: Rect) -> f32 {
    plot.right() + space::M
}

/// What the values are.
pub(super) fn title(painter: &Painter, theme: &Theme, text: &str) -> Arc<Galley> {
    painter.layout_no_wrap(text.to_owned(), theme::text(size::SMALL), theme.ink_soft)
}

/// Draws the bar beside the picture, its title above it.
pub(super) fn paint(
    painter: &Painter,
    theme: &Theme,
    plot: Rect,
    area: Rect,
    figure: &Figure<'_>,
    marked: Option<f32>,
) {
    let scale = figure.cells.scale;
    let bar = Rect::from_min_size(pos2(left(plot), plot.top()), vec2(THICK, plot.height()));
    painter.add(gradient(bar, |share| scale.color_at(theme, share)));
    painter.rect_stroke(bar, 0.0, Stroke::new(1.0, theme.line), StrokeKind::Outside);

    let y_of = |value: f32| bar.bottom() - scale.share(value) * bar.height();
    for (value, text) in ticks(scale, bar.height()) {
        let y = y_of(value);
        painter.hline(bar.right()..=bar.right() + 3.0, y, Stroke::new(1.0, theme.ink_soft));
        painter.text(pos2(bar.right() + 6.0, y), Align2::LEFT_CENTER, text, theme::text(size::SMALL), theme.ink_soft);
    }
    if let Some(value) = marked {
        let tip = pos2(bar.left(), y_of(value));
        let corners = vec![tip, tip + vec2(-6.0, -4.0), tip + vec2(-6.0, 4.0)];
        painter.add(Shape::convex_polygon(corners, theme.ink, Stroke::NONE));
        painter.hline(bar.x_range(), tip.y, Stroke::new(1.0, theme.ink_on(scale.color(theme, value))));
    }
    let title = title(painter, theme, figure.value);
    let start = bar.left().min(area.right() - title.size().x);
    painter.galley(pos2(start, plot.top() - super::HEADER + 2.0), title, theme.ink_soft);
}

/// Round values along a bar of a height, each with its text.
pub(super) fn ticks(scale: Scale, height: f32) -> Vec<(f32, String)> {
    if let Scale::Root { high, clipped } = scale {
        return root_ticks(scale, high, clipped, height);
    }
    let (low, high) = scale.ends();
    let ticks = scale::linear_ticks(f64::from(low), f64::from(high), (height / 60.0).clamp(2.0, 6.0) as usize);
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(1.0);
    ticks.into_iter().map(|tick| (tick as f32, scale::tick_label(tick, step))).collect()
}

/// 1, 2, 5 × 10ⁿ from the top down as far as they do not crowd, and 0.
fn root_ticks(scale: Scale, high: f32, clipped: bool, height: f32) -> Vec<(f32, String)> {
    const APART: f32 = 18.0;
    let decimals = [0.001f32, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];
    let top = (high, format!("{}{high}", if clipped { "≥ " } else { "" }));
    let mut ticks = vec![(0.0, "0".to_owned()), top];
    for value in decimals.into_iter().rev().filter(|&value| value < high) {
        let clear = |&(other, _): &(f32, String)| (scale.share(other) - scale.share(value)).abs() * height >= APART;
        if ticks.iter().all(clear) {
            ticks.push((value, value.to_string()));
        }
    }
    ticks
}

/// A rectangle whose colour changes from bottom (0) to top (1).
fn gradient(rect: Rect, color: impl Fn(f32) -> Color32) -> Mesh {
    let mut mesh = Mesh::default();
    for i in 0..=STEPS {
        let share = i as f32 / STEPS as f32;
        let y = rect.bottom() - share * rect.height();
        mesh.colored_vertex(pos2(rect.left(), y), color(share));
        mesh.colored_vertex(pos2(rect.right(), y), color(share));
        if i > 0 {
            let at = 2 * i as u32;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_a_root_scale_stand_apart_and_say_what_is_beyond() {
        let scale = Scale::Root { high: 0.2, clipped: true };
        let ticks = ticks(scale, 300.0);
        let texts: Vec<&str> = ticks.iter().map(|tick| tick.1.as_str()).collect();
        assert_eq!(texts[..4], ["0", "≥ 0.2", "0.1", "0.05"]);
        let mut places: Vec<f32> = ticks.iter().map(|tick| scale.share(tick.0) * 300.0).collect();
        places.sort_by(f32::total_cmp);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 18.0), "{places:?}");
    }
}
