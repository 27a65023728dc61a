//! One tokenizer for the three ways in which a text becomes tokens.

use std::fs;
use std::path::Path;

use super::bpe::{Bpe, readable};
use super::closed::{Closed, Unit};
use super::error::TextError;
use super::subwords::Subwords;
use super::{json, stream::StreamDecoder};
use crate::data::write_atomic;
use crate::train::TokenizerKind;

/// A text as tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// The tokens' ids.
    pub ids: Vec<u32>,
    /// The tokens' texts, as in [`Tokenizer::pieces`].
    pub tokens: Vec<String>,
    /// Where each token stands in the text: its first byte and the one after its last. Always on the borders of
    /// characters: tokens that share a character all have the place of the whole character.
    pub spans: Vec<(usize, usize)>,
    /// Different words or characters that the vocabulary does not have, in the order of their first appearance; they
    /// have no token above. Always empty for [`Tokenizer::encode`]. A BPE has every character, unless it was learned
    /// without some bytes; WordPiece has a token for the unknown.
    pub unknown: Vec<String>,
}

/// Turns text into ids and back.
///
/// - Words: what white space separates; ids in the order of code points; decoding joins with single spaces.
/// - Characters: Unicode characters; ids in the order of code points; decoding gives back the text.
/// - BPE: GPT-2's byte level; [`super::END_OF_TEXT`] is its one special token; decoding gives back the text.
///
/// Of other programs there also open BPE that writes spaces as `▁` (Llama) and WordPiece (BERT), which are not trained here.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    pub(super) model: Model,
}

/// What is behind a tokenizer.
#[derive(Clone, Debug)]
pub(super) enum Model {
    Closed(Closed),
    Bpe(Box<Bpe>),
    Subwords(Box<Subwords>),
}

impl Tokenizer {
    /// Makes the vocabulary of a text. The same text always gives the same ids.
    ///
    /// # Errors
    /// If the text has no token at all, or a BPE is asked for fewer pieces than there are bytes.
    pub fn train(kind: TokenizerKind, text: &str) -> Result<Self, TextError> {
        let model = match kind {
            TokenizerKind::Words => Model::Closed(Closed::of(Unit::Word, text)),
            TokenizerKind::Characters => Model::Closed(Closed::of(Unit::Character, text)),
            TokenizerKind::Bpe(pieces) => Model::Bpe(Box::new(Bpe::train(pieces, text)?)),
        };
        let nothing = match &model {
            Model::Closed(closed) => closed.pieces.is_empty(),
            Model::Bpe(_) | Model::Subwords(_) => text.is_empty(),
        };
        if nothing { Err(TextError::Empty) } else { Ok(Self { model }) }
    }

    /// A text as tokens, each with its text and place.
    ///
    /// # Errors
    /// If words or characters are not in the vocabulary: the error names them. See [`Self::encode_lossy`].
    pub fn encode(&self, text: &str) -> Result<Encoding, TextError> {
        let encoding = self.encode_lossy(text)?;
        if encoding.unknown.is_empty() { Ok(encoding) } else { Err(TextError::Unknown(encoding.unknown)) }
    }

    /// A text as tokens without those words or characters that the vocabulary does not have; they are listed in
    /// [`Encoding::unknown`], so that a person can be told.
    ///
    /// # Errors
    /// If the `tokenizers` crate fails.
    pub fn encode_lossy(&self, text: &str) -> Result<Encoding, TextError> {
        match &self.model {
            Model::Closed(closed) => Ok(closed.encode(text)),
            Model::Bpe(bpe) => bpe.encode(text),
            Model::Subwords(subwords) => subwords.encode(text),
        }
    }

    /// The ids alone: much faster for whole corpora than [`Self::encode`].
    ///
    /// # Errors
    /// If words or characters are not in the vocabulary: the error names them.
    pub fn encode_ids(&self, text: &str) -> Result<Vec<u32>, TextError> {
        match &self.model {
            Model::Closed(closed) => match closed.ids(text) {
                (ids, unknown) if unknown.is_empty() => Ok(ids),
                (_, unknown) => Err(TextError::Unknown(unknown)),
            },
            Model::Bpe(bpe) => match bpe.unknown(text) {
                unknown if unknown.is_empty() => bpe.ids(text),
                unknown => Err(TextError::Unknown(unknown)),
            },
            Model::Subwords(subwords) => subwords.ids(text),
        }
    }

    /// The ids of a text as a model reads it: with the tokens before it that other programs put there (Llama's `<s>`); for
    /// most tokenizers there are none.
    ///
    /// # Errors
    /// As [`Self::encode_ids`].
    pub fn encode_for_model(&self, text: &str) -> Result<Vec<u32>, TextError> {
        let mut ids = self.prefix().to_vec();
        ids.extend(self.encode_ids(text)?);
        Ok(ids)
    }

    /// The tokens that other programs put before every text.
    pub fn prefix(&self) -> &[u32] {
        let prefix = match &self.model {
            Model::Closed(_) => return &[],
            Model::Bpe(bpe) => &bpe.frame.prefix,
            Model::Subwords(subwords) => &subwords.frame.prefix,
        };
        if prefix.iter().all(|&id| (id as usize) < self.vocabulary()) { prefix } else { &[] }
    }

    /// The text of tokens. Bytes that are no character and ids that the vocabulary does not have become U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut stream = StreamDecoder::new(self);
        let mut text: String = ids.iter().map(|&id| stream.push(id)).collect();
        text.push_str(&stream.finish());
        text
    }

    /// The text of every id, for labels: white space as it is, bytes that are no whole character as `<0xE2>`.
    pub fn pieces(&self) -> Vec<String> {
        match &self.model {
            Model::Closed(closed) => closed.pieces.clone(),
            Model::Bpe(bpe) => (0..).map_while(|id| bpe.bytes(id)).map(readable).collect(),
            Model::Subwords(subwords) => (0..).map_while(|id| subwords.label(id)).collect(),
        }
    }

    /// The piece of an id as `tokenizer.json` writes it: in the byte alphabet (`Ġthe`), with Llama's spaces (`▁the`), as a
    /// part of a word (`##ing`), otherwise its text.
    pub fn raw_piece(&self, id: u32) -> Option<String> {
        match &self.model {
            Model::Closed(closed) => closed.pieces.get(id as usize).cloned(),
            Model::Bpe(bpe) => bpe.inner.id_to_token(id),
            Model::Subwords(subwords) => subwords.inner.id_to_token(id),
        }
    }

    /// Number of different ids: 0 to this, without the last.
    pub fn vocabulary(&self) -> usize {
        match &self.model {
            Model::Closed(closed) => closed.pieces.len(),
            Model::Bpe(bpe) => bpe.len(),
            Model::Subwords(subwords) => subwords.len(),
        }
    }

    /// Of which kind it is; for BPE with the number of pieces that it has. WordPiece counts as BPE here, since both cut
    /// words into learned pieces; see [`Self::name`].
    pub fn kind(&self) -> TokenizerKind {
        match &self.model {
            Model::Closed(closed) => match closed.unit {
                Unit::Word => TokenizerKind::Words,
                Unit::Character => TokenizerKind::Characters,
            },
            Model::Bpe(bpe) => TokenizerKind::Bpe(bpe.len()),
            Model::Subwords(subwords) => TokenizerKind::Bpe(subwords.len()),
        }
    }

    /// What it is called: `words`, `characters`, `bpe` or `wordpiece`.
    pub fn name(&self) -> &'static str {
        match (&self.model, self.kind()) {
            (Model::Subwords(subwords), _) if subwords.is_wordpiece() => "wordpiece",
            (_, TokenizerKind::Words) => "words",
            (_, TokenizerKind::Characters) => "characters",
            (_, TokenizerKind::Bpe(_)) => "bpe",
        }
    }

    /// The token that stands between texts. Vocabularies of words and characters have none.
    pub fn end_of_text(&self) -> Option<u32> {
        self.ends().first().copied()
    }

    /// All tokens that end a text, the one that stands between texts first. A model that was taught to converse has one more:
    /// the end of what it says.
    pub fn ends(&self) -> &[u32] {
        match &self.model {
            Model::Closed(_) => &[],
            Model::Bpe(bpe) => &bpe.ends,
            Model::Subwords(subwords) => &subwords.ends,
        }
    }

    /// Makes other tokens those that end a text, as far as the vocabulary has them; where it has none of them, nothing
    /// changes.
    pub fn set_ends(&mut self, ids: &[u32]) {
        let vocabulary = self.vocabulary();
        let mut known: Vec<u32> = Vec::new();
        for &id in ids.iter().filter(|&&id| (id as usize) < vocabulary) {
            if !known.contains(&id) {
                known.push(id);
            }
        }
        match &mut self.model {
            Model::Bpe(bpe) if !known.is_empty() => bpe.ends = known,
            Model::Subwords(subwords) if !known.is_empty() => subwords.ends = known,
            _ => {}
        }
    }

    /// Reads GPT-2's two files: `vocab.json` (pieces and their ids) and `merges.txt` (one merge a line).
    ///
    /// # Errors
    /// If they cannot be understood.
    pub fn from_gpt2(vocabulary: &str, merges: &str) -> Result<Self, TextError> {
        Ok(Self { model: Model::Bpe(Box::new(Bpe::from_gpt2(vocabulary, merges)?)) })
    }

    /// The whole tokenizer in the format of the `tokenizers` crate; the same tokenizer always gives the same text.
    ///
    /// # Errors
    /// If the `tokenizers` crate fails.
    pub fn to_json(&self) -> Result<String, TextError> {
        json::write(&self.model)
    }

    /// Reads what [`Self::to_json`] wrote, or a BPE or WordPiece of another program.
    ///
    /// # Errors
    /// If it cannot be understood, or is a tokenizer of another kind.
    pub fn from_json(json: &str) -> Result<Self, TextError> {
        Ok(Self { model: json::read(json)? })
    }

    /// Writes `tokenizer.json`, atomically.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), TextError> {
        let json = self.to_json()?;
        write_atomic(path, json.as_bytes()).map_err(|source| TextError::Unwritable { path: path.to_owned(), source })
    }

    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// As [`Self::from_json`], or if the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, TextError> {
        let bytes = fs::read(path).map_err(|source| TextError::Unreadable { path: path.to_owned(), source })?;
        let json = String::from_utf8(bytes).map_err(|error| TextError::NotATokenizer(error.to_string()))?;
        Self::from_json(&json)
    }

    /// What an id writes at the beginning of a text or after other tokens: whether a space comes before, and its bytes.
    pub(super) fn written(&self, id: u32, begun: bool) -> Option<(bool, &[u8])> {
        match &self.model {
            Model::Closed(closed) => {
                let piece = closed.pieces.get(id as usize)?;
                Some((begun && closed.unit == Unit::Word, piece.as_bytes()))
            }
            Model::Bpe(bpe) => Some((false, bpe.bytes(id)?)),
            Model::Subwords(subwords) => Some((false, subwords.bytes(id, begun)?)),
        }
    }

    /// Whether tokens that come after this text come after other tokens, and are written so. Words that follow white
    /// space need no space of their own.
    pub(super) fn goes_on(&self, text: &str) -> bool {
        let sets_off = match &self.model {
            Model::Closed(closed) => closed.unit == Unit::Word,
            Model::Bpe(_) => false,
            Model::Subwords(subwords) => subwords.is_wordpiece(),
        };
        text.chars().next_back().is_some_and(|last| !(sets_off && last.is_whitespace()))
    }

    /// Whether each byte that cannot become a character is shown as one U+FFFD of its own.
    pub(super) fn marks_each_byte(&self) -> bool {
        matches!(&self.model, Model::Subwords(subwords) if subwords.marks_each_byte())
    }
}
