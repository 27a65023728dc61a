//! A few curves over whole numbers: how does a quantity change from one place to the next?

use egui::{Color32, Pos2, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2};

use super::axes::{Axes, Scale, readout, spread};
use super::decimate::min_max;
use super::number;
use super::theme::{self, Theme, size, space};

/// One curve: a value at 0, 1, 2, …
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What it is, short.
    pub name: &'a str,
    /// Its colour.
    pub color: Color32,
    /// Its values.
    pub values: &'a [f32],
}

/// Everything that is drawn.
pub struct Figure<'a> {
    /// The curves, all as long as each other.
    pub lines: &'a [Line<'a>],
    /// Changes whenever the curves do.
    pub version: u64,
    /// Quantity and unit of the horizontal axis.
    pub x_title: &'a str,
    /// Quantity and unit of the vertical axis.
    pub y_title: &'a str,
    /// Ends of the vertical axis.
    pub y: (f64, f64),
    /// A place that is marked by an upright line.
    pub marked: Option<usize>,
    /// What the place under the pointer is called.
    pub heading: &'a dyn Fn(usize) -> String,
    /// Digits after the point of values that are read off.
    pub decimals: usize,
    /// One sentence that stands for the picture where it cannot be seen.
    pub summary: &'a str,
}

/// A chart's state between frames: its curves, reduced to what can be seen.
#[derive(Default)]
pub struct LineChart {
    key: Option<(u64, usize, usize)>,
    reduced: Vec<Vec<[f64; 2]>>,
}

/// Room right of the plot for the names of the curves, in points.
const NAMES: f32 = 56.0;

impl LineChart {
    /// Draws into an area of this size; says over which place the pointer is.
    pub fn show(&mut self, ui: &mut Ui, area: Vec2, figure: &Figure<'_>) -> (Response, Option<usize>) {
        let (outer, response) = ui.allocate_exact_size(area, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, figure.summary));
        let count = figure.lines.iter().map(|line| line.values.len()).max().unwrap_or(0);
        if count < 2 || !ui.is_rect_visible(outer) {
            return (response, None);
        }
        let theme = Theme::here(ui);
        let painter = ui.painter_at(outer);
        let names = if figure.lines.len() > 1 { NAMES } else { 0.0 };
        let frame = Rect::from_min_max(outer.min, pos2(outer.right() - names, outer.bottom()));
        let axes = Axes {
            x: Scale::linear(0.0, (count - 1) as f64),
            y: Scale::linear(figure.y.0, figure.y.1),
            x_title: figure.x_title,
            y_title: figure.y_title,
        };
        let plot = axes.paint(&painter, theme, frame);
        let inside = plot.clipped(&painter);
        let columns = (plot.rect.width() * ui.pixels_per_point()) as usize;
        self.reduce(figure, count, columns);
        // Several curves with more values than columns are thin and let each other through.
        let crowded = figure.lines.len() > 1 && count > columns;
        for (line, points) in figure.lines.iter().zip(&self.reduced) {
            let stroke =
                if crowded { Stroke::new(1.0, line.color.gamma_multiply(0.6)) } else { Stroke::new(1.5, line.color) };
            inside.add(plot.line(points, stroke));
        }
        if let Some(marked) = figure.marked.filter(|marked| *marked < count) {
            let x = plot.at(marked as f64, 0.0).x;
            inside.vline(x, plot.rect.y_range(), Stroke::new(1.5, theme.accent));
        }
        if names > 0.0 {
            let ends: Vec<f32> = figure.lines.iter().map(|line| end(line).map_or(0.0, |y| plot.at(0.0, y).y)).collect();
            write_names(&painter, figure, ends, plot.rect);
        }
        let pointer = response.hover_pos().filter(|pointer| plot.rect.expand(space::XS).contains(*pointer));
        let hovered = pointer.map(|pointer| {
            let at = (plot.x_at(pointer.x).round().max(0.0) as usize).min(count - 1);
            let places: Vec<(Color32, Pos2, String)> = figure
                .lines
                .iter()
                .filter_map(|line| {
                    let value = *line.values.get(at)?;
                    let text = format!("{} {}", line.name, number::signed(value, figure.decimals));
                    Some((line.color, plot.at(at as f64, f64::from(value)), text))
                })
                .collect();
            let x = plot.at(at as f64, 0.0).x;
            inside.vline(x, plot.rect.y_range(), Stroke::new(1.0, theme.ink_soft));
            for (color, place, _) in &places {
                inside.circle_filled(*place, 3.5, *color);
            }
            let rows: Vec<(Color32, String)> = places.into_iter().map(|(color, _, text)| (color, text)).collect();
            readout(&painter, theme, pos2(x, pointer.y), outer, &(figure.heading)(at), &rows);
            at
        });
        (response, hovered)
    }

    /// Reduces the curves to what so many columns of pixels can show, unless that has been done.
    fn reduce(&mut self, figure: &Figure<'_>, count: usize, columns: usize) {
        let key = (figure.version, count, columns);
        if self.key == Some(key) && self.reduced.len() == figure.lines.len() {
            return;
        }
        let xs: Vec<f64> = (0..count).map(|x| x as f64).collect();
        let reduce = |line: &Line<'_>| min_max(&xs, line.values, (0.0, (count - 1) as f64), columns);
        self.reduced = figure.lines.iter().map(reduce).collect();
        self.key = Some(key);
    }
}

fn end(line: &Line<'_>) -> Option<f64> {
    line.values.last().map(|value| f64::from(*value))
}

fn write_names(painter: &egui::Painter, figure: &Figure<'_>, mut ends: Vec<f32>, plot: Rect) {
    let height = size::SMALL + 4.0;
    spread(&mut ends, height, (plot.top() - height / 2.0, plot.bottom() + height / 2.0));
    for (line, y) in figure.lines.iter().zip(ends) {
        let at = pos2(plot.right() + space::S, y);
        painter.text(at, egui::Align2::LEFT_CENTER, line.name, theme::text(size::SMALL), line.color);
    }
}

#[cfg(test)]
mod tests {
    use egui::vec2;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn the_place_under_the_pointer_is_told() {
        let values: Vec<f32> = (0..10_000).map(|x| (x as f32 * 0.01).sin()).collect();
        let draw = move |ui: &mut Ui, (chart, hovered): &mut (LineChart, Option<usize>)| {
            let figure = Figure {
                lines: &[Line { name: "0", color: Color32::BLUE, values: &values }],
                version: 1,
                x_title: "position",
                y_title: "value",
                y: (-1.0, 1.0),
                marked: Some(3),
                heading: &|at| format!("position {at}"),
                decimals: 3,
                summary: "A sine.",
            };
            *hovered = chart.show(ui, vec2(500.0, 300.0), &figure).1;
        };
        let builder = Harness::builder().with_size(vec2(540.0, 340.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(draw, (LineChart::default(), None));
        harness.run();
        let rect = harness.get_by_label("A sine.").rect();
        assert_eq!(harness.state().1, None);
        harness.hover_at(rect.center());
        harness.run();
        let hovered = harness.state().1.expect("the pointer is over the plot");
        assert!((4_000..6_000).contains(&hovered), "{hovered}");
        assert!(harness.state().0.reduced[0].len() < 2_100, "no more points than can be seen");
    }
}
