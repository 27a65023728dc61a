//! What a person has done of the course, in `progress.json`.
//!
//! A file that cannot be understood is set aside and named in a message, as with the settings. Writing is the window's: see
//! `data::LatestFile`.

use std::collections::BTreeMap;
use std::{fs, io};

use rust_i18n::t;
use serde::{Deserialize, Serialize};

use super::exercise::{Answer, Verdict};
use super::lesson::{Level, SectionId};
use crate::data::{Home, set_aside};

/// What a person has done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The most that the person's path asks for: sections above this level are not on it.
    pub path: Level,
    /// The section that was open last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<SectionId>,
    /// What was done of each section.
    pub sections: BTreeMap<SectionId, SectionProgress>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { path: Level::Advanced, last: None, sections: BTreeMap::new() }
    }
}

/// What a person has done of one section.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SectionProgress {
    /// Whether the text was read to its end.
    #[serde(skip_serializing_if = "is_false")]
    pub read: bool,
    /// Whether it is bookmarked.
    #[serde(skip_serializing_if = "is_false")]
    pub bookmark: bool,
    /// The person's own words on it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The exercises, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exercises: BTreeMap<String, Attempt>,
}

/// What a person has done of one exercise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attempt {
    /// What is chosen, typed or ordered at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// What the last check said, as long as the answer is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// How often it was checked.
    pub tries: u32,
    /// Whether it was ever right.
    #[serde(skip_serializing_if = "is_false")]
    pub solved: bool,
    /// How many hints are open.
    #[serde(skip_serializing_if = "is_zero")]
    pub hints: usize,
    /// Whether the solution is open.
    #[serde(skip_serializing_if = "is_false")]
    pub solution: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl SectionProgress {
    /// Whether an exercise was ever right.
    pub fn solved(&self, exercise: &str) -> bool {
        self.exercises.get(exercise).is_some_and(|attempt| attempt.solved)
    }
}

impl Attempt {
    /// Takes another answer; what was said about the one before does not count any more.
    pub fn answer(&mut self, answer: Answer) {
        if self.answer.as_ref() != Some(&answer) {
            self.answer = Some(answer);
            self.verdict = None;
        }
    }

    /// Takes what a check said.
    pub fn judged(&mut self, verdict: Verdict) {
        self.tries = self.tries.saturating_add(1);
        self.solved |= verdict.right;
        self.verdict = Some(verdict);
    }
}

impl Progress {
    /// What was done of a section; room for it is made.
    pub fn section(&mut self, id: SectionId) -> &mut SectionProgress {
        self.sections.entry(id).or_default()
    }

    /// What was done of an exercise; room for it is made.
    pub fn attempt(&mut self, id: SectionId, exercise: &str) -> &mut Attempt {
        let exercises = &mut self.section(id).exercises;
        if !exercises.contains_key(exercise) {
            exercises.insert(exercise.to_owned(), Attempt::default());
        }
        exercises.entry(exercise.to_owned()).or_default()
    }

    /// Reads what was kept. Where there is nothing yet, or nothing that can be read, the course begins anew; in the second
    /// case with a sentence that says what became of the file.
    pub fn load(home: &Home) -> (Self, Option<String>) {
        let path = home.progress_file();
        let unusable = |reason: io::Error| {
            let notice = t!("course.progress.unreadable", path = path.display(), reason = reason);
            (Self::default(), Some(notice.into_owned()))
        };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Self::default(), None),
            Err(error) => return unusable(error),
        };
        // A map and nothing else: a list would be taken for the fields in their order.
        let map = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes);
        match map.and_then(|map| serde_json::from_value(map.into())) {
            Ok(progress) => (progress, None),
            Err(error) => {
                tracing::warn!("the progress cannot be understood: {error}");
                match set_aside(&path) {
                    Ok(aside) => {
                        let notice = t!("course.progress.set_aside", path = aside.display());
                        (Self::default(), Some(notice.into_owned()))
                    }
                    Err(error) => unusable(error),
                }
            }
        }
    }

    /// As it is kept; sections of which nothing was done are left out.
    pub fn to_text(&self) -> String {
        let mut kept = self.clone();
        for section in kept.sections.values_mut() {
            section.exercises.retain(|_, attempt| *attempt != Attempt::default());
        }
        kept.sections.retain(|_, section| *section != SectionProgress::default());
        serde_json::to_string_pretty(&kept).unwrap_or_else(|error| {
            // Maps with keys of text and plain values can always be written.
            tracing::error!("the progress cannot be written down: {error}");
            String::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::exercise::Says;

    fn example() -> Progress {
        let mut progress = Progress { path: Level::Beginner, last: Some(SectionId::new(2, 11)), ..Progress::default() };
        let id = SectionId::new(2, 4);
        let section = progress.section(id);
        (section.read, section.bookmark, section.note) = (true, true, "¿por qué?".into());
        progress.attempt(id, "steps").answer(Answer::Order(vec![1, 0, 2]));
        let attempt = progress.attempt(id, "spread");
        attempt.answer(Answer::Numbers(vec!["16".into()]));
        attempt.judged(Verdict { right: true, says: Says::Fields(vec![true]) });
        attempt.hints = 2;
        progress.attempt(SectionId::new(1, 2), "t").judged(Verdict { right: false, says: Says::NoReading("x".into()) });
        progress
    }

    #[test]
    fn what_was_done_comes_back() {
        let (_folder, home) = Home::temporary();
        assert_eq!(Progress::load(&home), (Progress::default(), None), "the first start");
        let mut progress = example();
        fs::write(home.progress_file(), progress.to_text()).unwrap();
        assert_eq!(Progress::load(&home), (progress.clone(), None));
        // To have looked at an exercise is not to have done anything of it.
        progress.attempt(SectionId::new(1, 1), "untouched");
        assert_eq!(progress.to_text(), example().to_text());
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_set_aside_and_named() {
        for broken in ["", "{", "[]", "{\"sections\": {\"2.04\": {}}}", "{\"path\": \"expert\"}"] {
            let (folder, home) = Home::temporary();
            fs::write(home.progress_file(), broken).unwrap();
            let (progress, notice) = Progress::load(&home);
            assert_eq!(progress, Progress::default());
            let aside: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert_eq!(aside.len(), 1);
            assert_eq!(fs::read_to_string(&aside[0]).unwrap(), broken, "nothing is lost");
            assert!(notice.unwrap().contains(&aside[0].display().to_string()));
        }
    }

    #[test]
    fn what_a_later_version_adds_does_no_harm() {
        let (_folder, home) = Home::temporary();
        fs::write(home.progress_file(), "{\"streak\": 3, \"sections\": {\"9.1\": {\"read\": true, \"stars\": 5}}}")
            .unwrap();
        let (progress, notice) = Progress::load(&home);
        assert!(notice.is_none() && progress.sections[&SectionId::new(9, 1)].read);
    }

    #[test]
    fn another_answer_takes_the_verdict_away_but_not_the_success() {
        let mut attempt = Attempt::default();
        attempt.answer(Answer::Option(1));
        attempt.judged(Verdict { right: true, says: Says::Option(1) });
        attempt.answer(Answer::Option(1));
        assert!(attempt.verdict.is_some());
        attempt.answer(Answer::Option(0));
        assert!(attempt.verdict.is_none() && attempt.solved && attempt.tries == 1);
    }
}
