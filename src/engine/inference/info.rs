//! What the window needs to know of a model.

use std::sync::Arc;

use super::super::event::ModelInfo;
use super::super::shared::Snapshot;
use crate::hub::{ModelRef, Opened};

pub(super) fn of_opened(model: &ModelRef, opened: &Opened, pieces: Arc<Vec<String>>) -> ModelInfo {
    ModelInfo {
        model: model.clone(),
        name: opened.name.clone(),
        config: (*opened.config).clone(),
        parameters: opened.layout.len(),
        tokenizer: opened.tokenizer.name().to_owned(),
        pieces,
        step: opened.step,
        language: opened.language.clone(),
    }
}

pub(super) fn of_snapshot(snapshot: &Snapshot) -> ModelInfo {
    ModelInfo {
        model: ModelRef::Live,
        name: snapshot.run.clone(),
        config: (*snapshot.weights.config).clone(),
        parameters: snapshot.weights.len(),
        tokenizer: snapshot.vocabulary.tokenizer.name().to_owned(),
        pieces: snapshot.vocabulary.pieces.clone(),
        step: Some(snapshot.step),
        language: snapshot.vocabulary.language.clone(),
    }
}
