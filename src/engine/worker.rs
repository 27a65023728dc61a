//! A thread that does one task after the other and survives all of them.

use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Sender, unbounded};

use super::error::EngineError;
use super::guard::guard;
use super::job::Job;

/// What a task is given: the state of its thread, and its job to ask whether it is still wanted and to report to.
type Work<S> = Box<dyn FnOnce(&mut S, &Job) -> Result<(), EngineError> + Send>;

/// Work with the job that it belongs to.
pub(super) struct Task<S> {
    job: Job,
    work: Work<S>,
}

impl<S> Task<S> {
    pub fn new(job: Job, work: impl FnOnce(&mut S, &Job) -> Result<(), EngineError> + Send + 'static) -> Self {
        Self { job, work: Box::new(work) }
    }

    /// Does the work, unless nobody wants it any more, and says how it ended. False after a panic: then the state may be
    /// half changed.
    #[must_use]
    pub fn run(self, state: &mut S) -> bool {
        let Self { job, work } = self;
        let mut sound = true;
        if job.wanted() {
            match guard(|| work(state, &job)) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::info!(job = job.id.0, "failed: {error}");
                    job.fail(error.to_string());
                }
                Err(message) => {
                    tracing::error!(job = job.id.0, "panicked: {message}");
                    job.fail(EngineError::Panicked.to_string());
                    sound = false;
                }
            }
        }
        job.end();
        sound
    }
}

/// The way to a thread's queue. The thread ends when it is dropped.
pub(super) struct Worker<S> {
    tasks: Sender<Task<S>>,
}

impl<S: 'static> Worker<S> {
    /// Starts a thread whose state `make` makes inside it, and again after a panic.
    pub fn start(name: &str, make: impl Fn() -> S + Send + 'static) -> Result<(Self, JoinHandle<()>), EngineError> {
        let (tasks, queue) = unbounded::<Task<S>>();
        let serve = move || {
            let mut state = make();
            for task in queue {
                if !task.run(&mut state) {
                    state = make();
                }
            }
        };
        let thread = Builder::new().name(name.to_owned()).spawn(serve).map_err(EngineError::NoThread)?;
        Ok((Self { tasks }, thread))
    }

    /// Puts work at the end of the queue.
    pub fn give(&self, job: Job, work: impl FnOnce(&mut S, &Job) -> Result<(), EngineError> + Send + 'static) {
        if self.tasks.send(Task::new(job, work)).is_err() {
            tracing::error!("a worker has ended before its time");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::command::JobId;
    use super::super::event::Event;
    use super::super::job::Outbox;
    use super::*;

    #[test]
    fn a_thread_goes_on_after_an_error_and_after_a_panic() {
        let (events, received) = unbounded();
        let out = Outbox::new(events, Arc::new(|| {}));
        let job = |id| Job::new(JobId(id), out.clone());
        let (worker, thread) = Worker::start("test", || 0u64).unwrap();
        worker.give(job(1), |count, _| {
            *count += 1;
            Err(EngineError::RunInTraining("a".into()))
        });
        worker.give(job(2), |_, _| panic!("on purpose"));
        worker.give(job(3), |count, job| {
            // The state was made anew after the panic.
            job.send(Event::Notice(format!("{count}")));
            Ok(())
        });
        let cancelled = job(4);
        cancelled.cancel();
        worker.give(cancelled, |_, job| {
            job.send_last(Event::Notice("not to be done".into()));
            Ok(())
        });
        drop(worker);
        thread.join().unwrap();
        drop(out);
        let words: Vec<String> = received.try_iter().map(|event| format!("{event:?}")).collect();
        assert_eq!(words.len(), 4, "{words:?}");
        assert!(words[0].starts_with("Failed(JobId(1)"), "{words:?}");
        assert_eq!(words[1], format!("Failed(JobId(2), {:?})", EngineError::Panicked.to_string()));
        assert_eq!(words[2], "Notice(\"0\")");
        assert_eq!(words[3], "Cancelled(JobId(4))");
    }
}
