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
    /// Whether the token that comes now is not the first: then a word has a space before it.
    begun: bool,
}

impl<'a> StreamDecoder<'a> {
    /// Starts a new text.
    pub fn new(tokenizer: &'a Tokenizer) -> Self {
        Self { tokenizer, pending: Vec::new(), begun: false }
    }

    /// Goes on with a text that stands already: the first token is written as it is after others, with its space.
    pub fn after(tokenizer: &'a Tokenizer, text: &str) -> Self {
        Self { begun: tokenizer.goes_on(text), ..Self::new(tokenizer) }
    }

    /// The characters that this token completes; empty while one is incomplete. Bytes that cannot become a character
    /// and ids that the vocabulary does not have are shown as U+FFFD.
    pub fn push(&mut self, id: u32) -> String {
        let (space, bytes) = self.tokenizer.written(id, self.begun).unwrap_or((false, "\u{FFFD}".as_bytes()));
        if space {
            self.pending.push(b' ');
        }
        self.pending.extend_from_slice(bytes);
        self.begun = true;
        self.take_whole_characters()
    }

    /// What is left at the end: U+FFFD for a character that was never completed.
    pub fn finish(&mut self) -> String {
        let rest = if self.pending.is_empty() { 0 } else { self.marks(self.pending.len()) };
        self.pending.clear();
        "\u{FFFD}".repeat(rest)
    }

    /// How many U+FFFD are shown for so many bytes that are no character.
    fn marks(&self, bytes: usize) -> usize {
        if self.tokenizer.marks_each_byte() { bytes } else { 1 }
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
            (0..self.marks(broken.len())).for_each(|_| text.push('\u{FFFD}'));
            used += broken.len();
        }
        self.pending.drain(..used);
        text
    }
}
