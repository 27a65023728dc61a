//! The course: lessons, exercises that check themselves, and what a person has done of them.
//!
//! Nothing here draws or computes tensors. A lesson is one Markdown file a language ([`parse`] says how it is written), all
//! of them make a [`Course`] ([`library`]); an [`Exercise`] checks an [`Answer`] ([`exercise`]); what a person has done is
//! the [`Progress`]. A lesson in one language and in the other have the same id, and so have their exercises: whatever is
//! remembered, is remembered for both.

pub mod cells;
pub mod chapter;
mod error;
pub mod exercise;
pub mod expression;
pub mod glossary;
pub mod lesson;
pub mod library;
pub mod parse;
pub mod progress;
pub mod search;
pub mod tex;

use std::sync::Arc;

pub use chapter::Chapter;
pub use error::{LessonError, Reason};
pub use exercise::{Answer, Exercise, Kind, Says, Verdict};
pub use expression::Condition;
pub use glossary::{Glossary, Term};
pub use lesson::{Block, FigurePlace, Inline, Level, Link, Section, SectionId, Text, Words};
pub use library::{Course, Language, Watch};
pub use progress::{Attempt, Progress, SectionProgress};

/// The course with what its learner has done: the part of it that every page sees.
#[derive(Clone, Debug)]
pub struct Learning {
    /// All lessons in both languages.
    pub course: Arc<Course>,
    /// What the person has done.
    pub progress: Progress,
}

impl Default for Learning {
    /// The shipped lessons and a learner who has not begun.
    fn default() -> Self {
        Self { course: Course::shipped(), progress: Progress::default() }
    }
}

impl Learning {
    /// The section that is open: the last one, or else the first of the course.
    pub fn open(&self) -> Option<SectionId> {
        let known = self.progress.last.filter(|id| self.course.ids().contains(id));
        known.or_else(|| self.course.ids().first().copied())
    }

    /// How much of a section is done, 0 to 1: read, and every exercise solved.
    pub fn share(&self, id: SectionId) -> f32 {
        let Some(section) = self.course.any(id) else { return 0.0 };
        let Some(done) = self.progress.sections.get(&id) else { return 0.0 };
        let exercises: Vec<_> = section.exercises().collect();
        let solved = exercises.iter().filter(|exercise| done.solved(&exercise.id)).count();
        (solved + usize::from(done.read)) as f32 / (exercises.len() + 1) as f32
    }

    /// Sections of a chapter that are done, and how many there are.
    pub fn of_chapter(&self, chapter: u8) -> (usize, usize) {
        let ids = || self.course.ids().iter().filter(move |id| id.chapter == chapter);
        (ids().filter(|&&id| self.share(id) >= 1.0).count(), ids().count())
    }

    /// The sections before and after one on the person's path. A section that is not on it has neighbours all the same.
    pub fn neighbours(&self, id: SectionId) -> (Option<SectionId>, Option<SectionId>) {
        let on_path = |other: &&SectionId| self.course.any(**other).is_some_and(|s| s.level <= self.progress.path);
        let before = self.course.ids().iter().filter(|other| **other < id).rev().find(on_path);
        let after = self.course.ids().iter().filter(|other| **other > id).find(on_path);
        (before.copied(), after.copied())
    }

    /// Where to go on: the open section if it is not done, or else the first on the path that is not.
    pub fn next_step(&self) -> Option<SectionId> {
        let undone = |id: &SectionId| self.share(*id) < 1.0;
        let on_path = |id: &SectionId| self.course.any(*id).is_some_and(|s| s.level <= self.progress.path);
        let ids = self.course.ids();
        let first = || ids.iter().copied().find(|id| undone(id) && on_path(id));
        self.progress.last.filter(|id| ids.contains(id) && undone(id)).or_else(first).or_else(|| self.open())
    }
}
