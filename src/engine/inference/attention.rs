//! The attention of a whole model on one text, from a probe on the real forward pass.

use super::super::error::EngineError;
use super::super::event::AttentionCapture;
use super::cache::Model;
use crate::generate::prompt_ids;
use crate::nn::mask;

/// At most so many cells a stage, over all layers and heads (128 MB): a longer text is looked at in its last part.
const MOST_CELLS: usize = 1 << 25;

/// The ids of a text that are looked at, and whether these are not all.
///
/// # Errors
/// If the model cannot read the text.
pub(in crate::engine) fn ids(model: &Model, text: &str) -> Result<(Vec<u32>, bool), EngineError> {
    let config = model.runner.model().config();
    let mut ids = prompt_ids(config, &model.vocabulary.tokenizer, text)?;
    let whole = model.vocabulary.tokenizer.encode_for_model(text).map_or(0, |ids| ids.len());
    let room = longest(config.n_layers * config.n_heads);
    ids.drain(..ids.len().saturating_sub(room));
    let truncated = whole > ids.len();
    Ok((ids, truncated))
}

/// Runs a text through the model and keeps scores and weights of every layer and head.
pub(in crate::engine) fn capture(model: &Model, text: &str) -> Result<AttentionCapture, EngineError> {
    let config = model.runner.model().config();
    let (ids, truncated) = ids(model, text)?;
    let (scores, weights) = model.runner.attention(&ids);
    let piece = |&id: &u32| model.vocabulary.pieces.get(id as usize).cloned().unwrap_or_default();
    Ok(AttentionCapture {
        model: model.info.model.clone(),
        tokens: ids.iter().map(piece).collect(),
        truncated,
        layers: config.n_layers,
        heads: config.n_heads,
        scores,
        weights,
        scale: config.score_scale(),
        allowed: (0..config.n_layers).map(|layer| mask::matrix(config, layer, ids.len())).collect(),
        d_head: config.d_head(),
    })
}

/// How many tokens can be looked at with so many heads in all.
fn longest(heads: usize) -> usize {
    (MOST_CELLS / heads.max(1)).isqrt().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_models_are_looked_at_whole_and_large_ones_fit_into_memory() {
        assert!(longest(16) >= 1024);
        let heads = 12 * 12;
        assert!(longest(heads).pow(2) * heads <= MOST_CELLS && longest(heads) > 400);
        assert_eq!(longest(usize::MAX), 1);
    }
}
