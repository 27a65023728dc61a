//! A code cell at work, for `telar tour`: a program that is wrong, one that stops, and the solution, which then runs inside
//! the model too. Each of them is really run.

use super::{CoursePage, Shared};
use crate::course::{Block, Exercise, Kind, Section};

/// What a section with a code cell can be shown doing.
const WITH_CODE: [&str; 4] = ["", "wrong", "error", "right"];

/// What a section of the course can be shown doing, by name; the first is what its figures do by themselves.
pub fn scenes_of(section: &Section) -> &'static [&'static str] {
    if cell_of(section).is_some() { &WITH_CODE } else { &[""] }
}

/// The exercise that is shown: the last one of code.
fn cell_of(section: &Section) -> Option<&Exercise> {
    section.exercises().filter(|exercise| matches!(exercise.kind, Kind::Code { .. })).last()
}

/// The cell that is shown at work.
pub(super) struct Staged {
    /// Its exercise.
    pub exercise: String,
    /// Whether it is still to be run inside the model.
    pub inside: bool,
}

/// The program of a scene.
fn program(exercise: &Exercise, scene: &str) -> Option<String> {
    let Kind::Code { starter, .. } = &exercise.kind else { return None };
    match scene {
        "wrong" => Some(starter.clone()),
        "error" => {
            let (first, rest) = starter.split_once('\n')?;
            Some(format!("{first}\n    let y = matmul(ones(2, 3), ones(2, 3));\n{rest}"))
        }
        "right" => exercise.solution.iter().find_map(|block| match block {
            Block::Code(solution) => Some(solution.clone()),
            _ => None,
        }),
        _ => None,
    }
}

impl CoursePage {
    /// Writes the program of a scene into the section's code cell and runs it.
    pub(super) fn stage_cell(&mut self, scene: &str, shared: &mut Shared) {
        self.staged = None;
        let Some(open) = &mut self.open else { return };
        open.renew_cells(shared);
        let course = shared.learning.course.clone();
        let exercise = course.section(shared.language, open.id).and_then(cell_of);
        let Some((exercise, program)) = exercise.and_then(|exercise| Some((exercise, program(exercise, scene)?)))
        else {
            return;
        };
        if let Some(cell) = open.cells.get_mut(&exercise.id) {
            cell.set_source(&program);
            cell.run(shared);
            self.staged = Some(Staged { exercise: exercise.id.clone(), inside: scene == "right" });
        }
    }

    /// Goes on with what is staged: inside the model, once the program is known to be right.
    pub(super) fn go_on(&mut self, shared: &mut Shared) {
        let (Some(open), Some(staged)) = (&mut self.open, &mut self.staged) else { return };
        if let Some(cell) = open.cells.get_mut(&staged.exercise)
            && staged.inside
            && cell.settled()
        {
            staged.inside = false;
            cell.run_in_model(shared);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::course::Course;
    use crate::course::cells::{Limits, Verdict, check, tasks};

    #[test]
    fn every_scene_is_what_it_says() {
        let mut sections = 0;
        for section in &Course::shipped().language("es").sections {
            let Some(exercise) = cell_of(section) else {
                assert_eq!(scenes_of(section), [""]);
                continue;
            };
            sections += 1;
            let Kind::Code { task, .. } = &exercise.kind else { panic!("no code") };
            for scene in &scenes_of(section)[1..] {
                let source = program(exercise, scene).unwrap();
                let report = check(tasks::find(task).unwrap(), &source, &Limits::default(), Arc::new(|| true));
                let as_said = match (*scene, &report.verdict) {
                    ("wrong", Verdict::Wrong(_)) | ("right", Verdict::Right { .. }) => true,
                    ("error", Verdict::Failed { error, .. }) => error.line == Some(2),
                    _ => false,
                };
                assert!(as_said, "{} {scene}: {:?}", section.id, report.verdict);
            }
        }
        assert!(sections >= 3, "{sections}");
    }
}
