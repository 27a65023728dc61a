//! How are numbers spread? Their counts in equal steps, over an axis that does not move by itself.

use egui::{Color32, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2};

use super::axes::{Axes, Scale};
use super::theme::Theme;

/// Counts in equal steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// The axis reaches from minus this to this.
    pub range: f32,
    /// Counts, from left to right.
    pub counts: Vec<usize>,
    /// Values beyond the axis, left and right together.
    pub beyond: usize,
}

impl Bins {
    /// Counts `values` in `steps` steps between `-range` and `range`.
    pub fn of(values: &[f32], range: f32, steps: usize) -> Self {
        let mut bins = Self { range, counts: vec![0; steps], beyond: 0 };
        for value in values {
            let place = ((value / range + 1.0) / 2.0 * steps as f32).floor();
            match bins.counts.get_mut(place as usize) {
                Some(count) if place >= 0.0 => *count += 1,
                _ => bins.beyond += 1,
            }
        }
        bins
    }
}

/// What is drawn.
pub struct Histogram<'a> {
    /// The counts.
    pub bins: &'a Bins,
    /// Quantity and unit of the horizontal axis.
    pub x_title: &'a str,
    /// What is counted.
    pub y_title: &'a str,
    /// Colour of the bars.
    pub color: Color32,
    /// How far one standard deviation reaches, marked on both sides of 0.
    pub deviation: f32,
    /// One sentence that stands for the picture where it cannot be seen.
    pub summary: &'a str,
}

/// Draws into a room of this size.
pub fn show(ui: &mut Ui, room: Vec2, histogram: &Histogram<'_>) {
    let (outer, response) = ui.allocate_exact_size(room, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, histogram.summary));
    if !ui.is_rect_visible(outer) {
        return;
    }
    let (theme, bins) = (Theme::here(ui), histogram.bins);
    let painter = ui.painter_at(outer);
    let total: usize = bins.counts.iter().sum::<usize>() + bins.beyond;
    let highest = bins.counts.iter().copied().max().unwrap_or(0) as f64 / total.max(1) as f64;
    let axes = Axes {
        x: Scale::linear(f64::from(-bins.range), f64::from(bins.range)),
        y: Scale::linear(0.0, super::scale::grown(100.0 * highest, Some(100.0))),
        x_title: histogram.x_title,
        y_title: histogram.y_title,
    };
    let area = axes.paint(&painter, theme, outer);
    let inside = area.clipped(&painter);
    let step = 2.0 * f64::from(bins.range) / bins.counts.len().max(1) as f64;
    for (i, &count) in bins.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let left = f64::from(-bins.range) + i as f64 * step;
        let top = 100.0 * count as f64 / total.max(1) as f64;
        let (a, b) = (area.at(left, top), area.at(left + step, 0.0));
        inside.rect_filled(Rect::from_min_max(pos2(a.x + 0.5, a.y), pos2(b.x - 0.5, b.y)), 1.0, histogram.color);
    }
    for side in [-1.0, 1.0] {
        let x = area.at(side * f64::from(histogram.deviation), 0.0).x;
        inside.vline(x, area.rect.y_range(), Stroke::new(1.5, theme.accent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once() {
        let bins = Bins::of(&[-2.0, -1.0, -0.1, 0.0, 0.4, 0.99, 1.0, f32::NAN], 1.0, 4);
        assert_eq!(bins.counts, [1, 1, 2, 1]);
        assert_eq!(bins.beyond, 3);
    }
}
