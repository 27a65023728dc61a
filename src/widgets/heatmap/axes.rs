//! Rows and columns by name or number, thinned out where there is no room for all.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Shape, Stroke, pos2};

use super::view::View;
use crate::widgets::theme::{self, Theme, size, space};
use crate::widgets::{number, scale};

/// What rows or columns are called.
#[derive(Clone, Copy, Debug)]
pub enum Labels<'a> {
    /// Each its own text (tokens), ready to be shown.
    Texts(&'a [String]),
    /// By their number, from 0.
    Numbers,
}

/// The rows or the columns of a heatmap.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// What they are.
    pub title: &'a str,
    /// What each is called.
    pub labels: Labels<'a>,
    /// How many there are in all, shown or not.
    pub whole: usize,
    /// First and one past the last that the data covers.
    pub data: (usize, usize),
}

/// Height of an axis's title.
pub(super) const TITLE: f32 = 20.0;
/// Longest label in characters.
const LONGEST: usize = 12;
/// Width of a character of a label.
const ADVANCE: f32 = 7.3;
/// Height of a label with the space to the next.
const LINE: f32 = 15.0;

impl<'a> Axis<'a> {
    /// Rows or columns with a text each.
    pub fn texts(title: &'a str, texts: &'a [String]) -> Self {
        Self { title, labels: Labels::Texts(texts), whole: texts.len(), data: (0, texts.len()) }
    }

    /// So many numbered rows or columns.
    pub fn numbers(title: &'a str, whole: usize) -> Self {
        Self { title, labels: Labels::Numbers, whole, data: (0, whole) }
    }

    /// Numbered rows or columns of which the data covers only a part, thinned where it has fewer cells than that.
    pub fn part(title: &'a str, whole: usize, data: (usize, usize)) -> Self {
        Self { title, labels: Labels::Numbers, whole, data }
    }

    /// How many there are in all.
    pub(super) fn count(&self) -> usize {
        self.whole
    }

    /// Which of `cells` cells covers a place on the whole axis.
    pub(super) fn index_at(&self, place: f64, cells: usize) -> Option<usize> {
        let (from, to) = (self.data.0 as f64, self.data.1 as f64);
        if cells == 0 || !(place >= from && place < to) {
            return None;
        }
        Some((((place - from) / (to - from) * cells as f64) as usize).min(cells - 1))
    }

    /// The number on the whole axis that a cell of the data stands for: where the data was thinned, the middle one.
    pub(super) fn place_of(&self, index: usize, cells: usize) -> usize {
        let span = self.data.1.saturating_sub(self.data.0);
        if cells >= span { self.data.0 + index } else { self.data.0 + (2 * index + 1) * span / (2 * cells.max(1)) }
    }

    /// From where to where on the whole axis a cell of the data reaches.
    pub(super) fn span_of(&self, index: usize, cells: usize) -> (f64, f64) {
        let (from, span) = (self.data.0 as f64, self.data.1.saturating_sub(self.data.0) as f64);
        let cells = cells.max(1) as f64;
        (from + index as f64 * span / cells, from + (index + 1) as f64 * span / cells)
    }

    /// One moved by some steps, inside the data.
    pub(super) fn moved(&self, at: usize, by: isize) -> usize {
        at.saturating_add_signed(by).clamp(self.data.0, self.data.1.saturating_sub(1).max(self.data.0))
    }

    /// What one is called.
    pub fn name(&self, at: usize) -> String {
        match self.labels {
            Labels::Texts(texts) => texts.get(at).cloned().unwrap_or_default(),
            Labels::Numbers => number::grouped(at as i64),
        }
    }

    fn longest_label(&self) -> usize {
        match self.labels {
            Labels::Texts(texts) => {
                texts.iter().map(|text| text.chars().take(LONGEST).count()).max().unwrap_or(0).max(2)
            }
            Labels::Numbers => number::grouped(self.whole as i64).chars().count(),
        }
    }

    /// Room for labels left of the picture.
    pub(super) fn row_labels_width(&self) -> f32 {
        self.longest_label() as f32 * ADVANCE + space::S
    }

    /// Room for labels below the picture: texts stand upright where they do not fit side by side.
    pub(super) fn column_labels_height(&self) -> f32 {
        match self.labels {
            Labels::Texts(_) => self.longest_label() as f32 * ADVANCE + space::S,
            Labels::Numbers => LINE + space::XS,
        }
    }
}

/// A label's text, cut where it is too long.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Which of the ones in view get a label when each needs `room` points and has `cell` points; emphasized ones first, and
/// nobody close to them.
fn labelled(range: (f64, f64), cell: f32, room: f32, emphasized: &[Option<usize>; 2]) -> Vec<(usize, bool)> {
    let step = (room / cell.max(1e-3)).ceil().max(1.0) as usize;
    let mut out: Vec<(usize, bool)> = emphasized.iter().flatten().map(|&at| (at, true)).collect();
    out.dedup();
    let near = |at: usize| emphasized.iter().flatten().any(|&e| at.abs_diff(e) < step);
    let (first, last) = (range.0.floor().max(0.0) as usize, range.1.ceil().max(0.0) as usize);
    out.extend((first..last).filter(|at| at % step == 0 && !near(*at)).map(|at| (at, false)));
    out
}

/// Numbers at round places, as far as they do not come near an emphasized one.
fn numbered(
    range: (f64, f64),
    points: f32,
    room: f32,
    whole: usize,
    emphasized: &[Option<usize>; 2],
) -> Vec<(usize, bool)> {
    let count = (points / room / 1.5).clamp(2.0, 12.0) as usize;
    let per_point = (range.1 - range.0) / f64::from(points.max(1.0));
    let near = |at: usize| {
        emphasized.iter().flatten().any(|&e| at.abs_diff(e) as f64 / per_point.max(1e-12) < f64::from(room))
    };
    let mut out: Vec<(usize, bool)> = emphasized.iter().flatten().map(|&at| (at, true)).collect();
    let ticks = scale::linear_ticks(range.0, range.1, count).into_iter().filter(|t| t.fract() == 0.0 && *t >= 0.0);
    out.extend(ticks.map(|tick| tick as usize).filter(|&at| at < whole && !near(at)).map(|at| (at, false)));
    out
}

/// Which of those in a range get a label along so many points, nobody emphasized.
pub(super) fn places(axis: &Axis<'_>, range: (f64, f64), points: f32) -> Vec<(usize, bool)> {
    match axis.labels {
        Labels::Texts(_) => labelled(range, points / (range.1 - range.0).max(1.0) as f32, LINE, &[None, None]),
        Labels::Numbers => numbered(range, points, 2.5 * LINE, axis.whole, &[None, None]),
    }
}

/// One line of text, cut with «…» where the room ends.
pub(super) fn one_line(painter: &Painter, text: &str, font: FontId, color: Color32, room: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = TextWrapping::truncate_at_width(room);
    painter.layout_job(job)
}

fn ink(theme: &Theme, emphasized: bool) -> Color32 {
    if emphasized { theme.ink } else { theme.ink_soft }
}

/// Labels and title left of the picture.
pub(super) fn paint_rows(
    painter: &Painter,
    theme: &Theme,
    plot: Rect,
    view: &View,
    axis: &Axis<'_>,
    emphasized: [Option<usize>; 2],
) {
    let cell = plot.height() / (view.rows.1 - view.rows.0) as f32;
    let places = match axis.labels {
        Labels::Texts(_) => labelled(view.rows, cell, LINE, &emphasized),
        Labels::Numbers => numbered(view.rows, plot.height(), 2.0 * LINE, axis.whole, &emphasized),
    };
    for (at, strong) in places {
        let y = view.y_of(plot, at as f64 + 0.5);
        if y < plot.top() || y > plot.bottom() {
            continue;
        }
        let right = pos2(plot.left() - space::XS, y);
        painter.text(right, Align2::RIGHT_CENTER, short(&axis.name(at)), theme::mono(size::SMALL), ink(theme, strong));
        if matches!(axis.labels, Labels::Numbers) {
            painter.hline(plot.left() - 3.0..=plot.left(), y, Stroke::new(1.0, theme.ink_soft));
        }
    }
    let galley = one_line(painter, axis.title, theme::text(size::SMALL), theme.ink_soft, plot.height());
    let left = plot.left() - axis.row_labels_width() - TITLE;
    upright(painter, galley, pos2(left + TITLE / 2.0, plot.center().y), theme.ink_soft);
}

/// Labels and title below the picture.
pub(super) fn paint_columns(
    painter: &Painter,
    theme: &Theme,
    plot: Rect,
    view: &View,
    axis: &Axis<'_>,
    emphasized: [Option<usize>; 2],
) {
    let cell = plot.width() / (view.columns.1 - view.columns.0) as f32;
    let widest = axis.longest_label() as f32 * ADVANCE;
    let texts = matches!(axis.labels, Labels::Texts(_));
    let standing = texts && cell < widest + space::XS;
    let places = if texts {
        labelled(view.columns, cell, if standing { LINE } else { widest }, &emphasized)
    } else {
        numbered(view.columns, plot.width(), widest + space::S, axis.whole, &emphasized)
    };
    let top = plot.bottom() + space::XS;
    for (at, strong) in places {
        let x = view.x_of(plot, at as f64 + 0.5);
        if x < plot.left() || x > plot.right() {
            continue;
        }
        let color = ink(theme, strong);
        let galley = painter.layout_no_wrap(short(&axis.name(at)), theme::mono(size::SMALL), color);
        if standing {
            let half = galley.size().x / 2.0;
            upright(painter, galley, pos2(x, top + half), color);
        } else {
            painter.galley(pos2(x - galley.size().x / 2.0, top), galley, color);
        }
        if !texts {
            painter.vline(x, plot.bottom()..=plot.bottom() + 3.0, Stroke::new(1.0, theme.ink_soft));
        }
    }
    let below = top + if standing || !texts { axis.column_labels_height() } else { LINE + space::XS };
    let galley = one_line(painter, axis.title, theme::text(size::SMALL), theme.ink_soft, plot.width().max(60.0));
    painter.galley(pos2(plot.center().x - galley.size().x / 2.0, below), galley, theme.ink_soft);
}

/// Text that runs upwards, centred at a point.
fn upright(painter: &Painter, galley: Arc<Galley>, center: Pos2, color: Color32) {
    let corner = center - galley.size() / 2.0;
    let shape = egui::epaint::TextShape::new(corner, galley, color);
    painter.add(Shape::Text(shape.with_angle_and_anchor(-std::f32::consts::FRAC_PI_2, Align2::CENTER_CENTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_thin_out_where_there_is_no_room() {
        let all = labelled((0.0, 10.0), 20.0, 15.0, &[None, None]);
        assert_eq!(all.len(), 10);
        let some = labelled((0.0, 256.0), 2.0, 15.0, &[None, None]);
        assert_eq!(some.iter().map(|l| l.0).take(3).collect::<Vec<_>>(), [0, 8, 16]);
        assert_eq!(some.len(), 32);
    }

    #[test]
    fn an_emphasized_label_keeps_its_neighbours_away() {
        let places = labelled((0.0, 256.0), 2.0, 15.0, &[Some(13), None]);
        assert!(places.contains(&(13, true)));
        assert!(!places.iter().any(|l| !l.1 && l.0.abs_diff(13) < 8), "{places:?}");
    }

    #[test]
    fn numbers_stand_at_round_places() {
        let places = numbered((0.0, 768.0), 600.0, 40.0, 768, &[None, None]);
        assert!(places.iter().all(|(at, _)| at % 100 == 0) && places.len() >= 5, "{places:?}");
        let few = numbered((0.0, 3.0), 600.0, 40.0, 3, &[None, None]);
        assert_eq!(few.iter().map(|l| l.0).collect::<Vec<_>>(), [0, 1, 2], "only whole numbers, each once");
    }

    #[test]
    fn cells_of_thinned_data_stand_for_the_middle_of_their_part() {
        let axis = Axis::part("position", 10_000, (100, 1_100));
        assert_eq!(axis.index_at(99.0, 10), None);
        assert_eq!(axis.index_at(1_100.0, 10), None);
        assert_eq!(axis.index_at(650.0, 10), Some(5));
        assert_eq!(axis.place_of(5, 10), 100 + 11 * 1_000 / 20);
        assert_eq!(axis.span_of(5, 10), (600.0, 700.0));
        let exact = Axis::part("position", 10_000, (100, 110));
        assert_eq!(exact.place_of(5, 10), 105);
    }
}
