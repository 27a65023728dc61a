//! What does the model write at this step? A short text with chances that are the same at every step.

use crate::generate::{GenerateRequest, SamplingOptions, Silent, generate};
use crate::nn::{Decoder, Weights, cpu};
use crate::text::Tokenizer;
use crate::train::TokenizerKind;

/// Tokens of a sample: a few lines for every kind of token.
fn length(tokenizer: &Tokenizer) -> usize {
    match tokenizer.kind() {
        TokenizerKind::Characters => 160,
        TokenizerKind::Bpe(_) => 80,
        TokenizerKind::Words => 40,
    }
}

/// A sample; nothing where the model's numbers are no longer finite. It is written on the CPU, which keeps a GPU's step
/// free of small kernels.
pub(super) fn write(weights: &Weights, tokenizer: &Tokenizer, seed: u64) -> Option<String> {
    let decoder = Decoder::from_weights(weights, &cpu());
    let prompt = match tokenizer.kind() {
        // A vocabulary of words has no line break to begin with.
        TokenizerKind::Words => tokenizer.raw_piece((seed % tokenizer.vocabulary().max(1) as u64) as u32)?,
        _ => "\n".to_owned(),
    };
    let request = GenerateRequest {
        prompt,
        sampling: SamplingOptions { temperature: 0.8, top_p: 0.95, ..SamplingOptions::default() },
        seed,
        max_new_tokens: length(tokenizer),
        min_new_tokens: 0,
        stop: Vec::new(),
    };
    match generate(&decoder, tokenizer, &request, &mut Silent) {
        Ok(written) if tokenizer.kind() == TokenizerKind::Words => Some(request.prompt + &written.text),
        Ok(written) => Some(written.text),
        Err(error) => {
            tracing::warn!("no sample: {error}");
            None
        }
    }
}
