//! Which part of the whole matrix is in view, and how wheel and drag change it.

use egui::{PointerButton, Pos2, Rect, Vec2};

use super::axes::Axis;

/// A part of the whole axes, in cells; fractions are parts of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// First and one-past-last row.
    pub rows: (f64, f64),
    /// First and one-past-last column.
    pub columns: (f64, f64),
}

/// So many cells at least stay in view.
const FEWEST: f64 = 2.0;

impl View {
    /// Everything.
    pub(super) fn whole(rows: &Axis<'_>, columns: &Axis<'_>) -> Self {
        Self { rows: (0.0, rows.count().max(1) as f64), columns: (0.0, columns.count().max(1) as f64) }
    }

    /// Whole rows that hold those in view: first and one past the last.
    pub fn whole_rows(&self) -> (usize, usize) {
        (self.rows.0.floor().max(0.0) as usize, self.rows.1.ceil().max(0.0) as usize)
    }

    /// Whole columns that hold those in view: first and one past the last.
    pub fn whole_columns(&self) -> (usize, usize) {
        (self.columns.0.floor().max(0.0) as usize, self.columns.1.ceil().max(0.0) as usize)
    }

    /// The same part, shrunk and moved so that it lies inside `whole`.
    #[must_use]
    pub(super) fn within(self, whole: &Self) -> Self {
        Self { rows: inside(self.rows, whole.rows), columns: inside(self.columns, whole.columns) }
    }

    /// Brings what is at `center` (row, column) nearer by `factor`, without moving it.
    #[must_use]
    pub fn zoomed(self, center: (f64, f64), factor: f64) -> Self {
        let zoom = |(from, to): (f64, f64), at: f64| {
            let span = (to - from) / factor;
            if span < FEWEST && factor > 1.0 {
                return (from, to);
            }
            let share = (at - from) / (to - from);
            (at - share * span, at + (1.0 - share) * span)
        };
        Self { rows: zoom(self.rows, center.0), columns: zoom(self.columns, center.1) }
    }

    /// Moved by so many rows and columns.
    #[must_use]
    pub fn moved(self, rows: f64, columns: f64) -> Self {
        Self {
            rows: (self.rows.0 + rows, self.rows.1 + rows),
            columns: (self.columns.0 + columns, self.columns.1 + columns),
        }
    }

    /// After this frame's wheel (zoom), drag (move) and double click (everything).
    pub(super) fn steered(self, ui: &egui::Ui, response: &egui::Response, whole: &Self) -> Self {
        let mut view = self;
        if response.double_clicked() {
            return *whole;
        }
        if let Some(at) = response.hover_pos()
            && response.contains_pointer()
        {
            let factor = wheel(ui);
            if factor != 1.0 {
                view = view.zoomed((view.rows_at(response.rect, at.y), view.columns_at(response.rect, at.x)), factor);
            }
        }
        if response.dragged_by(PointerButton::Primary) {
            let Vec2 { x, y } = response.drag_delta();
            let rows = -f64::from(y / response.rect.height()) * (view.rows.1 - view.rows.0);
            let columns = -f64::from(x / response.rect.width()) * (view.columns.1 - view.columns.0);
            view = view.moved(rows, columns);
        }
        view.within(whole)
    }

    pub(super) fn x_of(&self, plot: Rect, column: f64) -> f32 {
        let share = (column - self.columns.0) / (self.columns.1 - self.columns.0);
        plot.left() + share as f32 * plot.width()
    }

    pub(super) fn y_of(&self, plot: Rect, row: f64) -> f32 {
        let share = (row - self.rows.0) / (self.rows.1 - self.rows.0);
        plot.top() + share as f32 * plot.height()
    }

    pub(super) fn rows_at(&self, plot: Rect, y: f32) -> f64 {
        self.rows.0 + f64::from((y - plot.top()) / plot.height()) * (self.rows.1 - self.rows.0)
    }

    pub(super) fn columns_at(&self, plot: Rect, x: f32) -> f64 {
        self.columns.0 + f64::from((x - plot.left()) / plot.width()) * (self.columns.1 - self.columns.0)
    }

    /// Where a cell's middle is on the screen.
    pub fn center_of(&self, plot: Rect, row: usize, column: usize) -> Pos2 {
        Pos2::new(self.x_of(plot, column as f64 + 0.5), self.y_of(plot, row as f64 + 0.5))
    }
}

/// How much nearer the wheel or a pinch brings things in this frame. Taken from the input, so that nothing scrolls too.
fn wheel(ui: &egui::Ui) -> f64 {
    ui.input_mut(|input| {
        let scrolled = std::mem::take(&mut input.smooth_scroll_delta).y;
        f64::from(input.zoom_delta()) * f64::from(scrolled / 200.0).exp()
    })
}

fn inside((from, to): (f64, f64), whole: (f64, f64)) -> (f64, f64) {
    let span = (to - from).clamp(0.0, whole.1 - whole.0);
    if span.is_nan() || span <= 0.0 {
        return whole;
    }
    let from = from.clamp(whole.0, whole.1 - span);
    // Whole ends stay whole numbers, so that «everything» can be recognized.
    if span >= whole.1 - whole.0 { whole } else { (from, from + span) }
}
