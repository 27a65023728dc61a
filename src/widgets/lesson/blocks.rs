//! Whole texts: paragraphs one below the other, headings, lists, tables, formulas, code.

use egui::accesskit::Role;
use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align2, Color32, CornerRadius, Frame, Label, Margin, Rect, Response, ScrollArea, Sense, Stroke, Ui, UiBuilder,
    Vec2, WidgetInfo, pos2, vec2,
};

use super::Reader;
use super::paragraph::{Face, Laid, laid_ui, lay, lay_display, words_ui};
use crate::course::lesson::plain;
use crate::course::tex::unmarked;
use crate::course::{Block, Inline, Words};
use crate::widgets::code_editor::append_code;
use crate::widgets::controls::hairline;
use crate::widgets::theme::{RADIUS, READ_LINE, Theme, mono, size, space, text};

/// Room for the bullets and numbers of a list.
const GUTTER: f32 = 26.0;
/// A display formula that is wider than the column shrinks down to this share; what is wider still can be scrolled.
const SHRINK: f32 = 0.7;

/// Draws a text. Figures and exercises in it are not drawn here: they belong to the page.
pub fn text_ui(ui: &mut Ui, blocks: &[Block], reader: &mut Reader<'_>) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        for block in blocks {
            block_ui(ui, block, reader);
        }
    });
}

fn block_ui(ui: &mut Ui, block: &Block, reader: &mut Reader<'_>) {
    let theme = Theme::here(ui);
    match block {
        Block::Paragraph(words) => _ = words_ui(ui, words, Face::read(theme), reader),
        Block::Heading(rank, words) => {
            ui.add_space(space::S);
            heading_ui(ui, words, if *rank <= 2 { size::TITLE } else { size::READ }, reader);
        }
        Block::List(first, items) => list_ui(ui, *first, items, reader),
        Block::Table(head, rows) => table_ui(ui, head, rows, reader),
        Block::Formula(source) => formula_ui(ui, source, reader),
        Block::Code(code) => code_ui(ui, code),
        Block::Quote(inner) => quote_ui(ui, inner, reader),
        Block::Figure(_) | Block::Exercise(_) => {}
    }
}

/// Draws a heading of a size.
pub fn heading_ui(ui: &mut Ui, words: &[Inline], size: f32, reader: &mut Reader<'_>) -> Response {
    let response = words_ui(ui, words, Face::title(Theme::here(ui), size), reader);
    let name = plain(words);
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(Role::Heading);
        node.set_label(name);
    });
    response
}

fn list_ui(ui: &mut Ui, first: Option<u64>, items: &[Vec<Block>], reader: &mut Reader<'_>) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        for (i, item) in items.iter().enumerate() {
            let mark = first.map_or("•".to_owned(), |first| format!("{}.", first + i as u64));
            let area = ui.available_rect_before_wrap();
            let inner = Rect::from_min_max(area.min + vec2(GUTTER, 0.0), area.max);
            let theme = Theme::here(ui);
            let line = size::READ * READ_LINE;
            let at = pos2(inner.left() - space::S, area.top() + line / 2.0);
            ui.painter().text(at, Align2::RIGHT_CENTER, mark, text(size::READ), theme.ink_soft);
            ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| text_ui(ui, item, reader));
        }
    });
}

fn formula_ui(ui: &mut Ui, source: &str, reader: &mut Reader<'_>) {
    let theme = Theme::here(ui);
    let room = ui.available_width();
    let Some(formula) = reader.formulas.get(ui.ctx(), source, true, size::READ) else {
        code_ui(ui, source);
        return;
    };
    let share = (room / formula.width.max(1.0)).clamp(SHRINK, 1.0);
    let formula = if share < 1.0 {
        // To whole quarters of a point, so that dragging the window's edge does not draw it anew at every pixel.
        let smaller = (size::READ * share * 4.0).floor() / 4.0;
        reader.formulas.get(ui.ctx(), source, true, smaller).unwrap_or(formula)
    } else {
        formula
    };
    let size = vec2(formula.width, formula.above + formula.below + 2.0 * space::S);
    let above = formula.above;
    let laid = lay_display(ui, source, formula, Face::read(theme), reader);
    let mut draw = |ui: &mut Ui| {
        let room = vec2(size.x.max(ui.available_width()), size.y);
        let (rect, response) = ui.allocate_exact_size(room, Sense::click_and_drag() - Sense::FOCUSABLE);
        response.widget_info(|| WidgetInfo::labeled(Role::Math, ui.is_enabled(), &laid.spoken));
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(unmarked(source)));
        let base = pos2(rect.center().x - size.x / 2.0, rect.top() + space::S + above);
        laid.show(ui, &response, base - laid.base().to_vec2(), reader);
    };
    if size.x > room {
        ScrollArea::horizontal().id_salt(source).show(ui, draw);
    } else {
        draw(ui);
    }
}

/// Code to read.
fn code_ui(ui: &mut Ui, code: &str) {
    let theme = Theme::here(ui);
    let frame = Frame::new()
        .fill(theme.margin)
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::symmetric(space::M as i8, space::S as i8));
    frame.show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ScrollArea::horizontal().id_salt(code).show(ui, |ui| {
            let mut words = LayoutJob::default();
            append_code(&mut words, code, &TextFormat::simple(mono(size::BODY), theme.ink));
            ui.add(Label::new(words).selectable(true).wrap_mode(egui::TextWrapMode::Extend));
        });
    });
}

fn quote_ui(ui: &mut Ui, inner: &[Block], reader: &mut Reader<'_>) {
    let theme = Theme::here(ui);
    let area = ui.available_rect_before_wrap();
    let place = Rect::from_min_max(area.min + vec2(space::L, 0.0), area.max);
    let drawn = ui.scope_builder(UiBuilder::new().max_rect(place), |ui| text_ui(ui, inner, reader)).response.rect;
    let bar = Rect::from_min_max(pos2(area.left(), drawn.top()), pos2(area.left() + 3.0, drawn.bottom()));
    ui.painter().rect_filled(bar, 1.5, theme.accent_soft);
}

/// A table: columns as wide as what is in them, as far as there is room.
fn table_ui(ui: &mut Ui, head: &[Words], rows: &[Vec<Words>], reader: &mut Reader<'_>) {
    let theme = Theme::here(ui);
    let face = Face { size: size::BODY, line: 21.0, bold: false, ink: theme.ink };
    let bold = Face { bold: true, ..face };
    let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
    if columns == 0 {
        return;
    }
    let gap = space::L;
    let mut natural = vec![0.0f32; columns];
    for (row, face) in std::iter::once((head, bold)).chain(rows.iter().map(|row| (row.as_slice(), face))) {
        for (cell, width) in row.iter().zip(&mut natural) {
            *width = width.max(lay(ui, cell, face, f32::INFINITY, reader).size().x);
        }
    }
    let widths = shares(&natural, ui.available_width() - gap * (columns - 1) as f32);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        row_ui(ui, head, &widths, bold, reader);
        rule(ui, theme.ink_soft);
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                hairline(ui);
            }
            row_ui(ui, row, &widths, face, reader);
        }
    });
}

fn rule(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 1.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, color));
}

/// Widths of columns: what each wants, or less of the wide ones where there is not enough room.
fn shares(natural: &[f32], room: f32) -> Vec<f32> {
    let mut widths = natural.to_vec();
    let wanted: f32 = widths.iter().sum();
    if wanted <= room {
        return widths;
    }
    // A column that wants less than an equal share gets all of it; the others share what is left.
    let mut open: Vec<usize> = (0..widths.len()).collect();
    let mut left = room;
    loop {
        let equal = left / open.len().max(1) as f32;
        let (small, large): (Vec<_>, Vec<_>) = open.iter().partition(|&&i| widths[i] <= equal);
        if small.is_empty() || large.is_empty() {
            open.iter().for_each(|&i| widths[i] = widths[i].min(equal.max(20.0)));
            return widths;
        }
        left -= small.iter().map(|&i| widths[i]).sum::<f32>();
        open = large;
    }
}

fn row_ui(ui: &mut Ui, row: &[Words], widths: &[f32], face: Face, reader: &mut Reader<'_>) {
    let cells: Vec<Laid> = row.iter().zip(widths).map(|(cell, width)| lay(ui, cell, face, *width, reader)).collect();
    let height = cells.iter().map(|cell| cell.size().y).fold(0.0, f32::max);
    let area = ui.available_rect_before_wrap();
    let mut left = area.left();
    for (cell, width) in cells.iter().zip(widths) {
        let place = Rect::from_min_size(pos2(left, area.top()), vec2(*width + 1.0, height));
        let mut child = ui.new_child(UiBuilder::new().max_rect(place));
        laid_ui(&mut child, cell, reader);
        left += width + space::L;
    }
    ui.allocate_rect(Rect::from_min_size(area.min, vec2(area.width(), height)), Sense::hover());
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn a_table_gives_narrow_columns_what_they_want() {
        assert_eq!(shares(&[50.0, 60.0], 200.0), [50.0, 60.0]);
        assert_eq!(shares(&[50.0, 600.0, 400.0], 450.0), [50.0, 200.0, 200.0]);
        let widths = shares(&[300.0, 300.0], 200.0);
        assert_eq!(widths, [100.0, 100.0]);
    }
}
