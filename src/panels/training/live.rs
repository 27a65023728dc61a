//! The training job in progress: what a person did to it, what it answered, and what other pages may know of it.
//!
//! A press on a button changes the phase at once; the engine's answer confirms it within a step.

use super::record::Record;
use crate::engine::{Command, JobId, TrainControl, TrainEvent};
use crate::panels::{Shared, TrainingNow};
use crate::train::EndReason;

/// Where the job stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// The text is being made into tokens.
    Preparing,
    /// The device compiles its kernels.
    Compiling,
    /// It makes steps.
    Running,
    /// It will stand still after the step that it is in.
    Pausing,
    /// It stands still.
    Paused,
    /// It writes a checkpoint and ends.
    Stopping,
    /// It is over.
    Ended(EndReason),
    /// The person stopped it before it had begun.
    Cancelled,
    /// It failed; the sentence stands beside the form.
    Failed,
}

/// The job and its run.
pub(super) struct Live {
    pub job: JobId,
    pub record: Record,
    pub phase: Phase,
    /// Step of the latest weights that can be looked at.
    pub snapshot: Option<u64>,
}

impl Live {
    pub fn new(job: JobId, record: Record) -> Self {
        Self { job, record, phase: Phase::Preparing, snapshot: None }
    }

    /// Whether the engine still works on it.
    pub fn in_progress(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_) | Phase::Cancelled | Phase::Failed)
    }

    /// Whether «pause» makes sense.
    pub fn can_pause(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Compiling)
    }

    /// Whether «resume» makes sense.
    pub fn can_resume(&self) -> bool {
        matches!(self.phase, Phase::Pausing | Phase::Paused)
    }

    /// Stands still, or goes on.
    pub fn toggle(&mut self, shared: &mut Shared) {
        let control = if self.can_pause() {
            self.phase = Phase::Pausing;
            TrainControl::Pause
        } else if self.can_resume() {
            self.phase = Phase::Running;
            TrainControl::Resume
        } else {
            return;
        };
        self.steer(control, shared);
    }

    /// Makes one step and stands still.
    pub fn step_once(&mut self, shared: &mut Shared) {
        if self.can_pause() || self.can_resume() {
            self.phase = Phase::Pausing;
            self.steer(TrainControl::StepOnce, shared);
        }
    }

    /// Ends it, with a checkpoint where there is something to keep.
    pub fn stop(&mut self, shared: &mut Shared) {
        let begun = self.record.run.is_some();
        self.phase = Phase::Stopping;
        if begun {
            self.steer(TrainControl::Stop, shared);
        } else {
            shared.engine.send(Command::Cancel(self.job));
            self.publish(shared);
        }
    }

    fn steer(&self, control: TrainControl, shared: &mut Shared) {
        shared.engine.send(Command::Control(self.job, control));
        self.publish(shared);
    }

    /// Takes in what the job says.
    pub fn on_event(&mut self, event: &TrainEvent, shared: &mut Shared) {
        self.record.on_event(event);
        match event {
            TrainEvent::Started { .. } if self.phase == Phase::Preparing => self.phase = Phase::Running,
            TrainEvent::CompilingKernels if self.in_progress() => self.phase = Phase::Compiling,
            TrainEvent::Metrics(_) if self.phase == Phase::Compiling => self.phase = Phase::Running,
            TrainEvent::Snapshot(step) => self.snapshot = Some(*step),
            // A person may have pressed «resume» or «stop» while this was on its way.
            TrainEvent::Paused(_) if self.can_pause() || self.phase == Phase::Pausing => self.phase = Phase::Paused,
            TrainEvent::Resumed if self.phase == Phase::Paused => self.phase = Phase::Running,
            TrainEvent::Ended { reason, .. } => self.phase = Phase::Ended(*reason),
            _ => {}
        }
        self.publish(shared);
    }

    /// Ends it without a word of its own: cancelled, or failed.
    pub fn end(&mut self, phase: Phase, shared: &mut Shared) {
        self.phase = phase;
        self.publish(shared);
    }

    /// Tells every page.
    pub fn publish(&self, shared: &mut Shared) {
        shared.training = self.in_progress().then(|| TrainingNow {
            job: self.job,
            run: self.record.run.clone(),
            step: self.record.step,
            total: self.record.total,
            seconds_left: self.record.seconds_left(),
            paused: matches!(self.phase, Phase::Pausing | Phase::Paused),
            snapshot: self.snapshot,
        });
    }
}
