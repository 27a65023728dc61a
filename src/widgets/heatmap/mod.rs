//! A matrix as a picture: what one looks at, hovers over, pins and zooms into.
//!
//! The cells are a texture that is uploaded only when the data or the theme changed, so that 2 048 × 2 048 of them cost no
//! more a frame than two triangles. Everything else (labels, marks, the colour bar) is painted over it and grows with the
//! room on the screen, not with the data.

mod axes;
mod bar;
mod cells;
pub mod export;
pub mod svg;
mod view;

use egui::{Align2, EventFilter, Key, Modifiers, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Vec2, WidgetInfo, vec2};
use rust_i18n::t;

pub use axes::{Axis, Labels};
pub use cells::{Cells, Scale, Texture};
pub use view::View;

use super::theme::{self, Theme, size, space};

/// One cell that is hovered over or pinned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Row and column inside the data.
    pub row: usize,
    /// Column inside the data.
    pub column: usize,
    /// Row on the whole axis; differs from `row` where the data is a part of it or was thinned.
    pub row_at: usize,
    /// Column on the whole axis.
    pub column_at: usize,
    /// Its value; `None` where it is blank or not a number.
    pub value: Option<f32>,
}

/// Everything that is drawn, except for what the person does with it.
pub struct Figure<'a> {
    /// The data.
    pub cells: Cells<'a>,
    /// From top to bottom.
    pub rows: Axis<'a>,
    /// From left to right.
    pub columns: Axis<'a>,
    /// What a value is, with its unit: the colour bar's title.
    pub value: &'a str,
    /// One sentence that stands for the picture where it cannot be seen.
    pub summary: &'a str,
    /// What the pin does and what else can be done, in quiet type above the picture.
    pub hint: &'a str,
    /// Whether wheel and drag change the part in view.
    pub zoom: bool,
    /// Whether cells are squares (else the picture fills its room).
    pub square: bool,
    /// How a cell is put in words; a plain form where absent.
    pub describe: Option<&'a dyn Fn(&Cell) -> String>,
}

/// What a person did in this frame.
pub struct Shown {
    /// The picture's response: for a context menu, say.
    pub response: egui::Response,
    /// The cell under the pointer.
    pub hovered: Option<Cell>,
    /// The cell that was clicked.
    pub pinned: Option<Cell>,
    /// The part in view, on the whole axes.
    pub view: View,
    /// Whether the part in view changed in this frame.
    pub view_changed: bool,
    /// Where the cells are on the screen.
    pub plot: Rect,
}

/// A heatmap's state between frames. One for each place where one is shown.
#[derive(Default)]
pub struct Heatmap {
    texture: cells::Texture,
    view: Option<View>,
    pin: Option<(usize, usize)>,
}

impl Heatmap {
    /// The pinned cell's row and column on the whole axes.
    pub fn pin(&self) -> Option<(usize, usize)> {
        self.pin
    }

    /// Pins a cell by row and column on the whole axes, or releases it.
    pub fn set_pin(&mut self, pin: Option<(usize, usize)>) {
        self.pin = pin;
    }

    /// Shows everything again.
    pub fn reset_view(&mut self) {
        self.view = None;
    }

    /// Looks at this part from now on.
    pub fn set_view(&mut self, view: View) {
        self.view = Some(view);
    }

    /// Makes the texture now (in `logic`, say), so that drawing finds it ready.
    pub fn prepare(&mut self, ctx: &egui::Context, cells: &Cells<'_>) {
        self.texture.update(ctx, cells);
    }

    /// Draws into an area of this size.
    pub fn show(&mut self, ui: &mut egui::Ui, area: Vec2, figure: &Figure<'_>) -> Shown {
        self.texture.update(ui.ctx(), &figure.cells);
        let (rect, outer) = ui.allocate_exact_size(area, Sense::hover());
        let plot = plot_rect(rect, figure);
        let sense = if figure.zoom { Sense::click_and_drag() } else { Sense::click() };
        let response = ui.interact(plot, outer.id.with("cells"), sense);

        let whole = View::whole(&figure.rows, &figure.columns);
        let before = self.view.unwrap_or(whole).within(&whole);
        let view = if figure.zoom { before.steered(ui, &response, &whole) } else { whole };
        let view_changed = view != before;
        self.view = (view != whole).then_some(view);

        let pointer = response.hover_pos().filter(|_| response.hovered());
        let hovered = pointer.and_then(|at| cell_at(figure, view.rows_at(plot, at.y), view.columns_at(plot, at.x)));
        self.steer_pin(ui, &response, figure, hovered);
        let pinned = self.pin.and_then(|(row, column)| cell_at(figure, row as f64 + 0.5, column as f64 + 0.5));

        let spoken = spoken(figure, hovered, pinned);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
        let drawing = Drawing { theme: Theme::here(ui), rect, plot, view, figure, hovered, pinned };
        if ui.is_rect_visible(rect) {
            drawing.paint(ui, &self.texture, &response);
        }
        Shown { response, hovered, pinned, view, view_changed, plot }
    }

    /// A click pins, a click on the pinned cell or Esc releases, arrows move the pin while the picture has the focus.
    fn steer_pin(&mut self, ui: &egui::Ui, response: &egui::Response, figure: &Figure<'_>, hovered: Option<Cell>) {
        if response.clicked()
            && let Some(cell) = hovered
        {
            let at = (cell.row_at, cell.column_at);
            self.pin = if self.pin == Some(at) { None } else { Some(at) };
        }
        if self.pin.is_some() && ui.input(|i| i.key_pressed(Key::Escape)) {
            self.pin = None;
        }
        if !response.has_focus() {
            return;
        }
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let count = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as isize;
        let down = count(Key::ArrowDown) - count(Key::ArrowUp);
        let right = count(Key::ArrowRight) - count(Key::ArrowLeft);
        if down != 0 || right != 0 {
            let (row, column) = self.pin.unwrap_or((figure.rows.data.0, figure.columns.data.0));
            self.pin = Some((figure.rows.moved(row, down), figure.columns.moved(column, right)));
        }
    }
}

/// The cell at a place on the whole axes, if the data has one there.
fn cell_at(figure: &Figure<'_>, row: f64, column: f64) -> Option<Cell> {
    let (row, column) = (
        figure.rows.index_at(row, figure.cells.rows)?, //
        figure.columns.index_at(column, figure.cells.columns)?,
    );
    Some(Cell {
        row,
        column,
        row_at: figure.rows.place_of(row, figure.cells.rows),
        column_at: figure.columns.place_of(column, figure.cells.columns),
        value: figure.cells.value(row, column),
    })
}

/// A cell in words.
fn describe(figure: &Figure<'_>, cell: &Cell) -> String {
    if let Some(describe) = figure.describe {
        return describe(cell);
    }
    let value = cell.value.map_or_else(|| t!("heatmap.blank").into_owned(), value_text);
    format!(
        "{} {} · {} {}: {value}",
        figure.rows.title,
        figure.rows.name(cell.row_at),
        figure.columns.title,
        figure.columns.name(cell.column_at)
    )
}

/// The picture in words: the summary, then the cell that is pointed at or pinned.
fn spoken(figure: &Figure<'_>, hovered: Option<Cell>, pinned: Option<Cell>) -> String {
    let mut text = figure.summary.to_owned();
    if let Some(cell) = hovered {
        text += &format!(" {}", t!("heatmap.hovered", cell = describe(figure, &cell)));
    }
    if let Some(cell) = pinned {
        text += &format!(" {}", t!("heatmap.pinned", cell = describe(figure, &cell)));
    }
    text
}

/// A value with three digits that count, and a real minus sign.
pub fn value_text(value: f32) -> String {
    let size = value.abs();
    let text = match size {
        _ if !value.is_finite() => return "—".to_owned(),
        x if x < 10.0 => format!("{size:.3}"),
        x if x < 100.0 => format!("{size:.2}"),
        x if x < 1000.0 => format!("{size:.1}"),
        _ => return super::number::grouped(value.round() as i64),
    };
    if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { format!("−{text}") } else { text }
}

/// Room above the picture, for the hint and the pinned cell.
const HEADER: f32 = 24.0;

/// Where the cells go inside `rect`: what labels, titles and the colour bar leave.
fn plot_rect(rect: Rect, figure: &Figure<'_>) -> Rect {
    let left = figure.rows.row_labels_width() + axes::TITLE;
    let bottom = figure.columns.column_labels_height() + axes::TITLE;
    let min = rect.min + vec2(left, HEADER);
    let room = (rect.max - vec2(bar::WIDTH, bottom) - min).max(vec2(16.0, 16.0));
    let fitted = if figure.square {
        let (rows, columns) = (figure.rows.count() as f32, figure.columns.count() as f32);
        let cell = (room.x / columns.max(1.0)).min(room.y / rows.max(1.0));
        vec2(cell * columns, cell * rows)
    } else {
        room
    };
    Rect::from_min_size(min.round(), fitted.floor())
}

/// One frame's drawing.
struct Drawing<'a> {
    theme: &'static Theme,
    rect: Rect,
    plot: Rect,
    view: View,
    figure: &'a Figure<'a>,
    hovered: Option<Cell>,
    pinned: Option<Cell>,
}

impl Drawing<'_> {
    fn paint(&self, ui: &egui::Ui, texture: &cells::Texture, response: &egui::Response) {
        let (theme, plot, figure) = (self.theme, self.plot, self.figure);
        let inside = ui.painter().with_clip_rect(plot.intersect(ui.clip_rect()));
        let painter = ui.painter();
        texture.paint(&inside, theme, plot, &self.view, &figure.rows, &figure.columns);
        self.values(&inside);
        painter.rect_stroke(plot, 0.0, Stroke::new(1.0, theme.line), StrokeKind::Outside);
        let emphasized = [self.hovered, self.pinned];
        let rows = emphasized.map(|cell| cell.map(|cell| cell.row_at));
        let columns = emphasized.map(|cell| cell.map(|cell| cell.column_at));
        axes::paint_rows(painter, theme, plot, &self.view, &figure.rows, rows);
        axes::paint_columns(painter, theme, plot, &self.view, &figure.columns, columns);
        let marked = self.hovered.or(self.pinned).and_then(|cell| cell.value);
        bar::paint(painter, theme, plot, self.rect, figure, marked);
        if let Some(cell) = self.pinned {
            self.mark(&inside, &cell, Stroke::new(2.0, theme.accent), true);
        }
        if let Some(cell) = self.hovered {
            self.mark(&inside, &cell, Stroke::new(1.5, theme.ink), false);
        }
        self.header(painter);
        if response.has_focus() {
            painter.rect_stroke(plot.expand(2.0), 2.0, Stroke::new(1.5, theme.accent), StrokeKind::Outside);
        }
        if let (Some(cell), Some(at)) = (self.hovered, response.hover_pos()) {
            self.tip(ui, &describe(figure, &cell), at);
        }
    }

    /// Values inside the cells, where these are large enough.
    fn values(&self, painter: &egui::Painter) {
        const ROOM: Vec2 = vec2(44.0, 20.0);
        let (figure, view, plot) = (self.figure, &self.view, self.plot);
        let size = vec2(
            plot.width() / (view.columns.1 - view.columns.0) as f32,
            plot.height() / (view.rows.1 - view.rows.0) as f32,
        );
        // Thinned data has no cell of its own for every place on the axis.
        let whole = figure.cells.rows >= figure.rows.data.1.saturating_sub(figure.rows.data.0)
            && figure.cells.columns >= figure.columns.data.1.saturating_sub(figure.columns.data.0);
        if size.x < ROOM.x || size.y < ROOM.y || !whole {
            return;
        }
        let (rows, columns) = (view.whole_rows(), view.whole_columns());
        for row in rows.0..rows.1 {
            for column in columns.0..columns.1 {
                let Some(cell) = cell_at(figure, row as f64 + 0.5, column as f64 + 0.5) else { continue };
                let Some(value) = cell.value else { continue };
                let ink = self.theme.ink_on(figure.cells.scale.color(self.theme, value));
                let at = view.center_of(plot, row, column);
                painter.text(at, Align2::CENTER_CENTER, value_text(value), theme::text(size::SMALL), ink);
            }
        }
    }

    /// Outlines a cell, and its row where it is the pinned one.
    fn mark(&self, painter: &egui::Painter, cell: &Cell, stroke: Stroke, row: bool) {
        let figure = self.figure;
        let (top, bottom) = figure.rows.span_of(cell.row, figure.cells.rows);
        let (left, right) = figure.columns.span_of(cell.column, figure.cells.columns);
        let exact = Rect::from_min_max(
            Pos2::new(self.view.x_of(self.plot, left), self.view.y_of(self.plot, top)),
            Pos2::new(self.view.x_of(self.plot, right), self.view.y_of(self.plot, bottom)),
        );
        // A cell of a pixel must still be found.
        let seen = Rect::from_center_size(exact.center(), exact.size().max(vec2(5.0, 5.0)));
        if row {
            let hairline = Stroke::new(1.0, stroke.color);
            painter.hline(self.plot.x_range(), seen.top(), hairline);
            painter.hline(self.plot.x_range(), seen.bottom(), hairline);
        }
        painter.rect_stroke(seen, 1.0, Stroke::new(stroke.width + 1.5, self.theme.card), StrokeKind::Outside);
        painter.rect_stroke(seen, 1.0, stroke, StrokeKind::Outside);
    }

    /// The pinned cell in words, or what can be done.
    fn header(&self, painter: &egui::Painter) {
        let theme = self.theme;
        let (text, color) = match self.pinned {
            Some(cell) => (describe(self.figure, &cell), theme.accent),
            None => (self.figure.hint.to_owned(), theme.ink_soft),
        };
        let font = if self.pinned.is_some() { theme::strong(size::SMALL) } else { theme::text(size::SMALL) };
        let title = bar::title(painter, theme, self.figure.value);
        let end = bar::left(self.plot) + title.size().x.max(bar::WIDTH);
        let room = (end.min(self.rect.right()) - title.size().x - space::M - self.plot.left()).max(0.0);
        let galley = axes::one_line(painter, &text, font, color, room);
        painter.galley(Pos2::new(self.plot.left(), self.plot.top() - HEADER + 2.0), galley, color);
    }

    /// A small card beside the pointer. Painted, because its words are the picture's own accessible text already.
    fn tip(&self, ui: &egui::Ui, text: &str, at: Pos2) {
        let theme = self.theme;
        let layer = egui::LayerId::new(egui::Order::Tooltip, ui.scope_id().with("tip"));
        let painter = ui.ctx().layer_painter(layer);
        let galley = painter.layout_no_wrap(text.to_owned(), theme::text(size::BODY), theme.ink);
        let card = galley.size() + vec2(2.0 * space::S, space::S);
        let screen = ui.ctx().content_rect();
        let mut corner = at + vec2(14.0, 14.0);
        if corner.x + card.x > screen.right() {
            corner.x = (at.x - 14.0 - card.x).max(screen.left());
        }
        if corner.y + card.y > screen.bottom() {
            corner.y = at.y - 14.0 - card.y;
        }
        let rect = Rect::from_min_size(corner, card);
        painter.rect(rect, theme::RADIUS, theme.card, Stroke::new(1.0, theme.line), StrokeKind::Inside);
        painter.galley(Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect).min, galley, theme.ink);
    }
}

#[cfg(test)]
mod tests;
