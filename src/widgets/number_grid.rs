//! A small matrix whose numbers can be read: cells on colours, with names at its edges. Cells may be touched.

use std::sync::Arc;

use egui::epaint::TextShape;
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align, Align2, Color32, EventFilter, Galley, Key, Modifiers, Painter, Pos2, Rect, Role, Sense, Shape, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::theme::{self, Theme, size};

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What stands in it, in one line or in several.
    pub text: String,
    /// Its ground; nothing for the card's.
    pub fill: Option<Color32>,
    /// Whether it is crossed out: hatched, whatever its ground.
    pub hatched: bool,
    /// Whether it has a frame that says «wrong» or «look here».
    pub framed: Option<Color32>,
    /// The cell in words.
    pub spoken: String,
}

/// A matrix.
pub struct Grid<'a> {
    /// Names at the left, one a row.
    pub rows: &'a [String],
    /// Names above, one a column.
    pub columns: &'a [String],
    /// What rows are, at their upper end.
    pub corner: &'a str,
    /// Row-major.
    pub cells: &'a [Cell],
    /// Whether a click on a cell means something.
    pub touchable: bool,
    /// Largest size of a cell.
    pub largest: Vec2,
    /// What the matrix is, in words.
    pub summary: &'a str,
}

/// What the person did in this frame: row and column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Under the pointer, or with the keyboard.
    pub hovered: Option<(usize, usize)>,
    /// Clicked.
    pub clicked: Option<(usize, usize)>,
}

/// From this height of a cell on its number has the size of the interface, in points.
const LARGE: f32 = 34.0;
/// Room above the cells for names that lie, and the most for names that stand, in points.
const ABOVE: f32 = 22.0;
const STANDING: f32 = 96.0;

/// Draws into a room of this size, as large as it can; returns what was touched.
pub fn show(ui: &mut Ui, room: Vec2, grid: &Grid<'_>) -> Touched {
    let (n_rows, n_columns) = (grid.rows.len(), grid.columns.len());
    let left = names_width(ui, grid.rows);
    let wide = ((room.x - left) / n_columns.max(1) as f32).clamp(10.0, grid.largest.x).floor();
    let above = names_height(ui, grid, wide);
    let tall = ((room.y - above) / n_rows.max(1) as f32).clamp(10.0, grid.largest.y).floor();
    let cell = vec2(wide, tall);
    let whole = vec2(left + cell.x * n_columns as f32, above + cell.y * n_rows as f32);
    let (rect, outer) = ui.allocate_exact_size(whole, Sense::hover());
    outer.widget_info(|| WidgetInfo::labeled(Role::Image, true, grid.summary));
    let place = |row: usize, column: usize| {
        let corner = rect.min + vec2(left + column as f32 * cell.x, above + row as f32 * cell.y);
        Rect::from_min_size(corner, cell)
    };
    let touched = touch(ui, grid, outer.id, n_columns, &place);
    if ui.is_rect_visible(rect) {
        let names = Names { left, above, standing: above > ABOVE };
        paint(ui, grid, rect, &names, touched.hovered, &place);
    }
    touched
}

/// Room for the names at both edges.
struct Names {
    left: f32,
    above: f32,
    /// Whether those of the columns run upwards, because they would not fit across.
    standing: bool,
}

/// Room that the names of rows take at the left, in points.
pub fn names_width(ui: &Ui, rows: &[String]) -> f32 {
    let font = theme::mono(size::SMALL);
    let advance = ui.fonts_mut(|fonts| fonts.glyph_width(&font, 'm'));
    let longest = rows.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(14);
    longest as f32 * advance + 10.0
}

/// Room above the cells: a line of names, or as much as the longest takes upwards where one is wider than its column.
fn names_height(ui: &Ui, grid: &Grid<'_>, column: f32) -> f32 {
    let font = theme::mono(size::SMALL);
    let wide = |name: &String| ui.painter().layout_no_wrap(name.clone(), font.clone(), Color32::PLACEHOLDER).size().x;
    let longest = grid.columns.iter().map(wide).fold(0.0, f32::max);
    if longest <= column - 2.0 { ABOVE } else { (longest + 8.0).clamp(ABOVE + 1.0, STANDING) }
}

fn touch(
    ui: &mut Ui,
    grid: &Grid<'_>,
    id: egui::Id,
    n_columns: usize,
    place: &impl Fn(usize, usize) -> Rect,
) -> Touched {
    let mut touched = Touched::default();
    let sense = if grid.touchable { Sense::click() } else { Sense::hover() };
    let role = if grid.touchable { Role::Button } else { Role::Label };
    let mut go = None;
    for (i, cell) in grid.cells.iter().enumerate() {
        let (row, column) = (i / n_columns.max(1), i % n_columns.max(1));
        let response = ui.interact(place(row, column), id.with(i), sense);
        response.widget_info(|| WidgetInfo::labeled(role, true, &cell.spoken));
        if response.hovered() || response.has_focus() {
            touched.hovered = Some((row, column));
        }
        if response.clicked() {
            touched.clicked = Some((row, column));
        }
        if response.has_focus() {
            go = steps(ui, response.id).map(|(down, right)| {
                let row = row.saturating_add_signed(down).min(grid.rows.len().saturating_sub(1));
                let column = column.saturating_add_signed(right).min(n_columns.saturating_sub(1));
                row * n_columns + column
            });
        }
        if !cell.spoken.is_empty() {
            response.on_hover_text(&cell.spoken);
        }
    }
    if let Some(to) = go {
        ui.memory_mut(|memory| memory.request_focus(id.with(to)));
    }
    touched
}

/// Arrow keys go from cell to cell.
fn steps(ui: &Ui, id: egui::Id) -> Option<(isize, isize)> {
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let count = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as isize;
    let down = count(Key::ArrowDown) - count(Key::ArrowUp);
    let right = count(Key::ArrowRight) - count(Key::ArrowLeft);
    (down != 0 || right != 0).then_some((down, right))
}

fn paint(
    ui: &Ui,
    grid: &Grid<'_>,
    rect: Rect,
    names: &Names,
    hovered: Option<(usize, usize)>,
    place: &impl Fn(usize, usize) -> Rect,
) {
    let theme = Theme::here(ui);
    let painter = ui.painter();
    let n_columns = grid.columns.len();
    painter.text(rect.min + vec2(0.0, 4.0), Align2::LEFT_TOP, grid.corner, theme::text(size::SMALL), theme.ink_soft);
    for (i, cell) in grid.cells.iter().enumerate() {
        let at = place(i / n_columns.max(1), i % n_columns.max(1));
        paint_cell(painter, theme, at, cell, grid.touchable);
    }
    let lit = |on: bool| if on { theme.ink } else { theme.ink_soft };
    for (row, name) in grid.rows.iter().enumerate() {
        let at = place(row, 0);
        let ink = lit(hovered.is_some_and(|at| at.0 == row));
        let galley = cut(painter, name, names.left - 8.0, ink);
        painter.galley(pos2(at.left() - 6.0 - galley.size().x, at.center().y - galley.size().y / 2.0), galley, ink);
    }
    for (column, name) in grid.columns.iter().enumerate() {
        let at = place(0, column);
        let ink = lit(hovered.is_some_and(|at| at.1 == column));
        if names.standing {
            let galley = cut(painter, name, names.above - 6.0, ink);
            upright(painter, galley, pos2(at.center().x, at.top() - 4.0), ink);
        } else {
            let galley = cut(painter, name, at.width() - 2.0, ink);
            painter.galley(pos2(at.center().x - galley.size().x / 2.0, at.top() - 4.0 - galley.size().y), galley, ink);
        }
    }
    if let Some((row, column)) = hovered {
        painter.rect_stroke(place(row, column), 2.0, Stroke::new(2.0, theme.ink), StrokeKind::Inside);
    }
}

/// Lines that rise through a cell. They are cut here instead of by a clip, which would cost a draw call a cell.
fn hatch(painter: &Painter, cell: Rect, line: Stroke) {
    const APART: f32 = 7.0;
    let mut x = cell.left() - cell.height();
    while x < cell.right() {
        let (from, to) = ((cell.left() - x).max(0.0), (cell.right() - x).min(cell.height()));
        if from < to {
            let at = |along: f32| pos2(x + along, cell.bottom() - along);
            painter.line_segment([at(from), at(to)], line);
        }
        x += APART;
    }
}

/// Text that runs upwards from the middle of its foot.
fn upright(painter: &Painter, galley: Arc<Galley>, foot: Pos2, ink: Color32) {
    let center = foot - vec2(0.0, galley.size().x / 2.0);
    let shape = TextShape::new(center - galley.size() / 2.0, galley, ink);
    painter.add(Shape::Text(shape.with_angle_and_anchor(-std::f32::consts::FRAC_PI_2, Align2::CENTER_CENTER)));
}

fn cut(painter: &Painter, text: &str, room: f32, ink: Color32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), theme::mono(size::SMALL), ink);
    job.wrap = TextWrapping::truncate_at_width(room.max(8.0));
    painter.layout_job(job)
}

fn paint_cell(painter: &Painter, theme: &Theme, at: Rect, cell: &Cell, touchable: bool) {
    let inner = at.shrink(1.0);
    let ground = cell.fill.unwrap_or(theme.card);
    painter.rect_filled(inner, 2.0, ground);
    if cell.hatched {
        hatch(painter, inner, Stroke::new(1.0, theme.ink_soft.gamma_multiply(0.55)));
    }
    let edge = cell.framed.map_or(Stroke::new(1.0, theme.line), |color| Stroke::new(2.0, color));
    if touchable || cell.framed.is_some() {
        painter.rect_stroke(inner, 2.0, edge, StrokeKind::Inside);
    }
    if !cell.text.is_empty() && at.height() >= 13.0 {
        let ink = if cell.hatched { theme.ink_soft } else { theme.ink_on(ground) };
        let laid = |size| {
            let mut job = LayoutJob::simple(cell.text.clone(), theme::text(size), ink, f32::INFINITY);
            job.halign = Align::Center;
            painter.layout_job(job)
        };
        // In a large cell large, for whoever sits at the back.
        let fits = |large: &Arc<Galley>| large.size().x <= at.width() - 8.0 && large.size().y <= at.height() - 4.0;
        let large = (at.height() >= LARGE).then(|| laid(size::BODY)).filter(fits);
        let galley = large.unwrap_or_else(|| laid(size::SMALL));
        // A number that does not fit would be read wrong.
        if galley.size().x <= at.width() - 2.0 {
            if cell.hatched {
                // No line runs through what is to be read.
                let behind = Rect::from_center_size(at.center(), galley.size() + vec2(6.0, 2.0)).intersect(inner);
                painter.rect_filled(behind, 2.0, ground);
            }
            // Lines that are centred are placed by their middle.
            painter.galley(pos2(at.center().x, at.center().y - galley.size().y / 2.0), galley, ink);
        }
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn names_of_columns_stand_where_they_are_wider_than_their_column() {
        let above = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let draw = move |ui: &mut Ui, above: &mut f32| {
                let cells: Vec<Cell> = (0..4).map(|i| Cell { spoken: format!("{i}"), ..Cell::default() }).collect();
                let grid = Grid {
                    rows: &["a".to_owned(), "b".to_owned()],
                    columns: &names,
                    corner: "",
                    cells: &cells,
                    touchable: false,
                    largest: vec2(30.0, 30.0),
                    summary: "two by two",
                };
                show(ui, vec2(300.0, 300.0), &grid);
                *above = names_height(ui, &grid, 30.0);
            };
            let mut harness = Harness::builder().with_context_setup(theme::install).build_ui_state(draw, 0.0);
            harness.run();
            *harness.state()
        };
        assert_eq!(above(&["to", "be"]), ABOVE);
        assert!(above(&["to", "question"]) > 50.0, "the whole word is read");
        assert_eq!(above(&["to", "an unusually long name"]), STANDING);
    }

    #[test]
    fn cells_are_told_clicked_and_reached_by_arrows() {
        let names: Vec<String> = ["a", "b"].map(str::to_owned).to_vec();
        let draw = move |ui: &mut Ui, clicked: &mut Option<(usize, usize)>| {
            let cells: Vec<Cell> = (0..4).map(|i| Cell { spoken: format!("cell {i}"), ..Cell::default() }).collect();
            let grid = Grid {
                rows: &names,
                columns: &names,
                corner: "",
                cells: &cells,
                touchable: true,
                largest: vec2(60.0, 40.0),
                summary: "two by two",
            };
            *clicked = show(ui, vec2(300.0, 200.0), &grid).clicked.or(*clicked);
        };
        let mut harness = Harness::builder().with_context_setup(theme::install).build_ui_state(draw, None);
        harness.run();
        harness.get_by_label("cell 2").click();
        harness.run();
        assert_eq!(*harness.state(), Some((1, 0)));
        harness.get_by_label("cell 0").focus();
        harness.run();
        harness.key_press(Key::ArrowRight);
        harness.run();
        harness.key_press(Key::ArrowDown);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(*harness.state(), Some((1, 1)));
    }
}
