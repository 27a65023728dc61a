//! Looking for a section or a term from anywhere: type, choose with the arrows, Enter.

use egui::{Button, Context, Id, Key, Label, Modal, Modifiers, RichText, ScrollArea, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::course::search::{Hit, Target};
use crate::panels::{Intent, Shared};
use crate::widgets::controls::{icon, text_field};
use crate::widgets::level;
use crate::widgets::theme::{Theme, size, space, strong, text};

const WIDTH: f32 = 560.0;
const HEIGHT: f32 = 380.0;

/// The search while it is open.
#[derive(Default)]
pub(super) struct SearchView {
    query: String,
    /// The hit that Enter opens.
    chosen: usize,
    /// Whether the field has been given the keyboard.
    begun: bool,
}

impl SearchView {
    /// Draws it over everything else and returns whether it stays open.
    pub fn show(&mut self, ctx: &Context, shared: &mut Shared) -> bool {
        let hits = hits(shared, &self.query);
        let screen = ctx.content_rect().size();
        let mut opened = None;
        let modal = Modal::new(Id::unique("search")).show(ctx, |ui| {
            ui.set_width(WIDTH.min(screen.x - 64.0));
            // Before the field takes the arrows for itself.
            let moved = ui.input_mut(|input| {
                let mut press = |key| i32::from(input.consume_key(Modifiers::NONE, key));
                press(Key::ArrowDown) - press(Key::ArrowUp)
            });
            let last = hits.len().saturating_sub(1);
            self.chosen = self.chosen.saturating_add_signed(moved as isize).min(last);
            let enter = ui.input(|input| input.key_pressed(Key::Enter));
            let field = text_field(ui, &t!("app.search.name"), f32::INFINITY, &mut self.query);
            if !std::mem::replace(&mut self.begun, true) {
                field.request_focus();
            }
            if field.changed() {
                self.chosen = 0;
            }
            ui.add_space(space::S);
            if enter {
                opened = hits.get(self.chosen).map(|hit| hit.target.clone());
            }
            let height = HEIGHT.min(screen.y - 140.0);
            ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink(false).show(ui, |ui| {
                if hits.is_empty() {
                    let ink = Theme::here(ui).ink_soft;
                    ui.add(Label::new(RichText::new(t!("app.search.nothing")).color(ink)).wrap());
                }
                ui.spacing_mut().item_spacing.y = 0.0;
                for (i, hit) in hits.iter().enumerate() {
                    let response = hit_ui(ui, hit, i == self.chosen, shared);
                    if moved != 0 && i == self.chosen {
                        response.scroll_to_me(None);
                    }
                    if response.clicked() {
                        opened = Some(hit.target.clone());
                    }
                }
            });
        });
        match &opened {
            Some(Target::Section(id)) => shared.ask(Intent::OpenSection(*id)),
            Some(Target::Term(name)) => shared.ask(Intent::Glossary(Some(name.clone()))),
            None => {}
        }
        opened.is_none() && !modal.should_close()
    }
}

/// What there is to choose from; without a query the bookmarked sections and those with a note come first.
fn hits(shared: &Shared, query: &str) -> Vec<Hit> {
    let course = &shared.learning.course;
    let mut hits = course.language(shared.language).find(query);
    if query.trim().is_empty() {
        let kept = |hit: &Hit| match &hit.target {
            Target::Section(id) => {
                let done = shared.learning.progress.sections.get(id);
                !done.is_some_and(|done| done.bookmark || !done.note.is_empty())
            }
            Target::Term(_) => true,
        };
        hits.sort_by_key(kept);
    }
    hits
}

fn hit_ui(ui: &mut Ui, hit: &Hit, chosen: bool, shared: &Shared) -> egui::Response {
    let theme = Theme::here(ui);
    let (glyph, color, title) = match &hit.target {
        Target::Section(id) => {
            let section = shared.learning.course.section(shared.language, *id);
            let (glyph, color) = section.map_or(("", theme.ink), |section| level::sign(section.level, theme));
            (glyph, color, format!("{id}  {}", hit.title))
        }
        Target::Term(_) => (icons::ICON_DICTIONARY.codepoint, theme.ink_soft, hit.title.clone()),
    };
    let mut words = egui::text::LayoutJob::default();
    let format = |font, color| egui::TextFormat { font_id: font, color, ..egui::TextFormat::default() };
    words.append(&title, 0.0, format(strong(size::BODY), theme.ink));
    words.append("\n", 0.0, format(text(size::BODY), theme.ink));
    words.append(&hit.about, 0.0, format(text(size::SMALL), theme.ink_soft));
    let sign = icon(glyph, size::TITLE).color(color);
    let button = Button::new((sign, words, egui::Atom::grow())).gap(space::M).frame_when_inactive(chosen);
    let button = button.min_size(egui::vec2(ui.available_width(), 44.0)).truncate().selected(chosen);
    ui.add(button).accessible_name(title)
}
