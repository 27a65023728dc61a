//! What a person can do on the page, and what then happens.

use std::path::PathBuf;

use rust_i18n::t;

use super::live::{Live, Phase};
use super::record::Record;
use super::{Shown, Side, Training};
use crate::data::CorpusRef;
use crate::engine::{Command, ModelRef};
use crate::panels::{Intent, PanelId, Shared, Tone};
use crate::train::TrainSpec;

/// Something that a person did.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    Choose(CorpusRef),
    ChooseOwn,
    TakePath(PathBuf),
    PickFile,
    PickFolder,
    Fetch(String),
    CancelDownload,
    Train,
    /// Pause or resume.
    Toggle,
    StepOnce,
    Stop,
    /// Put half the learning rate of a run that diverged into the form.
    Gentler,
    ShowLive,
    OpenRun(String),
    /// The run's id and its new last step.
    ContinueRun(String, u64),
    Use(ModelRef),
    /// Use a model and look at it on another page.
    LookAt(ModelRef, PanelId),
    /// Ask before deleting this run, or no longer.
    AskToDelete(Option<String>),
    Delete(String),
}

impl Training {
    pub(super) fn carry_out(&mut self, act: Act, ctx: &egui::Context, shared: &mut Shared) {
        match act {
            Act::Choose(corpus) => {
                self.own = false;
                self.corpus.choose(corpus, shared);
            }
            Act::ChooseOwn => {
                self.own = true;
                self.corpus.choose_own(shared);
            }
            Act::TakePath(path) => {
                (self.own, self.side) = (true, Side::New);
                self.corpus.take_path(path, shared);
            }
            Act::PickFile => self.corpus.pick_file(ctx),
            Act::PickFolder => self.corpus.pick_folder(ctx),
            Act::Fetch(name) => self.corpus.fetch(&name, shared),
            Act::CancelDownload => self.corpus.cancel_download(shared),
            Act::Train => self.train(shared),
            Act::Toggle => self.with_live(shared, Live::toggle),
            Act::StepOnce => self.with_live(shared, Live::step_once),
            Act::Stop => self.with_live(shared, Live::stop),
            Act::Gentler => self.gentler(),
            Act::ShowLive => self.shown = Shown::Live,
            Act::OpenRun(run) => self.open(run, shared),
            Act::ContinueRun(run, total) => self.continue_run(run, total, shared),
            Act::Use(model) => use_model(model, shared),
            Act::LookAt(model, page) => {
                shared.ask(Intent::UseModel(model));
                shared.ask(Intent::Open(page));
            }
            Act::AskToDelete(run) => self.runs.doomed = run,
            Act::Delete(run) => self.delete(run, shared),
        }
    }

    fn with_live(&mut self, shared: &mut Shared, act: impl FnOnce(&mut Live, &mut Shared)) {
        if let Some(live) = self.live.as_mut().filter(|live| live.in_progress()) {
            act(live, shared);
        }
    }

    /// Begins a run with what stands in the form, if that makes sense.
    fn train(&mut self, shared: &mut Shared) {
        if self.in_progress() || self.corpus.missing().is_some() {
            return;
        }
        let Some(corpus) = self.corpus.chosen().cloned() else { return };
        match self.form.spec(corpus) {
            Ok(spec) => self.begin(spec, shared),
            Err(error) => self.error = Some(error.to_string()),
        }
    }

    /// Begins a run.
    pub(super) fn begin(&mut self, spec: TrainSpec, shared: &mut Shared) {
        let job = shared.engine.next_job();
        shared.engine.send(Command::Train(job, Box::new(spec.clone())));
        self.follow(Live::new(job, Record::new(spec)), shared);
    }

    fn follow(&mut self, live: Live, shared: &mut Shared) {
        live.publish(shared);
        self.live = Some(live);
        self.shown = Shown::Live;
        self.error = None;
    }

    fn gentler(&mut self) {
        let Some(record) = self.record() else { return };
        let spec = record.spec.clone();
        self.form.take(&spec);
        self.form.settings_mut().lr = spec.settings.lr / 2.0;
        self.side = Side::New;
    }

    fn open(&mut self, run: String, shared: &mut Shared) {
        self.runs.error = None;
        // The run in training is on the page already, newer than on disk.
        if self.in_progress() && self.live.as_ref().is_some_and(|live| live.record.run.as_ref() == Some(&run)) {
            self.shown = Shown::Live;
            return;
        }
        let job = shared.engine.next_job();
        shared.engine.send(Command::OpenRun(job, run.clone()));
        self.runs.opening = Some((job, run));
    }

    fn continue_run(&mut self, run: String, total: u64, shared: &mut Shared) {
        if self.in_progress() {
            shared.ask(Intent::Notify(Tone::Note, t!("training.busy").into_owned()));
            return;
        }
        let Some(record) = self.opened.clone().filter(|record| record.run.as_ref() == Some(&run)) else { return };
        let job = shared.engine.next_job();
        shared.engine.send(Command::ContinueRun(job, run, total));
        self.follow(Live::new(job, record.going_on(total)), shared);
    }

    fn delete(&mut self, run: String, shared: &mut Shared) {
        (self.runs.doomed, self.runs.error) = (None, None);
        let job = shared.engine.next_job();
        shared.engine.send(Command::DeleteRun(job, run.clone()));
        self.runs.deleting.push((job, run));
    }

    /// Where the job stands, if the plot shows it.
    pub(super) fn phase(&self) -> Option<&Phase> {
        self.live.as_ref().filter(|_| self.shown == Shown::Live).map(|live| &live.phase)
    }
}

fn use_model(model: ModelRef, shared: &mut Shared) {
    let sentence = t!("training.in_use", model = model.spelled());
    shared.ask(Intent::UseModel(model));
    shared.ask(Intent::Notify(Tone::Done, sentence.into_owned()));
}
