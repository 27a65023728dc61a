//! The glossary over the page: the terms on the left, what one of them means on the right.

use egui::{Button, Context, Id, Label, Modal, RichText, ScrollArea, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::course::search::folded;
use crate::course::{Glossary, Link};
use crate::widgets::controls::{icon_button, section_title, text_field};
use crate::widgets::lesson::{Formulas, Reader, text_ui};
use crate::widgets::theme::{Theme, size, space, strong, text};

const WIDTH: f32 = 720.0;
const HEIGHT: f32 = 420.0;
const LIST: f32 = 200.0;

/// The glossary while it is open.
#[derive(Default)]
pub(super) struct GlossaryView {
    /// The term that is shown, by its name.
    term: Option<String>,
    /// What is typed to find one.
    query: String,
}

impl GlossaryView {
    /// Opened at a term, or at the first.
    pub fn at(term: Option<String>) -> Self {
        Self { term, query: String::new() }
    }

    /// Draws it over everything else. Returns whether it stays open, and a link that was followed.
    pub fn show(&mut self, ctx: &Context, glossary: &Glossary, formulas: &mut Formulas) -> (bool, Option<Link>) {
        let screen = ctx.content_rect().size();
        let mut reader = Reader::new(formulas, glossary, None);
        let mut closed = false;
        let modal = Modal::new(Id::unique("glossary")).show(ctx, |ui| {
            ui.set_width(WIDTH.min(screen.x - 64.0));
            ui.horizontal(|ui| {
                section_title(ui, t!("course_page.glossary"));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    closed = icon_button(ui, icons::ICON_CLOSE.codepoint, t!("course_page.close")).clicked();
                });
            });
            ui.add_space(space::S);
            let height = HEIGHT.min(screen.y - 160.0);
            ui.horizontal_top(|ui| {
                ui.allocate_ui(egui::vec2(LIST, height), |ui| ui.vertical(|ui| self.list_ui(ui, glossary)));
                ui.add_space(space::L);
                ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| {
                    ui.vertical(|ui| self.term_ui(ui, glossary, &mut reader));
                });
            });
        });
        let followed = reader.followed.take();
        if let Some(Link::Term(term)) = &followed {
            self.term = Some(term.clone());
        }
        (!(closed || modal.should_close()), followed)
    }

    fn list_ui(&mut self, ui: &mut Ui, glossary: &Glossary) {
        ui.set_width(LIST);
        text_field(ui, &t!("course_page.find_term"), LIST, &mut self.query);
        let wanted = folded(self.query.trim());
        ScrollArea::vertical().id_salt("terms").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (name, term) in glossary.sorted() {
                if !folded(&term.title).contains(&wanted) {
                    continue;
                }
                let chosen = self.term.get_or_insert_with(|| name.to_owned()) == name;
                let font = if chosen { strong(size::BODY) } else { text(size::BODY) };
                let words = RichText::new(&term.title).font(font);
                let button = Button::new((words, egui::Atom::grow())).frame_when_inactive(chosen).truncate();
                let button = button.min_size(egui::vec2(ui.available_width(), 0.0)).selected(chosen);
                if ui.add(button).accessible_name(&*term.title).clicked() {
                    self.term = Some(name.to_owned());
                }
            }
        });
    }

    fn term_ui(&mut self, ui: &mut Ui, glossary: &Glossary, reader: &mut Reader<'_>) {
        let theme = Theme::here(ui);
        let Some(term) = self.term.as_ref().and_then(|name| glossary.terms.get(name)) else {
            ui.add(Label::new(RichText::new(t!("course_page.no_terms")).color(theme.ink_soft)).wrap());
            return;
        };
        ScrollArea::vertical().id_salt("term").auto_shrink(false).show(ui, |ui| {
            ui.add(Label::new(RichText::new(&term.title).font(strong(size::TITLE)).color(theme.ink)).wrap());
            ui.add_space(space::S);
            text_ui(ui, &term.text, reader);
        });
    }
}
