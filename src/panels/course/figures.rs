//! What lives as long as a section is open: its figures, its code cells, and what they tell the text.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Rect, Role, Sense, Ui, UiBuilder, Vec2, WidgetInfo};

use super::cell::{self, CellNews, CodeCell};
use super::{Shared, same_course};
use crate::chapters::{self, Figure, FigureEntry, Readings, Stage};
use crate::course::{Answer, Course, FigurePlace, Kind, Section, SectionId};
use crate::engine::{Event, JobId};
use crate::widgets::lesson::{Face, Reader, words_ui};
use crate::widgets::theme::{Theme, space};

/// Height of a figure that stands in the text, in points; one that needs more scrolls.
const IN_TEXT: f32 = 440.0;

/// A section while it is open.
pub(super) struct Open {
    /// Which.
    pub id: SectionId,
    /// Its figures, in the order of the text.
    pub figures: Vec<Slot>,
    /// Its code cells, by the exercises' ids.
    pub cells: BTreeMap<String, CodeCell>,
    /// What the text and the figures tell each other.
    pub stage: Stage,
    /// The symbol of the text that was under the pointer in the last frame: a figure above that text lights up too.
    pub pointed: Option<String>,
    /// What the figures read in the last frame: exercises are checked against this, wherever they stand in the text.
    pub readings: Readings,
    /// When it was opened, on the clock of the frames.
    pub since: Option<f64>,
    /// The lessons and the language of which the figures are.
    of: Option<(Arc<Course>, &'static str)>,
}

/// A figure in its place.
pub(super) struct Slot {
    /// Where and with which parameters.
    pub place: FigurePlace,
    /// The figure.
    pub figure: Box<dyn Figure>,
}

impl Open {
    /// A section with nothing in it yet.
    pub fn new(id: SectionId) -> Self {
        Self {
            id,
            figures: Vec::new(),
            cells: BTreeMap::new(),
            stage: Stage::default(),
            pointed: None,
            readings: Readings::new(),
            since: None,
            of: None,
        }
    }

    /// Makes the figures and cells that the section has in this language; those that are the same stay as they are.
    pub fn follow(&mut self, course: &Arc<Course>, shared: &mut Shared) {
        let language = shared.language;
        if self.of.as_ref().is_some_and(|(of, spoken)| same_course(of, course) && *spoken == language) {
            return;
        }
        self.of = Some((course.clone(), language));
        let Some(section) = course.section(language, self.id) else { return };
        let mut before = std::mem::take(&mut self.figures);
        for place in section.figures() {
            let like = |slot: &Slot| slot.place.name == place.name && slot.place.parameters == place.parameters;
            if let Some(at) = before.iter().position(like) {
                let figure = before.swap_remove(at).figure;
                self.figures.push(Slot { place: place.clone(), figure });
            } else if let Some(entry) = entry(&place.name) {
                let mut figure = (entry.make)(&place.parameters);
                if shared.model.is_some() {
                    figure.on_model(shared);
                }
                self.figures.push(Slot { place: place.clone(), figure });
            } else {
                tracing::error!("section {} asks for a figure that there is not: {}", self.id, place.name);
            }
        }
        self.make_cells(section, shared);
    }

    fn make_cells(&mut self, section: &Section, shared: &mut Shared) {
        for exercise in section.exercises() {
            let Kind::Code { task, starter } = &exercise.kind else { continue };
            if !cell::known(task) || self.cells.contains_key(&exercise.id) {
                continue;
            }
            let attempt = shared.learning.progress.attempt(self.id, &exercise.id);
            let saved = match &attempt.answer {
                Some(Answer::Code(code)) => Some(code.as_str()),
                _ => None,
            };
            let salt = format!("{}-{}", self.id, exercise.id);
            self.cells.insert(exercise.id.clone(), CodeCell::new(&salt, task, starter, saved));
        }
    }

    /// Makes the code cells anew, with what was kept of them.
    pub fn renew_cells(&mut self, shared: &mut Shared) {
        self.cells.clear();
        if let Some(section) = shared.learning.course.clone().section(shared.language, self.id) {
            self.make_cells(section, shared);
        }
    }

    /// Something happened in the engine.
    pub fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        for slot in &mut self.figures {
            slot.figure.on_event(event, shared);
        }
        for (exercise, cell) in &mut self.cells {
            let news = cell.on_event(event);
            note_news(news, cell, self.id, exercise, shared);
        }
    }

    /// Whether a figure or a cell shows itself what went wrong with a job.
    pub fn shows_failure_of(&self, job: JobId) -> bool {
        self.figures.iter().any(|slot| slot.figure.shows_failure_of(job))
            || self.cells.values().any(|cell| cell.waits_for(job))
    }

    /// Whether everything that its figures and cells show is there.
    pub fn settled(&self) -> bool {
        self.figures.iter().all(|slot| slot.figure.settled()) && self.cells.values().all(CodeCell::settled)
    }
}

/// The figure of a name.
fn entry(name: &str) -> Option<&'static FigureEntry> {
    #[cfg(test)]
    if let Some(entry) = super::tests::FIGURES.iter().find(|entry| entry.name == name) {
        return Some(entry);
    }
    chapters::registry().iter().find(|entry| entry.name == name)
}

/// Writes into the progress what happened in a code cell.
pub(super) fn note_news(news: CellNews, cell: &CodeCell, id: SectionId, exercise: &str, shared: &mut Shared) {
    if news == CellNews::default() {
        return;
    }
    let attempt = shared.learning.progress.attempt(id, exercise);
    if news.edited {
        attempt.answer(Answer::Code(cell.source().to_owned()));
    }
    if news.tried {
        attempt.tries = attempt.tries.saturating_add(1);
    }
    attempt.solved |= news.passed;
}

/// Draws a figure that stands in the text.
pub(super) fn in_text_ui(
    ui: &mut Ui,
    slot: &mut Slot,
    stage: &mut Stage,
    reader: &mut Reader<'_>,
    shared: &mut Shared,
) {
    let size = Vec2::new(ui.available_width(), IN_TEXT);
    figure_ui(ui, slot, size, stage, shared);
    if !slot.place.caption.is_empty() {
        words_ui(ui, &slot.place.caption, Face::small(Theme::here(ui)), reader);
    }
}

/// Draws *the* figure beside the text, in all the room there is.
pub(super) fn beside_ui(ui: &mut Ui, slot: &mut Slot, stage: &mut Stage, reader: &mut Reader<'_>, shared: &mut Shared) {
    let room = ui.available_size();
    let face = Face::small(Theme::here(ui));
    let caption = crate::widgets::lesson::lay(ui, &slot.place.caption, face, room.x, reader).size().y;
    let below = if slot.place.caption.is_empty() { 0.0 } else { caption + space::M };
    ui.spacing_mut().item_spacing.y = 0.0;
    egui::ScrollArea::vertical().id_salt("beside").auto_shrink(false).show(ui, |ui| {
        figure_ui(ui, slot, Vec2::new(ui.available_width(), (room.y - below).max(200.0)), stage, shared);
        if below > 0.0 {
            ui.add_space(space::S);
            words_ui(ui, &slot.place.caption, face, reader);
        }
    });
}

/// Draws a figure in a size, and says what there is to see.
fn figure_ui(ui: &mut Ui, slot: &mut Slot, size: Vec2, stage: &mut Stage, shared: &mut Shared) {
    let room = Rect::from_min_size(ui.cursor().min, size);
    let drawn = ui.scope_builder(UiBuilder::new().max_rect(room), |ui| {
        ui.set_width(size.x);
        ui.spacing_mut().item_spacing.y = space::S;
        slot.figure.ui(ui, shared, stage);
    });
    let mut rect = drawn.response.rect;
    if rect.height() < size.y {
        ui.allocate_space(Vec2::new(size.x, size.y - rect.height()));
        rect.max.y = rect.min.y + size.y;
    }
    let response = ui.interact(rect, drawn.response.id.with("described"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, slot.figure.describe()));
}
