//! A request to the lessons' threads of the engine, of which only the newest answer counts.

use super::Shared;
use crate::engine::{Command, Event, JobId, LessonRequest, LessonResult};

/// A request of one kind to the engine: the newest is waited for, older answers pass by.
pub struct Asked<K> {
    key: Option<K>,
    job: Option<JobId>,
    problem: Option<String>,
}

impl<K> Default for Asked<K> {
    fn default() -> Self {
        Self { key: None, job: None, problem: None }
    }
}

impl<K: PartialEq> Asked<K> {
    /// Asks, unless the same was asked last time.
    pub fn ask(&mut self, shared: &Shared, key: K, request: impl FnOnce(&K) -> LessonRequest) {
        if self.key.as_ref() == Some(&key) {
            return;
        }
        let job = shared.engine.next_job();
        shared.engine.send(Command::Lesson(job, request(&key)));
        (self.key, self.job, self.problem) = (Some(key), Some(job), None);
    }

    /// What the newest request was about.
    pub fn key(&self) -> Option<&K> {
        self.key.as_ref()
    }

    /// Forgets what was asked, so that it is asked again.
    pub fn forget(&mut self) {
        (self.key, self.job) = (None, None);
    }

    /// Takes an event; gives the answer if it is one to the newest request. `more` says whether another one follows.
    pub fn answer<'e>(
        &mut self,
        event: &'e Event,
        more: impl FnOnce(&LessonResult) -> bool,
    ) -> Option<&'e LessonResult> {
        match event {
            Event::Lesson(job, result) if self.job == Some(*job) => {
                if !more(result) {
                    self.job = None;
                }
                Some(result)
            }
            Event::Failed(job, sentence) if self.job == Some(*job) => {
                (self.job, self.problem) = (None, Some(sentence.clone()));
                None
            }
            Event::Cancelled(job) if self.job == Some(*job) => {
                self.job = None;
                None
            }
            _ => None,
        }
    }

    /// The job that is waited for.
    pub fn job(&self) -> Option<JobId> {
        self.job
    }

    /// Whether it is this job that is waited for.
    pub fn waits_for(&self, job: JobId) -> bool {
        self.job == Some(job)
    }

    /// Why there is no answer.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether nothing is waited for and something was asked.
    pub fn settled(&self) -> bool {
        self.key.is_some() && self.job.is_none()
    }
}

/// The answer is the only one.
pub fn only(_: &LessonResult) -> bool {
    false
}
