//! What comes next, after several texts at once.

use std::sync::Arc;

use super::super::error::EngineError;
use super::super::job::Job;
use super::{LessonResult, Lessons};
use crate::generate::next_logits;
use crate::hub::ModelRef;

/// The token after a text, before it was chosen.
#[derive(Clone, Debug)]
pub struct NextToken {
    /// The texts of all ids.
    pub pieces: Arc<Vec<String>>,
    /// The ids that were read.
    pub ids: Vec<u32>,
    /// `[vocabulary]`.
    pub logits: Arc<Vec<f32>>,
}

/// The logits after each text.
pub(super) fn after_each(
    lessons: &mut Lessons,
    job: &Job,
    texts: &[(ModelRef, String)],
) -> Result<Option<LessonResult>, EngineError> {
    let mut all = Vec::with_capacity(texts.len());
    for (model, text) in texts {
        if !job.wanted() {
            return Ok(None);
        }
        let model = lessons.models.get(model, job)?;
        let (ids, logits) = next_logits(model.runner.model(), &model.vocabulary.tokenizer, text)?;
        all.push(NextToken { pieces: model.vocabulary.pieces.clone(), ids, logits: Arc::new(logits) });
    }
    Ok(Some(LessonResult::NextTokens(all)))
}
