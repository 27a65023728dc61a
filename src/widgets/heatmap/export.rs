//! A heatmap as a file: a picture with its labels, larger than the screen would show it, or a table. Both grow with the
//! data, so they are made on a thread, not in a frame.

use std::io::Cursor;
use std::sync::Arc;

use egui::epaint::text::{Fonts, FontsView, TextOptions};
use egui::{Color32, ColorImage, Galley, Rect, Vec2, pos2, vec2};

use super::{Figure, View, axes, bar};
use crate::widgets::theme::{self, Theme, size, space};

/// Pixels a point.
const DENSITY: f32 = 2.0;
/// The picture's cells take about this many points a side, where they are few enough.
const SIDE: f32 = 720.0;
/// A cell is not larger than this, in points.
const LARGEST_CELL: f32 = 40.0;

/// The table: first row and column are the labels, blank cells are empty.
pub fn csv(figure: &Figure<'_>) -> String {
    let cells = &figure.cells;
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out = quoted(&format!("{} \\ {}", figure.rows.title, figure.columns.title));
    for column in 0..cells.columns {
        out.push(',');
        out.push_str(&quoted(&figure.columns.name(figure.columns.place_of(column, cells.columns))));
    }
    out.push('\n');
    for row in 0..cells.rows {
        out.push_str(&quoted(&figure.rows.name(figure.rows.place_of(row, cells.rows))));
        for column in 0..cells.columns {
            out.push(',');
            if let Some(value) = cells.value(row, column) {
                out.push_str(&value.to_string());
            }
        }
        out.push('\n');
    }
    out
}

/// The picture as a PNG file: cells, labels, colour bar, and a title above them.
///
/// # Errors
/// If it cannot be encoded (it would have to be larger than a PNG can be).
pub fn png(figure: &Figure<'_>, theme: &Theme, title: &str) -> Result<Vec<u8>, image::ImageError> {
    let picture = picture(figure, theme, title);
    let [width, height] = picture.size;
    let bytes: Vec<u8> = picture.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
    let mut file = Cursor::new(Vec::new());
    image::write_buffer_with_format(
        &mut file,
        &bytes,
        width as u32,
        height as u32,
        image::ExtendedColorType::Rgba8,
        image::ImageFormat::Png,
    )?;
    Ok(file.into_inner())
}

/// The picture.
pub fn picture(figure: &Figure<'_>, theme: &Theme, title: &str) -> ColorImage {
    let fonts = Fonts::new(TextOptions::default(), theme::fonts());
    let plot = plot(figure);
    let size = vec2(plot.right() + space::M + bar::WIDTH, below(figure, plot) + axes::TITLE + space::S);
    let mut sheet = Sheet::new(size, theme, fonts);
    sheet.cells(figure, theme, plot);
    sheet.rows(figure, theme, plot);
    sheet.columns(figure, theme, plot);
    sheet.bar(figure, theme, plot);
    sheet.text(title, theme::strong(size::BODY), theme.ink, Vec2::new(0.0, 0.0), pos2(plot.left(), space::S), false);
    sheet.finish()
}

/// Where the cells go, in points.
fn plot(figure: &Figure<'_>) -> Rect {
    let corner = pos2(axes::TITLE + space::S + figure.rows.row_labels_width(), 56.0);
    // Whole pixels a cell, so that all are of one size.
    let cell = |count: usize| ((SIDE / count.max(1) as f32).min(LARGEST_CELL) * DENSITY).floor().max(1.0) / DENSITY;
    let (mut width, mut height) = (cell(figure.cells.columns), cell(figure.cells.rows));
    if figure.square {
        (width, height) = (width.min(height), width.min(height));
    }
    let cells = vec2(width * figure.cells.columns as f32, height * figure.cells.rows as f32);
    Rect::from_min_size(corner, cells)
}

/// Below the column labels.
fn below(figure: &Figure<'_>, plot: Rect) -> f32 {
    plot.bottom() + figure.columns.column_labels_height() + space::S
}

/// Pixels that are drawn on without a screen.
struct Sheet {
    pixels: ColorImage,
    fonts: Fonts,
    words: Vec<Placed>,
}

/// Text that waits until all glyphs are in the font's picture.
struct Placed {
    galley: Arc<Galley>,
    color: Color32,
    /// Upper left corner in pixels of the text as it stands on the sheet.
    corner: [i64; 2],
    upright: bool,
}

impl Sheet {
    fn new(size: Vec2, theme: &Theme, fonts: Fonts) -> Self {
        let [width, height] = [size.x, size.y].map(|points| (points * DENSITY).ceil() as usize);
        Self { pixels: ColorImage::filled([width, height], theme.paper), fonts, words: Vec::new() }
    }

    fn view(&mut self) -> FontsView<'_> {
        self.fonts.with_pixels_per_point(DENSITY)
    }

    fn fill(&mut self, rect: Rect, color: Color32) {
        let [width, height] = self.pixels.size;
        let pixel = |points: f32, most: usize| ((points * DENSITY).round().max(0.0) as usize).min(most);
        let (left, right) = (pixel(rect.left(), width), pixel(rect.right(), width));
        for y in pixel(rect.top(), height)..pixel(rect.bottom(), height) {
            if let Some(row) = self.pixels.pixels.get_mut(y * width + left..y * width + right) {
                row.fill(color);
            }
        }
    }

    fn cells(&mut self, figure: &Figure<'_>, theme: &Theme, plot: Rect) {
        self.fill(plot.expand(1.0), theme.line);
        let cells = &figure.cells;
        let size = vec2(plot.width() / cells.columns.max(1) as f32, plot.height() / cells.rows.max(1) as f32);
        for row in 0..cells.rows {
            for column in 0..cells.columns {
                let corner = plot.min + vec2(column as f32 * size.x, row as f32 * size.y);
                let color = cells.value(row, column).map_or(theme.margin, |value| cells.scale.color(theme, value));
                self.fill(Rect::from_min_size(corner, size), color);
            }
        }
    }

    fn rows(&mut self, figure: &Figure<'_>, theme: &Theme, plot: Rect) {
        let view = data_view(figure);
        for (at, _) in axes::places(&figure.rows, view.rows, plot.height()) {
            let to = pos2(plot.left() - space::XS, view.y_of(plot, at as f64 + 0.5));
            let name = axes::short(&figure.rows.name(at));
            self.text(&name, theme::mono(size::SMALL), theme.ink, vec2(1.0, 0.5), to, false);
        }
        let title = pos2(space::S + axes::TITLE / 2.0, plot.center().y);
        self.text(figure.rows.title, theme::text(size::SMALL), theme.ink_soft, vec2(0.5, 0.5), title, true);
    }

    fn columns(&mut self, figure: &Figure<'_>, theme: &Theme, plot: Rect) {
        let view = data_view(figure);
        let standing = matches!(figure.columns.labels, axes::Labels::Texts(_));
        for (at, _) in axes::places(&figure.columns, view.columns, plot.width()) {
            let to = pos2(view.x_of(plot, at as f64 + 0.5), plot.bottom() + space::XS);
            let name = axes::short(&figure.columns.name(at));
            self.text(&name, theme::mono(size::SMALL), theme.ink, vec2(0.5, 0.0), to, standing);
        }
        let title = pos2(plot.center().x, below(figure, plot));
        self.text(figure.columns.title, theme::text(size::SMALL), theme.ink_soft, vec2(0.5, 0.0), title, false);
    }

    fn bar(&mut self, figure: &Figure<'_>, theme: &Theme, plot: Rect) {
        let scale = figure.cells.scale;
        let (left, height) = (bar::left(plot), plot.height());
        let steps = (height * DENSITY) as usize;
        for i in 0..steps {
            let share = (i as f32 + 0.5) / steps.max(1) as f32;
            let top = plot.bottom() - (i + 1) as f32 / DENSITY;
            let stripe = Rect::from_min_size(pos2(left, top), vec2(bar::THICK, 1.0 / DENSITY));
            self.fill(stripe, scale.color_at(theme, share));
        }
        for (value, text) in bar::ticks(scale, height) {
            let at = pos2(left + bar::THICK + 6.0, plot.bottom() - scale.share(value) * height);
            self.text(&text, theme::text(size::SMALL), theme.ink_soft, vec2(0.0, 0.5), at, false);
        }
        let title = pos2(left + bar::WIDTH, plot.top() - space::S);
        self.text(figure.value, theme::text(size::SMALL), theme.ink_soft, vec2(1.0, 1.0), title, false);
    }

    /// Puts text so that the point `anchor` of it (0 to 1 from its upper left corner) comes to `at`; `upright` text runs
    /// upwards.
    fn text(&mut self, text: &str, font: egui::FontId, color: Color32, anchor: Vec2, at: egui::Pos2, upright: bool) {
        let galley = self.view().layout_no_wrap(text.to_owned(), font, color);
        let size = if upright { galley.size().yx() } else { galley.size() };
        let corner = (at - anchor * size).to_vec2() * DENSITY;
        self.words.push(Placed { galley, color, corner: [corner.x.round() as i64, corner.y.round() as i64], upright });
    }

    /// Draws all text and hands over the picture.
    fn finish(mut self) -> ColorImage {
        let glyphs = self.fonts.image();
        for word in std::mem::take(&mut self.words) {
            let length = (word.galley.size().x * DENSITY).round() as i64;
            for row in &word.galley.rows {
                let vertices = &row.visuals.mesh.vertices;
                for quad in vertices.get(row.visuals.glyph_vertex_range.clone()).unwrap_or_default().chunks_exact(4) {
                    let origin = (row.pos + quad[0].pos.to_vec2()).to_vec2() * DENSITY;
                    self.glyph(&glyphs, &word, [quad[0].uv, quad[3].uv], origin, length);
                }
            }
        }
        self.pixels
    }

    /// Copies one glyph out of the font's picture.
    fn glyph(&mut self, glyphs: &ColorImage, word: &Placed, uv: [egui::Pos2; 2], origin: Vec2, length: i64) {
        let [width, height] = self.pixels.size;
        let size = [uv[1].x - uv[0].x, uv[1].y - uv[0].y].map(|texels| texels.round().max(0.0) as usize);
        let (x0, y0) = (origin.x.round() as i64, origin.y.round() as i64);
        for dy in 0..size[1] {
            for dx in 0..size[0] {
                let texel = (uv[0].y as usize + dy) * glyphs.size[0] + uv[0].x as usize + dx;
                let Some(cover) = glyphs.pixels.get(texel).map(|pixel| pixel.a()).filter(|&a| a > 0) else { continue };
                let (x, y) = (x0 + dx as i64, y0 + dy as i64);
                let (x, y) = if word.upright { (y, length - 1 - x) } else { (x, y) };
                let (x, y) = (word.corner[0] + x, word.corner[1] + y);
                if x >= 0 && y >= 0 && (x as usize) < width && (y as usize) < height {
                    let pixel = &mut self.pixels.pixels[y as usize * width + x as usize];
                    *pixel = pixel.lerp_to_gamma(word.color, f32::from(cover) / 255.0);
                }
            }
        }
    }
}

/// The part of the axes that the data covers.
fn data_view(figure: &Figure<'_>) -> View {
    let range = |data: (usize, usize)| (data.0 as f64, data.1.max(data.0 + 1) as f64);
    View { rows: range(figure.rows.data), columns: range(figure.columns.data) }
}
