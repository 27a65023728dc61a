//! What a lesson consists of.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::exercise::Exercise;
use super::tex::readable;

/// Who a section is for. A later one asks for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 🌱 Nothing is asked for.
    Beginner,
    /// 🪴 Some mathematics.
    Intermediate,
    /// 🌳 All of it.
    Advanced,
}

impl Level {
    /// All of them, the easiest first.
    pub const ALL: [Self; 3] = [Self::Beginner, Self::Intermediate, Self::Advanced];

    /// Its stable name, in lessons and in the progress.
    pub fn name(self) -> &'static str {
        match self {
            Self::Beginner => "beginner",
            Self::Intermediate => "intermediate",
            Self::Advanced => "advanced",
        }
    }
}

/// A section's number: `2.4` is the fourth section of chapter 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionId {
    /// The chapter, from 0.
    pub chapter: u8,
    /// The section within it, from 1.
    pub number: u8,
}

impl SectionId {
    /// The section of a chapter.
    pub const fn new(chapter: u8, number: u8) -> Self {
        Self { chapter, number }
    }
}

impl fmt::Display for SectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.chapter, self.number)
    }
}

impl FromStr for SectionId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (chapter, number) = text.split_once('.').ok_or(())?;
        let id = Self { chapter: chapter.parse().map_err(|_| ())?, number: number.parse().map_err(|_| ())? };
        // Only one way to write it: `2.4` and not `2.04`.
        if id.to_string() == text { Ok(id) } else { Err(()) }
    }
}

impl Serialize for SectionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SectionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom(format!("no section: {text}")))
    }
}

/// One or more paragraphs and whatever else a text has.
pub type Text = Vec<Block>;

/// The words of one paragraph.
pub type Words = Vec<Inline>;

/// One lesson in one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its number.
    pub id: SectionId,
    /// Who it is for.
    pub level: Level,
    /// Its title.
    pub title: String,
    /// The question that it answers.
    pub question: String,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// The text with its figures and exercises.
    pub blocks: Text,
    /// The name of its file.
    pub file: String,
}

impl Section {
    /// Its exercises, in the order of the text.
    pub fn exercises(&self) -> impl Iterator<Item = &Exercise> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Exercise(exercise) => Some(exercise.as_ref()),
            _ => None,
        })
    }

    /// Its figures, in the order of the text.
    pub fn figures(&self) -> impl Iterator<Item = &FigurePlace> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Figure(place) => Some(place),
            _ => None,
        })
    }
}

/// Something that stands alone in a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Words),
    /// A heading of a rank: 2 for the parts of a section, 3 below them.
    Heading(u8, Words),
    /// A list; with the first number if it is numbered.
    List(Option<u64>, Vec<Text>),
    /// A table: the head, then the rows.
    Table(Vec<Words>, Vec<Vec<Words>>),
    /// A formula on a line of its own, in TeX.
    Formula(String),
    /// Code to read.
    Code(String),
    /// A quotation, or a remark set off.
    Quote(Text),
    /// A figure.
    Figure(FigurePlace),
    /// An exercise.
    Exercise(Box<Exercise>),
}

/// Something within a paragraph.
#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    /// Words.
    Text {
        /// The words.
        text: String,
        /// Whether they are half-bold.
        bold: bool,
        /// Whether they are slanted.
        italic: bool,
    },
    /// Code.
    Code(String),
    /// A formula in TeX.
    Formula(String),
    /// Words that lead somewhere.
    Link(Link, Words),
    /// The line ends here.
    Break,
}

/// Where words lead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Another section.
    Section(SectionId),
    /// A term of the glossary.
    Term(String),
    /// A page of the window, by its name.
    Panel(String),
    /// Nowhere: a symbol that lights up together with its part of the figure.
    Symbol(String),
    /// A page of the world's web.
    Web(String),
}

/// Where a figure stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct FigurePlace {
    /// Its name in the registry of figures.
    pub name: String,
    /// What the lesson gives it.
    pub parameters: BTreeMap<String, String>,
    /// What stands below it.
    pub caption: Words,
}

/// The words of a paragraph without any form; a formula as one reads it.
pub fn plain(words: &[Inline]) -> String {
    let mut out = String::new();
    write_plain(words, &mut out);
    out
}

fn write_plain(words: &[Inline], out: &mut String) {
    for inline in words {
        match inline {
            Inline::Text { text, .. } | Inline::Code(text) => out.push_str(text),
            Inline::Formula(source) => out.push_str(&readable(source)),
            Inline::Link(_, words) => write_plain(words, out),
            Inline::Break => out.push('\n'),
        }
    }
}

/// A text without any form: what is searched, and what a screen reader is told of it. Exercises are left out.
pub fn plain_text(text: &[Block]) -> String {
    let mut parts = Vec::new();
    gather(text, &mut parts);
    parts.join("\n")
}

fn gather(text: &[Block], parts: &mut Vec<String>) {
    for block in text {
        match block {
            Block::Paragraph(words) | Block::Heading(_, words) => parts.push(plain(words)),
            Block::List(_, items) => items.iter().for_each(|item| gather(item, parts)),
            Block::Table(head, rows) => {
                for row in std::iter::once(head).chain(rows) {
                    parts.push(row.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(" · "));
                }
            }
            Block::Formula(source) => parts.push(readable(source)),
            Block::Code(text) => parts.push(text.clone()),
            Block::Quote(text) => gather(text, parts),
            Block::Figure(place) => parts.push(plain(&place.caption)),
            Block::Exercise(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SectionId;

    #[test]
    fn a_section_s_number_is_written_in_one_way() {
        assert_eq!("2.11".parse(), Ok(SectionId::new(2, 11)));
        assert_eq!(SectionId::new(2, 11).to_string(), "2.11");
        assert!(SectionId::new(2, 4) < SectionId::new(2, 11), "by number and not by letter");
        for wrong in ["", "2", "2.", "2.04", ".4", "2.4.1", "a.b", "999.1"] {
            assert_eq!(wrong.parse::<SectionId>(), Err(()), "{wrong}");
        }
    }
}
