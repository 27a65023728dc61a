//! A small editor for programs: line numbers, colours, indentation, and a mark on the line that is wrong.
//!
//! Tab and Shift+Tab indent what is selected, Enter keeps the indentation, Ctrl+Enter asks to run. Esc leaves the editor,
//! since Tab does not.

mod indent;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use egui::text::{CCursor, CCursorRange, LayoutJob, TextFormat};
use egui::text_edit::{TextEditOutput, TextEditState};
use egui::{
    Align2, CornerRadius, EventFilter, Frame, Galley, Id, Key, Margin, Modifiers, Pos2, Rect, Stroke, TextBuffer,
    TextEdit, Ui, pos2, vec2,
};

use super::theme::{RADIUS, Theme, mono, size, space};
use crate::course::cells::lexer::{Part, parts};

/// Lines that are at least shown, and at most before the editor scrolls.
const ROWS: (usize, usize) = (6, 24);

/// A program is never longer than this, however much is pasted into it.
pub const MOST_CHARACTERS: usize = 16_000;

/// An editor of a program; made anew every frame, as everything in egui.
pub struct CodeEditor<'a> {
    source: &'a mut String,
    id: Id,
    name: String,
    wrong_line: Option<usize>,
}

/// What was done in it in this frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EditorNews {
    /// The program changed.
    pub changed: bool,
    /// The person wants to run it.
    pub run: bool,
    /// The person wants to leave it: whoever draws says where the keyboard goes.
    pub left: bool,
}

impl<'a> CodeEditor<'a> {
    /// An editor with an id of its own and a name for a screen reader.
    pub fn new(source: &'a mut String, id: Id, name: impl Into<String>) -> Self {
        Self { source, id, name: name.into(), wrong_line: None }
    }

    /// Marks a line, counted from 1.
    pub fn wrong_line(mut self, line: Option<usize>) -> Self {
        self.wrong_line = line;
        self
    }

    /// Draws it over all the width there is.
    pub fn show(mut self, ui: &mut Ui) -> EditorNews {
        let theme = Theme::here(ui);
        let mut news = self.keys(ui);
        let Self { source, id, name, wrong_line } = self;
        let lines = source.lines().count().max(1) + usize::from(source.ends_with('\n'));
        let digits = lines.max(10).ilog10() as usize + 1;
        let digit = ui.fonts_mut(|fonts| fonts.glyph_width(&mono(size::BODY), '0'));
        let gutter = digits as f32 * digit + 2.0 * space::S;
        let row = ui.fonts_mut(|fonts| fonts.row_height(&mono(size::BODY)));
        let frame = Frame::new()
            .fill(theme.margin)
            .stroke(Stroke::new(1.0, if ui.memory(|m| m.has_focus(id)) { theme.accent } else { theme.margin }))
            .corner_radius(CornerRadius::same(RADIUS));
        frame.show(ui, |ui| {
            let room = egui::ScrollArea::vertical().id_salt(id.with("rows")).max_height(ROWS.1 as f32 * row);
            room.auto_shrink([false, true]).show(ui, |ui| {
                // The band of the wrong line lies behind the text, whose place is known only afterwards.
                let behind = ui.painter().add(egui::Shape::Noop);
                let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| layout(ui, text.as_str(), width);
                let shown = TextEdit::multiline(source)
                    .id(id)
                    .font(mono(size::BODY))
                    .event_filter(EventFilter {
                        tab: true,
                        escape: true,
                        horizontal_arrows: true,
                        vertical_arrows: true,
                    })
                    // The frame's own margin: beside a frame egui does not heed the editor's.
                    .frame(Frame::NONE.inner_margin(Margin {
                        left: gutter as i8,
                        right: space::M as i8,
                        top: 8,
                        bottom: 8,
                    }))
                    .char_limit(MOST_CHARACTERS)
                    .desired_rows(ROWS.0)
                    .desired_width(f32::INFINITY)
                    .layouter(&mut layouter)
                    .show(ui);
                let response = shown.response.response.clone().accessible_name(name);
                news.changed |= response.changed();
                let band = paint_gutter(ui, theme, &shown, response.rect, gutter, wrong_line);
                if let Some(band) = band {
                    ui.painter().set(behind, egui::Shape::rect_filled(band, CornerRadius::ZERO, theme.code.wrong_line));
                }
            });
        });
        news
    }

    /// Keys that the text edit would take for something else.
    fn keys(&mut self, ui: &Ui) -> EditorNews {
        let mut news = EditorNews::default();
        if !ui.memory(|memory| memory.has_focus(self.id)) {
            return news;
        }
        let edit = ui.input_mut(|input| {
            news.run = input.consume_key(Modifiers::COMMAND, Key::Enter);
            news.left = input.consume_key(Modifiers::NONE, Key::Escape);
            if input.consume_key(Modifiers::SHIFT, Key::Tab) {
                Some(indent::outdent as indent::Edit)
            } else if input.consume_key(Modifiers::NONE, Key::Tab) {
                Some(indent::indent as indent::Edit)
            } else if input.consume_key(Modifiers::NONE, Key::Enter) {
                Some(indent::new_line as indent::Edit)
            } else {
                None
            }
        });
        if let Some(edit) = edit {
            let mut state = TextEditState::load(ui.ctx(), self.id).unwrap_or_default();
            let end = CCursor::new(self.source.chars().count());
            let selected = state.cursor.char_range().unwrap_or(CCursorRange::one(end)).as_sorted_char_range();
            let left = edit(self.source, selected.start.0..selected.end.0);
            let range = CCursorRange::two(CCursor::new(left.start), CCursor::new(left.end));
            state.cursor.set_char_range(Some(range));
            state.store(ui.ctx(), self.id);
            news.changed = true;
        }
        news
    }
}

/// The program in its colours, wrapped at the width.
fn layout(ui: &Ui, source: &str, width: f32) -> Arc<Galley> {
    let theme = Theme::here(ui);
    let mut job = LayoutJob::default();
    job.wrap.max_width = width;
    for (range, part) in parts(source) {
        let ink = match part {
            Part::Keyword => theme.code.keyword,
            Part::Function => theme.code.function,
            Part::Number => theme.code.number,
            Part::Text => theme.code.text,
            Part::Comment => theme.code.comment,
            Part::Name | Part::Rest => theme.ink,
        };
        append_code(&mut job, &source[range], &TextFormat::simple(mono(size::BODY), ink));
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

/// Appends code so that every sign is drawn as it is typed. The type has ligatures, such as one long sign for `==`; across
/// two sections of a job it makes none, and a leading space too small to be seen keeps the sections apart.
pub fn append_code(job: &mut LayoutJob, code: &str, format: &TextFormat) {
    let (mut from, mut lead) = (0, 0.0);
    let mut after_sign = false;
    for (at, letter) in code.char_indices() {
        let sign = letter.is_ascii_punctuation();
        if sign && after_sign {
            job.append(&code[from..at], lead, format.clone());
            (from, lead) = (at, f32::MIN_POSITIVE);
        }
        after_sign = sign;
    }
    if from < code.len() {
        job.append(&code[from..], lead, format.clone());
    }
}

/// Line numbers beside the first row of every line; returns where the wrong one is.
fn paint_gutter(
    ui: &Ui,
    theme: &Theme,
    shown: &TextEditOutput,
    rect: Rect,
    gutter: f32,
    wrong_line: Option<usize>,
) -> Option<Rect> {
    let mut line = 1;
    let mut begins = true;
    let mut band: Option<Rect> = None;
    for row in &shown.galley.rows {
        let place = row.rect().translate(shown.galley_pos.to_vec2());
        let wrong = wrong_line == Some(line);
        if wrong {
            let across = Rect::from_x_y_ranges(rect.x_range(), place.y_range());
            band = Some(band.map_or(across, |band| band.union(across)));
        }
        if begins {
            let ink = if wrong { theme.bad } else { theme.ink_soft };
            let at: Pos2 = pos2(rect.left() + gutter - space::S, place.center().y);
            ui.painter().text(at, Align2::RIGHT_CENTER, line.to_string(), mono(size::SMALL), ink);
        }
        begins = row.ends_with_newline;
        line += usize::from(begins);
    }
    let edge = rect.left() + gutter - space::XS;
    ui.painter().vline(edge, rect.y_range(), Stroke::new(1.0, theme.line));
    // Not by colour alone: the wrong line has a bar at its left edge.
    if let Some(band) = band {
        ui.painter().rect_filled(
            Rect::from_min_size(band.min, vec2(3.0, band.height())),
            CornerRadius::ZERO,
            theme.bad,
        );
    }
    band
}
