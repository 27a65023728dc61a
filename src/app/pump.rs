//! What does each event of the engine mean for what all pages share?

use std::collections::VecDeque;

use rust_i18n::t;

use super::messages::Messages;
use super::models::ModelSwitch;
use super::status::DownloadNow;
use crate::engine::{Command, Event, HubEvent, JobId, ModelRef, TrainEvent};
use crate::hub::builtin_for;
use crate::panels::{LoadingNow, Shared, Tone, TrainingNow, model_label};
use crate::train::{EndReason, MetricPoint};
use crate::widgets::number;

/// So many points of the curve tell how fast the training is.
const SPEED_POINTS: usize = 20;
/// The model in training is looked at again when this much time has passed, in seconds.
const LIVE_EVERY: f64 = 1.5;

/// What the window remembers of events, beside [`Shared`].
#[derive(Default)]
pub struct Pump {
    /// The change of model in progress.
    pub switch: ModelSwitch,
    /// The download in progress.
    pub download: Option<DownloadNow>,
    /// Steps and seconds of the latest points of the curve.
    speed: VecDeque<(u64, f64)>,
    /// When the live model was loaded last, on the clock of the frames.
    live_at: f64,
}

impl Pump {
    /// Takes an event in; `told` says that a page shows the failure itself, `now` is the clock of the frames. Returns
    /// whether *the* model is another one now.
    pub fn heed(&mut self, event: &Event, told: bool, now: f64, shared: &mut Shared, messages: &mut Messages) -> bool {
        match event {
            Event::Devices(found) => shared.devices = Some(found.clone()),
            Event::DeviceInUse(id) => shared.device = Some(id.clone()),
            Event::Runs(runs) => shared.runs.clone_from(runs),
            Event::RunDeleted(_, id) => self.run_deleted(id, shared),
            Event::Notice(sentence) => messages.add(Tone::Note, sentence.clone()),
            Event::FileWritten(_, path) => {
                messages.add(Tone::Done, t!("app.message.written", path = path.display()).into_owned());
            }
            Event::DownloadProgress(job, done, total) => {
                self.download = Some(DownloadNow { job: *job, done: *done, total: *total });
            }
            Event::Downloaded(job, name) => {
                self.download.take_if(|download| download.job == *job);
                let title = t!(format!("data.title.{name}"));
                messages.add(Tone::Done, t!("app.message.downloaded", title = title).into_owned());
            }
            Event::Hub(job, event) => self.hub(*job, event, shared, messages),
            Event::Loading(job, done, total) => {
                if let Some(model) = self.switch.loaded_by(*job).cloned() {
                    shared.loading = Some(LoadingNow { job: *job, model, done: *done, total: *total });
                }
            }
            Event::Train(job, event) => self.training(*job, event, now, shared, messages),
            Event::Cancelled(job) => self.over(*job, shared),
            Event::Failed(job, sentence) => {
                if !told {
                    messages.add(Tone::Failed, sentence.clone());
                }
                self.failed(*job, shared);
            }
            Event::ModelReady(job, info) => {
                if self.switch.ended(*job).is_some() {
                    shared.loading = None;
                    shared.model_ref = info.model.clone();
                    shared.model = Some(info.clone());
                    return true;
                }
            }
            // The pages' own.
            Event::GenerationStarted(..)
            | Event::Token(..)
            | Event::GenerationEnded(..)
            | Event::BeamStep(..)
            | Event::BeamsEnded(..)
            | Event::ScoreProgress(..)
            | Event::TextScored(..)
            | Event::HistoryOpened(..)
            | Event::HistoryKept(..)
            | Event::NextToken(..)
            | Event::Attention(..)
            | Event::Positions(..)
            | Event::PositionCurves(..)
            | Event::PositionDots(..)
            | Event::CorpusRead(..)
            | Event::RunOpened(..)
            | Event::Lesson(..) => {}
        }
        false
    }

    fn hub(&mut self, job: JobId, event: &HubEvent, shared: &mut Shared, messages: &mut Messages) {
        match event {
            HubEvent::Listed(library) => shared.library = Some(library.clone()),
            HubEvent::Progress(now) => {
                self.download = Some(DownloadNow { job, done: now.done, total: now.total });
            }
            HubEvent::Downloaded(model) => {
                self.download.take_if(|download| download.job == job);
                messages.add(Tone::Done, t!("app.message.downloaded", title = model.repository).into_owned());
            }
            HubEvent::Deleted(repository) => {
                let gone = |model: &ModelRef| matches!(model, ModelRef::Hub(model) if model.repository == *repository);
                if gone(&shared.model_ref) || self.switch.loading().is_some_and(gone) {
                    self.switch.begin(shared, builtin_for(shared.language));
                }
            }
            HubEvent::Found(_) => {}
        }
    }

    fn training(&mut self, job: JobId, event: &TrainEvent, now: f64, shared: &mut Shared, messages: &mut Messages) {
        if let TrainEvent::Started { run, total_steps, .. } = event {
            self.speed.clear();
            shared.training = Some(TrainingNow {
                job,
                run: Some(run.clone()),
                step: 0,
                total: *total_steps,
                seconds_left: None,
                paused: false,
                snapshot: None,
            });
            shared.engine.send(Command::ListRuns);
            return;
        }
        let Some(mine) = shared.training.as_mut().filter(|training| training.job == job) else { return };
        match event {
            TrainEvent::Metrics(points) => self.metrics(points, mine),
            TrainEvent::Paused(step) => {
                mine.paused = true;
                mine.step = *step;
            }
            TrainEvent::Resumed => {
                mine.paused = false;
                // The pause is no part of the speed.
                self.speed.clear();
            }
            TrainEvent::Snapshot(step) => {
                mine.snapshot = Some(*step);
                self.look_again(now, shared);
            }
            TrainEvent::Checkpoint(..) => shared.engine.send(Command::ListRuns),
            TrainEvent::Ended { step, reason, .. } => self.ended(*step, *reason, shared, messages),
            TrainEvent::Started { .. } | TrainEvent::CompilingKernels | TrainEvent::Sample { .. } => {}
        }
    }

    fn metrics(&mut self, points: &[MetricPoint], mine: &mut TrainingNow) {
        let Some(last) = points.last() else { return };
        mine.step = last.step;
        self.speed.extend(points.iter().map(|point| (point.step, point.seconds)));
        while self.speed.len() > SPEED_POINTS {
            self.speed.pop_front();
        }
        mine.seconds_left = seconds_left(&self.speed, mine.total);
    }

    /// Where *the* model is the one in training, its newer weights take the older ones' place now and then.
    fn look_again(&mut self, now: f64, shared: &mut Shared) {
        if shared.model_ref == ModelRef::Live && self.switch.loading().is_none() && now - self.live_at >= LIVE_EVERY {
            self.live_at = now;
            self.switch.begin(shared, ModelRef::Live);
        }
    }

    fn ended(&mut self, step: u64, reason: EndReason, shared: &mut Shared, messages: &mut Messages) {
        let run = shared.training.take().and_then(|training| training.run).unwrap_or_default();
        shared.engine.send(Command::ListRuns);
        let step = number::grouped(step as i64);
        let (tone, sentence) = match reason {
            EndReason::Finished => (Tone::Done, t!("app.message.train_finished", run = run, step = step)),
            EndReason::Stopped => (Tone::Note, t!("app.message.train_stopped", run = run, step = step)),
            EndReason::Diverged => (Tone::Failed, t!("app.message.train_diverged", run = run, step = step)),
        };
        messages.add(tone, sentence.into_owned());
        if shared.model_ref == ModelRef::Live {
            // From now on it is the run that was saved.
            self.switch.begin(shared, ModelRef::Run(run));
        }
    }

    fn run_deleted(&mut self, id: &str, shared: &mut Shared) {
        shared.runs.retain(|run| run.id != id);
        if shared.model_ref == ModelRef::Run(id.to_owned()) {
            self.switch.begin(shared, builtin_for(shared.language));
        }
    }

    /// A job of any kind is over without a result.
    fn over(&mut self, job: JobId, shared: &mut Shared) {
        self.download.take_if(|download| download.job == job);
        if shared.training.take_if(|training| training.job == job).is_some() {
            shared.engine.send(Command::ListRuns);
        }
        if self.switch.ended(job).is_some() {
            shared.loading = None;
            // The first model of a session was stopped on its way.
            if shared.model.is_none() {
                self.switch.begin(shared, builtin_for(shared.language));
            }
        }
    }

    fn failed(&mut self, job: JobId, shared: &mut Shared) {
        let wanted = self.switch.ended(job);
        if wanted.is_some() {
            shared.loading = None;
        }
        self.over(job, shared);
        // The first model of a session may be gone since the last one; then the shipped one takes its place.
        if let Some(wanted) = wanted
            && shared.model.is_none()
        {
            let shipped = builtin_for(shared.language);
            if wanted != shipped {
                tracing::info!("{} is replaced by {}", wanted.spelled(), model_label(&shipped));
                self.switch.begin(shared, shipped);
            }
        }
    }
}

/// How long it takes from the last of these points (step, seconds) to a step, at their speed.
fn seconds_left(points: &VecDeque<(u64, f64)>, total: u64) -> Option<f64> {
    let (first, last) = (points.front()?, points.back()?);
    let (steps, seconds) = (last.0.checked_sub(first.0)?, last.1 - first.1);
    if steps == 0 || seconds <= 0.0 {
        return None;
    }
    Some(total.saturating_sub(last.0) as f64 * seconds / steps as f64)
}
