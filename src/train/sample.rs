//! What does the model write at this step? A short text with chances that are the same at every step.

use crate::generate::{GenerateRequest, SamplingOptions, Silent, WhenFull, generate};
use crate::kernels::Storage;
use crate::nn::{Decoder, LanguageModel, SliceReader, Weights, cpu};
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
    let model: Box<dyn LanguageModel> = if SliceReader::supports(&weights.config) {
        Box::new(SliceReader::new(weights, Storage::F32))
    } else {
        Box::new(Decoder::from_weights(weights, &cpu()))
    };
    let prompt = match tokenizer.kind() {
        // A vocabulary of words has no line break to begin with.
        TokenizerKind::Words => tokenizer.raw_piece((seed % tokenizer.vocabulary().max(1) as u64) as u32)?,
        _ => "\n".to_owned(),
    };
    let request = GenerateRequest {
        prompt: prompt.clone(),
        sampling: SamplingOptions { temperature: 0.8, top_p: 0.95, ..SamplingOptions::default() },
        seed,
        max_new_tokens: length(tokenizer),
        // A sample may be longer than the context of a small model.
        when_full: WhenFull::KeepHalf,
        ..GenerateRequest::default()
    };
    match generate(&*model, tokenizer, &request, &mut Silent) {
        // Where tokens are words, the one that it began with belongs to the sample.
        Ok(written) if tokenizer.kind() == TokenizerKind::Words => Some(prompt + written.text.as_str()),
        Ok(written) => Some(written.text),
        Err(error) => {
            tracing::warn!("no sample: {error}");
            None
        }
    }
}
