//! The workshop: one folder a tool, each behind the trait [`Panel`], all of them listed in [`registry`].

mod about;
pub mod asked;
pub mod attention;
pub mod course;
pub mod dialog;
pub mod export;
mod home;
mod models;
pub mod playground;
pub mod positions;
mod preferences;
#[cfg(test)]
pub(crate) mod testing;
pub mod training;

pub use preferences::{Preferences, SCALES, ThemeChoice, preferences_ui};

use std::path::PathBuf;
use std::sync::Arc;

use rust_i18n::t;

use crate::course::{Learning, SectionId};
use crate::data::Home;
use crate::engine::{DeviceInfo, Devices, EngineHandle, Event, JobId, Library, ModelInfo, ModelRef};
use crate::generate::SamplingOptions;
use crate::hub::BUILTIN;
use crate::train::{RunSummary, TrainSpec};

/// A page of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanelId {
    /// The first minute: three things to do.
    Home,
    /// The course: the section that is open.
    Course,
    /// Prompt a model.
    Playground,
    /// Train a model.
    Training,
    /// Look at attention.
    Attention,
    /// Positional encodings.
    Positions,
    /// Which models there are.
    Models,
    /// Version, device, log, settings.
    About,
}

impl PanelId {
    /// Its stable name, in settings and in pictures' file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Course => "course",
            Self::Playground => "playground",
            Self::Training => "training",
            Self::Attention => "attention",
            Self::Positions => "positions",
            Self::Models => "models",
            Self::About => "about",
        }
    }

    /// The page of a name.
    pub fn named(name: &str) -> Option<Self> {
        let all =
            [Self::Home, Self::Course, Self::Playground, Self::Training, Self::Attention, Self::Positions, Self::About];
        all.into_iter().find(|page| page.name() == name)
    }

    /// Its name for a person, in the navigation.
    pub fn title(self) -> String {
        t!(format!("app.page.{}", self.name())).into_owned()
    }
}

/// Every page, in the order of the navigation. A new page is one line here.
pub fn registry() -> Vec<Box<dyn Panel>> {
    vec![
        Box::new(home::Home::default()),
        Box::new(course::CoursePage::default()),
        Box::new(playground::Playground::new()),
        Box::new(training::Training::new()),
        Box::new(attention::Attention::new()),
        Box::new(positions::Positions::new()),
        Box::new(models::Models::default()),
        Box::new(about::About::default()),
    ]
}

/// A model by its name for a person.
pub fn model_label(model: &ModelRef) -> String {
    match model {
        ModelRef::Builtin(name) => t!(format!("data.title.{name}")).into_owned(),
        ModelRef::Run(id) => id.clone(),
        ModelRef::Live => t!("app.model.live").into_owned(),
        ModelRef::Hub(model) => model.short().to_owned(),
        ModelRef::Folder(path) => {
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
        }
    }
}

/// A device by its kind and name, as in «CPU · 2 cores».
pub fn device_label(device: &DeviceInfo) -> String {
    match (device.id.as_str(), device.cores) {
        ("cpu", Some(cores)) => t!("app.device.cpu", cores = cores).into_owned(),
        (id, _) => format!("{} · {}", id.to_uppercase(), device.name),
    }
}

/// How a message looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something is done.
    Done,
    /// Something is worth knowing.
    Note,
    /// Something failed.
    Failed,
}

/// What a panel wants of the window or of another panel. Collected while drawing, carried out afterwards.
#[derive(Clone, Debug)]
pub enum Intent {
    /// Show a page.
    Open(PanelId),
    /// Make this *the* model: every panel looks at it.
    UseModel(ModelRef),
    /// Show the playground and let the model continue this text.
    Continue(String),
    /// Show the playground with these options for the next token.
    Sample(SamplingOptions),
    /// Show the attention of this text.
    LookAt(String),
    /// Show the training panel and begin.
    Train(Box<TrainSpec>),
    /// Show a section of the course.
    OpenSection(SectionId),
    /// Look for a section or a term, over whatever page is shown.
    Search,
    /// Show a term of the glossary, or all of it.
    Glossary(Option<String>),
    /// A message that does not block.
    Notify(Tone, String),
}

/// The training job, as every page may want to show it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingNow {
    /// Its job.
    pub job: JobId,
    /// The run's id, once it has begun.
    pub run: Option<String>,
    /// Steps made and steps in all.
    pub step: u64,
    /// Steps in all.
    pub total: u64,
    /// Seconds left, once they can be told.
    pub seconds_left: Option<f64>,
    /// Whether it stands still.
    pub paused: bool,
    /// Step of the latest weights that can be looked at as [`ModelRef::Live`].
    pub snapshot: Option<u64>,
}

/// A model that is being read to become *the* model.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadingNow {
    /// The job that reads it.
    pub job: JobId,
    /// Which one.
    pub model: ModelRef,
    /// Bytes that have been read.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What all panels see. Plain values that arrived as events; no tensor.
pub struct Shared {
    /// The way to the engine.
    pub engine: EngineHandle,
    /// Where a person's files are.
    pub home: Home,
    /// Which model is *the* model.
    pub model_ref: ModelRef,
    /// The same, once it is loaded.
    pub model: Option<Arc<ModelInfo>>,
    /// How far the loading of another model is, once something of it has been read.
    pub loading: Option<LoadingNow>,
    /// Models of the hub that are here, once they were listed.
    pub library: Option<Arc<Library>>,
    /// Folders and files of models that were opened lately, the last one first.
    pub folders: Vec<PathBuf>,
    /// The devices of this machine, once they are known.
    pub devices: Option<Devices>,
    /// Id of the device that is computed on, once it is known.
    pub device: Option<String>,
    /// What a person chose in the settings; a change here is acted on after the frame.
    pub preferences: Preferences,
    /// The runs on disk, newest first.
    pub runs: Vec<RunSummary>,
    /// The training job in progress.
    pub training: Option<TrainingNow>,
    /// The course, and what the person has done of it.
    pub learning: Learning,
    /// What panels asked for in this frame.
    pub intents: Vec<Intent>,
    /// Whether things may move.
    pub motion: bool,
    /// `es` or `en`.
    pub language: &'static str,
}

impl Shared {
    /// What is known before anything has happened: no model loaded, nothing found, nothing trained.
    pub fn new(engine: EngineHandle, home: Home, preferences: Preferences) -> Self {
        Self {
            engine,
            home,
            model_ref: crate::hub::builtin_for(preferences.language),
            model: None,
            loading: None,
            library: None,
            folders: Vec::new(),
            devices: None,
            device: None,
            runs: Vec::new(),
            training: None,
            learning: Learning::default(),
            intents: Vec::new(),
            motion: preferences.motion,
            language: preferences.language,
            preferences,
        }
    }

    /// Every model that can be used, each once: the one in use first, then those that ship, the one in training, those from
    /// the hub, folders and runs.
    pub fn models(&self) -> Vec<ModelRef> {
        let builtin = BUILTIN.iter().map(|name| ModelRef::Builtin((*name).to_owned()));
        let live = self.training.as_ref().and_then(|now| now.snapshot).map(|_| ModelRef::Live);
        let downloaded = self.library.iter().flat_map(|library| &library.downloaded);
        let downloaded = downloaded.map(|(manifest, _)| ModelRef::Hub(manifest.model()));
        let folders = self.folders.iter().cloned().map(ModelRef::Folder);
        let runs = self.runs.iter().map(|run| ModelRef::Run(run.id.clone()));
        let mut all = vec![self.model_ref.clone()];
        for model in builtin.chain(live).chain(downloaded).chain(folders).chain(runs) {
            if !all.contains(&model) {
                all.push(model);
            }
        }
        all
    }

    /// Asks the window for something after this frame.
    pub fn ask(&mut self, intent: Intent) {
        self.intents.push(intent);
    }
}

/// One tool of the workshop.
///
/// `on_event` and `logic` run for every panel in every frame, shown or not, and never paint; `ui` paints and never
/// computes anything that grows with the data.
pub trait Panel {
    /// Which page it is.
    fn id(&self) -> PanelId;

    /// Its sign in the navigation (an `egui_material_icons` character).
    fn icon(&self) -> &'static str;

    /// Something happened in the engine. Events of other panels' jobs pass by here too: compare the job's id.
    fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        _ = (event, shared);
    }

    /// Whether the page itself shows what went wrong with this job, so that the window need not say it once more.
    fn shows_failure_of(&self, job: JobId) -> bool {
        _ = job;
        false
    }

    /// Another panel or the window asks for something; return whether this panel took it.
    fn on_intent(&mut self, intent: &Intent, shared: &mut Shared) -> bool {
        _ = (intent, shared);
        false
    }

    /// *The* model has changed to [`Shared::model`].
    fn on_model(&mut self, shared: &mut Shared) {
        _ = shared;
    }

    /// Background work of this frame: send commands for what changed.
    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        _ = (ctx, shared);
    }

    /// Draws the whole page inside `ui`, which has the size of the page and no margin.
    fn ui(&mut self, ui: &mut egui::Ui, shared: &mut Shared);

    /// What is to be remembered over a restart (texts, settings), as a TOML table.
    fn remember(&self) -> toml::Table {
        toml::Table::new()
    }

    /// Takes back what [`Panel::remember`] gave in an earlier session; whatever does not fit is ignored.
    fn recall(&mut self, remembered: &toml::Table) {
        _ = remembered;
    }

    /// Does the page's main interaction by itself, for `telar tour`; [`Panel::settled`] says when it is over.
    fn demonstrate(&mut self, shared: &mut Shared) {
        _ = shared;
    }

    /// Scrolls on by a page, for `telar tour`; `false` where everything has been in sight.
    fn turn_page(&mut self) -> bool {
        false
    }

    /// What the tour takes pictures of on this page, by name; the first, without a name, is what
    /// [`Panel::demonstrate`] shows.
    fn scenes(&self) -> &'static [&'static str] {
        &[""]
    }

    /// Does by itself what one of the [`Panel::scenes`] shows; they come in their order, each after the one before.
    fn demonstrate_scene(&mut self, scene: &str, shared: &mut Shared) {
        _ = scene;
        self.demonstrate(shared);
    }

    /// Whether everything that it shows is there (nothing pending), so that a picture of it is worth taking.
    fn settled(&self) -> bool {
        true
    }
}
