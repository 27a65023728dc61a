//! What a model reads of a text: at most as much as its context holds.

use std::ops::ControlFlow;

use super::error::GenerateError;
use crate::nn::{DecoderConfig, LanguageModel, Sequence};
use crate::text::Tokenizer;

/// The ids of a text's tokens as the model reads them (see [`super::Generation::prompt_ids`]), and the logits
/// `[vocabulary]` of the token after them.
///
/// # Errors
/// As [`super::generate`].
pub fn next_logits(
    model: &dyn LanguageModel,
    tokenizer: &Tokenizer,
    text: &str,
) -> Result<(Vec<u32>, Vec<f32>), GenerateError> {
    let ids = prompt_ids(model.config(), tokenizer, text)?;
    let logits = Window::new(model, ids.len()).logits(&ids)?;
    Ok((ids, logits))
}

/// The ids of a text's tokens as the model reads them: never none, and at most the context; see
/// [`super::Generation::prompt_ids`].
///
/// # Errors
/// If the text has words or characters that the vocabulary does not have, or if there is nothing to start from.
pub fn prompt_ids(config: &DecoderConfig, tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>, GenerateError> {
    let mut ids = tokenizer.encode_for_model(text)?;
    if ids.is_empty() {
        ids = vec![first_id(tokenizer).ok_or(GenerateError::EmptyPrompt)?];
    }
    let surplus = ids.len().saturating_sub(config.context);
    ids.drain(..surplus);
    Ok(ids)
}

/// From which token does a text start that nobody has begun? From the one that stands between texts, or else from white
/// space. Where tokens are words there is neither.
fn first_id(tokenizer: &Tokenizer) -> Option<u32> {
    tokenizer.end_of_text().or_else(|| {
        let alone = |text: &&str| tokenizer.encode_ids(text).is_ok_and(|ids| ids.len() == 1);
        let text = ["\n", " "].into_iter().find(alone)?;
        tokenizer.encode_ids(text).ok()?.first().copied()
    })
}

/// Whether a row is what a model may say.
///
/// # Errors
/// If a logit is no finite number.
pub(super) fn check(logits: &[f32]) -> Result<(), GenerateError> {
    if logits.iter().all(|logit| logit.is_finite()) { Ok(()) } else { Err(GenerateError::NotFinite) }
}

/// The model, and which part of a growing text it has in its cache. What that takes in memory is allocated once.
pub(super) struct Window<'a> {
    text: Box<dyn Sequence + 'a>,
    capacity: usize,
    /// Where the window begins in the text.
    start: usize,
    /// Where the model's reading has come to in the text.
    read: usize,
}

impl<'a> Window<'a> {
    /// Reads at most `most` tokens, or the context if that is less.
    pub fn new(model: &'a dyn LanguageModel, most: usize) -> Self {
        let capacity = most.min(model.config().context).max(1);
        Self { text: model.begin(capacity), capacity, start: 0, read: 0 }
    }

    /// Tokens that the model has before it.
    pub fn len(&self) -> usize {
        self.read - self.start
    }

    /// Tokens that can still be read.
    pub fn room(&self) -> usize {
        self.capacity - self.len()
    }

    /// The logits after the last token of the text, which begins with what was read before.
    ///
    /// # Errors
    /// If one of them is no finite number.
    pub fn logits(&mut self, text: &[u32]) -> Result<Vec<f32>, GenerateError> {
        self.logits_while(text, &mut || ControlFlow::Continue(())).map(Option::unwrap_or_default)
    }

    /// The same, asking now and then while much is read whether to go on; nothing comes back where the answer was no.
    ///
    /// # Errors
    /// As [`Window::logits`].
    pub fn logits_while(
        &mut self,
        text: &[u32],
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Vec<f32>>, GenerateError> {
        let Some(logits) = self.text.read_while(text.get(self.read..).unwrap_or_default(), go_on) else {
            return Ok(None);
        };
        self.read = text.len();
        check(&logits)?;
        Ok(Some(logits))
    }

    /// Forgets everything but the last half of what it can hold of a text of so many tokens. That half is read anew, in one
    /// pass with whatever comes next: its places in the context are others now.
    pub fn keep_half(&mut self, length: usize) {
        self.start = length.saturating_sub((self.capacity / 2).max(1));
        self.read = self.start;
        self.text.clear();
    }
}
