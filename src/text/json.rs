//! `tokenizer.json`: how each kind is written so that the `tokenizers` crate opens it and gives the same ids.
//!
//! | kind | model | pre-tokenizer | decoder |
//! |---|---|---|---|
//! | words | WordLevel | WhitespaceSplit | none: joins with spaces |
//! | characters | WordLevel | Split, every character isolated | Fuse: joins without |
//! | BPE | BPE | ByteLevel without a space in front | ByteLevel |
//!
//! BPE with other decoders and WordPiece come from other programs and are stored as they came.

use serde_json::Value;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::{SplitDelimiterBehavior, Tokenizer as Inner};

use super::bpe::{Bpe, failed};
use super::closed::{Closed, Unit};
use super::error::TextError;
use super::frame::Frame;
use super::subwords::Subwords;
use super::tokenizer::Model;

/// One character of any kind, line breaks included, for every engine of regular expressions.
const ANY_CHARACTER: &str = r"[\s\S]";

/// Writes a tokenizer.
pub(super) fn write(model: &Model) -> Result<String, TextError> {
    match model {
        Model::Closed(closed) => write_closed(closed),
        Model::Bpe(bpe) => write_framed(&bpe.inner, &bpe.frame),
        Model::Subwords(subwords) => write_framed(&subwords.inner, &subwords.frame),
    }
}

fn write_framed(inner: &Inner, frame: &Frame) -> Result<String, TextError> {
    let written = inner.to_string(true).map_err(failed)?;
    let mut tree: Value = serde_json::from_str(&written).map_err(not_a_tokenizer)?;
    if frame.put_back(&mut tree) { serde_json::to_string_pretty(&tree).map_err(not_a_tokenizer) } else { Ok(written) }
}

fn write_closed(closed: &Closed) -> Result<String, TextError> {
    let vocabulary = closed.pieces.iter().cloned().zip(0..).collect();
    // The format wants the name of a token for the unknown. The vocabulary has no such token, and no piece is empty, so
    // that anything unknown is an error in other programs too.
    let model = WordLevel::builder().vocab(vocabulary).unk_token(String::new()).build().map_err(failed)?;
    let mut inner = Inner::new(model);
    match closed.unit {
        Unit::Word => {
            inner.with_pre_tokenizer(Some(WhitespaceSplit));
        }
        Unit::Character => {
            let pattern = SplitPattern::Regex(ANY_CHARACTER.into());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(failed)?;
            inner.with_pre_tokenizer(Some(split));
            inner.with_decoder(Some(Fuse::new()));
        }
    }
    inner.to_string(true).map_err(failed)
}

/// Reads a tokenizer.
pub(super) fn read(json: &str) -> Result<Model, TextError> {
    let value: Value = serde_json::from_str(json).map_err(not_a_tokenizer)?;
    match value.pointer("/model/type").and_then(Value::as_str) {
        Some("WordLevel") => read_closed(&value).map(Model::Closed),
        Some("BPE") => read_bpe(value),
        Some("WordPiece") => {
            let (inner, frame) = inner(value)?;
            Ok(Model::Subwords(Box::new(Subwords::new(inner, frame)?)))
        }
        Some(other) => Err(TextError::Unsupported(other.to_owned())),
        None if value.get("model").is_some() => Err(TextError::Unsupported("?".into())),
        None => Err(TextError::NotATokenizer("model".into())),
    }
}

fn read_bpe(value: Value) -> Result<Model, TextError> {
    for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
        let affix = value.pointer(&format!("/model/{field}")).and_then(Value::as_str);
        if affix.is_some_and(|affix| !affix.is_empty()) {
            return Err(TextError::Unsupported(format!("BPE, {field}")));
        }
    }
    check_merges(&value)?;
    let byte_level = value.pointer("/decoder/type").and_then(Value::as_str) == Some("ByteLevel");
    let (inner, frame) = inner(value)?;
    if !byte_level {
        return Ok(Model::Subwords(Box::new(Subwords::new(inner, frame)?)));
    }
    let mut bpe = Bpe::new(inner)?;
    bpe.frame = frame;
    Ok(Model::Bpe(Box::new(bpe)))
}

/// The crate's tokenizer, without what surrounds a text.
fn inner(mut tree: Value) -> Result<(Inner, Frame), TextError> {
    let frame = Frame::take(&mut tree).unwrap_or_default();
    // Written anew: of a name that stands there twice, the crate would use both, and only one was looked at.
    let json = tree.to_string();
    // The crate checks a file while it reads it, but not all of it.
    let read = std::panic::catch_unwind(|| json.parse::<Inner>());
    let inner = read.map_err(|_| not_a_tokenizer("tokenizers"))?.map_err(not_a_tokenizer)?;
    Ok((inner, frame))
}

/// Whether every merge makes a piece of pieces; the crate counts on it.
fn check_merges(tree: &Value) -> Result<(), TextError> {
    let merges = tree.pointer("/model/merges").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let vocabulary = tree.pointer("/model/vocab").and_then(Value::as_object);
    let whole = |merge: &Value| match merge {
        Value::String(line) => line.split_once(' ').map(|(left, right)| format!("{left}{right}")),
        Value::Array(pair) => pair.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|pair| pair.concat()),
        _ => None,
    };
    let known =
        |merge: &&Value| whole(merge).is_some_and(|whole| vocabulary.is_some_and(|all| all.contains_key(&whole)));
    match merges.iter().find(|merge| !known(merge)) {
        Some(merge) => {
            Err(not_a_tokenizer(format!("model.merges, {}", merge.to_string().chars().take(80).collect::<String>())))
        }
        None => Ok(()),
    }
}

fn read_closed(value: &Value) -> Result<Closed, TextError> {
    let type_of = |part: &str| value.pointer(&format!("/{part}/type")).and_then(Value::as_str);
    let isolated_characters = value.pointer("/pre_tokenizer/pattern/Regex").and_then(Value::as_str)
        == Some(ANY_CHARACTER)
        && value.pointer("/pre_tokenizer/behavior").and_then(Value::as_str) == Some("Isolated");
    let unit = match (type_of("pre_tokenizer"), type_of("decoder")) {
        (Some("WhitespaceSplit"), None) => Unit::Word,
        (Some("Split"), Some("Fuse")) if isolated_characters => Unit::Character,
        (other, _) => return Err(TextError::Unsupported(format!("WordLevel, {}", other.unwrap_or("?")))),
    };
    if value.get("normalizer").is_some_and(|part| !part.is_null()) {
        return Err(TextError::Unsupported("WordLevel, normalizer".into()));
    }
    if value.get("added_tokens").and_then(Value::as_array).is_some_and(|tokens| !tokens.is_empty()) {
        return Err(TextError::Unsupported("WordLevel, added_tokens".into()));
    }
    let vocabulary =
        value.pointer("/model/vocab").and_then(Value::as_object).ok_or_else(|| not_a_tokenizer("model.vocab"))?;
    let mut pieces = vec![None; vocabulary.len()];
    for (piece, id) in vocabulary {
        let id = id.as_u64().and_then(|id| usize::try_from(id).ok());
        let place = id.and_then(|id| pieces.get_mut(id)).filter(|_| Closed::is_piece(unit, piece));
        *place.ok_or_else(|| not_a_tokenizer(format!("model.vocab, {piece:?}")))? = Some(piece.clone());
    }
    let pieces = pieces.into_iter().collect::<Option<Vec<_>>>().filter(|pieces| !pieces.is_empty());
    Ok(Closed::from_pieces(unit, pieces.ok_or_else(|| not_a_tokenizer("model.vocab"))?))
}

fn not_a_tokenizer(detail: impl ToString) -> TextError {
    TextError::NotATokenizer(detail.to_string())
}
