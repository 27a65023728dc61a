//! How a lesson is written: front matter, Markdown with formulas, and directives.
//!
//! ~~~text
//! ---
//! id = "2.4"
//! level = "intermediate"
//! title = "…"
//! question = "…"
//! minutes = 8
//! ---
//! Paragraphs, `## headings`, lists, tables, **bold**, *slanted*, `code`, $formula$, $$ formula on its own $$,
//! [another section](section:2.6), [a term](term:softmax), [a page](panel:attention), [$q$](symbol:q).
//!
//! ```choose
//! id = "asymmetric"
//! …
//! ```
//! ~~~
//!
//! The front matter and the bodies of directives (fenced blocks whose info string is `figure` or a kind of exercise) are
//! TOML; an unknown field is an error. Every error names its file and line.
//!
//! A symbol lights up together with the part of the figure that has its name: in words as a link, in a formula as
//! `\htmlClass{q}{…}` (see [`super::tex`]).

mod directive;
mod markdown;

use serde::Deserialize;

use super::error::{LessonError, Reason};
use super::lesson::{Level, Section, SectionId};

pub(super) use markdown::{Kinds, text, words};

/// Where a piece of a lesson comes from, so that an error can name its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The file.
    pub file: &'a str,
    /// The line in it on which the piece begins, from 1.
    pub line: usize,
}

impl Place<'_> {
    /// An error on this line.
    pub fn error(self, reason: Reason) -> LessonError {
        LessonError { file: self.file.to_owned(), line: self.line, reason }
    }

    /// The place of a byte of this piece.
    pub fn at(self, piece: &str, byte: usize) -> Self {
        let before = piece.as_bytes().get(..byte.min(piece.len())).unwrap_or_default();
        Self { line: self.line + before.iter().filter(|&&byte| byte == b'\n').count(), ..self }
    }

    /// An error of TOML in this piece.
    pub fn toml(self, piece: &str, error: &toml::de::Error) -> LessonError {
        let byte = error.span().map_or(0, |span| span.start);
        self.at(piece, byte).error(Reason::Toml(error.message().to_owned()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    id: SectionId,
    level: Level,
    title: String,
    question: String,
    minutes: u32,
}

/// Understands a lesson; `file` is its name, as in `2.04-dot-product.md`.
///
/// # Errors
/// The first thing that cannot be understood, with its line.
pub fn section(file: &str, source: &str) -> Result<Section, LessonError> {
    let source = source.trim_start_matches('\u{FEFF}').replace("\r\n", "\n");
    let start = Place { file, line: 1 };
    let (front, body) = source
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .ok_or_else(|| start.error(Reason::NoFrontMatter))?;
    let place = Place { file, line: 2 };
    let head: Front = toml::from_str(front).map_err(|error| place.toml(front, &error))?;
    if !file.starts_with(&format!("{}.{:02}-", head.id.chapter, head.id.number)) {
        return Err(place.error(Reason::Name { id: head.id.to_string() }));
    }
    let body_place = Place { file, line: 2 + front.lines().count() + 1 };
    let blocks = text(body_place, body, Kinds::All)?;
    let section = Section {
        id: head.id,
        level: head.level,
        title: head.title,
        question: head.question,
        minutes: head.minutes,
        blocks,
        file: file.to_owned(),
    };
    let mut seen = std::collections::BTreeSet::new();
    for exercise in section.exercises() {
        if !seen.insert(exercise.id.as_str()) {
            return Err(start.error(Reason::Twice { id: exercise.id.clone() }));
        }
    }
    Ok(section)
}

#[cfg(test)]
mod tests;
