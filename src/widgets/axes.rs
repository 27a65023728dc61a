//! The frame of a plot: where does a value lie, and which marks, titles and units stand around it?

use egui::{Align2, Mesh, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::scale::{linear_ticks, log_ticks, tick_label};
use super::theme::{self, Theme, size, space};

/// Room left of the plot for the numbers of its vertical axis, in points. Fixed, so that nothing shifts when they grow.
const LEFT: f32 = 48.0;
/// Room below the plot for the numbers of its horizontal axis.
const BELOW: f32 = 22.0;
/// Room for one line of title.
const TITLE: f32 = 20.0;
/// Points between two numbers of an axis, about.
const APART: (f32, f32) = (96.0, 44.0);

/// The part of an axis in view, and how its values are spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Value at the left or bottom edge.
    pub from: f64,
    /// Value at the right or top edge.
    pub to: f64,
    /// Whether equal ratios are equally far apart; both ends are then above 0.
    pub log: bool,
    /// How many of the axis' own units one of the written numbers stands for (60 where seconds are written as minutes).
    pub unit: f64,
}

impl Scale {
    /// Equal differences are equally far apart.
    pub fn linear(from: f64, to: f64) -> Self {
        Self { from, to, log: false, unit: 1.0 }
    }

    /// Equal ratios are equally far apart.
    pub fn log(from: f64, to: f64) -> Self {
        Self { log: true, ..Self::linear(from, to) }
    }

    /// Where a value lies: 0 at `from`, 1 at `to`, beyond them outside.
    pub fn share(&self, value: f64) -> f64 {
        if self.log {
            (value.max(f64::MIN_POSITIVE) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        }
    }

    /// The reverse of [`Scale::share`].
    pub fn value(&self, share: f64) -> f64 {
        if self.log { self.from * (self.to / self.from).powf(share) } else { self.from + share * (self.to - self.from) }
    }

    /// Values to be marked, with their numbers as written; about `count` of them.
    pub fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        let (from, to) = (self.from / self.unit, self.to / self.unit);
        let ticks = if self.log { log_ticks(from, to) } else { linear_ticks(from, to, count) };
        let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        ticks.into_iter().map(|tick| (tick * self.unit, tick_label(tick, step))).collect()
    }
}

/// Two axes with their titles; a title says the quantity and its unit.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    /// Left to right.
    pub x: Scale,
    /// Bottom to top.
    pub y: Scale,
    /// Below the horizontal axis.
    pub x_title: &'a str,
    /// Above the vertical axis, written level so that it can be read.
    pub y_title: &'a str,
}

impl Axes<'_> {
    /// The rectangle inside `outer` in which values are drawn.
    pub fn inside(outer: Rect) -> Rect {
        Rect::from_min_max(
            outer.min + vec2(LEFT, TITLE + space::XS),
            pos2(outer.max.x - space::M, outer.max.y - BELOW - TITLE),
        )
    }

    /// Draws hairlines, numbers and titles in `outer` and returns the area for values.
    pub fn paint(&self, painter: &Painter, theme: &Theme, outer: Rect) -> Area {
        let area = Area { rect: Self::inside(outer), x: self.x, y: self.y };
        let rect = area.rect;
        let hairline = Stroke::new(1.0, theme.line);
        let small = || theme::text(size::SMALL);
        for (value, label) in self.y.ticks((rect.height() / APART.1) as usize) {
            let y = painter.round_to_pixel_center(area.at(0.0, value).y);
            painter.hline(rect.x_range(), y, Stroke::new(1.0, theme.line.gamma_multiply(0.6)));
            painter.text(pos2(rect.left() - space::S, y), Align2::RIGHT_CENTER, label, small(), theme.ink_soft);
        }
        painter.hline(rect.x_range(), painter.round_to_pixel_center(rect.bottom()), hairline);
        for (value, label) in self.x.ticks((rect.width() / APART.0) as usize) {
            let x = painter.round_to_pixel_center(area.at(value, self.y.from).x);
            painter.vline(x, rect.bottom()..=rect.bottom() + space::XS, hairline);
            painter.text(pos2(x, rect.bottom() + 6.0), Align2::CENTER_TOP, label, small(), theme.ink_soft);
        }
        painter.text(pos2(outer.left(), outer.top()), Align2::LEFT_TOP, self.y_title, small(), theme.ink_soft);
        painter.text(pos2(rect.right(), outer.bottom()), Align2::RIGHT_BOTTOM, self.x_title, small(), theme.ink_soft);
        area
    }
}

/// Where values are drawn, and which place belongs to which value.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// The rectangle of the values.
    pub rect: Rect,
    /// Its horizontal axis.
    pub x: Scale,
    /// Its vertical axis.
    pub y: Scale,
}

impl Area {
    /// The place of a point.
    pub fn at(&self, x: f64, y: f64) -> Pos2 {
        pos2(
            self.rect.left() + (self.x.share(x) as f32) * self.rect.width(),
            self.rect.bottom() - (self.y.share(y) as f32) * self.rect.height(),
        )
    }

    /// The value of the horizontal axis at a place.
    pub fn x_at(&self, x: f32) -> f64 {
        self.x.value(f64::from((x - self.rect.left()) / self.rect.width()))
    }

    /// A line through points of the data, cut at the area's edges by `painter`'s clip.
    pub fn line(&self, points: &[[f64; 2]], stroke: Stroke) -> Shape {
        Shape::line(points.iter().map(|&[x, y]| self.at(x, y)).collect(), stroke)
    }

    /// The same for a curve that was reduced to the smallest and the largest value of each column (two points a column): the
    /// band between them, at least as thick as the line. What a line would do there is cover the band, at six times the
    /// triangles.
    pub fn band(&self, points: &[[f64; 2]], stroke: Stroke) -> Shape {
        let mut mesh = Mesh::default();
        let mut before: Option<(f32, f32)> = None;
        let mut left = points.first().map_or(0.0, |&[x, y]| self.at(x, y).x);
        for column in points.chunks(2) {
            let ys = column.iter().map(|&[x, y]| self.at(x, y).y);
            let (top, bottom) = ys.fold((f32::MAX, f32::MIN), |(top, bottom), y| (top.min(y), bottom.max(y)));
            let right = column.iter().map(|&[x, y]| self.at(x, y).x).fold(left, f32::max).max(left + 0.5);
            // Neighbours touch, as the line between them would.
            let (high, low) = before.map_or((top, bottom), |(high, low)| (top.min(low), bottom.max(high)));
            before = Some((top, bottom));
            let middle = (high + low) / 2.0;
            let half = ((low - high) / 2.0).max(stroke.width / 2.0);
            let rect = Rect::from_min_max(pos2(left, middle - half), pos2(right, middle + half));
            mesh.add_colored_rect(rect, stroke.color);
            left = right;
        }
        Shape::mesh(mesh)
    }

    /// A painter that draws inside the area only, with room for the width of lines at its edges.
    pub fn clipped(&self, painter: &Painter) -> Painter {
        painter.with_clip_rect(self.rect.expand(2.0).intersect(painter.clip_rect()))
    }
}

/// Moves labels of height `height` apart so that none covers another, as little as possible, in their order from top to
/// bottom and inside `from..=to`. Takes and returns their centres.
pub fn spread(centres: &mut [f32], height: f32, (from, to): (f32, f32)) {
    let mut order: Vec<usize> = (0..centres.len()).collect();
    order.sort_by(|&a, &b| centres[a].total_cmp(&centres[b]));
    let mut least = from + height / 2.0;
    for &i in &order {
        centres[i] = centres[i].max(least);
        least = centres[i] + height;
    }
    let mut most = to - height / 2.0;
    for &i in order.iter().rev() {
        centres[i] = centres[i].min(most);
        most = centres[i] - height;
    }
}

/// A small box beside the pointer that says what is there: a heading and rows of name and value in the name's colour.
pub fn readout(
    painter: &Painter,
    theme: &Theme,
    at: Pos2,
    within: Rect,
    heading: &str,
    rows: &[(egui::Color32, String)],
) {
    let galleys: Vec<_> = std::iter::once((theme.ink, heading.to_owned(), theme::strong(size::SMALL)))
        .chain(rows.iter().map(|(color, text)| (*color, text.clone(), theme::text(size::SMALL))))
        .map(|(color, text, font)| painter.layout_no_wrap(text, font, color))
        .collect();
    let width = galleys.iter().map(|galley| galley.size().x).fold(0.0, f32::max);
    let height: f32 = galleys.iter().map(|galley| galley.size().y + 2.0).sum();
    let outer = vec2(width, height) + 2.0 * vec2(space::S, space::S);
    // Right of the pointer, or left of it where there is no room.
    let x = if at.x + space::L + outer.x <= within.right() { at.x + space::L } else { at.x - space::L - outer.x };
    let y = (at.y - outer.y / 2.0).clamp(within.top(), (within.bottom() - outer.y).max(within.top()));
    let rect = Rect::from_min_size(pos2(x.max(within.left()), y), outer);
    painter.rect(rect, theme::RADIUS, theme.card, Stroke::new(1.0, theme.line), egui::StrokeKind::Inside);
    let mut top = rect.top() + space::S;
    for galley in galleys {
        let step = galley.size().y + 2.0;
        painter.galley(pos2(rect.left() + space::S, top), galley, theme.ink);
        top += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_values_are_each_others_reverse() {
        for scale in [Scale::linear(-2.0, 6.0), Scale::log(0.5, 50.0)] {
            assert_eq!((scale.share(scale.from), scale.share(scale.to)), (0.0, 1.0));
            for share in [0.1, 0.5, 0.9] {
                assert!((scale.share(scale.value(share)) - share).abs() < 1e-12);
            }
        }
        assert!((Scale::log(0.5, 50.0).value(0.5) - 5.0).abs() < 1e-12, "the middle is the geometric mean");
        let area = Area {
            rect: Rect::from_min_size(pos2(10.0, 20.0), vec2(100.0, 50.0)),
            x: Scale::linear(0.0, 200.0),
            y: Scale::linear(0.0, 1.0),
        };
        assert_eq!(area.at(100.0, 1.0), pos2(60.0, 20.0), "larger values are higher up");
        assert_eq!(area.x_at(60.0), 100.0);
    }

    #[test]
    fn marks_have_the_decimals_that_tell_them_apart() {
        let labels = |scale: Scale| scale.ticks(4).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(Scale::linear(0.0, 2000.0)), ["0", "500", "1000", "1500", "2000"]);
        assert_eq!(labels(Scale::log(1.3, 12.0)), ["2", "5", "10"]);
        assert_eq!(labels(Scale::log(2.1, 4.2)), ["2.5", "3.0", "3.5", "4.0"]);
        let minutes = Scale { unit: 60.0, ..Scale::linear(0.0, 240.0) };
        assert_eq!(minutes.ticks(4)[2], (120.0, "2".to_owned()));
    }

    #[test]
    fn labels_make_room_for_each_other() {
        let mut centres = [50.0, 52.0, 10.0];
        spread(&mut centres, 14.0, (0.0, 100.0));
        assert_eq!(centres, [50.0, 64.0, 10.0]);
        let mut at_the_edge = [95.0, 96.0];
        spread(&mut at_the_edge, 14.0, (0.0, 100.0));
        assert_eq!(at_the_edge, [79.0, 93.0]);
    }
}
