//! Puts the curves on the page.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Id, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2};
use rust_i18n::t;

use super::data::{Curves, Lines, View, time_unit};
use crate::widgets::axes::{Area, Axes, Scale, readout, spread};
use crate::widgets::decimate::Axis;
use crate::widgets::number;
use crate::widgets::theme::{self, Theme, size, space};

/// Seconds in which an axis glides to its new end.
const GLIDE: f32 = 0.2;
/// Room right of the plot for the names of the curves, in points.
const NAMES: f32 = 120.0;
/// Held-out points beyond this many get no marks: they would run into one line.
const MOST_MARKS: usize = 60;

/// One drawing of the plot.
pub(super) struct Plot {
    painter: Painter,
    theme: &'static Theme,
    outer: Rect,
    x: Scale,
    y: Scale,
}

impl Plot {
    pub fn new(ui: &Ui, curves: &Curves, view: &View, id: Id, outer: Rect, motion: bool) -> Self {
        let (mut x, mut y) = curves.extents(view);
        let seconds = if motion { GLIDE } else { 0.0 };
        let glide = |name: &str, to: f64| {
            let id = id.with((name, view.axis, view.log));
            f64::from(ui.ctx().animate_value_with_time(id, to as f32, seconds))
        };
        x.to = glide("x", x.to);
        (y.from, y.to) = (glide("from", y.from), glide("to", y.to));
        Self { painter: ui.painter_at(outer), theme: Theme::here(ui), outer, x, y }
    }

    pub fn paint(&self, curves: &mut Curves, view: &View, pointer: Option<Pos2>) {
        let x_title = match (view.axis, time_unit(self.x.to)) {
            (Axis::Step, _) => t!("loss_plot.step"),
            (Axis::Seconds, 1.0) => t!("loss_plot.seconds"),
            (Axis::Seconds, 60.0) => t!("loss_plot.minutes"),
            (Axis::Seconds, _) => t!("loss_plot.hours"),
        };
        let axes = Axes { x: self.x, y: self.y, x_title: &x_title, y_title: &t!("loss_plot.loss") };
        let frame = Rect::from_min_max(self.outer.min, pos2(self.outer.right() - NAMES, self.outer.bottom()));
        let area = axes.paint(&self.painter, self.theme, frame);
        let columns = (area.rect.width() * self.painter.pixels_per_point()).max(1.0) as usize;
        let ends = self.lines(&area, curves.lines(view, (self.x.from, self.x.to), columns));
        let mut names: Vec<Name> = Vec::new();
        if let Some(uniform) = curves.uniform {
            self.mark(&area, uniform);
            names.push(Name {
                height: area.at(0.0, uniform).y,
                text: t!("loss_plot.uniform", value = format!("{uniform:.2}")).into_owned(),
                color: self.theme.ink_soft,
            });
        }
        let values = [curves.train.smoothed().last(), curves.held_out.values().last()];
        let texts = [t!("loss_plot.train"), t!("loss_plot.held_out")];
        for (i, (end, value)) in ends.into_iter().zip(values).enumerate() {
            if let (Some(at), Some(value)) = (end, value) {
                names.push(Name {
                    height: at.y,
                    text: format!("{} {value:.2}", texts[i]),
                    color: self.theme.series[i],
                });
            }
        }
        self.names(&area, names);
        if let Some(pointer) = pointer.filter(|pointer| area.rect.expand(space::S).contains(*pointer)) {
            self.cursor(&area, curves, view, pointer);
        }
    }

    /// Draws the lines and returns where the smoothed and the held-out one end.
    fn lines(&self, area: &Area, lines: Lines<'_>) -> [Option<Pos2>; 2] {
        let inside = area.clipped(&self.painter);
        let [train, held_out] = [self.theme.series[0], self.theme.series[1]];
        for (points, stroke) in
            [(lines.raw, Stroke::new(1.0, train.gamma_multiply(0.35))), (lines.smooth, Stroke::new(2.0, train))]
        {
            inside.add(if lines.dense { area.band(points, stroke) } else { area.line(points, stroke) });
        }
        inside.add(area.line(lines.held_out, Stroke::new(1.5, held_out)));
        if lines.held_out.len() <= MOST_MARKS {
            for &[x, y] in lines.held_out {
                inside.add(Shape::circle_filled(area.at(x, y), 3.0, held_out));
            }
        }
        let end = |points: &[[f64; 2]]| points.last().map(|&[x, y]| area.at(x, y));
        // Before there is a line there is a point.
        if let &[[x, y]] = lines.smooth {
            inside.add(Shape::circle_filled(area.at(x, y), 2.5, train));
        }
        [end(lines.smooth), end(lines.held_out)]
    }

    /// A dashed line across the plot.
    fn mark(&self, area: &Area, loss: f64) {
        let y = self.painter.round_to_pixel_center(area.at(0.0, loss).y);
        let ends = [pos2(area.rect.left(), y), pos2(area.rect.right(), y)];
        let stroke = Stroke::new(1.0, self.theme.ink_soft);
        area.clipped(&self.painter).extend(Shape::dashed_line(&ends, stroke, 4.0, 4.0));
    }

    /// Writes each curve's name right of the plot, as high as the curve ends: there it covers no curve.
    fn names(&self, area: &Area, names: Vec<Name>) {
        let height = size::SMALL + 4.0;
        let mut centres: Vec<f32> = names.iter().map(|name| name.height).collect();
        spread(&mut centres, height, (area.rect.top() - height / 2.0, area.rect.bottom()));
        for (name, y) in names.into_iter().zip(centres) {
            let x = area.rect.right() + space::S;
            let mut job = LayoutJob::simple_singleline(name.text, theme::text(size::SMALL), name.color);
            job.wrap = TextWrapping::truncate_at_width(self.outer.right() - x);
            let galley = self.painter.layout_job(job);
            let rect = Align2::LEFT_CENTER.anchor_size(pos2(x, y), galley.size());
            self.painter.galley(rect.min, galley, name.color);
        }
    }

    /// The point nearest to the pointer, with its values.
    fn cursor(&self, area: &Area, curves: &Curves, view: &View, pointer: Pos2) {
        let Some(i) = curves.train.nearest(view.axis, area.x_at(pointer.x)) else { return };
        let (xs, steps) = (curves.train.x(view.axis), curves.train.x(Axis::Step));
        let (raw, smooth) = (curves.train.values()[i], curves.train.smoothed().get(i).copied());
        let x = area.at(xs[i], 0.0).x;
        let inside = area.clipped(&self.painter);
        inside.vline(x, area.rect.y_range(), Stroke::new(1.0, self.theme.ink_soft));
        let [train, held] = [self.theme.series[0], self.theme.series[1]];
        let mut rows: Vec<(Color32, String)> =
            vec![(self.theme.ink_soft, t!("loss_plot.raw", value = format!("{raw:.3}")).into_owned())];
        if let Some(smooth) = smooth {
            inside.circle_filled(area.at(xs[i], f64::from(smooth)), 3.5, train);
            rows.push((train, format!("{} {smooth:.3}", t!("loss_plot.smoothed"))));
        }
        if let Some(j) = curves.held_out.nearest(Axis::Step, steps[i]) {
            let (at, value) = (curves.held_out.x(view.axis)[j], curves.held_out.values()[j]);
            inside.circle_stroke(area.at(at, f64::from(value)), 4.5, Stroke::new(1.5, held));
            let step = number::grouped(curves.held_out.x(Axis::Step)[j] as i64);
            rows.push((held, t!("loss_plot.held_out_at", value = format!("{value:.3}"), step = step).into_owned()));
        }
        let heading = t!(
            "loss_plot.heading",
            step = number::grouped(steps[i] as i64),
            time = number::duration(curves.train.x(Axis::Seconds)[i])
        );
        readout(&self.painter, self.theme, pos2(x, pointer.y), self.outer, &heading, &rows);
    }
}

/// The name of a curve, to be written in line with its end.
struct Name {
    /// How far down the curve ends.
    height: f32,
    text: String,
    color: Color32,
}
