//! The loop: steps, and between them what is due — points of the curve, samples, checkpoints.

use std::path::PathBuf;

use super::runs::{self, Sample};
use super::{EndReason, MetricPoint, TrainError, Trainer};
use crate::nn::Weights;

/// What the caller wants next. Asked before every step; the caller may wait as long as it likes before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// Make a step.
    Step,
    /// Hand over the weights as they are now, then ask again.
    Snapshot,
    /// Write a checkpoint and end.
    Stop,
}

/// What the loop has to say.
#[derive(Clone, Debug)]
pub enum Report {
    /// The first step on this device takes longer, because its kernels are compiled.
    CompilingKernels,
    /// A point of the curve.
    Metrics(MetricPoint),
    /// A text by the model as it is now.
    Sample(Sample),
    /// A checkpoint stands on disk.
    Checkpoint {
        /// Its step.
        step: u64,
        /// Its folder.
        path: PathBuf,
    },
    /// The weights after this step, as asked for.
    Snapshot(u64, Box<Weights>),
}

/// Trains until all steps are made, the caller stops it, or the loss is no longer a finite number. In the last case the
/// checkpoint before stands as it was; in the others one is written at the end.
///
/// # Errors
/// If something cannot be written; what was written before stands.
pub fn drive(
    trainer: &mut Trainer,
    next: &mut dyn FnMut(u64) -> Directive,
    report: &mut dyn FnMut(Report),
) -> Result<EndReason, TrainError> {
    if trainer.step() == 0 {
        if trainer.compiles_kernels() {
            report(Report::CompilingKernels);
        }
        let origin = trainer.origin();
        point(trainer, origin, report)?;
    }
    let reason = loop {
        if trainer.step() >= trainer.total_steps() {
            break EndReason::Finished;
        }
        match next(trainer.step()) {
            Directive::Stop => break EndReason::Stopped,
            Directive::Snapshot => report(Report::Snapshot(trainer.step(), Box::new(trainer.weights()))),
            Directive::Step => {
                trainer.make_step();
                if (!trainer.compiles_kernels() || anything_due(trainer)) && trainer.diverged() {
                    break EndReason::Diverged;
                }
                after_step(trainer, report)?;
            }
        }
    };
    if reason != EndReason::Diverged {
        // Written also where one was just due: the same step is not written twice.
        checkpoint(trainer, report)?;
    }
    trainer.close(reason)?;
    Ok(reason)
}

fn is_due(every: u64, step: u64) -> bool {
    every > 0 && step.is_multiple_of(every)
}

fn anything_due(trainer: &Trainer) -> bool {
    let settings = &trainer.summary().spec.settings;
    let step = trainer.step();
    step == trainer.total_steps()
        || [settings.log_every, settings.eval_every, settings.sample_every, settings.checkpoint_every]
            .into_iter()
            .any(|every| is_due(every, step))
}

fn after_step(trainer: &mut Trainer, report: &mut dyn FnMut(Report)) -> Result<(), TrainError> {
    let settings = &trainer.summary().spec.settings;
    let (step, last) = (trainer.step(), trainer.step() == trainer.total_steps());
    let point_due = last || is_due(settings.log_every, step) || is_due(settings.eval_every, step);
    let sample_due = settings.sample_every > 0 && (last || is_due(settings.sample_every, step));
    let checkpoint_due = !last && is_due(settings.checkpoint_every, step);
    if point_due {
        let new = trainer.point();
        point(trainer, new, report)?;
    }
    if sample_due && let Some(text) = trainer.sample() {
        let sample = Sample { step, text };
        runs::append_sample(trainer.folder(), &sample)?;
        report(Report::Sample(sample));
    }
    if checkpoint_due {
        checkpoint(trainer, report)?;
    }
    Ok(())
}

fn point(trainer: &Trainer, point: MetricPoint, report: &mut dyn FnMut(Report)) -> Result<(), TrainError> {
    runs::append_metric(trainer.folder(), &point)?;
    report(Report::Metrics(point));
    Ok(())
}

fn checkpoint(trainer: &mut Trainer, report: &mut dyn FnMut(Report)) -> Result<(), TrainError> {
    let path = trainer.checkpoint()?;
    report(Report::Checkpoint { step: trainer.step(), path });
    Ok(())
}
