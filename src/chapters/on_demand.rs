//! Work of the engine that a person begins by a button, again and again, and may stop: a training, a measurement.

use egui::Ui;
use egui_material_icons::icons;

use super::parts::Asked;
use crate::engine::{Command, Event, JobId, LessonRequest, LessonResult};
use crate::panels::Shared;
use crate::widgets::controls;

/// One kind of such work; `K` says what exactly is to be done.
pub struct OnDemand<K> {
    wanted: Option<K>,
    /// Counts the turns, so that the same can be done again.
    turn: u64,
    asked: Asked<(K, u64)>,
}

impl<K> Default for OnDemand<K> {
    fn default() -> Self {
        Self { wanted: None, turn: 0, asked: Asked::default() }
    }
}

impl<K: PartialEq> OnDemand<K> {
    /// Has it begin in the next [`OnDemand::begin`], though the same may have been done before.
    pub fn want(&mut self, what: K) {
        self.wanted = Some(what);
    }

    /// Asks the engine for what is wanted; gives it back where it begins.
    pub fn begin(&mut self, shared: &Shared, request: impl FnOnce(&K) -> LessonRequest) -> Option<&K> {
        let what = self.wanted.take()?;
        self.turn += 1;
        self.asked.ask(shared, (what, self.turn), |(what, _)| request(what));
        self.what()
    }

    /// What was begun last.
    pub fn what(&self) -> Option<&K> {
        self.asked.key().map(|(what, _)| what)
    }

    /// Takes an event; see [`Asked::answer`].
    pub fn answer<'e>(
        &mut self,
        event: &'e Event,
        more: impl FnOnce(&LessonResult) -> bool,
    ) -> Option<&'e LessonResult> {
        self.asked.answer(event, more)
    }

    /// Whether it is on its way.
    pub fn working(&self) -> bool {
        self.asked.job().is_some()
    }

    /// Whether nothing of it is on its way or about to begin.
    pub fn settled(&self) -> bool {
        self.wanted.is_none() && !self.working()
    }

    /// Why it came to nothing.
    pub fn problem(&self) -> Option<&str> {
        self.asked.problem()
    }

    /// Whether it waits for this job.
    pub fn waits_for(&self, job: JobId) -> bool {
        self.asked.waits_for(job)
    }

    /// The button that begins `what`, and while it is on its way the one that stops it.
    pub fn button_ui(&mut self, ui: &mut Ui, shared: &Shared, (glyph, begin): (&str, &str), stop: &str, what: K) {
        match self.asked.job() {
            Some(job) => {
                if controls::quiet_button(ui, icons::ICON_STOP.codepoint, stop).clicked() {
                    shared.engine.send(Command::Cancel(job));
                }
            }
            None => {
                if controls::primary_button(ui, glyph, begin).clicked() {
                    self.want(what);
                }
            }
        }
    }
}
