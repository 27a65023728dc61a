//! The chapters of the course, and what each is about.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::{LessonError, Reason};
use super::lesson::Level;
use super::parse::Place;

/// The name of a language's list of chapters in its folder.
pub const FILE: &str = "chapters.toml";

/// A chapter in one language.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// Its title.
    pub title: String,
    /// A sentence on what it is about.
    pub text: String,
    /// Who most of it is for.
    pub level: Level,
}

/// Understands a list of chapters: a table of TOML for each, named by its number.
///
/// # Errors
/// The first thing that cannot be understood, with its line.
pub fn parse(source: &str) -> Result<BTreeMap<u8, Chapter>, LessonError> {
    let start = Place { file: FILE, line: 1 };
    let raw: BTreeMap<String, Chapter> = toml::from_str(source).map_err(|error| start.toml(source, &error))?;
    let number = |name: String| {
        let number = name.parse::<u8>();
        number.map_err(|_| start.error(Reason::Toml(format!("`[{name}]` is no number of a chapter"))))
    };
    raw.into_iter().map(|(name, chapter)| Ok((number(name)?, chapter))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_are_named_by_their_numbers() {
        let chapters = parse("[2]\ntitle = \"Attention\"\ntext = \"x\"\nlevel = \"intermediate\"\n").unwrap();
        assert_eq!((chapters[&2].title.as_str(), chapters[&2].level), ("Attention", Level::Intermediate));
        assert!(parse("[two]\ntitle = \"A\"\ntext = \"x\"\nlevel = \"beginner\"\n").is_err());
        assert_eq!(parse("[2]\ntitle = \"A\"\ntext = \"x\"\nlevel = \"hard\"\n").unwrap_err().line, 4);
    }
}
