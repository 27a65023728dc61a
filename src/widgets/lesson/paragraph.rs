//! One paragraph: words, code, links and formulas in lines.
//!
//! A paragraph is one laid-out text (a galley). A formula in it is a gap of its width between invisible letters that no line
//! break can part; the picture is painted into the gap, standing on the line's base line. A formula on a line of its own is
//! such a text too, of nothing but its gap, so that one can select through it. A link is a range of letters with places of
//! its own to touch; so is a marked symbol in a formula.

use std::ops::Range;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::text_selection::LabelSelectionState;
use egui::{
    Align, Color32, CursorIcon, FontId, Galley, Id, Pos2, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};
use egui_material_icons::icons;

use super::Reader;
use super::copy::{Copying, JOINER};
use super::formula::Formula;
use crate::course::lesson::{plain, plain_text};
use crate::course::tex::readable;
use crate::course::{Inline, Level, Link};
use crate::widgets::code_editor::append_code;
use crate::widgets::level;
use crate::widgets::theme::{READ_LINE, Theme, mono, size, strong, text};

/// Room after slanted letters, of the size of the text: as much as they lean over.
const LEAN: f32 = 0.18;

/// Where the base line runs below the middle of a line, as a share of the letters' size.
const BASE: f32 = 0.36;
/// Inline code of up to so many letters is kept in one line.
const WHOLE: usize = 24;
/// Inline code beside letters of 1.
const CODE: f32 = 0.94;

/// How the letters of a paragraph look.
#[derive(Clone, Copy, Debug)]
pub struct Face {
    /// Their size in points.
    pub size: f32,
    /// Height of a line in points.
    pub line: f32,
    /// Whether all of it is half-bold.
    pub bold: bool,
    /// Their colour.
    pub ink: Color32,
}

impl Face {
    /// Text to read.
    pub fn read(theme: &Theme) -> Self {
        Self { size: size::READ, line: size::READ * READ_LINE, bold: false, ink: theme.ink }
    }

    /// A heading or title of a size.
    pub fn title(theme: &Theme, size: f32) -> Self {
        Self { size, line: (size * 1.3).round(), bold: true, ink: theme.ink }
    }

    /// Small text beside something.
    pub fn small(theme: &Theme) -> Self {
        Self { size: size::BODY, line: 20.0, bold: false, ink: theme.ink_soft }
    }
}

/// A paragraph that knows its places.
pub struct Laid {
    /// The letters.
    pub galley: Arc<Galley>,
    face: Face,
    /// Formulas, by the first of their letters, in the colour of what they stand in.
    formulas: Vec<(usize, Formula, Color32)>,
    links: Vec<(Range<usize>, Link, String)>,
    /// Letters of code, which stand on a ground of their own.
    codes: Vec<Range<usize>>,
    /// The symbol that is lit in this frame.
    lit: Option<String>,
    /// What a screen reader says.
    pub spoken: String,
}

struct Pen<'a> {
    job: LayoutJob,
    letters: usize,
    face: Face,
    theme: &'static Theme,
    formulas: Vec<(usize, Formula, Color32)>,
    links: Vec<(Range<usize>, Link, String)>,
    codes: Vec<Range<usize>>,
    ui: &'a Ui,
}

/// Lays a paragraph out in a width.
pub fn lay(ui: &Ui, words: &[Inline], face: Face, width: f32, reader: &mut Reader<'_>) -> Laid {
    let mut pen = Pen::new(ui, face, width);
    pen.words(words, face.ink, None, reader);
    pen.laid(plain(words), reader)
}

/// Lays out a formula that stands on a line of its own.
pub(super) fn lay_display(ui: &Ui, source: &str, formula: Formula, face: Face, reader: &Reader<'_>) -> Laid {
    let mut pen = Pen::new(ui, face, f32::INFINITY);
    pen.gap(source, true, formula, face.ink, None);
    pen.laid(readable(source), reader)
}

impl<'a> Pen<'a> {
    fn new(ui: &'a Ui, face: Face, width: f32) -> Self {
        Self {
            job: LayoutJob { wrap: egui::text::TextWrapping::wrap_at_width(width), ..LayoutJob::default() },
            letters: 0,
            face,
            theme: Theme::here(ui),
            formulas: Vec::new(),
            links: Vec::new(),
            codes: Vec::new(),
            ui,
        }
    }

    fn laid(self, spoken: String, reader: &Reader<'_>) -> Laid {
        let Self { job, face, formulas, links, codes, ui, .. } = self;
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        let symbols = formulas.iter().any(|(_, formula, _)| formula.symbols().next().is_some());
        let lit = reader.lit.filter(|_| symbols).map(str::to_owned);
        Laid { galley, face, formulas, links, codes, lit, spoken }
    }

    fn words(&mut self, words: &[Inline], ink: Color32, under: Option<(&Link, bool)>, reader: &mut Reader<'_>) {
        for inline in words {
            match inline {
                Inline::Text { text, bold, italic } => {
                    let format = self.format(*bold, *italic, ink, under);
                    self.text(text, &format);
                }
                Inline::Code(code) => {
                    let mut format = self.format(false, false, ink, under);
                    format.font_id = mono(self.face.size * CODE);
                    let start = self.letters;
                    let lit = format.background != Color32::TRANSPARENT;
                    self.letters += code.chars().count();
                    let whole = code.chars().count() <= WHOLE;
                    let code = if whole { code.replace(' ', "\u{A0}") } else { code.clone() };
                    append_code(&mut self.job, &code, &format);
                    if !lit {
                        self.codes.push(start..self.letters);
                    }
                }
                Inline::Formula(source) => self.formula(source, ink, under, reader),
                Inline::Break => {
                    let format = self.format(false, false, ink, None);
                    self.push("\n", format);
                }
                Inline::Link(link, inner) => {
                    let lit = matches!(link, Link::Symbol(name) if reader.lit == Some(name.as_str()));
                    let ink = if matches!(link, Link::Symbol(_)) { ink } else { self.theme.accent };
                    let start = self.letters;
                    self.words(inner, ink, Some((link, lit)), reader);
                    self.links.push((start..self.letters, link.clone(), plain(inner)));
                }
            }
        }
    }

    fn format(&self, bold: bool, italic: bool, ink: Color32, under: Option<(&Link, bool)>) -> TextFormat {
        let font_id = if bold || self.face.bold { strong(self.face.size) } else { text(self.face.size) };
        let mut format = TextFormat {
            font_id,
            color: ink,
            italics: italic,
            line_height: Some(self.face.line),
            valign: Align::Center,
            ..TextFormat::default()
        };
        if let Some((_, true)) = under {
            format.background = self.theme.accent_soft;
        }
        format
    }

    /// Words, with the signs among them drawn as the app's own.
    fn text(&mut self, words: &str, format: &TextFormat) {
        let mut rest = words;
        while let Some((at, found)) = rest.char_indices().find_map(|(at, c)| Some((at, sign(c, self.theme)?))) {
            let (before, from) = rest.split_at(at);
            self.push(before, format.clone());
            let (glyph, color) = found;
            let family = egui::FontFamily::Name(egui_material_icons::FONT_FAMILY.into());
            let sign = TextFormat {
                font_id: FontId::new(self.face.size * 1.15, family),
                color: color.unwrap_or(format.color),
                italics: false,
                ..format.clone()
            };
            self.push(glyph, sign);
            let length = from.chars().next().map_or(0, char::len_utf8);
            // The selector that asks for a picture instead of a letter is not drawn.
            rest = from.get(length..).unwrap_or_default().trim_start_matches('\u{FE0F}');
        }
        self.push(rest, format.clone());
    }

    fn push(&mut self, words: &str, format: TextFormat) {
        if !words.is_empty() {
            self.letters += words.chars().count();
            // A slanted letter leans into the space after it.
            let slanted = self.job.sections.last().is_some_and(|before| before.format.italics);
            let room = if slanted && words.starts_with(char::is_whitespace) { LEAN * self.face.size } else { 0.0 };
            // The layout would break a line at a narrow no-break space, and the wide one is the only one it keeps whole.
            self.job.append(&words.replace('\u{202F}', "\u{A0}"), room, format);
        }
    }

    fn formula(&mut self, source: &str, ink: Color32, under: Option<(&Link, bool)>, reader: &mut Reader<'_>) {
        match reader.formulas.get(self.ui.ctx(), source, false, self.face.size) {
            Some(formula) => self.gap(source, false, formula, ink, under),
            None => {
                // Better to read than a gap.
                let mut format = self.format(false, false, ink, under);
                format.font_id = mono(self.face.size * CODE);
                self.push(source, format);
            }
        }
    }

    /// The room of a formula, which knows what is copied of it.
    fn gap(&mut self, source: &str, display: bool, formula: Formula, ink: Color32, under: Option<(&Link, bool)>) {
        let format = self.format(false, false, ink, under);
        let base = BASE * self.face.size;
        let needed = 2.0 * (formula.above + 1.0 - base).max(formula.below + 1.0 + base);
        let tall = TextFormat { line_height: Some(self.face.line.max(needed)), ..format.clone() };
        let letters = Copying::letters(self.ui.ctx(), source, display);
        self.job.append(&letters, 0.0, format);
        self.job.append(JOINER.encode_utf8(&mut [0; 4]), formula.width, tall);
        self.formulas.push((self.letters, formula, ink));
        self.letters += letters.chars().count() + 1;
    }
}

/// Emoji in lessons that are drawn as the app's own signs.
pub(super) const EMOJI: [char; 5] = ['🌱', '🪴', '🌳', '🛠', '⚙'];

/// The app's sign for one of the [`EMOJI`].
pub(super) fn sign(c: char, theme: &Theme) -> Option<(&'static str, Option<Color32>)> {
    let of = |wanted| {
        let (glyph, color) = level::sign(wanted, theme);
        Some((glyph, Some(color)))
    };
    match c {
        '🌱' => of(Level::Beginner),
        '🪴' => of(Level::Intermediate),
        '🌳' => of(Level::Advanced),
        '🛠' => Some((icons::ICON_BUILD.codepoint, None)),
        '⚙' => Some((icons::ICON_SETTINGS.codepoint, None)),
        _ => None,
    }
}

impl Laid {
    /// Size of the paragraph in points.
    pub fn size(&self) -> Vec2 {
        self.galley.size()
    }

    /// Where letters of a range stand, one rectangle a line, from the paragraph's corner.
    fn places(&self, range: &Range<usize>) -> Vec<Rect> {
        let mut found = Vec::new();
        let mut first = 0;
        for row in &self.galley.rows {
            let count = row.glyphs.len();
            let (from, to) = (range.start.max(first), range.end.min(first + count));
            if from < to
                && let (Some(start), Some(end)) = (row.glyphs.get(from - first), row.glyphs.get(to - 1 - first))
            {
                let (left, right) = (row.pos.x + start.pos.x, row.pos.x + end.max_x());
                let (top, bottom) = (row.pos.y, row.pos.y + row.size.y);
                found.push(Rect::from_min_max(pos2(left, top), pos2(right, bottom)));
            }
            first += count + usize::from(row.ends_with_newline);
        }
        found
    }

    /// Where a letter stands on its base line, from the paragraph's corner.
    fn base_of(&self, letter: usize) -> Option<Pos2> {
        let mut first = 0;
        for row in &self.galley.rows {
            if let Some(glyph) = letter.checked_sub(first).and_then(|at| row.glyphs.get(at)) {
                return Some(row.pos + glyph.pos.to_vec2());
            }
            first += row.glyphs.len() + usize::from(row.ends_with_newline);
        }
        None
    }

    /// Where the one formula stands whose laid-out text this is, from the text's corner.
    pub(super) fn base(&self) -> Pos2 {
        self.base_of(0).unwrap_or_default()
    }

    /// Draws the text with its corner at a place; what it consists of can be selected, followed and pointed at.
    pub(super) fn show(&self, ui: &Ui, response: &Response, corner: Pos2, reader: &mut Reader<'_>) {
        if ui.is_rect_visible(response.rect) {
            let (galley, ink) = (self.galley.clone(), self.face.ink);
            self.paint_grounds(ui, corner);
            LabelSelectionState::label_text_selection(ui, response, corner, galley, ink, Stroke::NONE);
            self.paint_formulas(ui, corner);
            self.paint_lines(ui, corner);
        }
        self.symbols_ui(ui, response.id, corner, reader);
        self.links_ui(ui, response.id, corner, reader);
    }

    /// What lies behind code: as tall as its letters. The text's own background would be as tall as the line, and touch
    /// the next one.
    fn paint_grounds(&self, ui: &Ui, corner: Pos2) {
        let (color, size) = (Theme::here(ui).margin, CODE * self.face.size);
        for range in &self.codes {
            let mut first = 0;
            for row in &self.galley.rows {
                let (from, to) = (range.start.max(first), range.end.min(first + row.glyphs.len()));
                if from < to
                    && let (Some(start), Some(end)) = (row.glyphs.get(from - first), row.glyphs.get(to - 1 - first))
                {
                    let base = row.pos.y + start.pos.y;
                    let above = pos2(row.pos.x + start.pos.x - 2.0, base - size);
                    let below = pos2(row.pos.x + end.max_x() + 2.0, base + 0.3 * size);
                    ui.painter().rect_filled(Rect::from_min_max(above, below).translate(corner.to_vec2()), 3.0, color);
                }
                first += row.glyphs.len() + usize::from(row.ends_with_newline);
            }
        }
    }

    fn paint_formulas(&self, ui: &Ui, corner: Pos2) {
        let theme = Theme::here(ui);
        let pixels = ui.pixels_per_point();
        let snapped = |at: f32| (at * pixels).round() / pixels;
        for (letter, formula, ink) in &self.formulas {
            let (Some(base), Some(picture)) = (self.base_of(*letter), &formula.picture) else { continue };
            let base = corner + base.to_vec2();
            for (name, place) in formula.symbols() {
                let ground = around(place, base);
                if self.lit.as_deref() == Some(name) {
                    ui.painter().rect_filled(ground, 3.0, theme.accent_soft);
                }
                ui.painter().hline(ground.x_range(), ground.bottom(), Stroke::new(1.0, theme.line));
            }
            let at = base + picture.offset;
            let rect = Rect::from_min_size(pos2(snapped(at.x), snapped(at.y)), picture.size);
            let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            ui.painter().image(picture.texture.id(), rect, whole, *ink);
        }
    }

    /// Lines below what leads somewhere or lights up; the text's own underline would run at the bottom of the line.
    fn paint_lines(&self, ui: &Ui, corner: Pos2) {
        let theme = Theme::here(ui);
        for (range, link, _) in &self.links {
            let color = match link {
                Link::Symbol(_) => theme.line,
                _ => theme.accent.gamma_multiply(0.6),
            };
            for place in self.places(range) {
                let middle = place.top() + self.face.line.max(place.height()) / 2.0;
                let y = corner.y + middle + BASE * self.face.size + 3.0;
                let x = corner.x + place.left()..=corner.x + place.right();
                ui.painter().hline(x, y, Stroke::new(1.0, color));
            }
        }
    }

    /// Lets the marked symbols of formulas be pointed at.
    fn symbols_ui(&self, ui: &Ui, id: Id, corner: Pos2, reader: &mut Reader<'_>) {
        for (letter, formula, _) in &self.formulas {
            let Some(base) = self.base_of(*letter) else { continue };
            for (number, (name, place)) in formula.symbols().enumerate() {
                let rect = around(place, corner + base.to_vec2());
                if ui.interact(rect, id.with(("symbol", letter, number)), Sense::hover()).hovered() {
                    reader.pointed = Some(name.to_owned());
                }
            }
        }
    }

    /// Lets links be followed, and words that light up be pointed at or reached by the keyboard.
    fn links_ui(&self, ui: &Ui, id: Id, corner: Pos2, reader: &mut Reader<'_>) {
        for (number, (range, link, name)) in self.links.iter().enumerate() {
            let symbol = matches!(link, Link::Symbol(_));
            let sense = if symbol { Sense::focusable_noninteractive() } else { Sense::click() };
            let mut whole: Option<Response> = None;
            for (line, place) in self.places(range).into_iter().enumerate() {
                let rect = place.translate(corner.to_vec2());
                // One stop of the keyboard a link, however many lines it has.
                let sense = if line == 0 { sense } else { sense - Sense::FOCUSABLE };
                let response = ui.interact(rect, id.with(("link", number, line)), sense);
                whole = Some(whole.map_or(response.clone(), |first| first.union(response)));
            }
            let Some(response) = whole else { continue };
            let role = if symbol { Role::Mark } else { Role::Link };
            response.widget_info(|| WidgetInfo::labeled(role, ui.is_enabled(), name));
            if response.has_focus() {
                ui.painter().rect_stroke(response.rect.expand(1.0), 3.0, focus(ui), egui::StrokeKind::Outside);
            }
            if let Link::Symbol(name) = link {
                if response.hovered() || response.has_focus() {
                    reader.pointed = Some(name.clone());
                }
                continue;
            }
            if response.clicked() {
                reader.followed = Some(link.clone());
            }
            let response = response.on_hover_cursor(CursorIcon::PointingHand);
            match link {
                Link::Term(term) => {
                    if let Some(term) = reader.glossary.terms.get(term) {
                        response.on_hover_ui(|ui| {
                            ui.set_max_width(360.0);
                            ui.label(plain_text(&term.text));
                        });
                    }
                }
                Link::Web(address) => _ = response.on_hover_text(address),
                _ => {}
            }
        }
    }
}

/// The ground of a symbol whose formula stands at this place of a base line: a little more than the symbol itself.
fn around(symbol: Rect, base: Pos2) -> Rect {
    symbol.translate(base.to_vec2()).expand2(vec2(1.0, 2.0))
}

fn focus(ui: &Ui) -> Stroke {
    Stroke::new(1.5, Theme::here(ui).ink)
}

/// Paints a paragraph with its corner at a place; no part of it can be touched.
pub fn paint(ui: &Ui, laid: &Laid, corner: Pos2) {
    laid.paint_grounds(ui, corner);
    ui.painter().galley(corner, laid.galley.clone(), laid.face.ink);
    laid.paint_formulas(ui, corner);
    laid.paint_lines(ui, corner);
}

/// Draws a paragraph in all the width there is; its letters can be selected, its links followed.
pub fn words_ui(ui: &mut Ui, words: &[Inline], face: Face, reader: &mut Reader<'_>) -> Response {
    let laid = lay(ui, words, face, ui.available_width(), reader);
    laid_ui(ui, &laid, reader)
}

/// The same of a paragraph that is laid out already.
pub(super) fn laid_ui(ui: &mut Ui, laid: &Laid, reader: &mut Reader<'_>) -> Response {
    let size = vec2(laid.size().x.min(ui.available_width()), laid.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag() - Sense::FOCUSABLE);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), &laid.spoken));
    laid.show(ui, &response, rect.min, reader);
    response
}
