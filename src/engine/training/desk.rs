//! Between the training loop and the window: passes on what the loop says, tells it what the person wants.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::super::command::TrainControl;
use super::super::event::{Event, TrainEvent};
use super::super::job::Job;
use super::super::shared::{Live, Snapshot, Vocabulary};
use super::pace::{Next, Pace};
use crate::nn::Weights;
use crate::train::{Directive, MetricPoint, Report};

/// Points of the curve are sent together, at most this often.
const METRICS_EVERY: Duration = Duration::from_millis(30);

/// How soon a training that stands still notices that it was cancelled.
const HEARTBEAT: Duration = Duration::from_millis(50);

/// One training's desk.
pub(super) struct Desk<'a> {
    job: &'a Job,
    controls: Receiver<TrainControl>,
    live: &'a Live,
    run: String,
    vocabulary: Arc<Vocabulary>,
    pace: Pace,
    /// The step at which it was said that training stands still.
    still_at: Option<u64>,
    points: Vec<MetricPoint>,
    sent: Instant,
}

impl<'a> Desk<'a> {
    pub fn new(
        job: &'a Job,
        controls: Receiver<TrainControl>,
        live: &'a Live,
        run: &str,
        vocabulary: Arc<Vocabulary>,
    ) -> Self {
        Self {
            job,
            controls,
            live,
            run: run.to_owned(),
            vocabulary,
            pace: Pace::default(),
            still_at: None,
            points: Vec::new(),
            sent: Instant::now(),
        }
    }

    /// What the loop does next; waits here while the person wants it to stand still.
    pub fn next(&mut self, step: u64) -> Directive {
        if self.sent.elapsed() >= METRICS_EVERY {
            self.flush();
        }
        loop {
            while let Ok(control) = self.controls.try_recv() {
                self.hear(control);
            }
            if !self.job.wanted() {
                return Directive::Stop;
            }
            match self.pace.next(step, Instant::now()) {
                Next::Step => return Directive::Step,
                Next::Snapshot => return Directive::Snapshot,
                Next::Stop => return Directive::Stop,
                Next::Wait => self.wait(step),
            }
        }
    }

    /// Passes on what the loop says.
    pub fn report(&mut self, report: Report) {
        match report {
            Report::Metrics(point) => {
                self.points.push(point);
                if self.sent.elapsed() >= METRICS_EVERY {
                    self.flush();
                }
            }
            Report::CompilingKernels => self.tell(TrainEvent::CompilingKernels),
            Report::Sample(sample) => self.tell(TrainEvent::Sample { step: sample.step, text: sample.text }),
            Report::Checkpoint { step, path } => self.tell(TrainEvent::Checkpoint(step, path)),
            Report::Snapshot(step, weights) => self.show(step, *weights),
        }
    }

    /// The last weights, if they were not shown yet.
    pub fn show_last(&mut self, step: u64, weights: impl FnOnce() -> Weights) {
        if self.pace.last_shown() != Some(step) {
            self.show(step, weights());
        }
    }

    /// Says something, after the points of the curve that came before it. Also heard when the person has cancelled the
    /// training: it still writes its checkpoint and ends in good order.
    pub fn tell(&mut self, event: TrainEvent) {
        self.flush();
        self.job.send_last(Event::Train(self.job.id, event));
    }

    fn show(&mut self, step: u64, weights: Weights) {
        self.live.publish(Snapshot { run: self.run.clone(), step, weights, vocabulary: self.vocabulary.clone() });
        self.pace.shown(step, Instant::now());
        self.tell(TrainEvent::Snapshot(step));
    }

    fn flush(&mut self) {
        if !self.points.is_empty() {
            let points = std::mem::take(&mut self.points);
            self.job.send_last(Event::Train(self.job.id, TrainEvent::Metrics(points)));
            self.sent = Instant::now();
        }
    }

    fn hear(&mut self, control: TrainControl) {
        if self.pace.hear(control) {
            self.still_at = None;
            self.tell(TrainEvent::Resumed);
        }
    }

    fn wait(&mut self, step: u64) {
        if self.still_at.replace(step) != Some(step) {
            self.tell(TrainEvent::Paused(step));
        }
        if let Ok(control) = self.controls.recv_timeout(HEARTBEAT) {
            self.hear(control);
        }
    }
}
