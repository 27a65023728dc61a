//! What the window needs to know of a model.

use std::sync::Arc;

use super::super::event::ModelInfo;
use super::super::shared::Snapshot;
use crate::hub::{Loaded, ModelRef};

pub(super) fn of_loaded(model: &ModelRef, loaded: &Loaded, pieces: Arc<Vec<String>>) -> ModelInfo {
    ModelInfo {
        model: model.clone(),
        name: loaded.name.clone(),
        config: (*loaded.weights.config).clone(),
        parameters: loaded.weights.len(),
        tokenizer: loaded.tokenizer.name().to_owned(),
        pieces,
        step: loaded.step,
        language: loaded.language.clone(),
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
