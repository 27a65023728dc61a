//! What does a frame of the window cost its thread, while a model trains beside it? Every page, and the largest pictures: the
//! attention of 12 × 12 heads over 512 tokens, the sampling microscope on a vocabulary of GPT-2's size while the temperature
//! is dragged, and a curve of 100 000 points.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use rust_i18n::t;
use serde::Serialize;

use crate::app::frames::FrameClock;
use crate::app::scratch::TemporaryFolder;
use crate::app::settings::WindowSize;
use crate::app::{self, Options, TelarApp};
use crate::course::{Course, SectionId};
use crate::data::{CorpusRef, Home};
use crate::generate::SamplingOptions;
use crate::hub::{self, Loaded, ModelRef, Precision, folder};
use crate::nn::{DecoderConfig, Rng, Weights};
use crate::panels::{Intent, PanelId};
use crate::text::Tokenizer;
use crate::train::{Preset, TokenizerKind, TrainSpec};
use crate::widgets::loss_plot::{Curves, View, loss_plot};

/// So many frames are measured of every scene at least.
const FRAMES: usize = 300;
/// A scene that has not everything that it shows after this long will never have it.
const PATIENCE: Duration = Duration::from_secs(240);
/// Points of the large curve.
const POINTS: u64 = 100_000;
/// Layers, and heads of each, of the model with the large attention.
const HEADS: usize = 12;
/// Tokens of its text.
const TOKENS: usize = 512;
/// Pieces of the large vocabulary, as many as GPT-2's.
const PIECES: usize = 50_257;

/// What a scene cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SceneCost {
    /// A page, or one of the large pictures.
    pub scene: String,
    /// CPU time of a frame, 95th percentile, in seconds.
    pub p95: f64,
    /// For a section: seconds from the wish to see it to its first frame, in the hands of the screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scene {
    Page(PanelId),
    /// One of the course.
    Section(SectionId),
    /// The attention page with a model of 12 layers of 12 heads, weights as they were drawn.
    Heads,
    /// The playground's microscope with a model of many pieces, another temperature in every frame.
    Microscope,
    /// The plot of the loss alone, with 100 000 points.
    Curve,
}

impl Scene {
    fn name(self) -> String {
        match self {
            Self::Page(page) => page.name().to_owned(),
            Self::Section(id) => format!("section {id}"),
            Self::Heads => format!("attention of {HEADS} x {HEADS} heads, {TOKENS} tokens"),
            Self::Microscope => format!("microscope of {PIECES} tokens, dragged"),
            Self::Curve => format!("loss of {POINTS} points"),
        }
    }
}

/// The scenes whose names begin so; of nothing, all.
pub(super) fn scenes(only: &str) -> VecDeque<Scene> {
    let pages = crate::panels::registry().into_iter().map(|panel| Scene::Page(panel.id()));
    let sections = Course::shipped().ids().iter().copied().map(Scene::Section).collect::<Vec<_>>();
    pages
        .chain(sections)
        .chain([Scene::Heads, Scene::Microscope, Scene::Curve])
        .filter(|scene| scene.name().starts_with(only))
        .collect()
}

/// Opens the window, lets a model train, and visits the scenes whose names begin with `only`. Nobody's files are touched.
///
/// # Errors
/// Where no window can be opened, or a page never has everything that it shows.
pub(super) fn measure(device: &str, language: &'static str, only: &str) -> anyhow::Result<Vec<SceneCost>> {
    let home = TemporaryFolder::create()?;
    let scenes = scenes(only);
    let models = ["heads", "pieces"].map(|name| home.0.join(name));
    let text = if scenes.contains(&Scene::Heads) { large_model(&models[0])? } else { String::new() };
    if scenes.contains(&Scene::Microscope) {
        many_pieces(&models[1], PIECES)?;
    }
    let outcome = Arc::new(Mutex::new(None));
    let result = outcome.clone();
    let mut options = Options::open(Home::at(&home.0), language);
    options.device = Some(device.to_owned());
    app::open(app::viewport(&WindowSize::default()), move |context| {
        let app = TelarApp::new(&context.egui_ctx, options)?;
        let frames = FrameClock::default();
        let curves = large_curve();
        let state = State::Open(Instant::now());
        let (costs, opening) = (Vec::new(), Opening::default());
        Ok(Box::new(Visit { app, models, text, curves, scenes, state, frames, opening, costs, result }))
    })?;
    let costs = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    costs.unwrap_or_else(|| Err(anyhow!(t!("bench.closed").into_owned())))
}

/// Writes a model with many heads and returns a text of as many tokens as are to be looked at.
fn large_model(path: &Path) -> anyhow::Result<String> {
    let shipped = hub::load(&ModelRef::Builtin("shakespeare".to_owned()), &Home::at("."))?;
    let tokenizer = shipped.tokenizer;
    let mut settings = Preset::Char.settings().model;
    settings.vocabulary = tokenizer.vocabulary();
    let config = DecoderConfig {
        context: TOKENS,
        d_model: 12 * HEADS,
        d_ff: 48 * HEADS,
        n_layers: HEADS,
        n_heads: HEADS,
        n_kv_heads: HEADS,
        ..settings
    };
    let ids = tokenizer.encode_ids(&"To be, or not to be, that is the question: ".repeat(TOKENS / 8))?;
    let text = tokenizer.decode(ids.get(..TOKENS).unwrap_or(&ids));
    let weights = Weights::init(&config, 1)?;
    let model = Loaded { name: "heads".to_owned(), weights, tokenizer, step: None, language: None };
    folder::write(path, &model, Precision::Full)?;
    Ok(text)
}

/// Writes a model with a vocabulary of at most so many pieces, weights as they were drawn.
fn many_pieces(path: &Path, pieces: usize) -> anyhow::Result<()> {
    let mut rng = Rng::new(1);
    let mut word = || (0..8).map(|_| char::from(b'a' + rng.below(26) as u8)).collect::<String>();
    let words: Vec<String> = (0..pieces).map(|_| word()).collect();
    let tokenizer = Tokenizer::train(TokenizerKind::Bpe(pieces), &words.join(" "))?;
    let mut config = Preset::Char.settings().model;
    config.vocabulary = tokenizer.vocabulary();
    let mut weights = Weights::init(&config, 1)?;
    // Freshly drawn weights find all pieces about as likely, and then there is nothing to see.
    weights.data.iter_mut().for_each(|value| *value *= 4.0);
    let model = Loaded { name: "pieces".to_owned(), weights, tokenizer, step: None, language: None };
    Ok(folder::write(path, &model, Precision::Full)?)
}

/// A curve of the usual shape, for the plot to reduce and draw.
fn large_curve() -> Curves {
    let mut curves = Curves::default();
    curves.ends_at(POINTS);
    for step in 1..=POINTS {
        let noise = (step as f32 * 0.7).sin() * 0.2;
        let held_out = (step % 100 == 0).then_some(2.0);
        curves.push(step, step as f64 * 0.02, 1.5 + 3.0 / (1.0 + step as f32 * 1e-3) + noise, held_out);
    }
    curves
}

enum State {
    /// The shipped model is loading, since then.
    Open(Instant),
    /// The scene's model is loading.
    Dress(Instant),
    /// The scene is measured.
    Measure(Instant),
}

type Costs = anyhow::Result<Vec<SceneCost>>;

/// How long a section takes until it is there.
#[derive(Default)]
enum Opening {
    #[default]
    None,
    /// It was asked for, and its first frame has not begun.
    Asked(Instant),
    /// Its first frame is being drawn.
    Drawn(Instant),
    /// The frame after that has begun.
    Open(f64),
}

impl Opening {
    fn frame_begins(&mut self) {
        *self = match *self {
            Self::Asked(since) => Self::Drawn(since),
            Self::Drawn(since) => Self::Open(since.elapsed().as_secs_f64()),
            Self::None => Self::None,
            Self::Open(seconds) => Self::Open(seconds),
        };
    }
}

struct Visit {
    app: TelarApp,
    /// That of [`Scene::Heads`], and that of [`Scene::Microscope`].
    models: [PathBuf; 2],
    text: String,
    curves: Curves,
    scenes: VecDeque<Scene>,
    state: State,
    frames: FrameClock,
    opening: Opening,
    costs: Vec<SceneCost>,
    result: Arc<Mutex<Option<Costs>>>,
}

impl Visit {
    fn advance(&mut self, ctx: &egui::Context) {
        ctx.request_repaint();
        let Some(&scene) = self.scenes.front() else { return ctx.send_viewport_cmd(egui::ViewportCommand::Close) };
        let (State::Open(since) | State::Dress(since) | State::Measure(since)) = self.state;
        if since.elapsed() > PATIENCE {
            return self.end(Err(anyhow!(t!("tour.never_settled", page = scene.name()).into_owned())), ctx);
        }
        match self.state {
            State::Open(_) if self.app.ready() => {
                let corpus = CorpusRef::Named(format!("telar-{}", self.app.shared().language));
                let mut settings = Preset::Char.settings();
                settings.steps = 1_000_000;
                self.app.ask(Intent::Train(Box::new(TrainSpec { preset: Preset::Char, corpus, settings, out: None })));
                self.dress();
            }
            State::Dress(_) if self.app.ready() && self.app.shared().training.is_some() => {
                self.opening = Opening::None;
                match scene {
                    Scene::Page(page) => self.app.visit(page, ""),
                    Scene::Section(id) => {
                        self.opening = Opening::Asked(Instant::now());
                        self.app.visit_section(id, "");
                    }
                    Scene::Heads => {
                        self.app.visit(PanelId::Attention, "");
                        self.app.ask(Intent::LookAt(self.text.clone()));
                    }
                    Scene::Microscope => self.app.visit(PanelId::Playground, "microscope"),
                    Scene::Curve => {}
                }
                self.frames.clear();
                self.state = State::Measure(Instant::now());
            }
            State::Measure(_) if self.frames.len() >= FRAMES && self.app.settled() => {
                let open = if let Opening::Open(seconds) = self.opening { Some(seconds) } else { None };
                self.costs.push(SceneCost { scene: scene.name(), p95: self.frames.p95(), open });
                self.scenes.pop_front();
                if self.scenes.is_empty() {
                    let costs = std::mem::take(&mut self.costs);
                    return self.end(Ok(costs), ctx);
                }
                self.dress();
            }
            _ => {}
        }
    }

    /// Gets what the next scene needs.
    fn dress(&mut self) {
        let [heads, pieces] = &self.models;
        let wanted = match self.scenes.front() {
            Some(Scene::Heads) => Some(heads),
            Some(Scene::Microscope) => Some(pieces),
            _ => None,
        };
        if let Some(folder) = wanted {
            self.app.ask(Intent::UseModel(ModelRef::Folder(folder.clone())));
        }
        self.state = State::Dress(Instant::now());
    }

    fn end(&mut self, result: Costs, ctx: &egui::Context) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        self.scenes.clear();
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
    }
}

impl eframe::App for Visit {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        let measuring = matches!(self.state, State::Measure(_));
        self.frames.frame_begins(measuring);
        self.opening.frame_begins();
        if measuring && self.scenes.front() == Some(&Scene::Microscope) {
            let temperature = 0.5 + (self.frames.len() % 100) as f32 * 0.01;
            self.app.ask(Intent::Sample(SamplingOptions { temperature, ..SamplingOptions::default() }));
        }
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        if self.scenes.front() == Some(&Scene::Curve) {
            let size = ui.available_size();
            loss_plot(ui, &mut self.curves, &View::default(), "bench", size, false);
        } else {
            self.app.ui(ui, frame);
        }
        let ctx = ui.ctx().clone();
        self.advance(&ctx);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        self.app.clear_color(visuals)
    }

    /// Nobody takes part: where the pointer happens to be must not change what is measured.
    fn raw_input_hook(&mut self, _ctx: &egui::Context, input: &mut egui::RawInput) {
        input.events.retain(|event| matches!(event, egui::Event::WindowFocused(_)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_model_opens_and_takes_the_whole_text() {
        let folder = tempfile::tempdir().unwrap();
        let text = large_model(folder.path()).unwrap();
        let loaded = folder::read(folder.path(), "heads").unwrap();
        assert_eq!((loaded.weights.config.n_layers, loaded.weights.config.n_heads), (HEADS, HEADS));
        assert_eq!(loaded.tokenizer.encode_ids(&text).unwrap().len(), TOKENS);
    }

    #[test]
    fn the_model_of_many_pieces_opens() {
        let folder = tempfile::tempdir().unwrap();
        many_pieces(folder.path(), 400).unwrap();
        let loaded = folder::read(folder.path(), "pieces").unwrap();
        assert_eq!(loaded.weights.config.vocabulary, 400);
        assert!(loaded.tokenizer.encode_ids("¿To be?").unwrap().len() > 3);
    }

    #[test]
    fn scenes_are_chosen_by_their_beginning() {
        assert_eq!((scenes("attention").len(), scenes("microscope").len()), (2, 1));
        assert!(scenes("section").len() >= 18 && scenes("section 2.1").len() >= 2);
        assert!(scenes("").len() > scenes("p").len() && scenes("nothing").is_empty());
    }

    #[test]
    fn the_large_curve_has_all_its_points() {
        assert_eq!(large_curve().last().map(|(step, _)| step), Some(POINTS));
    }
}
