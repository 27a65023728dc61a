//! A code cell in an exercise: editor, run and stop, what came of it, and the learner's function inside a model.
//!
//! What it shows arrived as events; sentences are made of it in every frame, so a change of language changes them too.

mod feedback;
mod in_model;
#[cfg(test)]
mod tests;

use std::ops::BitOr;
use std::sync::Arc;

use egui::{Id, Ui};
use egui_material_icons::icons;
use rust_i18n::t;

use crate::course::cells::{CellReport, tasks};
use crate::engine::lesson::cell::InModelReport;
use crate::engine::{Command, Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::widgets::code_editor::{CodeEditor, EditorNews};
use crate::widgets::controls;
use crate::widgets::theme::{Theme, space};

/// Whether there is a task of this name.
pub fn known(task: &str) -> bool {
    tasks::find(task).is_some()
}

/// What happened in a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellNews {
    /// The code was changed.
    pub edited: bool,
    /// A check came back.
    pub tried: bool,
    /// The check was passed.
    pub passed: bool,
}

impl BitOr for CellNews {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { edited: self.edited | other.edited, tried: self.tried | other.tried, passed: self.passed | other.passed }
    }
}

/// Something that the engine computes for a cell. Its last value stays while the next is on its way.
#[derive(Debug)]
enum Awaited<T> {
    /// Nobody asked yet.
    Nothing,
    /// On its way, with what was known before.
    Running(JobId, Option<Arc<T>>),
    /// There.
    There(Arc<T>),
    /// It failed or was stopped, and a sentence says so.
    Ended(String),
}

impl<T> Awaited<T> {
    fn job(&self) -> Option<JobId> {
        if let Self::Running(job, _) = self { Some(*job) } else { None }
    }

    fn value(&self) -> Option<&Arc<T>> {
        match self {
            Self::There(value) | Self::Running(_, Some(value)) => Some(value),
            _ => None,
        }
    }

    fn run(&mut self, job: JobId) {
        let before = self.value().cloned();
        *self = Self::Running(job, before);
    }
}

/// An editor with its results.
pub struct CodeCell {
    id: Id,
    task: String,
    starter: String,
    source: String,
    /// The source that `report` speaks of.
    checked: String,
    report: Awaited<CellReport>,
    inside: Awaited<InModelReport>,
    /// The keyboard goes to the button in the next frame.
    to_button: bool,
}

impl CodeCell {
    /// A cell of a task with what was written last, or else the starter.
    pub fn new(id: &str, task: &str, starter: &str, saved: Option<&str>) -> Self {
        Self {
            id: Id::unique(("code cell", id)),
            task: task.to_owned(),
            starter: starter.to_owned(),
            source: saved.unwrap_or(starter).to_owned(),
            checked: String::new(),
            report: Awaited::Nothing,
            inside: Awaited::Nothing,
            to_button: false,
        }
    }

    /// What is written in it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Writes something else into it, such as the solution.
    pub fn set_source(&mut self, source: &str) {
        source.clone_into(&mut self.source);
    }

    /// Whether it is being run.
    pub fn running(&self) -> bool {
        self.report.job().is_some()
    }

    /// Whether nothing of it is on its way.
    pub fn settled(&self) -> bool {
        !self.running() && self.inside.job().is_none()
    }

    /// Whether it waits for this job; what went wrong with it stands below the editor.
    pub fn waits_for(&self, job: JobId) -> bool {
        self.report.job() == Some(job) || self.inside.job() == Some(job)
    }

    /// Something happened in the engine.
    pub fn on_event(&mut self, event: &Event) -> CellNews {
        match event {
            Event::Lesson(job, LessonResult::Cell(report)) => {
                if self.report.job() == Some(*job) {
                    self.report = Awaited::There(report.clone());
                    return CellNews { tried: true, passed: report.verdict.is_right(), ..CellNews::default() };
                }
                // A newer run has taken this one's place, and nothing more will be heard of it.
                if self.report.job().is_some_and(|own| own < *job) {
                    self.report = Awaited::Ended(t!("cells.stopped_by_other").into_owned());
                }
            }
            Event::Lesson(job, LessonResult::CellInModel(report)) => {
                if self.inside.job() == Some(*job) {
                    self.inside = Awaited::There(report.clone());
                } else if self.inside.job().is_some_and(|own| own < *job) {
                    self.inside = Awaited::Ended(t!("cells.stopped_by_other").into_owned());
                }
            }
            Event::Failed(job, sentence) => self.end(*job, sentence),
            Event::Cancelled(job) => self.end(*job, &t!("cells.cancelled")),
            _ => {}
        }
        CellNews::default()
    }

    fn end(&mut self, job: JobId, sentence: &str) {
        if self.report.job() == Some(job) {
            self.report = Awaited::Ended(sentence.to_owned());
        }
        if self.inside.job() == Some(job) {
            self.inside = Awaited::Ended(sentence.to_owned());
        }
    }

    /// Runs it against its task.
    pub fn run(&mut self, shared: &Shared) {
        let job = shared.engine.next_job();
        self.report.run(job);
        self.inside = Awaited::Nothing;
        self.checked.clone_from(&self.source);
        let request = LessonRequest::RunCell { task: self.task.clone(), source: self.source.clone() };
        shared.engine.send(Command::Lesson(job, request));
    }

    /// Runs it inside the model that ships with the person's language.
    pub fn run_in_model(&mut self, shared: &Shared) {
        let job = shared.engine.next_job();
        self.inside.run(job);
        let request = LessonRequest::RunCellInModel {
            task: self.task.clone(),
            source: self.checked.clone(),
            model: crate::hub::builtin_for(shared.language),
            text: t!("cells.model.sentence").into_owned(),
        };
        shared.engine.send(Command::Lesson(job, request));
    }

    /// Draws it.
    pub fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) -> CellNews {
        ui.push_id(self.id, |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            // A mark belongs to the text that was run, not to what is written now.
            let wrong = self.report.value().filter(|_| self.checked == self.source).and_then(|it| it.verdict.line());
            let editor = CodeEditor::new(&mut self.source, self.id.with("editor"), t!("cells.editor_label"));
            let editor = editor.wrong_line(wrong).show(ui);
            let reset = self.buttons_ui(ui, shared, editor);
            self.report_ui(ui);
            self.model_ui(ui, shared);
            CellNews { edited: editor.changed || reset, ..CellNews::default() }
        })
        .inner
    }

    /// Run or stop, and the way back to the beginning. Returns whether the source was changed.
    fn buttons_ui(&mut self, ui: &mut Ui, shared: &Shared, editor: EditorNews) -> bool {
        let mut changed = false;
        ui.horizontal_wrapped(|ui| {
            let main = match self.report.job() {
                Some(job) => {
                    let stop = controls::quiet_button(ui, icons::ICON_STOP.codepoint, t!("cells.stop"));
                    if stop.clicked() {
                        shared.engine.send(Command::Cancel(job));
                    }
                    stop.on_hover_text(t!("cells.stop_hint"))
                }
                None => {
                    let run = controls::primary_button(ui, icons::ICON_PLAY_ARROW.codepoint, t!("cells.run"));
                    if run.clicked() || editor.run {
                        self.run(shared);
                    }
                    run.on_hover_text(t!("cells.run_hint"))
                }
            };
            self.to_button |= editor.left;
            if std::mem::take(&mut self.to_button) {
                main.request_focus();
            }
            if self.source != self.starter {
                let reset = controls::quiet_button(ui, icons::ICON_RESTART_ALT.codepoint, t!("cells.reset"));
                if reset.on_hover_text(t!("cells.reset_hint")).clicked() {
                    self.source.clone_from(&self.starter);
                    changed = true;
                }
            }
            if self.running() {
                waiting_ui(ui, t!("cells.running"), shared.motion);
            }
        });
        changed
    }
}

/// Something is on its way; a sign turns where things may move.
fn waiting_ui(ui: &mut Ui, words: impl Into<String>, motion: bool) {
    ui.horizontal(|ui| {
        if motion {
            ui.add(egui::Spinner::new().color(Theme::here(ui).accent));
        }
        controls::note(ui, words);
    });
}
