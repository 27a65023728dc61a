//! Why could a text not become tokens?

use std::io;
use std::path::PathBuf;

use rust_i18n::t;

/// Why a tokenizer could not be made, read or used. Every variant is a sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// There is nothing to make a vocabulary from.
    #[error("{}", t!("text.empty"))]
    Empty,
    /// The text holds words or characters that are not in the vocabulary.
    #[error("{}", t!("text.unknown", pieces = list(.0)))]
    Unknown(Vec<String>),
    /// A byte-level BPE has 256 bytes and one special token before the first merge.
    #[error("{}", t!("text.too_few_pieces", asked = .asked, least = .least))]
    TooFewPieces {
        /// Pieces that were asked for.
        asked: usize,
        /// Pieces that there are at least.
        least: usize,
    },
    /// The file cannot be understood.
    #[error("{}", t!("text.not_a_tokenizer", detail = .0))]
    NotATokenizer(String),
    /// A tokenizer of a kind that does not open here.
    #[error("{}", t!("text.unsupported", what = .0))]
    Unsupported(String),
    /// The file cannot be read.
    #[error("{}", t!("text.unreadable", path = .path.display(), reason = .source))]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("{}", t!("text.unwritable", path = .path.display(), reason = .source))]
    Unwritable {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The `tokenizers` crate failed.
    #[error("{}", t!("text.failed", detail = .0))]
    Failed(String),
}

/// At most this many unknown pieces are named in a sentence.
const NAMED: usize = 8;

/// Pieces in a row, quoted so that white space can be seen; an ellipsis for those that are too many.
fn list(pieces: &[String]) -> String {
    let mut list = pieces.iter().take(NAMED).map(|piece| format!("{piece:?}")).collect::<Vec<_>>().join(", ");
    if pieces.len() > NAMED {
        list.push_str(", …");
    }
    list
}
