//! The line above a section: where it is, its level, and what can be done with it.

use egui::accesskit::Role;
use egui::{Align, Button, Frame, Label, Layout, Margin, Panel as Bar, Popup, Response, RichText, ScrollArea, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Intent, Shared};
use crate::course::{Section, SectionId};
use crate::widgets::controls::{icon, icon_button, icon_toggle};
use crate::widgets::level::{self, level_ui};
use crate::widgets::theme::{Theme, size, space, strong, text};

/// Height of the line in points.
const HEIGHT: f32 = 48.0;
/// Below this width the words beside signs are left out.
const NARROW: f32 = 760.0;

/// A chapter's number and title.
pub(crate) fn chapter_name(chapter: u8, shared: &Shared) -> String {
    format!("{chapter} · {}", shared.learning.course.language(shared.language).chapter_title(chapter))
}

/// Draws the line; `note` is whether the section's note is open. Returns whether the note is asked for.
pub fn header_ui(ui: &mut Ui, section: &Section, note: bool, shared: &mut Shared) -> bool {
    let theme = Theme::here(ui);
    let frame = Frame::new().fill(theme.paper).inner_margin(Margin::symmetric(space::L as i8, 0));
    let bar = Bar::top("section").resizable(false).frame(frame).exact_size(HEIGHT);
    let mut asked = false;
    bar.show(ui, |ui| {
        let narrow = ui.available_width() < NARROW;
        ui.spacing_mut().item_spacing.x = space::S;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            asked = ui.scope(|ui| tools_ui(ui, section, note, shared)).inner;
            ui.add_space(space::S);
            if !narrow {
                let minutes = t!("course_page.minutes", minutes = section.minutes);
                let words = RichText::new(minutes).font(text(size::BODY)).color(theme.ink_soft);
                ui.add(Label::new(words).selectable(false));
            }
            level_ui(ui, section.level, !narrow);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| place_ui(ui, section, narrow, shared));
        });
    });
    asked
}

/// Drawn from right to left. Returns whether the note is asked for.
fn tools_ui(ui: &mut Ui, section: &Section, note: bool, shared: &mut Shared) -> bool {
    ui.spacing_mut().item_spacing.x = 2.0;
    if icon_button(ui, icons::ICON_SEARCH.codepoint, t!("course_page.search")).clicked() {
        shared.ask(Intent::Search);
    }
    if icon_button(ui, icons::ICON_DICTIONARY.codepoint, t!("course_page.glossary")).clicked() {
        shared.ask(Intent::Glossary(None));
    }
    let done = shared.learning.progress.section(section.id);
    let has_note = note || !done.note.is_empty();
    let asked = icon_toggle(ui, icons::ICON_EDIT_NOTE.codepoint, t!("course_page.note"), has_note).clicked();
    let (glyph, name) = if done.bookmark {
        (icons::ICON_BOOKMARK_ADDED.codepoint, t!("course_page.bookmark_remove"))
    } else {
        (icons::ICON_BOOKMARK.codepoint, t!("course_page.bookmark_add"))
    };
    if icon_toggle(ui, glyph, name, done.bookmark).clicked() {
        done.bookmark = !done.bookmark;
    }
    asked
}

/// Chapter › section; the chapter opens the list of its sections.
fn place_ui(ui: &mut Ui, section: &Section, narrow: bool, shared: &mut Shared) {
    let theme = Theme::here(ui);
    let chapter = section.id.chapter;
    let name = chapter_name(chapter, shared);
    let shown = if narrow { chapter.to_string() } else { name.clone() };
    let words = RichText::new(shown).font(text(size::BODY)).color(theme.ink_soft);
    let sign = icon(icons::ICON_KEYBOARD_ARROW_DOWN.codepoint, size::READ).color(theme.ink_soft);
    let button = ui.add(Button::new((words, sign)).gap(2.0).frame_when_inactive(false));
    let button = button.accessible_name(t!("course_page.sections_of", chapter = name));
    Popup::menu(&button).gap(6.0).show(|ui| sections_ui(ui, section.id, shared));
    ui.add(Label::new(RichText::new("›").font(text(size::READ)).color(theme.ink_soft)).selectable(false));
    let title = RichText::new(&section.title).font(strong(size::READ)).color(theme.ink);
    let title = ui.add(Label::new(title).truncate());
    ui.ctx().accesskit_node_builder(title.id, |node| {
        node.set_role(Role::Heading);
        node.set_label(section.title.as_str());
    });
}

/// The sections of the open chapter; they scroll where the window is too low for them.
fn sections_ui(ui: &mut Ui, open: SectionId, shared: &mut Shared) {
    let window = ui.ctx().content_rect().size();
    ui.set_min_width(320.0f32.min(window.x - 2.0 * space::XL));
    ScrollArea::vertical().max_height((window.y - 2.0 * HEIGHT).max(HEIGHT)).show(ui, |ui| {
        let course = shared.learning.course.clone();
        let sections = &course.language(shared.language).sections;
        for section in sections.iter().filter(|other| other.id.chapter == open.chapter) {
            if section_ui(ui, section, section.id == open).clicked() {
                shared.ask(Intent::OpenSection(section.id));
            }
        }
    });
}

fn section_ui(ui: &mut Ui, section: &Section, chosen: bool) -> Response {
    let (glyph, color) = level::sign(section.level, Theme::here(ui));
    let name = format!("{}  {}", section.id, section.title);
    let font = if chosen { strong(size::BODY) } else { text(size::BODY) };
    let sign = icon(glyph, size::READ).color(color);
    let button = Button::new((sign, RichText::new(&name).font(font))).frame_when_inactive(false);
    ui.add(button.selected(chosen)).accessible_name(name)
}
