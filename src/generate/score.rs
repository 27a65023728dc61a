//! How likely does a model find a text? Every token's probability after those before it, its rank, and what the model would
//! rather have read.

use std::ops::ControlFlow;

use serde::Serialize;

use super::error::GenerateError;
use super::sampling::{Judged, judge};
use super::window::check;
use crate::nn::LanguageModel;
use crate::text::{Encoding, Tokenizer};

/// One token of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenScore {
    /// Its id.
    pub id: u32,
    /// Its text by itself, as in [`crate::text::Tokenizer::pieces`].
    pub piece: String,
    /// First byte in the text and one past the last.
    pub span: (usize, usize),
    /// What the model says; nothing for the first token, which nothing stands before.
    pub judged: Option<Judged>,
}

/// A text as a model reads it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TextScore {
    /// Its tokens.
    pub tokens: Vec<TokenScore>,
    /// How many tokens were judged: all but the first.
    pub judged: usize,
    /// Mean of −ln p over the judged tokens, in nats: the model's loss on this text. None where nothing was judged.
    pub loss: Option<f64>,
    /// e^loss: among how many equally likely tokens the model would have had to choose on average.
    pub perplexity: Option<f64>,
}

/// So many tokens go through the model before somebody is asked whether the score is still wanted.
const BLOCK: usize = 128;

/// Judges every token of a text. `progress` hears how many tokens were judged, and how many there are;
/// [`ControlFlow::Break`] ends the work, and nothing comes back.
///
/// A text longer than the context is read in windows that overlap by half, so that every token but those at the very
/// beginning is judged with at least half a context before it. The logits are made in blocks of rows, so memory does not
/// grow with the text.
///
/// # Errors
/// If the text has words or characters that the vocabulary does not have, or if the model computes something that is no
/// number.
pub fn score(
    model: &dyn LanguageModel,
    tokenizer: &Tokenizer,
    text: &str,
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<TextScore>, GenerateError> {
    let Encoding { ids, tokens, spans, .. } = tokenizer.encode(text)?;
    let Some(judged) = judge_all(model, &ids, progress)? else { return Ok(None) };
    let count = judged.len();
    let sum: f64 = judged.iter().map(|judged| f64::from(-judged.logprob)).sum();
    let loss = (count > 0).then(|| sum / count as f64);
    let judged = std::iter::once(None).chain(judged.into_iter().map(Some));
    let tokens = ids.into_iter().zip(tokens).zip(spans).zip(judged);
    let tokens = tokens.map(|(((id, piece), span), judged)| TokenScore { id, piece, span, judged }).collect();
    Ok(Some(TextScore { tokens, judged: count, loss, perplexity: loss.map(f64::exp) }))
}

/// What the model says of all tokens but the first.
fn judge_all(
    model: &dyn LanguageModel,
    ids: &[u32],
    progress: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Judged>>, GenerateError> {
    // The last token is judged, but nothing comes after it that reading it would tell of.
    let all = ids.len().saturating_sub(1);
    let context = model.config().context.max(1);
    let mut judged: Vec<Judged> = Vec::with_capacity(all);
    if all == 0 {
        return Ok(Some(judged));
    }
    let mut reading = model.begin(context.min(all));
    while judged.len() < all {
        // Reading token i judges token i + 1; the next one to read is the one that was judged last.
        let from = judged.len();
        let start = if from == 0 { 0 } else { (from + 1).saturating_sub((context / 2).max(1)) };
        let end = all.min(start + context);
        reading.clear();
        for before in ids.get(start..from).unwrap_or_default().chunks(BLOCK) {
            reading.read(before);
            if progress(judged.len(), all).is_break() {
                return Ok(None);
            }
        }
        for block in (from..end).step_by(BLOCK) {
            let now = ids.get(block..end.min(block + BLOCK)).unwrap_or_default();
            let mut sound = Ok(());
            reading.read_each(now, &mut |place, logits| {
                if sound.is_ok() {
                    sound = check(logits);
                }
                judged.push(judge(logits, ids.get(block + place + 1).copied().unwrap_or_default()));
            });
            sound?;
            if progress(judged.len(), all).is_break() {
                return Ok(None);
            }
        }
    }
    Ok(Some(judged))
}
