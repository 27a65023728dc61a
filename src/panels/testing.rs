//! A page alone on a stage: no engine, no app; commands come out of a channel and events are handed in by the test.

use std::sync::Arc;

use crossbeam_channel::Receiver;
use egui_kittest::Harness;

use super::{Panel, Preferences, Shared};
use crate::data::Home;
use crate::engine::{Command, EngineHandle, Event, ModelInfo, ModelRef};
use crate::train::Preset;
use crate::widgets::theme;

/// A page with what it sees.
pub struct Stage<P: Panel> {
    /// The page.
    pub page: P,
    /// What it sees.
    pub shared: Shared,
    /// What it asks the engine for.
    pub commands: Receiver<Command>,
}

/// A page on a stage of a size, with a model ready.
pub fn stage<P: Panel + 'static>(page: P, size: [f32; 2], model: ModelInfo) -> Harness<'static, Stage<P>> {
    rust_i18n::set_locale("en");
    let (engine, commands) = EngineHandle::pair();
    let preferences = Preferences { language: "en", motion: false, ..Preferences::default() };
    // Nothing is read or written there: a page only sends commands.
    let mut shared = Shared::new(engine, Home::at("nowhere"), preferences);
    shared.model_ref = model.model.clone();
    shared.model = Some(Arc::new(model));
    let mut stage = Stage { page, shared, commands };
    stage.page.on_model(&mut stage.shared);
    let draw = |ui: &mut egui::Ui, stage: &mut Stage<P>| {
        stage.page.logic(&ui.ctx().clone(), &mut stage.shared);
        stage.page.ui(ui, &mut stage.shared);
    };
    let builder = Harness::builder().with_size(size).with_max_steps(64).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, stage);
    harness.run();
    harness
}

/// Hands an event to the page.
pub fn tell<P: Panel>(harness: &mut Harness<'static, Stage<P>>, event: &Event) {
    let stage = harness.state_mut();
    stage.page.on_event(event, &mut stage.shared);
    harness.run();
}

/// Waits for what a thread computes, and lets the page draw it.
pub fn settle<P: Panel>(harness: &mut Harness<'static, Stage<P>>) {
    for _ in 0..2_000 {
        harness.run();
        if harness.state().page.settled() {
            harness.run();
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("the page waits for something that does not come");
}

/// A character model of the given tokens.
pub fn model(pieces: &[&str]) -> ModelInfo {
    let mut config = Preset::Char.settings().model;
    config.vocabulary = pieces.len();
    ModelInfo {
        model: ModelRef::Builtin("shakespeare".to_owned()),
        name: "shakespeare".to_owned(),
        config,
        parameters: 1,
        tokenizer: "characters".to_owned(),
        pieces: Arc::new(pieces.iter().map(|&piece| piece.to_owned()).collect()),
        step: None,
        language: Some("en".to_owned()),
    }
}
