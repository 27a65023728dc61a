//! The course's figures: one folder a chapter, one file a figure, each behind the trait [`Figure`], all of them listed in
//! [`registry`]. A lesson names a figure and its parameters in its Markdown; see `course` for the text around it.

mod attention;
mod meet;
mod on_demand;
mod parts;
#[cfg(test)]
mod testing;
mod welcome;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use egui::Ui;

use crate::engine::{Event, JobId};
use crate::panels::Shared;

/// What a lesson gives a figure: `name=value` pairs, as written in its directive.
pub type Parameters = BTreeMap<String, String>;

/// Numbers that a figure shows at the moment, by name. Exercises of the kind «set the figure so that …» and «type the
/// number that you see» are checked against these.
pub type Readings = BTreeMap<&'static str, f64>;

/// What a figure and the text around it tell each other, in the same frame.
#[derive(Debug, Default)]
pub struct Stage {
    /// The figure's numbers of this frame.
    pub readings: Readings,
    /// The symbol (as in `q`, `k`, `softmax`) under the pointer, in a formula or in the figure: both light up. The text
    /// sets it before the figure is drawn; a figure that is pointed at overwrites it for the next frame.
    pub symbol: Option<String>,
}

/// Something live beside a lesson's text.
///
/// `on_event` and `logic` run for every figure of the open section and never paint; `ui` paints and never computes
/// anything that grows with the data.
pub trait Figure {
    /// Something happened in the engine. Events of other jobs pass by here too: compare the job's id.
    fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        _ = (event, shared);
    }

    /// Whether the figure itself shows what went wrong with this job, so that the window need not say it once more.
    fn shows_failure_of(&self, job: JobId) -> bool {
        _ = job;
        false
    }

    /// *The* model has changed to [`Shared::model`].
    fn on_model(&mut self, shared: &mut Shared) {
        _ = shared;
    }

    /// Background work of this frame: send commands for what changed.
    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        _ = (ctx, shared);
    }

    /// Draws the figure with its controls inside `ui`, which has the size that the lesson gives it.
    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared, stage: &mut Stage);

    /// What there is to see, in a sentence or a small table, for whoever cannot see it.
    fn describe(&self) -> String;

    /// Does the main interaction by itself, for `telar tour`; [`Figure::settled`] says when it is over.
    fn demonstrate(&mut self, shared: &mut Shared) {
        _ = shared;
    }

    /// Whether everything that it shows is there.
    fn settled(&self) -> bool {
        true
    }
}

/// A figure by its name in lessons.
pub struct FigureEntry {
    /// As written in a lesson's directive.
    pub name: &'static str,
    /// Makes one from the directive's parameters; an unknown parameter is ignored (a test of the lessons refuses it).
    pub make: fn(&Parameters) -> Box<dyn Figure>,
    /// The parameters that it knows.
    pub parameters: &'static [&'static str],
    /// The names of its readings.
    pub readings: &'static [&'static str],
}

/// Every figure, chapter by chapter. A new one is one line in its chapter.
pub fn registry() -> &'static [FigureEntry] {
    static ALL: LazyLock<Vec<FigureEntry>> =
        LazyLock::new(|| welcome::FIGURES.into_iter().chain(meet::FIGURES).chain(attention::FIGURES).collect());
    &ALL
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn names_are_unique_and_every_figure_tells_what_is_there() {
        let mut names = HashSet::new();
        for entry in registry() {
            assert!(names.insert(entry.name), "{} twice", entry.name);
            let mut page = testing::page(entry.name, &[]);
            page.run();
            assert!(!page.state().figure.describe().trim().is_empty(), "{} says nothing", entry.name);
            let known = |name: &&str| entry.readings.contains(name);
            let unknown: Vec<_> = page.state().stage.readings.keys().filter(|name| !known(name)).collect();
            assert!(unknown.is_empty(), "{} does not list {unknown:?}", entry.name);
        }
    }

    #[test]
    fn every_figure_shows_the_failures_that_it_claims() {
        for entry in registry() {
            let mut page = testing::page(entry.name, &[]);
            let state = page.state_mut();
            state.figure.demonstrate(&mut state.shared);
            page.run_steps(30);
            let jobs: Vec<JobId> = testing::asked(&page).into_iter().map(|(job, _)| job).collect();
            let claimed: Vec<JobId> =
                jobs.iter().copied().filter(|job| page.state().figure.shows_failure_of(*job)).collect();
            assert_eq!(claimed.is_empty(), jobs.is_empty(), "{}: {jobs:?}", entry.name);
            assert!(!page.state().figure.shows_failure_of(JobId(u64::MAX)), "{}", entry.name);
            for job in claimed {
                let state = page.state_mut();
                let failed = Event::Failed(job, "It is raining.".to_owned());
                state.figure.on_event(&failed, &mut state.shared);
                page.run();
                assert!(page.query_by_label("It is raining.").is_some(), "{} hides it", entry.name);
            }
        }
    }

    #[test]
    fn every_figure_is_drawn_in_a_small_and_in_a_large_room() {
        for entry in registry() {
            for size in [[480.0, 420.0], [1000.0, 900.0]] {
                let mut page = testing::sized(entry.name, &[], size);
                let state = page.state_mut();
                state.figure.demonstrate(&mut state.shared);
                page.run();
            }
        }
    }
}
