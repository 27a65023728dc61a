//! One piece of work, how it is stopped, and how what it has to say reaches the window.
//!
//! **Invariant**: after a job was replaced nothing of it is heard any more, and after one was cancelled nothing but its
//! end. Sending and stopping take the same lock, so no late event can slip through between them.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;

use super::command::JobId;
use super::event::Event;

/// What a job without an id of its own is called (the engine's own errands, such as listing the runs).
pub(super) const ERRAND: JobId = JobId(0);

/// Where events go.
#[derive(Clone)]
pub(super) struct Outbox {
    events: Sender<Event>,
    notify: Arc<dyn Fn() + Send + Sync>,
    gate: Arc<Mutex<()>>,
}

impl Outbox {
    pub fn new(events: Sender<Event>, notify: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { events, notify, gate: Arc::default() }
    }

    /// Sends an event that belongs to no job.
    pub fn send(&self, event: Event) {
        let gate = self.lock();
        self.deliver(event, gate);
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        // Nothing is guarded but the order of events, which a panic cannot break.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends while the gate is held, and wakes the window after it is open again.
    fn deliver(&self, event: Event, gate: MutexGuard<'_, ()>) {
        // Fails only when the window is gone; then nobody is left to tell.
        let heard = self.events.send(event).is_ok();
        drop(gate);
        if heard {
            (self.notify)();
        }
    }
}

const RUNNING: u8 = 0;
const CANCELLED: u8 = 1;
const REPLACED: u8 = 2;
const ENDED: u8 = 3;

/// A handle to one piece of work, held by the router and by the thread that does it.
#[derive(Clone)]
pub(super) struct Job {
    pub id: JobId,
    state: Arc<AtomicU8>,
    out: Outbox,
}

impl Job {
    pub fn new(id: JobId, out: Outbox) -> Self {
        Self { id, state: Arc::new(AtomicU8::new(RUNNING)), out }
    }

    /// Whether it is still wanted. Polled at every step, token and chunk.
    pub fn wanted(&self) -> bool {
        self.state.load(Ordering::Acquire) == RUNNING
    }

    /// The same for loops that take a [`ControlFlow`].
    pub fn flow(&self) -> ControlFlow<()> {
        if self.wanted() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Whether nothing more will be heard of it.
    pub fn over(&self) -> bool {
        matches!(self.state.load(Ordering::Acquire), REPLACED | ENDED)
    }

    /// Says something, if the job is still wanted.
    pub fn send(&self, event: Event) {
        let gate = self.out.lock();
        if self.wanted() {
            self.out.deliver(event, gate);
        }
    }

    /// Says something even though the person has cancelled the job, but not if it was replaced: its last figures.
    pub fn send_last(&self, event: Event) {
        let gate = self.out.lock();
        if !self.over() {
            self.out.deliver(event, gate);
        }
    }

    /// The person stops it.
    pub fn cancel(&self) {
        let _gate = self.out.lock();
        let _ = self.state.compare_exchange(RUNNING, CANCELLED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// A newer job of its kind takes its place.
    pub fn replace(&self) {
        let _gate = self.out.lock();
        self.state.store(REPLACED, Ordering::Release);
    }

    /// The work is over. Where the person had cancelled it, says so, once.
    pub fn end(&self) {
        let gate = self.out.lock();
        let before = self.state.swap(ENDED, Ordering::AcqRel);
        if before == CANCELLED && self.id != ERRAND {
            self.out.deliver(Event::Cancelled(self.id), gate);
        }
    }

    /// The work has failed: a sentence for the person, if it is still wanted.
    pub fn fail(&self, sentence: String) {
        self.send(if self.id == ERRAND { Event::Notice(sentence) } else { Event::Failed(self.id, sentence) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{Receiver, unbounded};

    fn job() -> (Job, Receiver<Event>) {
        let (events, received) = unbounded();
        (Job::new(JobId(3), Outbox::new(events, Arc::new(|| {}))), received)
    }

    fn words(received: &Receiver<Event>) -> Vec<String> {
        received.try_iter().map(|event| format!("{event:?}")).collect()
    }

    #[test]
    fn a_replaced_job_is_not_heard() {
        let (job, received) = job();
        job.send(Event::Notice("before".into()));
        job.replace();
        job.send(Event::Notice("after".into()));
        job.send_last(Event::Notice("last".into()));
        job.fail("failed".into());
        job.cancel();
        job.end();
        assert_eq!(words(&received), ["Notice(\"before\")"]);
    }

    #[test]
    fn a_cancelled_job_says_its_last_figures_and_that_it_was_cancelled_once() {
        let (job, received) = job();
        job.cancel();
        job.send(Event::Notice("after".into()));
        job.send_last(Event::Notice("last".into()));
        assert!(job.flow().is_break());
        job.end();
        job.cancel();
        job.end();
        assert_eq!(words(&received), ["Notice(\"last\")", "Cancelled(JobId(3))"]);
    }

    #[test]
    fn an_ended_job_cannot_be_cancelled() {
        let (job, received) = job();
        job.end();
        job.cancel();
        job.end();
        assert!(words(&received).is_empty());
    }
}
