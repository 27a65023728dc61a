//! A section's text with its exercises, and its figure beside it or in it.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Align, Align2, Galley, Layout, Rect, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons;
use rust_i18n::t;

use super::exercise::{self, exercise_ui};
use super::figures::{Open, beside_ui, in_text_ui, note_news};
use super::{CoursePage, Intent, PanelId, Shared, lookup};
use crate::course::{Block, Inline, Kind, Section, SectionId};
use crate::widgets::controls::{follow_focus, hairline, section_title, text_area};
use crate::widgets::lesson::{COLUMN, Face, Reader, text_ui, words_ui};
use crate::widgets::theme::{RADIUS, Theme, size, space, strong, text};

/// Below this width of the window, in points, the figure stands in the text and not beside it.
pub const BESIDE_FROM: f32 = 1100.0;
/// Room for a text of any length: an area in it that scrolls by itself, as an editor does, takes what it needs and not what
/// is left of the window.
const TALL: f32 = 100_000.0;
/// Share of the page that the text takes beside a figure.
const TEXT_SHARE: f32 = 0.46;
/// Least height of the steps to the neighbours, in points.
const STEP_HEIGHT: f32 = 56.0;
/// So many seconds a section must have been open before its end counts as read.
const READ_AFTER: f64 = 2.0;

impl CoursePage {
    /// Text and figure below the header.
    pub(super) fn body_ui(&mut self, ui: &mut Ui, section: &Section, shared: &mut Shared) {
        let Some(mut open) = self.open.take() else { return };
        open.since.get_or_insert(ui.input(|input| input.time));
        open.readings = std::mem::take(&mut open.stage.readings);
        let page = ui.available_rect_before_wrap();
        let wide = ui.ctx().content_rect().width() >= BESIDE_FROM && !open.figures.is_empty();
        let split = if wide {
            let most = COLUMN + 2.0 * space::XL;
            (page.left() + (page.width() * TEXT_SHARE).min(most)).round()
        } else {
            page.right()
        };
        let left = Rect::from_min_max(page.min, pos2(split, page.bottom()));
        let lit = open.stage.symbol.take();
        ui.scope_builder(UiBuilder::new().max_rect(left), |ui| {
            self.scroll_ui(ui, section, &mut open, lit.as_deref(), wide, shared);
        });
        if wide && let Some(slot) = open.figures.first_mut() {
            let line = Stroke::new(1.0, Theme::here(ui).line);
            ui.painter().vline(split, page.y_range(), line);
            let right = Rect::from_min_max(pos2(split, page.top()), page.max).shrink2(vec2(space::L, space::M));
            let course = shared.learning.course.clone();
            let glossary = &course.language(shared.language).glossary;
            let mut reader = Reader::new(&mut self.formulas, glossary, lit.as_deref());
            ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
                beside_ui(ui, slot, &mut open.stage, &mut reader, shared);
            });
            if let Some(pointed) = reader.pointed {
                open.stage.symbol = Some(pointed);
            }
        }
        if open.stage.symbol != lit {
            // What lights it up in the next frame should not wait for the pointer to move again.
            ui.ctx().request_repaint();
        }
        self.open = Some(open);
    }

    fn scroll_ui(
        &mut self,
        ui: &mut Ui,
        section: &Section,
        open: &mut Open,
        lit: Option<&str>,
        wide: bool,
        shared: &mut Shared,
    ) {
        let turn = std::mem::take(&mut self.turn);
        let height = ui.available_height();
        let mut area = ScrollArea::vertical().id_salt(("section", section.id)).auto_shrink(false);
        if turn != 0.0 {
            // Set and not added: what is added goes to the first area that ends, which may be one inside, such as an editor.
            let (at, most) = self.scrolled;
            let to = if turn.is_finite() { at + turn * height } else { turn.signum() * most };
            area = area.vertical_scroll_offset(to.clamp(0.0, most.max(0.0)));
        }
        let scroll = area.show(ui, |ui| {
            let area = ui.available_rect_before_wrap();
            let width = (area.width() - 2.0 * space::XL).min(COLUMN);
            let left = if wide { area.left() + space::XL } else { area.center().x - width / 2.0 };
            let column = Rect::from_min_size(pos2(left, area.top() + space::XL), vec2(width, TALL));
            ui.scope_builder(UiBuilder::new().max_rect(column).layout(Layout::top_down(Align::Min)), |ui| {
                ui.set_width(width);
                self.column_ui(ui, section, open, lit, wide, shared);
                ui.add_space(space::XXL);
            });
            follow_focus(ui, &mut self.focused);
        });
        self.scrolled =
            (scroll.state.clamped_offset().y, (scroll.content_size.y - scroll.inner_rect.height()).max(0.0));
    }

    /// Everything of the section, one below the other.
    fn column_ui(
        &mut self,
        ui: &mut Ui,
        section: &Section,
        open: &mut Open,
        lit: Option<&str>,
        wide: bool,
        shared: &mut Shared,
    ) {
        let course = shared.learning.course.clone();
        let glossary = &course.language(shared.language).glossary;
        let mut reader = Reader::new(&mut self.formulas, glossary, lit);
        ui.spacing_mut().item_spacing.y = space::M;
        let theme = Theme::here(ui);
        let question = [Inline::Text { text: section.question.clone(), bold: false, italic: false }];
        let face = Face { ink: theme.accent, ..Face::title(theme, size::TITLE) };
        words_ui(ui, &question, face, &mut reader);
        ui.add_space(space::S);
        let mut figure = 0;
        let below = open.pointed.take();
        for block in &section.blocks {
            match block {
                Block::Figure(place) => {
                    // A figure that the registry lacks has no slot, and its place stays empty.
                    let Some(slot) = open.figures.get_mut(figure).filter(|slot| slot.place == *place) else { continue };
                    figure += 1;
                    if !(wide && figure == 1) {
                        open.stage.symbol = reader.pointed.clone().or_else(|| below.clone());
                        in_text_ui(ui, slot, &mut open.stage, &mut reader, shared);
                    }
                }
                Block::Exercise(exercise) => {
                    if let Kind::Code { .. } = &exercise.kind {
                        let Some(cell) = open.cells.get_mut(&exercise.id) else { continue };
                        let news = exercise::code_ui(ui, exercise, cell, section.id, &mut reader, shared);
                        note_news(news, cell, section.id, &exercise.id, shared);
                        if self.staged.as_ref().is_some_and(|staged| staged.exercise == exercise.id) {
                            ui.scroll_to_cursor(Some(Align::BOTTOM));
                        }
                    } else {
                        let attempt = shared.learning.progress.attempt(section.id, &exercise.id);
                        exercise_ui(ui, exercise, attempt, &mut reader, &lookup(&open.readings));
                    }
                }
                other => text_ui(ui, std::slice::from_ref(other), &mut reader),
            }
        }
        if let Some(pointed) = reader.pointed.take() {
            open.pointed = Some(pointed.clone());
            open.stage.symbol = Some(pointed);
        }
        let followed = reader.followed.take();
        note_ui(ui, section.id, self.note, std::mem::take(&mut self.note_asked), shared);
        end_ui(ui, section.id, open, shared);
        if let Some(link) = followed {
            self.follow(link, ui, shared);
        }
    }
}

/// The person's own words on the section; where they were just asked for, they have the keyboard.
fn note_ui(ui: &mut Ui, id: SectionId, open: bool, asked: bool, shared: &mut Shared) {
    let note = &mut shared.learning.progress.section(id).note;
    if !open && note.is_empty() {
        return;
    }
    ui.add_space(space::S);
    section_title(ui, t!("course_page.note"));
    let field = text_area(ui, &t!("course_page.note_name"), 3, note);
    if asked {
        field.request_focus();
        field.scroll_to_me(Some(Align::Center));
    }
}

/// The end: from here on it is read, and the neighbours are one step away.
fn end_ui(ui: &mut Ui, id: SectionId, open: &Open, shared: &mut Shared) {
    ui.add_space(space::L);
    hairline(ui);
    let (mark, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 1.0), Sense::hover());
    let done = shared.learning.progress.section(id);
    if !done.read && ui.is_rect_visible(mark) {
        let left = open.since.map_or(0.0, |since| since + READ_AFTER - ui.input(|input| input.time));
        if left <= 0.0 {
            done.read = true;
        } else {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left + 0.02));
        }
    }
    let (before, after) = shared.learning.neighbours(id);
    let course = shared.learning.course.clone();
    let title = |id: SectionId| {
        let section = course.section(shared.language, id);
        format!("{id} {}", section.map_or("", |section| section.title.as_str()))
    };
    let mut wish = None;
    let half = (ui.available_width() - space::M) / 2.0;
    let mut steps = Vec::new();
    let mut height = STEP_HEIGHT;
    let before = before.map(|to| (Intent::OpenSection(to), true, t!("course_page.previous"), title(to)));
    let after = after.map(|to| (Intent::OpenSection(to), false, t!("course_page.next"), title(to)));
    // Behind the last section the workshop goes on.
    let on = || (Intent::Open(PanelId::Attention), false, t!("course_page.end"), t!("course_page.end_at").into_owned());
    for (to, first, word, title) in before.into_iter().chain([after.unwrap_or_else(on)]) {
        let words = step_words(ui, first, &word, &title, half);
        let needed: f32 = words.iter().map(|words| words.size().y).sum();
        height = height.max(needed + space::XS + 2.0 * space::S);
        steps.push((to, first, format!("{word}: {title}"), words));
    }
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    for (to, first, name, words) in steps {
        let left = if first { area.left() } else { area.right() - half };
        let rect = Rect::from_min_size(pos2(left, area.top()), vec2(half, area.height()));
        if step_ui(ui, rect, first, &name, words) {
            wish = Some(to);
        }
    }
    if let Some(to) = wish {
        shared.learning.progress.section(id).read = true;
        shared.ask(to);
    }
}

/// What stands in a step of a width: where it leads and, in two lines at most, the title there.
fn step_words(ui: &Ui, first: bool, word: &str, title: &str, width: f32) -> [Arc<Galley>; 2] {
    let theme = Theme::here(ui);
    let room = width - size::TITLE - 3.0 * space::M;
    let parts = [(word, text(size::SMALL), theme.ink_soft, 1), (title, strong(size::BODY), theme.ink, 2)];
    parts.map(|(words, font, ink, rows)| {
        let mut job = LayoutJob::simple(words.to_owned(), font, ink, room);
        job.wrap.max_rows = rows;
        job.halign = if first { Align::LEFT } else { Align::RIGHT };
        ui.fonts_mut(|fonts| fonts.layout_job(job))
    })
}

/// A step to a neighbour, with its name and what stands in it; returns whether it was taken.
fn step_ui(ui: &Ui, rect: Rect, first: bool, name: &str, words: [Arc<Galley>; 2]) -> bool {
    let theme = Theme::here(ui);
    let response = ui.interact(rect, ui.scope_id().with(("step", first)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let lively = response.hovered() || response.has_focus();
    let (fill, line) = if lively { (theme.accent_soft, theme.accent) } else { (theme.card, theme.line) };
    ui.painter().rect(rect, RADIUS, fill, Stroke::new(1.0, line), egui::StrokeKind::Inside);
    if response.has_focus() {
        let stroke = Stroke::new(1.5, theme.ink);
        ui.painter().rect_stroke(rect.expand(2.0), RADIUS, stroke, egui::StrokeKind::Outside);
    }
    let glyph = if first { icons::ICON_ARROW_BACK.codepoint } else { icons::ICON_ARROW_FORWARD.codepoint };
    let font = egui::FontId::new(size::TITLE, egui::FontFamily::Name(egui_material_icons::FONT_FAMILY.into()));
    let inner = rect.shrink2(vec2(space::M, space::S));
    let (at, align) =
        if first { (inner.left_center(), Align2::LEFT_CENTER) } else { (inner.right_center(), Align2::RIGHT_CENTER) };
    ui.painter().text(at, align, glyph, font, theme.accent);
    // Lines that end at the right edge are placed by it.
    let beside = size::TITLE + space::M;
    let edge = if first { inner.left() + beside } else { inner.right() - beside };
    let mut top = inner.top();
    for galley in words {
        let height = galley.size().y;
        ui.painter().galley(pos2(edge, top), galley, theme.ink);
        top += height + space::XS;
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked()
}
