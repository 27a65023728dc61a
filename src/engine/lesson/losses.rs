//! What each token of a text costs a model: its surprise, −ln p.

use super::super::error::EngineError;
use super::super::job::Job;
use super::{LessonResult, Lessons, Part};
use crate::generate::sampling::log_probability_and_rank;
use crate::hub::ModelRef;
use crate::nn::LanguageModel;

/// At most so many tokens are read.
const MOST: usize = 256;

/// A text as a model reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct TextLoss {
    /// The model's short name.
    pub name: String,
    /// Its number of trained values.
    pub parameters: usize,
    /// Tokens with −ln p of each, in nats; the first has nothing before it and so no loss.
    pub tokens: Vec<(String, Option<f32>)>,
    /// Characters of the tokens that have a loss.
    pub characters: usize,
}

impl TextLoss {
    /// Mean over the tokens that have one, in nats a token.
    pub fn mean(&self) -> f32 {
        let losses: Vec<f32> = self.tokens.iter().filter_map(|(_, loss)| *loss).collect();
        losses.iter().sum::<f32>() / losses.len().max(1) as f32
    }

    /// What can be compared between models whose tokens differ: bits a character.
    pub fn bits_per_character(&self) -> f32 {
        let sum: f32 = self.tokens.iter().filter_map(|(_, loss)| *loss).sum();
        sum / std::f32::consts::LN_2 / self.characters.max(1) as f32
    }
}

/// −ln p of every id after the first.
pub(super) fn losses(model: &dyn LanguageModel, ids: &[u32], wanted: impl Fn() -> bool) -> Option<Vec<f32>> {
    let mut sequence = model.begin(ids.len());
    let mut out = Vec::with_capacity(ids.len());
    for pair in ids.windows(2) {
        if !wanted() {
            return None;
        }
        let logits = sequence.read(&pair[..1]);
        out.push(-log_probability_and_rank(&logits, pair[1]).0);
    }
    Some(out)
}

/// Each text through its model.
pub(super) fn of_each(
    lessons: &mut Lessons,
    job: &Job,
    texts: &[(ModelRef, String)],
) -> Result<Option<LessonResult>, EngineError> {
    let mut all = Vec::with_capacity(texts.len());
    for (model, text) in texts {
        let (model, ids) = lessons.open(job, model, text, Part::First(MOST))?;
        let Some(losses) = losses(model.runner.model(), &ids, || job.wanted()) else { return Ok(None) };
        let piece = |id: &u32| model.vocabulary.pieces.get(*id as usize).cloned().unwrap_or_default();
        let tokens: Vec<(String, Option<f32>)> =
            ids.iter().map(piece).zip(std::iter::once(None).chain(losses.into_iter().map(Some))).collect();
        all.push(TextLoss {
            name: model.info.name.clone(),
            parameters: model.info.parameters,
            characters: model.vocabulary.tokenizer.decode(ids.get(1..).unwrap_or_default()).chars().count(),
            tokens,
        });
    }
    Ok(Some(LessonResult::TokenLosses(all)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{DecoderConfig, SliceReader, Weights};
    use crate::train::Preset;

    #[test]
    fn a_model_that_knows_nothing_pays_the_logarithm_of_its_vocabulary() {
        let config = DecoderConfig { vocabulary: 50, ..Preset::Char.settings().model };
        let model = SliceReader::new(&Weights::init(&config, 1).unwrap(), crate::kernels::Storage::F32);
        let found = losses(&model, &[3, 1, 4, 1, 5], || true).unwrap();
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|loss| (loss - 50f32.ln()).abs() < 0.4), "{found:?}");
        assert_eq!(losses(&model, &[3, 1], || false), None, "given up");
    }

    #[test]
    fn bits_a_character_do_not_depend_on_how_a_text_is_cut() {
        let loss = |tokens: &[(&str, f32)]| TextLoss {
            name: String::new(),
            parameters: 0,
            tokens: tokens.iter().map(|(text, loss)| ((*text).to_owned(), Some(*loss))).collect(),
            characters: tokens.iter().map(|(text, _)| text.len()).sum(),
        };
        let (fine, coarse) = (loss(&[("a", 1.0), ("b", 2.0)]), loss(&[("ab", 3.0)]));
        assert_eq!((fine.mean(), coarse.mean()), (1.5, 3.0));
        assert_eq!(fine.bits_per_character(), coarse.bits_per_character());
    }
}
