//! What does the model write at this step? A short text with chances that are the same at every step.

use crate::generate::{GenerateRequest, SamplingOptions, Silent, StopReason, generate};
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
    let mut request = GenerateRequest {
        prompt: prompt.clone(),
        sampling: SamplingOptions { temperature: 0.8, top_p: 0.95, ..SamplingOptions::default() },
        seed,
        max_new_tokens: length(tokenizer),
        min_new_tokens: 0,
        stop: Vec::new(),
    };
    let mut text = if tokenizer.kind() == TokenizerKind::Words { prompt } else { String::new() };
    loop {
        let written = match generate(&*model, tokenizer, &request, &mut Silent) {
            Ok(written) => written,
            Err(error) => {
                tracing::warn!("no sample: {error}");
                return None;
            }
        };
        text.push_str(&written.text);
        request.max_new_tokens -= written.ids.len().min(request.max_new_tokens);
        if written.stop != StopReason::ContextFull || written.ids.is_empty() || request.max_new_tokens == 0 {
            return Some(text);
        }
        // A sample may be longer than the context of a small model: then it goes on from the last half of it.
        let ids = [written.prompt_ids, written.ids].concat();
        let half = (weights.config.context / 2).max(1).min(ids.len());
        request.prompt = tokenizer.decode(&ids[ids.len() - half..]);
        request.seed = request.seed.wrapping_add(1);
    }
}
