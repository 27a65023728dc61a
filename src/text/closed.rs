//! Closed vocabularies: every different word, or every different character, of one text.
//!
//! The words are those that white space separates, with their punctuation and capitals. There is no token for anything
//! unknown, so that the vocabulary is exactly the text's.

use std::collections::{HashMap, HashSet};

use super::tokenizer::Encoding;

/// What one token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// What stands between white space.
    Word,
    /// A Unicode character.
    Character,
}

/// The different words or characters of a text. Ids follow the order of their code points, from 0.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    pub unit: Unit,
    pub pieces: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Closed {
    /// The vocabulary of a text.
    pub fn of(unit: Unit, text: &str) -> Self {
        let mut pieces: Vec<String> = match unit {
            Unit::Word => text.split_whitespace().collect::<HashSet<_>>().into_iter().map(str::to_owned).collect(),
            Unit::Character => text.chars().collect::<HashSet<_>>().into_iter().map(String::from).collect(),
        };
        // UTF-8 sorts as its code points do.
        pieces.sort_unstable();
        Self::from_pieces(unit, pieces)
    }

    /// A vocabulary in the order of its ids.
    pub fn from_pieces(unit: Unit, pieces: Vec<String>) -> Self {
        let ids = pieces.iter().zip(0..).map(|(piece, id)| (piece.clone(), id)).collect();
        Self { unit, pieces, ids }
    }

    /// Whether a string can be a piece at all.
    pub fn is_piece(unit: Unit, piece: &str) -> bool {
        match unit {
            Unit::Word => !piece.is_empty() && !piece.contains(char::is_whitespace),
            Unit::Character => piece.chars().count() == 1,
        }
    }

    /// The ids of a text, and the different pieces that have none, in the order of their first appearance.
    pub fn ids(&self, text: &str) -> (Vec<u32>, Vec<String>) {
        let mut unknown = Unknown::default();
        let mut ids = Vec::with_capacity(if self.unit == Unit::Character { text.len() } else { text.len() / 6 });
        self.each(text, |piece, _| match self.ids.get(piece) {
            Some(&id) => ids.push(id),
            None => unknown.add(piece),
        });
        (ids, unknown.pieces)
    }

    /// The same with the text and the place of every token.
    pub fn encode(&self, text: &str) -> Encoding {
        let mut encoding = Encoding::default();
        let mut unknown = Unknown::default();
        self.each(text, |piece, start| match self.ids.get(piece) {
            Some(&id) => {
                encoding.ids.push(id);
                encoding.tokens.push(piece.to_owned());
                encoding.spans.push((start, start + piece.len()));
            }
            None => unknown.add(piece),
        });
        Encoding { unknown: unknown.pieces, ..encoding }
    }

    /// Visits every word or character with the byte at which it starts.
    fn each(&self, text: &str, mut visit: impl FnMut(&str, usize)) {
        match self.unit {
            Unit::Word => {
                let start_of_text = text.as_ptr().addr();
                text.split_whitespace().for_each(|word| visit(word, word.as_ptr().addr() - start_of_text));
            }
            Unit::Character => {
                let mut bytes = [0; 4];
                text.char_indices().for_each(|(start, c)| visit(c.encode_utf8(&mut bytes), start));
            }
        }
    }
}

/// Different unknown pieces, in the order of their first appearance.
#[derive(Default)]
struct Unknown {
    seen: HashSet<String>,
    pieces: Vec<String>,
}

impl Unknown {
    fn add(&mut self, piece: &str) {
        if !self.seen.contains(piece) {
            self.seen.insert(piece.to_owned());
            self.pieces.push(piece.to_owned());
        }
    }
}
