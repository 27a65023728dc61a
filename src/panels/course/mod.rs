//! The course's page: one section with its text, its live figure and its exercises.
//!
//! What a person does is written into [`Shared::learning`] at once, so that it survives a change of language, of page and,
//! through the window, a restart. [`Open`] holds what lives only as long as the section is open: figures and code cells.

pub mod cell;
mod exercise;
mod figures;
mod glossary;
pub(crate) mod header;
mod page;
mod staged;
#[cfg(test)]
mod tests;

pub use staged::scenes_of;

use std::sync::Arc;

use egui::{Context, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use super::{Intent, Panel, PanelId, Shared};
use crate::chapters::Readings;
use crate::course::{Course, Link, SectionId};
use crate::engine::{Event, JobId};
use crate::widgets::controls::empty_state;
use crate::widgets::lesson::Formulas;
use figures::Open;
use glossary::GlossaryView;

/// The page.
#[derive(Default)]
pub struct CoursePage {
    open: Option<Open>,
    formulas: Formulas,
    glossary: Option<GlossaryView>,
    /// Whether the section's note is open, though it may be empty.
    note: bool,
    /// Whether the note is to have the keyboard.
    note_asked: bool,
    /// The widget that had the keyboard in the last frame: the page follows it.
    focused: Option<egui::Id>,
    /// Whether it was drawn since the last `logic`; what nobody sees is not computed.
    seen: bool,
    /// Whether the section was drawn at all, so that its formulas are asked for.
    drawn: bool,
    /// The code cell that is shown at work.
    staged: Option<staged::Staged>,
    /// Pages to scroll in the next frame.
    turn: f32,
    /// How far the text is scrolled, and how far it could be, in points.
    scrolled: (f32, f32),
}

impl Panel for CoursePage {
    fn id(&self) -> PanelId {
        PanelId::Course
    }

    fn icon(&self) -> &'static str {
        icons::ICON_SCHOOL.codepoint
    }

    fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        if let Some(open) = &mut self.open {
            open.on_event(event, shared);
        }
    }

    fn shows_failure_of(&self, job: JobId) -> bool {
        // Where nobody looks at the page, a message says it.
        self.seen && self.open.as_ref().is_some_and(|open| open.shows_failure_of(job))
    }

    fn on_intent(&mut self, intent: &Intent, shared: &mut Shared) -> bool {
        match intent {
            Intent::OpenSection(id) => shared.learning.progress.last = Some(*id),
            Intent::Glossary(term) => self.glossary = Some(GlossaryView::at(term.clone())),
            _ => return false,
        }
        true
    }

    fn on_model(&mut self, shared: &mut Shared) {
        if let Some(open) = &mut self.open {
            open.figures.iter_mut().for_each(|slot| slot.figure.on_model(shared));
        }
    }

    fn logic(&mut self, ctx: &Context, shared: &mut Shared) {
        self.formulas.refresh(ctx);
        if !std::mem::take(&mut self.seen) {
            return;
        }
        self.prepare(shared);
        if let Some(open) = &mut self.open {
            open.figures.iter_mut().for_each(|slot| slot.figure.logic(ctx, shared));
        }
        self.go_on(shared);
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.seen = true;
        self.prepare(shared);
        let course = shared.learning.course.clone();
        let section = self.open.as_ref().and_then(|open| course.section(shared.language, open.id));
        let Some(section) = section else {
            // Only where a debug build cannot read its folder.
            if empty_state(ui, icons::ICON_SCHOOL.codepoint, t!("course_page.empty"), t!("course_page.to_home")) {
                shared.ask(Intent::Open(PanelId::Home));
            }
            return;
        };
        self.keys(ui, section.id, shared);
        if header::header_ui(ui, section, self.note, shared) {
            self.note = true;
            self.note_asked = true;
        }
        self.body_ui(ui, section, shared);
        self.glossary_ui(ui, shared);
        self.drawn = true;
    }

    fn demonstrate(&mut self, shared: &mut Shared) {
        self.prepare(shared);
        self.drawn = false;
        self.turn = f32::NEG_INFINITY;
        self.glossary = None;
        self.note = false;
        if let Some(open) = &mut self.open {
            open.figures.iter_mut().for_each(|slot| slot.figure.demonstrate(shared));
        }
    }

    fn demonstrate_scene(&mut self, scene: &str, shared: &mut Shared) {
        self.demonstrate(shared);
        self.stage_cell(scene, shared);
    }

    fn settled(&self) -> bool {
        let figures = self.open.as_ref().is_none_or(Open::settled);
        let staged = self.staged.as_ref().is_none_or(|staged| !staged.inside);
        self.drawn && figures && staged && self.turn == 0.0 && !self.formulas.pending()
    }

    fn turn_page(&mut self) -> bool {
        if self.staged.is_some() {
            // The rest of the section has been in sight in another scene.
            return false;
        }
        let (at, most) = self.scrolled;
        if at >= most - 1.0 {
            return false;
        }
        self.turn = 0.9;
        true
    }
}

impl CoursePage {
    /// Brings the section that is to be open onto the page.
    fn prepare(&mut self, shared: &mut Shared) {
        let Some(id) = shared.learning.open() else {
            self.open = None;
            return;
        };
        if shared.learning.progress.last != Some(id) {
            shared.learning.progress.last = Some(id);
        }
        let same = self.open.as_ref().is_some_and(|open| open.id == id);
        if !same {
            self.note = false;
            self.drawn = false;
            self.staged = None;
            self.turn = f32::NEG_INFINITY;
            self.open = Some(Open::new(id));
        }
        if let Some(open) = &mut self.open {
            open.follow(&shared.learning.course.clone(), shared);
        }
    }

    /// What the keyboard asks for.
    fn keys(&mut self, ui: &Ui, id: SectionId, shared: &mut Shared) {
        use egui::{Key, Modifiers};
        let (before, after) = shared.learning.neighbours(id);
        let typing = ui.ctx().text_edit_focused();
        let turned = ui.input_mut(|input| {
            for (key, to) in [(Key::PageUp, before), (Key::PageDown, after)] {
                if input.consume_key(Modifiers::COMMAND, key)
                    && let Some(to) = to
                {
                    shared.intents.push(Intent::OpenSection(to));
                }
            }
            let mut press = |key, pages| if !typing && input.consume_key(Modifiers::NONE, key) { pages } else { 0.0 };
            press(Key::PageDown, 0.9)
                + press(Key::PageUp, -0.9)
                + press(Key::Home, f32::NEG_INFINITY)
                + press(Key::End, f32::INFINITY)
        });
        if turned != 0.0 && !turned.is_nan() {
            self.turn = turned;
        }
    }

    /// Goes where a link leads.
    fn follow(&mut self, link: Link, ui: &Ui, shared: &mut Shared) {
        match link {
            Link::Section(id) => shared.ask(Intent::OpenSection(id)),
            Link::Term(term) => self.glossary = Some(GlossaryView::at(Some(term))),
            Link::Panel(name) => {
                if let Some(page) = PanelId::named(&name) {
                    shared.ask(Intent::Open(page));
                }
            }
            Link::Web(address) => ui.ctx().open_url(egui::OpenUrl::new_tab(address)),
            Link::Symbol(_) => {}
        }
    }

    fn glossary_ui(&mut self, ui: &Ui, shared: &mut Shared) {
        let Some(view) = &mut self.glossary else { return };
        let course = shared.learning.course.clone();
        let glossary = &course.language(shared.language).glossary;
        let (stays, followed) = view.show(ui.ctx(), glossary, &mut self.formulas);
        if !stays {
            self.glossary = None;
        }
        if let Some(link) = followed {
            if !matches!(link, Link::Term(_)) {
                self.glossary = None;
            }
            self.follow(link, ui, shared);
        }
    }
}

/// What the figures read, as exercises ask for it.
fn lookup(readings: &Readings) -> impl Fn(&str) -> Option<f64> + '_ {
    |name| readings.get(name).copied()
}

/// Whether two are the same lessons, read at the same time.
fn same_course(a: &Arc<Course>, b: &Arc<Course>) -> bool {
    Arc::ptr_eq(a, b)
}
