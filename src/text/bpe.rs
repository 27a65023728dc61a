//! Byte-level BPE (Sennrich, Haddow & Birch 2016, on bytes as in GPT-2): training, and encoding of long texts.
//!
//! The pre-tokenizer and the alphabet are GPT-2's: a text is cut into words that carry the space before them, every byte
//! has a printable character, and merges are learned inside words only. Nothing is ever unknown, since every byte is a
//! piece.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::ModelWrapper;
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer as Inner};

use super::END_OF_TEXT;
use super::error::TextError;
use super::frame::Frame;
use super::tokenizer::Encoding;

/// Bytes and the special token: what every vocabulary holds before the first merge.
pub(super) const LEAST_PIECES: usize = 257;

/// A text is cut into parts of about this size, which are read by all cores.
const PART_BYTES: usize = 1 << 15;

/// A byte-level BPE.
#[derive(Clone, Debug)]
pub(super) struct Bpe {
    pub inner: Inner,
    /// The bytes that every id stands for.
    bytes: Vec<Vec<u8>>,
    /// The tokens that end a text; the first one also stands between texts.
    pub ends: Vec<u32>,
    pub frame: Frame,
    /// Bytes that are no piece, as in vocabularies that were learned without them.
    lacking: Vec<u8>,
    /// Whether cutting a text before white space changes nothing.
    cuttable: bool,
}

impl Bpe {
    /// Learns at most `pieces` pieces; fewer where the text has no more pairs to merge.
    pub fn train(pieces: usize, text: &str) -> Result<Self, TextError> {
        if pieces < LEAST_PIECES {
            return Err(TextError::TooFewPieces { asked: pieces, least: LEAST_PIECES });
        }
        let mut inner = Inner::new(BPE::default());
        inner.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
        inner.with_decoder(Some(ByteLevel::new(false, true, true)));
        let mut trainer: TrainerWrapper = BpeTrainer::builder()
            .vocab_size(pieces)
            .show_progress(false)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect::<HashSet<char>>())
            .special_tokens(vec![AddedToken::from(END_OF_TEXT, true)])
            .build()
            .into();
        inner.train(&mut trainer, parts(text).into_iter()).map_err(failed)?;
        Self::new(inner)
    }

    /// Takes a tokenizer of the crate, if it is a byte-level BPE.
    pub fn new(mut inner: Inner) -> Result<Self, TextError> {
        let DecoderWrapper::ByteLevel(_) = inner.get_decoder().ok_or_else(not_byte_level)? else {
            return Err(not_byte_level());
        };
        let ModelWrapper::BPE(model) = inner.get_model() else { return Err(not_byte_level()) };
        if model.dropout.is_some_and(|share| share > 0.0) {
            return Err(TextError::Unsupported("BPE dropout".into()));
        }
        settle(&mut inner)?;
        let cuttable = inner.get_normalizer().is_none()
            && matches!(inner.get_pre_tokenizer(), Some(PreTokenizerWrapper::ByteLevel(b)) if b.use_regex && !b.add_prefix_space);
        let bytes = piece_bytes(&inner)?;
        let single: HashSet<u8> = bytes.iter().filter(|piece| piece.len() == 1).map(|piece| piece[0]).collect();
        let lacking = (0..=255).filter(|byte| !single.contains(byte)).collect();
        let ends = inner.token_to_id(END_OF_TEXT).into_iter().collect();
        Ok(Self { inner, bytes, ends, frame: Frame::default(), lacking, cuttable })
    }

    /// From GPT-2's two files.
    pub fn from_gpt2(vocabulary: &str, merges: &str) -> Result<Self, TextError> {
        let not = |detail: String| TextError::NotATokenizer(detail);
        let vocabulary: HashMap<String, u32> =
            serde_json::from_str(vocabulary).map_err(|error| not(format!("vocab.json, {error}")))?;
        let pair = |line: &str| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.trim_end().to_owned()));
        let lines = merges.lines().filter(|line| !line.starts_with("#version") && !line.trim().is_empty());
        let merges: Vec<(String, String)> = lines
            .map(|line| pair(line).ok_or_else(|| not(format!("merges.txt, {line:?}"))))
            .collect::<Result<_, _>>()?;
        // The crate counts on every merge making a piece.
        if let Some((left, right)) = merges.iter().find(|(a, b)| !vocabulary.contains_key(&format!("{a}{b}"))) {
            return Err(not(format!("merges.txt, {left:?} {right:?}")));
        }
        let has_end = vocabulary.contains_key(END_OF_TEXT);
        let model = BPE::builder().vocab_and_merges(vocabulary.into_iter().collect::<Vocab>(), merges);
        let mut inner = Inner::new(model.build().map_err(|error| not(error.to_string()))?);
        inner.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
        inner.with_decoder(Some(ByteLevel::new(false, true, true)));
        if has_end {
            inner.add_special_tokens([AddedToken::from(END_OF_TEXT, true)]).map_err(failed)?;
        }
        Self::new(inner)
    }

    /// The bytes that an id stands for.
    pub fn bytes(&self, id: u32) -> Option<&[u8]> {
        self.bytes.get(id as usize).map(Vec::as_slice)
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The ids of a text.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, TextError> {
        let parts: Vec<Vec<u32>> = self
            .parts(text)
            .into_par_iter()
            .map(|part| Ok(self.inner.encode_fast(part, false).map_err(failed)?.get_ids().to_vec()))
            .collect::<Result<_, TextError>>()?;
        Ok(parts.concat())
    }

    /// The ids of a text with the text and the place of every token.
    pub fn encode(&self, text: &str) -> Result<Encoding, TextError> {
        let parts: Vec<_> = self
            .parts(text)
            .into_par_iter()
            .map(|part| self.inner.encode(part, false).map_err(failed))
            .collect::<Result<_, TextError>>()?;
        let mut encoding = Encoding::default();
        let mut start = 0;
        for (part, encoded) in self.parts(text).into_iter().zip(parts) {
            encoding.ids.extend_from_slice(encoded.get_ids());
            encoding.spans.extend(encoded.get_offsets().iter().map(|&(from, to)| (start + from, start + to)));
            start += part.len();
        }
        encoding.tokens = encoding.ids.iter().map(|&id| readable(self.bytes(id).unwrap_or_default())).collect();
        encoding.unknown = self.unknown(text);
        Ok(encoding)
    }

    /// The different characters of a text that have a byte which is no piece, in the order of their first appearance.
    pub fn unknown(&self, text: &str) -> Vec<String> {
        let mut unknown: Vec<String> = Vec::new();
        // Almost every vocabulary has all bytes that occur in UTF-8.
        if self.lacking.iter().all(|byte| matches!(byte, 0xC0 | 0xC1 | 0xF5..)) {
            return unknown;
        }
        let mut buffer = [0; 4];
        for c in text.chars() {
            let lacks = c.encode_utf8(&mut buffer).bytes().any(|byte| self.lacking.contains(&byte));
            if lacks && !unknown.iter().any(|known| known.chars().eq([c])) {
                unknown.push(c.into());
            }
        }
        unknown
    }

    fn parts<'a>(&self, text: &'a str) -> Vec<&'a str> {
        if self.cuttable { parts(text) } else { vec![text] }
    }
}

/// Cuts a text where a word ends and white space begins. No piece of GPT-2's pre-tokenizer reaches across such a place: it
/// takes in white space only at its start, and looks ahead but never back. So the parts give the tokens of the whole.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::with_capacity(text.len() / PART_BYTES + 1);
    let mut rest = text;
    while rest.len() > PART_BYTES {
        let mut before = None;
        let cut = rest.char_indices().skip_while(|&(at, _)| at < PART_BYTES).find_map(|(at, c)| {
            let word_ends = c.is_whitespace() && before.is_some_and(|b: char| !b.is_whitespace());
            before = Some(c);
            word_ends.then_some(at)
        });
        let Some(cut) = cut else { break };
        let (part, after) = rest.split_at(cut);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// Bytes as text; those that are no character are written as `<0xE2>`.
pub(super) fn readable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("<0x{byte:02X}>")));
    }
    text
}

/// Takes away what belongs to a way of feeding a model, not to its vocabulary.
pub(super) fn settle(inner: &mut Inner) -> Result<(), TextError> {
    inner.with_truncation(None).map_err(failed)?;
    inner.with_padding(None);
    Ok(())
}

/// Every id's piece, and whether it was added to the vocabulary that the model learned.
pub(super) fn pieces_by_id(inner: &Inner) -> Result<Vec<(String, bool)>, TextError> {
    let added: HashSet<u32> = inner.get_added_tokens_decoder().keys().copied().collect();
    let vocabulary = inner.get_vocab(true);
    let mut pieces: Vec<Option<(String, bool)>> = vec![None; vocabulary.len()];
    for (piece, id) in vocabulary {
        let place =
            pieces.get_mut(id as usize).ok_or_else(|| TextError::NotATokenizer(format!("id {id} > vocabulary")))?;
        *place = Some((piece, added.contains(&id)));
    }
    let pieces: Option<Vec<_>> = pieces.into_iter().collect();
    pieces.ok_or_else(|| TextError::NotATokenizer("two pieces, one id".into()))
}

/// The bytes of every id, from the character that GPT-2 writes for each byte.
fn piece_bytes(inner: &Inner) -> Result<Vec<Vec<u8>>, TextError> {
    let alphabet: HashMap<char, u8> = byte_alphabet();
    let bytes = |(piece, added): (String, bool)| {
        if added {
            return Ok(piece.into_bytes());
        }
        piece.chars().map(|c| alphabet.get(&c).copied()).collect::<Option<_>>().ok_or_else(not_byte_level)
    };
    pieces_by_id(inner)?.into_iter().map(bytes).collect()
}

/// The character that stands for each byte: itself where it is printable, otherwise the next one from U+0100 on.
fn byte_alphabet() -> HashMap<char, u8> {
    let mut next = 0x100;
    (0..=255u8)
        .map(|byte| match byte {
            b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => (char::from(byte), byte),
            _ => {
                next += 1;
                (char::from_u32(next - 1).unwrap_or('\u{FFFD}'), byte)
            }
        })
        .collect()
}

fn not_byte_level() -> TextError {
    TextError::Unsupported("BPE without a byte-level alphabet".into())
}

pub(super) fn failed(error: tokenizers::Error) -> TextError {
    TextError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_that_of_the_crate() {
        let ours: HashSet<char> = byte_alphabet().into_keys().collect();
        assert_eq!(ours, ByteLevel::alphabet().into_iter().collect());
        // GPT-2 writes a space as Ġ and a line break as Ċ.
        let alphabet = byte_alphabet();
        assert_eq!((alphabet[&'Ġ'], alphabet[&'Ċ'], alphabet[&'é']), (b' ', b'\n', 0xE9));
    }

    #[test]
    fn parts_make_up_the_text_and_begin_with_white_space() {
        let text = "ab  c\n\nd ".repeat(20_000);
        let parts = parts(&text);
        assert!(parts.len() > 3);
        assert_eq!(parts.concat(), text);
        for pair in parts.windows(2) {
            assert!(pair[1].starts_with(char::is_whitespace) && !pair[0].ends_with(char::is_whitespace));
        }
    }

    #[test]
    fn parts_and_the_whole_give_the_same_tokens() {
        let text = "It's  12 o'clock,\n\n\tsaid\u{a0}Ana — ¿qué?  \n".repeat(3_000);
        let bpe = Bpe::train(400, &text).unwrap();
        let whole = bpe.inner.encode(text.as_str(), false).unwrap();
        assert!(parts(&text).len() > 2);
        assert_eq!(bpe.ids(&text).unwrap(), whole.get_ids());
        let encoding = bpe.encode(&text).unwrap();
        assert_eq!((encoding.ids.as_slice(), encoding.spans.as_slice()), (whole.get_ids(), whole.get_offsets()));
    }
}
