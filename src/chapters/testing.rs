//! A figure alone on a stage: no engine, no lesson; commands come out of a channel and events are handed in by the test.

use std::sync::Arc;

use crossbeam_channel::Receiver;
use egui_kittest::Harness;

use super::{Figure, Parameters, Stage, registry};
use crate::data::Home;
use crate::engine::{Command, EngineHandle, Event, JobId, LessonRequest, LessonResult};
use crate::panels::{Preferences, Shared, testing};
use crate::widgets::theme;

/// A figure with what it sees.
pub struct OnStage {
    /// The figure.
    pub figure: Box<dyn Figure>,
    /// What it sees.
    pub shared: Shared,
    /// What it tells the lesson.
    pub stage: Stage,
    /// What it asks the engine for.
    pub commands: Receiver<Command>,
}

/// A figure on a stage.
pub type Page = Harness<'static, OnStage>;

/// A figure by its name, with parameters `name=value`, in English, with a model ready.
pub fn page(name: &str, parameters: &[(&str, &str)]) -> Page {
    sized(name, parameters, [960.0, 900.0])
}

/// The same on a stage of a size.
pub fn sized(name: &str, parameters: &[(&str, &str)], size: [f32; 2]) -> Page {
    rust_i18n::set_locale("en");
    let entry = registry().iter().find(|entry| entry.name == name).expect("a figure of the registry");
    let parameters: Parameters =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (engine, commands) = EngineHandle::pair();
    let preferences = Preferences { language: "en", motion: false, ..Preferences::default() };
    let mut shared = Shared::new(engine, Home::at("nowhere"), preferences);
    let pieces: Vec<String> = ('a'..='z').map(String::from).collect();
    let model = testing::model(&pieces.iter().map(String::as_str).collect::<Vec<_>>());
    shared.model_ref = model.model.clone();
    shared.model = Some(Arc::new(model));
    let mut state = OnStage { figure: (entry.make)(&parameters), shared, stage: Stage::default(), commands };
    state.figure.on_model(&mut state.shared);
    let draw = |ui: &mut egui::Ui, state: &mut OnStage| {
        state.stage.readings.clear();
        state.figure.logic(&ui.ctx().clone(), &mut state.shared);
        state.figure.ui(ui, &mut state.shared, &mut state.stage);
    };
    let builder = Harness::builder().with_size(size).with_max_steps(64).with_context_setup(theme::install);
    let mut harness = builder.build_ui_state(draw, state);
    harness.run();
    harness
}

/// A reading of the frame that was drawn last.
pub fn reading(page: &Page, name: &str) -> f64 {
    *page.state().stage.readings.get(name).unwrap_or_else(|| panic!("no {name}: {:?}", page.state().stage.readings))
}

/// What the figure has asked lessons' threads for since last time.
pub fn asked(page: &Page) -> Vec<(JobId, LessonRequest)> {
    let commands = page.state().commands.try_iter();
    commands
        .filter_map(|command| match command {
            Command::Lesson(job, request) => Some((job, request)),
            _ => None,
        })
        .collect()
}

/// Hands a result to the figure.
pub fn tell(page: &mut Page, job: JobId, result: LessonResult) {
    let state = page.state_mut();
    state.figure.on_event(&Event::Lesson(job, result), &mut state.shared);
    page.run();
}

/// Drags from one place by some points.
pub fn drag(page: &mut Page, from: egui::Pos2, by: egui::Vec2) {
    page.drag_at(from);
    page.run();
    page.hover_at(from + by);
    page.run();
    page.drop_at(from + by);
    page.run();
}

/// Turns the wheel over a place by some points, downwards.
pub fn scroll(page: &mut Page, at: egui::Pos2, by: f32) {
    page.hover_at(at);
    page.run();
    page.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, -by),
        modifiers: egui::Modifiers::NONE,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
    });
    page.run_steps(30);
}
