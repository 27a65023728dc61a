//! Short errands with a person's files: runs, exported pictures, texts that were written.

use std::path::PathBuf;

use super::error::EngineError;
use super::event::Event;
use super::history::{self, History};
use super::job::{Job, Outbox};
use super::shared::Common;
use crate::data::write_atomic;
use crate::train::runs;

/// The state of the thread.
pub(super) struct Files {
    pub common: Common,
    pub out: Outbox,
}

impl Files {
    /// Says which runs there are.
    pub fn list_runs(&mut self) -> Result<(), EngineError> {
        self.out.send(Event::Runs(runs::list(&self.common.home)));
        Ok(())
    }

    /// Reads a run's settings, curve and samples.
    pub fn open_run(&mut self, job: &Job, id: &str) -> Result<(), EngineError> {
        let run = runs::open(&self.common.home, id)?;
        let samples = run.samples.into_iter().map(|sample| (sample.step, sample.text)).collect();
        job.send(Event::RunOpened(job.id, Box::new(run.summary), run.metrics, samples));
        Ok(())
    }

    /// Deletes a run's folder, unless it is in training, and says which runs are left.
    pub fn delete_run(&mut self, job: &Job, id: String) -> Result<(), EngineError> {
        let Common { home, in_training, .. } = &self.common;
        match in_training.unless_in_training(&id, || runs::delete(home, &id)) {
            Some(deleted) => deleted?,
            None => return Err(EngineError::RunInTraining(id)),
        }
        job.send(Event::RunDeleted(job.id, id));
        self.list_runs()
    }

    /// Reads the texts of earlier sessions.
    pub fn open_history(&mut self, job: &Job) -> Result<(), EngineError> {
        let (history, notice) = history::load(&self.common.home);
        if let Some(notice) = notice {
            self.out.send(Event::Notice(notice));
        }
        job.send(Event::HistoryOpened(job.id, Box::new(history)));
        Ok(())
    }

    /// Keeps texts for the next session.
    pub fn keep_history(&mut self, job: &Job, texts: &History) -> Result<(), EngineError> {
        history::keep(&self.common.home, texts)?;
        job.send(Event::HistoryKept(job.id));
        Ok(())
    }

    /// Writes a file as a whole or not at all.
    pub fn write(&mut self, job: &Job, path: PathBuf, bytes: &[u8]) -> Result<(), EngineError> {
        write_atomic(&path, bytes).map_err(|source| EngineError::Unwritable { path: path.clone(), source })?;
        job.send(Event::FileWritten(job.id, path));
        Ok(())
    }
}
