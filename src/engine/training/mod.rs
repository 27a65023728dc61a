//! The thread that trains.

mod desk;
mod pace;

use std::cell::RefCell;
use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::command::TrainControl;
use super::error::EngineError;
use super::event::{Event, TrainEvent};
use super::guard::guard;
use super::job::{Job, Outbox};
use super::shared::{Common, Vocabulary};
use crate::data::{self, CorpusRef};
use crate::train::{EndReason, On, TrainError, TrainSpec, Trainer, drive, runs};
use desk::Desk;

/// The state of the thread.
pub(super) struct Training {
    pub common: Common,
    pub out: Outbox,
}

/// Which training.
pub(super) enum Begin {
    /// A new run.
    New(Box<TrainSpec>),
    /// A run on disk, to this step in all.
    Continue(String, u64),
}

impl Training {
    /// Trains until the end, whatever it is, and lists the runs anew: even after a failure the folder may be there.
    pub fn run(&mut self, job: &Job, begin: Begin, controls: Receiver<TrainControl>) -> Result<(), EngineError> {
        let result = guard(|| self.train(job, begin, controls)).unwrap_or_else(|message| Err(self.panicked(message)));
        self.out.send(Event::Runs(runs::list(&self.common.home)));
        result
    }

    /// Tensor libraries panic where a device fails, for instance when its memory is full.
    fn panicked(&self, message: String) -> EngineError {
        tracing::error!("training panicked: {message}");
        match self.common.device.now() {
            Some(device) if device.id != "cpu" => TrainError::Device(message).into(),
            _ => EngineError::Panicked,
        }
    }

    fn train(&self, job: &Job, begin: Begin, controls: Receiver<TrainControl>) -> Result<(), EngineError> {
        let Common { home, device, live, in_training, .. } = &self.common;
        let chosen = device.wait();
        let on = On { device: chosen.device, id: chosen.id };
        let (mut trainer, mark) = match begin {
            Begin::New(spec) => (Trainer::begin(*spec, home, on)?, None),
            Begin::Continue(id, steps) => {
                // Marked before its files are read, so that nobody deletes them meanwhile.
                let mark = in_training.mark(&id);
                (Trainer::resume(&runs::folder(home, &id)?, home, on, Some(steps))?, Some(mark))
            }
        };
        let run = trainer.summary().id.clone();
        let _mark = mark.unwrap_or_else(|| in_training.mark(&run));
        let desk = RefCell::new(Desk::new(job, controls, live, &run, vocabulary(&trainer)));
        desk.borrow_mut().tell(started(&trainer));
        let reason = drive(&mut trainer, &mut |step| desk.borrow_mut().next(step), &mut |report| {
            desk.borrow_mut().report(report)
        })?;
        finish(&trainer, reason, &mut desk.borrow_mut());
        Ok(())
    }
}

fn started(trainer: &Trainer) -> TrainEvent {
    let summary = trainer.summary().clone();
    TrainEvent::Started {
        run: summary.id.clone(),
        device: summary.device.clone(),
        parameters: summary.parameters,
        vocabulary: summary.vocabulary,
        tokens: summary.tokens,
        total_steps: trainer.total_steps(),
        summary: Box::new(summary),
    }
}

fn finish(trainer: &Trainer, reason: EndReason, desk: &mut Desk) {
    // Weights that are no numbers are of no use to anybody; the last good ones stay.
    if reason != EndReason::Diverged {
        desk.show_last(trainer.step(), || trainer.weights());
    }
    desk.tell(TrainEvent::Ended { step: trainer.step(), reason, path: trainer.folder().to_owned() });
}

fn vocabulary(trainer: &Trainer) -> Arc<Vocabulary> {
    let tokenizer = trainer.tokenizer().clone();
    let pieces = Arc::new(tokenizer.pieces());
    let language = match &trainer.summary().spec.corpus {
        CorpusRef::Named(name) => data::entry(name).ok().map(|entry| entry.language.to_owned()),
        CorpusRef::Path(_) => None,
    };
    Arc::new(Vocabulary { tokenizer, pieces, language })
}
