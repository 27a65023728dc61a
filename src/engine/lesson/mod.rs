//! What is computed for the pages of the course: one variant and one file a kind of work.
//!
//! This file only names the kinds and passes them on. Code cells have a thread of their own, so that one never waits for
//! a figure's projection, nor a figure for a cell.

pub mod cell;

use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

use super::error::EngineError;
use super::event::Event;
use super::inference::cache::Cache;
use super::job::Job;
use super::shared::Common;
use super::worker::Worker;
use crate::course::cells::CellReport;
use crate::hub::ModelRef;

/// What a page of the course asks for.
#[derive(Clone, Debug)]
pub enum LessonRequest {
    /// Run a code cell and compare it with its task ([`LessonResult::Cell`]).
    RunCell {
        /// Name of the task, as in a lesson's `task = "…"`.
        task: String,
        /// What the learner wrote.
        source: String,
    },
    /// Put the learner's function in the place of that part of a model ([`LessonResult::CellInModel`]).
    RunCellInModel {
        /// Name of the task.
        task: String,
        /// What the learner wrote.
        source: String,
        /// Which model.
        model: ModelRef,
        /// The text that it reads.
        text: String,
    },
}

/// What was computed.
#[derive(Clone, Debug)]
pub enum LessonResult {
    /// How a code cell did.
    Cell(Arc<CellReport>),
    /// What the model says with the learner's function inside.
    CellInModel(Arc<cell::InModelReport>),
}

/// Tells kinds of work apart: a newer job replaces an older one of the same kind.
pub(super) type LessonKind = Discriminant<LessonRequest>;

impl LessonRequest {
    /// See [`LessonKind`].
    pub(super) fn kind(&self) -> LessonKind {
        discriminant(self)
    }
}

/// The state of a thread that works for lessons.
pub(super) struct Lessons {
    /// Where a person's files are, and which device is in use.
    pub common: Common,
    /// Models on the device in use, held while they are asked for.
    #[expect(dead_code, reason = "the first figure that looks into a model uses it")]
    pub models: Cache,
}

/// The threads.
pub(super) struct LessonWorkers {
    cells: Worker<Lessons>,
    figures: Worker<Lessons>,
}

impl LessonWorkers {
    pub fn start(common: &Common) -> Result<Self, EngineError> {
        let start = |name: &str| -> Result<Worker<Lessons>, EngineError> {
            let common = common.clone();
            Ok(Worker::start(name, move || Lessons { models: Cache::new(common.clone()), common: common.clone() })?.0)
        };
        Ok(Self { cells: start("cells")?, figures: start("lessons")? })
    }

    /// Passes a request on to its thread.
    pub fn give(&self, job: Job, request: LessonRequest) {
        let thread = match request {
            LessonRequest::RunCell { .. } | LessonRequest::RunCellInModel { .. } => &self.cells,
            #[expect(unreachable_patterns, reason = "the first figure's request goes here")]
            _ => &self.figures,
        };
        thread.give(job, |lessons, job| {
            if let Some(result) = lessons.work(job, request)? {
                job.send(Event::Lesson(job.id, result));
            }
            Ok(())
        });
    }
}

impl Lessons {
    /// Does the work of a request; nothing if it was given up because nobody wants it any more. Work in several steps may
    /// send events of its own on the way.
    fn work(&mut self, job: &Job, request: LessonRequest) -> Result<Option<LessonResult>, EngineError> {
        match request {
            LessonRequest::RunCell { task, source } => Ok(cell::run(job, &task, &source)),
            LessonRequest::RunCellInModel { task, source, model, text } => {
                cell::run_in_model(self, job, &task, &source, &model, &text)
            }
        }
    }
}
