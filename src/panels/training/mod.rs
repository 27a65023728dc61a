//! The training page: choose a text and a model, press one button, and watch the loss fall.
//!
//! Drawing collects what a person did as [`Act`]s; they are carried out after the page has been drawn.

mod act;
mod corpus;
mod figure_view;
mod form;
mod form_view;
mod live;
mod parts;
mod record;
mod runs_view;
mod settings_view;

use egui::{Frame, Key, Margin, Modifiers, Rect, ScrollArea, Ui, UiBuilder, pos2, vec2};
use rust_i18n::t;

use crate::data::CorpusRef;
use crate::engine::{Event, JobId};
use crate::panels::{Intent, Panel, PanelId, Shared, Tone};
use crate::train::{Preset, TrainSpec};
use crate::widgets::controls::{page_title, segmented};
use crate::widgets::loss_plot::{Curves, View};
use crate::widgets::theme::space;
use act::Act;
use corpus::CorpusDesk;
use form::Form;
use live::{Live, Phase};
use record::Record;
pub(in crate::panels) use runs_view::title as corpus_title;

/// Width of the column with the form and the list of runs, in points.
const COLUMN: f32 = 304.0;
/// Below this width of the page the plot stands under the form.
const NARROW: f32 = 760.0;
/// By this step the curve of the smallest preset has fallen and the model has written its first text.
const DEMONSTRATED: u64 = 300;
/// Height of plot and texts where they stand under the form.
const STACKED: f32 = 640.0;

/// What stands in the column beside the plot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    /// The form for a new run.
    #[default]
    New,
    /// The runs on disk.
    Runs,
}

/// Which run the plot shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    /// The one in training, or the last one that was.
    #[default]
    Live,
    /// One that was opened from the list.
    Opened,
}

/// What goes on in the list of runs.
#[derive(Default)]
struct Runs {
    /// The run that is being read.
    opening: Option<(JobId, String)>,
    /// The run that a person is asked about before it is deleted.
    doomed: Option<String>,
    /// Deletions on their way.
    deleting: Vec<(JobId, String)>,
    /// How many steps more to train an opened run.
    more_steps: u64,
    /// Why a run could not be opened or deleted.
    error: Option<String>,
}

/// The page.
#[derive(Default)]
pub struct Training {
    form: Form,
    corpus: CorpusDesk,
    live: Option<Live>,
    opened: Option<Record>,
    shown: Shown,
    side: Side,
    runs: Runs,
    view: View,
    /// The plot before the first run, for a vocabulary of this size.
    blank: (usize, Curves),
    /// Whether the foldable list of settings is open.
    more: bool,
    /// Whether the row for a text of one's own is open.
    own: bool,
    /// Why the last run did not begin or go on.
    error: Option<String>,
    /// Step from which on the run in training is worth a picture, while the page shows itself.
    demonstrated_at: Option<u64>,
}

impl Training {
    /// A page with nothing in it yet.
    pub fn new() -> Self {
        Self { runs: Runs { more_steps: 1_000, ..Runs::default() }, ..Self::default() }
    }

    /// The run that the plot shows.
    fn record(&self) -> Option<&Record> {
        match self.shown {
            Shown::Live => self.live.as_ref().map(|live| &live.record),
            Shown::Opened => self.opened.as_ref(),
        }
    }

    /// Whether the engine trains just now.
    fn in_progress(&self) -> bool {
        self.live.as_ref().is_some_and(Live::in_progress)
    }

    /// Events of jobs that end without a fact of their own.
    fn on_other(&mut self, event: &Event, shared: &mut Shared) {
        match event {
            Event::Failed(job, sentence) if self.live.as_ref().is_some_and(|live| live.job == *job) => {
                if let Some(live) = &mut self.live {
                    live.end(Phase::Failed, shared);
                }
                self.error = Some(sentence.clone());
                self.side = Side::New;
            }
            Event::Cancelled(job) => {
                if let Some(live) = self.live.as_mut().filter(|live| live.job == *job && live.in_progress()) {
                    live.end(Phase::Cancelled, shared);
                }
            }
            Event::RunOpened(job, summary, points, samples)
                if self.runs.opening.as_ref().is_some_and(|(opening, _)| opening == job) =>
            {
                self.runs.opening = None;
                self.opened = Some(Record::opened(summary, points, samples));
                self.shown = Shown::Opened;
            }
            Event::RunDeleted(job, run) => {
                self.runs.deleting.retain(|(deleting, _)| deleting != job);
                if self.opened.as_ref().is_some_and(|opened| opened.run.as_ref() == Some(run)) {
                    (self.opened, self.shown) = (None, Shown::Live);
                }
            }
            Event::Failed(job, sentence) => {
                let opening = self.runs.opening.as_ref().is_some_and(|(opening, _)| opening == job);
                let deleting = self.runs.deleting.iter().any(|(deleting, _)| deleting == job);
                if opening || deleting {
                    self.runs.opening.take_if(|(opening, _)| opening == job);
                    self.runs.deleting.retain(|(deleting, _)| deleting != job);
                    self.runs.error = Some(sentence.clone());
                }
            }
            _ => {}
        }
    }

    /// Space pauses and resumes, Ctrl+Enter trains; not while something else has the keyboard.
    fn keys(&mut self, ui: &Ui, acts: &mut Vec<Act>) {
        if !ui.ctx().egui_wants_keyboard_input() && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Space)) {
            acts.push(Act::Toggle);
        }
        if ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter)) {
            acts.push(Act::Train);
        }
    }

    fn column_ui(&mut self, ui: &mut Ui, shared: &Shared, acts: &mut Vec<Act>) {
        let runs = match shared.runs.len() {
            0 => t!("training.runs").into_owned(),
            count => t!("training.runs_counted", count = count).into_owned(),
        };
        let sides = [(Side::New, t!("training.new_run").into_owned()), (Side::Runs, runs)];
        segmented(ui, &t!("training.column"), &mut self.side, &sides);
        ui.add_space(space::S);
        match self.side {
            Side::New => self.form_ui(ui, acts),
            Side::Runs => self.runs_ui(ui, shared, acts),
        }
    }

    fn page_ui(&mut self, ui: &mut Ui, shared: &Shared, acts: &mut Vec<Act>) {
        page_title(ui, t!("training.title"), t!("training.sentence"));
        ui.add_space(space::M);
        let room = ui.available_rect_before_wrap();
        if room.width() < NARROW {
            ScrollArea::vertical().show(ui, |ui| {
                self.column_ui(ui, shared, acts);
                ui.add_space(space::XL);
                ui.allocate_ui(vec2(ui.available_width(), STACKED), |ui| self.figure_ui(ui, shared, acts));
            });
            return;
        }
        let split = room.left() + COLUMN;
        let column = Rect::from_min_max(room.min, pos2(split, room.bottom()));
        let figure = Rect::from_min_max(pos2(split + space::XL, room.top()), room.max);
        ui.scope_builder(UiBuilder::new().max_rect(column), |ui| self.column_ui(ui, shared, acts));
        ui.scope_builder(UiBuilder::new().max_rect(figure), |ui| self.figure_ui(ui, shared, acts));
    }
}

impl Panel for Training {
    fn id(&self) -> PanelId {
        PanelId::Training
    }

    fn icon(&self) -> &'static str {
        egui_material_icons::icons::ICON_TRENDING_DOWN.codepoint
    }

    fn on_event(&mut self, event: &Event, shared: &mut Shared) {
        self.corpus.on_event(event, shared);
        match event {
            Event::Train(job, fact) => {
                if let Some(live) = self.live.as_mut().filter(|live| live.job == *job) {
                    live.on_event(fact, shared);
                }
            }
            other => self.on_other(other, shared),
        }
    }

    fn on_intent(&mut self, intent: &Intent, shared: &mut Shared) -> bool {
        let Intent::Train(spec) = intent else { return false };
        shared.ask(Intent::Open(PanelId::Training));
        if self.in_progress() {
            shared.ask(Intent::Notify(Tone::Note, t!("training.busy").into_owned()));
            return true;
        }
        self.form.take(spec);
        self.corpus.choose(spec.corpus.clone(), shared);
        self.begin(spec.as_ref().clone(), shared);
        true
    }

    fn logic(&mut self, ctx: &egui::Context, shared: &mut Shared) {
        self.corpus.logic(shared);
        self.corpus.choose_first(shared);
        // Seconds pass also between two points: the time left is told anew each second.
        if self.live.as_ref().is_some_and(|live| live.phase == Phase::Running) {
            ctx.request_repaint_after(std::time::Duration::from_secs(1));
        }
    }

    fn ui(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let mut acts = Vec::new();
        self.keys(ui, &mut acts);
        let dropped = ui.input(|i| i.raw.dropped_files.first().map(|file| file.path().to_owned()));
        acts.extend(dropped.map(Act::TakePath));
        Frame::new().inner_margin(Margin::same(space::XL as i8)).show(ui, |ui| {
            ui.take_available_space();
            self.page_ui(ui, shared, &mut acts);
        });
        for act in acts {
            self.carry_out(act, ui.ctx(), shared);
        }
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("form".to_owned(), self.form.remember().into());
        if let Some(corpus) = self.corpus.chosen().and_then(|corpus| toml::Value::try_from(corpus).ok()) {
            table.insert("corpus".to_owned(), corpus);
        }
        table.insert("own".to_owned(), self.corpus.own.clone().into());
        if let Ok(view) = toml::Value::try_from(self.view) {
            table.insert("view".to_owned(), view);
        }
        table.insert("more".to_owned(), self.more.into());
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        if let Some(form) = remembered.get("form").and_then(toml::Value::as_table) {
            self.form.recall(form);
        }
        if let Some(own) = remembered.get("own").and_then(toml::Value::as_str) {
            self.corpus.own = own.to_owned();
        }
        if let Some(corpus) = remembered.get("corpus").and_then(|value| value.clone().try_into::<CorpusRef>().ok()) {
            self.own = matches!(corpus, CorpusRef::Path(_));
            self.corpus.wish(corpus);
        }
        if let Some(view) = remembered.get("view").and_then(|value| value.clone().try_into().ok()) {
            self.view = view;
        }
        self.more = remembered.get("more").and_then(toml::Value::as_bool).unwrap_or(false);
    }

    fn demonstrate(&mut self, shared: &mut Shared) {
        (self.side, self.shown) = (Side::New, Shown::Live);
        self.demonstrated_at = Some(DEMONSTRATED);
        if !self.in_progress() {
            let corpus = CorpusRef::Named(format!("telar-{}", shared.language));
            let spec = TrainSpec { preset: Preset::Char, corpus, settings: Preset::Char.settings(), out: None };
            self.on_intent(&Intent::Train(Box::new(spec)), shared);
        }
    }

    fn settled(&self) -> bool {
        let pictured = |live: &Live| self.demonstrated_at.is_none_or(|step| live.record.step >= step);
        self.corpus.settled()
            && self.runs.opening.is_none()
            && self.runs.deleting.is_empty()
            && self.live.as_ref().is_none_or(|live| !live.in_progress() || pictured(live))
    }
}

#[cfg(test)]
mod tests;
