//! How is text shown while a model writes it? Token by token, but only in whole characters.
//!
//! A byte-level token may end in the middle of a character; its bytes wait here until the character is complete.

use super::tokenizer::Tokenizer;

/// Turns tokens into text as they come. What it returns, put together, is what [`Tokenizer::decode`] gives for all of
/// them.
#[derive(Clone, Debug)]
pub struct StreamDecoder<'a> {
    tokenizer: &'a Tokenizer,
    pending: Vec<u8>,
    /// Whether a word that comes now needs a space before it.
    space: bool,
}

impl<'a> StreamDecoder<'a> {
    /// Starts a new text.
    pub fn new(tokenizer: &'a Tokenizer) -> Self {
        Self { tokenizer, pending: Vec::new(), space: false }
    }

    /// Goes on with a text that stands already: where tokens are words, the first one is set off by a space.
    pub fn after(tokenizer: &'a Tokenizer, text: &str) -> Self {
        let space = text.chars().next_back().is_some_and(|last| !last.is_whitespace());
        Self { space, ..Self::new(tokenizer) }
    }

    /// The characters that this token completes; empty while one is incomplete. Bytes that cannot become a character
    /// and ids that the vocabulary does not have are shown as U+FFFD.
    pub fn push(&mut self, id: u32) -> String {
        if self.tokenizer.joins_with_spaces() {
            if self.space {
                self.pending.push(b' ');
            }
            self.space = true;
        }
        match self.tokenizer.bytes(id) {
            Some(bytes) => self.pending.extend_from_slice(bytes),
            None => self.pending.extend_from_slice("\u{FFFD}".as_bytes()),
        }
        self.take_whole_characters()
    }

    /// What is left at the end: one U+FFFD for a character that was never completed.
    pub fn finish(&mut self) -> String {
        let rest = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        rest
    }

    fn take_whole_characters(&mut self) -> String {
        let mut text = String::new();
        let mut used = 0;
        for chunk in self.pending.utf8_chunks() {
            text.push_str(chunk.valid());
            used += chunk.valid().len();
            let broken = chunk.invalid();
            if broken.is_empty() {
                continue;
            }
            // At the end, bytes that could still become a character wait for the next token.
            let last = used + broken.len() == self.pending.len();
            if last && std::str::from_utf8(broken).is_err_and(|error| error.error_len().is_none()) {
                break;
            }
            text.push('\u{FFFD}');
            used += broken.len();
        }
        self.pending.drain(..used);
        text
    }
}
