//! From a corpus to the tokens that a run trains on and those that it never sees.

use sha2::{Digest, Sha256};

use super::{TokenizerKind, TrainError, TrainSettings};
use crate::text::Tokenizer;

/// A text as tokens, cut into what is trained on and what is held out.
pub struct TokenText {
    /// How it became tokens.
    pub tokenizer: Tokenizer,
    /// What is trained on.
    pub train: Vec<u32>,
    /// What is held out; empty where the settings hold nothing out.
    pub held_out: Vec<u32>,
    /// Characters of the held-out text, for losses a character.
    pub held_out_characters: usize,
}

impl TokenText {
    /// Makes the tokenizer and the tokens. The tokenizer of words or characters knows the whole text, so that the held-out
    /// part can be read; a BPE learns its pieces from the training part alone.
    ///
    /// # Errors
    /// If the text cannot be made into tokens.
    pub fn new(text: &str, settings: &TrainSettings) -> Result<Self, TrainError> {
        let (train, held_out) = split(text, settings.held_out);
        let source = if matches!(settings.tokenizer, TokenizerKind::Bpe(_)) { train } else { text };
        Self::with(Tokenizer::train(settings.tokenizer, source)?, train, held_out)
    }

    /// The same with a tokenizer that exists already: for a run that goes on.
    ///
    /// # Errors
    /// If the text has words or characters that the tokenizer does not know.
    pub fn again(text: &str, settings: &TrainSettings, tokenizer: Tokenizer) -> Result<Self, TrainError> {
        let (train, held_out) = split(text, settings.held_out);
        Self::with(tokenizer, train, held_out)
    }

    fn with(tokenizer: Tokenizer, train: &str, held_out: &str) -> Result<Self, TrainError> {
        Ok(Self {
            train: tokenizer.encode_ids(train)?,
            held_out: tokenizer.encode_ids(held_out)?,
            held_out_characters: held_out.chars().count(),
            tokenizer,
        })
    }
}

/// Cuts off the last `share` of a text, at the next border of a character.
fn split(text: &str, share: f64) -> (&str, &str) {
    let mut at = (text.len() as f64 * (1.0 - share)).round() as usize;
    while !text.is_char_boundary(at) {
        at += 1;
    }
    text.split_at(at.min(text.len()))
}

/// What tells whether a text is still the same: SHA-256 in hexadecimal.
pub fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Preset;

    #[test]
    fn the_last_tenth_is_held_out_on_a_border_of_characters() {
        let text = "ñandú ".repeat(50);
        let settings = Preset::Char.settings();
        let tokens = TokenText::new(&text, &settings).unwrap();
        let whole = tokens.tokenizer.decode(&tokens.train) + tokens.tokenizer.decode(&tokens.held_out).as_str();
        assert_eq!(whole, text);
        assert!((27..=33).contains(&tokens.held_out.len()), "{}", tokens.held_out.len());
        assert_eq!(tokens.held_out_characters, tokens.held_out.len());
    }

    #[test]
    fn the_tutorial_trains_on_everything() {
        let tokens = TokenText::new("a b c a b", &Preset::Tutorial.settings()).unwrap();
        assert_eq!((tokens.train.len(), tokens.held_out.len()), (5, 0));
    }
}
