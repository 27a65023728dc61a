//! The app in its window.

mod remember;
mod visit;

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{CentralPanel, Context, Frame, ThemePreference, Ui, ViewportCommand};
use rust_i18n::t;

use super::contents;
use super::keys::{KeyWish, keys_ui, pressed};
use super::messages::Messages;
use super::navigation::navigation_ui;
use super::pump::Pump;
use super::search::SearchView;
use super::settings::{Keeper, Settings};
use super::status::{self, status_ui};
use crate::course::{Progress, Watch};
use crate::data::{Home, LatestFile};
use crate::engine::{self, Command, Engine, EngineError, EngineOptions, Event, HubRequest, ModelRef, TrainControl};
use crate::hub::builtin_for;
use crate::hub::remote::Access;
use crate::panels::dialog::{Answer, FileDialog};
use crate::panels::{Intent, Panel, PanelId, Preferences, Shared, ThemeChoice, Tone, registry};
use crate::widgets::theme;

/// At most this many events are taken in a frame; the rest waits for the next one.
const EVENTS_A_FRAME: usize = 512;
/// How long a closing window waits for the training to be saved.
const SAVING: Duration = Duration::from_secs(15);

/// What a window is opened with. Nothing else is read from the surroundings.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where a person's files are.
    pub home: Home,
    /// `es` or `en`.
    pub language: &'static str,
    /// The device where it is not to be the settings'.
    pub device: Option<String>,
    /// What was remembered.
    pub settings: Settings,
    /// What went wrong when that was read.
    pub notice: Option<String>,
    /// The hub that models come from.
    pub hub: Access,
}

impl Options {
    /// A window on this home with what it remembers, in this language.
    pub fn open(home: Home, language: &'static str) -> Self {
        let (settings, notice) = Settings::load(&home);
        Self { home, language, device: None, settings, notice, hub: Access::from_env() }
    }
}

/// The whole app: all pages, what they share, and the engine's events.
pub struct TelarApp {
    shared: Shared,
    panels: Vec<Box<dyn Panel>>,
    page: PanelId,
    engine: Engine,
    pump: Pump,
    messages: Messages,
    /// What the window looks like now; a difference to `shared.preferences` is acted on after the frame.
    applied: Preferences,
    /// On how many threads, and whether the window was in front, when that was last said to the engine.
    threads: Option<(Option<usize>, bool)>,
    settings: Settings,
    keeper: Keeper,
    remembered_at: f64,
    /// Writes what the person has done of the course.
    progress: LatestFile,
    /// Lessons that are saved while the window is open, in a debug build.
    lessons: Option<Watch>,
    folder_dialog: Option<FileDialog>,
    search: Option<SearchView>,
    keys_shown: bool,
    /// Since when a closing window waits for the training to be saved.
    closing: Option<Instant>,
}

impl TelarApp {
    /// Starts the engine and makes the pages.
    ///
    /// # Errors
    /// If the system gives the engine no threads.
    pub fn new(ctx: &Context, options: Options) -> Result<Self, EngineError> {
        let Options { home, language, device, settings, notice, hub } = options;
        theme::install(ctx);
        ctx.options_mut(|options| {
            options.zoom_with_keyboard = false;
            options.fallback_theme = egui::Theme::Light;
        });
        let mut preferences = settings.preferences(language);
        if let Some(device) = device {
            preferences.device = device;
        }
        let wake = ctx.clone();
        let engine = engine::start(EngineOptions {
            home: home.clone(),
            device: preferences.device.clone(),
            notify: Arc::new(move || wake.request_repaint()),
        })?;
        let mut shared = Shared::new(engine.handle(), home, preferences.clone());
        let (progress, progress_notice) = Progress::load(&shared.home);
        let on_disk = progress.to_text();
        shared.learning.progress = progress;
        let mut panels = registry();
        for panel in &mut panels {
            if let Some(table) = settings.panels.get(panel.id().name()) {
                panel.recall(table);
            }
        }
        let mut pump = Pump::default();
        let model = settings.model.clone().filter(|model| *model != ModelRef::Live);
        shared.engine.send(Command::UseStorage(preferences.storage));
        pump.switch.begin(&mut shared, model.unwrap_or_else(|| builtin_for(language)));
        shared.engine.send(Command::ListRuns);
        shared.engine.send(Command::Hub(shared.engine.next_job(), HubRequest::Use(Box::new(hub))));
        let page = settings.page.filter(|page| panels.iter().any(|panel| panel.id() == *page));
        let mut messages = Messages::default();
        for notice in [notice, progress_notice].into_iter().flatten() {
            messages.add(Tone::Note, notice);
        }
        let wake = ctx.clone();
        let app = Self {
            keeper: Keeper::new(&shared.home, &settings),
            progress: LatestFile::new(shared.home.progress_file(), on_disk, "progress"),
            lessons: Watch::shipped(move || wake.request_repaint()),
            shared,
            panels,
            page: page.unwrap_or(PanelId::Home),
            engine,
            pump,
            messages,
            applied: preferences,
            threads: None,
            settings,
            remembered_at: 0.0,
            folder_dialog: None,
            search: None,
            keys_shown: false,
            closing: None,
        };
        app.dress(ctx);
        Ok(app)
    }

    fn drain(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        for _ in 0..EVENTS_A_FRAME {
            let Ok(event) = self.engine.events().try_recv() else { return };
            let told = matches!(&event, Event::Failed(job, _)
                if self.panels.iter().any(|panel| panel.shows_failure_of(*job)));
            let new_model = self.pump.heed(&event, told, now, &mut self.shared, &mut self.messages);
            for panel in &mut self.panels {
                panel.on_event(&event, &mut self.shared);
            }
            if new_model {
                for panel in &mut self.panels {
                    panel.on_model(&mut self.shared);
                }
            }
        }
        ctx.request_repaint();
    }

    /// Tells the engine on how many threads to compute, whenever that changes.
    fn share_threads(&mut self, ctx: &Context) {
        let in_front = ctx.input(|input| input.viewport().focused.unwrap_or(true));
        let now = (self.applied.threads, in_front);
        if self.threads != Some(now) {
            self.threads = Some(now);
            self.shared.engine.send(Command::UseThreads { wish: now.0, in_front });
        }
    }

    fn keyboard(&mut self, ctx: &Context) {
        let chapters = self.shared.learning.course.chapters();
        for wish in pressed(ctx, &self.panels, &chapters, self.shared.training.is_some()) {
            match wish {
                KeyWish::Chapter(chapter) => {
                    if let Some(id) = contents::entrance(&self.shared.learning, chapter) {
                        self.shared.ask(Intent::OpenSection(id));
                    }
                }
                KeyWish::Search => self.search = Some(SearchView::default()),
                KeyWish::Open(page) => self.page = page,
                KeyWish::Larger => self.shared.preferences.larger(),
                KeyWish::Smaller => self.shared.preferences.smaller(),
                KeyWish::UsualSize => self.shared.preferences.scale = 100,
                KeyWish::Keys => self.keys_shown = !self.keys_shown,
                KeyWish::PauseTraining => {
                    if let Some(now) = &self.shared.training {
                        let wish = if now.paused { TrainControl::Resume } else { TrainControl::Pause };
                        self.shared.engine.send(Command::Control(now.job, wish));
                    }
                }
            }
        }
    }

    fn folder_answer(&mut self) {
        let Some(dialog) = &self.folder_dialog else { return };
        match dialog.answer() {
            Answer::Waiting => return,
            Answer::Chosen(path) => self.shared.ask(Intent::UseModel(ModelRef::Folder(path))),
            Answer::Cancelled => {}
            Answer::Unavailable => {
                self.messages.add(Tone::Failed, t!("app.message.no_dialog").into_owned());
            }
        }
        self.folder_dialog = None;
    }

    /// Does what was asked for while drawing.
    fn carry_out(&mut self, ctx: &Context) {
        // Carrying one out may ask for another.
        for _ in 0..8 {
            let intents = std::mem::take(&mut self.shared.intents);
            if intents.is_empty() {
                return;
            }
            for intent in intents {
                self.carry_out_one(intent);
            }
            ctx.request_repaint();
        }
    }

    fn carry_out_one(&mut self, intent: Intent) {
        match intent {
            Intent::Open(page) => self.page = page,
            Intent::UseModel(model) => self.pump.switch.begin(&mut self.shared, model),
            Intent::Notify(tone, sentence) => self.messages.add(tone, sentence),
            Intent::Continue(_) | Intent::Sample(_) => self.hand_over(PanelId::Playground, &intent),
            Intent::LookAt(_) => self.hand_over(PanelId::Attention, &intent),
            Intent::Train(_) => self.hand_over(PanelId::Training, &intent),
            Intent::OpenSection(_) | Intent::Glossary(_) => self.hand_over(PanelId::Course, &intent),
            Intent::Search => self.search = Some(SearchView::default()),
        }
    }

    /// Shows a page and gives it what it is asked to do.
    fn hand_over(&mut self, page: PanelId, intent: &Intent) {
        if let Some(panel) = self.panels.iter_mut().find(|panel| panel.id() == page) {
            panel.on_intent(intent, &mut self.shared);
            self.page = page;
        }
    }

    /// Acts on what a person changed in the settings.
    fn apply_preferences(&mut self, ctx: &Context) {
        if self.shared.preferences == self.applied {
            return;
        }
        let before = std::mem::replace(&mut self.applied, self.shared.preferences.clone());
        if before.language != self.applied.language {
            self.settings.language = Some(self.applied.language.to_owned());
        }
        if before.device != self.applied.device {
            self.settings.device.clone_from(&self.applied.device);
            self.shared.engine.send(Command::UseDevice(self.applied.device.clone()));
        }
        if before.storage != self.applied.storage {
            self.settings.weights = self.applied.storage;
            self.shared.engine.send(Command::UseStorage(self.applied.storage));
            // The same model, read anew.
            let same = self.shared.model_ref.clone();
            self.pump.switch.begin(&mut self.shared, same);
        }
        self.settings.threads = self.applied.threads;
        self.settings.theme = self.applied.theme;
        self.settings.scale = self.applied.scale;
        self.settings.motion = self.applied.motion;
        self.dress(ctx);
        if before.language != self.applied.language {
            // Why a device cannot be used is a sentence too: it comes again in the new language.
            self.shared.engine.send(Command::ProbeDevices);
        }
        ctx.request_repaint();
    }

    /// Brings language, theme, size and motion to the window.
    fn dress(&self, ctx: &Context) {
        rust_i18n::set_locale(self.applied.language);
        ctx.set_theme(match self.applied.theme {
            ThemeChoice::System => ThemePreference::System,
            ThemeChoice::Light => ThemePreference::Light,
            ThemeChoice::Dark => ThemePreference::Dark,
        });
        ctx.set_zoom_factor(f32::from(self.applied.scale) / 100.0);
        let motion = self.applied.motion;
        ctx.all_styles_mut(|style| {
            style.animation_time = if motion { theme::MOTION } else { 0.0 };
            style.visuals.text_cursor.blink = motion;
            if !motion {
                style.scroll_animation = egui::style::ScrollAnimation::none();
            }
        });
    }

    /// Takes in lessons that were saved while the window is open.
    fn follow_lessons(&mut self) {
        let Some(course) = self.lessons.as_ref().and_then(Watch::news) else { return };
        for problem in &course.problems {
            self.messages.add(Tone::Failed, problem.to_string());
        }
        self.shared.learning.course = Arc::new(course);
    }

    /// A window that is closed while a model trains waits for the checkpoint, without standing still.
    fn close_request(&mut self, ctx: &Context) {
        let asked = ctx.input(|input| input.viewport().close_requested());
        match (asked, self.closing, &self.shared.training) {
            (true, None, Some(now)) => {
                self.shared.engine.send(Command::Control(now.job, TrainControl::Stop));
                self.messages.add(Tone::Note, t!("app.message.saving").into_owned());
                self.closing = Some(Instant::now());
                ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            }
            (false, Some(since), training) if training.is_none() || since.elapsed() > SAVING => {
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            (false, Some(_), _) => ctx.request_repaint_after(Duration::from_millis(100)),
            _ => {}
        }
    }

    fn page_ui(&mut self, ui: &mut Ui) {
        let theme = theme::Theme::here(ui);
        CentralPanel::default().frame(Frame::new().fill(theme.paper)).show(ui, |ui| {
            if let Some(panel) = self.panels.iter_mut().find(|panel| panel.id() == self.page) {
                ui.push_id(panel.id(), |ui| panel.ui(ui, &mut self.shared));
            }
        });
    }
}

impl eframe::App for TelarApp {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.shared.motion = self.applied.motion;
        self.shared.language = self.applied.language;
        self.drain(ctx);
        self.follow_lessons();
        self.folder_answer();
        self.keyboard(ctx);
        self.share_threads(ctx);
        self.close_request(ctx);
        for panel in &mut self.panels {
            panel.logic(ctx, &mut self.shared);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let pick_folder = status_ui(ui, &mut self.shared, &self.pump.switch, self.pump.download);
        if pick_folder {
            self.folder_dialog = Some(FileDialog::pick_folder(&ctx, &t!("app.model.folder_title")));
        }
        if let Some(page) = navigation_ui(ui, &self.panels, self.page, &mut self.shared) {
            self.page = page;
        }
        self.page_ui(ui);
        self.messages.show(&ctx, status::HEIGHT);
        if self.keys_shown {
            self.keys_shown = keys_ui(&ctx, &self.panels, &self.shared);
        }
        if let Some(search) = &mut self.search
            && !search.show(&ctx, &mut self.shared)
        {
            self.search = None;
        }
        self.carry_out(&ctx);
        self.apply_preferences(&ctx);
        self.remember(&ctx);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
