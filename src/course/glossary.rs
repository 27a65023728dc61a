//! Terms, and what they mean.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::LessonError;
use super::lesson::Text;
use super::parse::{self, Place};

/// The name of a language's glossary in its folder.
pub const FILE: &str = "glossary.toml";

/// What a term means.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// As it is written in a sentence.
    pub title: String,
    /// What it means.
    pub text: Text,
}

/// The terms of one language by their names, which are the same in both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Glossary {
    /// Name → term.
    pub terms: BTreeMap<String, Term>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    title: toml::Spanned<String>,
    text: String,
}

impl Glossary {
    /// Understands a glossary: a table of TOML for each term, with its `title` and `text`.
    ///
    /// # Errors
    /// The first thing that cannot be understood, with its line.
    pub fn parse(source: &str) -> Result<Self, LessonError> {
        let start = Place { file: FILE, line: 1 };
        let raw: BTreeMap<String, Raw> = toml::from_str(source).map_err(|error| start.toml(source, &error))?;
        let mut terms = BTreeMap::new();
        for (name, Raw { title, text }) in raw {
            let place = start.at(source, title.span().start);
            let text = parse::text(place, text.trim(), parse::Kinds::Code)?;
            terms.insert(name, Term { title: title.into_inner(), text });
        }
        Ok(Self { terms })
    }

    /// The terms in the order of their titles.
    pub fn sorted(&self) -> Vec<(&str, &Term)> {
        let mut all: Vec<_> = self.terms.iter().map(|(name, term)| (name.as_str(), term)).collect();
        all.sort_by_cached_key(|(_, term)| super::search::folded(&term.title));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_and_errors_name_their_line() {
        let source = "[softmax]\ntitle = \"softmax\"\ntext = \"Makes $p$ of scores.\"\n\n[area]\ntitle = \"Área\"\ntext = \"x\"\n\
            [zeta]\ntitle = \"zeta\"\ntext = \"x\"\n";
        let glossary = Glossary::parse(source).unwrap();
        let titles: Vec<_> = glossary.sorted().iter().map(|(_, term)| term.title.clone()).collect();
        assert_eq!(titles, ["Área", "softmax", "zeta"], "an accent changes nothing about the order");
        let error =
            Glossary::parse("[a]\ntitle = \"a\"\ntext = \"x\"\n\n[b]\ntitle = \"b\"\ntext = \"[y](nowhere)\"\n");
        assert_eq!(error.unwrap_err().line, 6);
        let error = Glossary::parse("[a]\ntitle = \"a\"\ntext = \"x\"\nmore = 1\n").unwrap_err();
        assert_eq!(error.line, 4, "{error}");
    }
}
