//! The text of lessons: paragraphs with formulas, links and symbols that light up, lists, tables, code.
//!
//! [`Reader`] is what the text and its surroundings tell each other while it is drawn: [`text_ui`] draws whole texts,
//! [`words_ui`] one paragraph. Every paragraph is one piece of the accessibility tree, with its formulas as one reads them;
//! what is copied of it holds them as TeX.

mod blocks;
mod copy;
mod formula;
mod paragraph;
#[cfg(test)]
mod tests;

pub use blocks::{heading_ui, text_ui};
pub use formula::Formulas;
pub use paragraph::{Face, Laid, lay, paint, words_ui};

use crate::course::{Glossary, Link};

/// Widest that a column of text becomes, in points: no line of it has more than 80 characters.
pub const COLUMN: f32 = 548.0;

/// What a text and its surroundings tell each other while it is drawn.
pub struct Reader<'a> {
    /// Where formulas are kept.
    pub formulas: &'a mut Formulas,
    /// What terms mean, for a look at them under the pointer.
    pub glossary: &'a Glossary,
    /// The symbol that is lit in this frame.
    pub lit: Option<&'a str>,
    /// The symbol under the pointer.
    pub pointed: Option<String>,
    /// The link that was followed.
    pub followed: Option<Link>,
}

impl<'a> Reader<'a> {
    /// A reader at the beginning of a frame.
    pub fn new(formulas: &'a mut Formulas, glossary: &'a Glossary, lit: Option<&'a str>) -> Self {
        Self { formulas, glossary, lit, pointed: None, followed: None }
    }
}
