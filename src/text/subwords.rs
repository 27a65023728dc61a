//! Tokenizers of other programs that are no byte-level BPE: BPE that writes a space as `▁` and falls back to bytes (Llama,
//! Mistral), and WordPiece (BERT).
//!
//! The `tokenizers` crate encodes. Decoding is our own, because a text must be shown while it grows: what an id writes
//! depends only on whether it is the first, so every id has its bytes at the beginning of a text and inside one.

use serde_json::Value;
use tokenizers::Tokenizer as Inner;
use tokenizers::decoders::wordpiece::cleanup;
use tokenizers::models::ModelWrapper;

use super::bpe::{failed, pieces_by_id, readable, settle};
use super::error::TextError;
use super::frame::Frame;
use super::tokenizer::Encoding;

/// A tokenizer whose tokens carry their spaces, or get them when they are written.
#[derive(Clone, Debug)]
pub(super) struct Subwords {
    pub inner: Inner,
    rules: Rules,
    written: Vec<Written>,
    pub frame: Frame,
    /// The tokens that end a text; the first one also stands between texts.
    pub ends: Vec<u32>,
}

/// What an id writes.
#[derive(Clone, Debug)]
struct Written {
    /// At the beginning of a text.
    first: Vec<u8>,
    /// After other tokens.
    later: Vec<u8>,
}

/// How the tokens of one tokenizer become text.
#[derive(Clone, Debug, PartialEq)]
enum Rules {
    /// The mark that stands for a space, whether `<0x0A>` is a byte, and what happens to spaces in front of a text.
    Marked { mark: String, bytes: bool, front: Front },
    /// A space before every token that does not begin with the prefix; punctuation then draws near.
    Pieces { prefix: String, cleanup: bool },
}

/// What becomes of the spaces that the first token begins with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Front {
    /// They stay.
    Kept,
    /// At most so many are taken away.
    Cut(usize),
    /// All marks of the first token vanish (the crate's `Metaspace`).
    Gone,
}

impl Subwords {
    /// Takes a tokenizer of the crate.
    ///
    /// # Errors
    /// If its model or its decoder is of a kind that is not understood.
    pub fn new(mut inner: Inner, frame: Frame) -> Result<Self, TextError> {
        match inner.get_model() {
            ModelWrapper::BPE(model) if model.dropout.is_some_and(|share| share > 0.0) => {
                return Err(TextError::Unsupported("BPE dropout".into()));
            }
            ModelWrapper::BPE(_) | ModelWrapper::WordPiece(_) => {}
            _ => return Err(unsupported("model")),
        }
        let Some(decoder) = inner.get_decoder() else { return Err(unsupported("decoder")) };
        let rules = Rules::of(&serde_json::to_value(decoder).unwrap_or_default())?;
        settle(&mut inner)?;
        let written = pieces_by_id(&inner)?.into_iter().map(|(piece, _)| rules.written(&piece)).collect();
        let ends = ["<|endoftext|>", "</s>"].into_iter().find_map(|name| inner.token_to_id(name)).into_iter().collect();
        Ok(Self { inner, rules, written, frame, ends })
    }

    /// The bytes that an id writes, at the beginning of a text or after other tokens.
    pub fn bytes(&self, id: u32, begun: bool) -> Option<&[u8]> {
        let written = self.written.get(id as usize)?;
        Some(if begun { &written.later } else { &written.first })
    }

    /// Number of ids.
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// Whether tokens get their spaces only when they are written.
    pub fn is_wordpiece(&self) -> bool {
        matches!(self.rules, Rules::Pieces { .. })
    }

    /// Whether each byte that cannot become a character is shown as one U+FFFD of its own.
    pub fn marks_each_byte(&self) -> bool {
        matches!(self.rules, Rules::Marked { bytes: true, .. })
    }

    /// The text of an id, for labels: with its space where it carries one, and `##ing` as it is.
    pub fn label(&self, id: u32) -> Option<String> {
        if self.is_wordpiece() { self.inner.id_to_token(id) } else { self.bytes(id, true).map(readable) }
    }

    /// The ids of a text.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, TextError> {
        Ok(self.inner.encode_fast(text, false).map_err(failed)?.get_ids().to_vec())
    }

    /// The ids of a text with the text and the place of every token.
    pub fn encode(&self, text: &str) -> Result<Encoding, TextError> {
        let encoded = self.inner.encode(text, false).map_err(failed)?;
        let ids = encoded.get_ids().to_vec();
        let tokens = ids.iter().map(|&id| self.label(id).unwrap_or_default()).collect();
        Ok(Encoding { ids, tokens, spans: encoded.get_offsets().to_vec(), unknown: Vec::new() })
    }
}

impl Rules {
    /// Of a decoder as `tokenizer.json` writes it.
    fn of(decoder: &Value) -> Result<Self, TextError> {
        match kind(decoder) {
            "WordPiece" => Ok(Self::Pieces {
                prefix: text(decoder, "prefix").unwrap_or("##").to_owned(),
                cleanup: decoder.get("cleanup").and_then(Value::as_bool).unwrap_or(true),
            }),
            "Metaspace" => {
                let front = if text(decoder, "prepend_scheme") == Some("never") { Front::Kept } else { Front::Gone };
                let mark = text(decoder, "replacement").unwrap_or("▁").to_owned();
                Ok(Self::Marked { mark, bytes: false, front })
            }
            "Sequence" => {
                let steps = decoder.get("decoders").and_then(Value::as_array);
                Self::of_steps(steps.map(Vec::as_slice).unwrap_or_default())
            }
            other => Err(unsupported(&format!("decoder {other}"))),
        }
    }

    /// Llama's steps: `▁` becomes a space, `<0x0A>` a byte, all is one text, and a space in front of it goes. Each but the
    /// first may be left out; another order is another decoder.
    fn of_steps(steps: &[Value]) -> Result<Self, TextError> {
        let (mut bytes, mut front, mut fused) = (false, Front::Kept, false);
        let Some((replace, rest)) = steps.split_first() else { return Err(unsupported("decoder Sequence")) };
        let mark = replace.pointer("/pattern/String").and_then(Value::as_str).filter(|mark| !mark.is_empty());
        let Some(mark) = mark.filter(|_| kind(replace) == "Replace" && text(replace, "content") == Some(" ")) else {
            return Err(unsupported(&format!("decoder {}", kind(replace))));
        };
        for step in rest {
            let number = |field: &str| step.get(field).and_then(Value::as_u64);
            match kind(step) {
                "ByteFallback" if !fused => bytes = true,
                "Fuse" => fused = true,
                "Strip" if fused && text(step, "content") == Some(" ") && number("stop") == Some(0) => {
                    front = Front::Cut(number("start").and_then(|most| usize::try_from(most).ok()).unwrap_or(0));
                }
                other => return Err(unsupported(&format!("decoder {other}"))),
            }
        }
        Ok(Self::Marked { mark: mark.to_owned(), bytes, front })
    }

    /// What a token writes.
    fn written(&self, piece: &str) -> Written {
        match self {
            Self::Marked { mark, bytes, front } => {
                if let Some(byte) = byte(piece).filter(|_| *bytes) {
                    let first = if byte == b' ' && matches!(front, Front::Cut(1..)) { Vec::new() } else { vec![byte] };
                    return Written { first, later: vec![byte] };
                }
                let later = piece.replace(mark.as_str(), " ");
                let first = match front {
                    Front::Kept => later.clone(),
                    Front::Gone => piece.replace(mark.as_str(), ""),
                    Front::Cut(most) => {
                        let spaces = later.bytes().take(*most).take_while(|&byte| byte == b' ').count();
                        later[spaces..].to_owned()
                    }
                };
                Written { first: first.into_bytes(), later: later.into_bytes() }
            }
            Self::Pieces { prefix, cleanup: clean } => {
                let tidy = |text: String| if *clean { cleanup(&text) } else { text }.into_bytes();
                let later = piece.strip_prefix(prefix.as_str()).map_or_else(|| format!(" {piece}"), str::to_owned);
                Written { first: tidy(piece.to_owned()), later: tidy(later) }
            }
        }
    }
}

/// The byte that a piece of the form `<0xE2>` stands for.
fn byte(piece: &str) -> Option<u8> {
    let digits = piece.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok())?
}

/// What a part of `tokenizer.json` is called there.
fn kind(part: &Value) -> &str {
    text(part, "type").unwrap_or("?")
}

fn text<'a>(part: &'a Value, field: &str) -> Option<&'a str> {
    part.get(field)?.as_str()
}

fn unsupported(what: &str) -> TextError {
    TextError::Unsupported(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(rules: &Rules, piece: &str) -> (String, String) {
        let Written { first, later } = rules.written(piece);
        (String::from_utf8(first).unwrap(), String::from_utf8(later).unwrap())
    }

    fn pair(first: &str, later: &str) -> (String, String) {
        (first.to_owned(), later.to_owned())
    }

    #[test]
    fn a_mark_is_a_space_and_the_first_may_go() {
        let marked = |front| Rules::Marked { mark: "▁".into(), bytes: true, front };
        assert_eq!(texts(&marked(Front::Cut(1)), "▁▁the"), pair(" the", "  the"));
        assert_eq!(texts(&marked(Front::Gone), "▁▁the▁"), pair("the", "  the "));
        assert_eq!(texts(&marked(Front::Kept), "▁the"), pair(" the", " the"));
        assert_eq!(texts(&marked(Front::Cut(1)), "<0x0A>"), pair("\n", "\n"));
        assert_eq!(texts(&marked(Front::Cut(1)), "<0x20>"), pair("", " "));
        assert_eq!(texts(&marked(Front::Cut(1)), "<0xAg>"), pair("<0xAg>", "<0xAg>"));
    }

    #[test]
    fn word_pieces_are_set_off_and_punctuation_draws_near() {
        let rules = Rules::Pieces { prefix: "##".into(), cleanup: true };
        assert_eq!(texts(&rules, "the"), pair("the", " the"));
        assert_eq!(texts(&rules, "##ing"), pair("##ing", "ing"));
        assert_eq!(texts(&rules, "."), pair(".", "."));
    }
}
