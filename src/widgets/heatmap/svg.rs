//! A heatmap as SVG, and tokens with lines between them: pictures that stay sharp at any size and whose text stays text.

use std::fmt::Write as _;

use egui::Color32;

use super::{Figure, Scale};
use crate::widgets::theme::Theme;

/// Side of a cell.
const CELL: f32 = 18.0;
/// Height of a row of words.
const ROW: f32 = 20.0;

fn hex(color: Color32) -> String {
    let [r, g, b, _] = color.to_array();
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    clean.fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}

/// The picture under construction.
struct Sheet {
    out: String,
}

impl Sheet {
    fn new(width: f32, height: f32, theme: &Theme, title: &str) -> Self {
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"JetBrains Mono, monospace\" font-size=\"12\">\n"
        );
        let (paper, ink, title) = (hex(theme.paper), hex(theme.ink), escaped(title));
        // Writing into a string cannot fail.
        let _ = writeln!(out, "<title>{title}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"{paper}\"/>");
        let _ =
            writeln!(out, "<text x=\"12\" y=\"20\" font-size=\"14\" font-weight=\"600\" fill=\"{ink}\">{title}</text>");
        Self { out }
    }

    fn text(&mut self, x: f32, y: f32, anchor: &str, color: Color32, turn: bool, text: &str) {
        let (color, text) = (hex(color), escaped(text));
        let turn = if turn { format!(" transform=\"rotate(-90 {x} {y})\"") } else { String::new() };
        let _ = writeln!(
            self.out,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" dominant-baseline=\"middle\" fill=\"{color}\"{turn}>{text}</text>"
        );
    }

    fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

fn longest<'a>(names: impl Iterator<Item = &'a String>) -> f32 {
    names.map(|name| name.chars().count().min(16)).max().unwrap_or(0) as f32 * 7.4 + 16.0
}

/// The matrix with its names; what is blank stays empty.
pub fn matrix(figure: &Figure<'_>, theme: &Theme, title: &str) -> String {
    let cells = &figure.cells;
    let rows: Vec<String> = (0..cells.rows).map(|row| figure.rows.name(row)).collect();
    let columns: Vec<String> = (0..cells.columns).map(|column| figure.columns.name(column)).collect();
    let (left, above) = (longest(rows.iter()), 36.0 + longest(columns.iter()));
    let width = left + CELL * cells.columns as f32 + 16.0;
    let height = above + CELL * cells.rows as f32 + 16.0;
    let mut sheet = Sheet::new(width.max(320.0), height, theme, title);
    for (row, name) in rows.iter().enumerate() {
        let y = above + CELL * row as f32;
        sheet.text(left - 6.0, y + CELL / 2.0, "end", theme.ink, false, name);
        for (column, to) in columns.iter().enumerate() {
            let Some(value) = cells.value(row, column) else { continue };
            let (x, fill) = (left + CELL * column as f32, hex(cells.scale.color(theme, value)));
            let (name, to) = (escaped(name), escaped(to));
            let _ = writeln!(
                sheet.out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"{fill}\"><title>{name} → {to}: {value:.4}</title></rect>"
            );
        }
    }
    for (column, name) in columns.iter().enumerate() {
        sheet.text(left + CELL * (column as f32 + 0.5), above - 6.0, "start", theme.ink, true, name);
    }
    sheet.finish()
}

/// Words at both sides and a line for every value that is not blank, as strong as the value.
pub fn lines(figure: &Figure<'_>, theme: &Theme, title: &str) -> String {
    let cells = &figure.cells;
    let names: Vec<String> = (0..cells.rows).map(|row| figure.rows.name(row)).collect();
    let column = longest(names.iter());
    let (from, to) = (column + 4.0, column + 260.0);
    let y = |i: usize| 44.0 + ROW * (i as f32 + 0.5);
    let mut sheet = Sheet::new(to + column, 56.0 + ROW * cells.rows as f32, theme, title);
    for (row, name) in names.iter().enumerate() {
        sheet.text(from - 8.0, y(row), "end", theme.ink, false, name);
        sheet.text(to + 8.0, y(row), "start", theme.ink, false, name);
        for other in 0..cells.columns {
            let Some(value) = cells.value(row, other).filter(|value| *value != 0.0) else { continue };
            let strength = strength(cells.scale, value);
            let color = hex(if value < 0.0 { theme.series[1] } else { theme.generated });
            let (y1, y2, thick) = (y(row), y(other), 0.6 + 2.0 * strength);
            let _ = writeln!(
                sheet.out,
                "<line x1=\"{from}\" y1=\"{y1}\" x2=\"{to}\" y2=\"{y2}\" stroke=\"{color}\" stroke-width=\"{thick:.2}\" stroke-opacity=\"{strength:.3}\"/>"
            );
        }
    }
    sheet.finish()
}

/// How strong a value is on its scale, 0 to 1.
pub fn strength(scale: Scale, value: f32) -> f32 {
    let share = scale.share(value);
    let strength = if matches!(scale, Scale::Diverging { .. }) { (2.0 * share - 1.0).abs() } else { share };
    strength.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::heatmap::{Axis, Cells};
    use crate::widgets::theme::PAPER;

    fn drawn(draw: fn(&Figure<'_>, &Theme, &str) -> String) -> String {
        let names = ["<a>", "b"].map(str::to_owned);
        let figure = Figure {
            cells: Cells {
                rows: 2,
                columns: 2,
                values: &[1.0, 0.0, 0.25, 0.75],
                blank: Some(&[false, true, false, false]),
                version: 0,
                scale: Scale::Root { high: 1.0, clipped: false },
            },
            rows: Axis::texts("rows", &names),
            columns: Axis::texts("columns", &names),
            value: "weight",
            summary: "",
            hint: "",
            zoom: false,
            square: true,
            describe: None,
        };
        draw(&figure, &PAPER, "a & b")
    }

    #[test]
    fn what_is_blank_is_left_out_and_text_stays_text() {
        let matrix = drawn(matrix);
        assert_eq!(matrix.matches("<rect x=").count(), 3);
        assert!(matrix.contains("&lt;a&gt;") && matrix.contains("a &amp; b") && !matrix.contains("<a>"));
        assert!(matrix.contains("b → b: 0.7500"));
        let lines = drawn(lines);
        assert_eq!(lines.matches("<line ").count(), 3);
        assert!(lines.contains("stroke-opacity=\"0.500\""), "the square root of a quarter: {lines}");
    }

    #[test]
    fn strength_is_that_of_the_scale() {
        assert_eq!(strength(Scale::Diverging { limit: 2.0 }, -1.0), 0.5);
        assert_eq!(strength(Scale::Root { high: 0.25, clipped: true }, 1.0), 1.0);
    }
}
