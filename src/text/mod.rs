//! From text to tokens and back: white-space words, characters, byte-level BPE, and the subwords of other programs.
//!
//! All are stored as `tokenizer.json`, the format of the `tokenizers` crate, which opens them and gives the same
//! ids. The ids are decided by the text alone: the same text gives the same vocabulary on every machine.

mod bpe;
mod closed;
mod error;
mod frame;
mod json;
mod stream;
mod subwords;
mod tokenizer;

pub use error::TextError;
pub use stream::StreamDecoder;
pub use tokenizer::{Encoding, Tokenizer};

/// Stands between texts: the one special token of a byte-level BPE.
pub const END_OF_TEXT: &str = "<|endoftext|>";
